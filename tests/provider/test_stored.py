"""Parts that only the store has: `stored`, `prompt`, `authorize`."""

from __future__ import annotations

import json

import pytest

from tba_secrets.errors import NotOursError, StoreUnavailableError, TbaError, ValueNeededError
from tba_secrets.provider.intents import Obtaining, Rotation
from tba_secrets.provider.staged_credential import UNSEEN
from tba_secrets.simulator import Simulator
from tba_secrets.sources.interface import Pair
from tba_secrets.stores.interface import Stage
from tba_secrets.stores.versions import Origin
from tests.netsuite_account import Values
from tests.provider.bench import NAME, URN, Bench
from tests.provider.test_intents import RECORD, pair

WORDS = ["stored", "prompt", "authorize"]


def rotate(bench: Bench, values: Values) -> None:
    bench.host.intents = {RECORD: Rotation(lambda _obtaining: pair(values), origin=Origin.ISSUED)}


def stored_text(bench: Bench, token: Values) -> str:
    """As another tool has written it: our keys."""
    consumer = bench.account.consumers["warehouse"]
    return (
        f'{{"account": "{bench.account.id}", "consumer_key": "{consumer.identifier}", '
        f'"consumer_secret": "{consumer.secret}", "token_id": "{token.identifier}", '
        f'"token_secret": "{token.secret}"}}'
    )


@pytest.mark.parametrize("word", WORDS)
def test_check_needs_no_value(offline: Bench, word: str) -> None:
    checked = offline.staged.check(URN, {}, offline.staged_inputs(token=word, requireValues=True))

    assert checked.failures == {}
    assert checked.inputs["digests"]["token"] == UNSEEN


def test_a_source_without_a_value_still_fails(offline: Bench) -> None:
    offline.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    checked = offline.staged.check(URN, {}, offline.staged_inputs())

    assert set(checked.failures) == {"token"}


def test_what_was_seen_last_is_kept(offline: Bench) -> None:
    known = {"digests": {"consumer": "abcdef:0000000000000001", "token": "abcdef:0000000000000002"}}

    checked = offline.staged.check(URN, known, offline.staged_inputs(token="stored"))

    assert checked.inputs["digests"]["token"] == known["digests"]["token"]


def test_the_first_token_comes_with_a_rotation(bench: Bench) -> None:
    rotate(bench, bench.account.tokens["orders"])

    staged = bench.stage(token="authorize")
    bench.test(staged)

    assert bench.version(Stage.CURRENT) == staged.state["versions"]["aws"]
    bench.new_process()
    assert bench.stage(staged, token="authorize").state["versions"] == staged.state["versions"]


def test_the_consumer_signs_for_the_first_token(bench: Bench) -> None:
    asked: list[Pair] = []

    def obtain(obtaining: Obtaining) -> Pair:
        asked.append(obtaining.consumer)
        return pair(bench.account.tokens["orders"])

    bench.host.intents = {RECORD: Rotation(obtain, origin=Origin.ISSUED)}
    bench.stage(token="authorize")

    assert [one.identifier.reveal() for one in asked] == [
        bench.account.consumers["warehouse"].identifier
    ]


def test_a_plain_up_without_any_credential_says_how_it_comes(bench: Bench) -> None:
    with pytest.raises(ValueNeededError, match="nothing gives its token pair yet"):
        bench.stage(token="authorize")

    assert bench.writes() == []


def test_a_first_token_without_a_consumer_pair_is_not_asked_for(bench: Bench) -> None:
    rotate(bench, bench.account.tokens["orders"])

    with pytest.raises(ValueNeededError, match="consumer's source has no value"):
        bench.stage(token="authorize", consumer="stored")

    assert bench.writes() == []


def test_a_secret_of_others_is_refused_before_a_token_is_issued(bench: Bench) -> None:
    bench.write_as_another(stored_text(bench, bench.account.tokens["orders"]))

    def never(_obtaining: object) -> Pair:
        raise AssertionError("a token was asked for")

    bench.host.intents = {RECORD: Rotation(never, origin=Origin.ISSUED)}

    with pytest.raises(NotOursError, match="was not made by tba-secrets"):
        bench.stage(token="authorize")


def test_an_existing_secret_is_adopted_as_it_is(bench: Bench) -> None:
    version = bench.write_as_another(stored_text(bench, bench.account.tokens["orders"]))

    staged = bench.stage(token="stored", consumer="stored", adopt=True)
    bench.test(staged)

    assert staged.state["versions"] == {"aws": version}
    assert bench.version(Stage.CURRENT) == version


def test_an_existing_secret_without_its_account_is_adopted_with_it(bench: Bench) -> None:
    text = stored_text(bench, bench.account.tokens["orders"])
    version = bench.write_as_another(text.replace(f'"account": "{bench.account.id}", ', ""))

    staged = bench.stage(token="stored", consumer="stored", adopt=True)
    bench.test(staged)

    current = bench.aws.read(NAME, Stage.CURRENT)
    assert current is not None
    assert current.version != version
    assert json.loads(current.value.reveal()) == json.loads(text)


def test_a_first_token_killed_once_it_is_current_is_not_issued_again(bench: Bench) -> None:
    rotate(bench, bench.account.tokens["orders"])
    staged = bench.stage(token="authorize")
    bench.test(staged)
    bench.new_process()
    bench.hand_over(None)
    rotate(bench, bench.account.spares["orders"])

    again = bench.stage(staged, token="authorize")

    assert again.state["versions"] == staged.state["versions"]


def test_a_first_token_killed_before_it_was_tested_is_not_issued_again(bench: Bench) -> None:
    rotate(bench, bench.account.tokens["orders"])
    staged = bench.stage(token="authorize")
    for before in (None, staged):  # as the engine's state was lost, and as it was kept
        bench.new_process()
        rotate(bench, bench.account.spares["orders"])
        again = bench.stage(before, token="authorize")
        assert again.state["versions"] == staged.state["versions"]


def test_a_first_token_that_cannot_be_stored_is_revoked(bench: Bench, simulator: Simulator) -> None:
    rotate(bench, bench.account.tokens["orders"])
    bench.aws.failing["stage"] = StoreUnavailableError("no route")

    with pytest.raises(TbaError, match="issued: warehouse/orders: revoked"):
        bench.stage(token="authorize")

    assert simulator.state.token(bench.account.id, "orders").revoked
