"""`tba:index:StagedCredential`: the credential in its stores, as a candidate that nobody reads by default.

The inputs name sources; Check reads them, and the engine persists only keyed digests of what they gave. State keeps two
digests for each part: the one last seen at the source (an input), and the one in the store (an output). Only a change
at the source makes a candidate.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from pydantic import ValidationError

from tba_secrets.digest import DigestKey
from tba_secrets.errors import TbaError
from tba_secrets.netsuite import Client, revoke
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import render
from tba_secrets.places import places_in, reference
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
from tba_secrets.provider.intents import Retire, Rollback, Rotation
from tba_secrets.provider.parts import resolve
from tba_secrets.provider.properties import StagedCredentialInputs, StagedCredentialOutputs
from tba_secrets.provider.rotating import Rotating
from tba_secrets.provider.wanted import Wanted, consumer_pair, stale, superseded, token_pair
from tba_secrets.spec.model import Stores
from tba_secrets.stage import Place, stage
from tba_secrets.stores.interface import Candidate, OwnerMark, Stage, VersionId


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
        self._host.token_sources[inputs.record] = inputs.token
        intent = self._host.intents.get(inputs.record)
        if isinstance(intent, Retire | Rollback) and (seen := old.get("digests")):
            return Checked({**kept, "digests": seen}, {})  # neither is about the source
        resolved = resolve(
            inputs.sources,
            self._host.sources,
            self._key(inputs),
            old.get("digests", {}),
            preview=inputs.preview,
            refused=self._refused(inputs.record),
            required=inputs.require_values,
            brought=self._brought(inputs.record),
        )
        for warning in resolved.warnings:
            self._host.warn(urn, f"{inputs.record}: {warning}")
        if resolved.digests.get("token") in self._superseded(new):
            self._host.warn(urn, stale(inputs.record, "token"))
        elif self._abandoned(inputs.record, resolved.given, old.get("digests", {})):
            self._host.warn(
                urn,
                f"{inputs.record}: a source still gives what was rolled back or rotated away: it is not used until it "
                "changes",
            )
        return Checked({**kept, "digests": resolved.digests}, resolved.failures)

    def diff(self, old_inputs: Properties, old_state: Properties, new: Properties) -> list[Change]:
        changes = [
            change
            for change in input_changes(old_inputs, new)
            if not (change.property == "digests" and self._nothing_new(old_inputs, old_state, new))
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
        if rotation := state.get("rotation"):
            self._host.overlaps[str(inputs["record"])] = rotation["overlap_seconds"]
        self._host.stored[str(inputs.get("record", ""))] = state.get("storedDigests", {})
        self._host.superseded[str(inputs.get("record", ""))] = superseded(snapshots.values())
        observed = drift.missing(
            places, snapshots, state.get("versions", {}), (Stage.CANDIDATE, Stage.CURRENT)
        )
        self._host.missing[str(inputs.get("record", ""))] = (
            state.get("versions", {}) if observed else {}
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

    def _superseded(self, properties: Properties) -> frozenset[str]:
        return self._host.superseded.get(properties.get("record", ""), frozenset())

    def _abandoned(self, record: str, given: Mapping[str, str], seen: Mapping[str, str]) -> bool:
        """Whether a source gives what it gave before, and the store has something else."""
        stored = self._host.stored.get(record, {})
        return any(
            part in stored and digest == seen.get(part) and digest != stored[part]
            for part, digest in given.items()
        )

    def _refused(self, record: str) -> bool:
        """Whether the version that state names is gone without having passed."""
        missing = self._host.missing.get(record)
        return bool(missing) and missing != self._host.proven.get(record)

    def _nothing_new(self, old_inputs: Properties, old_state: Properties, new: Properties) -> bool:
        """Each part is as it was last seen, is what the store holds (a source that caught up with a rotation), or was
        superseded (one that did not)."""
        seen, stored = old_inputs.get("digests", {}), old_state.get("storedDigests", {})
        given = new["digests"]
        return not has_unknown(given) and all(
            digest in (seen.get(part), stored.get(part)) or digest in self._superseded(new)
            for part, digest in given.items()
        )

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
        for place in places.values():
            found = place.store.preflight([place.name])
            self._host.debug(urn, f"{place}: as {found.identity}; {_shown(found.settings)}")
        wanted = Wanted(self._host, urn, inputs, old, self._places_before(old), places, key)
        known, credential = wanted.known(), self._credential(wanted)
        Client(credential, inputs.endpoint, record=inputs.record).reach()
        value = render(credential, inputs.format)
        outputs = StagedCredentialOutputs(
            versions={},
            locations={},
            fingerprint=key.text(value),
            stored_digests=_digests(key, credential),
            claim=mark.claim,
            rotation=self._rotation(inputs.record),
        )
        for kind, place in places.items():
            self._host.status(urn, f"staging in {place}")
            try:
                staged = stage(
                    place,
                    Candidate(value, key.text(value)),
                    known.get(kind),
                    self._host.proceed,
                )
            except TbaError as error:
                if not outputs.versions:
                    raise self._in_vain(inputs, credential, error) from None
                outputs.drift[kind] = f"{place} was not written"
                raise PartialFailureError(error, merged(new, outputs)) from None
            outputs.versions[kind], outputs.locations[kind] = staged.version, staged.location
        self._report_left_behind(urn, places, old)
        self._host.status(urn, "staged")
        return merged(new, outputs)

    def _brought(self, record: str) -> str | None:
        """The part that an intent brings."""
        intent = self._host.intents.get(record)
        return intent.part if isinstance(intent, Rotation) else None

    def _credential(self, wanted: Wanted) -> TbaCredential:
        intent = self._host.intents.get(wanted.inputs.record)
        if isinstance(intent, Rotation):
            return Rotating(wanted, intent).credential()
        return wanted.credential()

    def _rotation(self, record: str) -> dict[str, int]:
        """What a rotation declares; anything else that is staged supersedes without a revoke."""
        self._host.overlaps.pop(record, None)
        match self._host.intents.get(record):
            case Rotation(part="token", overlap_seconds=seconds):
                return {"overlap_seconds": seconds}
        return {}

    def _in_vain(
        self, inputs: StagedCredentialInputs, credential: TbaCredential, error: TbaError
    ) -> TbaError:
        """What could not be stored is lost; a token that NetSuite has just issued must not be left behind."""
        intent = self._host.intents.get(inputs.record)
        if not (isinstance(intent, Rotation) and intent.issued):
            return error
        revocation = revoke(Client(credential, inputs.endpoint, record=inputs.record))
        return TbaError(
            f"{error.what}\n  The token that NetSuite issued: {revocation}", error.remedy
        )

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


def _shown(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in settings.items())


def _where(properties: Properties) -> tuple[Stores, str]:
    """The stores and the secret's name; an imported resource has not much more."""
    return Stores.model_validate(properties["stores"]), str(properties["secret"])


def _digests(key: DigestKey, credential: TbaCredential) -> dict[str, str]:
    return {
        "consumer": key.pair(consumer_pair(credential)),
        "token": key.pair(token_pair(credential)),
    }


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
