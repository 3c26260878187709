"""One Create or Update of a StagedCredential.

The facts are gathered, a rotation's new pair is obtained, and the plan of `lifecycle.decide` is carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Final, cast

from tba_secrets.errors import (
    AuthenticationRefusedError,
    ConflictError,
    NetSuiteError,
    StoreError,
    TbaError,
)
from tba_secrets.lifecycle import act
from tba_secrets.lifecycle.decide import decide, lacks_consumer, versions_to_read
from tba_secrets.lifecycle.facts import (
    CONSUMER,
    PARTS,
    TOKEN,
    Asked,
    Declared,
    Note,
    Offered,
    Remembered,
    Rotate,
    Seen,
    Staging,
    Up,
    current_credential,
)
from tba_secrets.lifecycle.issue import Issuing
from tba_secrets.lifecycle.look import look, look_at
from tba_secrets.netsuite.causes import TOKENS_PAGE
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.netsuite.revocation import Revocation
from tba_secrets.payload import Names, render
from tba_secrets.places import Place
from tba_secrets.provider.codec import Properties
from tba_secrets.provider.handler import PartialFailureError, merged
from tba_secrets.provider.host import RecordRun
from tba_secrets.provider.intents import Obtaining, Rollback, Rotation
from tba_secrets.provider.proof import Proof
from tba_secrets.provider.properties import (
    SmokeTestInputs,
    SmokeTestOutputs,
    StagedCredentialInputs,
    StagedCredentialOutputs,
)
from tba_secrets.sources import Pair
from tba_secrets.spec.model import CertificateFormat, Format
from tba_secrets.stores.interface import Snapshot, Stage
from tba_secrets.stores.journal import Retirement
from tba_secrets.stores.versions import Origin, is_ours

_MOST_LOOKS: Final = 3
"""How often a run decides again because somebody else moved what it had seen."""
_MOST_FORMATS: Final = 3


@dataclass
class StagingRun(RecordRun):
    """One Create or Update of one StagedCredential: `act(plan())`, again after a conflict."""

    inputs: StagedCredentialInputs
    before: Sequence[Place]
    """The places that the record leaves."""
    imported: bool
    proof: Callable[..., Proof]
    """Makes NetSuite's side of the record."""
    pair: Pair | None = field(default=None, repr=False)
    """The new pair of a rotation, once it was obtained."""
    looks: int = 0
    """How often somebody else has moved what was seen."""

    @cached_property
    def issuing(self) -> Issuing:
        """The token that NetSuite is to issue, if the rotation asks for one."""
        looked, proceed = self.looked, self.host.proceed
        return Issuing(self.declared, self.places, looked, lambda: self.now, proceed)

    @property
    def declared(self) -> Declared:
        overlap, make = self.inputs.overlap_seconds, self.host.maker(self.inputs)
        return replace(super().declared, overlap_seconds=overlap, make=make)

    @property
    def offered(self) -> Offered:
        """What the sources give: Check has asked them, unless a caller left it out."""
        if self.record.offered is None:
            self.record.offered = {
                part: self.host.sources.read(source) for part, source in self.inputs.sources.items()
            }
        return self.record.offered

    def plan(self) -> Staging:
        """Look at the stores, obtain a rotation's new pair if one is needed, and decide.

        Raises:
            TbaError: Nothing may be written, or nothing gives a part.
        """
        for place in self.places.values():
            if (found := self.host.preflight(place)) is not None:
                self.host.debug(self.urn, f"{place}: as {found.identity}; {_shown(found.settings)}")
            act.admit(place, self.looked.snapshot(place), self.remembered)
        self._restore()
        self._let_stores_finish()
        plan = self._decide()
        if plan.obtain:
            self._obtain(self._seen(self._asked()))
            plan = self._decide()
        return plan

    def look_again(self, error: ConflictError) -> None:
        """Forget what was seen: every move is a compare-and-set, so nothing was lost.

        Raises:
            TbaError: Somebody else has moved it each time.
        """
        self.looks += 1
        if self.looks == _MOST_LOOKS:
            raise self.failed(error) from None
        self.looked.forget()

    def _restore(self) -> None:
        for place in self.places.values():
            snapshot = self.looked.snapshot(place)
            if snapshot is not None and snapshot.deletion_at is not None:
                act.claim(self.looked, place, self.host.proceed)

    def _let_stores_finish(self) -> None:
        """Claim, without a look of ours, a secret whose current version looks like somebody else's.

        A run that was killed in the middle of a promotion may have left a version of ours without our id (Vault keeps
        it in the metadata, a second write): the store finishes that when it claims.
        """
        for place in self.places.values():
            snapshot = self.looked.snapshot(place)
            if snapshot is None or snapshot.owner is None:
                continue
            current = snapshot.stages.get(Stage.CURRENT)
            # such a promotion takes its candidate away last
            waits = Stage.CANDIDATE in snapshot.stages
            if current is not None and not is_ours(current) and waits:
                self.host.proceed()
                claimed = place.store.claim(place.name, place.mark, place.description)
                self.looked.note(place, claimed)

    def _decide(self) -> Staging:
        asked, here = self._asked(), self._remembered_here()
        return decide(self.declared, here, self._seen(asked), self.offered, asked, self.now)

    def _asked(self) -> Asked:
        match self.intent:
            case Rotation(part=part, origin=origin, again=again, anew=anew) as rotation:
                overlap = rotation.overlap_seconds if part == TOKEN else None
                return Rotate(part, origin, overlap, self.pair, again, self.issuing.nonce, anew)
            case Rollback() as rollback:
                return rollback
        return Up(self.inputs.generates, self.pair)

    def _seen(self, asked: Asked) -> Seen:
        """Look at the places, and read what the decision needs."""
        bare = look(self.looked, self.places)
        needed = versions_to_read(self.declared, self.remembered, bare, self.offered, asked)
        account = self.inputs.account if self.imported or not self.remembered.exists else None
        seen = look(self.looked, self.places, self._formats, needed, account)
        for sight in seen.values():
            for version in (sight.current, sight.pending):
                self._require_kind(sight.where, sight.credential(version))
        return seen

    def _require_kind(self, where: str, held: Credential | None) -> None:
        """Refuse to put a credential in the place of one of the other kind: its readers cannot read it."""
        declares = self.inputs.certificate is not None
        if held is None or isinstance(held, OAuth2Credential) is declares:
            return
        holds, wanted = ("a token", "a certificate") if declares else ("a certificate", "a token")
        raise StoreError(
            f"{self.inputs.record}: {where} holds {holds}, and {wanted} is declared",
            "give it another name, or another `secret:`; what is there stays until its readers have moved",
        )

    def _moved(self) -> Credential | None:
        """Return what the places hold that the record leaves: a secret moves with its content."""
        for place in self.before:
            bare = look_at(self.looked, place)
            for version in (bare.current, bare.pending):
                sight = look_at(self.looked, place, self._formats, [version])
                if (held := sight.credential(version)) is not None:
                    return held
        return None

    def _remembered_here(self) -> Remembered:
        """Return what state says, without the versions of the places that the record leaves."""
        left = {place.store.kind for place in self.before}
        verified = self.remembered.verified
        return replace(
            self.remembered,
            verified=verified and {k: v for k, v in verified.items() if k not in left},
            moved=self._moved(),
            left=tuple(self.looked.lines(self.before)),  # what they bar stays barred
        )

    @property
    def _formats(self) -> tuple[Names, ...]:
        usual = (Format(), CertificateFormat())  # one of the other kind is to be known as such
        return (self.inputs.format, *self.remembered.formats, *usual)

    # --- a rotation's new pair --------------------------------------------------------------------

    def _obtain(self, seen: Seen) -> None:
        if isinstance(self.intent, Rotation) and self.intent.obtain is not None:
            self.pair = self.intent.obtain(
                Obtaining(self._signing(seen), self.issuing.intend, self.host.cancelled.is_set)
            )
        else:
            self.pair = self.host.generate(self.inputs)
        self.record.brought = True

    def _signing(self, seen: Seen) -> Pair:
        """Return the consumer pair that signs the authorization flow."""
        if (held := current_credential(seen)) is not None:
            return held.pair(CONSUMER)
        if (given := self.offered.get(CONSUMER)) is not None:
            return given
        raise lacks_consumer(self.inputs.record)

    def failed(self, error: TbaError) -> TbaError:
        """Revoke a token that NetSuite has just issued and that no store took: it must not be left behind.

        Where the store cannot say whether it took the token, the line of intent stands, and the next run finds out.
        """
        # nothing else than an issued token is left behind if no store takes it
        if self.pair is None or not self._rotates_to(Origin.ISSUED):
            return error
        try:
            if self.issuing.is_stored():
                return error
            consumer = self._signing(self._seen(Up()))
        except TbaError as failure:
            told = (
                f"the store may or may not have it ({failure.what}); the journal has a line for it, and the next run "
                "checks"
            )
        else:
            told = self._taken_back(self.pair, consumer)
        return TbaError(f"{error.what}\n  The token that NetSuite issued: {told}", error.remedy)

    def _rotates_to(self, origin: Origin) -> bool:
        """Return whether this run rotates to a token, or a key, of that origin."""
        match self.intent:
            case Rotation(part=part, origin=intended):
                return part == TOKEN and intended is origin
        return False

    def _taken_back(self, issued: Pair, consumer: Pair) -> str:
        """Revoke a token that no store holds, and say what became of it: no later run can sign its revoke."""
        try:
            done = self.issuing.take_back(issued, consumer, self._revoke)
        except NetSuiteError as failure:
            why = failure.what
        else:
            if done.confirmed:
                return str(done)
            why = done.said
        return (
            f"it could not be revoked ({why}). Look under {TOKENS_PAGE} for the one created just now, and press Revoke "
            "where it is still active; the journal has a line for it"
        )

    def _revoke(self, token: Credential) -> Revocation:
        """Revoke a token by its own signature, in its user's turn."""
        inputs = self.inputs
        user = (self.record.tested or {}).get("user", {}).get("email", inputs.record)
        mark = self.keys.writing.text(token.pair(TOKEN).identifier)
        warn = partial(self.host.warn, self.urn)
        with self.host.gate.admit(
            inputs.account, user, inputs.record, mark, unrecorded=warn
        ) as turn:
            client = self.host.client(token, inputs.endpoint, inputs.record)
            done = self.host.revoke(cast("Client", client))  # NetSuite issues tokens, nothing else
            done.tell(turn)
        return done

    # --- writing ----------------------------------------------------------------------------------

    def act(self, plan: Staging) -> Properties:
        """Carry a plan out, store by store; return the resource's state.

        Raises:
            PartialFailureError: Some stores have it.
            TbaError: Nothing was written.
        """
        credential = plan.credential
        assert credential is not None  # noqa: S101 - a plan without one asks to obtain a pair
        self.host.client(credential, self.inputs.endpoint, self.inputs.record).reach()
        # a key that was made here: nobody can have brought it to NetSuite yet
        if self.pair is not None and self._rotates_to(Origin.GENERATED):
            self._require_way(credential)
        outputs = self._outputs(credential)
        for kind, place in self.places.items():
            self.host.status(self.urn, f"staging in {place}")
            steps = [step for step in plan.steps if step.store == kind]
            try:
                claimed = act.claim(self.looked, place, self.host.proceed)
                for notice in claimed.notices:
                    self.host.warn(self.urn, f"{self.inputs.record}: {notice}")
                steps += self._carried_lines(kind, claimed)
                staged = act.carry_out(self.looked, place, steps, self.declared, self.host.proceed)
            except TbaError as error:
                if not outputs.versions:
                    raise
                outputs.drift[kind] = f"{place} was not written"
                raise PartialFailureError(error, merged(self.new, outputs)) from None
            version = staged or plan.versions.get(kind)
            assert version is not None  # noqa: S101 - a plan writes what no store holds
            outputs.versions[kind], outputs.locations[kind] = version, claimed.location
        self.host.tokens_staged.add(credential.pair(TOKEN).identifier)
        self.record.updated = True
        for place in self.before:
            snapshot = self.looked.snapshot(place)
            where = "" if snapshot is None else f" ({snapshot.location})"
            self.host.warn(
                self.urn,
                f"{place} is left as it is{where}: delete it when nobody reads it any more",
            )
        self.host.status(self.urn, "staged")
        return merged(self.new, outputs)

    def _require_way(self, new: Credential) -> None:
        """Ask NetSuite, before anything is staged, whether a new certificate can be brought there.

        `tba` hands over the record's SmokeTest, which says whom to ask as. A refused login is left to the SmokeTest,
        which keeps it in state; it does not ask with that certificate again.
        """
        tested = SmokeTestInputs.among(self.record.tested or {})
        if self.inputs.certificate is None or not tested:
            return
        if (current := current_credential(self._seen(self._asked()))) is not None:
            declared = {**tested, "certificate": self.inputs.certificate}
            inputs = SmokeTestInputs.model_validate(declared)
            try:
                self.proof(self.host, inputs, SmokeTestOutputs()).require_way(new, current)
            except AuthenticationRefusedError as error:
                self.record.bearer_refused = error

    def _outputs(self, credential: Credential) -> StagedCredentialOutputs:
        """Return what state keeps, before any store has it; a part that its source lacks now keeps its digest."""
        key = self.keys.writing
        given = {part: key.pair(pair) for part, pair in self.offered.items() if pair is not None}
        return StagedCredentialOutputs(
            versions={},
            locations={},
            fingerprint=key.text(render(credential, self.inputs.format)),
            stored_digests={part: key.pair(credential.pair(part)) for part in PARTS},
            source_digests={**self.remembered.source_digests, **given},
            earlier_formats=self._earlier_formats(),
            claim=next(iter(self.places.values())).mark.claim,
        )

    def _earlier_formats(self) -> list[dict[str, str]]:
        """Return the last few other keys that were declared, the latest first; the usual ones are always tried."""
        usual = (self.inputs.format, type(self.inputs.format)())
        others = dict.fromkeys(
            one
            for one in self.remembered.formats
            if type(one) is type(self.inputs.format) and one not in usual
        )
        return [one.model_dump(mode="json") for one in list(others)[:_MOST_FORMATS]]

    def _carried_lines(self, kind: str, claimed: Snapshot) -> list[Note]:
        """Return the lines to carry along: what informs, and what bars. Open ones have refused the move."""
        there = {line.key for line in claimed.journal}
        carried = (Retirement.INFORM, Retirement.LEFT, Retirement.REVOKED)
        return [
            Note(kind, line)
            for line in self.looked.lines(self.before)
            if line.state in carried and line.key not in there
        ]


def _shown(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in settings.items())
