"""The journal on AWS: a tag for each line, and a staging label of its own on each version that is to be retired.

AWS drops versions without a label when it likes (User Guide, "What's in a Secrets Manager secret", Version). A secret
has 20 labels and 50 tags at most (User Guide, "Quotas"; General Reference, "Tag naming limits and requirements").

The order, repeated at each block:
1. look at the secret;
2. refuse what the journal cannot hold;
3. pin the version, so that a line never speaks of one that AWS may drop;
4. write the line;
5. put right what another run did meanwhile, then take off the pins that nothing waits for.
"""

from __future__ import annotations

from typing import Final

from tba_secrets.stores.aws.access import SecretAccess, exists
from tba_secrets.stores.aws.errors import AwsFailure, Outcome
from tba_secrets.stores.aws.secret import JOURNAL_TAG, PIN, AwsSecret, journal_tag, tag_list
from tba_secrets.stores.interface import SecretName, VersionId
from tba_secrets.stores.journal import JournalEntry, noted
from tba_secrets.stores.refusals import not_claimed, refuse_version_gone

_NOT_THE_HOLDER: Final = "InvalidParameterException"
"""UpdateSecretVersionStage, where RemoveFromVersionId is not the version that carries the label."""


class RetiringLabels:
    """Lines and pins.

    Args:
        access: The account and region.
    """

    def __init__(self, access: SecretAccess) -> None:
        self._access = access

    def note(self, name: SecretName, entry: JournalEntry) -> None:
        """See `Store.note`. Two writes for a new line and two to close it; none where all is as it should be."""
        tag = journal_tag(entry)
        # 1. look  2. refuse
        secret = self._access.expect(name, exists)
        if secret is None:
            raise not_claimed(name)
        lines = noted(name, secret.journal, entry)
        # 3. pin
        secret = self._pin(name, entry, secret)
        # 4. write
        secret = self._write(name, tag if entry in lines else {}, secret)
        secret = self._shorten(name, lines, secret)
        # 5. put right
        secret = self._pin(name, entry, secret)
        self._take_off_loose(name, entry, secret)

    def _pin(self, name: SecretName, entry: JournalEntry, secret: AwsSecret) -> AwsSecret:
        """Put the label on, where the line is open."""
        label, version = f"{PIN}{entry.key}", VersionId(entry.version)
        if not entry.pinned or secret.labels.get(label) == version:
            return secret
        try:
            return self._access.write(
                "UpdateSecretVersionStage",
                name,
                {"SecretId": name, "VersionStage": label, "MoveToVersionId": version},
                lambda s: s.labels.get(label) == version,
            )
        except AwsFailure as failure:
            # AWS does not document which error a version that is gone gives: look for it
            refused = failure.outcome in (Outcome.ABSENT, Outcome.REFUSED)
            if not refused or version in self._access.versions(name):
                raise
        refuse_version_gone(name, entry)
        return secret

    def _write(self, name: SecretName, tag: dict[str, str], secret: AwsSecret) -> AwsSecret:
        if tag.items() <= secret.tags.items():
            return secret
        return self._access.write(
            "TagResource",
            name,
            {"SecretId": name, "Tags": tag_list(tag)},
            lambda s: tag.items() <= s.tags.items(),
        )

    def _shorten(
        self, name: SecretName, lines: tuple[JournalEntry, ...], secret: AwsSecret
    ) -> AwsSecret:
        """Take away what was revoked long ago; never a line that another run wrote meanwhile and is open."""
        kept = {line.key for line in lines}
        gone = {
            f"{JOURNAL_TAG}{line.key}"
            for line in secret.journal
            if not line.open and line.key not in kept
        }
        if not gone:
            return secret
        return self._access.write(
            "UntagResource",
            name,
            {"SecretId": name, "TagKeys": sorted(gone)},
            lambda s: not gone & s.tags.keys(),
        )

    def _take_off_loose(self, name: SecretName, entry: JournalEntry, secret: AwsSecret) -> None:
        """Take off our own pin, once its line is closed, and what killed runs left.

        Another's pin whose line is not there is looked at again: the sight may be stale, or its line on the way. Where
        the line comes only then, the pin is put back.
        """
        own = {f"{PIN}{entry.key}"}
        seen: AwsSecret | None = secret
        if not secret.loose_pins.keys() <= own:
            seen = self._access.expect(name, lambda s: s.loose_pins.keys() <= own)
        for label, version in ({} if seen is None else seen.loose_pins).items():
            self._take_off(name, label, version)

    def _take_off(self, name: SecretName, label: str, version: VersionId) -> None:
        try:
            after = self._access.write(
                "UpdateSecretVersionStage",
                name,
                {"SecretId": name, "VersionStage": label, "RemoveFromVersionId": version},
                lambda s: s.labels.get(label) != version,
            )
        except AwsFailure as failure:
            if failure.code != _NOT_THE_HOLDER:
                raise
            return
        for line in after.journal:
            if label == f"{PIN}{line.key}":
                self._pin(name, line, after)
