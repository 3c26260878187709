"""Diagnoses: every complaint and every word of the Login Audit Trail leads to a cause, in a sensible order."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tba_secrets.netsuite import causes
from tba_secrets.netsuite.answers import Answer, Protocol
from tba_secrets.netsuite.causes import Cause
from tba_secrets.netsuite.clues import clues_of_answer, clues_of_record
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.diagnosis import Diagnosis, diagnose, explain
from tba_secrets.netsuite.oauth2 import causes as oauth2_causes
from tba_secrets.netsuite.oauth2.rules import RULES as OAUTH2_RULES
from tba_secrets.netsuite.rules import RULES, Clue
from tba_secrets.sensitive import Sensitive
from tests.netsuite.support import answer, credential
from tests.netsuite.test_answers import fault, rest, restlet

REFUSED = rest(401, "INVALID_LOGIN")
FULL = (
    "REST Web Services",
    "SOAP Web Services",
    "Log in using Access Tokens",
    "SuiteAnalytics Workbook",
)
PRODUCTION, SANDBOX = "1234567", "1234567_SB1"


def diagnosed(
    got: Answer = REFUSED,
    protocol: Protocol = Protocol.REST,
    *clues: Clue,
    of: TbaCredential | None = None,
    permissions: tuple[str, ...] = FULL,
    account: str = PRODUCTION,
    own_hosts: bool = True,
) -> Diagnosis:
    mine = of if of is not None else credential(account=account)
    record = clues_of_record(mine, account, permissions, own_hosts=own_hosts)
    return diagnose("said", {*clues, *record, *clues_of_answer(got, protocol)})


def with_value(value: str) -> TbaCredential:
    return replace(credential(account=PRODUCTION), token_secret=Sensitive(value))


GOOD = Clue.LOGIN_WORKED
SHA1 = answer(400, "The request could not be understood by the server due to malformed syntax.")
REST, RESTLET, SOAP = Protocol.REST, Protocol.RESTLET, Protocol.SOAP
FIRST: list[tuple[str, Diagnosis, Cause]] = [
    ("1 lower-case account", diagnosed(of=credential(account="1234567_sb1"), account=SANDBOX), causes.ACCOUNT_FORM),
    ("5 SHA-1", diagnosed(SHA1, RESTLET), causes.ALGORITHM),
    ("6 declared role lacks the login", diagnosed(permissions=("REST Web Services",)), causes.NO_LOGIN_PERMISSION),
    ("6 declared role lacks REST", diagnosed(permissions=("Log in using Access Tokens",)), causes.NO_REST_PERMISSION),
    ("6 REST after tokeninfo", diagnosed(REFUSED, REST, GOOD), causes.NO_REST_PERMISSION),
    ("6 SOAP after tokeninfo", diagnosed(fault("Invalid login attempt."), SOAP, GOOD), causes.NO_SOAP_PERMISSION),
    ("7 two logins in one envelope", diagnosed(fault("Ambiguous authentication"), SOAP), causes.AMBIGUOUS),
    ("11 web services only", diagnosed(restlet(401, "INVALID_LOGIN_CREDENTIALS"), RESTLET), causes.WEB_SERVICES_ONLY),
    ("11 RESTlet refused after REST", diagnosed(answer(401), RESTLET, GOOD), causes.WEB_SERVICES_ONLY),
    ("12 white space", diagnosed(of=with_value("ab" * 32 + "\n")), causes.WHITESPACE),
    ("13 mixed pairs", diagnosed(), causes.TOKEN_REJECTED),
    ("cut off", diagnosed(of=with_value("abc")), causes.UNUSUAL_FORM),
    ("account differs", diagnosed(of=credential(account="7654321")), causes.ACCOUNT_DIFFERS),
    ("account changed", diagnosed().knowing([Clue.ACCOUNT_CHANGED]), causes.ACCOUNT_CHANGED),
    ("clock", diagnosed(Answer(401, {}, "", 0.0, 1000.0, 1200.0)), causes.CLOCK),
    ("suiteql", diagnosed(rest(403, "INSUFFICIENT_PERMISSION"), REST, Clue.SUITEQL_CHECK), causes.NO_WORKBOOK),
    ("permission", diagnosed(rest(403, "INSUFFICIENT_PERMISSION")), causes.RECORD_PERMISSION),
    ("restlet", diagnosed(answer(404), RESTLET, Clue.RESTLET_CHECK), causes.NO_DEPLOYMENT),
    ("absent", diagnosed(answer(404)), causes.NOT_THERE),
    ("flow", diagnosed(answer(405), RESTLET, Clue.FLOW_STEP), causes.FLOW_OFF),
    ("redirect", diagnosed(answer(302)), causes.REDIRECT),
    ("page", diagnosed(answer(200, "<html>", "text/html")), causes.NOT_NETSUITE),
]  # fmt: skip


@pytest.mark.parametrize(("found", "cause"), [f[1:] for f in FIRST], ids=[f[0] for f in FIRST])
def test_the_first_cause(found: Diagnosis, cause: Cause) -> None:
    assert found.causes[0] == cause


AMONG: list[tuple[str, Diagnosis, Cause]] = [
    ("2 query not signed", diagnosed(), causes.UNSIGNED_QUERY),
    ("3 encoding", diagnosed(), causes.ENCODING),
    ("4 hex digest", diagnosed(), causes.HEX_DIGEST),
    ("8 burst", diagnosed(), causes.BURST),
    ("9 password logins", diagnosed(), causes.PASSWORD_LOGIN),
    ("lockout", diagnosed(), causes.LOCKED_OUT),
    ("secret", diagnosed(), causes.WRONG_SECRET),
    ("blocked", diagnosed(), causes.INTEGRATION_BLOCKED),
    ("feature", diagnosed(), causes.TBA_FEATURE),
]


@pytest.mark.parametrize(("found", "cause"), [f[1:] for f in AMONG], ids=[f[0] for f in AMONG])
def test_among_the_causes(found: Diagnosis, cause: Cause) -> None:
    assert cause in found.causes


def test_10_a_sandbox_is_known_to_lose_its_tokens() -> None:
    assert causes.SANDBOX_REFRESH in diagnosed(account=SANDBOX).causes[:3]
    assert causes.SANDBOX_REFRESH not in diagnosed(account=PRODUCTION).causes


def test_a_proxy_makes_a_changed_request_likelier() -> None:
    def place(own_hosts: bool) -> int:
        return diagnosed(own_hosts=own_hosts).causes.index(causes.ENCODING)

    assert place(own_hosts=False) < place(own_hosts=True)


def test_a_login_that_worked_clears_the_values() -> None:
    cleared = {
        causes.TOKEN_REJECTED,
        causes.WRONG_SECRET,
        causes.CONSUMER_UNKNOWN,
        causes.TBA_FEATURE,
    }
    assert cleared <= set(diagnosed().causes)
    assert cleared.isdisjoint(diagnosed(REFUSED, Protocol.REST, GOOD).causes)


def test_undeclared_permissions_say_nothing() -> None:
    assert diagnosed(permissions=()).causes[0] == causes.TOKEN_REJECTED


def test_no_answer_goes_without_a_cause() -> None:
    for status in (400, 403, 404, 405, 409, 415, 302, 200):
        assert diagnosed(answer(status)).causes


# Oracle help, "Troubleshoot Token-based Authentication (TBA)": calls, then the authorization flow.
TRAIL = {
    "consumer_key_refused": causes.INTEGRATION_BLOCKED,
    "consumer_key_unknown": causes.CONSUMER_UNKNOWN,
    "FeatureDisabled": causes.TBA_FEATURE,
    "MissingTokenPassportRequiredFields": causes.HEADER_BROKEN,
    "nonce_rejected": causes.REPLAYED,
    "nonce_used": causes.REPLAYED,
    "NonceUsed": causes.REPLAYED,
    "parameter_rejected": causes.HEADER_BROKEN,
    "permission_denied": causes.NO_LOGIN_PERMISSION,
    "InvalidSignature": causes.WRONG_SECRET,
    "UnknownAlgorithm": causes.ALGORITHM,
    "temporary_locked": causes.LOCKED_OUT,
    "InvalidTimestamp": causes.CLOCK,
    "token_rejected": causes.TOKEN_REJECTED,
    "VersionRejected": causes.HEADER_BROKEN,
    "UnknownIntegration": causes.CONSUMER_UNKNOWN,
    "IntegrationBlocked": causes.INTEGRATION_BLOCKED,
    "AuthorizationFlowRequired": causes.FLOW_OFF,
    "InvalidCallback <<--http://localhost:1/-->>": causes.FLOW_CALLBACK,
    "MissingRequiredParameter": causes.HEADER_BROKEN,
    "NonceRejected": causes.REPLAYED,
    "TokenRejected": causes.TOKEN_REJECTED,
    "EntityOrRoleDisabled": causes.ROLE_GONE,
    "InvalidVerifier": causes.FLOW_VERIFIER,
}
# Oracle help, "Troubleshooting OAuth 2.0".
OAUTH2_TRAIL = {
    "AccessTokenExpired": oauth2_causes.TOKEN_OVER,
    "SignatureValidation": oauth2_causes.KEY_MISMATCH,
    "MissingKeyId": oauth2_causes.ASSERTION_FORM,
    "MissingKey": oauth2_causes.NOT_UPLOADED,
    "UnsupportedAlgo": oauth2_causes.ASSERTION_FORM,
    "TokenValidityTooBroad": oauth2_causes.ASSERTION_FORM,
    "TokenNotAcceptable": oauth2_causes.CLOCK,
    "TokenExpired": oauth2_causes.CLOCK,
    "InvalidIssuer": oauth2_causes.CLIENT_UNKNOWN,
    "InvalidIntegration": oauth2_causes.CLIENT_UNKNOWN,
    "ScopeMismatched": oauth2_causes.SCOPE_CLEARED,
    "InvalidScope": oauth2_causes.SCOPE_CLEARED,
    "AuthorizationCodeGrantRequired": oauth2_causes.GRANT_CLEARED,
    "TokenBlocked": oauth2_causes.TOKEN_OVER,
    "InvalidTokenType": oauth2_causes.TOKEN_OVER,
    "ClientIdMismatch": oauth2_causes.CLIENT_UNKNOWN,
    "InsufficientPermissions": oauth2_causes.NO_LOGIN_PERMISSION,
}
OAUTH2_TRAIL_SHARED = {
    "EntityOrRoleDisabled": causes.ROLE_GONE,
    "InvalidSignature": oauth2_causes.KEY_MISMATCH,
    "IntegrationBlocked": oauth2_causes.INTEGRATION_BLOCKED,
    "FeatureDisabled": oauth2_causes.FEATURE,
    "TokenRejected": oauth2_causes.TOKEN_OVER,
}


@pytest.mark.parametrize(
    ("detail", "cause"),
    [*TRAIL.items(), *OAUTH2_TRAIL.items(), *OAUTH2_TRAIL_SHARED.items()],
)
def test_every_word_of_the_trail_is_explained(detail: str, cause: Cause) -> None:
    assert cause in explain(detail)


@pytest.mark.parametrize("detail", ["", "something_new", "token"])
def test_a_word_that_is_not_known_explains_nothing(detail: str) -> None:
    assert explain(detail) == ()


EVERY_CAUSE = [
    value
    for module in (causes, oauth2_causes)
    for value in vars(module).values()
    if isinstance(value, Cause)
]


def test_every_cause_can_be_reached() -> None:
    in_rules = {rule.cause for rule in (*RULES, *OAUTH2_RULES)}
    assert {
        cause.what for cause in EVERY_CAUSE if cause not in in_rules and not cause.trail
    } == set()


@pytest.mark.parametrize("cause", EVERY_CAUSE, ids=[cause.what[:30] for cause in EVERY_CAUSE])
def test_every_cause_says_what_where_and_how(cause: Cause) -> None:
    for text in (cause.what, cause.where, cause.mend):
        assert 5 < len(text) < 130
        assert not text.endswith(".")


def test_every_clue_matters() -> None:
    used = {
        clue for rule in (*RULES, *OAUTH2_RULES) for clue in (*rule.when, *rule.never, *rule.more)
    }
    assert used == set(Clue)


def test_at_most_three_causes_are_shown_in_order() -> None:
    found = diagnosed()
    assert len(found.causes) > 3
    lines = str(found).splitlines()
    assert lines[0] == "said; likely causes, in order:"
    assert [line.strip()[0] for line in lines[1::2]] == ["1", "2", "3"]
    assert all(re.search(r"Setup > ", line) for line in lines[2::2])


def test_a_diagnosis_shows_no_value_and_no_body() -> None:
    mine = with_value("hidden-secret ")
    shown = repr(diagnosed(answer(401, "hidden-body", www_authenticate="hidden-header"), of=mine))
    assert "hidden" not in shown
