"""The journal on AWS: a tag for each line, and a staging label of its own on each version that is to be retired.

AWS drops versions without a label when it likes (User Guide, "What's in a Secrets Manager secret", Version). A secret
has 20 labels and 50 tags at most (User Guide, "Quotas"; General Reference, "Tag naming limits and requirements").

The order:
1. refuse what the journal cannot hold;
2. pin the version, so that a line never speaks of one that AWS may drop;
3. write the line;
4. take off the pins of closed lines.
A pin without a line is left by a run that was killed between 2 and 3, or belongs to one that is between them now. It
stays until the labels run out.
"""

from __future__ import annotations

from tba_secrets.stores.aws.access import AwsSecretAccess
from tba_secrets.stores.aws.secret import JOURNAL_TAG, MOST_LABELS, PIN, AwsSecret, journal_tag
from tba_secrets.stores.failures import Outcome, StoreFailure
from tba_secrets.stores.interface import SecretName
from tba_secrets.stores.journal import JournalEntry, noted
from tba_secrets.stores.refusals import label_moved, refuse_version_gone
from tba_secrets.stores.versions import VersionId


def note(access: AwsSecretAccess, name: SecretName, entry: JournalEntry, secret: AwsSecret) -> None:
    """Keep a line, see `Store.note`: two calls to open one, two to close it, one where no version is pinned."""
    tag = journal_tag(entry)
    # 1. refuse
    lines = noted(name, secret.journal, entry)
    # 2. pin
    if entry.pinned:
        _pin(access, name, entry, secret)
    # 3. write, and make room first: 50 tags are all that there may be at any time
    _shorten(access, name, lines, secret)
    if entry in lines and not tag.items() <= secret.tags.items():
        access.tag(name, tag)
    # 4. take off
    for label, version in _finished(secret, lines, entry).items():
        access.move(name, label, version, None)


def _pin(access: AwsSecretAccess, name: SecretName, entry: JournalEntry, secret: AwsSecret) -> None:
    """Put the label on; a label that is on this version already costs nothing."""
    label, version = f"{PIN}{entry.key}", VersionId(entry.version)
    if secret.labels.get(label) == version:
        return
    if len(secret.labels) >= MOST_LABELS:
        for orphan, holder in _orphans(secret).items():
            access.move(name, orphan, holder, None)
    refusal: Exception = label_moved(name, label, None)
    try:
        if access.move(name, label, None, version):
            return
    except StoreFailure as failure:
        # AWS does not document which error a version that is gone gives: look for it
        if failure.outcome is not Outcome.REFUSED:
            raise
        refusal = failure
    if version in access.versions(name):
        raise refusal
    refuse_version_gone(name, entry)


def _shorten(
    access: AwsSecretAccess, name: SecretName, lines: tuple[JournalEntry, ...], secret: AwsSecret
) -> None:
    """Take away what was revoked long ago; never a line that another run wrote meanwhile and is open."""
    kept = {line.key for line in lines}
    gone = {
        f"{JOURNAL_TAG}{line.key}"
        for line in secret.journal
        if not line.open and line.key not in kept
    }
    if gone:
        request = {"TagKeys": sorted(gone)}
        access.write("UntagResource", name, request, lambda s: not gone & s.tags.keys())


def _finished(
    secret: AwsSecret, lines: tuple[JournalEntry, ...], entry: JournalEntry
) -> dict[str, VersionId]:
    """Return the pins of closed lines: those that are seen, and the entry's own where its line was never seen."""
    closed = {f"{PIN}{line.key}": VersionId(line.version) for line in lines if not line.pinned}
    unseen = all(line.version != entry.version for line in secret.journal)
    own = f"{PIN}{entry.key}" if entry.closed and entry.has_version and unseen else None
    return {
        label: version
        for label, version in closed.items()
        if label in secret.labels or label == own
    }


def _orphans(secret: AwsSecret) -> dict[str, VersionId]:
    """Return the pins that no line speaks of."""
    known = {f"{PIN}{line.key}" for line in secret.journal}
    return {
        label: version
        for label, version in secret.labels.items()
        if label.startswith(PIN) and label not in known
    }
