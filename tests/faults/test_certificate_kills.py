"""A certificate's create and rotation, cut at every request to the store and to NetSuite; then a run finishes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tba_secrets.simulator import FaultKind, Simulator, SimulatorConfig
from tba_secrets.simulator.aws import Secret, SecretsManagerServer
from tests.deep import rest_is_deep
from tests.faults.provider_run import Ended, Order, Provider
from tests.faults.scene import AWS_ENVIRONMENT
from tests.netsuite_account import NetSuiteAccount
from tests.netsuite_certificates import allow_certificates, upload, watch_logins
from tests.stores.aws_bench import settings

pytestmark = pytest.mark.faults

PREFIX: Final = "netsuite/sandbox/"
UP, MADE, RETIRE = Order(), Order(made=True), Order(retire=True, at_once=True)


@dataclass
class Certificates:
    """A record with certificates; what NetSuite has, and what it has given access tokens to."""

    account: NetSuiteAccount
    netsuite: Simulator
    aws: SecretsManagerServer
    provider: Provider
    proven: set[str] = field(default_factory=set)
    """The certificates that NetSuite has taken at a login."""

    def run(self, order: Order, *, last: int | None = None) -> Ended:
        """Carry an order out, to its end or to a request; what readers get then has passed."""
        ended = self.provider.run(Order(**{**vars(order), "kill_before": last}))
        current = self.current()
        assert current is None or current in self.proven
        held = self.held()
        assert set(self.active()) <= held, "NetSuite has a certificate that no store holds"
        return ended

    def done(self, order: Order) -> Ended:
        """Carry an order out that must succeed."""
        ended = self.run(order)
        assert not ended.error, ended.error
        return ended

    def anew(self, name: str) -> None:
        """Forget the state, and go on with another secret."""
        self.provider.secret = name
        for kept in ("staged.json", "smoke.json"):
            (self.provider.folder / kept).unlink(missing_ok=True)
        self.only(None)

    def only(self, kept: str | None) -> None:
        """Nothing else takes a place of the integration record."""
        for one in self.mappings:
            one.revoked = one.facts.certificate_id != kept

    @property
    def mappings(self) -> list[Any]:
        return self.netsuite.state.account(self.account.id).certificates

    def active(self) -> list[str]:
        return [one.facts.certificate_id for one in self.mappings if not one.revoked]

    @property
    def secret(self) -> Secret | None:
        return self.aws.state.secret(PREFIX + self.provider.secret)

    def labelled(self, label: str) -> dict[str, str] | None:
        """What a label of the secret is on; None where it is on no certificate."""
        secret = self.secret
        version = None if secret is None else secret.labels.get(label)
        if secret is None or version is None:
            return None
        text = secret.versions[version].value
        content = json.loads(text.string or "{}") if text is not None else {}
        return content if "certificate_id" in content else None

    def current(self) -> str | None:
        return (self.labelled("AWSCURRENT") or {}).get("certificate_id")

    def held(self) -> set[str]:
        """The certificates of every version of the secret."""
        secret = self.secret
        if secret is None:
            return set()
        texts = [one.value.string or "" for one in secret.versions.values() if one.value]
        return {json.loads(text).get("certificate_id", "") for text in texts} - {""}

    def waiting(self) -> str | None:
        """The certificate that waits for its proof."""
        found = (self.labelled("AWSPENDING") or {}).get("certificate_id")
        return None if found == self.current() else found

    def upload(self) -> bool:
        """Do what a person does with the certificate that waits; whether one does."""
        waiting = self.labelled("AWSPENDING")
        if waiting is None or waiting["certificate_id"] in {*self.active(), self.current()}:
            return False
        upload(self.netsuite, self.account.id, waiting["certificate"])
        return True

    def begin(self) -> str:
        """The first certificate is uploaded, proven and current."""
        assert "waits for its upload" in self.run(UP).error
        assert self.upload()
        self.done(UP)
        current = self.current()
        assert current is not None
        return current


@pytest.fixture
def scene(
    tmp_path: Path, no_local_settings: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Certificates]:
    account = NetSuiteAccount()
    with (
        Simulator(SimulatorConfig.from_dict(account.simulator_config())) as netsuite,
        SecretsManagerServer() as aws,
    ):
        allow_certificates(netsuite, account.id)
        stores = {
            "aws": settings(aws.url, prefix=PREFIX).model_dump(mode="json", exclude_none=True)
        }
        environment = {**account.environment(), **AWS_ENVIRONMENT}
        provider = Provider(tmp_path, account, netsuite.url, stores, environment)
        provider.certificate = {"by": "api"}
        scene = Certificates(account, netsuite, aws, provider)
        watch_logins(monkeypatch, scene.proven.add)
        yield scene


def test_a_create_that_is_killed_before_any_request(scene: Certificates) -> None:
    requests = scene.run(UP).requests
    assert requests > 4
    for last in range(1, requests + 1):
        scene.anew(f"create-{last}")
        assert scene.run(UP, last=last).killed
        staged = scene.waiting()
        if not scene.upload():
            assert "waits for its upload" in scene.run(UP).error
            assert scene.upload()
        scene.done(UP)
        if staged is not None:
            assert scene.held() == {staged}, "another key was made where one was staged"
            assert scene.current() == staged
        assert len(scene.held()) <= 2, "the store may have taken one that it had not labelled yet"
    assert scene.provider.kills == requests


def test_a_first_proof_that_is_killed_before_any_request(scene: Certificates) -> None:
    scene.run(UP)
    scene.upload()
    requests = scene.done(UP).requests
    for last in range(1, requests + 1):
        scene.anew(f"proof-{last}")
        assert "waits for its upload" in scene.run(UP).error
        assert scene.upload()
        assert scene.run(UP, last=last).killed
        scene.done(UP)
        assert scene.held() == {scene.current()}


@pytest.mark.parametrize(
    "after",
    rest_is_deep([MADE, UP], lambda after: after is MADE),
    ids=["taken up by itself", "taken up by an update"],
)
def test_a_rotation_that_is_killed_before_any_request(scene: Certificates, after: Order) -> None:
    scene.begin()
    requests = scene.done(MADE).requests
    scene.done(RETIRE)
    assert requests > 10
    for last in range(1, requests + 1):
        before, known, mapped = scene.current(), scene.held(), len(scene.mappings)
        assert scene.run(MADE, last=last).killed
        staged = scene.waiting() or (scene.current() if scene.current() != before else None)
        scene.done(after)
        if staged is not None:
            assert scene.held() - known == {staged}, "another key was made where one was staged"
        if staged is not None or after is MADE:
            assert scene.current() == (staged or scene.current()) != before
            assert len(scene.mappings) == mapped + 1, "one POST has brought one certificate"
        else:
            assert scene.current() == before
        assert scene.waiting() is None
        scene.done(RETIRE)
        assert scene.active() == [scene.current()]
    assert scene.provider.kills == requests


def test_a_retirement_that_is_killed_before_any_request(scene: Certificates) -> None:
    scene.begin()
    scene.done(MADE)
    requests = scene.done(RETIRE).requests
    for last in range(requests - 8, requests + 1):  # what comes before is the proof
        scene.done(MADE)
        assert scene.run(RETIRE, last=last).killed
        scene.done(RETIRE)
        assert scene.active() == [scene.current()]


@pytest.mark.parametrize(
    ("kind", "path", "method"),
    rest_is_deep(
        [
            (FaultKind.ANSWER_LOST, "/certificates$", "POST"),
            (FaultKind.ANSWER_LOST, "/certificates$", "GET"),
            (FaultKind.TRUNCATED, "/certificates$", "POST"),
            (FaultKind.GARBAGE, "/certificates$", "POST"),
            (FaultKind.SERVER_ERROR, "/certificates$", "POST"),
            (FaultKind.RESET, "/certificates$", "POST"),
            (FaultKind.ANSWER_LOST, "/oauth2/v1/token", "POST"),
            (FaultKind.GARBAGE, "/oauth2/v1/token", "POST"),
            (FaultKind.ANSWER_LOST, "/serverTime", "GET"),
        ],
        lambda case: case[0] in (FaultKind.ANSWER_LOST, FaultKind.SERVER_ERROR),
    ),
)
def test_an_answer_of_netsuite_that_is_lost(
    scene: Certificates, kind: FaultKind, path: str, method: str
) -> None:
    before, known, mapped = scene.begin(), scene.held(), len(scene.mappings)
    faults = scene.netsuite.state.faults
    faults.add(kind, path, method=method)

    scene.run(MADE)

    assert not faults.list(), "it was never asked"
    if scene.current() == before:
        scene.done(MADE)
    assert scene.current() != before
    assert scene.held() - known == {scene.current()}, "another key was made where one was staged"
    assert len(scene.mappings) == mapped + 1


def test_an_answer_of_the_store_that_is_lost(scene: Certificates) -> None:
    scene.begin()
    calls = len(scene.aws.calls)
    scene.done(MADE)
    calls = len(scene.aws.calls) - calls
    scene.done(RETIRE)
    assert calls > 5
    for nth in range(1, calls + 1):
        before, known = scene.current(), scene.held()
        scene.aws.faults.lose_reply(nth=nth)
        scene.run(MADE)
        scene.aws.faults.clear()
        if scene.current() == before:
            scene.done(MADE)
        assert scene.current() != before
        assert len(scene.held() - known) == 1
        scene.done(RETIRE)
        assert scene.active() == [scene.current()]


def test_where_five_are_active_nothing_is_written_and_a_place_lets_it_go_on(
    scene: Certificates,
) -> None:
    before = scene.begin()
    for _ in range(
        4
    ):  # others of the same integration record rotate too: their overlaps take places
        assert not scene.run(MADE).error
    active = scene.active()
    assert len(active) == 5

    sixth = scene.run(MADE)

    assert "allows 5" in sixth.error
    assert "nothing was staged" in sixth.error
    assert (scene.active(), scene.current()) == (active, active[-1])
    assert scene.waiting() is None
    scene.netsuite.state.revoke_certificate(scene.account.id, before)
    scene.done(MADE)
    assert scene.current() == scene.active()[-1] not in active
