"""`tba:index:SmokeTest`: a signed call with what the store gives back; what passes becomes current.

One resource and not two, so that nothing can promote without having tested. On its own (`promote: false`) it proves the
current version of a secret that something else wrote. A failure keeps current as it is, and is kept in state, so that
the next update tests again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from tba_secrets.errors import (
    CheckFailedError,
    IdentityMismatchError,
    NetSuiteError,
    NotAskedError,
    SourceError,
    StoreError,
    TbaError,
)
from tba_secrets.lifecycle import act, drift, settle
from tba_secrets.lifecycle.facts import (
    TOKEN,
    Note,
    Promote,
    Seen,
    Settling,
    Step,
    current_credential,
    origin_of,
)
from tba_secrets.lifecycle.look import look
from tba_secrets.lifecycle.retire import RetireRun
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.evidence import Verification
from tba_secrets.payload import Names, parse
from tba_secrets.promote import PROMOTED, VERIFIED_AS
from tba_secrets.provider import SMOKE_TEST
from tba_secrets.provider.after_promote import PromotedCredential, PromotedSecret, not_told, tell
from tba_secrets.provider.certificate_proof import proof_of
from tba_secrets.provider.codec import UNKNOWN, Properties, has_unknown
from tba_secrets.provider.handler import (
    Change,
    Checked,
    Handler,
    PartialFailureError,
    input_changes,
    merged,
)
from tba_secrets.provider.host import Host, RecordMemory, RecordRun
from tba_secrets.provider.intents import Retire, Rollback, Rotation
from tba_secrets.provider.proof import Proof, as_outputs
from tba_secrets.provider.properties import SmokeTestInputs, SmokeTestOutputs, where
from tba_secrets.read_back import ReadBack, read_back
from tba_secrets.rotation import Superseded, replaced
from tba_secrets.sources import Pair
from tba_secrets.spec.model import AfterPromote
from tba_secrets.spec.shape import refused_properties
from tba_secrets.stores.interface import Stage, VersionId
from tba_secrets.stores.versions import Origin, is_ours, is_placeholder, short

_NO_REASON_TO_TEST: Final = ("mostUsers", "siblings", "afterPromote", "withheld")
"""Inputs that say how a test runs and who is told of it, and not what it proves."""
_NOT_YET: Final = "the run that promoted it ended before that"


class SmokeTestHandler(Handler):
    """Tests, and promotes what has passed."""

    token = SMOKE_TEST
    description = (
        "A signed NetSuite call with what the store gives back; what passes becomes current."
    )
    inputs = SmokeTestInputs
    outputs = SmokeTestOutputs

    def __init__(self, host: Host, proof: Callable[..., Proof] = proof_of) -> None:
        self._host = host
        self._proof = proof

    def check(self, urn: str, old: Properties, new: Properties) -> Checked:
        try:
            if not has_unknown(new):
                SmokeTestInputs.model_validate(new)
        except ValidationError as error:
            return Checked(new, refused_properties(SmokeTestInputs, error))
        return Checked(new, {})

    def diff(
        self, urn: str, old_inputs: Properties, old_state: Properties, new: Properties
    ) -> list[Change]:
        changes = [
            change
            for change in input_changes(old_inputs, new)
            if change.property.partition(".")[0] not in _NO_REASON_TO_TEST
        ]
        record = self._host.record(str(new.get("record", "")))
        drifted = self._drift(record, old_state)
        if not record.updated:
            for words in drifted.values():
                self._host.inform(urn, f"{words}; readers do not get what has passed last")
        changes += [
            Change(f"drift.{kind}", input=False)
            for kind in sorted({**old_state.get("drift", {}), **drifted})
        ]
        if not changes and not _passed(old_state, new):
            changes.append(Change("verified", input=False))
        if not changes and not self._asked_to_retire(new) and (why := _untold(old_state, new)):
            self._host.inform(urn, f"{why}; an update tells them")
            changes.append(Change("untold", input=False))
        if not changes and (new.get("always") or self._asked_to_retire(new)):
            changes.append(Change("verifiedAt", input=False))
        return changes

    def preview(self, old_state: Properties, new: Properties) -> Properties:
        told = {"untold": UNKNOWN} if new.get("afterPromote") else {}
        found = {"verified": UNKNOWN, "verifiedAt": UNKNOWN, "drift": {}}
        return {**old_state, **new, **found, **told}

    def id(self, new: Properties) -> str:
        return str(new["record"])

    def update(self, urn: str, old_state: Properties, new: Properties) -> Properties:
        inputs = SmokeTestInputs.model_validate(new)
        places = self._host.places(inputs.stores, inputs.secret)
        before = SmokeTestOutputs.model_validate(SmokeTestOutputs.among(old_state))
        proof = self._proof(self._host, inputs, before, str(old_state.get("account", "")))
        run = _Run(self._host, urn, inputs, new, places, proof)
        run.record.tested = old_state
        self._host.status(urn, "testing")
        back = run.read_back(run.asked_for())
        try:
            last_day = run.prepare(back)
            verification = proof.verify(back)
        except NetSuiteError as error:
            outcome = run.after_failure(back, error)
            found = {"refusals": proof.refusals(), "waits_for": run.waits_for(back, error)}
            raise run.failed(outcome, error, before.model_copy(update=found)) from None
        words = f"{VERIFIED_AS}{verification.summary}"
        self._host.status(urn, words)
        if inputs.promote:
            words += run.promote(back, verification)
            self._host.status(urn, words)
        after = run.carried_out(back, run.proven(back, verification, last_day))
        self._host.inform(urn, words)  # kept: a status is gone when the engine's display ends
        if inputs.after_promote is not None:
            untold = run.tell_readers(back, inputs.after_promote)
            after = after.model_copy(update={"untold": untold})
            self._host.status(urn, words)
        return merged(new, after)

    def read(
        self, urn: str, id: str, inputs: Properties, state: Properties
    ) -> tuple[Properties, Properties] | None:
        if not inputs:
            raise TbaError("a SmokeTest cannot be imported", "declare it: `pulumi up` tests then")
        declared = SmokeTestInputs.model_validate(inputs)
        proof = self._proof(
            self._host, declared, SmokeTestOutputs.model_validate(SmokeTestOutputs.among(state))
        )
        proof.remember()
        record = self._host.record(declared.record)
        if not any(record.looked.at(self._host.places(*where(inputs))).values()):
            return None
        refusals = [one.model_dump(mode="json") for one in proof.refusals()]
        return inputs, {**state, "refusals": refusals, "drift": self._drift(record, state)}

    def delete(self, urn: str, state: Properties) -> None:
        """Do nothing: the secret belongs to the StagedCredential."""

    def read_first(self, state: Properties) -> bool:
        """Return whether the user has refusals: those of all records must be known before any of them is tested."""
        return bool(state.get("refusals"))

    # --- inside -----------------------------------------------------------------------------------

    def _drift(self, record: RecordMemory, state: Properties) -> dict[str, str]:
        """Say where readers get another version than the one that passed last."""
        if not (verified := state.get("verified")):
            return {}
        places = self._host.places(*where(state))
        return drift.missing(places, record.looked.at(places), verified, (Stage.CURRENT,))

    def _asked_to_retire(self, new: Properties) -> bool:
        return isinstance(self._host.intents.get(new.get("record", "")), Retire)


@dataclass
class _Run(RecordRun):
    """One Create or Update of one SmokeTest."""

    inputs: SmokeTestInputs
    proof: Proof
    promoted: bool = False
    """This run has made it current in a store, or has found that a run that was killed did."""

    @property
    def formats(self) -> tuple[Names, ...]:
        return (self.inputs.format, *self.remembered.formats)

    # --- reading ----------------------------------------------------------------------------------

    def asked_for(self) -> Mapping[str, VersionId]:
        """Return the versions to prove: to retire, what readers have, unless this run has staged another one."""
        if isinstance(self.intent, Retire) and not self.record.updated:
            return {}
        return {kind: VersionId(one) for kind, one in self.inputs.versions.items()}

    def read_back(self, versions: Mapping[str, VersionId]) -> ReadBack:
        """Read what is to be signed with from every store."""
        snapshots = self.looked.at(self.places)
        return read_back(self.places, versions, self.inputs.format, snapshots)

    def seen(self) -> Seen:
        """Look at the stores, with what is current read: it is superseded, or compared with."""
        needed = {
            kind: {sight.current, settle.superseded_version(self.remembered, kind, sight)}
            for kind, sight in look(self.looked, self.places).items()
        }
        return look(self.looked, self.places, self.formats, needed)

    def sibling(self) -> Credential | None:
        """Return another certificate of the same user and integration record that has passed, if there is one."""
        for one in self.inputs.siblings:
            for place in self.host.places(self.inputs.stores, one.secret).values():
                with suppress(StoreError):  # without it a person brings the certificate
                    stored = place.store.read(place.name, Stage.CURRENT)
                    if stored is not None and is_ours(stored.version):
                        return parse(stored.value, one.format, str(place))
        return None

    def prepare(self, back: ReadBack) -> str:
        """Do what has to be done in NetSuite before a candidate can pass; return the last day that it answered."""
        if self._is_current(back):
            return ""
        current = current_credential(self.seen()) or self.sibling()
        origins = {origin_of(version) for version in back.versions.values()}
        made = self.record.brought and Origin.GENERATED in origins
        return self.proof.prepare(back, current, self.record.bearer_refused, made=made)

    @staticmethod
    def _is_current(back: ReadBack) -> bool:
        """Return whether what is tested is what readers have."""
        return all(back.current[kind] == version for kind, version in back.versions.items())

    # --- a verdict --------------------------------------------------------------------------------

    def promote(self, back: ReadBack, verification: Verification) -> str:
        """Make what has passed current in each store, its line first; return what was done, and what comes next.

        Raises:
            PartialFailureError: Some stores hold it, or none.
        """
        before = self.proof.before
        done: dict[str, str] = {}
        try:
            planned = self._promotion(back)
            for kind, steps in planned.items():
                self._write(kind, steps, verification)
                done[kind] = back.versions[kind]
        except TbaError as error:
            place = next(place for kind, place in self.places.items() if kind not in done)
            what = (
                f"{self.inputs.record}: it has passed, but {place} was not promoted "
                f"({self._who_holds_what(back, done)}): {error.what}"
            )
            kept = before.model_copy(update={"verified": {**before.verified, **done}})
            raise PartialFailureError(
                TbaError(what, error.remedy), merged(self.new, kept)
            ) from None
        self.promoted = any(isinstance(one, Promote) for steps in planned.values() for one in steps)
        return self._promoted_words(back, planned)

    def _promoted_words(self, back: ReadBack, planned: Mapping[str, list[Step]]) -> str:
        if self._is_current(back):
            return ""
        for first, *_ in filter(None, planned.values()):
            if isinstance(first, Note):  # the line of what is superseded stands before the move
                about = Superseded.of(certified=self.inputs.certificate is not None)
                return f"{PROMOTED}; {replaced(first.entry, _stack(self.urn), about)}"
        return PROMOTED

    def _promotion(self, back: ReadBack) -> dict[str, list[Step]]:
        seen = look(self.looked, self.places) if self._is_current(back) else self.seen()
        proven = settle.Proven(back.credential, back.versions, self.proof.before.since)
        return settle.promotion(self.declared, self.remembered, seen, proven, self.now)

    def after_failure(self, back: ReadBack, error: NetSuiteError) -> str:
        """Say what became of what has failed."""
        if self._is_current(back):
            return "the current credential has failed, and is left as it is"
        nothing = all(
            version is None or is_placeholder(version) for version in back.current.values()
        )
        kept = "nothing is current yet" if nothing else "current is unchanged"
        if not isinstance(error, CheckFailedError):
            return f"not promoted; {kept}, and the next `pulumi up` tests the candidate again"
        if not self.inputs.promote:
            return "the version that was tested has failed, and is left as it is"
        return f"not promoted; {kept}, {self._settle(back, error)}"

    def waits_for(self, back: ReadBack, error: NetSuiteError) -> str:
        """Return what a person has to do before the candidate can pass; a rollback's was accepted before."""
        if self._is_current(back) or isinstance(self.intent, Rollback):
            return ""
        return self.proof.waits_for(error)

    def _settle(self, back: ReadBack, error: CheckFailedError) -> str:
        plan = self._refusal(back, error)
        failed = []
        for kind in self.places:
            steps = [step for step in plan.steps if step.store == kind]
            try:
                self._write(kind, steps)
            except StoreError as failure:
                failed.append(failure.what)
        if failed:
            return f"but the candidate was not discarded ({'; '.join(failed)})"
        return plan.words

    def _refusal(self, back: ReadBack, error: CheckFailedError) -> Settling:
        source = self.record.token_origin
        try:
            given = None if source is None else self.host.sources.read(source)
        except SourceError:
            given = None
        refused = settle.Refused(
            back.credential,
            back.versions,
            source_token=given,
            source_known=source is not None,
            rotating=isinstance(self.intent, Rotation),
            brought=self.record.brought,
            decisive=isinstance(error, IdentityMismatchError),
            keep=self.inputs.keep_candidate,
        )
        return settle.refusal(self.declared, self.seen(), refused, self.now)

    def proven(self, back: ReadBack, verification: Verification, last_day: str) -> SmokeTestOutputs:
        """Return what state keeps of a proof; the age is that of the token, wherever it moves."""
        token = back.credential.pair(TOKEN)
        return as_outputs(verification).model_copy(
            update={
                "verified": dict(back.versions),
                "token_digest": self.keys.writing.pair(token),
                "entity": verification.entity or self.proof.before.entity,
                "since": self._since(back, token),
                "valid_until": self._valid_until(back, token, last_day),
            }
        )

    def _valid_until(self, back: ReadBack, token: Pair, answered: str) -> str:
        """Return the last day of what has passed: the earliest, for NetSuite cuts what is too long."""
        before = self.proof.before
        same = self.keys.same(self._digest_before(back, token), token)
        known = before.valid_until if same else ""
        days = (answered, known, self.proof.valid_until(back.credential))
        return min(filter(None, days), default="")

    def _digest_before(self, back: ReadBack, token: Pair) -> str:
        """Return the digest of the token that passed last; made anew if the very version is back.

        State's digest tells nothing once it was made with another key.
        """
        before = self.proof.before
        unmoved = back.versions == before.verified
        return self.keys.writing.pair(token) if unmoved else before.token_digest

    def _since(self, back: ReadBack, token: Pair) -> int:
        adopted = self._is_current(back) and not all(map(is_ours, back.versions.values()))
        return settle.first_proven(
            self.keys,
            token,
            (self._digest_before(back, token), self.proof.before.since),
            self.looked.lines(self.places.values()),
            0 if adopted else self.now,  # nobody knows how old an adopted token is
        )

    # --- an intent --------------------------------------------------------------------------------

    def carried_out(self, back: ReadBack, after: SmokeTestOutputs) -> SmokeTestOutputs:
        """Do what an intent asks for beyond the test; then test once more what readers get."""
        intent = self.intent
        if isinstance(intent, Retire):
            own = f"{self.inputs.record}: "
            for words in self._retire(intent, back):
                self.host.inform(self.urn, f"{own}{words.removeprefix(own)}")
        elif not isinstance(intent, Rollback):
            return after
        try:
            again = self.proof.verify(self.read_back({}))
        except NotAskedError:
            # a refused revoke has ended the user's turn: the proof from before it stands
            return after.model_copy(update={"refusals": self.proof.refusals()})
        except NetSuiteError as error:
            kept = after.model_copy(update={"verified": {}, "refusals": self.proof.refusals()})
            what = "rollback" if isinstance(intent, Rollback) else "revocation"
            outcome = (
                f"the {what} was done, and then the current credential did not pass its checks"
            )
            raise self.failed(outcome, error, kept) from None
        return after.model_copy(update=as_outputs(again).model_dump(exclude_unset=True))

    def failed(
        self, outcome: str, error: NetSuiteError, kept: SmokeTestOutputs
    ) -> PartialFailureError:
        """Say first what became of the record: the engine shows the first line in the status column."""
        own = f"{self.inputs.record}: "
        what = f"{own}{outcome}.\n  {error.what.removeprefix(own)}"
        return PartialFailureError(TbaError(what, error.remedy), merged(self.new, kept))

    def _retire(self, intent: Retire, back: ReadBack) -> Iterator[str]:
        run = RetireRun(
            self.declared,
            self.places,
            self.looked,
            self.formats,
            self.proof.revoke,
            intent.in_use,
            self.host.proceed,
        )
        return run.run(back.credential, self.now, at_once=intent.at_once, by_hand=intent.by_hand)

    # --- readers ----------------------------------------------------------------------------------

    def tell_readers(self, back: ReadBack, hook: AfterPromote) -> str:
        """Tell readers what has become current, or was not told yet; return why not, empty if nothing is left."""
        owed, record = self.proof.before.untold, self.inputs.record
        if not (self.promoted or owed):
            return ""
        if isinstance(self.intent, Retire):
            return owed or _NOT_YET
        promoted = self._promoted_credential(back)
        version = promoted.stores[0].version
        self.host.status(self.urn, "telling readers")
        try:
            self.host.proceed()
            told = tell(promoted, hook, self.inputs.withheld, self.host.cancelled)
        except TbaError as error:
            remedy = f"{error.remedy or 'run it again'}; the next `pulumi up` tells them"
            self.host.warn(self.urn, str(TbaError(not_told(record, version, error.what), remedy)))
            return error.what
        self.host.inform(
            self.urn, f"{record}: readers were told of version {short(version)}: {told}"
        )
        return ""

    def _promoted_credential(self, back: ReadBack) -> PromotedCredential:
        integration, _, name = self.inputs.record.rpartition("/")
        secrets = tuple(
            PromotedSecret(kind, sight.snapshot.location, back.versions[kind], sight.previous or "")
            for kind, sight in look(self.looked, self.places).items()
            if sight.snapshot is not None  # it was read from there
        )
        return PromotedCredential(_stack(self.urn), integration, name, secrets)

    # --- writing ----------------------------------------------------------------------------------

    def _write(
        self, kind: str, steps: list[Step], verification: Verification | None = None
    ) -> None:
        looked, proceed = self.looked, self.host.proceed
        act.carry_out(looked, self.places[kind], steps, self.declared, proceed, verification)

    def _who_holds_what(self, back: ReadBack, done: Mapping[str, str]) -> str:
        """Say what readers get now: `aws holds the new one, vault still holds the one before`."""
        words = []
        self.looked.forget()
        for kind, place in self.places.items():
            try:
                snapshot = self.looked.snapshot(place)
            except StoreError:
                known = f"{kind} cannot be asked what it holds"
            else:
                known = drift.held_now(kind, snapshot, back.versions[kind], back.current[kind])
            words.append(f"{kind} holds the new one" if kind in done else known)
        return ", ".join(words)


def _stack(urn: str) -> str:
    """Return the stack's name: `urn:pulumi:STACK::PROJECT::TYPE::NAME`."""
    return urn.partition("::")[0].rpartition(":")[2]


def _untold(state: Properties, new: Properties) -> str:
    """Say that readers have not been told of what is current; empty if they have, or nobody is to be."""
    if not state.get("untold") or not new.get("afterPromote"):
        return ""
    version = next(iter(state.get("verified", {}).values()), "?")
    return not_told(new["record"], version, state["untold"])


def _passed(state: Properties, new: Properties) -> bool:
    """Return whether the versions that are asked for are the ones that passed last."""
    verified, wanted = state.get("verified", {}), new.get("versions", {})
    return bool(verified) and all(verified.get(kind) == version for kind, version in wanted.items())
