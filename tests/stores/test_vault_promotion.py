"""What a promotion leaves in KV version 2: marks that are merged, ids that survive, and nothing half-done."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tba_secrets.errors import ConflictError, StoreError
from tba_secrets.sensitive import Sensitive, fingerprint
from tba_secrets.stores.interface import Candidate, OwnerMark, SecretName, Stage, VersionId
from tba_secrets.stores.vault.secret import KvSecret, described, kv_version, paths_of
from tests.stores.support import (
    CANARY,
    KEY,
    MARK,
    NAME,
    at_once,
    candidate,
    claimed,
    current,
    promoted,
    refusal,
    seen,
    value_of,
)
from tests.stores.vault_bench import CANDIDATE_PATH, TOKEN_VARIABLE, VaultBench, settings
from tests.stores.vault_server import ROOT_TOKEN, VaultProcess, shared_server

__all__ = ["shared_server"]

NOT_OBJECTS = ["x", "[]", '{"a": 1}', '{"a": {"b": "c"}}', "null"]


@pytest.fixture
def bench(vault: VaultProcess, monkeypatch: pytest.MonkeyPatch) -> VaultBench:
    monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)
    return VaultBench(vault.url)


# --- what is written beside a secret ----------------------------------------------------------------


def test_metadata_says_what_is_current_and_whose_it_is(bench: VaultBench) -> None:
    staged = candidate()
    bench.store.claim(NAME, MARK, "what it is for")
    version = promoted(bench.store, staged)
    told = bench.metadata()
    custom, created = told["custom_metadata"], told["versions"]["1"]["created_time"]
    assert custom["tba_current"] == f"1@{created}"
    assert custom["tba_current_id"] == version
    assert custom["tba_fingerprint"] == staged.fingerprint
    assert custom["tba_version_1"] == f"{created} {version} {staged.fingerprint}"
    assert custom["tba_stack"] == MARK.stack
    assert (custom["tba_integration"], custom["tba_token"]) == ("warehouse-sync", "bot")
    assert custom["description"] == "what it is for"
    age = datetime.now(UTC) - datetime.fromisoformat(custom["tba_promoted_at"])
    assert timedelta(seconds=-2) < age < timedelta(minutes=1)
    assert CANARY not in json.dumps(told)


def test_what_others_wrote_beside_it_stays(bench: VaultBench) -> None:
    others = {"team": "warehouse", "cost-center": "12"}
    bench.set_metadata(
        {
            "custom_metadata": others,
            "max_versions": 7,
            "delete_version_after": "720h0m0s",
            "cas_required": True,
        }
    )
    assert bench.store.describe(NAME) is None, "metadata without a version or a mark is no secret"
    claimed(bench.store)
    promoted(bench.store, candidate())
    promoted(bench.store, candidate())
    told = bench.metadata()
    assert others.items() <= told["custom_metadata"].items()
    assert (told["max_versions"], told["delete_version_after"]) == (7, "720h0m0s")
    assert told["cas_required"] is True


ABOUT_IT = {
    "account": "1234567_SB1",
    "role": "Warehouse Integration",
    "verified_at": "2026-01-02T03:04:05+00:00",
    "evidence": "account; role",
}
NOTED = {f"tba_{name}": text for name, text in ABOUT_IT.items()}


def noted(bench: VaultBench) -> dict[str, str]:
    """What the secret's metadata says of what was proven."""
    custom = bench.metadata()["custom_metadata"]
    return {key: text for key, text in custom.items() if key in NOTED}


def test_what_was_proven_is_merged_and_speaks_of_the_current_version_alone(
    bench: VaultBench,
) -> None:
    bench.set_metadata({"custom_metadata": {"team": "warehouse"}})
    claimed(bench.store)
    first = bench.store.stage(NAME, candidate(), None)
    bench.store.promote(NAME, first, None, ABOUT_IT)
    assert noted(bench) == NOTED
    assert bench.metadata()["custom_metadata"]["team"] == "warehouse"
    bench.store.promote(NAME, first, None, {**ABOUT_IT, "verified_at": "later"})
    assert noted(bench) == NOTED, "to test again writes nothing"
    second = bench.store.stage(NAME, candidate(), first)
    bench.store.promote(NAME, second, first, {"account": "1234567_SB1"})
    assert noted(bench) == {"tba_account": "1234567_SB1"}
    promoted(bench.store, candidate())
    assert noted(bench) == {}, "what was proven of another version is not said of this one"


def test_what_a_killed_run_did_not_note_is_noted_by_the_next(bench: VaultBench) -> None:
    """Killed between the write and the note: the next claim says whose it is, the next promotion what was proven."""
    claimed(bench.store)
    staged = candidate()
    version = bench.store.stage(NAME, staged, None)
    bench.write_as_another(NAME, staged.value.reveal(), Stage.CURRENT)
    claimed(bench.store)
    assert current(bench.store) == version
    assert noted(bench) == {}
    bench.store.promote(NAME, version, None, ABOUT_IT)
    assert noted(bench) == NOTED
    assert bench.metadata()["current_version"] == 1


def test_a_long_evidence_is_cut_and_an_unknown_word_is_not_kept(bench: VaultBench) -> None:
    claimed(bench.store)
    version = bench.store.stage(NAME, candidate(), None)
    bench.store.promote(NAME, version, None, {"evidence": "é" * 400, "something": "else"})
    assert len(noted(bench)["tba_evidence"].encode()) <= 512
    assert "tba_something" not in bench.metadata()["custom_metadata"]


def test_a_mount_that_requires_check_and_set_is_written(bench: VaultBench) -> None:
    bench.api.call("POST", f"{bench.mount}/config", {"cas_required": True, "max_versions": 3})
    claimed(bench.store)
    for _ in range(5):
        promoted(bench.store, candidate())
    bench.api.call("POST", f"{bench.mount}/data/{NAME}", {"data": {"a": "b"}}, expected=(400,))
    assert bench.metadata()["current_version"] == 5


def test_entries_are_bounded(bench: VaultBench) -> None:
    bench.set_metadata({"max_versions": 40})
    claimed(bench.store)
    versions = [promoted(bench.store, candidate()) for _ in range(14)]
    custom = bench.metadata()["custom_metadata"]
    kept = sorted(int(key.rpartition("_")[2]) for key in custom if key.startswith("tba_version_"))
    assert kept == list(range(5, 15))
    assert bench.store.restage(NAME, versions[4])
    assert not bench.store.restage(NAME, versions[3]), "its entry is gone: nobody knows it"


def test_a_mark_that_does_not_fit_is_refused_before_anything_is_written(bench: VaultBench) -> None:
    long = OwnerMark("s" * 513, MARK.record, "c")
    refusal(StoreError, lambda: bench.store.claim(NAME, long), "512", "tba_stack")
    assert bench.store.describe(NAME) is None


def test_a_long_description_is_cut_at_a_whole_character(bench: VaultBench) -> None:
    bench.store.claim(NAME, MARK, "é" * 400)
    written = bench.metadata()["custom_metadata"]["description"]
    assert written.startswith("é" * 200)
    assert len(written.encode()) <= 512


# --- identity -----------------------------------------------------------------------------------------


def test_an_entry_is_ignored_for_another_version_of_that_number(bench: VaultBench) -> None:
    """After the metadata was deleted numbering starts at 1 again: the number alone would be mistaken."""
    claimed(bench.store)
    version = promoted(bench.store, candidate())
    custom = bench.metadata()["custom_metadata"]
    bench.api.call("DELETE", f"{bench.mount}/metadata/{NAME}")
    theirs = bench.write_as_another(NAME, '{"a":"theirs"}', Stage.CURRENT)
    bench.set_metadata({"custom_metadata": custom})
    assert theirs.startswith("1@")
    assert current(bench.store) == theirs
    assert bench.store.read(NAME, version) is None
    assert not bench.store.restage(NAME, version)


def test_a_version_of_others_is_found_by_number_and_time(bench: VaultBench) -> None:
    first = bench.write_as_another(NAME, '{"a":"first"}', Stage.CURRENT)
    second = bench.write_as_another(NAME, '{"a":"second"}', Stage.CURRENT)
    claimed(bench.store)
    assert seen(bench.store).stages == {Stage.CURRENT: second, Stage.PREVIOUS: first}
    assert value_of(bench.store, first) == '{"a":"first"}'
    wrong = VersionId(f"1@{second.partition('@')[2]}")
    assert bench.store.read(NAME, wrong) is None
    assert bench.store.restage(NAME, first)
    bench.store.promote(NAME, first, second)
    assert current(bench.store) == first
    assert bench.default_read(NAME) == '{"a":"first"}'


def test_a_version_that_others_destroyed_is_gone(bench: VaultBench) -> None:
    claimed(bench.store)
    before = promoted(bench.store, candidate())
    promoted(bench.store, candidate())
    bench.api.call("PUT", f"{bench.mount}/destroy/{NAME}", {"versions": [1]})
    assert Stage.PREVIOUS not in seen(bench.store).stages
    assert bench.store.read(NAME, Stage.PREVIOUS) is None
    assert not bench.store.restage(NAME, before)


def test_a_current_version_that_others_destroyed_is_no_current(bench: VaultBench) -> None:
    """It cannot be restored, so the next promotion takes its place."""
    claimed(bench.store)
    promoted(bench.store, candidate())
    bench.api.call("PUT", f"{bench.mount}/destroy/{NAME}", {"versions": [1]})
    assert seen(bench.store).stages == {}
    assert bench.store.read(NAME, Stage.CURRENT) is None
    version = promoted(bench.store, candidate())
    assert seen(bench.store).stages == {Stage.CURRENT: version}


def test_drift_by_others_is_seen_and_undone(bench: VaultBench) -> None:
    claimed(bench.store)
    staged = candidate()
    version = promoted(bench.store, staged)
    theirs = bench.write_as_another(NAME, '{"a":"theirs"}', Stage.CURRENT)
    assert seen(bench.store).stages == {Stage.CURRENT: theirs, Stage.PREVIOUS: version}
    assert bench.store.restage(NAME, version)
    bench.store.promote(NAME, version, theirs)
    assert seen(bench.store).stages == {Stage.CURRENT: version, Stage.PREVIOUS: theirs}
    assert bench.default_read(NAME) == staged.value.reveal()


# --- half done ------------------------------------------------------------------------------------------


def test_a_promotion_without_its_entry_is_finished_by_claim(bench: VaultBench) -> None:
    """Killed between the value and the metadata: no second write."""
    claimed(bench.store)
    before = promoted(bench.store, candidate())
    staged = candidate()
    version = bench.store.stage(NAME, staged, before)
    bench.write_as_another(NAME, staged.value.reveal(), Stage.CURRENT)
    claimed(bench.store)
    assert seen(bench.store).stages == {Stage.CURRENT: version, Stage.PREVIOUS: before}
    assert bench.metadata()["current_version"] == 2
    assert bench.metadata(CANDIDATE_PATH) == {}


def test_a_promotion_without_its_entry_is_finished_by_promote(bench: VaultBench) -> None:
    claimed(bench.store)
    before = promoted(bench.store, candidate())
    staged = candidate()
    version = bench.store.stage(NAME, staged, before)
    native = bench.write_as_another(NAME, staged.value.reveal(), Stage.CURRENT)
    bench.store.promote(NAME, version, native)
    assert seen(bench.store).stages == {Stage.CURRENT: version, Stage.PREVIOUS: before}
    assert bench.metadata()["current_version"] == 2


def test_other_contents_are_not_taken_for_a_promotion(bench: VaultBench) -> None:
    """The broken twin: somebody else's value is not marked as ours."""
    claimed(bench.store)
    before = promoted(bench.store, candidate())
    version = bench.store.stage(NAME, candidate(), before)
    theirs = bench.write_as_another(NAME, '{"a":"theirs"}', Stage.CURRENT)
    claimed(bench.store)
    assert current(bench.store) == theirs
    refusal(ConflictError, lambda: bench.store.promote(NAME, version, before), NAME, theirs)
    assert current(bench.store) == theirs


def test_a_candidate_that_was_named_and_not_written_is_none(bench: VaultBench) -> None:
    """Killed between the two: the next run writes it."""
    claimed(bench.store)
    before = promoted(bench.store, candidate())
    staged = candidate()
    version = bench.store.stage(NAME, staged, before)
    bench.api.call("DELETE", f"{bench.mount}/metadata/{CANDIDATE_PATH}")
    assert "tba_candidate" in bench.metadata()["custom_metadata"]
    assert Stage.CANDIDATE not in seen(bench.store).stages
    assert bench.store.read(NAME, version) is None
    assert bench.store.stage(NAME, staged, before) == version
    assert seen(bench.store).stages[Stage.CANDIDATE] == version


def test_a_candidate_says_whose_it_is_in_the_write_that_makes_it(bench: VaultBench) -> None:
    claimed(bench.store)
    staged = candidate()
    version = bench.store.stage(NAME, staged, None)
    told = bench.metadata()["custom_metadata"]
    assert told["tba_candidate"] == f"1 {version} {staged.fingerprint}"
    held = bench.api.data(f"{bench.mount}/data/{CANDIDATE_PATH}") or {}
    assert held["data"] == {
        "tba_version": version,
        "tba_fingerprint": staged.fingerprint,
        "value": staged.value.reveal(),
    }
    assert CANARY not in json.dumps(told)


def test_a_candidate_that_others_wrote_over_ours_is_foreign(bench: VaultBench) -> None:
    claimed(bench.store)
    version = bench.store.stage(NAME, candidate(), None)
    theirs = bench.write_as_another(NAME, '{"a":"theirs"}', Stage.CANDIDATE)
    assert seen(bench.store).foreign_candidate
    error = refusal(
        ConflictError, lambda: bench.store.stage(NAME, candidate(), None), theirs, "metadata delete"
    )
    assert CANDIDATE_PATH in str(error)
    refusal(ConflictError, lambda: bench.store.promote(NAME, version, None), NAME)
    assert bench.default_read(NAME) is None


def test_a_candidate_that_is_current_already_is_taken_away(bench: VaultBench) -> None:
    """Killed between the entry and the end of the candidate."""
    claimed(bench.store)
    staged = candidate()
    version = bench.store.stage(NAME, staged, None)
    held = (bench.api.data(f"{bench.mount}/data/{CANDIDATE_PATH}") or {})["data"]
    bench.store.promote(NAME, version, None)
    bench.write_as_another(NAME, json.dumps(held), Stage.CANDIDATE)
    assert seen(bench.store).stages == {Stage.CURRENT: version}
    claimed(bench.store)
    assert bench.metadata(CANDIDATE_PATH) == {}


def test_racers_for_an_existing_secret(bench: VaultBench) -> None:
    """16 writers over one current version: one promotes, nobody's acknowledged write is lost, all others are told."""
    claimed(bench.store)
    before = promoted(bench.store, candidate())

    def race() -> str:
        staged = candidate()
        version = bench.store.stage(NAME, staged, before)
        bench.store.promote(NAME, version, before)
        return staged.value.reveal()

    ended = at_once([race] * 16)
    assert {type(error) for error in ended.errors} == {ConflictError}
    assert len(ended.results) == 1
    assert bench.default_read(NAME) == ended.results[0]
    assert seen(bench.store).stages[Stage.PREVIOUS] == before
    assert bench.metadata()["current_version"] == 2


def test_racers_that_find_nothing_there_do_not_undo_each_others_entries(bench: VaultBench) -> None:
    """Many rounds of the smallest race: both find no candidate, and both make its path."""
    for round_ in range(12):
        name = SecretName(f"{NAME}-{round_}")
        bench.store.claim(name, MARK)
        staged = [candidate() for _ in range(4)]

        def race(mine: Candidate, name: SecretName = name) -> None:
            bench.store.promote(name, bench.store.stage(name, mine, None), None)

        ended = at_once([lambda mine=mine: race(mine) for mine in staged])  # type: ignore[misc]
        assert {type(error) for error in ended.errors} <= {ConflictError}
        assert len(ended.results) == 1


# --- remove ---------------------------------------------------------------------------------------------


def test_remove_deletes_one_version_and_the_candidate(bench: VaultBench) -> None:
    claimed(bench.store)
    before = promoted(bench.store, candidate())
    bench.store.stage(NAME, candidate(), before)
    bench.store.remove(NAME)
    assert bench.default_read(NAME) is None
    assert bench.metadata(CANDIDATE_PATH) == {}
    assert bench.metadata()["versions"]["1"]["destroyed"] is False


def test_remove_of_what_was_never_written_takes_our_marks_off(bench: VaultBench) -> None:
    bench.set_metadata({"custom_metadata": {"team": "warehouse"}})
    claimed(bench.store)
    bench.store.stage(NAME, candidate(), None)
    bench.store.remove(NAME)
    assert bench.store.describe(NAME) is None
    assert bench.metadata()["custom_metadata"] == {"team": "warehouse"}
    claimed(bench.store)
    assert seen(bench.store).owner == MARK


def test_remove_leaves_the_candidate_of_others(bench: VaultBench) -> None:
    claimed(bench.store)
    promoted(bench.store, candidate())
    bench.write_as_another(NAME, '{"a":"theirs"}', Stage.CANDIDATE)
    bench.store.remove(NAME)
    assert bench.metadata(CANDIDATE_PATH)["current_version"] == 1


def test_a_deletion_that_is_due_later_is_none_now(bench: VaultBench) -> None:
    bench.set_metadata({"delete_version_after": "1h"})
    claimed(bench.store)
    version = promoted(bench.store, candidate())
    assert bench.metadata()["versions"]["1"]["deletion_time"] != ""
    assert seen(bench.store).deletion_at is None
    assert current(bench.store) == version


# --- values, names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", NOT_OBJECTS)
def test_what_is_no_flat_object_of_strings_is_refused(bench: VaultBench, text: str) -> None:
    claimed(bench.store)
    odd = Candidate(Sensitive(text), fingerprint(KEY, text))
    refusal(StoreError, lambda: bench.store.stage(NAME, odd, None), "flat JSON object")
    assert bench.metadata(CANDIDATE_PATH) == {}


ODD_NAMES = ["a/../b", "./a", "a//b", "/a", "a/", "..", ""]


@pytest.mark.parametrize("odd", ODD_NAMES)
def test_a_path_that_would_be_another_one_is_refused(bench: VaultBench, odd: str) -> None:
    name = SecretName(f"netsuite/{odd}" if odd else odd)
    for call in (
        lambda: bench.store.describe(name),
        lambda: bench.store.claim(name, MARK),
        lambda: bench.store.read(name, Stage.CURRENT),
        lambda: bench.store.remove(name),
    ):
        refusal(StoreError, call, "segment")
    listed = bench.api.call("LIST", f"{bench.mount}/metadata", expected=(404,))
    assert "data" not in listed


def test_names_with_every_character_that_is_allowed(bench: VaultBench) -> None:
    name = SecretName("netsuite/sandbox/a.b_c+d=e@f-g")
    bench.store.claim(name, MARK)
    promoted(bench.store, candidate(), name)
    listed = bench.api.call("LIST", f"{bench.mount}/metadata/netsuite/sandbox")
    assert listed["data"]["keys"] == ["a.b_c+d=e@f-g"]


def test_a_candidate_prefix_within_the_prefix_is_refused() -> None:
    declared = settings("http://127.0.0.1:1", "secret", candidate_prefix="netsuite/sandbox/next/")
    refusal(StoreError, lambda: paths_of(NAME, declared), "candidate_prefix", "outside")
    beside = settings("http://127.0.0.1:1", "secret", candidate_prefix="netsuite/next/")
    assert paths_of(NAME, beside).candidate == f"netsuite/next/{NAME}"


# --- pure -----------------------------------------------------------------------------------------------


def kv_secret(**version: object) -> KvSecret:
    """One version, seen at noon."""
    told = {"created_time": "2026-01-02T03:04:05.123456789Z", "deletion_time": "", **version}
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    return KvSecret(1, {1: kv_version(1, told)}, {}, noon)


@pytest.mark.parametrize(
    ("deletion", "live"),
    [
        ("", True),
        ("2026-01-02T12:00:05.5Z", True),
        ("2026-01-02T12:00:00.9Z", False),
        ("2026-01-02T11:59:59.123456789Z", False),
        ("2027-01-02T11:59:59Z", True),
    ],
)
def test_a_deletion_counts_once_its_time_has_come(deletion: str, live: bool) -> None:
    secret = kv_secret(deletion_time=deletion)
    assert (secret.live is not None) == live
    assert (secret.removed is None) == live


def test_a_destroyed_version_is_neither_live_nor_restorable() -> None:
    secret = kv_secret(destroyed=True)
    assert secret.live is None
    assert secret.removed is None


@pytest.mark.parametrize("odd", ["", "x", "1@", "tba_version", "2026 tba-x"])
def test_an_entry_of_another_form_is_ignored(odd: str) -> None:
    secret = replace(kv_secret(), custom={"tba_version_1": odd})
    assert secret.id_of(secret.versions[1]) == "1@2026-01-02T03:04:05.123456789Z"


def test_metadata_without_versions_is_described() -> None:
    secret = described({"current_version": 0, "versions": None, "custom_metadata": None}, None)
    assert secret.versions == {}
    assert secret.number == 0
