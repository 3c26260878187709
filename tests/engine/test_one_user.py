"""Wrong tokens of one user, in one stack and in two: his good token works throughout, for he is never locked out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.signing import sign
from tba_secrets.sensitive import Sensitive
from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tests.engine.project import Project, new_project
from tests.engine.tba import tba
from tests.netsuite_account import NetSuiteAccount, Values

pytestmark = pytest.mark.engine

WRONG = tuple(f"wrong-{number}" for number in range(1, 7))
USER = "orders.bot@example.com"
TOKEN = """\
      - name: {name}
        user: orders.bot@example.com
        token: {{env: {{id: {variable}_ID, secret: {variable}_SECRET}}}}
"""
HEAD = """\
version: 1
account: "1234567_SB1"
endpoint: {env: TBA_SIMULATOR}
store: {aws: {region: us-east-1, prefix: netsuite/test/}}
integrations:
  - name: warehouse
    consumer: {env: {key: WAREHOUSE_KEY, secret: WAREHOUSE_SECRET}}
    role: {name: warehouse role, permissions: [REST Web Services, Log in using Access Tokens]}
    tokens:
"""


class OneUser:
    """A NetSuite where nothing but half an hour clears a user's failures, and a project with that user's tokens."""

    def __init__(self, account: NetSuiteAccount, netsuite: Simulator, project: Project) -> None:
        self.account, self.netsuite, self.project = account, netsuite, project
        good = account.tokens["orders"]
        self._give("good", good)
        for name in WRONG:
            # Known to NetSuite by its id: only then the failures are this user's.
            self._give(name, Values(identifier=good.identifier))

    def declare(self, *names: str) -> None:
        """These tokens, and no other."""
        tokens = [TOKEN.format(name=n, variable=_variable(n)) for n in names]
        self.project.write(HEAD + "".join(tokens))

    @property
    def refusals(self) -> int:
        """How many logins were refused so far."""
        return len(self.netsuite.state.trail.failures())

    def good_token_works(self) -> bool:
        """A signed call of a consumer of his own, beside the tool."""
        consumer, token = self.account.consumers["warehouse"], self.account.tokens["orders"]
        held = (consumer.identifier, consumer.secret, token.identifier, token.secret)
        credential = TbaCredential(self.account.id, *map(Sensitive, held))
        url = f"{self.netsuite.url}/rest/tokeninfo"
        headers = {"Authorization": sign(credential, "GET", url)}
        return requests.get(url, headers=headers, timeout=10).status_code == 200

    def _give(self, name: str, values: Values) -> None:
        self.project.environment[f"{_variable(name)}_ID"] = values.identifier
        self.project.environment[f"{_variable(name)}_SECRET"] = values.secret


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


@pytest.fixture
def one_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OneUser]:
    account = NetSuiteAccount()
    config = SimulatorConfig.from_dict(account.simulator_config())
    with Simulator(config) as netsuite, SecretsManagerServer() as aws:
        # Whether a success clears the count is inferred; without that, every refusal counts for 30 minutes.
        monkeypatch.setattr(netsuite.state.lockouts, "succeeded", lambda _user: None)
        settings = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "TBA_SIMULATOR": netsuite.url,
        }
        project = new_project(tmp_path / "project", {**settings, **account.environment()})
        made = OneUser(account, netsuite, project)
        made.declare("good")
        project.init()
        yield made


def test_up_three_times_with_six_wrong_tokens_beside_a_good_one(one_user: OneUser) -> None:
    """The same holds for `tba rotate` of the good one afterwards, which updates that one alone."""
    first = one_user.project.up()
    assert first.status == 0, first.output
    one_user.declare("good", *WRONG)

    for run in range(1, 4):
        ended = one_user.project.up()

        assert ended.status != 0
        assert one_user.refusals == run, ended.output
        assert one_user.good_token_works()

    fourth = one_user.project.up()

    assert "not asked again until" in fourth.output
    assert one_user.refusals == 3

    one_user._give("good", Values())
    rotated = tba(one_user, "rotate", "test", "good")

    assert rotated.status == 1
    assert "not asked again until" in rotated.output, "the refusals of his other tokens are unknown"
    assert one_user.refusals == 3
    assert not one_user.netsuite.state.is_locked(one_user.account.id, USER)


@pytest.mark.deep
def test_all_seven_from_the_start(one_user: OneUser) -> None:
    """The good one may have to wait for a run in which no wrong one goes first; the user is not locked out."""
    one_user.declare(*WRONG, "good")

    for run in range(1, 4):
        one_user.project.up()

        assert one_user.refusals <= run
        assert one_user.good_token_works()
    for _ in range(3):
        one_user.project.up()

    assert one_user.refusals <= 3
    assert one_user.good_token_works()


def test_the_simulator_would_have_locked_him_out(one_user: OneUser) -> None:
    """The broken twin: six wrong calls without the tool's care."""
    url = f"{one_user.netsuite.url}/rest/tokeninfo"
    token = one_user.account.tokens["orders"]
    consumer = one_user.account.consumers["warehouse"]
    for _ in WRONG:
        held = (consumer.identifier, consumer.secret, token.identifier, Values().secret)
        wrong = TbaCredential(one_user.account.id, *map(Sensitive, held))
        requests.get(url, headers={"Authorization": sign(wrong, "GET", url)}, timeout=10)

    assert not one_user.good_token_works()


@pytest.mark.deep
def test_two_stacks_of_one_machine_count_together(one_user: OneUser) -> None:
    """Neither state knows of the other's refusals; the machine does."""
    project = one_user.project
    one_user.declare("wrong-1")
    project.stack = "other"
    project.init()
    one_user.declare("wrong-2")
    yaml = project.folder / "stacks" / "other.yaml"
    yaml.write_text(yaml.read_text().replace("netsuite/test/", "netsuite/other/"))

    for stack, refusals in (("test", 1), ("other", 2), ("test", 3), ("other", 3)):
        ended = project.up("--stack", stack)

        assert ended.status != 0
        assert one_user.refusals == refusals, ended.output

    assert "not asked again until" in ended.output
    assert one_user.good_token_works()
