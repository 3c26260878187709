"""StagedCredential: what is written to one store and to two, what is kept of a failure, and what is ours to delete."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tba_secrets.errors import (
    ClockSkewError,
    NotOursError,
    RetirementOpenError,
    StoreUnavailableError,
    ValueNeededError,
)
from tba_secrets.provider.codec import UNKNOWN
from tba_secrets.provider.host import CancelledError
from tba_secrets.sensitive import Sensitive
from tba_secrets.simulator import Simulator
from tba_secrets.spec.model import Stores
from tba_secrets.stores.interface import OwnerMark, Stage, Store, VersionId
from tests.pipeline.support import AwsMemory
from tests.provider.bench import AWS, BOTH, NAME, URN, Bench, CancelAfter, Kept, wired

IRELAND = {**AWS, "region": "eu-west-1"}


def content(bench: Bench, kind: str = "aws", version: str | None = None) -> dict[str, str]:
    """What a store holds: the candidate where no version is named."""
    which = VersionId(version) if version else Stage.CANDIDATE
    stored = bench.stores[kind].read(NAME, which)
    assert stored is not None
    found: dict[str, str] = json.loads(stored.value.reveal())
    return found


def test_a_candidate_is_written_and_state_names_it(bench: Bench) -> None:
    kept = bench.stage()

    assert bench.writes() == ["aws claim", "aws stage"]
    assert kept.state["versions"] == {"aws": bench.version(Stage.CANDIDATE)}
    assert kept.state["locations"] == {"aws": f"memory:{NAME}"}
    assert kept.state["storedDigests"] == kept.inputs["digests"]
    assert content(bench)["token_id"] == bench.account.tokens["orders"].identifier
    assert bench.statuses[-1] == "staged"


def test_nothing_of_a_value_is_kept_or_said(bench: Bench) -> None:
    kept = bench.stage()

    for value in bench.account.environment().values():
        assert value not in str((kept, bench.said))


def test_again_with_nothing_changed_writes_nothing(bench: Bench) -> None:
    first = bench.stage()
    bench.writes()
    bench.new_process()

    assert bench.stage(first) == first
    assert bench.writes() == []


def test_a_change_at_the_source_is_a_new_candidate_with_the_same_claim(bench: Bench) -> None:
    first = bench.stage()
    bench.give(orders=bench.account.spares["orders"])
    bench.new_process()

    second = bench.stage(first)

    assert second.state["versions"] != first.state["versions"]
    assert second.state["claim"] == first.state["claim"]
    assert content(bench)["token_id"] == bench.account.spares["orders"].identifier


def test_absent_values_come_from_the_store(bench: Bench) -> None:
    first = bench.stage()
    bench.withhold()
    bench.new_process()

    second = bench.stage(first, format={"token_id": "NS_TOKEN"})

    assert content(bench)["NS_TOKEN"] == bench.account.tokens["orders"].identifier
    assert second.state["storedDigests"] == first.state["storedDigests"]
    assert second.inputs["digests"] == first.inputs["digests"]


def test_one_part_from_its_source_and_the_other_from_the_store(bench: Bench) -> None:
    first = bench.stage()
    bench.give(orders=bench.account.spares["orders"])
    bench.withhold("WAREHOUSE_KEY", "WAREHOUSE_SECRET")
    bench.new_process()

    bench.stage(first)

    assert content(bench)["token_id"] == bench.account.spares["orders"].identifier
    assert content(bench)["consumer_key"] == bench.account.consumers["warehouse"].identifier


def test_a_source_that_has_not_changed_undoes_nothing(bench: Bench) -> None:
    """What a rotation put into the store stays, although the source still has the value from before."""
    first = bench.stage()
    spare = bench.account.spares["orders"]
    bench.give(orders=spare)
    bench.new_process()
    rotated = bench.stage(first)
    bench.give()
    bench.new_process()
    stale = Kept(first.inputs, {**rotated.state, "sourceDigests": first.inputs["digests"]})

    after = bench.stage(stale, description="another")

    assert content(bench)["token_id"] == spare.identifier
    assert after.state["versions"] == rotated.state["versions"]
    assert after.state["storedDigests"] == rotated.state["storedDigests"]


def test_the_value_is_needed_where_neither_store_nor_source_has_it(bench: Bench) -> None:
    first = bench.stage()
    bench.withhold()
    bench.new_process()
    bench.aws.write_as_another(NAME, Sensitive('{"not": "a credential"}'))
    bench.aws.discard(NAME, VersionId(first.state["versions"]["aws"]))
    bench.writes()

    with pytest.raises(
        ValueNeededError, match="what is stored is no credential under the declared keys"
    ):
        bench.stage(first)

    assert bench.writes() == []


def test_another_digest_key_writes_nothing(bench: Bench) -> None:
    first = bench.stage()
    bench.writes()
    bench.new_process()
    bench.host.digest_key = "a-key-that-is-obviously-fake"

    second = bench.stage(first)

    assert second.state == first.state
    assert bench.writes() == []


def test_a_version_that_is_gone_is_written_anew_from_a_source_that_has_not_changed(
    bench: Bench,
) -> None:
    first = bench.stage()
    bench.aws.lose(NAME)
    bench.writes()
    bench.new_process()

    bench.staged.update(URN, first.state, first.inputs)

    assert bench.writes() == ["aws claim", "aws stage"]
    assert content(bench)["token_id"] == bench.account.tokens["orders"].identifier


@pytest.mark.parametrize("digest_key", [None, "a-key-that-is-obviously-fake"])
def test_a_discarded_candidate_is_staged_again(bench: Bench, digest_key: str | None) -> None:
    first = bench.stage()
    bench.aws.discard(NAME, VersionId(first.state["versions"]["aws"]))
    bench.writes()
    bench.new_process()
    bench.host.digest_key = digest_key

    second = bench.stage(first)

    assert (second.state["versions"] == first.state["versions"]) is (digest_key is None)
    assert bench.writes() == ["aws claim", "aws stage"]


def test_a_clock_that_no_signature_can_be_made_with_writes_nothing(
    bench: Bench, simulator: Simulator
) -> None:
    simulator.state.faults.add("clock_skew", seconds=900, times=None)

    with pytest.raises(ClockSkewError):
        bench.stage()

    assert bench.writes() == []


def test_a_secret_of_others_is_refused_and_nothing_is_kept(bench: Bench) -> None:
    bench.write_as_another('{"password": "obviously fake"}')

    with pytest.raises(NotOursError):
        bench.stage()

    assert bench.writes() == []
    assert bench.stage(adopt=True).state["versions"]


def test_preview_knows_neither_version_nor_fingerprint(offline: Bench) -> None:
    new = offline.staged_inputs(secret="renamed")

    state = offline.staged.preview({"claim": "mine", "drift": {"aws": "gone"}}, new)

    assert state["versions"] is UNKNOWN
    assert state["fingerprint"] is UNKNOWN
    assert (state["claim"], state["secret"], state["drift"]) == ("mine", "renamed", {})
    assert offline.writes() == []


def test_the_id_is_the_owner_and_the_record(offline: Bench) -> None:
    assert offline.staged.id(offline.staged_inputs()) == "acme/netsuite/test/warehouse/orders"


# --- two stores (S11) ----------------------------------------------------------------------------------


def test_two_stores_hold_the_same(bench: Bench) -> None:
    kept = bench.stage(stores=BOTH)

    assert bench.writes() == ["aws claim", "aws stage", "vault claim", "vault stage"]
    assert set(kept.state["versions"]) == set(kept.state["locations"]) == {"aws", "vault"}
    assert content(bench, "aws") == content(bench, "vault")


def test_half_staged_is_kept_and_finished_by_the_next_update(bench: Bench) -> None:
    bench.vault.failing["stage"] = StoreUnavailableError("the vault is sealed", "unseal it")

    half = bench.stage(stores=BOTH)

    assert half.failure is not None
    assert half.failure.what == "the vault is sealed"
    assert half.failure.remedy == "unseal it"
    assert half.state["versions"] == {"aws": bench.version(Stage.CANDIDATE)}
    assert "was not written" in half.state["drift"]["vault"]
    bench.vault.failing.clear()
    bench.writes()
    bench.new_process()

    whole = bench.stage(half, stores=BOTH)

    assert whole.failure is None
    assert whole.state["versions"]["aws"] == half.state["versions"]["aws"]
    assert whole.state["drift"] == {}
    assert bench.writes() == ["aws claim", "vault claim", "vault stage"]


def test_half_staged_is_finished_without_the_values_as_well(bench: Bench) -> None:
    bench.vault.failing["stage"] = StoreUnavailableError("sealed")
    half = bench.stage(stores=BOTH)
    bench.vault.failing.clear()
    bench.withhold()
    bench.new_process()

    bench.stage(half, stores=BOTH)

    assert content(bench, "vault") == content(bench, "aws")


def test_a_failure_of_the_first_store_keeps_nothing(bench: Bench) -> None:
    bench.aws.failing["stage"] = StoreUnavailableError("no route")

    with pytest.raises(StoreUnavailableError):
        bench.stage(stores=BOTH)

    assert bench.writes() == ["aws claim"]


def test_a_store_that_is_added_gets_the_value_of_the_first(bench: Bench) -> None:
    first = bench.stage()
    bench.withhold()
    bench.new_process()
    bench.writes()

    bench.stage(first, stores=BOTH)

    assert content(bench, "vault") == content(bench, "aws")
    assert "aws stage" not in bench.writes()


def test_a_store_that_is_dropped_is_left_and_named(bench: Bench) -> None:
    first = bench.stage(stores=BOTH)
    bench.writes()
    bench.new_process()

    second = bench.stage(first)

    assert set(second.state["versions"]) == {"aws"}
    assert bench.writes() == ["aws claim"]
    assert [one for one in bench.warnings if "vault secret" in one and "left as it is" in one]


def test_another_name_leaves_the_old_secret_and_names_it(bench: Bench) -> None:
    first = bench.stage()
    bench.withhold()
    bench.new_process()

    bench.stage(first, secret="renamed")

    assert bench.snapshot().deletion_at is None
    assert any(f"aws secret {NAME} is left as it is" in one for one in bench.warnings)


@pytest.fixture
def elsewhere(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> AwsMemory:
    """What another region holds."""
    there, here = AwsMemory(), bench._open

    def opened(settings: Stores) -> Mapping[str, Store]:
        moved = settings.aws is not None and settings.aws.region == IRELAND["region"]
        return {**here(settings), **({"aws": there} if moved else {})}

    monkeypatch.setattr(bench, "_open", opened)
    bench.new_process()
    return there


def test_another_region_leaves_the_old_secret_and_names_it(
    bench: Bench, elsewhere: AwsMemory
) -> None:
    first = bench.stage()
    bench.test(first)
    bench.withhold()
    bench.new_process()

    bench.stage(first, stores={"aws": IRELAND})

    assert elsewhere.writes == ["claim", "stage"]
    assert any(f"aws secret {NAME} is left as it is (memory:" in one for one in bench.warnings)


def test_a_region_is_not_left_while_a_superseded_token_waits(
    bench: Bench, elsewhere: AwsMemory
) -> None:
    first = bench.stage(retireAfter=60)
    passed = bench.test(first)
    bench.give(orders=bench.account.spares["orders"])
    bench.new_process()
    second = bench.stage(first, retireAfter=60)
    bench.test(second, passed)
    for asked in (
        lambda new: bench.staged.diff(URN, second.inputs, second.state, new),
        lambda new: bench.staged.update(URN, second.state, new),
    ):
        bench.new_process()
        inputs = bench.staged_inputs(stores={"aws": IRELAND})
        checked = bench.staged.check(URN, second.inputs, inputs)

        with pytest.raises(RetirementOpenError, match="with the old name and store first"):
            asked(checked.inputs)

    assert elsewhere.writes == []


def test_one_secret_at_another_address_is_not_left(bench: Bench, elsewhere: AwsMemory) -> None:
    """As a Vault's new host name, or an endpoint of one's own, shows it."""
    elsewhere._secrets = bench.aws._secrets
    first = bench.stage()
    bench.new_process()

    bench.stage(first, stores={"aws": IRELAND})

    assert elsewhere.writes == ["claim"]
    assert bench.warnings == []


def test_the_same_place_is_not_reported(bench: Bench) -> None:
    first = bench.stage()
    bench.stage(first, description="another")

    assert bench.warnings == []


# --- cancelled -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "written"), [(0, []), (1, ["aws claim"])], ids=["at once", "after the claim"]
)
def test_cancelled_no_further_write_is_made(bench: Bench, allowed: int, written: list[str]) -> None:
    bench.host.cancelled = CancelAfter(allowed)

    with pytest.raises(CancelledError):
        bench.stage()

    assert bench.writes() == written


def test_cancelled_between_two_stores_keeps_the_first(bench: Bench) -> None:
    bench.host.cancelled = CancelAfter(2)

    half = bench.stage(stores=BOTH)

    assert half.failure is not None
    assert set(half.state["versions"]) == {"aws"}
    assert bench.writes() == ["aws claim", "aws stage"]


# --- read ----------------------------------------------------------------------------------------------


def test_read_finds_what_was_staged(bench: Bench) -> None:
    kept = bench.stage()
    bench.writes()

    found = bench.refresh(bench.staged, kept)

    assert found == Kept(kept.inputs, {**kept.state, "drift": {}})
    assert bench.writes() == []


def test_read_of_what_is_gone(bench: Bench) -> None:
    kept = bench.stage()
    bench.aws.lose(NAME)

    assert bench.refresh(bench.staged, kept) is None


def test_read_names_drift_and_leaves_the_digests(bench: Bench) -> None:
    kept = bench.stage()
    bench.aws.discard(NAME, VersionId(kept.state["versions"]["aws"]))

    found = bench.refresh(bench.staged, kept)

    assert found is not None
    assert found.state["drift"] == {"aws": f"aws secret {NAME} holds no credential yet"}
    assert found.inputs == kept.inputs


def test_read_of_what_only_one_store_has_lost(bench: Bench) -> None:
    kept = bench.stage(stores=BOTH)
    bench.vault.lose(NAME)

    found = bench.refresh(bench.staged, kept)

    assert found is not None
    assert found.state["drift"] == {"vault": f"vault secret {NAME} is gone"}


# --- import --------------------------------------------------------------------------------------------

TEXT = '{"account": "1234567_SB1"}'


def imported(bench: Bench) -> Kept:
    version = bench.write_as_another(TEXT)
    found = bench.staged.read(URN, f"aws:us-east-1:{NAME}", {}, {})
    assert found is not None
    inputs, state = found
    assert state["versions"] == {"aws": version}
    return Kept(wired(inputs), wired(state))


def test_import_takes_what_is_current(offline: Bench) -> None:
    kept = imported(offline)

    assert kept.inputs["secret"] == NAME
    assert kept.inputs["stores"]["aws"] == {"region": "us-east-1"}
    assert kept.state["imported"] is True
    assert offline.writes() == []


def test_import_of_what_is_not_there(offline: Bench) -> None:
    assert offline.staged.read(URN, "aws:us-east-1:absent", {}, {}) is None


def test_what_was_imported_can_be_refreshed(offline: Bench) -> None:
    kept = imported(offline)

    found = offline.refresh(offline.staged, kept)

    assert found == Kept(kept.inputs, {**kept.state, "drift": {}})
    assert offline.staged.diff(URN, found.inputs, found.state, found.inputs) == []


def test_what_was_imported_and_never_declared_is_forgotten_and_left(offline: Bench) -> None:
    kept = imported(offline)

    offline.staged.delete(URN, kept.state)

    assert offline.writes() == []
    assert "left as it is" in offline.warnings[0]


def test_what_was_imported_is_adopted_once_declared(bench: Bench) -> None:
    kept = imported(bench)

    declared = bench.stage(kept)

    owner = bench.snapshot().owner
    assert owner is not None
    assert owner.claim == declared.state["claim"]
    assert "imported" not in declared.state
    assert bench.warnings == []


# --- delete --------------------------------------------------------------------------------------------


def test_delete_takes_the_candidate_off_and_deletes_recoverably(bench: Bench) -> None:
    kept = bench.stage()
    bench.writes()

    bench.staged.delete(URN, kept.state)

    assert bench.writes() == ["aws discard", "aws remove"]
    assert bench.snapshot().deletion_at is not None


def test_delete_leaves_what_is_to_be_retained(bench: Bench) -> None:
    kept = bench.stage(retain=True)
    bench.writes()

    bench.staged.delete(URN, kept.state)

    assert bench.writes() == ["aws discard"]
    assert "on_delete: retain" in bench.warnings[0]


@pytest.mark.parametrize(
    "mark",
    [
        OwnerMark("acme/netsuite/test", "warehouse/orders", "the successor's"),
        OwnerMark("acme/other/prod", "billing/x", "theirs"),
    ],
)
def test_delete_leaves_what_carries_another_mark(bench: Bench, mark: OwnerMark) -> None:
    kept = bench.stage()
    bench.aws.claim(NAME, mark)
    bench.writes()

    bench.staged.delete(URN, kept.state)

    assert bench.writes() == []
    assert "does not carry our mark" in bench.warnings[0]


def test_delete_of_what_is_deleted_already_or_gone(bench: Bench) -> None:
    kept = bench.stage()
    bench.aws.remove(NAME)
    bench.writes()

    bench.staged.delete(URN, kept.state)
    bench.aws.lose(NAME)
    bench.staged.delete(URN, kept.state)

    assert bench.writes() == []


def test_delete_of_what_was_half_staged(bench: Bench) -> None:
    bench.vault.failing["stage"] = StoreUnavailableError("sealed")
    half = bench.stage(stores=BOTH)
    bench.writes()

    bench.staged.delete(URN, half.state)

    assert bench.writes() == ["aws discard", "aws remove", "vault remove"]


@pytest.mark.parametrize("allowed", [0, 1])
def test_a_cancelled_delete_stops_before_the_next_write(bench: Bench, allowed: int) -> None:
    kept = bench.stage()
    bench.writes()
    bench.host.cancelled = CancelAfter(allowed)

    with pytest.raises(CancelledError):
        bench.staged.delete(URN, kept.state)

    assert bench.writes() == ["aws discard", "aws remove"][:allowed]


@pytest.mark.parametrize("changes", [{}, {"description": "of orders"}, {"stores": BOTH}])
def test_state_fits_the_model_of_the_outputs(bench: Bench, changes: dict[str, Any]) -> None:
    kept = bench.stage(**changes)
    outputs = {
        field.alias: kept.state[field.alias or ""]
        for field in bench.staged.outputs.model_fields.values()
    }

    assert bench.staged.outputs.model_validate(outputs).properties() == outputs
