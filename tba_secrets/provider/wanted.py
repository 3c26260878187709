"""Which credential a StagedCredential is to hold: from an intent, from the sources, or as the store has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tba_secrets.digest import DigestKey
from tba_secrets.errors import ConflictError, ValueNeededError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse
from tba_secrets.provider.codec import Properties
from tba_secrets.provider.host import Host
from tba_secrets.provider.intents import Rollback, Rotation, previous, rotated
from tba_secrets.provider.parts import read_parts
from tba_secrets.provider.properties import StagedCredentialInputs
from tba_secrets.sources.interface import Pair
from tba_secrets.spec.model import Format
from tba_secrets.stage import Place
from tba_secrets.stores.interface import Stage, VersionId
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
            ValueNeededError: No source gives a part, and the store no longer has the version of state.
            ConflictError: A rotation brought nothing new.
        """
        match self.host.intents.get(self.inputs.record):
            case Rotation() as rotation:
                return self._rotated(rotation)
            case Rollback():
                return read_back(self.places, self.known(), self.inputs.format).credential
        return self._from_sources()

    def known(self) -> Mapping[str, VersionId]:
        """The versions that may hold the content already, by store."""
        if isinstance(self.host.intents.get(self.inputs.record), Rollback):
            return {kind: previous(place) for kind, place in self.places.items()}
        versions: Mapping[str, str] = self.old.get("versions", {})
        return {kind: VersionId(version) for kind, version in versions.items()}

    def _rotated(self, rotation: Rotation) -> TbaCredential:
        if (promoted := self._promoted_before_a_kill()) is not None:
            return promoted
        new = rotated(
            self.inputs.record,
            replace(rotation, obtain=self._noted(rotation.obtain)),
            self.places,
            self._held(),
            self._format_before(),
        )
        if self.key.pair(token_pair(new)) in self._superseded():
            raise ConflictError(
                f"{self.inputs.record}: the new token is one that was superseded before",
                "create another token in NetSuite; to go back to the previous one: `tba rollback`",
            )
        return new

    def _noted(self, obtain: Callable[[TbaCredential], Pair]) -> Callable[[TbaCredential], Pair]:
        """`obtain`, leaving a note that it was this run that brought the pair."""

        def noting(held: TbaCredential) -> Pair:
            pair = obtain(held)
            self.host.brought.add(self.inputs.record)
            return pair

        return noting

    def _held(self) -> TbaCredential:
        """What is rotated: the version of state, and where that was refused and let go, what is current."""
        for kind, place in self.before.items():
            snapshot = place.store.describe(place.name)
            played = set(snapshot.stages.values()) if snapshot is not None else set()
            if snapshot is None or self.old["versions"].get(kind) in played - {None}:
                continue
            stored = place.store.read(place.name, Stage.CURRENT)
            if stored and is_ours(stored.version) and not is_placeholder(stored.version):
                return parse(stored.value, self._format_before(), str(place))
        return self._stored()

    def _promoted_before_a_kill(self) -> TbaCredential | None:
        """What an earlier rotation has promoted without living to say so: its predecessor, which state still names as
        the one that passed last, is in the journal."""
        proven = self.host.proven.get(self.inputs.record, {})
        for kind, place in self.places.items():
            snapshot = place.store.describe(place.name)
            superseded = (
                [one.version for one in snapshot.journal if one.superseded] if snapshot else []
            )
            current = snapshot.stages.get(Stage.CURRENT) if snapshot else None
            if current not in (None, proven.get(kind)) and proven.get(kind) in superseded:
                stored = place.store.read(place.name, Stage.CURRENT)
                if stored is not None:
                    return parse(stored.value, self._format_before(), str(place))
        return None

    def _from_sources(self) -> TbaCredential:
        """A part whose source has not changed, or gives what was superseded, stays as the store has it."""
        inputs, superseded = self.inputs, self._superseded()
        stored, seen = self.old.get("storedDigests", {}), self.old.get("digests", {})
        given: dict[str, Pair] = {}
        for part, pair in read_parts(inputs.sources, self.host.sources).items():
            digest = self.key.pair(pair) if pair is not None else None
            if digest in superseded:
                self.host.warn(
                    self.urn,
                    f"{inputs.record}: a source still gives a superseded {part}: it is not used",
                )
            elif pair is not None and (digest != seen.get(part) or digest == stored.get(part)):
                given[part] = pair
        if len(given) == len(inputs.sources):
            consumer, token = given["consumer"], given["token"]
            return TbaCredential(
                inputs.account, consumer.identifier, consumer.secret, token.identifier, token.secret
            )
        credential = replace(self._stored(), account=inputs.account)
        for part, pair in given.items():
            credential = credential.with_pair(part, pair.identifier, pair.secret)
        return credential

    def _stored(self) -> TbaCredential:
        """As the first store that still has the version of state gives it."""
        for kind, place in self.before.items():
            version = self.old["versions"].get(kind)
            stored = version and place.store.read(place.name, VersionId(version))
            if stored:
                return parse(stored.value, self._format_before(), str(place))
        raise ValueNeededError(
            f"{self.inputs.record}: the version that state names is no longer in the store, and a source gives no "
            "value for it",
            "give the sources the values of the credential that is wanted, and run `pulumi up` again",
        )

    def _format_before(self) -> Format:
        """How what state names is written; an imported resource says nothing of it."""
        if "imported" in self.old:
            return self.inputs.format
        return Format.model_validate(self.old.get("format", {}))

    def _superseded(self) -> frozenset[str]:
        """The digests of the tokens in the journals."""
        snapshots = [place.store.describe(place.name) for place in self.places.values()]
        found = [entry for one in snapshots if one is not None for entry in one.journal]
        return frozenset(entry.digest for entry in found if entry.superseded)


def token_pair(credential: TbaCredential) -> Pair:
    """Its token half."""
    return Pair(credential.token_id, credential.token_secret)


def consumer_pair(credential: TbaCredential) -> Pair:
    """Its consumer half."""
    return Pair(credential.consumer_key, credential.consumer_secret)
