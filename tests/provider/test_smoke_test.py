"""SmokeTest: signed with what the store gives back, promoted in order, and what is kept of each failure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tba_secrets.errors import ConflictError, StoreUnavailableError, TbaError, ValueNeededError
from tba_secrets.provider.codec import UNKNOWN
from tba_secrets.simulator import Simulator
from tba_secrets.stores.interface import SecretName, Snapshot, Stage, VersionId
from tests.netsuite_account import Values
from tests.pipeline.support import RecordingStore
from tests.provider.bench import BOTH, NAME, URN, Bench, CancelAfter, Kept

USER = "orders.bot@example.com"


def logins(simulator: Simulator) -> int:
    return len(simulator.state.audit())


def wrong(bench: Bench, before: Kept | None = None) -> Kept:
    """Stage values that NetSuite never issued."""
    bench.give(orders=Values())
    bench.new_process()
    staged = bench.stage(before)
    bench.writes()
    return staged


# --- what passes -------------------------------------------------------------------------------------


def test_what_passes_becomes_current(bench: Bench) -> None:
    staged = bench.stage()
    bench.writes()

    kept = bench.test(staged)

    assert bench.writes() == ["aws promote"]
    assert bench.version(Stage.CURRENT) == staged.state["versions"]["aws"]
    assert kept.state["verified"] == staged.state["versions"]
    assert kept.state["verifiedAs"] == "role warehouse role in account 1234567_SB1"
    assert kept.state["verifiedAt"].endswith("+00:00")
    assert kept.state["entity"]
    said = f"verified as {kept.state['verifiedAs']}, promoted"
    assert bench.statuses[-1] == said
    assert bench.informed == [said]  # a status is gone when the engine's display ends


def test_the_evidence_tells_what_was_not_proven(bench: Bench) -> None:
    kept = bench.test(bench.stage())

    assert kept.state["evidence"] == [
        "tokeninfo proves account, role; not user",
        "rest proves REST web services",
    ]


def test_a_recorded_entity_proves_the_same_user_and_never_the_e_mail(bench: Bench) -> None:
    """Somebody else's token under a declared e-mail: no number of passes makes it that user's."""
    staged = bench.stage()
    ceo = {"email": "ceo@example.com"}
    kept = bench.test(staged, user=ceo)
    assert kept.state["evidence"][0] == "tokeninfo proves account, role; not user"

    for _ in range(2):
        before, kept = kept, bench.test(staged, kept, always=True, user=ceo)
        assert kept.state["entity"] == before.state["entity"]
        assert kept.state["evidence"][0] == (
            "tokeninfo proves account, role, same user as first proven; not user"
        )


def test_a_declared_entity_proves_the_user(bench: Bench) -> None:
    staged = bench.stage()
    entity = bench.test(staged).state["entity"]

    kept = bench.test(staged, user={"email": USER, "entity": entity})

    assert kept.state["evidence"][0] == "tokeninfo proves account, role, user"


def test_another_user_than_the_recorded_one_is_refused(bench: Bench) -> None:
    staged = bench.stage()
    first = bench.test(staged)
    other = Kept(first.inputs, {**first.state, "entity": "999"})

    kept = bench.test(staged, other, always=True)

    assert kept.failure is not None
    assert "999" in str(kept.failure)


def test_again_asks_and_writes_nothing(bench: Bench, simulator: Simulator) -> None:
    staged = bench.stage()
    first = bench.test(staged)
    bench.writes()
    asked = logins(simulator)

    assert bench.test(staged, first) == first
    assert (bench.writes(), logins(simulator)) == ([], asked)


def test_what_is_signed_with_came_back_from_the_store(bench: Bench) -> None:
    """The process holds the right values; the store was tampered with; the test must fail."""
    staged = bench.stage()
    content = json.loads(bench.aws.read(NAME, Stage.CANDIDATE).value.reveal())  # type: ignore[union-attr]
    text = json.dumps({**content, "token_secret": Values().secret})
    version = bench.write_as_another(text, Stage.CANDIDATE)
    tampered = Kept(staged.inputs, {**staged.state, "versions": {"aws": version}})

    kept = bench.test(tampered, keepCandidate=True)

    assert kept.failure is not None
    assert "HTTP 401" in str(kept.failure)


# --- what fails --------------------------------------------------------------------------------------


def test_a_first_credential_that_is_refused_leaves_nothing_current(bench: Bench) -> None:
    kept = bench.test(wrong(bench))
    assert kept.failure is not None
    assert kept.failure.what.startswith("warehouse/orders: not promoted; nothing is current yet")


def test_a_refused_candidate_is_discarded_and_current_stays(bench: Bench) -> None:
    good = bench.stage()
    passed = bench.test(good)
    bad = wrong(bench, good)

    kept = bench.test(bad, passed)

    assert kept.failure is not None
    assert kept.failure.what.startswith("warehouse/orders: not promoted; current is unchanged")
    assert "discarded" in kept.failure.what
    assert bench.version(Stage.CURRENT) == good.state["versions"]["aws"]
    assert bench.version(Stage.CANDIDATE) is None
    assert bench.writes() == ["aws discard"]


def test_a_failure_keeps_what_was_verified_before_and_the_refusal(bench: Bench) -> None:
    good = bench.stage()
    passed = bench.test(good)
    bad = wrong(bench, good)

    kept = bench.test(bad, passed)

    assert kept.state["verified"] == good.state["versions"]
    assert kept.state["verifiedAt"] == passed.state["verifiedAt"]
    (refusal,) = kept.state["refusals"]
    assert refusal["fingerprint"] == bad.state["fingerprint"]
    assert kept.inputs["versions"] == bad.state["versions"]


def test_no_value_is_kept_or_said_of_a_failure(bench: Bench) -> None:
    bad = Values()
    bench.give(orders=bad)
    bench.new_process()

    kept = bench.test(bench.stage())

    said = str((kept, str(kept.failure), bench.said))
    assert kept.failure is not None
    assert bad.identifier not in said
    assert bad.secret not in said


def test_a_candidate_that_no_source_gives_again_is_kept(bench: Bench) -> None:
    bad = wrong(bench)

    kept = bench.test(bad, keepCandidate=True)

    assert kept.failure is not None
    assert "the candidate is kept" in kept.failure.what
    assert bench.version(Stage.CANDIDATE) == bad.state["versions"]["aws"]
    assert bench.writes() == []


def test_a_store_that_fails_meanwhile_hides_neither_the_refusal_nor_its_record(
    bench: Bench,
) -> None:
    bad = wrong(bench)
    bench.aws.failing["discard"] = StoreUnavailableError("no route to the store")

    kept = bench.test(bad)

    assert kept.failure is not None
    assert "was not discarded (no route to the store)" in kept.failure.what
    assert "HTTP 401" in kept.failure.what
    assert len(kept.state["refusals"]) == 1


def test_the_current_credential_is_left_as_it_is(bench: Bench, simulator: Simulator) -> None:
    staged = bench.stage()
    passed = bench.test(staged)
    bench.writes()
    simulator.state.revoke_token(bench.account.id, "orders")

    kept = bench.test(staged, passed, always=True)

    assert kept.failure is not None
    assert "the current credential has failed, and is left as it is" in kept.failure.what
    assert bench.writes() == []


def test_after_a_refusal_in_this_run_the_user_is_not_asked_and_the_candidate_stays(
    bench: Bench, simulator: Simulator
) -> None:
    bad = wrong(bench)
    first = bench.test(bad)
    bench.stage(bad)
    bench.writes()
    asked = logins(simulator)

    again = bench.test(bad, first)

    assert again.failure is not None
    assert "not asked" in again.failure.what
    assert "tests the candidate again" in again.failure.what
    assert (bench.writes(), logins(simulator)) == ([], asked)


def test_three_refusals_in_state_and_the_user_is_not_asked(
    bench: Bench, simulator: Simulator
) -> None:
    staged, kept = None, None
    for _ in range(3):
        staged = wrong(bench, staged)
        kept = bench.test(staged, kept)
    asked = logins(simulator)
    staged = wrong(bench, staged)

    kept = bench.test(staged, kept)

    assert kept.failure is not None
    assert "not asked again until" in kept.failure.what
    assert len(kept.state["refusals"]) == 3
    assert logins(simulator) == asked
    assert not simulator.state.is_locked(bench.account.id, USER)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"role": {"name": "Administrator"}}, "Administrator"),
        ({"user": {"email": USER, "entity": "999"}}, "999"),
    ],
)
def test_another_s_token_is_refused(bench: Bench, changes: dict[str, Any], words: str) -> None:
    staged = bench.stage()

    kept = bench.test(staged, **changes)

    assert kept.failure is not None
    assert words in str(kept.failure)
    assert bench.version(Stage.CURRENT) != staged.state["versions"]["aws"]


@pytest.mark.parametrize("before", ["7654321", None])
def test_an_account_that_has_just_changed_is_the_first_cause(
    bench: Bench, before: str | None
) -> None:
    staged = wrong(bench)
    inputs = bench.smoke_inputs(staged)
    tested = Kept(inputs, {**inputs, "account": before or inputs["account"]})

    refused = bench.test(staged, tested)

    assert refused.failure is not None
    told = str(refused.failure)
    assert ("1. `account:` was changed since" in told) is (before is not None), told


def test_a_version_that_is_gone_needs_the_value(bench: Bench) -> None:
    staged = bench.stage()

    with pytest.raises(ValueNeededError):
        bench.test(staged, versions={"aws": "tba-gone"})


# --- moved, cancelled, half promoted -------------------------------------------------------------------


class Moved(RecordingStore):
    """Somebody else makes another version current just before ours would be."""

    kind = "aws"

    def _promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
        seen: Snapshot | None,
    ) -> None:
        self.write_as_another(name, self._secrets[name].versions[version])
        super()._promote(name, version, replacing, about, seen)


def test_current_moved_meanwhile_is_not_overwritten(bench: Bench) -> None:
    bench.stores["aws"] = Moved()
    staged = bench.stage()

    kept = bench.test(staged)

    assert kept.failure is not None
    assert "it has passed, but aws secret" in kept.failure.what
    assert kept.state["verified"] == {}
    assert bench.version(Stage.CURRENT) != staged.state["versions"]["aws"]


def test_cancelled_before_the_call_nobody_is_asked(bench: Bench, simulator: Simulator) -> None:
    staged = bench.stage()
    bench.writes()
    bench.host.cancelled.set()

    kept = bench.test(staged)

    assert kept.failure is not None
    assert "cancelled" in kept.failure.what
    assert (bench.writes(), logins(simulator)) == ([], 0)


def test_cancelled_before_the_promotion_nothing_moves(bench: Bench, simulator: Simulator) -> None:
    staged = bench.stage()
    bench.writes()
    bench.host.cancelled = CancelAfter(1)  # the gate asks once, then the promotion

    kept = bench.test(staged)

    assert kept.failure is not None
    assert "it has passed, but aws secret" in kept.failure.what
    assert "cancelled" in kept.failure.what
    assert bench.writes() == []
    assert logins(simulator) > 0


def test_promoted_in_order(bench: Bench) -> None:
    staged = bench.stage(stores=BOTH)
    bench.writes()

    kept = bench.test(staged)

    assert bench.writes() == ["aws promote", "vault promote"]
    assert kept.state["verified"] == staged.state["versions"]


def test_promoted_in_the_declared_order(bench: Bench) -> None:
    staged = bench.stage(stores={**BOTH, "order": ["vault", "aws"]})
    bench.aws.failing["promote"] = StoreUnavailableError("no route")

    half = bench.test(staged)

    assert half.state["verified"] == {"vault": staged.state["versions"]["vault"]}


def test_it_is_signed_once_for_two_stores(bench: Bench, simulator: Simulator) -> None:
    bench.test(bench.stage())
    one = logins(simulator)
    bench.stores["aws"].lose(NAME)
    bench.new_process()

    bench.test(bench.stage(stores=BOTH))

    assert logins(simulator) == 2 * one


def test_half_promoted_is_kept_and_finished_by_the_next_update(bench: Bench) -> None:
    staged = bench.stage(stores=BOTH)
    bench.vault.failing["promote"] = StoreUnavailableError("the vault is sealed", "unseal it")

    half = bench.test(staged)

    assert half.failure is not None
    assert (
        "vault secret netsuite/test/orders was not promoted (aws holds the new one, vault holds none yet)"
        in half.failure.what
    )
    assert half.failure.remedy == "unseal it"
    assert half.state["verified"] == {"aws": staged.state["versions"]["aws"]}
    bench.vault.failing.clear()
    bench.new_process()

    whole = bench.test(staged, half)

    assert whole.failure is None
    assert whole.state["verified"] == staged.state["versions"]
    for kind in bench.stores:
        assert bench.version(Stage.CURRENT, kind) == staged.state["versions"][kind]


def test_half_promoted_is_finished_where_the_engine_lost_the_failure(bench: Bench) -> None:
    staged = bench.stage(stores=BOTH)
    bench.vault.failing["promote"] = StoreUnavailableError("sealed")
    half = bench.test(staged)
    bench.vault.failing.clear()
    bench.new_process()

    whole = bench.test(staged, Kept(half.inputs, half.state))

    assert whole.state["verified"] == staged.state["versions"]


def test_two_stores_that_disagree_are_not_tested(bench: Bench, simulator: Simulator) -> None:
    staged = bench.stage(stores=BOTH)
    other = bench.vault.write_as_another(NAME, bench.aws.read(NAME, Stage.CURRENT).value)  # type: ignore[union-attr]

    with pytest.raises(ConflictError, match="different"):
        bench.test(staged, versions={**staged.state["versions"], "vault": other})

    assert logins(simulator) == 0


# --- on its own ----------------------------------------------------------------------------------------


def test_on_its_own_it_moves_nothing(bench: Bench) -> None:
    staged = bench.stage()
    bench.test(staged)
    bench.writes()

    alone = bench.test(staged, promote=False, versions={})

    assert alone.failure is None
    assert alone.state["verified"] == staged.state["versions"]
    assert bench.writes() == []


def test_on_its_own_it_leaves_a_candidate_that_fails(bench: Bench) -> None:
    bad = wrong(bench)

    alone = bench.test(bad, promote=False)

    assert alone.failure is not None
    assert "is left as it is" in alone.failure.what
    assert bench.writes() == []


def test_on_its_own_it_passes_and_promotes_nothing(bench: Bench) -> None:
    staged = bench.stage()
    bench.writes()

    alone = bench.test(staged, promote=False)

    assert alone.failure is None
    assert bench.writes() == []
    assert "promoted" not in bench.statuses[-1]
    assert "promoted" not in bench.informed[-1]


# --- read and the rest ---------------------------------------------------------------------------------


def test_read_names_what_is_current_instead(bench: Bench) -> None:
    staged = bench.stage()
    passed = bench.test(staged)
    theirs = bench.write_as_another("{}")

    found = bench.refresh(bench.smoke, passed)

    assert found is not None
    assert found.state["drift"] == {"aws": f"aws secret {NAME}: current is {theirs[:16]}..."}
    assert found.inputs == passed.inputs


def test_drift_is_tested_and_promoted_again(bench: Bench) -> None:
    staged = bench.stage()
    passed = bench.test(staged)
    bench.write_as_another("{}")
    bench.withhold()
    bench.new_process()
    bench.refresh(bench.smoke, passed)

    restaged = bench.stage(staged)
    mended = bench.test(restaged, passed)

    assert bench.version(Stage.CURRENT) == staged.state["versions"]["aws"]
    assert mended.state["drift"] == {}


def test_read_of_what_has_never_passed_shows_no_drift(bench: Bench) -> None:
    kept = bench.test(wrong(bench))

    found = bench.refresh(bench.smoke, kept)

    assert found is not None
    assert found.state["drift"] == {}


def test_read_of_what_is_gone(bench: Bench) -> None:
    passed = bench.test(bench.stage())
    bench.aws.lose(NAME)

    assert bench.refresh(bench.smoke, passed) is None


def test_import_is_refused_in_words(offline: Bench) -> None:
    with pytest.raises(TbaError, match="cannot be imported"):
        offline.smoke.read(URN, "x", {}, {})


def test_preview_knows_neither_what_passes_nor_when(offline: Bench) -> None:
    state = offline.smoke.preview({"verified": {"aws": "one"}, "drift": {"aws": "x"}}, {"a": "b"})

    assert state["verified"] is UNKNOWN
    assert state["verifiedAt"] is UNKNOWN
    assert (state["a"], state["drift"]) == ("b", {})


def test_delete_touches_nothing(bench: Bench) -> None:
    passed = bench.test(bench.stage())
    bench.writes()

    bench.smoke.delete(URN, passed.state)

    assert bench.writes() == []


def test_the_id_is_the_record(offline: Bench) -> None:
    assert offline.smoke.id({"record": "warehouse/orders"}) == "warehouse/orders"
