"""The certificate endpoint: what is added once, settled by the list, and refused in words."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest

from tba_secrets.errors import (
    AuthenticationRefusedError,
    CheckFailedError,
    NetSuiteUnreachableError,
    NotProvenError,
    TbaError,
)
from tba_secrets.netsuite.oauth2 import causes
from tba_secrets.netsuite.oauth2.certificate_api import CertificateApi
from tba_secrets.netsuite.oauth2.certificates import CertificateId, Certified, certificate_id
from tba_secrets.netsuite.revocation import RevocationOutcome
from tests.netsuite.oauth2.bench import (
    CERTIFICATES,
    EXPECTED,
    NetSuite,
    Reply,
    client,
)
from tests.netsuite.oauth2.support import CLIENT_ID, certified, credential

TODAY = date(2026, 11, 28)
NEW = certified(serial=1)


def _sent(made: Certified) -> tuple[str, CertificateId]:
    """What is sent of a certificate that was made, and its computed id."""
    return made.certificate, made.certificate_id


NEW_ONE = _sent(NEW)
OLD = CertificateId("old-certificate")


class Endpoint:
    """The certificates of a client, as the help's samples show them, and what goes wrong."""

    def __init__(self, netsuite: NetSuite) -> None:
        self.rows: list[dict[str, Any]] = [row(credential().certificate_id), row(OLD)]
        self.instead: list[Reply | None] = []
        """What a POST is answered in its turn; None does what it should. It is done first if `done`."""
        self.done = True
        self.posted: list[dict[str, Any]] = []
        netsuite.answers[CERTIFICATES] = self.answer
        for one in (OLD, credential().certificate_id):
            netsuite.answers[f"{CERTIFICATES}/{one}/revoke"] = self.revoke

    def answer(self, arrived: Any) -> Reply:
        if arrived.method == "GET":
            return Reply(200, json.dumps(self.rows))
        self.posted.append(arrived.json())
        mine = row(certificate_id(self.posted[-1]["fileContent"]))
        instead = self.instead.pop(0) if self.instead else None
        if self.done:
            self.rows.append(mine)
        told = {"certificate_id": mine["certificate_id"], "valid_until": mine["valid_until"]}
        return instead if instead is not None else Reply(200, json.dumps(told))

    def revoke(self, arrived: Any) -> Reply:
        assert arrived.headers["Content-Length"] == "0"
        named = urlsplit(arrived.path).path.split("/")[-2]
        instead = self.instead.pop(0) if self.instead else None
        for one in self.rows:
            if one["certificate_id"] == named and self.done:
                one["revoked"] = True
        plain = {"Content-Type": "text/plain"}
        return instead if instead is not None else Reply(200, "Successfully revoked", plain)


def row(named: str, **changed: Any) -> dict[str, Any]:
    """A row of the list."""
    usual = {
        "application": {"id": 1, "name": "warehouse-sync"},
        "entity": {"id": 38, "name": "Bot"},
        "role": {"id": 1042, "name": "Warehouse"},
        "created": "2026-01-30",
        "valid_from": "2026-01-30",
        "valid_until": "2027-01-30",
        "revoked": False,
        "certificate_id": named,
        "algorithm": "EC",
    }
    return {**usual, **changed}


@pytest.fixture
def endpoint(netsuite: NetSuite) -> Endpoint:
    return Endpoint(netsuite)


def api(netsuite: NetSuite) -> CertificateApi:
    return CertificateApi(client(netsuite), EXPECTED)


def test_the_list(netsuite: NetSuite, endpoint: Endpoint) -> None:
    endpoint.rows.append(row("over", valid_until="2023-01-30", entity={"id": "-5"}, role=None))
    first, _, over = api(netsuite).list()
    assert first.certificate_id == credential().certificate_id
    assert (first.role_id, first.entity, first.valid_until) == ("1042", "38", date(2027, 1, 30))
    assert first.is_active(TODAY)
    assert (over.role_id, over.entity, over.revoked) == (None, "-5", False)
    assert not over.is_active(TODAY), "being listed is not being usable"


def test_the_other_host_is_asked_where_the_first_does_not_serve_it(
    netsuite: NetSuite, endpoint: Endpoint
) -> None:
    served = [Reply(404)]
    netsuite.answers[CERTIFICATES] = lambda arrived: (
        served.pop() if served else endpoint.answer(arrived)
    )
    assert len(api(netsuite).list()) == 2


def test_the_other_host_is_not_asked_where_the_first_refuses_the_login(netsuite: NetSuite) -> None:
    refused = Reply(404, '{"o:errorDetails": [{"o:errorCode": "INVALID_LOGIN"}]}')
    netsuite.answers[CERTIFICATES] = lambda _: refused
    with pytest.raises(AuthenticationRefusedError):
        api(netsuite).list()
    assert [one.path for one in netsuite.arrived].count(CERTIFICATES) == 1


def test_a_certificate_is_added(netsuite: NetSuite, endpoint: Endpoint) -> None:
    added = api(netsuite).upload(*NEW_ONE, TODAY)
    assert added.as_computed
    assert added.valid_until == date(2027, 1, 30), "NetSuite's word, not the certificate's"
    assert endpoint.posted == [{"fileContent": NEW.certificate, "role": 1042, "entity": "38"}]
    bodies = b"".join(one.body for one in netsuite.arrived)
    assert b"PRIVATE" not in bodies


def test_another_id_than_the_computed_one_counts(netsuite: NetSuite, endpoint: Endpoint) -> None:
    endpoint.instead = [Reply(200, '{"certificate_id": "theirs"}')]
    added = api(netsuite).upload(*NEW_ONE, TODAY)
    assert added.certificate_id == "theirs"
    assert not added.as_computed


def test_what_is_there_is_not_added_twice(netsuite: NetSuite, endpoint: Endpoint) -> None:
    asking = api(netsuite)
    asking.upload(*NEW_ONE, TODAY)
    assert asking.upload(*NEW_ONE, TODAY).as_computed
    assert len(endpoint.posted) == 1


@pytest.mark.parametrize("reply", [Reply(0), Reply(502, "proxy"), Reply(200, "{}")])
def test_an_answer_that_is_lost_is_settled_by_the_list(
    netsuite: NetSuite, endpoint: Endpoint, reply: Reply
) -> None:
    endpoint.instead = [reply]
    added = api(netsuite).upload(*NEW_ONE, TODAY)
    assert added.certificate_id == NEW.certificate_id
    assert len(endpoint.posted) == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(0), NetSuiteUnreachableError),
        (Reply(503, "busy"), NetSuiteUnreachableError),
        (Reply(200, "{}"), NotProvenError),
    ],
)
def test_an_answer_that_is_lost_with_the_certificate(
    netsuite: NetSuite, endpoint: Endpoint, reply: Reply, error: type[Exception]
) -> None:
    endpoint.instead, endpoint.done = [reply], False
    with pytest.raises(error):
        api(netsuite).upload(*NEW_ONE, TODAY)
    assert len(endpoint.posted) == 1, "sent once, whatever comes back"


def test_a_sixth_active_certificate(netsuite: NetSuite, endpoint: Endpoint) -> None:
    endpoint.rows += [row(f"other {n}") for n in range(2)]
    endpoint.rows += [row("revoked", revoked=True), row("over", valid_until="2026-11-27")]
    api(netsuite).upload(*NEW_ONE, TODAY)  # the fifth
    with pytest.raises(
        CheckFailedError, match="has 5 active certificates, and NetSuite allows 5"
    ) as caught:
        api(netsuite).upload(*_sent(certified(serial=2)), TODAY)
    assert "other 1" in str(caught.value)
    assert "over" not in str(caught.value).replace("overlap", "")
    assert len(endpoint.posted) == 1


def test_one_that_was_revoked_does_not_come_back(netsuite: NetSuite, endpoint: Endpoint) -> None:
    endpoint.rows.append(row(NEW.certificate_id, revoked=True))
    with pytest.raises(CheckFailedError, match="was revoked, and NetSuite takes none back"):
        api(netsuite).upload(*NEW_ONE, TODAY)
    assert endpoint.posted == []


@pytest.mark.parametrize(
    ("reply", "error", "cause"),
    [
        (Reply(403, "{}"), CheckFailedError, causes.NOT_OWN_CERTIFICATES),
        (Reply(400, '{"canary": 1}'), CheckFailedError, causes.NO_PLACE),
        (Reply(409, "{}"), CheckFailedError, causes.NO_PLACE),
        (Reply(404, "{}"), CheckFailedError, causes.CLIENT_UNKNOWN),
        (Reply(401, "{}"), AuthenticationRefusedError, causes.NO_LOGIN_PERMISSION),
    ],
)
def test_a_refusal_is_told_in_words(
    netsuite: NetSuite, endpoint: Endpoint, reply: Reply, error: type[CheckFailedError], cause: Any
) -> None:
    endpoint.instead, endpoint.done = [reply], False
    with pytest.raises(error) as caught:
        api(netsuite).upload(*NEW_ONE, TODAY)
    assert isinstance(caught.value, AuthenticationRefusedError) is (reply.status == 401)
    assert caught.value.diagnosis is not None
    assert caught.value.diagnosis.causes[0] is cause
    assert CLIENT_ID not in str(caught.value)
    assert "canary" not in str(caught.value)
    assert len(endpoint.posted) == 1


@pytest.mark.parametrize(
    "body", ["{}", "[1]", '[{"certificate_id": "x"}]', "<html>", '[{"revoked": true}]']
)
def test_a_list_that_is_none(netsuite: NetSuite, body: str) -> None:
    netsuite.answers[CERTIFICATES] = Reply(200, body)
    with pytest.raises(NotProvenError, match="list of certificates"):
        api(netsuite).list()


def test_an_outage_does_not_show_the_client_id(netsuite: NetSuite) -> None:
    netsuite.answers[CERTIFICATES] = Reply(0)
    with pytest.raises(NetSuiteUnreachableError, match="GET the certificates") as caught:
        api(netsuite).list()
    assert CLIENT_ID not in str(caught.value)


def test_a_certificate_is_revoked_and_the_list_confirms_it(
    netsuite: NetSuite, endpoint: Endpoint
) -> None:
    done = api(netsuite).revoke(OLD, "certificate old")
    assert done.confirmed
    assert done.remedy == ""
    assert str(done) == "certificate old: revoked (HTTP 200)"


def test_no_certificate_revokes_itself(netsuite: NetSuite, endpoint: Endpoint) -> None:
    with pytest.raises(TbaError, match="let its successor revoke it"):
        api(netsuite).revoke(CertificateId(credential().certificate_id), "certificate bot")
    assert netsuite.arrived == []


@pytest.mark.parametrize(
    ("reply", "done", "outcome"),
    [
        (Reply(0), True, RevocationOutcome.REVOKED),
        (Reply(0), False, RevocationOutcome.UNKNOWN),
        (Reply(400, "{}"), True, RevocationOutcome.REVOKED),
        (Reply(403, "{}"), False, RevocationOutcome.NEEDS_PERSON),
        (Reply(200, "Successfully revoked"), False, RevocationOutcome.UNKNOWN),
    ],
)
def test_the_list_decides(
    netsuite: NetSuite,
    endpoint: Endpoint,
    reply: Reply,
    done: bool,
    outcome: RevocationOutcome,
) -> None:
    endpoint.instead, endpoint.done = [reply], done
    found = api(netsuite).revoke(OLD, "certificate old")
    assert found.outcome is outcome
    assert bool(found.remedy) is (outcome is not RevocationOutcome.REVOKED)
    assert CLIENT_ID not in str(found)
    assert not found.login_refused, "the call was made with another certificate"


def test_a_refused_login_is_the_current_credentials(netsuite: NetSuite, endpoint: Endpoint) -> None:
    endpoint.instead = [Reply(401, "{}")]
    with pytest.raises(AuthenticationRefusedError):
        api(netsuite).revoke(OLD, "certificate old")
