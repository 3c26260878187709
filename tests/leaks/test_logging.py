"""With every logger at DEBUG, calls to the store and to NetSuite log no value; nor do their failures."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote

import pytest

from tba_secrets.errors import NetSuiteError, StoreError
from tba_secrets.netsuite.checks import run_checks
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.payload import render
from tba_secrets.sensitive import Sensitive, fingerprint
from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.spec.model import Check, Format
from tba_secrets.stores.interface import Candidate, OwnerMark, SecretName, Stage
from tests.leaks.canaries import odd_values
from tests.leaks.scanner import Artefact, Canary, Scanner, text
from tests.netsuite.support import Said, told_server
from tests.netsuite_account import NetSuiteAccount, Values
from tests.stores.aws_bench import AwsBench

pytestmark = pytest.mark.long

NAME: Final = SecretName("netsuite/test/orders")
MARK: Final = OwnerMark("acme/netsuite/test", "warehouse/orders", "claim")
CHECKS: Final[tuple[Check, ...]] = ("tokeninfo", "rest", "soap")
LOGGERS: Final = ("botocore", "boto3", "urllib3", "requests", "hvac", "tba_secrets", "http.client")


class Everything(logging.Handler):
    """Keeps whatever any logger says, arguments and exceptions included."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {record.args!r} {vars(record)!r}")

    def artefact(self) -> Artefact:
        """All of it."""
        return text("the log", "\n".join(self.lines))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Everything]:
    """Every logger at DEBUG, into one handler at the root and one at each library's own logger."""
    handler = Everything()
    loggers = [logging.getLogger(), *map(logging.getLogger, LOGGERS)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield handler
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.fixture
def account() -> NetSuiteAccount:
    return NetSuiteAccount(
        consumers={"warehouse": odd_values(), "billing": Values()},
        tokens={"orders": odd_values(), "stock": Values(), "invoices": Values()},
    )


@pytest.fixture
def credential(account: NetSuiteAccount) -> TbaCredential:
    consumer, token = account.consumers["warehouse"], account.tokens["orders"]
    values = (consumer.identifier, consumer.secret, token.identifier, token.secret)
    return TbaCredential(account.id, *map(Sensitive, values))


@pytest.fixture
def scanner(credential: TbaCredential) -> Scanner:
    return Scanner(
        Canary(f"value {number}", one.reveal()) for number, one in enumerate(credential.secrets)
    )


@pytest.fixture
def bench(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[AwsBench, SecretsManagerServer]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
    with SecretsManagerServer() as server:
        yield AwsBench(server.url), server


def _candidate(credential: TbaCredential) -> Candidate:
    value = render(credential, Format())
    return Candidate(value, fingerprint(b"k" * 32, value.reveal()))


def test_a_store_logs_no_value(
    log: Everything,
    bench: tuple[AwsBench, SecretsManagerServer],
    credential: TbaCredential,
    scanner: Scanner,
) -> None:
    store, staged = bench[0].store, _candidate(credential)

    store.claim(NAME, MARK)
    current = store.describe(NAME)
    assert current is not None
    version = store.stage(NAME, staged, current.stages[Stage.CURRENT])
    store.promote(NAME, version, current.stages[Stage.CURRENT])
    found = store.read(NAME, Stage.CURRENT)

    assert found is not None
    assert found.value == staged.value
    assert scanner.find([log.artefact()]) == []


@pytest.mark.parametrize("fault", ["internal_error", "throttle", "lose_reply", "refuse"])
def test_a_store_that_fails_logs_no_value(
    fault: str,
    log: Everything,
    bench: tuple[AwsBench, SecretsManagerServer],
    credential: TbaCredential,
    scanner: Scanner,
) -> None:
    store = bench[0].store
    store.claim(NAME, MARK)
    current = store.describe(NAME)
    assert current is not None
    for operation in ("PutSecretValue", "GetSecretValue", "DescribeSecret"):
        getattr(bench[1].faults, fault)(operation, times=50)

    with pytest.raises(StoreError) as caught:
        store.stage(NAME, _candidate(credential), current.stages[Stage.CURRENT])

    told = repr(caught.value) + str(caught.value)
    assert scanner.find([log.artefact(), text("the error", told)]) == []


def test_the_broken_twin_without_the_filter_is_heard(
    log: Everything,
    bench: tuple[AwsBench, SecretsManagerServer],
    credential: TbaCredential,
    scanner: Scanner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in list(logging.root.manager.loggerDict):
        monkeypatch.setattr(logging.getLogger(name), "filters", [])

    bench[0].client.create_secret(Name=NAME, SecretString=_candidate(credential).value.reveal())

    assert scanner.find([log.artefact()])


@pytest.fixture
def netsuite(account: NetSuiteAccount) -> Iterator[Simulator]:
    with Simulator(SimulatorConfig.from_dict(account.simulator_config())) as running:
        yield running


EXPECTED: Final = Expected("1234567_SB1", "warehouse role", None, "orders.bot@example.com", None)


def test_signed_calls_log_no_value(
    log: Everything, netsuite: Simulator, credential: TbaCredential, scanner: Scanner
) -> None:
    client = Client(credential, netsuite.url)

    verification = run_checks(client, CHECKS, EXPECTED)

    assert verification.evidence
    assert scanner.find([log.artefact(), text("evidence", repr(verification))]) == []


@pytest.mark.parametrize("check", CHECKS)
def test_refused_calls_log_and_tell_no_value(
    check: Check, log: Everything, netsuite: Simulator, credential: TbaCredential, scanner: Scanner
) -> None:
    wrong = TbaCredential(credential.account, *reversed(credential.secrets))

    with pytest.raises(NetSuiteError) as caught:
        run_checks(Client(wrong, netsuite.url), (check,), EXPECTED)

    told = repr(caught.value) + str(caught.value)
    assert scanner.find([log.artefact(), text("the error", told)]) == []


# --- a service, or a proxy before it, that sends back what it was sent --------------------------------


def _errors_as_json(echo: str) -> tuple[str, str]:
    error = {"error": {"code": echo, "message": echo}, "o:errorDetails": [{"detail": echo}]}
    return "application/json", json.dumps({**error, "title": echo, "o:errorCode": echo})


def _token_info(echo: str) -> tuple[str, str]:
    said = {"companyId": echo, "roleName": echo, "roleId": 1, "userId": 1, "entityId": 1}
    return "application/json", json.dumps(said)


ECHOES: Final[dict[str, Callable[[str], tuple[str, str]]]] = {
    "errors as JSON": _errors_as_json,
    "token information": _token_info,
    "HTML": lambda echo: ("text/html", f"<html><title>{echo}</title><pre>{echo}</pre></html>"),
    "text": lambda echo: ("text/plain", echo),
    "XML": lambda echo: ("text/xml", f"<a><faultstring><![CDATA[{echo}]]></faultstring></a>"),
}


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
@pytest.mark.parametrize("echo", ECHOES)
def test_an_echo_of_the_request_is_not_told(
    echo: str, status: int, log: Everything, credential: TbaCredential, scanner: Scanner
) -> None:
    kind, body = ECHOES[echo](" ".join(value.reveal() for value in credential.secrets))
    assert scanner.find([text("the answer", body)])
    said = Said(status, body.encode(), [("Content-Type", kind), ("X-Echo", quote(body))])

    with told_server(said) as server:
        for check in CHECKS:
            with pytest.raises(NetSuiteError) as caught:
                run_checks(Client(credential, server.url), (check,), EXPECTED)

            told = repr(caught.value) + str(caught.value) + repr(vars(caught.value))
            assert scanner.find([log.artefact(), text(str(check), told)]) == []
