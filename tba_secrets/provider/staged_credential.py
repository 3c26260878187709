"""`tba:index:StagedCredential`: the credential in its stores, as a candidate that nobody reads by default.

The inputs name sources; Check reads them, and the engine persists only keyed digests of what they gave. What is to be
staged is decided in `lifecycle.decide`; this module gathers its facts, obtains a rotation's new pair, and carries the
plan out.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from tba_secrets.digest import DigestKeys
from tba_secrets.errors import (
    ConflictError,
    RetirementOpenError,
    StoreError,
    TbaError,
    ValueNeededError,
)
from tba_secrets.lifecycle import act
from tba_secrets.lifecycle.decide import Offer, compare, decide, stale, unknown, versions_to_read
from tba_secrets.lifecycle.facts import (
    CONSUMER,
    TOKEN,
    UNREPEATABLE,
    Asked,
    Declared,
    Note,
    Offered,
    Remembered,
    RollBack,
    Rotate,
    Seen,
    Staging,
    Up,
)
from tba_secrets.lifecycle.look import look
from tba_secrets.lifecycle.settle import deletion
from tba_secrets.netsuite import RevocationOutcome
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse, render
from tba_secrets.places import Place, places_in
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
from tba_secrets.provider.host import Host, RecordMemory
from tba_secrets.provider.importing import parse_id
from tba_secrets.provider.intents import Obtaining, Retire, Rollback, Rotation
from tba_secrets.provider.parts import resolve
from tba_secrets.provider.properties import StagedCredentialInputs, StagedCredentialOutputs
from tba_secrets.sources import Pair
from tba_secrets.spec.model import Format, Stores
from tba_secrets.stores.interface import OwnerMark, Snapshot, Stage
from tba_secrets.stores.journal import INTENT, JournalEntry, Retirement
from tba_secrets.stores.versions import Terms, is_ours, terms_of

_MOST_LOOKS = 3
"""How often a run decides again because somebody else moved what it had seen."""


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
        self._host.updating = True
        kept = {key: value for key, value in new.items() if key != "preview"}
        if has_unknown(new):
            return Checked({**kept, "digests": UNKNOWN}, {})
        try:
            inputs = StagedCredentialInputs.model_validate(new)
        except ValidationError as error:
            return Checked(kept, validation_failures(error))
        record = self._host.record(inputs.record)
        record.token_origin = inputs.token
        intent = self._host.intents.get(inputs.record)
        record.offered = {}
        if isinstance(intent, Retire | Rollback) and (digests := old.get("digests")):
            return Checked({**kept, "digests": digests}, {})  # neither is about the source
        resolved = resolve(
            inputs.sources,
            self._host.sources,
            self._keys(inputs).writing,
            old.get("digests", {}),
            preview=inputs.preview,
            required=inputs.require_values,
            brought=intent.part if isinstance(intent, Rotation) else None,
        )
        record.offered = resolved.pairs
        for warning in resolved.warnings:
            self._host.warn(urn, f"{inputs.record}: {warning}")
        return Checked({**kept, "digests": resolved.digests}, resolved.failures)

    def diff(
        self, urn: str, old_inputs: Properties, old_state: Properties, new: Properties
    ) -> list[Change]:
        name = str(new.get("record", ""))
        record = self._host.record(name)
        record.staged = old_state
        offers = self._offers(record, new)
        for warning in _unused(offers):
            self._host.warn(urn, f"{name}: {warning}")
        changes = [
            change
            for change in input_changes(old_inputs, new)
            if change.property != "digests" or _something_new(offers, old_inputs, old_state, new)
        ]
        moved = self._is_moved(old_state, new)
        drifted = old_state.get("drift", {}) | ({} if moved else self._drift(record, old_state))
        changes += [Change(f"drift.{kind}", input=False) for kind in sorted(drifted)]
        if isinstance(self._host.intents.get(name), Rotation | Rollback):
            changes.append(Change("versions", input=False))
        if moved:
            self._refuse_move(name, old_state, new)
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
        record = self._host.record(str(inputs.get("record", "")))
        snapshots = {kind: record.looked.snapshot(place) for kind, place in places.items()}
        if not any(snapshots.values()):
            return None
        if imported:
            return _imported(stores, secret, snapshots)
        return inputs, {**state, "drift": self._drift(record, state)}

    def delete(self, urn: str, state: Properties) -> None:
        self._host.record(
            str(state.get("record", ""))
        ).looked.forget()  # what goes is looked at anew
        for kind, place in self._places(*_where(state)).items():
            self._remove(urn, place, state, state["versions"].get(kind))

    # --- inside -----------------------------------------------------------------------------------

    def _keys(self, inputs: StagedCredentialInputs) -> DigestKeys:
        return self._host.keys(inputs.account, inputs.record)

    def _places(self, stores: Stores, secret: str) -> dict[str, Place]:
        """Return the places for reading and deleting only."""
        return places_in(self._host.open_stores(stores), stores, secret)

    def _drift(self, record: RecordMemory, state: Properties) -> dict[str, str]:
        """Say where the stores show something else than what state has staged, or a token that may have been issued."""
        if not (versions := state.get("versions")):
            return {}
        places = self._places(*_where(state))
        snapshots = {kind: record.looked.snapshot(place) for kind, place in places.items()}
        allowed = (Stage.CANDIDATE, Stage.CURRENT)
        return {
            **drift.unsettled(places, snapshots),
            **drift.missing(places, snapshots, versions, allowed),
        }

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
        if pair is None:
            return Offer.ABSENT
        remembered = record.remembered()
        if keys.same(remembered.stored_digests.get(part), pair):
            return Offer.HELD
        if part == TOKEN:
            places = self._places(*_where(record.staged)).values()
            lines = _lines(record.looked.snapshot(place) for place in places)
            if any(line.superseded and keys.same(line.digest, pair) for line in lines):
                return Offer.STALE
        return compare(keys, pair, remembered.source_digests.get(part), None)

    def _refuse_move(self, name: str, old: Properties, new: Properties) -> None:
        """Refuse to leave a secret whose superseded tokens still wait for being revoked: they would be forgotten.

        Raises:
            RetirementOpenError: They wait.
        """
        left = self._left_behind(old, new)
        looked = self._host.record(name).looked
        for place in left:
            snapshot = looked.snapshot(place)
            if snapshot is None:
                continue
            if (terms_of(snapshot.stages.get(Stage.CANDIDATE)) or Terms()).origin in UNREPEATABLE:
                raise RetirementOpenError(
                    f"{name}: {place} cannot be left yet: a new token waits there for its proof, and no source can "
                    "give it again",
                    "run `pulumi up` under the old name until it has passed",
                )
            waiting = [line for line in snapshot.journal if line.open]
            if waiting:
                raise RetirementOpenError(
                    f"{name}: {place} cannot be left yet: {len(waiting)} of its superseded tokens can still sign, and "
                    "would be forgotten",
                    f"run `tba retire STACK {name.rpartition('/')[2]}` (with --now if their overlap may end early) "
                    "under the old name first",
                )

    def _is_moved(self, old: Properties, new: Properties) -> bool:
        if not old.get("versions") or has_unknown([new.get("stores"), new.get("secret")]):
            return False
        names = ("stores", "secret")
        return isinstance(old.get("stores"), Mapping) and any(old[n] != new.get(n) for n in names)

    def _left_behind(self, old: Properties, new: Properties) -> list[Place]:
        now = {(p.store.kind, p.name) for p in self._places(*_where(new)).values()}
        before = self._places(*_where(old)).values() if old.get("versions") else ()
        return [place for place in before if (place.store.kind, place.name) not in now]

    def _stage(self, urn: str, old: Properties, new: Properties) -> Properties:
        inputs = StagedCredentialInputs.model_validate(new)
        record = self._host.record(inputs.record)
        record.staged = old
        run = _Run(
            self._host,
            urn,
            inputs,
            record,
            record.remembered(),
            self._keys(inputs),
            self._open(inputs, old),
            self._left_behind(old, new) if self._is_moved(old, new) else [],
            new,
            imported="imported" in old,
        )
        if self._is_moved(old, new):
            self._refuse_move(inputs.record, old, new)
        outputs = run.staged()
        record.updated = True
        for place in run.before:
            self._host.warn(
                urn, f"{place} is left as it is: delete it when nobody reads it any more"
            )
        self._host.status(urn, "staged")
        return merged(new, outputs)

    def _open(self, inputs: StagedCredentialInputs, old: Properties) -> dict[str, Place]:
        mark = OwnerMark(inputs.owner, inputs.record, old.get("claim") or uuid.uuid4().hex)
        return places_in(
            self._host.open_stores(inputs.stores),
            inputs.stores,
            inputs.secret,
            mark,
            adopt=inputs.adopt or "imported" in old,
            restore=inputs.restore,
            description=inputs.description,
        )

    def _remove(self, urn: str, place: Place, state: Properties, version: str | None) -> None:
        looked = self._host.record(str(state.get("record", ""))).looked
        snapshot = looked.snapshot(place)
        readable = snapshot is not None and snapshot.deletion_at is None
        pending = (
            snapshot.stages.get(Stage.CANDIDATE) if snapshot is not None and readable else None
        )
        format = Format.model_validate(state.get("format", {}))
        needed = {place.store.kind: [pending] if pending is not None else []}
        sight = look(looked, {place.store.kind: place}, [format], needed)[place.store.kind]
        keys = self._host.keys(str(state.get("account", "")), str(state.get("record", "")))
        declared = Declared(
            str(state.get("record", "")), str(state.get("account", "")), format, keys
        )
        plan = deletion(
            declared,
            sight,
            state.get("claim", ""),
            version,
            retain=bool(state.get("retain")),
            now=int(self._host.clock()),
        )
        act.carry_out(looked, place, plan.steps, format, keys.writing, self._host.proceed)
        if plan.removed and self._moved_on(place, format):
            self._host.warn(
                urn,
                f"{place} is left as it is: its token is another record's now, and readers may still use it",
            )
        elif plan.removed:
            self._host.proceed()
            place.store.remove(place.name, seen=looked.snapshot(place))
        if plan.words:
            self._host.warn(urn, plan.words)

    def _moved_on(self, place: Place, format: Format) -> bool:
        """Whether another record of this run has taken over the token: the record was renamed, not removed."""
        if not (self._host.updating and self._host.tokens_staged):
            return False
        stored = place.store.read(place.name, Stage.CURRENT)
        try:
            held = parse(stored.value, format, str(place)) if stored is not None else None
        except StoreError:
            return False
        return held is not None and held.token_id in self._host.tokens_staged


@dataclass
class _Run:
    """One Create or Update of one record."""

    host: Host
    urn: str
    inputs: StagedCredentialInputs
    record: RecordMemory
    remembered: Remembered
    keys: DigestKeys
    places: Mapping[str, Place]
    before: Sequence[Place]
    """The places that the record leaves."""
    new: Properties
    imported: bool
    pair: Pair | None = field(default=None, repr=False)
    """The new pair of a rotation, once it was obtained."""
    nonce: str = ""
    """Of the line of intent that was written for an issued token."""

    @property
    def declared(self) -> Declared:
        inputs = self.inputs
        return Declared(
            inputs.record, inputs.account, inputs.format, self.keys, inputs.retire_after
        )

    @property
    def offered(self) -> Offered:
        """What the sources give: Check has asked them, unless a caller left it out."""
        if self.record.offered is None:
            self.record.offered = {
                part: self.host.sources.read(source) for part, source in self.inputs.sources.items()
            }
        return self.record.offered

    def staged(self) -> StagedCredentialOutputs:
        """Bring the credential into every store, and return what is there.

        Raises:
            TbaError: Nothing was written, or it is still the same as before.
            PartialFailureError: Some stores have it.
        """
        for place in self.places.values():
            if (found := self.host.preflight(place)) is not None:
                self.host.debug(self.urn, f"{place}: as {found.identity}; {_shown(found.settings)}")
        try:
            return self._until_it_holds()
        except PartialFailureError:
            raise
        except TbaError as error:
            raise self._in_vain(error) from None

    def _until_it_holds(self) -> StagedCredentialOutputs:
        for attempt in range(1, _MOST_LOOKS + 1):
            try:
                return self._once()
            except ConflictError:
                # Every move is a compare-and-set, so nothing was lost: look again, and decide from what is there now.
                self.record.looked.forget()
                if attempt == _MOST_LOOKS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _once(self) -> StagedCredentialOutputs:
        for place in self.places.values():
            act.admit(place, self.record.looked.snapshot(place), self.remembered)
        self._restore()
        self._let_stores_finish()
        plan = self._decide()
        if plan.obtain:
            self._obtain(self._seen(self._asked()))
            plan = self._decide()
        credential = plan.credential
        assert credential is not None  # noqa: S101 - a plan without one asks to obtain a pair
        self.host.client(credential, self.inputs.endpoint, self.inputs.record).reach()
        return self._carry_out(plan, credential)

    def _restore(self) -> None:
        for place in self.places.values():
            snapshot = self.record.looked.snapshot(place)
            if snapshot is not None and snapshot.deletion_at is not None:
                act.claim(self.record.looked, place, self.host.proceed)

    def _let_stores_finish(self) -> None:
        """Claim, without a look of ours, a secret whose current version looks like somebody else's.

        A run that was killed in the middle of a promotion may have left a version of ours without our id (Vault keeps
        it in the metadata, a second write): the store finishes that when it claims.
        """
        for place in self.places.values():
            snapshot = self.record.looked.snapshot(place)
            if snapshot is None or snapshot.owner is None:
                continue
            current = snapshot.stages.get(Stage.CURRENT)
            # such a promotion takes its candidate away last
            waits = Stage.CANDIDATE in snapshot.stages
            if current is not None and not is_ours(current) and waits:
                self.host.proceed()
                claimed = place.store.claim(place.name, place.mark, place.description)
                self.record.looked.note(place, claimed)

    def _decide(self) -> Staging:
        asked = self._asked()
        return decide(
            self.declared,
            self._remembered_here(),
            self._seen(asked),
            self.offered,
            asked,
            int(self.host.clock()),
        )

    def _asked(self) -> Asked:
        match self.host.intents.get(self.inputs.record):
            case Rotation() as rotation:
                overlap = rotation.overlap_seconds if rotation.part == TOKEN else None
                return Rotate(
                    rotation.part, rotation.origin, overlap, self.pair, rotation.again, self.nonce
                )
            case Rollback():
                return RollBack()
        return Up()

    def _seen(self, asked: Asked) -> Seen:
        """Look at the places, and read what the decision needs."""
        looked = self.record.looked
        bare = look(looked, self.places)
        needed = versions_to_read(self.declared, self.remembered, bare, self.offered, asked)
        account = self.inputs.account if self.imported or not self.remembered.exists else None
        return look(looked, self.places, self._formats, needed, account)

    def _moved(self) -> TbaCredential | None:
        """Return what the places hold that the record leaves: a secret moves with its content."""
        for place in self.before:
            where = {place.store.kind: place}
            (bare,) = look(self.record.looked, where).values()
            for version in (bare.current, bare.pending):
                needed = {place.store.kind: [version] if version is not None else []}
                (sight,) = look(self.record.looked, where, self._formats, needed).values()
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
            left=tuple(self._left()),
        )

    def _left(self) -> Iterator[JournalEntry]:
        """Return the lines of the places that the record leaves; what they bar stays barred."""
        for place in self.before:
            snapshot = self.record.looked.snapshot(place)
            yield from () if snapshot is None else snapshot.journal

    @property
    def _formats(self) -> tuple[Format, ...]:
        return (self.inputs.format, *self.remembered.formats)

    # --- a rotation's new pair --------------------------------------------------------------------

    def _obtain(self, seen: Seen) -> None:
        rotation = self.host.intents[self.inputs.record]
        assert isinstance(rotation, Rotation)  # noqa: S101 - nothing else asks for a pair
        self.pair = rotation.obtain(
            Obtaining(self._signing(seen), self._about_to_issue, self.host.cancelled.is_set)
        )
        self.record.brought = True

    def _signing(self, seen: Seen) -> Pair:
        """Return the consumer pair that signs the authorization flow."""
        for sight in seen.values():
            if (held := sight.credential(sight.current)) is not None:
                return held.pair(CONSUMER)
        if (given := self.offered.get(CONSUMER)) is not None:
            return given
        raise ValueNeededError(
            f"{self.inputs.record}: there is no credential yet, and its consumer's source has no value",
            "give the consumer's source its value, and run `tba rotate` for the token",
        )

    def _about_to_issue(self) -> None:
        """Write the line of intent: a kill after NetSuite has issued a token must not lose it."""
        place = next(iter(self.places.values()))
        looked = self.record.looked
        act.claim(looked, place, self.host.proceed)
        self.nonce = secrets.token_hex(8)
        now = int(self.host.clock())
        line = JournalEntry(f"{INTENT}{self.nonce}", self.nonce, now, now, Retirement.INTENT)
        act.carry_out(
            looked,
            place,
            [Note(place.store.kind, line)],
            self.inputs.format,
            self.keys.writing,
            self.host.proceed,
        )

    def _in_vain(self, error: TbaError) -> TbaError:
        """Revoke a token that NetSuite has just issued and that no store took: it must not be left behind.

        Where the store cannot say whether it took the token, the line of intent stands, and the next run finds out.
        """
        intent = self.host.intents.get(self.inputs.record)
        if self.pair is None or not (
            isinstance(intent, Rotation) and intent.origin in UNREPEATABLE and intent.part == TOKEN
        ):
            return error
        try:
            if self._is_stored():
                return error
            told = self._take_back(self.pair)
        except TbaError as failure:
            told = (
                f"whether it is in the store is not known ({failure.what}): the journal keeps it in mind, and the next "
                "run looks for it"
            )
        return TbaError(f"{error.what}\n  The token that NetSuite issued: {told}", error.remedy)

    def _is_stored(self) -> bool:
        """Whether a store holds the issued token in spite of the failure: an answer may have been lost."""
        self.record.looked.forget()
        snapshots = (self.record.looked.snapshot(place) for place in self.places.values())
        versions = (v for one in snapshots if one is not None for v in one.stages.values())
        nonces = {(terms_of(version) or Terms()).nonce for version in versions}
        return bool(self.nonce) and self.nonce in nonces

    def _take_back(self, issued: Pair) -> str:
        """Revoke the issued token with its own signature, in its user's turn; return what became of it."""
        consumer = self._signing(self._seen(Up()))
        token = TbaCredential(
            self.inputs.account,
            consumer.identifier,
            consumer.secret,
            issued.identifier,
            issued.secret,
        )
        user = (self.record.tested or {}).get("user", {}).get("email", self.inputs.record)
        mark = self.keys.writing.text(issued.identifier)
        with self.host.gate.admit(
            self.inputs.account,
            user,
            self.inputs.record,
            mark,
            unrecorded=lambda words: self.host.warn(self.urn, words),
        ) as turn:
            client = self.host.client(token, self.inputs.endpoint, self.inputs.record)
            revocation = self.host.revoke(client)
            if revocation.login_refused:
                turn.refused()
            elif revocation.unanswered:
                turn.unanswered()
        if revocation.outcome is RevocationOutcome.REVOKED:
            self._close_intent()
        return str(revocation)

    def _close_intent(self) -> None:
        """Close the line of intent: its token is gone. A store that fails leaves the line to the next run."""
        place = next(iter(self.places.values()))
        snapshot = self.record.looked.snapshot(place)
        lines = [] if snapshot is None else snapshot.journal
        notes = [
            Note(place.store.kind, replace(line, state=Retirement.REVOKED))
            for line in lines
            if line.digest == self.nonce and line.state is Retirement.INTENT
        ]
        with suppress(StoreError):
            act.carry_out(
                self.record.looked,
                place,
                notes,
                self.inputs.format,
                self.keys.writing,
                lambda: None,
            )

    # --- writing ----------------------------------------------------------------------------------

    def _carry_out(self, plan: Staging, credential: TbaCredential) -> StagedCredentialOutputs:
        looked, key = self.record.looked, self.keys.writing
        outputs = StagedCredentialOutputs(
            versions={},
            locations={},
            fingerprint=key.text(render(credential, self.inputs.format)),
            stored_digests={part: key.pair(credential.pair(part)) for part in (CONSUMER, TOKEN)},
            source_digests=self._source_digests(),
            claim=next(iter(self.places.values())).mark.claim,
        )
        for kind, place in self.places.items():
            self.host.status(self.urn, f"staging in {place}")
            steps = [step for step in plan.steps if step.store == kind]
            try:
                claimed = act.claim(looked, place, self.host.proceed)
                for notice in claimed.notices:
                    self.host.warn(self.urn, f"{self.inputs.record}: {notice}")
                steps += self._carried_lines(kind, claimed)
                staged = act.carry_out(
                    looked, place, steps, self.inputs.format, key, self.host.proceed
                )
            except TbaError as error:
                if not outputs.versions:
                    raise
                outputs.drift[kind] = f"{place} was not written"
                raise PartialFailureError(error, merged(self.new, outputs)) from None
            version = staged or plan.versions.get(kind)
            assert version is not None  # noqa: S101 - a plan writes what no store holds
            outputs.versions[kind], outputs.locations[kind] = version, claimed.location
        self.host.tokens_staged.add(credential.token_id)
        return outputs

    def _carried_lines(self, kind: str, claimed: Snapshot) -> list[Note]:
        """Return the lines to carry along: what informs, and what bars. Open ones have refused the move."""
        there = {line.key for line in claimed.journal}
        carried = (Retirement.INFORM, Retirement.LEFT, Retirement.REVOKED)
        return [
            Note(kind, line)
            for line in self._left()
            if line.state in carried and line.key not in there
        ]

    def _source_digests(self) -> dict[str, str]:
        """Return what the sources gave last; a part that is absent now keeps its digest."""
        given = {
            part: self.keys.writing.pair(pair)
            for part, pair in self.offered.items()
            if pair is not None
        }
        return {**self.remembered.source_digests, **given}


def _shown(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in settings.items())


def _where(properties: Properties) -> tuple[Stores, str]:
    """Return the stores and the secret's name; an imported resource has not much more."""
    return Stores.model_validate(properties["stores"]), str(properties["secret"])


def _lines(snapshots: Iterable[Snapshot | None]) -> Iterator[JournalEntry]:
    for snapshot in snapshots:
        yield from () if snapshot is None else snapshot.journal


def _something_new(
    offers: Mapping[str, Offer], old_inputs: Properties, old_state: Properties, new: Properties
) -> bool:
    """Whether a part's source gives anything that is to be staged."""
    seen, stored = old_inputs.get("digests", {}), old_state.get("storedDigests", {})
    return has_unknown(new) or any(
        digest not in (seen.get(part), stored.get(part))
        if offers.get(part, Offer.ABSENT) is Offer.ABSENT
        else offers[part] in (Offer.NEW, Offer.UNKNOWN)
        for part, digest in new["digests"].items()
    )


def _unused(offers: Mapping[str, Offer]) -> Iterator[str]:
    """Say which source's value is not used, and why."""
    for part, offer in offers.items():
        if offer is Offer.STALE:
            yield stale(part)
        elif offer is Offer.UNKNOWN:
            yield unknown(part)


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
