"""A flow that is ready to run against the simulator, and what its tests look at afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.netsuite.flow import Person, authorize
from tba_secrets.netsuite.flow_steps import Application
from tba_secrets.sensitive import Sensitive
from tba_secrets.simulator import Simulator
from tba_secrets.sources.interface import Pair
from tests.netsuite.support import RECORD, KeepingSender
from tests.simulator.accounts import ACCOUNT, APPLICATION, BOT, ROLE, Keys

EXPECTED = Expected(ACCOUNT, ROLE, "1042", BOT, "38")
ONE, THREE = "/rest/requesttoken", "/rest/accesstoken"
Flow = Callable[..., Pair]


def application(keys: Keys, endpoint: str | None, account: str = ACCOUNT) -> Application:
    """The integration record whose keys these are."""
    consumer = Pair(Sensitive(keys.consumer_key), Sensitive(keys.consumer_secret))
    return Application(APPLICATION, account, consumer, endpoint)


def flow_of(asks: Application, sender: KeepingSender) -> Flow:
    """Runs the flow with a person that is given, and never really sleeps."""

    def run(who: Person, expected: Expected = EXPECTED, **settings: object) -> Pair:
        arguments: dict[str, object] = {
            "record": RECORD,
            "sender": sender,
            "sleep": lambda _: None,
            "probe": ClockProbe(),
        }
        return authorize(asks, expected, who, **(arguments | settings))  # type: ignore[arg-type]

    return run


def posts(sender: KeepingSender, path: str) -> int:
    """How often a step was sent."""
    return sum(urlsplit(str(request.url)).path == path for request in sender.signed)


def tokens(simulator: Simulator) -> int:
    """How many access tokens the account has."""
    return len(simulator.state.account(ACCOUNT).tokens)


def keys_of(keys: Keys, pair: Pair) -> Keys:
    """The consumer pair with an issued token."""
    return replace(keys, token_id=pair.identifier.reveal(), token_secret=pair.secret.reveal())
