"""What is kept, for how long, and what a reader is told where there is nothing to keep."""

from __future__ import annotations

import logging
from threading import Event, Thread

import pytest

from tba_secrets import client
from tba_secrets.client import NoCredentialError, Options
from tba_secrets.client.current import CurrentCredential
from tba_secrets.client.pace import Pace
from tba_secrets.errors import AccessDeniedError, StoreError, StoreUnavailableError
from tba_secrets.payload import render
from tba_secrets.sensitive import Sensitive
from tba_secrets.simulator.aws import ACCESS_KEY_ID
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import SecretName, Stage, StoredVersion, VersionId
from tba_secrets.stores.versions import PLACEHOLDER
from tests.client.support import HANG_GUARD_SECONDS, NAME, World
from tests.netsuite_account import Values
from tests.stores.memory import MemoryStore
from tests.stores.support import MARK, at_once


def test_the_store_is_read_once_within_the_age(here: World) -> None:
    with here.session(max_age_seconds=300) as session:
        for _ in range(5):
            session.get(here.url)
            here.clock.now += 59
        assert here.reads == 1
        here.clock.now += 5
        session.get(here.url)
        assert here.reads == 2


def test_an_outage_of_the_store_is_bridged_and_told(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with here.session() as session:
        session.get(here.url)
        here.aws.faults.refuse("GetSecretValue", times=None)
        here.clock.now += 301
        assert session.get(here.url).status_code == 200
        reads = here.reads
        assert session.get(here.url).status_code == 200
        assert here.reads == reads, "it is asked again only after a while"
        here.clock.now += 3600 - 301 - 1
        assert session.get(here.url).status_code == 200
        here.clock.now += 1
        with pytest.raises(StoreUnavailableError):
            session.get(here.url)
        here.aws.faults.clear()
        assert session.get(here.url).status_code == 200
    assert "cannot be read at present" in caplog.text


def test_an_outage_during_a_rotation_leaves_the_401(here: World) -> None:
    with here.session() as session:
        session.get(here.url)
        here.rotate()
        here.aws.faults.refuse("GetSecretValue", times=None)
        assert session.get(here.url).status_code == 401
        with pytest.raises(StoreUnavailableError):  # refused, and nothing says that it is good
            session.get(here.url)
        here.aws.faults.clear()
        assert session.get(here.url).status_code == 200
    assert len(here.refused) == 1


def test_an_outage_at_the_first_read_is_an_error(here: World) -> None:
    here.aws.faults.refuse("GetSecretValue", times=None)
    with here.session() as session, pytest.raises(StoreUnavailableError):
        session.get(here.url)
    assert here.logins == []


def test_a_refusal_of_the_store_is_not_bridged(here: World) -> None:
    with here.session() as session:
        session.get(here.url)
        here.aws.identities.add(ACCESS_KEY_ID, "reader", denied=["GetSecretValue"])
        here.clock.now += 301
        with pytest.raises(AccessDeniedError, match="secretsmanager:GetSecretValue"):
            session.get(here.url)


def test_a_placeholder_is_named(here: World) -> None:
    name = SecretName("netsuite/test/new")
    here.bench.store.claim(name, MARK)
    session = client.session(here.bench.store, name, endpoint=here.netsuite.url)
    with pytest.raises(NoCredentialError, match="no credential has passed its checks yet"):
        session.get(here.url)
    assert here.logins == []


def test_a_placeholder_that_somebody_copied_is_named_too() -> None:
    store = MemoryStore()
    store.write_as_another(SecretName("a"), Sensitive(PLACEHOLDER.replace(": ", ":")))
    with pytest.raises(NoCredentialError, match="no credential has passed"):
        CurrentCredential(store, SecretName("a"), Format(), Pace()).held()


def test_an_absent_secret_is_named(here: World) -> None:
    session = client.session(here.bench.store, "netsuite/test/typo")
    with pytest.raises(NoCredentialError, match=r"netsuite/test/typo .* is absent"):
        session.get(here.url)


def test_other_keys_are_found_by_their_format(here: World) -> None:
    names = Format(token_id="tokenId", token_secret="tokenSecret")
    value = render(here.credential(here.account.tokens["orders"]), names)
    here.bench.write_as_another(NAME, value.reveal(), Stage.CURRENT)
    with here.session(format=names) as session:
        assert session.get(here.url).status_code == 200
    with here.session() as session, pytest.raises(StoreError, match="lacks token_id, token_secret"):
        session.get(here.url)


class SlowStore(MemoryStore):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let = Event(), Event()
        self.let.set()
        self.reads = 0

    def _read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        self.reads += 1
        self.asked.set()
        assert self.let.wait(HANG_GUARD_SECONDS)
        return super()._read(name, which)


@pytest.fixture
def slow(here: World) -> SlowStore:
    store = SlowStore()
    store.write_as_another(NAME, render(here.credential(Values()), Format()))
    return store


def test_threads_share_one_read(here: World, slow: SlowStore) -> None:
    current = CurrentCredential(slow, NAME, Format(), Pace(monotonic=here.clock))
    outcomes = at_once([current.held] * 8)
    assert outcomes.errors == []
    assert len(set(outcomes.results)) == 1
    assert slow.reads == 1


def test_nobody_waits_for_a_slow_store_where_something_is_kept(
    here: World, slow: SlowStore
) -> None:
    current = CurrentCredential(slow, NAME, Format(), Pace(monotonic=here.clock))
    kept = current.held()
    here.clock.now += 301
    slow.let.clear()
    slow.asked.clear()
    reader = Thread(target=current.held)
    reader.start()
    assert slow.asked.wait(HANG_GUARD_SECONDS)
    assert current.held() is kept
    slow.let.set()
    reader.join(HANG_GUARD_SECONDS)
    assert current.held() is not kept


WRONG: list[Options] = [
    {"at_once": 0},
    {"max_age_seconds": -1},
    {"max_age_seconds": 60, "max_stale_seconds": 30},
]


@pytest.mark.parametrize("options", WRONG)
def test_a_pace_that_cannot_be_kept_is_refused(options: Options) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        client.session(MemoryStore(), NAME, **options)
