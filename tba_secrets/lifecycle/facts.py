"""The facts that decide what becomes of a credential, and the plans that follow from them. Data only.

Three steps repeat for every record: `look` gathers the facts, `decide` makes a plan of them without any IO, and `act`
carries the plan out. The store is the memory: a run may be killed after any write, and the engine then saves nothing,
so the next run must reach the same plan from what the store shows. State only repeats what the store says, and adds
what no store can know: what the sources gave last, and what was proven.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tba_secrets.digest import DigestKeys
from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.payload import Names
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.stores.interface import Snapshot, Stage, VersionId
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.versions import Origin, Terms, is_ours, is_placeholder, terms_of

CONSUMER: Final = "consumer"
TOKEN: Final = "token"
PARTS: Final = (CONSUMER, TOKEN)
"""What a credential is made of; each part has a source of its own, and is compared on its own."""

Offered = Mapping[str, Pair | None]
"""What the sources give now, by part; None if a source has no value."""


@dataclass(frozen=True)
class Content:
    """One stored version."""

    text: Sensitive
    """The exact text."""
    credential: Credential | None
    """What the text means; None if it cannot be parsed as a credential, so it is "not this token"."""


@dataclass(frozen=True)
class Sight:
    """One store's secret, as one look found it."""

    where: str
    """How messages name it: `aws secret netsuite/prod/orders`."""
    snapshot: Snapshot | None
    """None if there is no such secret."""
    contents: Mapping[VersionId, Content] = field(default_factory=dict)
    """The versions that were read: those that the decision needs."""

    @property
    def current(self) -> VersionId | None:
        """What readers get; None if no credential was ever promoted."""
        version = self.version_at(Stage.CURRENT)
        return None if is_placeholder(version) else version

    @property
    def previous(self) -> VersionId | None:
        """What readers got before; None if that was the placeholder."""
        version = self.version_at(Stage.PREVIOUS)
        return None if is_placeholder(version) else version

    @property
    def pending(self) -> VersionId | None:
        """The version under the candidate label, if tba-secrets put it there."""
        if self.snapshot is None or self.snapshot.foreign_candidate:
            return None
        return self.version_at(Stage.CANDIDATE)

    @property
    def lines(self) -> tuple[JournalEntry, ...]:
        """The journal, oldest first."""
        return () if self.snapshot is None else self.snapshot.journal

    def credential(self, version: VersionId | None) -> Credential | None:
        """Return what a version means, if it was read and can be parsed."""
        content = None if version is None else self.contents.get(version)
        return None if content is None else content.credential

    def was_current(self, version: VersionId) -> bool:
        """Return whether readers have had a version before: the previous one, or one that a line names."""
        return version == self.previous or any(line.version == version for line in self.lines)

    def version_at(self, stage: Stage) -> VersionId | None:
        """Return the version under a staging label, whoever wrote it; the placeholder too."""
        return None if self.snapshot is None else self.snapshot.stages.get(stage)


Seen = Mapping[str, Sight]
"""By store kind, in the order of promotion."""


def current_credential(seen: Seen) -> Credential | None:
    """Return what readers get from the first store that has a credential; None if none has."""
    held = (sight.credential(sight.current) for sight in seen.values())
    return next((one for one in held if one is not None), None)


@dataclass(frozen=True)
class Remembered:
    """What the resources' state says. All of it may be missing: a killed Create, or a lost state."""

    exists: bool = False
    """State has a StagedCredential of this record."""
    claim: str = ""
    """The claim that Create wrote on the secret."""
    owner: str = ""
    """The stack's name as it was written last."""
    source_digests: Mapping[str, str] = field(default_factory=dict)
    """By part, the digest of what its source gave last."""
    stored_digests: Mapping[str, str] = field(default_factory=dict)
    """By part, the digest of what was staged last."""
    verified: Mapping[str, str] | None = None
    """The version that passed last, by store, as the SmokeTest's state says; None if that state is not at hand.

    A SmokeTest has its own. A StagedCredential has it only where `tba` hands it over: the engine reads resources in one
    provider process and updates them in another, and gives each resource its own state alone."""
    moved: Credential | None = None
    """What the places hold that the record leaves, if it moves."""
    left: tuple[JournalEntry, ...] = ()
    """The lines of those places."""
    formats: tuple[Names, ...] = ()
    """Under which keys earlier runs wrote."""


@dataclass(frozen=True)
class Declared:
    """What the program declares of one record."""

    record: str
    account: str
    format: Names
    keys: DigestKeys
    overlap_seconds: int | None = None
    """`retire_after`: how long a superseded token stays valid; None if no policy is declared."""
    make: Callable[[str, Pair, Pair], Credential] = TbaCredential.of
    """Makes a credential of the declared kind: for an account, of its two parts."""

    def credential(self, consumer: Pair, token: Pair) -> Credential:
        """Return the credential of two parts, as it is declared."""
        return self.make(self.account, consumer, token)


# --- what is asked -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Up:
    """A plain update."""

    generates: bool = False
    """The token has no source and is generated: where nothing gives one, a new one is obtained."""
    pair: Pair | None = None
    """The generated pair; None until it was obtained."""


@dataclass(frozen=True)
class Rotate:
    """Put a new pair in the place of one part."""

    part: str
    origin: Origin
    overlap_seconds: int | None = None
    """How long the superseded token stays valid; None for a consumer pair, which has no overlap."""
    pair: Pair | None = None
    """The new pair; None until it was obtained."""
    again: bool = False
    """A superseded token may come back: a person asked for it by name."""
    nonce: str = ""
    """That of the line of intent in the store; empty if NetSuite issues nothing."""
    anew: bool = False
    """A person asked by name to replace even a candidate that waits for its proof."""


@dataclass(frozen=True)
class Rollback:
    """Make the last proven credential with another token current again, once it has passed."""


Asked = Up | Rotate | Rollback


# --- what is planned -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Put:
    """Write a credential as a candidate."""

    store: str
    credential: Credential
    terms: Terms
    replacing: VersionId | None


@dataclass(frozen=True)
class Relabel:
    """Make an existing version the candidate again: what state names was moved aside by somebody else."""

    store: str
    version: VersionId


@dataclass(frozen=True)
class Discard:
    """Take the candidate label off a version."""

    store: str
    version: VersionId


@dataclass(frozen=True)
class Note:
    """Write a line of the journal."""

    store: str
    entry: JournalEntry


@dataclass(frozen=True)
class Promote:
    """Make the proven version current."""

    store: str
    version: VersionId
    replacing: VersionId | None


Step = Put | Relabel | Discard | Note | Promote


@dataclass(frozen=True)
class Staging:
    """What to do to stage the candidate."""

    credential: Credential | None
    """What the stores are to hold; None until a new pair was obtained."""
    steps: tuple[Step, ...] = ()
    versions: Mapping[str, VersionId] = field(default_factory=dict)
    """Where the credential is already, by store."""
    obtain: bool = False
    """A new pair is needed first: obtain it, and decide again."""


@dataclass(frozen=True)
class Settling:
    """What follows from a verdict."""

    steps: tuple[Step, ...] = ()
    words: str = ""
    """What became of the candidate, for the message."""


def origin_of(version: VersionId | None) -> Origin | None:
    """Return the origin that a version's id carries; None if we did not write it."""
    terms = terms_of(version)
    return None if terms is None else terms.origin


def ours(version: VersionId | None) -> bool:
    """Return whether tba-secrets wrote a version."""
    return version is not None and is_ours(version)


UNREPEATABLE: Final = frozenset({Origin.ISSUED, Origin.GENERATED})
"""No source can give such a value again, so any run takes it up and finishes it."""
BY_PERSON: Final = UNREPEATABLE | {Origin.TYPED, Origin.ROLLBACK}
"""A person asked for such a candidate: a plain update finishes it, whatever the sources say."""
OF_ROTATION: Final = UNREPEATABLE | {Origin.ROTATED, Origin.TYPED}


def is_policy(line: JournalEntry) -> bool:
    """Return whether a line revokes its token, or has a person do it."""
    return line.state in (Retirement.OVERLAP, Retirement.PERSON)
