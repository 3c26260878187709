"""The parts of a credential: a client, and a key with all that goes with it."""

from __future__ import annotations

from tba_secrets.netsuite import mark_of
from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tests.netsuite.oauth2.support import CLIENT_ID, certified, credential


def test_the_parts_are_pairs() -> None:
    mine = credential()
    assert mine.pair("client") == Pair(Sensitive(CLIENT_ID), Sensitive(""))
    assert mine.pair("key") == Pair(Sensitive(mine.certificate_id), mine.private_key)
    assert CLIENT_ID not in repr(mine.pair("client"))


def test_a_part_is_exchanged() -> None:
    mine, other = credential(), certified(Algorithm.ES384)
    assert mine.with_key(other) == credential(other)
    assert mine.with_key(certified()) == mine
    newer = mine.with_client(Pair(Sensitive("another"), Sensitive("")))
    assert newer.client_id == Sensitive("another")
    assert newer.pair("key") == mine.pair("key")


def test_another_key_is_another_mark() -> None:
    assert mark_of(credential()) == mark_of(credential(scopes=("restlets",)))
    assert mark_of(credential()) != mark_of(credential(certified(serial=1)))
