"""Read back, then promote: only what came back from every store, only with evidence, only what was not moved since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tba_secrets.errors import CheckFailedError, ConflictError, StoreError, ValueNeededError
from tba_secrets.netsuite.evidence import Evidence, Verification
from tba_secrets.places import Place
from tba_secrets.promote import noted, promote
from tba_secrets.read_back import ReadBack, read_back
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import Stage, VersionId
from tests.pipeline.support import (
    MARK,
    NAME,
    AwsMemory,
    RecordingStore,
    VaultMemory,
    candidate,
    credential,
    current,
    place,
    stage,
)

A, B = candidate("token-secret-a"), candidate("token-secret-b")


def evidence(*proven: str) -> Evidence:
    return Evidence(
        check="rest",
        account=None,
        role_name=None,
        role_id=None,
        entity=None,
        at=1.0,
        latency_seconds=0.1,
        clock_skew_seconds=None,
        proven=proven,
        not_proven=(),
    )


PASSED = Verification((evidence("rest"),))


@pytest.fixture
def places() -> dict[str, Place]:
    return {"aws": place(AwsMemory()), "vault": place(VaultMemory())}


def staged(places: dict[str, Place], value: object = A) -> dict[str, VersionId]:
    assert isinstance(value, type(A))
    return {kind: stage(one, value).version for kind, one in places.items()}


def store(places: dict[str, Place], kind: str = "aws") -> RecordingStore:
    found = places[kind].store
    assert isinstance(found, RecordingStore)
    return found


def back(places: dict[str, Place], versions: dict[str, VersionId]) -> ReadBack:
    snapshots = {kind: one.store.describe(one.name) for kind, one in places.items()}
    return read_back(places, versions, Format(), snapshots)


def promoted(places: dict[str, Place], found: ReadBack, verification: Verification) -> None:
    """Promote what was read back from the first store."""
    promote(places["aws"], found.versions["aws"], found.current["aws"], verification)


# --- read_back ---------------------------------------------------------------------------------------


def test_what_every_store_gives_back(places: dict[str, Place]) -> None:
    before = current(store(places), B)
    versions = staged(places)

    found = back(places, versions)

    assert found.credential == credential("token-secret-a")
    assert found.versions == versions
    assert found.current["aws"] == before
    assert found.current["vault"] not in (None, versions["vault"])


def test_nothing_is_written_by_reading(places: dict[str, Place]) -> None:
    versions = staged(places)
    store(places).writes.clear()

    back(places, versions)

    assert store(places).writes == []


def test_a_store_that_is_not_named_gives_its_current_version(places: dict[str, Place]) -> None:
    versions = {kind: current(store(places, kind), A) for kind in places}

    found = back(places, {})

    assert found.versions == found.current == versions


def test_a_version_that_is_gone_needs_the_value(places: dict[str, Place]) -> None:
    versions = staged(places)

    with pytest.raises(ValueNeededError, match=f"vault secret {NAME}: the version .* is gone"):
        back(places, {**versions, "vault": VersionId("tba-gone")})


def test_an_absent_secret_needs_the_value(places: dict[str, Place]) -> None:
    with pytest.raises(ValueNeededError, match="aws secret"):
        back(places, {})


def test_the_placeholder_is_named_and_is_no_credential(places: dict[str, Place]) -> None:
    store(places).claim(NAME, MARK)

    with pytest.raises(ValueNeededError, match="holds no credential yet"):
        back({"aws": places["aws"]}, {})


def test_two_stores_must_agree(places: dict[str, Place]) -> None:
    first = stage(places["aws"], A).version
    second = stage(places["vault"], B).version

    with pytest.raises(
        ConflictError, match=r"aws secret .* and vault secret .* different"
    ) as error:
        back(places, {"aws": first, "vault": second})

    assert "token-secret" not in str(error.value)


def test_what_is_no_credential_is_refused(places: dict[str, Place]) -> None:
    store(places).write_as_another(NAME, Sensitive('{"password": "obviously fake"}'))

    with pytest.raises(StoreError, match="lacks account, consumer_key"):
        back({"aws": places["aws"]}, {})


# --- promote -----------------------------------------------------------------------------------------


def test_what_has_passed_becomes_current(places: dict[str, Place]) -> None:
    found = back(places, staged(places))

    promoted(places, found, PASSED)

    stored = store(places).read(NAME, Stage.CURRENT)
    assert stored is not None
    assert stored.version == found.versions["aws"]
    assert "promote" not in store(places, "vault").writes


def test_what_was_proven_is_noted_with_the_version(places: dict[str, Place]) -> None:
    found = back(places, staged(places))
    tokeninfo = replace(evidence("account", "role"), account="1234567_SB1", role_name="Warehouse")
    both = Verification((tokeninfo, replace(evidence("rest", "role"), at=86400.0)))

    promoted(places, found, both)

    assert store(places).about(NAME) == {
        "account": "1234567_SB1",
        "role": "Warehouse",
        "verified_at": "1970-01-02T00:00:00+00:00",
        "evidence": "account; role; rest",
    }
    assert "token-secret" not in repr(store(places).about(NAME))


def test_what_is_not_known_is_not_noted_and_a_long_text_is_cut() -> None:
    told = noted(Verification((evidence("x" * 600),)))

    assert told == {"verified_at": "1970-01-01T00:00:01+00:00", "evidence": "x" * 500}


@pytest.mark.parametrize(
    "nothing", [Verification(()), Verification((evidence(),))], ids=["no check", "nothing proven"]
)
def test_without_proof_nothing_is_promoted(places: dict[str, Place], nothing: Verification) -> None:
    found = back(places, staged(places))
    store(places).writes.clear()

    with pytest.raises(CheckFailedError, match="nothing is promoted"):
        promoted(places, found, nothing)

    assert store(places).writes == []


def test_promoting_what_is_current_changes_nothing(places: dict[str, Place]) -> None:
    current(store(places), A)
    alone = {"aws": places["aws"]}
    found, before = back(alone, {}), store(places).describe(NAME)

    promoted(places, found, PASSED)

    assert store(places).describe(NAME) == before


def test_current_moved_meanwhile_is_a_conflict(places: dict[str, Place]) -> None:
    found = back(places, staged(places))
    theirs = store(places).write_as_another(NAME, B.value)

    with pytest.raises(ConflictError, match=theirs):
        promoted(places, found, PASSED)

    stored = store(places).read(NAME, Stage.CURRENT)
    assert stored is not None
    assert stored.version == theirs


def test_what_was_current_and_was_moved_meanwhile_is_a_conflict_too(
    places: dict[str, Place],
) -> None:
    current(store(places), A)
    found = back({"aws": places["aws"]}, {})
    store(places).write_as_another(NAME, B.value)

    with pytest.raises(ConflictError):
        promoted(places, found, PASSED)


def test_another_candidate_meanwhile_is_a_conflict(places: dict[str, Place]) -> None:
    found = back(places, staged(places))
    stage(places["aws"], B)

    with pytest.raises(ConflictError, match="is not the candidate any more"):
        promoted(places, found, PASSED)
