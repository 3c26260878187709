"""`tba:index:SmokeTest`: a signed call with what the store gives back; what passes becomes current.

One resource and not two, so that nothing can promote without having tested. On its own (`promote: false`) it proves the
current version of a secret that something else wrote. A failure keeps current as it is, and is kept in state, so that
the next update tests again by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, ValidationError

from tba_secrets.errors import (
    CheckFailedError,
    NetSuiteError,
    NotAskedError,
    StoreError,
    TbaError,
)
from tba_secrets.netsuite import (
    Circumstances,
    Client,
    Evidence,
    Expected,
    Refusal,
    Verification,
    run_checks,
)
from tba_secrets.promote import promote
from tba_secrets.provider import drift
from tba_secrets.provider.codec import UNKNOWN, Properties, has_unknown
from tba_secrets.provider.handler import (
    Change,
    Checked,
    Handler,
    PartialFailureError,
    Wire,
    input_changes,
    merged,
    validation_failures,
)
from tba_secrets.provider.host import Host
from tba_secrets.provider.places import places_in
from tba_secrets.sensitive import Fingerprint
from tba_secrets.spec.model import Check, Format, Model, Role, Stores, User
from tba_secrets.stage import Place
from tba_secrets.stores.interface import Stage, VersionId
from tba_secrets.verify import ReadBack, read_back


class SmokeTestInputs(Wire):
    """Which secret to prove, as whom it must act, and what to do with it then."""

    record: str
    """`integration/token`, for messages."""
    account: str
    """The NetSuite account id that the credential must be for."""
    endpoint: str | None = None
    """One address for all NetSuite services; the account's own where absent."""
    stores: Stores
    """As `store:` in the environment's YAML."""
    secret: str
    """The secret's name under each store's prefix."""
    format: Format = Format()
    """The keys of the stored JSON object."""
    role: Role
    """The role that the token must act in."""
    user: User
    """The user that the token must act for."""
    checks: Annotated[tuple[Check, ...], Field(min_length=1, strict=False)] = ("tokeninfo", "rest")
    """The signed calls to make."""
    versions: dict[str, str] = Field(default_factory=dict)
    """The version to prove, by store; what is current where absent."""
    fingerprint: str = ""
    """The keyed digest of what is proven: a new one is a reason to test."""
    promote: bool = True
    """Make the version current when it has passed."""
    keep_candidate: bool = False
    """A refused candidate stays pending: for values that no source can give again."""
    always: bool = False
    """Test on every update, even where nothing has changed."""


class RefusalEntry(Model):
    """One authentication failure of the user: three within 30 minutes, and he is not asked again."""

    fingerprint: str
    at: int
    """Epoch seconds."""


class SmokeTestOutputs(Wire):
    """What was proven, and when."""

    verified: dict[str, str] = Field(default_factory=dict)
    """The version that passed and, with `promote`, is current: by store."""
    verified_at: str = ""
    """ISO 8601, UTC; empty where nothing has passed yet."""
    verified_as: str = ""
    """`role R in account A`."""
    entity: str = ""
    """The internal id of the user that NetSuite named; later proofs must name the same."""
    evidence: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """What each check has proven, and what it has not."""
    refusals: Annotated[tuple[RefusalEntry, ...], Field(strict=False)] = ()
    """The user's authentication failures of the last 30 minutes, this run's included."""
    drift: dict[str, str] = Field(default_factory=dict)
    """Where another version than the verified one is current, by store."""


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
        if not changes and new.get("always"):
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
        places = self._places(declared)
        snapshots = drift.observe(places)
        if not any(snapshots.values()):
            return None
        verified = state.get("verified", {})
        observed = drift.missing(places, snapshots, verified, (Stage.CURRENT,)) if verified else {}
        return inputs, {**state, "drift": observed}

    def delete(self, urn: str, state: Properties) -> None:
        """Nothing: the secret belongs to the StagedCredential."""

    # --- inside -----------------------------------------------------------------------------------

    def _places(self, inputs: SmokeTestInputs) -> dict[str, Place]:
        return places_in(self._host.open_stores(inputs.stores), inputs.stores, inputs.secret)

    def _run(self, urn: str, old: Properties, new: Properties) -> Properties:
        inputs = SmokeTestInputs.model_validate(new)
        before = SmokeTestOutputs.model_validate(_found(old))
        places = self._places(inputs)
        self._host.status(urn, "testing")
        try:
            back = read_back(places, _wanted(inputs), inputs.format)
            verification = self._verify(inputs, before, back)
        except NetSuiteError as error:
            kept = self._after_failure(inputs, places, back, error)
            after = before.model_copy(update={"refusals": self._refusals(inputs)})
            raise PartialFailureError(
                _worded(inputs.record, kept, error), merged(new, after)
            ) from None
        self._host.status(urn, f"verified as {verification.summary}")
        after = _outputs(verification)
        if inputs.promote:
            self._promote(inputs, places, back, verification, before, new)
            self._host.status(urn, f"verified as {verification.summary}, promoted")
        return merged(new, after.model_copy(update={"verified": dict(back.versions)}))

    def _verify(
        self, inputs: SmokeTestInputs, before: SmokeTestOutputs, back: ReadBack
    ) -> Verification:
        expected = Expected(
            account=inputs.account,
            role_name=inputs.role.name,
            role_id=inputs.role.id,
            user_email=inputs.user.email,
            entity=inputs.user.entity or before.entity or None,
            permissions=inputs.role.permissions,
        )
        client = Client(
            back.credential,
            inputs.endpoint,
            record=inputs.record,
            sleep=lambda seconds: self._pause(inputs.record, seconds),
        )
        with self._host.gate.admit(
            inputs.account,
            inputs.user.email,
            inputs.record,
            Fingerprint(inputs.fingerprint),
            [Refusal(Fingerprint(entry.fingerprint), entry.at) for entry in before.refusals],
            self._host.cancelled.is_set,
        ):
            known = Circumstances(
                passed_before=bool(before.verified) and before.verified == back.versions,
                recently_refused=bool(self._refusals(inputs)),
            )
            return run_checks(client, inputs.checks, expected, known)

    def _pause(self, record: str, seconds: float) -> None:
        """Wait between two tries, and no longer than until the run is cancelled."""
        if self._host.cancelled.wait(seconds):
            raise NotAskedError(f"{record}: not asked again: the run was cancelled")

    def _refusals(self, inputs: SmokeTestInputs) -> tuple[RefusalEntry, ...]:
        known = self._host.gate.refusals(inputs.account, inputs.user.email)
        return tuple(RefusalEntry(fingerprint=one.fingerprint, at=int(one.at)) for one in known)

    def _after_failure(
        self,
        inputs: SmokeTestInputs,
        places: Mapping[str, Place],
        back: ReadBack,
        error: NetSuiteError,
    ) -> str:
        """Discard what was refused, where its source can give it again; says what became of it."""
        if all(back.current[kind] == version for kind, version in back.versions.items()):
            return "the current credential has failed, and is left as it is"
        if not isinstance(error, CheckFailedError):
            return "not promoted; current is unchanged, and the next `pulumi up` tests the candidate again"
        if not inputs.promote:
            return "the version that was tested has failed, and is left as it is"
        rotation = self._host.rotations.get(inputs.record)
        if inputs.keep_candidate or (rotation is not None and rotation.issued):
            return "not promoted; current is unchanged, and the candidate is kept, for no source can give it again"
        try:
            for kind, place in places.items():
                if back.current[kind] != back.versions[kind]:
                    place.store.discard(place.name, back.versions[kind])
        except StoreError as failure:
            return f"not promoted; current is unchanged, but the candidate was not discarded ({failure.what})"
        return "not promoted; current is unchanged, and the candidate was discarded"

    def _promote(
        self,
        inputs: SmokeTestInputs,
        places: Mapping[str, Place],
        back: ReadBack,
        verification: Verification,
        before: SmokeTestOutputs,
        new: Properties,
    ) -> None:
        done: dict[str, str] = {}
        for kind, place in places.items():
            try:
                self._host.proceed()
                promote(place, back, verification)
            except TbaError as error:
                held = (
                    ", ".join(f"{other} holds the new one" for other in done) or "no store holds it"
                )
                what = f"{inputs.record}: it has passed, but {place} was not promoted ({held}): {error.what}"
                kept = before.model_copy(update={"verified": {**before.verified, **done}})
                raise PartialFailureError(TbaError(what, error.remedy), merged(new, kept)) from None
            done[kind] = back.versions[kind]


def _worded(record: str, outcome: str, error: NetSuiteError) -> TbaError:
    """What became of the record first: the engine shows the first line in the status column."""
    return TbaError(
        f"{record}: {outcome}.\n  {error.what.removeprefix(f'{record}: ')}", error.remedy
    )


def _wanted(inputs: SmokeTestInputs) -> dict[str, VersionId]:
    return {kind: VersionId(version) for kind, version in inputs.versions.items()}


def _passed(state: Properties, new: Properties) -> bool:
    """Whether the versions that are asked for are the ones that passed last."""
    verified, wanted = state.get("verified", {}), new.get("versions", {})
    return bool(verified) and all(verified.get(kind) == version for kind, version in wanted.items())


def _found(state: Properties) -> Properties:
    names = {field.alias for field in SmokeTestOutputs.model_fields.values()}
    return {name: value for name, value in state.items() if name in names}


def _outputs(verification: Verification) -> SmokeTestOutputs:
    return SmokeTestOutputs(
        verified_at=datetime.fromtimestamp(verification.at, UTC).isoformat(timespec="seconds"),
        verified_as=verification.summary,
        entity=verification.entity or "",
        evidence=tuple(_line(one) for one in verification.evidence),
    )


def _line(evidence: Evidence) -> str:
    proven = f"proves {', '.join(evidence.proven)}"
    proven = f"{evidence.check} {proven}"
    return proven + (f"; not {', '.join(evidence.not_proven)}" if evidence.not_proven else "")
