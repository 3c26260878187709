"""Lives of one credential through both handlers that once ended wrong: each by its right outcome."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

import pytest

from tba_secrets.errors import ConflictError, NotOursError, StoreUnavailableError
from tba_secrets.provider.intents import Retire, Rollback, Rotation
from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.stores.interface import Stage
from tba_secrets.stores.journal import Retirement
from tba_secrets.stores.versions import Origin
from tests.netsuite_account import Values
from tests.provider.bench import AWS, BOTH, NAME, Bench, Kept
from tests.provider.test_intents import RECORD, pair
from tests.provider.test_stored import stored_text

A_DAY: Final = 86400
RETIRE: Final = Retire(in_use=lambda _token: None)


class Life:
    """One record from run to run, each in a process of its own, as `pulumi up` and `tba` drive it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.staged: Kept | None = None
        self.tested: Kept | None = None
        self.declared: dict[str, Any] = {}
        self.now = 1_800_000_000

    def up(self, intent: Any = None, **declared: Any) -> Kept:
        """One run; what is declared stays declared. Answers what is kept of the SmokeTest."""
        bench = self.bench
        bench.new_process()
        bench.host.clock = lambda: float(self.now)
        self.declared.update(declared)
        if intent is not None:
            bench.host.intents = {RECORD: intent}
            bench.hand_over(self.tested)
        self.staged = bench.stage(self.staged, **self.declared)
        assert self.staged.failure is None, self.staged.failure
        of_both = {key: self.declared[key] for key in ("format", "secret") if key in self.declared}
        self.tested = bench.test(self.staged, self.tested, **of_both)
        return self.tested

    def rotate(self, values: Values, origin: Origin = Origin.ROTATED, **more: Any) -> Kept:
        obtained = Rotation(lambda _: pair(values), origin=origin, overlap_seconds=A_DAY)
        return self.up(obtained, **more)

    def current(self, kind: str = "aws", name: Any = NAME) -> dict[str, str]:
        """What readers get."""
        stored = self.bench.stores[kind].read(name, Stage.CURRENT)
        assert stored is not None
        found: dict[str, str] = json.loads(stored.value.reveal())
        return found

    def states(self, kind: str = "aws") -> list[Retirement]:
        return sorted((one.state for one in self.bench.snapshot(kind).journal), key=str)


@pytest.fixture
def life(bench: Bench) -> Life:
    return Life(bench)


@pytest.fixture
def spare(life: Life) -> Values:
    return life.bench.account.spares["orders"]


@pytest.mark.parametrize("origin", [Origin.ROTATED, Origin.TYPED, Origin.ISSUED])
@pytest.mark.parametrize(
    "change",
    [
        {"stores": BOTH},
        {"format": {"token_id": "NS_TOKEN_ID"}},
        {"description": "edited"},
        {"digest key": "an-obviously-fake-key"},
    ],
    ids=["second store", "format", "description", "digest key"],
)
def test_no_setting_undoes_a_rotation(
    life: Life, spare: Values, change: dict[str, Any], origin: Origin
) -> None:
    """Though the source still gives the token from before."""
    life.up()
    life.rotate(spare, origin)
    key = change.pop("digest key", None)
    for _ in range(2):
        if key is not None:
            life.bench.monkeypatch.setattr("tests.provider.bench.Host", keyed(key))
        assert life.up(**change).failure is None

    for kind in change.get("stores", {"aws": None}):
        if kind != "order":
            held = life.current(kind)
            assert spare.identifier in (held.get("token_id"), held.get("NS_TOKEN_ID"))
    assert life.states() == [Retirement.OVERLAP]


def keyed(key: str) -> Any:
    """The provider under another `tba:digestKey`."""
    from tba_secrets.provider.host import Host

    return partial(Host, digest_key=key)


def test_an_adopted_secret_of_other_keys_masks_no_refused_login(life: Life) -> None:
    bench = life.bench
    theirs = stored_text(bench, bench.account.spares["orders"]).replace("token_id", "TOKEN")
    version = bench.write_as_another(theirs)
    bench.give(orders=Values())

    for refusals in (1, 2):
        kept = life.up(adopt=True)
        assert kept.failure is not None
        assert "HTTP 401" in str(kept.failure)
        assert len(kept.state["refusals"]) == refusals
    assert bench.version(Stage.CURRENT) == version


@pytest.mark.parametrize("waiting", [Origin.SOURCE, Origin.ISSUED])
def test_a_new_consumer_pair_is_used_whatever_waits(
    life: Life, spare: Values, simulator: Simulator, waiting: Origin
) -> None:
    life.up()
    simulator.state.faults.add(FaultKind.GARBAGE, "/rest/tokeninfo", times=None)
    if waiting is Origin.SOURCE:
        life.bench.give(orders=spare)
        assert life.up().failure is not None
    else:
        assert life.rotate(spare, Origin.ISSUED).failure is not None
    simulator.state.faults.clear()
    new = Values()
    integration = simulator.state.account(life.bench.account.id).integration("warehouse")
    integration.consumer_key, integration.consumer_secret = new.identifier, new.secret
    life.bench.account.consumers["warehouse"] = new
    life.bench.give(orders=life.bench.account.tokens["orders"])

    kept = life.up(Rotation(lambda _: pair(new), "consumer", Origin.CONSUMER))

    assert kept.failure is None, kept.failure
    assert life.current()["consumer_key"] == new.identifier
    wanted = life.bench.account.tokens["orders"] if waiting is Origin.SOURCE else spare
    assert life.current()["token_id"] == wanted.identifier


def test_a_copied_state_is_refused_and_a_renamed_stack_is_not(life: Life) -> None:
    life.up()
    copied = life.staged
    life.up(owner="acme/netsuite/renamed")
    life.staged, life.declared = copied, {}

    with pytest.raises(NotOursError, match="the state of that stack was copied"):
        life.up(description="edited")


def test_what_one_store_has_noted_of_a_revoke_is_not_asked_again(
    life: Life, spare: Values, simulator: Simulator
) -> None:
    life.up(stores=BOTH)
    life.rotate(spare)
    life.now += 2 * A_DAY
    life.bench.vault.failing["note"] = StoreUnavailableError("no route to the store")
    with pytest.raises(StoreUnavailableError):
        life.up(RETIRE)
    assert simulator.state.token(life.bench.account.id, "orders").revoked
    assert (life.states("aws"), life.states("vault")) == (
        [Retirement.REVOKED],
        [Retirement.OVERLAP],
    )
    life.bench.vault.failing.clear()
    failures = len(simulator.state.trail.failures())

    assert life.up(RETIRE).failure is None

    assert life.states("vault") == [Retirement.REVOKED]
    assert len(simulator.state.trail.failures()) == failures


def test_a_format_is_changed_and_a_token_rotated_in_one_run(life: Life, spare: Values) -> None:
    life.up()

    kept = life.rotate(spare, format={"token_id": "NS_TOKEN_ID"})

    assert kept.failure is None, kept.failure
    assert life.current()["NS_TOKEN_ID"] == spare.identifier
    assert life.states() == [Retirement.OVERLAP]


@pytest.mark.parametrize("again", [False, True])
def test_what_a_rollback_left_is_rotated_to_by_name_alone(
    life: Life, spare: Values, again: bool
) -> None:
    life.up()
    life.bench.give(orders=spare)
    life.rotate(spare)
    life.up(Rollback())
    old = life.bench.account.tokens["orders"].identifier
    asked = Rotation(lambda _: pair(spare), overlap_seconds=A_DAY, again=again)

    if again:
        assert life.up(asked).failure is None
    else:
        with pytest.raises(ConflictError, match="superseded before"):
            life.up(asked)

    assert life.current()["token_id"] == (spare.identifier if again else old)


def test_a_rollback_after_a_half_promotion(life: Life, spare: Values) -> None:
    life.up(stores=BOTH)
    life.bench.vault.failing["promote"] = StoreUnavailableError("no route to the store")
    assert life.rotate(spare).failure is not None
    life.bench.vault.failing.clear()
    old = life.bench.account.tokens["orders"].identifier
    assert (life.current("aws")["token_id"], life.current("vault")["token_id"]) == (
        spare.identifier,
        old,
    )

    kept = life.up(Rollback())

    assert kept.failure is None, kept.failure
    assert {life.current(kind)["token_id"] for kind in ("aws", "vault")} == {old}


# --- the age of a token is the age of its content -------------------------------------------------------


@pytest.mark.parametrize(
    "move",
    [
        {"secret": "renamed"},
        {"stores": {"aws": {**AWS, "prefix": "netsuite/moved/"}}},
        {"format": {"token_id": "NS_TOKEN_ID"}},
        {"stores": BOTH},
    ],
    ids=["rename", "prefix", "format", "second store"],
)
def test_a_move_makes_no_token_young(life: Life, move: dict[str, Any]) -> None:
    since = life.up().state["since"]
    assert since == life.now
    life.now += 100 * A_DAY

    kept = life.up(**move)

    assert kept.failure is None, kept.failure
    assert kept.state["verified"]
    assert kept.state["since"] == since


@pytest.mark.parametrize("before", [None, "one"])
def test_another_digest_key_makes_no_token_young(life: Life, before: str | None) -> None:
    """Digests under another key tell nothing; that the very version is current does."""
    use = partial(life.bench.monkeypatch.setattr, "tests.provider.bench.Host")
    if before is not None:
        use(keyed(before))
    since = life.up().state["since"]
    life.now += 100 * A_DAY
    use(keyed("another"))

    kept = life.up()

    assert kept.failure is None, kept.failure
    assert kept.state["since"] == since


def test_a_rollback_makes_no_token_young(life: Life, spare: Values) -> None:
    since = life.up().state["since"]
    life.now += 100 * A_DAY
    assert life.rotate(spare).state["since"] == life.now
    life.now += A_DAY

    assert life.up(Rollback()).state["since"] == since


def test_nobody_knows_how_old_an_adopted_token_is(life: Life) -> None:
    bench = life.bench
    bench.write_as_another(stored_text(bench, bench.account.tokens["orders"]))

    kept = life.up(adopt=True)

    assert kept.state["verified"]
    assert kept.state.get("since", 0) == 0
