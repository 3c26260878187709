"""What the program declares is what the provider takes: records as inputs, through the wire and into the models."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import pytest

from tba_secrets.components import _no_stack_traces, smoke_inputs, staged_inputs
from tba_secrets.provider.codec import Properties
from tba_secrets.provider.handler import Wire
from tba_secrets.provider.properties import SmokeTestInputs, StagedCredentialInputs
from tba_secrets.records import CredentialRecord
from tba_secrets.spec.model import RestletCheck, Stores
from tests.pipeline.test_records import record
from tests.provider.bench import VAULT, wired

LEAST: dict[str, Any] = {}
MOST: dict[str, Any] = {
    "secret": "other/name",
    "adopt": True,
    "description": "for orders",
    "restore": True,
    "on_delete": "retain",
    "require_values": True,
    "format": {"token_id": "NS_TOKEN"},
    "user": {"email": "bot@example.com", "entity": "38"},
    "verify": {
        "checks": ["soap", {"restlet": {"script": "customscript_a", "deploy": "1"}}],
        "accept_unproven": ["role"],
        "always": True,
    },
    "token": {"command": {"argv": ["sops", "-d", "x.json"], "timeout": 5}},
    "after_promote": {"command": {"argv": ["kubectl", "rollout"], "timeout": 5}},
}
STORE = {
    "aws": {"region": "us-east-1", "tags": {"team": "erp"}, "replicas": [{"region": "eu-west-1"}]},
    "vault": VAULT,
}
each = pytest.mark.parametrize("token", [LEAST, MOST], ids=["least", "most"])


def _record(token: dict[str, Any]) -> CredentialRecord:
    more = {"store": STORE, "endpoint": "http://127.0.0.1:1", "concurrency": 7} if token else {}
    return record(token, **more)


def _taken(model: type[Wire], inputs: Properties) -> Any:
    assert set(inputs) <= {field.alias for field in model.model_fields.values()}
    assert None not in inputs.values()
    return model.model_validate(wired(inputs))


@each
def test_a_staged_credential_is_given_its_whole_record(token: dict[str, Any]) -> None:
    one = _record(token)

    taken = _taken(StagedCredentialInputs, staged_inputs(one))

    assert taken.record == one.path
    assert (taken.account, taken.endpoint, taken.secret) == (one.account, one.endpoint, one.secret)
    assert (taken.stores, taken.format) == (one.stores, one.format)
    assert taken.sources == {"consumer": one.consumer_source, "token": one.token_source}
    assert (taken.adopt, taken.restore, taken.retain) == (one.adopt, one.restore, one.retain)
    assert (taken.require_values, taken.description) == (one.require_values, one.description)
    assert not taken.preview
    assert taken.owner.count("/") == 2


@each
def test_a_smoke_test_is_given_its_whole_record(token: dict[str, Any]) -> None:
    one = _record(token)

    taken = _taken(SmokeTestInputs, smoke_inputs(one))

    assert taken.record == one.path
    assert (taken.account, taken.endpoint, taken.secret) == (one.account, one.endpoint, one.secret)
    assert (taken.stores, taken.format) == (one.stores, one.format)
    assert (taken.role, taken.user) == (one.role, one.user)
    assert taken.accept_unproven == one.verify.accept_unproven
    assert (taken.checks, taken.always) == (one.verify.checks, one.verify.always)
    assert taken.most_users == (7 if token else None)
    assert taken.after_promote == one.after_promote
    assert taken.withheld == one.withheld
    assert {*taken.withheld} == ({"KEY", "SECRET"} if token else set())
    assert taken.promote


@pytest.mark.parametrize(
    ("said", "meant"), [("", None), ("http://127.0.0.1:1", "http://127.0.0.1:1")]
)
def test_an_empty_endpoint_is_none(said: str, meant: str | None) -> None:
    one = {**smoke_inputs(_record(LEAST)), "endpoint": said}

    assert _taken(SmokeTestInputs, one).endpoint == meant


def test_the_cases_say_something() -> None:
    most = _record(MOST)

    assert any(isinstance(check, RestletCheck) for check in most.verify.checks)
    assert isinstance(most.stores, Stores)
    assert most.stores.vault is not None
    assert most.retain
    assert not _record(LEAST).retain


def test_what_is_not_said_is_not_sent() -> None:
    sent = staged_inputs(_record(LEAST))

    assert not {"adopt", "restore", "retain", "requireValues", "preview", "endpoint"} & set(sent)
    assert not {"always", "afterPromote", "withheld"} & set(smoke_inputs(_record(LEAST)))


@pytest.mark.parametrize("before", [None, 7])
def test_the_limit_of_tracebacks_is_as_it_was(
    before: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(sys, "tracebacklimit", raising=False)
    if before is not None:
        monkeypatch.setattr(sys, "tracebacklimit", before, raising=False)

    with suppress(ZeroDivisionError), _no_stack_traces():
        assert sys.tracebacklimit == 1
        raise ZeroDivisionError

    assert getattr(sys, "tracebacklimit", None) == before
