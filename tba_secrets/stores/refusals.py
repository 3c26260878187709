"""The refusals that every store words alike: what was found, what was expected, what to do.

Whether a secret may be written at all is decided before a store is asked (lifecycle/act.py, `admit`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tba_secrets.errors import ConflictError, ScheduledForDeletionError, StoreError
from tba_secrets.stores.interface import OwnerMark, SecretName, VersionId
from tba_secrets.stores.journal import JournalEntry, Retirement

_RUN_AGAIN = "run the command again: it reads the store anew and decides from what it finds"


def refuse_moved(name: SecretName, expected: VersionId | None, found: VersionId | None) -> None:
    """Raise ConflictError if another version is current than the one that was read."""
    if found != expected:
        raise ConflictError(
            f"the secret {name}: its current version is {found or 'none'}, and was {expected or 'none'} "
            "when this change was decided; somebody else moved it in between",
            _RUN_AGAIN,
        )


def not_the_candidate(
    name: SecretName, version: VersionId, found: VersionId | None
) -> ConflictError:
    """Refuse a promotion: the version does not carry the candidate label."""
    return ConflictError(
        f"the secret {name}: version {version} is not the candidate any more, {found or 'none'} is",
        _RUN_AGAIN,
    )


def claimed_by_another(name: SecretName, owner: OwnerMark | None) -> ConflictError:
    """Return the error for a secret that another stack has made or claimed since it was seen."""
    who = "something else" if owner is None else f"{owner.record} of the stack {owner.stack}"
    return ConflictError(
        f"the secret {name}: {who} claimed it a moment ago",
        "name another secret, or declare `adopt: true` on the token to take it over",
    )


def label_moved(name: SecretName, label: str, holder: VersionId | None) -> ConflictError:
    """Return the conflict of a label whose compare-and-set was refused, or undone by another move."""
    return ConflictError(
        f"the secret {name}: {label} was on {holder or 'no version'} when this change was decided, "
        "and somebody else moved it since",
        _RUN_AGAIN,
    )


def foreign_candidate(
    name: SecretName, version: VersionId, since: datetime | None, remedy: str
) -> ConflictError:
    """Return the error for a candidate of somebody else's, which is never overwritten.

    `since` is when it was written, None if the store does not tell; `remedy` is how a person takes it away.
    """
    age = "" if since is None else f" {_age(datetime.now(UTC) - since)} ago"
    return ConflictError(
        f"the secret {name}: its candidate {version} was written by something else{age}: "
        "another rotation is in progress, or was left half done",
        remedy,
    )


def placeholder_refused(name: SecretName) -> StoreError:
    """Refuse the placeholder as a candidate: it is no credential."""
    return StoreError(
        f"the secret {name}: there is no credential to go back to, the version before was the placeholder",
        "stage a new credential instead",
    )


def not_claimed(name: SecretName) -> StoreError:
    """Refuse a write to a secret that is absent or has no current version: it would become current untested."""
    return StoreError(
        f"the secret {name} does not exist, or has no current version: "
        "what is written first would be current before it is tested",
        "run `pulumi up`, which makes the secret with a placeholder first",
    )


def scheduled_for_deletion(
    name: SecretName, deletion_at: datetime, command: str
) -> ScheduledForDeletionError:
    """Refuse a write to a secret that waits for its deletion."""
    return ScheduledForDeletionError(
        f"the secret {name} is scheduled for deletion on {deletion_at:%Y-%m-%d %H:%M} UTC and "
        "cannot be read or written",
        f"restore it, `{command}`, or set `restore: true` for its token",
    )


def refuse_version_gone(name: SecretName, entry: JournalEntry) -> None:
    """Raise StoreError for a line whose version is gone, if its token has to sign its own revoke."""
    if entry.state is Retirement.OVERLAP:
        raise StoreError(
            f"the secret {name}: version {entry.version} is not in the store, so its token cannot be kept until it "
            "is revoked with its own signature",
            "revoke the token in NetSuite (Setup > Users/Roles > Access Tokens)",
        )


def _age(age: timedelta) -> str:
    """`3 days`, `2 hours` or `5 minutes`: one unit is enough to tell a run in progress from a leftover."""
    minutes = max(int(age.total_seconds() // 60), 0)
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} hours" if minutes >= 120 else f"{minutes} minutes"
