"""Which credential a StagedCredential is to hold: from the sources, or as the store has it.

What a rotation stages is in `rotating.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tba_secrets.digest import DigestKey
from tba_secrets.errors import ValueNeededError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse
from tba_secrets.provider.codec import Properties
from tba_secrets.provider.host import Host
from tba_secrets.provider.intents import Retire, Rollback, previous
from tba_secrets.provider.parts import read_parts
from tba_secrets.provider.properties import StagedCredentialInputs
from tba_secrets.sources.interface import Pair
from tba_secrets.spec.model import Format
from tba_secrets.stage import Place, admit
from tba_secrets.stores.interface import Snapshot, Stage, VersionId
from tba_secrets.stores.versions import is_ours, is_placeholder
from tba_secrets.verify import read_back


@dataclass(frozen=True)
class Wanted:
    """One update of one record."""

    host: Host
    urn: str
    inputs: StagedCredentialInputs
    old: Properties
    """The resource's state; empty for a new one."""
    before: Mapping[str, Place]
    """Where state says that the credential is; empty for a new one."""
    places: Mapping[str, Place]
    """Where it is to be."""
    key: DigestKey

    def credential(self) -> TbaCredential:
        """What an intent asks for; else each part from its source where that is new, or from the store.

        Raises:
            SourceError: A source could not give its pair whole.
            ValueNeededError: No source gives a part, and no store has it (any more).
            NotOursError: For a new resource without a value: the secret is not ours to take over.
        """
        match self.host.intents.get(self.inputs.record):
            case Rollback():
                return read_back(self.places, self.known(), self.inputs.format).credential
            case Retire() if (held := self.held()) is not None:
                return held
        return self._from_sources()

    def known(self) -> Mapping[str, VersionId]:
        """The versions that may hold the content already, by store."""
        if isinstance(self.host.intents.get(self.inputs.record), Rollback):
            return {kind: self._back_to(kind, place) for kind, place in self.places.items()}
        versions: Mapping[str, str] = self.old.get("versions", {})
        return {kind: VersionId(version) for kind, version in versions.items()}

    def _back_to(self, kind: str, place: Place) -> VersionId:
        """The previous version; or the one that a killed rollback has made current, and has not lived to say so."""
        snapshot = place.store.describe(place.name)
        stages = snapshot.stages if snapshot is not None else {}
        staged, passed_last = self.old.get("versions", {}).get(kind), self.proven().get(kind)
        moved = {stages.get(Stage.CURRENT), stages.get(Stage.CANDIDATE)} - {None}
        if staged in moved and passed_last in {stages.get(Stage.PREVIOUS)} - {None}:
            return VersionId(staged)
        return previous(place)

    def proven(self) -> Mapping[str, str]:
        """The versions that state names as the ones that passed last, by store."""
        return self.host.proven.get(self.inputs.record, {})

    def _from_sources(self) -> TbaCredential:
        """A part whose source has not changed, or gives what was superseded, stays as the store has it."""
        inputs, superseded = self.inputs, self.superseded()
        told = self.host.superseded.get(inputs.record, frozenset())  # Check has said it of these
        stored, seen = self.old.get("storedDigests", {}), self.old.get("digests", {})
        given: dict[str, Pair] = {}
        for part, pair in read_parts(inputs.sources, self.host.sources).items():
            digest = self.key.pair(pair) if pair is not None else None
            if digest in superseded:
                if digest not in told:
                    self.host.warn(self.urn, stale(inputs.record, part))
            elif pair is not None and (digest != seen.get(part) or digest == stored.get(part)):
                given[part] = pair
        if len(given) == len(inputs.sources):
            consumer, token = given["consumer"], given["token"]
            return TbaCredential(
                inputs.account, consumer.identifier, consumer.secret, token.identifier, token.secret
            )
        stored_credential = self.stored()
        if stored_credential is None:
            raise ValueNeededError(
                f"{inputs.record}: nothing gives its {' and '.join(sorted({*inputs.sources} - {*given}))} pair yet",
                "for the token: `tba rotate STACK TOKEN --authorize` has NetSuite issue it, `--prompt` asks for it; "
                "for the consumer: declare a source that has it",
            )
        credential = replace(stored_credential, account=inputs.account)
        for part, pair in given.items():
            credential = credential.with_pair(part, pair.identifier, pair.secret)
        return credential

    def stored(self) -> TbaCredential | None:
        """As the first store that still has the version of state gives it.

        For a new resource what is current, where the secret may be taken over; None where nothing is.

        Raises:
            ValueNeededError: The version that state names is gone.
            NotOursError: For a new resource: the secret is not ours to write.
        """
        if not self.before:
            return self._found()
        for kind, place in self.before.items():
            version = self.old["versions"].get(kind)
            stored = version and place.store.read(place.name, VersionId(version))
            if stored:
                return parse(stored.value, self.format_before(), str(place))
        raise ValueNeededError(
            f"{self.inputs.record}: the version that state names is no longer in the store, and a source gives no "
            "value for it",
            "give the sources the values of the credential that is wanted, and run `pulumi up` again",
        )

    def held(self) -> TbaCredential | None:
        """What readers have: the version of state, and where that was refused and let go, what is current."""
        for kind, place in self.before.items():
            snapshot = place.store.describe(place.name)
            played = set(snapshot.stages.values()) if snapshot is not None else set()
            if snapshot is None or self.old["versions"].get(kind) in played - {None}:
                continue
            if (current := self._current(place)) is not None:
                return current
        return self.stored()

    def _current(self, place: Place) -> TbaCredential | None:
        stored = place.store.read(place.name, Stage.CURRENT)
        if stored and is_ours(stored.version) and not is_placeholder(stored.version):
            return parse(stored.value, self.format_before(), str(place))
        return None

    def _found(self) -> TbaCredential | None:
        """What is current in a secret that no state knows of yet."""
        for place in self.places.values():
            admit(place, place.store.describe(place.name))
            stored = place.store.read(place.name, Stage.CURRENT)
            if stored is not None and not is_placeholder(stored.version):
                return parse(stored.value, self.inputs.format, str(place), self.inputs.account)
        return None

    def format_before(self) -> Format:
        """How what state names is written; an imported resource says nothing of it."""
        if "imported" in self.old:
            return self.inputs.format
        return Format.model_validate(self.old.get("format", {}))

    def superseded(self) -> frozenset[str]:
        """The digests of the tokens in the journals."""
        return superseded(place.store.describe(place.name) for place in self.places.values())


def superseded(snapshots: Iterable[Snapshot | None]) -> frozenset[str]:
    """The digests of the tokens that the journals list as superseded or retired."""
    found = [entry for one in snapshots if one is not None for entry in one.journal]
    return frozenset(entry.digest for entry in found if entry.superseded)


def stale(record: str, part: str) -> str:
    """Said of a source that did not follow a rotation."""
    return f"{record}: a source still gives a superseded {part}: it is not used"


def token_pair(credential: TbaCredential) -> Pair:
    """Its token half."""
    return Pair(credential.token_id, credential.token_secret)


def consumer_pair(credential: TbaCredential) -> Pair:
    """Its consumer half."""
    return Pair(credential.consumer_key, credential.consumer_secret)
