"""`tba:index:SmokeTest`: a signed call with what the store gives back; what passes becomes current.

One resource and not two, so that nothing can promote without having tested. On its own (`promote: false`) it proves the
current version of a secret that something else wrote. A failure keeps current as it is, and is kept in state, so that
the next update tests again by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from pydantic import ValidationError

from tba_secrets.errors import CheckFailedError, NetSuiteError, NotAskedError, TbaError
from tba_secrets.netsuite import Verification
from tba_secrets.places import places_in
from tba_secrets.promote import promote
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
from tba_secrets.provider.holdings import who_holds_what
from tba_secrets.provider.host import Host
from tba_secrets.provider.intents import Retire, Rollback, Rotation
from tba_secrets.provider.proof import Proof, as_outputs
from tba_secrets.provider.properties import SmokeTestInputs, SmokeTestOutputs
from tba_secrets.provider.refused import Refused
from tba_secrets.provider.superseded import Superseded
from tba_secrets.stage import Place
from tba_secrets.stores.interface import Stage, VersionId
from tba_secrets.verify import ReadBack, read_back


class SmokeTestHandler(Handler):
    """Tests, and promotes what has passed."""

    token = "tba:index:SmokeTest"
    description = (
        "A signed NetSuite call with what the store gives back; what passes becomes current."
    )
    inputs = SmokeTestInputs
    outputs = SmokeTestOutputs

    def __init__(self, host: Host, clock: Callable[[], float] = time.time) -> None:
        self._host = host
        self._clock = clock

    def check(self, urn: str, old: Properties, new: Properties) -> Checked:
        if has_unknown(new):
            return Checked(new, {})
        try:
            SmokeTestInputs.model_validate(new)
        except ValidationError as error:
            return Checked(new, validation_failures(error))
        return Checked(new, {})

    def diff(self, old_inputs: Properties, old_state: Properties, new: Properties) -> list[Change]:
        changes = input_changes(old_inputs, new)
        changes += [
            Change(f"drift.{kind}", input=False) for kind in sorted(old_state.get("drift", {}))
        ]
        if not changes and not _passed(old_state, new):
            changes.append(Change("verified", input=False))
        if not changes and (new.get("always") or self._asked_to_retire(new)):
            changes.append(Change("verifiedAt", input=False))
        return changes

    def preview(self, old_state: Properties, new: Properties) -> Properties:
        return {**old_state, **new, "verified": UNKNOWN, "verifiedAt": UNKNOWN, "drift": {}}

    def id(self, new: Properties) -> str:
        return str(new["record"])

    def create(self, urn: str, new: Properties) -> Properties:
        return self._run(urn, {}, new)

    def update(self, urn: str, old_state: Properties, new: Properties) -> Properties:
        return self._run(urn, old_state, new)

    def read(
        self, urn: str, id: str, inputs: Properties, state: Properties
    ) -> tuple[Properties, Properties] | None:
        if not inputs:
            raise TbaError("a SmokeTest cannot be imported", "declare it: `pulumi up` tests then")
        declared = SmokeTestInputs.model_validate(inputs)
        # The engine reads all resources before it updates one: every record then knows its user's history.
        Proof(self._host, declared, SmokeTestOutputs.model_validate(_found(state))).remember()
        places = self._places(declared)
        snapshots = drift.observe(places)
        if not any(snapshots.values()):
            return None
        verified = self._host.proven[declared.record] = state.get("verified", {})
        observed = drift.missing(places, snapshots, verified, (Stage.CURRENT,)) if verified else {}
        return inputs, {**state, "drift": observed}

    def delete(self, urn: str, state: Properties) -> None:
        """Nothing: the secret belongs to the StagedCredential."""

    # --- inside -----------------------------------------------------------------------------------

    def _places(self, inputs: SmokeTestInputs) -> dict[str, Place]:
        return places_in(self._host.open_stores(inputs.stores), inputs.stores, inputs.secret)

    def _run(self, urn: str, old: Properties, new: Properties) -> Properties:
        inputs = SmokeTestInputs.model_validate(new)
        proof = Proof(self._host, inputs, SmokeTestOutputs.model_validate(_found(old)))
        places = self._places(inputs)
        self._host.status(urn, "testing")
        back = read_back(places, _wanted(inputs), inputs.format)
        try:
            verification = proof.verify(back)
        except NetSuiteError as error:
            outcome = self._after_failure(proof, places, back, error)
            after = proof.before.model_copy(update={"refusals": proof.refusals()})
            raise _failed(inputs.record, outcome, error, merged(new, after)) from None
        self._host.status(urn, f"verified as {verification.summary}")
        if inputs.promote:
            self._promote(proof, places, back, verification, new)
            self._host.status(urn, f"verified as {verification.summary}, promoted")
        after = self._proven(proof.before, back, verification)
        return merged(new, self._carried_out(urn, proof, places, back, after, new))

    def _proven(
        self, before: SmokeTestOutputs, back: ReadBack, verification: Verification
    ) -> SmokeTestOutputs:
        same = before.verified == back.versions and before.since > 0
        since = before.since if same else int(self._clock())
        return as_outputs(verification).model_copy(
            update={"verified": dict(back.versions), "since": since}
        )

    def _carried_out(
        self,
        urn: str,
        proof: Proof,
        places: Mapping[str, Place],
        back: ReadBack,
        after: SmokeTestOutputs,
        new: Properties,
    ) -> SmokeTestOutputs:
        """What an intent asks for beyond the test; what readers get is then tested once more."""
        intent = self._host.intents.get(proof.inputs.record)
        if isinstance(intent, Retire):
            own = f"{proof.inputs.record}: "
            for words in Superseded(proof, int(self._clock())).retire(intent, places, back):
                self._host.inform(urn, f"{proof.inputs.record}: {words.removeprefix(own)}")
        elif not isinstance(intent, Rollback):
            return after
        try:
            again = proof.verify(read_back(places, {}, proof.inputs.format))
        except (
            NotAskedError
        ):  # a refused revoke has ended the user's turn: the proof from before it stands
            return after.model_copy(update={"refusals": proof.refusals()})
        except NetSuiteError as error:
            kept = after.model_copy(update={"verified": {}, "refusals": proof.refusals()})
            outcome = "it was done, but the current credential has failed afterwards"
            raise _failed(proof.inputs.record, outcome, error, merged(new, kept)) from None
        return after.model_copy(update=as_outputs(again).model_dump(exclude_unset=True))

    def _after_failure(
        self,
        proof: Proof,
        places: Mapping[str, Place],
        back: ReadBack,
        error: NetSuiteError,
    ) -> str:
        """Says what became of what has failed."""
        if all(back.current[kind] == version for kind, version in back.versions.items()):
            return "the current credential has failed, and is left as it is"
        if not isinstance(error, CheckFailedError):
            return "not promoted; current is unchanged, and the next `pulumi up` tests the candidate again"
        if not proof.inputs.promote:
            return "the version that was tested has failed, and is left as it is"
        settled = Refused(proof, places, back, int(self._clock())).settle()
        return f"not promoted; current is unchanged, {settled}"

    def _promote(
        self,
        proof: Proof,
        places: Mapping[str, Place],
        back: ReadBack,
        verification: Verification,
        new: Properties,
    ) -> None:
        record, before = proof.inputs.record, proof.before
        intent = self._host.intents.get(record)
        done: dict[str, str] = {}
        for kind, place in places.items():
            try:
                self._host.proceed()
                overlap = self._overlap(proof, kind, back)
                if overlap is not None:
                    Superseded(proof, int(self._clock())).note(overlap, place, back)
                promote(place, back, verification)
                if isinstance(intent, Rollback):
                    Superseded(proof, int(self._clock())).restored(place, back)
            except TbaError as error:
                held = who_holds_what(places, back, done)
                what = (
                    f"{record}: it has passed, but {place} was not promoted ({held}): {error.what}"
                )
                kept = before.model_copy(update={"verified": {**before.verified, **done}})
                raise PartialFailureError(TbaError(what, error.remedy), merged(new, kept)) from None
            done[kind] = back.versions[kind]

    def _overlap(self, proof: Proof, kind: str, back: ReadBack) -> int | None:
        """How long the token that is superseded stays valid; None where no rotation supersedes it.

        A plain `up` finishes a rotation that was interrupted, and then only for the version that passed last.
        """
        intent = self._host.intents.get(proof.inputs.record)
        if isinstance(intent, Rotation):
            return intent.overlap_seconds if intent.part == "token" else None
        if back.current[kind] != proof.before.verified.get(kind):
            return None
        return self._host.overlaps.get(proof.inputs.record)

    def _asked_to_retire(self, new: Properties) -> bool:
        return isinstance(self._host.intents.get(new.get("record", "")), Retire)


def _failed(
    record: str, outcome: str, error: NetSuiteError, state: Properties
) -> PartialFailureError:
    """What became of the record first: the engine shows the first line in the status column."""
    what = f"{record}: {outcome}.\n  {error.what.removeprefix(f'{record}: ')}"
    return PartialFailureError(TbaError(what, error.remedy), state)


def _wanted(inputs: SmokeTestInputs) -> dict[str, VersionId]:
    return {kind: VersionId(version) for kind, version in inputs.versions.items()}


def _passed(state: Properties, new: Properties) -> bool:
    """Whether the versions that are asked for are the ones that passed last."""
    verified, wanted = state.get("verified", {}), new.get("versions", {})
    return bool(verified) and all(verified.get(kind) == version for kind, version in wanted.items())


def _found(state: Properties) -> Properties:
    names = {field.alias for field in SmokeTestOutputs.model_fields.values()}
    return {name: value for name, value in state.items() if name in names}
