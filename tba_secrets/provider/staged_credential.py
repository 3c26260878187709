"""`tba:index:StagedCredential`: the credential in its stores, as a candidate that nobody reads by default.

The inputs name sources; Check reads them, and the engine persists only keyed digests of what they gave. State keeps two
digests for each part: the one last seen at the source (an input), and the one in the store (an output). Only a change
at the source makes a candidate.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from tba_secrets.digest import DigestKey
from tba_secrets.errors import ConflictError, TbaError, ValueNeededError
from tba_secrets.netsuite import Client
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse, render
from tba_secrets.provider import drift
from tba_secrets.provider.codec import UNKNOWN, Properties, has_unknown
from tba_secrets.provider.handler import (
    Change,
    Checked,
    Handler,
    PartialFailureError,
    input_changes,
    merged,
    validation_failures,
)
from tba_secrets.provider.host import Host
from tba_secrets.provider.importing import parse_id
from tba_secrets.provider.intents import Rollback, Rotation, previous, rotated
from tba_secrets.provider.parts import read_parts, resolve
from tba_secrets.provider.places import places_in, reference
from tba_secrets.provider.properties import StagedCredentialInputs, StagedCredentialOutputs
from tba_secrets.sources.interface import Pair
from tba_secrets.spec.model import Format, Stores
from tba_secrets.stage import Place, stage
from tba_secrets.stores.interface import Candidate, OwnerMark, Stage, VersionId
from tba_secrets.verify import read_back


class StagedCredentialHandler(Handler):
    """Stages a credential, and knows when what it staged is gone."""

    token = "tba:index:StagedCredential"
    description = (
        "A NetSuite TBA credential written to its stores as a candidate, not yet read by anybody."
    )
    inputs = StagedCredentialInputs
    outputs = StagedCredentialOutputs

    def __init__(self, host: Host) -> None:
        self._host = host

    def check(self, urn: str, old: Properties, new: Properties) -> Checked:
        kept = {key: value for key, value in new.items() if key != "preview"}
        if has_unknown(new):
            return Checked({**kept, "digests": UNKNOWN}, {})
        try:
            inputs = StagedCredentialInputs.model_validate(new)
        except ValidationError as error:
            return Checked(kept, validation_failures(error))
        resolved = resolve(
            inputs.sources,
            self._host.sources,
            self._key(inputs),
            old.get("digests", {}),
            preview=inputs.preview,
            required=inputs.require_values,
        )
        for warning in resolved.warnings:
            self._host.warn(urn, f"{inputs.record}: {warning}")
        return Checked({**kept, "digests": resolved.digests}, resolved.failures)

    def diff(self, old_inputs: Properties, old_state: Properties, new: Properties) -> list[Change]:
        changes = [
            change
            for change in input_changes(old_inputs, new)
            if not (change.property == "digests" and _stored_already(old_inputs, old_state, new))
        ]
        changes += [
            Change(f"drift.{kind}", input=False) for kind in sorted(old_state.get("drift", {}))
        ]
        if isinstance(self._host.intents.get(new.get("record", "")), Rotation | Rollback):
            changes.append(Change("versions", input=False))
        return changes

    def preview(self, old_state: Properties, new: Properties) -> Properties:
        return {**old_state, **new, "versions": UNKNOWN, "fingerprint": UNKNOWN, "drift": {}}

    def id(self, new: Properties) -> str:
        return f"{new['owner']}/{new['record']}"

    def create(self, urn: str, new: Properties) -> Properties:
        return self._stage(urn, {}, new)

    def update(self, urn: str, old_state: Properties, new: Properties) -> Properties:
        return self._stage(urn, old_state, new)

    def read(
        self, urn: str, id: str, inputs: Properties, state: Properties
    ) -> tuple[Properties, Properties] | None:
        imported = not inputs
        stores, secret = parse_id(id) if imported else _where(inputs)
        places = self._places(stores, secret)
        snapshots = drift.observe(places)
        if not any(snapshots.values()):
            return None
        if imported:
            return _imported(stores, secret, snapshots)
        observed = drift.missing(
            places, snapshots, state.get("versions", {}), (Stage.CANDIDATE, Stage.CURRENT)
        )
        return inputs, {**state, "drift": observed}

    def delete(self, urn: str, state: Properties) -> None:
        for kind, place in self._places(*_where(state)).items():
            self._remove(urn, place, state, state["versions"].get(kind))

    # --- inside -----------------------------------------------------------------------------------

    def _places(self, stores: Stores, secret: str) -> dict[str, Place]:
        """For reading and deleting only."""
        return places_in(self._host.open_stores(stores), stores, secret)

    def _places_before(self, old: Properties) -> dict[str, Place]:
        """Where state says that the credential is; nothing for a new resource."""
        return self._places(*_where(old)) if old.get("versions") else {}

    def _key(self, inputs: StagedCredentialInputs) -> DigestKey:
        return DigestKey.derive(
            self._host.digest_key, inputs.owner, reference(inputs.stores, inputs.secret)
        )

    def _stage(self, urn: str, old: Properties, new: Properties) -> Properties:
        inputs = StagedCredentialInputs.model_validate(new)
        mark = OwnerMark(inputs.owner, inputs.record, old.get("claim") or uuid.uuid4().hex)
        places = places_in(
            self._host.open_stores(inputs.stores),
            inputs.stores,
            inputs.secret,
            mark,
            adopt=inputs.adopt or "imported" in old,
            restore=inputs.restore,
            description=inputs.description,
        )
        key = self._key(inputs)
        credential = self._credential(urn, inputs, old, places)
        for place in places.values():
            place.store.preflight([place.name])
        Client(credential, inputs.endpoint, record=inputs.record).reach()
        value = render(credential, inputs.format)
        outputs = StagedCredentialOutputs(
            versions={},
            locations={},
            fingerprint=key.text(value),
            stored_digests=_digests(key, credential),
            claim=mark.claim,
        )
        known = self._known(inputs, old, places)
        for kind, place in places.items():
            self._host.status(urn, f"staging in {place}")
            try:
                staged = stage(
                    place,
                    Candidate(value, key.text(value)),
                    VersionId(known[kind]) if kind in known else None,
                    self._host.proceed,
                )
            except TbaError as error:
                if not outputs.versions:
                    raise
                outputs.drift[kind] = f"{place} was not written"
                raise PartialFailureError(error, merged(new, outputs)) from None
            outputs.versions[kind], outputs.locations[kind] = staged.version, staged.location
        self._report_left_behind(urn, places, old)
        self._host.status(urn, "staged")
        return merged(new, outputs)

    def _known(
        self, inputs: StagedCredentialInputs, old: Properties, places: Mapping[str, Place]
    ) -> Mapping[str, str]:
        """The versions that may hold the content already."""
        if isinstance(self._host.intents.get(inputs.record), Rollback):
            return {kind: previous(place) for kind, place in places.items()}
        versions: Mapping[str, str] = old.get("versions", {})
        return versions

    def _credential(
        self, urn: str, inputs: StagedCredentialInputs, old: Properties, places: Mapping[str, Place]
    ) -> TbaCredential:
        """What an intent asks for; else each part from its source where that is new, or from the store."""
        match self._host.intents.get(inputs.record):
            case Rotation() as rotation:
                held = self._stored(old, inputs)
                new = rotated(rotation, places, held, _format_before(old, inputs))
                if self._key(inputs).pair(_token_pair(new)) in _superseded(places):
                    raise _superseded_token(inputs.record)
                return new
            case Rollback():
                return self._previous(inputs, places)
        return self._from_sources(urn, inputs, old, places)

    def _from_sources(
        self,
        urn: str,
        inputs: StagedCredentialInputs,
        old: Properties,
        places: Mapping[str, Place],
    ) -> TbaCredential:
        """A part whose source has not changed, or gives what was superseded, stays as the store has it."""
        key = self._key(inputs)
        stored, seen = old.get("storedDigests", {}), old.get("digests", {})
        superseded = _superseded(places)
        pairs = read_parts(inputs.sources, self._host.sources)
        if any(pair is not None and key.pair(pair) in superseded for pair in pairs.values()):
            self._host.warn(
                urn,
                f"{inputs.record}: a source still gives a superseded token: the store's is kept",
            )
        given = {
            part: pair
            for part, pair in pairs.items()
            if pair is not None
            and key.pair(pair) not in superseded
            and (key.pair(pair) != seen.get(part) or key.pair(pair) == stored.get(part))
        }
        if len(given) == len(inputs.sources):
            consumer, token = given["consumer"], given["token"]
            return TbaCredential(
                inputs.account, consumer.identifier, consumer.secret, token.identifier, token.secret
            )
        credential = self._stored(old, inputs)
        for part, pair in given.items():
            credential = credential.with_pair(part, pair.identifier, pair.secret)
        return replace(credential, account=inputs.account)

    def _stored(self, old: Properties, inputs: StagedCredentialInputs) -> TbaCredential:
        """As the first store that still has the version of state gives it."""
        names = _format_before(old, inputs)
        for kind, place in self._places_before(old).items():
            version = old["versions"].get(kind)
            stored = version and place.store.read(place.name, VersionId(version))
            if stored:
                return parse(stored.value, names, str(place))
        raise _value_needed(inputs.record)

    def _previous(
        self, inputs: StagedCredentialInputs, places: Mapping[str, Place]
    ) -> TbaCredential:
        """The previous version's content, which has to be the same in every store."""
        versions = {kind: previous(place) for kind, place in places.items()}
        return read_back(places, versions, inputs.format).credential

    def _remove(self, urn: str, place: Place, state: Properties, version: str | None) -> None:
        snapshot = place.store.describe(place.name)
        if snapshot is None or snapshot.deletion_at is not None:
            return
        if snapshot.owner is None or snapshot.owner.claim != state.get("claim"):
            self._host.warn(urn, f"{place} does not carry our mark, and is left as it is")
            return
        if version is not None:
            self._host.proceed()
            place.store.discard(place.name, VersionId(version))
        if state.get("retain"):
            self._host.warn(urn, f"{place} is left in the store (on_delete: retain)")
        else:
            self._host.proceed()
            place.store.remove(place.name)

    def _report_left_behind(self, urn: str, places: Mapping[str, Place], old: Properties) -> None:
        for kind, place in self._places_before(old).items():
            if kind not in places or places[kind].name != place.name:
                self._host.warn(
                    urn, f"{place} is left as it is: delete it when nobody reads it any more"
                )


def _format_before(old: Properties, inputs: StagedCredentialInputs) -> Format:
    """How what state names is written; an imported resource says nothing of it."""
    return inputs.format if "imported" in old else Format.model_validate(old.get("format", {}))


def _where(properties: Properties) -> tuple[Stores, str]:
    """The stores and the secret's name; an imported resource has not much more."""
    return Stores.model_validate(properties["stores"]), str(properties["secret"])


def _superseded(places: Mapping[str, Place]) -> frozenset[str]:
    """The digests of the tokens in the journals."""
    snapshots = [place.store.describe(place.name) for place in places.values()]
    found = [entry for one in snapshots if one is not None for entry in one.journal]
    return frozenset(entry.digest for entry in found if entry.superseded)


def _token_pair(credential: TbaCredential) -> Pair:
    return Pair(credential.token_id, credential.token_secret)


def _superseded_token(record: str) -> ConflictError:
    return ConflictError(
        f"{record}: the new token is one that was superseded before",
        "create another token in NetSuite; to go back to the previous one: `tba rollback`",
    )


def _stored_already(old_inputs: Properties, old_state: Properties, new: Properties) -> bool:
    """Each part is as it was last seen, or is what the store holds: a source that caught up with a rotation."""
    seen, stored = old_inputs.get("digests", {}), old_state.get("storedDigests", {})
    given = new["digests"]
    return not has_unknown(given) and all(
        digest in (seen.get(part), stored.get(part)) for part, digest in given.items()
    )


def _digests(key: DigestKey, credential: TbaCredential) -> dict[str, str]:
    return {
        "consumer": key.pair(Pair(credential.consumer_key, credential.consumer_secret)),
        "token": key.pair(_token_pair(credential)),
    }


def _value_needed(record: str) -> ValueNeededError:
    return ValueNeededError(
        f"{record}: the version that state names is no longer in the store, and a source gives no value for it",
        "give the sources the values of the credential that is wanted, and run `pulumi up` again",
    )


def _imported(
    stores: Stores, secret: str, snapshots: drift.Snapshots
) -> tuple[Properties, Properties]:
    inputs: Properties = {
        "stores": stores.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        "secret": secret,
    }
    found = {kind: snapshot for kind, snapshot in snapshots.items() if snapshot is not None}
    state = {
        **inputs,
        "versions": {
            kind: snapshot.stages[Stage.CURRENT]
            for kind, snapshot in found.items()
            if Stage.CURRENT in snapshot.stages
        },
        "locations": {kind: snapshot.location for kind, snapshot in found.items()},
        "imported": True,
    }
    return inputs, state
