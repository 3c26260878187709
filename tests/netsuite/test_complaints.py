"""The complaints that are heard most about TBA: each is covered by a cause, found by what the tool has in its hands.

Sources: the GitHub issues named beside each; docs/troubleshooting.md shows the same list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tba_secrets.netsuite import causes
from tba_secrets.netsuite.answers import Protocol
from tba_secrets.netsuite.causes import Cause
from tba_secrets.netsuite.circumstances import Circumstances
from tba_secrets.netsuite.clues import clues_of_answer, clues_of_record
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.diagnosis import diagnose
from tba_secrets.netsuite.request_clues import SeenRequest, clues_of_requests
from tba_secrets.netsuite.rules import Clue
from tba_secrets.sensitive import Sensitive
from tests.netsuite.support import answer, credential
from tests.netsuite.test_answers import fault, rest, restlet

DOC = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
REFUSED = clues_of_answer(rest(401, "INVALID_LOGIN"), Protocol.REST)
HEADER = (
    'OAuth realm="{realm}", oauth_consumer_key="k", oauth_token="t", oauth_nonce="abcdefgh", '
    'oauth_timestamp="1767225600", oauth_signature_method="{method}", oauth_version="1.0", '
    'oauth_signature="{signature}"{more}'
)
ALL = (
    "REST Web Services",
    "SOAP Web Services",
    "Log in using Access Tokens",
    "SuiteAnalytics Workbook",
)


@dataclass(frozen=True)
class Complaint:
    """What users report, what the tool sees of it, and the cause that covers it."""

    number: int
    source: str
    clues: frozenset[Clue]
    cause: Cause
    within: int = 2
    """Among how many causes it has to be; 99: somewhere in the list, for nothing shows it."""

    def __str__(self) -> str:
        return f"{self.number} {self.source}"


def seen(
    realm: str = "1234567_SB1",
    method: str = "HMAC-SHA256",
    signature: str = "c2ln",
    more: str = "",
    url: str = "",
) -> frozenset[Clue]:
    header = HEADER.format(realm=realm, method=method, signature=signature, more=more)
    return REFUSED | clues_of_requests([SeenRequest(header, url)])


def of_record(
    mine: TbaCredential | None = None, account: str = "1234567", permissions: tuple[str, ...] = ALL
) -> frozenset[Clue]:
    mine = mine if mine is not None else credential(account=account)
    return REFUSED | clues_of_record(mine, account, permissions, own_hosts=True)


RAGGED = replace(credential(account="1234567"), token_secret=Sensitive("ab" * 32 + " "))
AMBIGUOUS = clues_of_answer(fault("Ambiguous authentication"), Protocol.SOAP)
SHA1 = answer(400, "The request could not be understood by the server due to malformed syntax.")
WS_ONLY = restlet(401, "INVALID_LOGIN_CREDENTIALS")
PASSED = Circumstances(passed_before=True).clues
WORKED = frozenset({Clue.LOGIN_WORKED})

COMPLAINTS = [
    Complaint(1, "netsuitephp/netsuite-php #121", seen(realm="1234567_sb1"), causes.ACCOUNT_FORM),
    Complaint(
        1,
        "fylein/netsuite-sdk-py #29",
        of_record(credential(account="1234567_sb1"), "1234567_SB1"),
        causes.ACCOUNT_FORM,
    ),
    Complaint(2, "timbal-ai/timbal #80", seen(more=', limit="1"'), causes.UNSIGNED_QUERY),
    Complaint(2, "usulix/laravel-netsuite #4", seen(), causes.UNSIGNED_QUERY, 99),
    Complaint(
        3,
        "activepieces/activepieces #12555",
        seen(url="https://h.example/services/rest/record/v1/customer/!transform/invoice"),
        causes.ENCODING,
    ),
    Complaint(4, "mvantellingen/python-zeep #1374", seen(signature="ab" * 32), causes.HEX_DIGEST),
    Complaint(5, "suiteplus/nscabinet #31", seen(method="HMAC-SHA1"), causes.ALGORITHM),
    Complaint(
        5, "suiteplus/nscabinet #31", clues_of_answer(SHA1, Protocol.RESTLET), causes.ALGORITHM
    ),
    Complaint(6, "jacobsvante/netsuite #27", REFUSED | WORKED, causes.NO_REST_PERMISSION),
    Complaint(
        6, "jacobsvante/netsuite #27", of_record(permissions=ALL[1:]), causes.NO_REST_PERMISSION
    ),
    Complaint(
        6, "jacobsvante/netsuite #27", of_record(permissions=ALL[:2]), causes.NO_LOGIN_PERMISSION
    ),
    Complaint(7, "NetSweet/netsuite #368", AMBIGUOUS, causes.AMBIGUOUS),
    Complaint(8, "julbrs/netsuite-api-client #26", REFUSED, causes.BURST, 99),
    Complaint(8, "julbrs/netsuite-api-client #26", REFUSED | WORKED, causes.BURST, 4),
    Complaint(9, "stitchdata/docs #177", REFUSED, causes.PASSWORD_LOGIN, 99),
    Complaint(10, "Oracle help", of_record(account="1234567_SB1") | PASSED, causes.SANDBOX_REFRESH),
    Complaint(
        11, "Oracle help", clues_of_answer(WS_ONLY, Protocol.RESTLET), causes.WEB_SERVICES_ONLY
    ),
    Complaint(12, "Celigo release notes 1.0.6", of_record(RAGGED), causes.WHITESPACE),
    Complaint(13, "Oracle help", of_record(), causes.TOKEN_REJECTED),
    Complaint(13, "Oracle help", of_record(credential(account="7654321")), causes.ACCOUNT_DIFFERS),
]


@pytest.mark.parametrize("complaint", COMPLAINTS, ids=str)
def test_a_complaint_is_covered_by_a_cause(complaint: Complaint) -> None:
    found = diagnose("said", complaint.clues)
    assert complaint.cause in found.causes[: complaint.within]
    assert complaint.cause.mend


def test_a_request_in_order_shows_nothing() -> None:
    assert seen() == REFUSED
    assert of_record() - REFUSED == frozenset()


def test_all_thirteen_are_covered_and_in_the_document() -> None:
    rows = re.findall(r"^\| (\d+)\. ", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted({complaint.number for complaint in COMPLAINTS}) == list(range(1, 14))
    assert [int(number) for number in rows] == list(range(1, 14))
