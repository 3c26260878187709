"""How old a token may become, and what somebody has to do about it: the rules behind `tba status`.

Input: the declared policy, what state and stores say of a token, and the time. Output: findings, each with its
standing; the worst one is the token's. No IO and no clock of its own: times are epoch seconds (UTC).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

from tba_secrets.netsuite.causes import TOKENS_PAGE
from tba_secrets.netsuite.oauth2.causes import M2M_PAGE
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.versions import short


class Standing(IntEnum):
    """A token's condition, from best to worst. The value is the exit code of `tba status`, which has the worst.

    The codes lie above those of `cli.exits.Exit`, which keep their meaning: 1 an error, 2 the command line is wrong.
    """

    WELL = 0
    """Proven, current in every store, within its policy."""
    DUE_SOON = 10
    """`rotate_every` or a certificate ends soon, or the age is not known although there is a policy."""
    OVERDUE = 11
    """`rotate_every` is over."""
    ATTENTION = 12
    """A store differs from state, a candidate is pending, or something waits for a person."""
    FAILING = 13
    """The last update failed, readers get no credential, or it cannot be read."""

    @property
    def word(self) -> str:
        """As it is shown, and written in `--json`: `due soon`."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class RotationFinding:
    """One thing to know of a token."""

    standing: Standing
    what: str
    remedy: str = ""
    """What to do, in the imperative; empty if `what` says it."""


def worst(findings: Iterable[RotationFinding]) -> Standing:
    """Return the standing of all findings together; well where there are none."""
    return max((finding.standing for finding in findings), default=Standing.WELL)


@dataclass(frozen=True)
class Policy:
    """What the YAML says of a token's age; None if it says nothing."""

    rotate_every: timedelta | None = None
    """How old it may become."""
    warn_before: timedelta | None = None
    """How long before that a warning is given; none is given where this is absent."""
    retire_after: timedelta | None = None
    """How long its predecessor stays valid beside it."""

    def due_at(self, since: float | None) -> float | None:
        """Return when a token first proven at `since` has to be rotated; None without a policy or a known age."""
        if self.rotate_every is None or since is None:
            return None
        return since + self.rotate_every.total_seconds()

    def warn_at(self, since: float | None) -> float | None:
        """Return when the warning begins; None if there is none."""
        due = self.due_at(since)
        if due is None or self.warn_before is None:
            return None
        return due - self.warn_before.total_seconds()


def judge_age(policy: Policy, since: float | None, now: float) -> RotationFinding | None:
    """Return the finding that the age of a token first proven at `since` calls for, if any.

    Under a policy, an unknown age is a warning.
    """
    if policy.rotate_every is None:
        return None
    due, warn = policy.due_at(since), policy.warn_at(since)
    if due is None:
        return RotationFinding(
            Standing.DUE_SOON,
            f"its age is not known, and rotate_every is {span(policy.rotate_every.total_seconds())}",
            "rotate it, `tba rotate ENV TOKEN`: from then on its age is known",
        )
    if now >= due:
        return RotationFinding(
            Standing.OVERDUE, f"overdue by {span(now - due)}: was due {when(due)}", _ROTATE
        )
    if warn is not None and now >= warn:
        return RotationFinding(Standing.DUE_SOON, f"due in {span(due - now)}: {when(due)}", _ROTATE)
    return None


_ROTATE: Final = "rotate it: `tba rotate ENV TOKEN`"
_A_DAY: Final = timedelta(days=1)
_WARNED_OF_AN_END: Final = timedelta(days=30)


def judge_validity(
    policy: Policy, since: float | None, last_day: str | None, now: float
) -> RotationFinding | None:
    """Return what the end of a certificate calls for, which is valid through `last_day` (ISO 8601); None if nothing.

    Without `warn_before` it is due 30 days before, or when half of its time since its first proof is over: what has run
    out cannot bring its successor to NetSuite.
    """
    if not last_day:
        return None
    end = end_of(last_day)
    if now >= end:
        return RotationFinding(
            Standing.FAILING,
            f"the certificate ran out on {last_day}",
            "an expired certificate cannot upload its successor: declare `by: person`, run `tba rotate ENV TOKEN`, and "
            "upload the new certificate by hand",
        )
    warned = policy.warn_before
    if warned is None:
        half = _WARNED_OF_AN_END if since is None else timedelta(seconds=(end - since) / 2)
        warned = min(_WARNED_OF_AN_END, half)
    if now < end - warned.total_seconds():
        return None
    what = f"the certificate runs out in {span(end - now)}: {last_day} is its last day"
    return RotationFinding(Standing.DUE_SOON, what, _ROTATE)


def end_of(last_day: str) -> float:
    """Return when a day (ISO 8601) is over, UTC: epoch seconds."""
    return (datetime.fromisoformat(last_day).replace(tzinfo=UTC) + _A_DAY).timestamp()


@dataclass(frozen=True)
class Superseded:
    """How findings name what a rotation supersedes, and where a person revokes it."""

    noun: str
    page: str
    listed: str = ""
    """How NetSuite's page lists it: application, user, role; empty if that is not known."""

    @property
    def place(self) -> str:
        """Where in NetSuite a person finds it."""
        return f"{self.page}: {self.listed}" if self.listed else self.page

    @staticmethod
    def of(*, certified: bool) -> Superseded:
        """Return the words for a certificate, or for a token."""
        return CERTIFICATES if certified else TOKENS


TOKENS: Final = Superseded("token", TOKENS_PAGE)
CERTIFICATES: Final = Superseded("certificate", M2M_PAGE)


def replaced(line: JournalEntry, stack: str, about: Superseded) -> str:
    """Say what becomes of the token that a promotion replaces, and when, by its line in the journal."""
    it = f"the {about.noun} that it replaces"
    if line.state is Retirement.OVERLAP:
        return (
            f"{it} is valid until {when(line.revoke_after)}, and the next rotation or `tba retire {stack}` after that "
            "revokes it"
        )
    return (
        f"{it} stays valid in NetSuite, and nothing is going to revoke it: do so there ({about.page}) once nobody "
        "uses it"
    )


_MOST_INFORMING: Final = 5
"""At most so many tokens that nothing will revoke are listed one by one."""


def judge_journal(
    journal: Sequence[JournalEntry], now: float, about: Superseded = TOKENS
) -> tuple[RotationFinding, ...]:
    """Say what a journal (oldest line first) calls for: first what somebody has to do, then what is only mentioned."""
    informing = [one for one in journal if one.state is Retirement.INFORM]
    others = [one for one in journal if not one.closed and one.state is not Retirement.INFORM]
    older = informing[:-_MOST_INFORMING]
    told = [_judge_entry(one, now, about) for one in (*others, *informing[len(older) :])]
    if not older:
        return tuple(told)
    what = (
        f"and {len(older)} older, the last superseded {when(older[-1].superseded_at)}: still valid in NetSuite, and "
        "nothing will revoke them"
    )
    remedy = f"revoke them in NetSuite ({about.place}) once nobody uses them"
    return (*told, RotationFinding(Standing.WELL, what, remedy))


def _judge_entry(entry: JournalEntry, now: float, about: Superseded) -> RotationFinding:
    superseded = when(entry.superseded_at)
    token = f"the {about.noun} of version {short(entry.version)}, superseded {superseded},"
    created = f", created before {when(entry.proven)}" if entry.proven else ""
    there = f"in NetSuite ({about.place}{created})"
    standing = Standing.ATTENTION
    match entry.state:
        case Retirement.INTENT:
            what = (
                f"NetSuite was asked for a token on {superseded}, and the run was killed: "
                "one may exist that no store holds"
            )
            remedy = f"run `tba up ENV`; then look {there} for a token of that time"
        case Retirement.INFORM | Retirement.LEFT:
            standing = Standing.WELL
            what = f"{token} is still valid in NetSuite, and nothing will revoke it"
            remedy = f"revoke it {there} once nobody uses it"
        case Retirement.PERSON:
            what = f"{token} waits for a person to revoke it"
            remedy = f"revoke it {there}, then run `tba retire ENV TOKEN --by-hand`"
        case _ if now < entry.revoke_after:
            standing, remedy = Standing.WELL, ""
            what = f"{token} stays valid until {when(entry.revoke_after)}"
        case _:
            what = f"{token} is still valid; its overlap ended {when(entry.revoke_after)}"
            remedy = "run `tba retire ENV TOKEN`"
    return RotationFinding(standing, what, remedy)


def when(at: float) -> str:
    """Return a time as people read it: `2026-11-23 17:51 UTC`."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


_UNITS: Final = ((86400, "day"), (3600, "hour"), (60, "minute"))
_SPAN: Final = re.compile(rf"\b\d+ (?:{'|'.join(unit for _, unit in _UNITS)})s?\b")


def span(seconds: float) -> str:
    """Return a length of time in its largest whole unit: `12 days`, `1 hour`, `0 minutes`.

    From two units on it is rounded down, so `2 days` is less than three; below that the smaller unit says more.
    """
    fits = (one for one in _UNITS if seconds >= 2 * one[0] or seconds == one[0])
    size, unit = next(fits, _UNITS[-1])
    count = int(seconds // size)
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def without_spans(text: str) -> str:
    """Return a finding's words without lengths of time, which change from run to run."""
    return _SPAN.sub("", text)
