"""Every rule of the contract on our server, and on moto with its known gaps."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from tests.simulator.aws.rules import RULES, Rule
from tests.simulator.aws.support import client


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def moto(moto_url: str) -> Iterator[Any]:
    made = client(moto_url)
    yield made
    made.close()


def _id(rule: Rule) -> str:
    return rule.check.__name__


def _on_moto(rule: Rule) -> Any:
    """The rule, as a strict expected failure where moto has a gap: a fix there must be noticed."""
    known = pytest.mark.xfail(
        strict=True, reason=f"moto: {rule.gap}", raises=(AssertionError, ClientError)
    )
    return pytest.param(rule, id=_id(rule), marks=[known] if rule.gap else [])


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_our_server_keeps_the_rule(secrets: Any, rule: Rule) -> None:
    rule.check(secrets, f"netsuite/{uuid.uuid4()}")


@pytest.mark.parametrize("rule", [_on_moto(rule) for rule in RULES])
def test_moto_keeps_the_rule(moto: Any, rule: Rule) -> None:
    rule.check(moto, f"netsuite/{uuid.uuid4()}")
