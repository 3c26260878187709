"""Environment -> records: what a token leaves unsaid is taken from `defaults:`, and then from ours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.spec.model import Environment, User, Verify

TOKEN: dict[str, Any] = {
    "name": "orders",
    "user": "bot@example.com",
    "token": {"env": {"id": "TOKEN_ID", "secret": "TOKEN_SECRET"}},
}


def environment(
    token: dict[str, Any] | None = None, defaults: dict[str, Any] | None = None, **more: Any
) -> Environment:
    integration = {
        "name": "warehouse",
        "consumer": {"env": {"key": "KEY", "secret": "SECRET"}},
        "role": {"name": "Warehouse Integration"},
        "tokens": [{**TOKEN, **(token or {})}],
    }
    base = {
        "version": 1,
        "account": "1234567_SB1",
        "store": {"aws": {"region": "us-east-1"}},
        "integrations": [integration],
    }
    return Environment.model_validate({**base, "defaults": defaults or {}, **more})


def record(token: dict[str, Any] | None = None, **more: Any) -> CredentialRecord:
    (only,) = credential_records(environment(token, **more))
    return only


def test_what_nobody_said() -> None:
    only = record()

    assert only.path == "warehouse/orders"
    assert only.secret == "orders"
    assert only.user == User(email="bot@example.com")
    assert only.verify == Verify()
    assert not any((only.retain, only.require_values, only.restore, only.adopt))
    assert only.endpoint is None
    assert (only.rotate_every, only.retire_after, only.warn_before) == (None, None, None)


POLICIES = [
    # (key, what is said, what is said instead, attribute, what that means, what the other means)
    (
        "verify",
        "always",
        {"checks": ["soap"]},
        "verify",
        Verify(always=True),
        Verify(checks=("soap",)),
    ),
    ("format", {"token_id": "A"}, {"token_id": "B"}, "format.token_id", "A", "B"),
    ("on_delete", "retain", "recoverable", "retain", True, False),
    ("require_values", True, False, "require_values", True, False),
    ("restore", True, False, "restore", True, False),
    ("rotate_every", "90d", "4w", "rotate_every", timedelta(days=90), timedelta(days=28)),
    ("retire_after", "0d", "12h", "retire_after", timedelta(0), timedelta(hours=12)),
    ("warn_before", "2w", "30m", "warn_before", timedelta(days=14), timedelta(minutes=30)),
]


def _attribute(record: CredentialRecord, path: str) -> object:
    value: object = record
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize(("key", "said", "instead", "path", "meant", "meant_instead"), POLICIES)
def test_defaults_hold_and_a_token_has_the_last_word(
    key: str, said: Any, instead: Any, path: str, meant: object, meant_instead: object
) -> None:
    assert _attribute(record(defaults={key: said}), path) == meant
    assert _attribute(record({key: said}), path) == meant
    assert _attribute(record({key: instead}, defaults={key: said}), path) == meant_instead
    assert _attribute(record({key: said}, defaults={key: instead}), path) == meant


def test_a_token_s_own_words() -> None:
    only = record(
        {
            "secret": "other/name",
            "adopt": True,
            "description": "for orders",
            "user": {"email": "bot@example.com", "entity": "38"},
        },
        endpoint="http://127.0.0.1:8917",
    )

    assert (only.secret, only.adopt, only.description) == ("other/name", True, "for orders")
    assert only.user.entity == "38"
    assert only.endpoint == "http://127.0.0.1:8917"


def test_every_token_in_the_file_s_order() -> None:
    spec = environment()
    integration = spec.integrations[0]
    tokens = tuple(integration.tokens[0].model_copy(update={"name": n}) for n in ("b", "a"))
    both = tuple(integration.model_copy(update={"name": n, "tokens": tokens}) for n in ("z", "y"))

    records = credential_records(spec.model_copy(update={"integrations": both}))

    assert [one.path for one in records] == ["z/b", "z/a", "y/b", "y/a"]


WEBHOOK = {"webhook": {"env": {"url": "READERS"}}}


def test_a_command_that_tells_readers_gets_no_variable_of_any_source() -> None:
    """Those of the whole environment: the process that runs it has them all."""
    hook = {"command": {"argv": ["kubectl"]}}
    told = environment({"after_promote": hook}).model_dump(mode="json", exclude_none=True)
    other = {**told["integrations"][0], "name": "billing"}
    other["consumer"] = {"file": {"path": "x.json"}}
    other["tokens"] = [{**TOKEN, "name": "a", "token": {"env": {"id": "A", "secret": "B"}}}]
    other["tokens"] += [{**TOKEN, "name": "b", "token": "authorize", "after_promote": WEBHOOK}]
    both = Environment.model_validate({**told, "integrations": [*told["integrations"], other]})

    one, silent, posting = credential_records(both)

    assert one.after_promote is not None
    assert sorted(one.withheld) == ["A", "B", "KEY", "SECRET", "TOKEN_ID", "TOKEN_SECRET"]
    assert (silent.after_promote, silent.withheld, posting.withheld) == (None, (), ())
    assert posting.after_promote is not None
