"""Faults: what a caller sees, what took effect, and that the call after it is well."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from tba_secrets.simulator.aws import AccountState, AwsFaults, FaultRule, SecretsManagerServer
from tests.simulator.aws.rules import made, move, put
from tests.simulator.aws.support import client, code, labels, read, refused

Order = Callable[[AwsFaults], FaultRule]


def _values(server: SecretsManagerServer) -> list[str | None]:
    secret = server.state.secret("bot")
    assert secret is not None
    return [version.value.string for version in secret.versions.values() if version.value]


@pytest.mark.parametrize(
    ("order", "took_effect"),
    [
        (lambda faults: faults.refuse("PutSecretValue"), False),
        (lambda faults: faults.lose_reply("PutSecretValue"), True),
    ],
    ids=["refused", "lost reply"],
)
def test_reset_connection(
    secrets: Any, server: SecretsManagerServer, order: Order, took_effect: bool
) -> None:
    made(secrets, "bot")
    rule = order(server.faults)
    with pytest.raises(ConnectionClosedError):
        put(secrets, "bot", "two")
    assert ("two" in _values(server)) is took_effect
    assert rule.fired == 1
    assert put(secrets, "bot", "three")


@pytest.mark.parametrize(
    ("order", "expected", "status"),
    [
        (lambda faults: faults.throttle("PutSecretValue"), "ThrottlingException", 400),
        (lambda faults: faults.internal_error("PutSecretValue"), "InternalServiceError", 500),
    ],
    ids=["throttled", "500"],
)
def test_error_answer_has_no_effect(
    secrets: Any, server: SecretsManagerServer, order: Order, expected: str, status: int
) -> None:
    made(secrets, "bot")
    order(server.faults)
    got = refused(secrets.put_secret_value, SecretId="bot", SecretString="two")
    assert (got.code, got.status) == (expected, status)
    assert _values(server) == ["one"]
    put(secrets, "bot", "two")


@pytest.mark.parametrize(
    ("order", "took_effect"),
    [
        pytest.param(
            lambda faults: faults.truncate("PutSecretValue"), True, marks=pytest.mark.locked
        ),
        (lambda faults: faults.html("PutSecretValue"), False),
    ],
    ids=["truncated", "web page"],
)
def test_boto3_takes_a_broken_body_for_an_empty_success(
    secrets: Any, server: SecretsManagerServer, order: Order, took_effect: bool
) -> None:
    """A caller that does not look for the members of the answer is told nothing."""
    made(secrets, "bot")
    order(server.faults)
    answer = secrets.put_secret_value(SecretId="bot", SecretString="two")
    assert set(answer) == {"ResponseMetadata"}
    assert ("two" in _values(server)) is took_effect
    whole = secrets.put_secret_value(SecretId="bot", SecretString="three")
    assert {"VersionId", "VersionStages"} <= set(whole)


def test_garbage_body(secrets: Any, server: SecretsManagerServer) -> None:
    made(secrets, "bot")
    server.faults.garbage("PutSecretValue")
    with pytest.raises(UnicodeDecodeError):
        put(secrets, "bot", "two")
    assert _values(server) == ["one", "two"]


def test_rule_matches_operation_secret_and_count(
    secrets: Any, server: SecretsManagerServer
) -> None:
    made(secrets, "bot")
    made(secrets, "other")
    rule = server.faults.throttle("GetSecretValue", secret="bot", nth=2, times=2)
    never = server.faults.throttle("DeleteSecret")
    assert read(secrets, "other") == "one"
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(read(secrets, "bot"))
        except secrets.exceptions.ClientError:
            outcomes.append("throttled")
    assert outcomes == ["one", "throttled", "throttled", "one"]
    assert (rule.seen, rule.fired) == (4, 2)
    assert server.faults.unfired() == [never]


def test_clear_forgets_everything(secrets: Any, server: SecretsManagerServer) -> None:
    made(secrets, "bot")
    server.faults.throttle(times=None)
    server.faults.quota(rate=1, burst=0)
    assert code(secrets.get_secret_value, SecretId="bot") == "ThrottlingException"
    server.faults.clear()
    assert put(secrets, "bot", "two")


def test_stale_reads_show_the_state_before_the_last_write(
    secrets: Any, server: SecretsManagerServer
) -> None:
    one, two = made(secrets, "bot"), put(secrets, "bot", "two", "AWSPENDING")
    move(secrets, "bot", "AWSCURRENT", one, two)
    server.faults.stale("bot", reads=2)
    assert read(secrets, "bot") == "one"
    assert labels(secrets, "bot") == {"AWSCURRENT": one, "AWSPENDING": two}
    assert read(secrets, "bot") == "two"


def test_stale_read_does_not_find_a_new_secret_and_writes_are_not_stale(
    secrets: Any, server: SecretsManagerServer
) -> None:
    made(secrets, "bot")
    server.faults.stale("bot", reads=1)
    assert code(secrets.describe_secret, SecretId="bot") == "ResourceNotFoundException"
    server.faults.stale("bot", reads=1)
    put(secrets, "bot", "two")
    assert read(secrets, "bot") == "one"
    assert read(secrets, "bot") == "two"


def test_hooks_run_around_the_effect(secrets: Any, server: SecretsManagerServer) -> None:
    made(secrets, "bot")
    seen: list[list[str | None]] = []
    server.faults.before("PutSecretValue", do=lambda: seen.append(_values(server)))
    server.faults.after("PutSecretValue", do=lambda: seen.append(_values(server)))
    put(secrets, "bot", "two")
    put(secrets, "bot", "three")
    assert seen == [["one"], ["one", "two"]]


def test_hook_may_call_the_server(secrets: Any, server: SecretsManagerServer) -> None:
    """A rival writes between our read and our move: the move must lose."""
    one, two = made(secrets, "bot"), put(secrets, "bot", "two", "AWSPENDING")
    rival = client(server.url)
    server.faults.before("UpdateSecretVersionStage", do=lambda: put(rival, "bot", "rival's"))
    ids = {"VersionStage": "AWSCURRENT", "RemoveFromVersionId": one, "MoveToVersionId": two}
    got = code(secrets.update_secret_version_stage, SecretId="bot", **ids)
    assert got == "InvalidParameterException"
    assert read(secrets, "bot") == "rival's"
    rival.close()


def test_observers_have_the_state_to_themselves(server: SecretsManagerServer) -> None:
    inside: list[str] = []
    crowds: list[list[str]] = []

    def dwell(state: AccountState, action: str, name: str) -> None:
        inside.append(name)
        crowds.append(list(inside))
        time.sleep(0.02)
        inside.remove(name)

    server.observers.append(dwell)
    clients = [client(server.url) for _ in range(6)]
    names = [f"bot-{number}" for number in range(6)]
    threads = [
        threading.Thread(target=made, args=pair) for pair in zip(clients, names, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    for made_client in clients:
        made_client.close()
    assert sorted(crowds) == [[name] for name in names]


def test_what_an_observer_raises_is_raised_by_stop() -> None:
    def refuse_tags(state: AccountState, action: str, name: str) -> None:
        assert action != "TagResource", "no tags, please"

    server = SecretsManagerServer()
    secrets = client(server.start())
    server.observers.append(refuse_tags)
    made(secrets, "bot")
    tags = [{"Key": "a", "Value": "b"}]
    assert code(secrets.tag_resource, SecretId="bot", Tags=tags) == "InternalServiceError"
    secrets.close()
    with pytest.raises(AssertionError, match="no tags, please"):
        server.stop()
    server.start()
    server.stop()


def test_what_an_observer_raises_does_not_hide_the_failure_of_a_test() -> None:
    def refuse(state: AccountState, action: str, name: str) -> None:
        raise ValueError(action)

    def fail() -> None:
        with SecretsManagerServer() as server:
            server.observers.append(refuse)
            secrets = client(server.url)
            assert code(secrets.create_secret, Name="bot") == "InternalServiceError"
            secrets.close()
            raise LookupError("the test's own")

    with pytest.raises(LookupError, match="the test's own"):
        fail()


def test_latency_holds_up_one_call_and_no_other(secrets: Any, server: SecretsManagerServer) -> None:
    made(secrets, "bot")
    server.faults.latency(0.5, "PutSecretValue")
    other = client(server.url)
    started = time.monotonic()
    writer = threading.Thread(target=put, args=(secrets, "bot", "two"))
    writer.start()
    assert read(other, "bot") == "one"
    writer.join(timeout=30)
    assert time.monotonic() - started >= 0.5
    assert read(other, "bot") == "two"
    other.close()


def test_quota_counts_put_update_and_stage_together() -> None:
    now = [0.0]
    faults = AwsFaults(monotonic=lambda: now[0])
    with SecretsManagerServer(faults=faults) as server:
        secrets = client(server.url)
        one = made(secrets, "bot")
        faults.quota(rate=50, burst=3)
        two = put(secrets, "bot", "two")
        secrets.update_secret(SecretId="bot", Description="new")
        move(secrets, "bot", "AWSCURRENT", two, one)
        got = refused(secrets.put_secret_value, SecretId="bot", SecretString="three")
        assert (got.code, got.message) == ("ThrottlingException", "Rate exceeded")
        assert read(secrets, "bot") == "one"
        now[0] += 1 / 50
        put(secrets, "bot", "three")
        assert code(secrets.update_secret, SecretId="bot") == "ThrottlingException"
        secrets.close()


def test_threads_at_once_leave_one_holder_a_label(
    secrets: Any, server: SecretsManagerServer
) -> None:
    """16 rotators promote their own version from the same current one: one of them wins."""
    one = made(secrets, "bot")
    mine = [put(secrets, "bot", f"candidate-{n}", f"candidate-{n}") for n in range(16)]
    clients = [client(server.url) for _ in mine]
    won: list[str] = []

    def rotate(ours: Any, version: str) -> None:
        try:
            move(ours, "bot", "AWSCURRENT", one, version)
        except ours.exceptions.InvalidParameterException:
            return
        won.append(version)

    threads = [
        threading.Thread(target=rotate, args=pair) for pair in zip(clients, mine, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    for made_client in clients:
        made_client.close()
    assert len(won) == 1
    after = labels(secrets, "bot")
    assert (after["AWSCURRENT"], after["AWSPREVIOUS"]) == (won[0], one)
