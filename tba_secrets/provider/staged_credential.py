"""`tba:index:StagedCredential`: the credential in its stores, as a candidate that nobody reads by default.

The inputs name sources; Check reads them, and the engine persists only keyed digests of what they gave. What is to be
staged is decided in `lifecycle.decide`, and done in `staging`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Final

from pydantic import ValidationError

from tba_secrets.digest import DigestKeys
from tba_secrets.errors import ConflictError, SourceError, TbaError
from tba_secrets.lifecycle import act, drift
from tba_secrets.lifecycle.facts import TOKEN, Declared
from tba_secrets.lifecycle.leaving import deletion, refuse_to_leave
from tba_secrets.lifecycle.look import Looked, look, look_at
from tba_secrets.lifecycle.offers import Offer, calls_for_update, judge, unused
from tba_secrets.payload import Names
from tba_secrets.places import Place, places_in
from tba_secrets.provider import STAGED_CREDENTIAL
from tba_secrets.provider.certificate_proof import proof_of
from tba_secrets.provider.codec import UNKNOWN, Properties, has_unknown
from tba_secrets.provider.handler import (
    Change,
    Checked,
    Handler,
    PartialFailureError,
    input_changes,
)
from tba_secrets.provider.host import Host, RecordMemory
from tba_secrets.provider.intents import Rollback, Rotation
from tba_secrets.provider.kinds import require_fit
from tba_secrets.provider.proof import Proof
from tba_secrets.provider.properties import (
    StagedCredentialInputs,
    StagedCredentialOutputs,
    format_of,
    parse_id,
    where,
)
from tba_secrets.provider.staging import StagingRun
from tba_secrets.sources import Pair, SourceSettings, open_source
from tba_secrets.spec.model import Stores
from tba_secrets.spec.shape import refused_properties
from tba_secrets.stores.interface import OwnerMark, Stage
from tba_secrets.stores.versions import is_ours

UNSEEN: Final = "not seen"
"""The stand-in for the digest of a part that its source has never given; no real digest looks like it."""


class StagedCredentialHandler(Handler):
    """Stages a credential, and knows when what it staged is gone."""

    token = STAGED_CREDENTIAL
    description = (
        "A NetSuite TBA credential written to its stores as a candidate, not yet read by anybody."
    )
    inputs = StagedCredentialInputs
    outputs = StagedCredentialOutputs

    def __init__(self, host: Host, proof: Callable[..., Proof] = proof_of) -> None:
        self._host = host
        self._proof = proof

    def check(self, urn: str, old: Properties, new: Properties) -> Checked:
        self._host.updating = True
        kept = {key: value for key, value in new.items() if key != "preview"}
        if has_unknown(new):
            return Checked({**kept, "digests": UNKNOWN}, {})
        try:
            inputs = StagedCredentialInputs.model_validate(new)
        except ValidationError as error:
            return Checked(kept, refused_properties(StagedCredentialInputs, error))
        record = self._host.record(inputs.record)
        record.token_origin = inputs.token
        offered: dict[str, Pair | None] = {}
        record.offered, record.places = offered, {}
        intent, known = self._host.intents.get(inputs.record), old.get("digests", {})
        about_source = intent is None or isinstance(intent, Rotation)
        if known and not about_source:
            return Checked({**kept, "digests": known}, {})
        brought = intent.part if isinstance(intent, Rotation) else None
        digests: Properties = {}
        failures: dict[str, str] = {}
        for part, source in inputs.sources.items():
            try:
                pair = offered[part] = self._read(urn, inputs, part, source)
                if pair is not None:
                    digests[part] = self._keys(inputs).writing.pair(pair)
                elif part == brought or isinstance(source, str):
                    # an intent brings it, or it is issued, typed or generated: its source need not have it
                    digests[part] = known.get(part, UNSEEN)
                else:
                    digests[part] = self._kept(record, inputs, part, known)
            except SourceError as error:
                failures[part] = str(error)
        return Checked({**kept, "digests": digests}, failures)

    def _read(
        self, urn: str, inputs: StagedCredentialInputs, part: str, source: SourceSettings
    ) -> Pair | None:
        """Read a part's source.

        Raises:
            SourceError: It cannot be read, or what it gives is not what is declared.
        """
        place = self._host.record(inputs.record).places[part] = open_source(source).place
        pair = self._host.sources.read(source)
        if pair is not None:
            require_fit(inputs, part, pair, place)
            for warning in pair.warnings:
                self._host.warn(urn, f"{inputs.record}: {part} from {place}: {warning}")
        return pair

    def _kept(
        self, record: RecordMemory, inputs: StagedCredentialInputs, part: str, known: Properties
    ) -> object:
        """Return the digest of a part that its source does not give: its value stays in the store.

        Where nothing has ever passed, it is unknown in a preview, so that a plan made without values takes the one that
        mends a refused one.

        Raises:
            SourceError: The part has to have a value.
        """
        place = record.places[part]
        if inputs.require_values:
            raise SourceError(f"{place}: no value, and require_values is set. Give it one")
        if part in known and not (inputs.preview and self._has_no_credential(record, inputs)):
            return known[part]
        if inputs.preview:
            return UNKNOWN
        raise SourceError(
            f"{place}: no value, and none is known from an earlier run. "
            "Give it one and run again; nothing was written"
        )

    def diff(
        self, urn: str, old_inputs: Properties, old_state: Properties, new: Properties
    ) -> list[Change]:
        name = str(new.get("record", ""))
        record = self._host.record(name)
        record.staged = old_state
        offers = self._offers(record, new)
        intent = self._host.intents.get(name)
        if not (isinstance(intent, Rotation) and intent.again):  # which takes what was superseded
            for warning in unused(offers, record.places):
                self._host.warn(urn, f"{name}: {warning}")
        something_new = has_unknown(new) or calls_for_update(
            offers,
            new.get("digests", {}),
            old_inputs.get("digests", {}),
            old_state.get("storedDigests", {}),
        )
        changes = [
            change
            for change in input_changes(old_inputs, new)
            if change.property != "digests" or something_new
        ]
        if not changes and _is_foreign(old_state) and Offer.NEW in offers.values():
            # the source has not changed, and wins over what others wrote
            changes.append(Change("digests"))
        moved = self._is_moved(old_state, new)
        drifted = old_state.get("drift", {}) | ({} if moved else self._drift(record, old_state))
        changes += [Change(f"drift.{kind}", input=False) for kind in sorted(drifted)]
        if isinstance(intent, Rotation | Rollback):
            changes.append(Change("versions", input=False))
        if moved:
            self._left_behind(name, old_state, new)  # refuses what cannot be left yet
        return changes

    def foresee(self, urn: str, new: Properties) -> None:
        """Compare the declared AWS account with the credentials' own, where these are at hand."""
        if has_unknown([new.get("stores"), new.get("secret")]):
            return
        stores, secret = where(new)
        place = self._host.places(stores, secret).get("aws")
        declared = stores.aws is not None and stores.aws.account_id is not None
        if place is not None and declared and (words := self._host.refused_account(place)):
            self._host.warn(urn, words)

    def preview(self, old_state: Properties, new: Properties) -> Properties:
        return {**old_state, **new, "versions": UNKNOWN, "fingerprint": UNKNOWN, "drift": {}}

    def id(self, new: Properties) -> str:
        return f"{new['owner']}/{new['record']}"

    def update(self, urn: str, old_state: Properties, new: Properties) -> Properties:
        run = self._run(urn, old_state, new)
        while True:
            try:
                return run.act(run.plan())
            except ConflictError as error:
                run.look_again(error)
            except PartialFailureError:
                raise
            except TbaError as error:
                raise run.failed(error) from None

    def read(
        self, urn: str, id: str, inputs: Properties, state: Properties
    ) -> tuple[Properties, Properties] | None:
        imported = not inputs
        stores, secret = parse_id(id) if imported else where(inputs)
        places = self._host.places(stores, secret)
        record = self._host.record(str(inputs.get("record", "")))
        snapshots = record.looked.at(places)
        if not any(snapshots.values()):
            return None
        if imported:
            return _imported(stores, secret, snapshots)
        return inputs, {**state, "drift": self._drift(record, state)}

    def delete(self, urn: str, state: Properties) -> None:
        looked = self._host.record(str(state.get("record", ""))).looked
        looked.forget()  # what goes is looked at anew
        for kind, place in self._host.places(*where(state)).items():
            self._remove(urn, looked, place, state, state["versions"].get(kind))

    # --- inside -----------------------------------------------------------------------------------

    def _keys(self, inputs: StagedCredentialInputs) -> DigestKeys:
        return self._host.keys(inputs.account, inputs.record)

    def _has_no_credential(self, record: RecordMemory, inputs: StagedCredentialInputs) -> bool:
        """Return whether the secrets are there, and nothing has ever passed or waits for its proof."""
        sights = look(record.looked, self._host.places(inputs.stores, inputs.secret)).values()
        return all(one.snapshot and not one.current and not one.pending for one in sights)

    def _drift(self, record: RecordMemory, state: Properties) -> dict[str, str]:
        """Say where the stores show something else than what state has staged, or a token that may have been issued."""
        if not (versions := state.get("versions")):
            return {}
        places = self._host.places(*where(state))
        snapshots = record.looked.at(places)
        missing = drift.missing(places, snapshots, versions, (Stage.CANDIDATE, Stage.CURRENT))
        return {**drift.unsettled(places, snapshots), **missing}

    def _offers(self, record: RecordMemory, new: Properties) -> dict[str, Offer]:
        """Judge what the sources give by digests alone: no value is read from a store for a preview."""
        if has_unknown(new):
            return {}
        keys = self._host.keys(str(new.get("account", "")), str(new.get("record", "")))
        return {
            part: self._offer(record, keys, part, pair)
            for part, pair in (record.offered or {}).items()
        }

    def _offer(self, record: RecordMemory, keys: DigestKeys, part: str, pair: Pair | None) -> Offer:
        state = record.staged
        held = (
            pair is not None and keys.same(state.get("storedDigests", {}).get(part), pair) is True
        )
        barred = False
        if part == TOKEN and pair is not None and not held:
            lines = record.looked.lines(self._host.places(*where(state)).values())
            barred = any(line.superseded and keys.same(line.digest, pair) for line in lines)
        seen_last = state.get("sourceDigests", {}).get(part)
        return judge(keys, pair, seen_last, held=held, barred=barred, foreign=_is_foreign(state))

    def _is_moved(self, old: Properties, new: Properties) -> bool:
        if not old.get("versions") or has_unknown([new.get("stores"), new.get("secret")]):
            return False
        names = ("stores", "secret")
        return isinstance(old.get("stores"), Mapping) and any(old[n] != new.get(n) for n in names)

    def _left_behind(self, name: str, old: Properties, new: Properties) -> list[Place]:
        """Return the places that a move leaves.

        Raises:
            RetirementOpenError: One of them cannot be left yet.
        """
        looked, now = self._host.record(name).looked, self._host.places(*where(new))
        before = self._host.places(*where(old))
        left = [one for kind, one in before.items() if not self._is_kept(old, one, now.get(kind))]
        for place in left:
            if (snapshot := looked.snapshot(place)) is not None:
                refuse_to_leave(name, str(place), snapshot)
        return left

    def _is_kept(self, old: Properties, before: Place, now: Place | None) -> bool:
        """Return whether a declared place has the secret of the place before; another region or mount has another."""
        if now is None or now.name != before.name:
            return False
        if now.store == before.store:
            return True
        snapshot = self._host.record(str(old.get("record", ""))).looked.snapshot(now)
        if snapshot is None:
            return False
        location = old.get("locations", {}).get(now.store.kind, snapshot.location)
        claim = snapshot.owner.claim if snapshot.owner is not None else None
        return snapshot.location == location and claim == old.get("claim")

    def _run(self, urn: str, old: Properties, new: Properties) -> StagingRun:
        inputs = StagedCredentialInputs.model_validate(new)
        self._host.record(inputs.record).staged = old
        left = self._left_behind(inputs.record, old, new) if self._is_moved(old, new) else []
        imported = "imported" in old
        places = places_in(
            self._host.open_stores(inputs.stores),
            inputs.stores,
            inputs.secret,
            OwnerMark(inputs.owner, inputs.record, old.get("claim") or uuid.uuid4().hex),
            adopt=inputs.adopt or imported,
            restore=inputs.restore,
            description=inputs.description,
        )
        return StagingRun(self._host, urn, inputs, new, places, left, imported, self._proof)

    def _remove(
        self, urn: str, looked: Looked, place: Place, state: Properties, version: str | None
    ) -> None:
        snapshot, format = looked.snapshot(place), format_of(state)
        readable = snapshot is not None and snapshot.deletion_at is None
        needed = [snapshot.stages.get(Stage.CANDIDATE)] if snapshot and readable else []
        sight = look_at(looked, place, [format], needed)
        record, account = str(state.get("record", "")), str(state.get("account", ""))
        declared = Declared(record, account, format, self._host.keys(account, record))
        plan = deletion(
            declared,
            sight,
            state.get("claim", ""),
            version,
            retain=bool(state.get("retain")),
            now=int(self._host.clock()),
        )
        act.carry_out(looked, place, plan.steps, declared, self._host.proceed)
        if plan.removed and self._moved_on(looked, place, format):
            self._host.warn(
                urn,
                f"{place} is left as it is: its token is another record's now, and readers may still use it",
            )
        elif plan.removed:
            self._host.proceed()
            place.store.remove(place.name, seen=looked.snapshot(place))
        if plan.words:
            self._host.warn(urn, plan.words)

    def _moved_on(self, looked: Looked, place: Place, format: Names) -> bool:
        """Return whether another record of this run has taken over the token: the record was renamed, not removed."""
        if not (self._host.updating and self._host.tokens_staged):
            return False
        current = look_at(looked, place).current
        held = look_at(looked, place, [format], [current]).credential(current)
        return held is not None and held.pair(TOKEN).identifier in self._host.tokens_staged


def _is_foreign(state: Properties) -> bool:
    """Return whether others wrote what state holds."""
    return not all(is_ours(version) for version in state.get("versions", {}).values())


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
