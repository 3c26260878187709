"""The checks against the simulator over real HTTP: what they prove, and every way in which they must not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest

from tba_secrets.errors import (
    AuthenticationRefusedError,
    CheckFailedError,
    IdentityMismatchError,
    NetSuiteUnreachableError,
    NotProvenError,
)
from tba_secrets.netsuite.checks import _CHECKS, run_checks
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.evidence import Expected, Verification
from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.simulator.vocabulary import Feature
from tba_secrets.spec.model import Check, Restlet, RestletCheck
from tba_secrets.spec.model.records import CheckName
from tests.netsuite.conftest import MakeClient
from tests.netsuite.support import (
    EXPECTED,
    RECORD,
    KeepingSender,
    Said,
    credential,
    told_server,
    wrong,
)
from tests.simulator.accounts import ACCOUNT, APPLICATION, BOT, OTHER_ACCOUNT, ROLE, TOKEN, Keys

RESTLET = RestletCheck(restlet=Restlet(script="7", deploy="2"))
ALL: tuple[Check, ...] = ("rest", "suiteql", RESTLET, "soap", "tokeninfo")
NAMES = ["tokeninfo", "rest", "suiteql", "restlet 7/2", "soap"]


def test_every_declared_check_is_made_and_tried_here() -> None:
    assert set(_CHECKS) == set(get_args(CheckName))
    assert set(ALL) == {*get_args(CheckName), RESTLET}


def test_all_checks_pass_and_say_what_they_prove(client: MakeClient) -> None:
    found = run_checks(client(), ALL, EXPECTED)
    assert [one.check for one in found.evidence] == NAMES
    assert found.summary == f"role {ROLE} in account {ACCOUNT}"
    assert (found.account, found.role_name, found.role_id, found.entity) == (
        ACCOUNT,
        ROLE,
        "1042",
        "38",
    )
    assert found.proven == (
        "account",
        "role",
        "REST web services",
        "SuiteQL",
        "restlet 7/2",
        "SOAP web services",
    )
    for one in found.evidence:
        assert one.at > 0
        assert 0 < one.latency_seconds < 30
        assert one.clock_skew_seconds is not None


def test_without_a_declared_entity_the_user_is_not_proven_but_recorded(client: MakeClient) -> None:
    found = run_checks(client(), ["tokeninfo"], EXPECTED)
    assert (found.entity, found.not_proven) == ("38", ("user",))


def test_with_everything_declared_nothing_is_left_open(client: MakeClient) -> None:
    found = run_checks(client(), ["tokeninfo"], replace(EXPECTED, role_id="1042", entity="38"))
    assert (found.proven, found.not_proven) == (("account", "role", "user"), ())


MISMATCHES = [
    ("account", replace(EXPECTED, account="7654321"), ACCOUNT, "7654321"),
    ("role", replace(EXPECTED, role_name="Reader"), ROLE, "Reader"),
    ("role id", replace(EXPECTED, role_id="1043"), "1042", "1043"),
    ("user", replace(EXPECTED, entity="39"), "38", "39"),
]


@pytest.mark.parametrize(
    ("aspect", "expected", "got", "declared"), MISMATCHES, ids=[m[0] for m in MISMATCHES]
)
def test_a_token_that_works_and_is_anothers_is_refused(
    client: MakeClient,
    sender: KeepingSender,
    aspect: str,
    expected: Expected,
    got: str,
    declared: str,
) -> None:
    with pytest.raises(IdentityMismatchError) as caught:
        run_checks(client(), ["rest", "tokeninfo"], expected)
    error = caught.value
    assert (error.aspect, error.got, error.expected) == (aspect, got, declared)
    for words in (RECORD, repr(got), repr(declared), "Access Tokens"):
        assert words in str(error)
    assert len(sender.signed) == 1  # tokeninfo came first, and nothing was asked after it


def test_the_token_of_another_account_is_refused(
    client: MakeClient, keys: Keys, simulator: Simulator
) -> None:
    """Signed for the account that is declared, where it is not known."""
    made = Client(credential(keys, OTHER_ACCOUNT), simulator.url, record=RECORD, probe=ClockProbe())
    with pytest.raises(AuthenticationRefusedError):
        run_checks(made, ["tokeninfo"], replace(EXPECTED, account=OTHER_ACCOUNT))


@pytest.mark.parametrize("check", ALL, ids=["rest", "suiteql", "restlet", "soap", "tokeninfo"])
def test_a_wrong_secret_is_refused_by_every_check_after_one_request(
    client: MakeClient, keys: Keys, sender: KeepingSender, simulator: Simulator, check: Check
) -> None:
    with pytest.raises(AuthenticationRefusedError) as caught:
        run_checks(client(wrong(keys)), [check, "rest", "soap"], EXPECTED)
    assert len(sender.signed) == 1
    assert len(simulator.state.trail.failures()) == 1
    assert caught.value.diagnosis is not None
    for words in (
        RECORD,
        "NetSuite refused the login",
        "HTTP ",
        "INVALID_LOGIN",
        "View Login Audit Trail",
    ):
        assert words in str(caught.value)


Break = Callable[[Simulator], None]
BREAKS: dict[str, Break] = {
    "token inactive": lambda s: s.state.deactivate_token(ACCOUNT, TOKEN),
    "token revoked": lambda s: s.state.revoke_token(ACCOUNT, TOKEN),
    "integration blocked": lambda s: s.state.block_integration(ACCOUNT, APPLICATION),
    "role taken away": lambda s: s.state.account(ACCOUNT).user(BOT).roles.clear(),
    "role inactive": lambda s: setattr(s.state.account(ACCOUNT).role(ROLE), "active", False),
    "no permission": lambda s: s.state.account(ACCOUNT).role(ROLE).permissions.clear(),
    "tba off": lambda s: s.state.account(ACCOUNT).features.remove(Feature.TBA),
}


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_whatever_is_wrong_in_netsuite_is_one_refused_login(
    client: MakeClient, simulator: Simulator, broken: Break
) -> None:
    run_checks(client(), ALL, EXPECTED)  # the twin
    broken(simulator)
    before = len(simulator.state.trail.failures())
    with pytest.raises(AuthenticationRefusedError):
        run_checks(client(), ALL, EXPECTED)
    assert len(simulator.state.trail.failures()) == before + 1


def first_cause(error: CheckFailedError) -> str:
    assert error.diagnosis is not None
    return error.diagnosis.causes[0].what


@pytest.mark.parametrize(
    ("check", "permission"), [("rest", "REST Web Services"), ("soap", "SOAP Web Services")]
)
def test_a_role_without_the_services_permission_is_told_apart(
    client: MakeClient, simulator: Simulator, check: Check, permission: str
) -> None:
    """tokeninfo passes, the service answers 401: that much can be told."""
    simulator.state.account(ACCOUNT).role(ROLE).permissions.remove(permission)
    with pytest.raises(AuthenticationRefusedError) as caught:
        run_checks(client(), ["tokeninfo", check], EXPECTED)
    assert f"lacks {permission}" in first_cause(caught.value)


def test_a_role_for_web_services_only_is_told_apart(
    client: MakeClient, simulator: Simulator
) -> None:
    simulator.state.account(ACCOUNT).role(ROLE).web_services_only = True
    with pytest.raises(AuthenticationRefusedError) as caught:
        run_checks(client(), [RESTLET], EXPECTED)
    assert "Web Services Only" in first_cause(caught.value)


def test_suiteql_without_its_permission_is_told_apart(
    client: MakeClient, simulator: Simulator
) -> None:
    simulator.state.account(ACCOUNT).role(ROLE).permissions.remove("SuiteAnalytics Workbook")
    with pytest.raises(CheckFailedError) as caught:
        run_checks(client(), ["suiteql"], EXPECTED)
    assert not isinstance(caught.value, AuthenticationRefusedError)
    assert "SuiteAnalytics Workbook" in first_cause(caught.value)


def test_a_restlet_that_is_not_deployed_is_told_apart(client: MakeClient) -> None:
    missing = RestletCheck(restlet=Restlet(script="99", deploy="1"))
    with pytest.raises(CheckFailedError) as caught:
        run_checks(client(), [missing], EXPECTED)
    assert not isinstance(caught.value, AuthenticationRefusedError)
    assert "restlet 99/1 was answered HTTP" in str(caught.value)
    assert "script and deploy ids" in first_cause(caught.value)


def test_a_busy_account_is_no_verdict(client: MakeClient, simulator: Simulator) -> None:
    simulator.state.faults.add(FaultKind.REQUEST_LIMIT, "tokeninfo", times=None)
    with pytest.raises(NetSuiteUnreachableError, match="SSS_REQUEST_LIMIT_EXCEEDED"):
        run_checks(client(), ["tokeninfo"], EXPECTED)


def test_no_checks_prove_nothing(client: MakeClient) -> None:
    with pytest.raises(NotProvenError, match="no check was asked for"):
        run_checks(client(), [], EXPECTED)


@pytest.mark.parametrize("check", ALL, ids=["rest", "suiteql", "restlet", "soap", "tokeninfo"])
def test_garbage_never_passes(client: MakeClient, simulator: Simulator, check: Check) -> None:
    simulator.state.faults.add(FaultKind.GARBAGE, "rest|NetSuitePort", times=None)
    with pytest.raises(NotProvenError):
        run_checks(client(), [check], EXPECTED)


# --- answers that the simulator does not give ---------------------------------------------------------


def ask(said: Said, *checks: Check) -> Verification:
    """Run checks against a server that answers everything alike."""
    with told_server(said) as server:
        made = Client(
            credential(), server.url, record=RECORD, sleep=lambda _: None, probe=ClockProbe()
        )
        return run_checks(made, checks, EXPECTED)


def told(body: bytes, kind: str = "application/json", status: int = 200) -> Said:
    return Said(status, body, [("Content-Type", kind)])


PAGE = told(b"<!DOCTYPE html><html><body>Log in</body></html>", "text/html; charset=utf-8")
ODD = {
    "a page of HTML": PAGE,
    "a page that claims to be JSON": told(b"<html></html>"),
    "nothing": told(b""),
    "no content": Said(204),
    "a number": told(b"1"),
    "a list": told(b"[]"),
    "an empty object": told(b"{}"),
    "another service's object": told(b'{"message": "welcome"}'),
    "half of an object": told(b'{"serverTime": "2026'),
    "an envelope without a result": told(b"<Envelope><Body/></Envelope>", "text/xml"),
}


@pytest.mark.parametrize("check", [check for check in ALL if check is not RESTLET])
@pytest.mark.parametrize("said", ODD.values(), ids=ODD)
def test_no_odd_answer_passes(said: Said, check: Check) -> None:
    with pytest.raises(NotProvenError) as caught:
        ask(said, check)
    assert RECORD in str(caught.value)


@pytest.mark.parametrize(
    "said",
    [PAGE, told(b"<html></html>"), told(b""), Said(204)],
    ids=["page", "json page", "nothing", "204"],
)
def test_no_odd_answer_passes_for_a_restlet(said: Said) -> None:
    with pytest.raises(NotProvenError):
        ask(said, RESTLET)


@pytest.mark.parametrize(
    "said",
    [told(b'{"any": "shape"}'), told(b"1"), told(b"pong", "text/plain")],
    ids=["object", "number", "text"],
)
def test_a_restlet_may_answer_what_its_script_likes(said: Said) -> None:
    assert ask(said, RESTLET).proven == ("restlet 7/2",)


GOOD_TIME = '"serverTime": "2026-01-01T00:00:00.000Z"'
WHOLE = '"companyId": "1234567_SB1", "roleName": "Warehouse Integration", "roleId": "1042"'


def prove(said: str, expected: Expected = EXPECTED) -> Verification:
    """tokeninfo and rest; one answer serves both, and proves REST web services."""
    with told_server(told(f"{{{GOOD_TIME}, {said}}}".encode())) as server:
        made = Client(credential(), server.url, record=RECORD, probe=ClockProbe())
        return run_checks(made, ["tokeninfo", "rest"], expected)


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ('"status": "ok"', "account and role"),
        ('"tenant": "1234567_SB1"', "account and role"),
        ('"roleName": "Warehouse Integration"', "account"),
    ],
)
def test_a_good_rest_makes_up_for_no_account(said: str, missing: str) -> None:
    accepting = replace(EXPECTED, accept_unproven=frozenset({"role", "user"}))
    assert prove(WHOLE).proven == ("account", "role", "REST web services")  # the twin
    with pytest.raises(NotProvenError, match=f"answered without {missing}, ") as caught:
        prove(said)
    assert "accept_unproven" not in str(caught.value)
    with pytest.raises(NotProvenError, match="answered without account, "):
        prove(said, accepting)


@pytest.mark.parametrize(
    ("said", "aspect"),
    [
        ('"companyId": "1234567_SB1", "account": "7654321"', "account"),
        ('"companyId": "1234567_SB1", "companyId": "7654321"', "account"),
        ('"companyId": "1234567_SB1", "roleId": "1", "role": {"id": "2"}', "role"),
    ],
)
def test_an_answer_that_contradicts_itself_never_passes(said: str, aspect: str) -> None:
    for accepted in (frozenset[str](), frozenset({"role", "user"})):
        with pytest.raises(NotProvenError, match=f"and names two {aspect}s"):
            prove(said, replace(EXPECTED, accept_unproven=accepted))


OPEN = {
    "role": (EXPECTED, '"companyId": "1234567_SB1"', "role", "role"),
    "role id": (
        replace(EXPECTED, role_id="1042"),
        '"companyId": "1234567_SB1", "roleName": "Warehouse Integration"',
        "role",
        "role",
    ),
    "user": (replace(EXPECTED, entity="38"), WHOLE, "user", "user"),
    "first user": (
        replace(EXPECTED, first_entity="38"),
        WHOLE,
        "same user as first proven",
        "user",
    ),
    "both": (
        replace(EXPECTED, entity="38"),
        '"companyId": "1234567_SB1"',
        "role and user",
        "role, user",
    ),
}


@pytest.mark.parametrize(("expected", "said", "missing", "line"), OPEN.values(), ids=OPEN)
def test_what_is_not_told_is_refused_with_the_line_that_accepts_it(
    expected: Expected, said: str, missing: str, line: str
) -> None:
    with pytest.raises(NotProvenError, match=f"answered without {missing}, ") as caught:
        prove(said, expected)
    assert f"verify: {{accept_unproven: [{line}]}}" in caught.value.remedy
    accepted = frozenset(line.split(", "))
    found = prove(said, replace(expected, accept_unproven=accepted))
    assert accepted <= set(found.not_proven)
    assert not accepted & set(found.proven)


def test_accepting_a_missing_role_accepts_no_other_role() -> None:
    accepting = replace(EXPECTED, accept_unproven=frozenset({"role"}))
    with pytest.raises(IdentityMismatchError):
        prove('"companyId": "1234567_SB1", "roleName": "Reader"', accepting)


def test_a_recorded_entity_proves_the_same_user_and_not_whose_it_is(client: MakeClient) -> None:
    found = run_checks(client(), ["tokeninfo"], replace(EXPECTED, first_entity="38"))
    assert found.proven == ("account", "role", "same user as first proven")
    assert found.not_proven == ("user",)
    with pytest.raises(IdentityMismatchError, match="proven first is '39'"):
        run_checks(client(), ["tokeninfo"], replace(EXPECTED, first_entity="39"))


def test_a_declared_entity_takes_the_place_of_the_recorded_one(client: MakeClient) -> None:
    declared = replace(EXPECTED, entity="38", first_entity="39")
    assert run_checks(client(), ["tokeninfo"], declared).proven == ("account", "role", "user")


@pytest.mark.parametrize("check", ["rest", "suiteql", "soap"])
def test_a_check_that_proves_nothing_fails_beside_a_good_tokeninfo(check: Check) -> None:
    with told_server(told(f"{{{WHOLE}}}".encode())) as server:
        made = Client(credential(), server.url, record=RECORD, probe=ClockProbe())
        assert run_checks(made, ["tokeninfo"], EXPECTED).proven == ("account", "role")
        with pytest.raises(NotProvenError, match=f"{check} was answered"):
            run_checks(made, ["tokeninfo", check], EXPECTED)


@pytest.mark.parametrize("success", ["true", "false", "maybe"])
def test_soap_passes_only_with_success_and_a_time(success: str) -> None:
    body = (
        f'<Envelope><Body><getServerTimeResult><status isSuccess="{success}"/>'
        "<serverTime>2026-01-01T00:00:00.000Z</serverTime></getServerTimeResult></Body></Envelope>"
    )
    said = told(body.encode(), "text/xml")
    if success == "true":
        assert ask(said, "soap").proven == ("SOAP web services",)
    else:
        with pytest.raises(NotProvenError):
            ask(said, "soap")


@pytest.mark.parametrize(("status", "proven"), [(204, True), (200, False)])
def test_options_where_server_time_is_absent(status: int, proven: bool) -> None:
    """Accounts before 2025 do not serve serverTime; a proxy that answers OPTIONS by itself says 200 as a rule."""
    with told_server(Said(404)) as server:

        class Absent(KeepingSender):
            def __call__(self, request, seconds):  # type: ignore[no-untyped-def]
                server.said = Said(status if request.method == "OPTIONS" else 404)
                return super().__call__(request, seconds)

        sender = Absent()
        made = Client(credential(), server.url, sender=sender, probe=ClockProbe())
        if proven:
            assert run_checks(made, ["rest"], EXPECTED).proven == ("REST web services",)
        else:
            with pytest.raises(NotProvenError):
                run_checks(made, ["rest"], EXPECTED)
        assert [(r.method, r.path_url) for r in sender.signed][1] == ("OPTIONS", "/services/rest/*")


def test_a_login_that_is_refused_with_404_is_not_tried_again() -> None:
    body = b'{"o:errorDetails": [{"o:errorCode": "INVALID_LOGIN"}]}'
    with told_server(Said(404, body, [("Content-Type", "application/json")])) as server:
        sender = KeepingSender()
        made = Client(credential(), server.url, sender=sender, probe=ClockProbe())
        with pytest.raises(AuthenticationRefusedError):
            run_checks(made, ["rest"], EXPECTED)

    assert [request.method for request in sender.signed] == ["GET"]


def test_options_against_the_simulator(client: MakeClient, keys: Keys) -> None:
    from tba_secrets.netsuite.account import Service
    from tba_secrets.netsuite.client import SignedCall

    options = SignedCall(Service.SUITETALK, "OPTIONS", "/services/rest/*")
    assert client().call(options).status == 204
    assert client(wrong(keys)).call(options).status == 401


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_told_and_never_followed(status: int) -> None:
    with told_server(told(b'{"serverTime": "x"}')) as elsewhere:
        said = Said(
            status, headers=[("Location", elsewhere.url + "/services/rest/system/v1/serverTime")]
        )
        with pytest.raises(NetSuiteUnreachableError, match=f"HTTP {status}"):
            ask(said, "rest")
        assert elsewhere.requests == []


def test_an_echoed_value_is_blotted_out() -> None:
    """A proxy that repeats our token id as a role name gets it into no message."""
    mine = credential()
    body = told(b'{"roleName": "%s"}' % mine.token_id.reveal().encode())
    with told_server(body) as server, pytest.raises(IdentityMismatchError) as caught:
        run_checks(Client(mine, server.url, probe=ClockProbe()), ["tokeninfo"], EXPECTED)
    assert mine.token_id.reveal() not in str(caught.value) + caught.value.got
