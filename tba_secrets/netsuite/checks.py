"""Signed calls as proofs: each check asks NetSuite one thing and returns what the answer proves, no more.

An answer that does not prove what its check is for has not passed, whatever the other checks prove. A token that works
and is another's (account, role, user) is refused. `tokeninfo` goes first whatever the order: it tells the most and
needs no permission of a service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tba_secrets.errors import NotProvenError
from tba_secrets.netsuite import soap
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.answers import Protocol, is_absent
from tba_secrets.netsuite.check_context import CheckContext
from tba_secrets.netsuite.circumstances import NOTHING_KNOWN, Circumstances
from tba_secrets.netsuite.client import Caller, Client, SignedCall
from tba_secrets.netsuite.evidence import Evidence, Expected, Verification
from tba_secrets.netsuite.rules import Clue
from tba_secrets.netsuite.tokeninfo import TokenInfo
from tba_secrets.spec.model import Check, Restlet, RestletCheck

SAME_USER: Final = "same user as first proven"
"""What a recorded entity proves: it says nothing of the declared e-mail address."""
_SUITEQL_QUERY: Final = '{"q": "SELECT 1 AS one FROM DUAL"}'


def run_checks(
    client: Client,
    checks: Sequence[Check],
    expected: Expected,
    circumstances: Circumstances = NOTHING_KNOWN,
) -> Verification:
    """Run the checks, as declared under `verify:`, one after another and stop at the first that fails.

    The circumstances are for the diagnosis of a failure.

    Raises:
        AuthenticationRefusedError: NetSuite refused the login; it was asked once.
        IdentityMismatchError: The token is of another account, role or user.
        NotProvenError: No check was asked for, or an answer does not prove what its check is for.
        CheckFailedError: A check was answered with a failure.
        ClockSkewError: Nothing was signed.
        NetSuiteUnreachableError: No verdict.
    """
    if not checks:
        raise NotProvenError(
            f"{client.record}: nothing is proven: no check was asked for",
            "declare checks under `verify:`",
        )
    evidence: list[Evidence] = []
    for check in sorted(checks, key=lambda one: one != "tokeninfo"):
        evidence.append(
            run_check(client, check, expected, circumstances, login_worked=bool(evidence))
        )
    return Verification(tuple(evidence))


def run_check(
    client: Caller, check: Check, expected: Expected, known: Circumstances, *, login_worked: bool
) -> Evidence:
    """Run one check; raises as `run_checks`."""
    if isinstance(check, RestletCheck):
        clues = known.clues | {Clue.RESTLET_CHECK}
        return _restlet(
            CheckContext(client, expected, check.name, login_worked, clues), check.restlet
        )
    clues = known.clues | ({Clue.SUITEQL_CHECK} if check == "suiteql" else set())
    return _CHECKS[check](CheckContext(client, expected, check, login_worked, clues))


def _tokeninfo(context: CheckContext) -> Evidence:
    """GET /rest/tokeninfo: account, role and user of the token. It is for all three."""
    answer = context.client.call(SignedCall(Service.RESTLETS, "GET", "/rest/tokeninfo"))
    context.json_object(answer, Protocol.RESTLET)
    info = TokenInfo.parse(answer.body_text)
    if info.contradictory is not None:
        raise context.not_proven(answer, Protocol.RESTLET, f", and names two {info.contradictory}s")
    expected = context.expected
    context.match("account", info.account, expected.account)
    context.match("role", info.role_name, expected.role_name)
    context.match("role id", info.role_id, expected.role_id)
    context.match("user", info.entity, expected.entity)
    if expected.entity is None:
        context.match_first(info.entity, expected.first_entity)
    has_role_id = expected.role_id is None or info.role_id is not None
    proofs = {
        "account": info.account is not None,
        "role": info.role_name is not None and has_role_id,
        # An entity id is not an e-mail address: without a declared id nobody knows whose it is.
        "user": info.entity is not None and expected.entity is not None,
        SAME_USER: info.entity is not None
        and expected.entity is None
        and expected.first_entity is not None,
    }
    context.required(answer, [aspect for aspect in _required(expected) if not proofs[aspect]])
    proven = [aspect for aspect, holds in proofs.items() if holds]
    left_open = [a for a in ("account", "role", "user") if a not in proven]
    return context.evidence(answer, proven, left_open, info)


def _required(expected: Expected) -> Iterator[str]:
    """Return what tokeninfo has to prove, in the order of the proofs."""
    yield "account"
    if expected.role_name is not None and "role" not in expected.accept_unproven:
        yield "role"
    if "user" not in expected.accept_unproven:
        if expected.entity is not None:
            yield "user"
        elif expected.first_entity is not None:
            yield SAME_USER


def _rest(context: CheckContext) -> Evidence:
    """GET serverTime, which needs no permission of a record; OPTIONS where the account does not serve it yet."""
    path = "/services/rest/system/v1/serverTime"
    answer = context.client.call(SignedCall(Service.SUITETALK, "GET", path))
    if is_absent(answer, Protocol.REST):
        answer = context.client.call(SignedCall(Service.SUITETALK, "OPTIONS", "/services/rest/*"))
        context.accepted(answer, Protocol.REST)
        if answer.status != 204:
            raise context.unreadable(answer, Protocol.REST, "status 204")
        return context.evidence(answer, [Protocol.REST.value])
    server_time = context.json_object(answer, Protocol.REST).get("serverTime")
    if not isinstance(server_time, str) or not server_time.strip():
        raise context.unreadable(answer, Protocol.REST, "serverTime")
    return context.evidence(answer, [Protocol.REST.value])


def _suiteql(context: CheckContext) -> Evidence:
    """POST a query of one row; the `Prefer` header is required."""
    call = SignedCall(
        Service.SUITETALK,
        "POST",
        "/services/rest/query/v1/suiteql",
        query=(("limit", "1"),),
        json=_SUITEQL_QUERY,
        headers={"Prefer": "transient"},
    )
    answer = context.client.call(call)
    if not isinstance(context.json_object(answer, Protocol.REST).get("items"), list):
        raise context.unreadable(answer, Protocol.REST, "list of items")
    return context.evidence(answer, ["SuiteQL"])


def _restlet(context: CheckContext, restlet: Restlet) -> Evidence:
    """GET the deployment. What it answers is the script's affair; a page of HTML is somebody else's."""
    query = (("script", restlet.script), ("deploy", restlet.deploy))
    call = SignedCall(Service.RESTLETS, "GET", "/app/site/hosting/restlet.nl", query=query)
    answer = context.accepted(context.client.call(call), Protocol.RESTLET)
    is_page = answer.content_type == "text/html" or answer.body_text.lstrip().startswith("<")
    is_text = answer.content_type == "text/plain" and bool(answer.body_text)
    if is_page or not (is_text or answer.json() is not None):
        raise context.unreadable(answer, Protocol.RESTLET, "JSON or text")
    return context.evidence(answer, [context.check])


def _soap(context: CheckContext) -> Evidence:
    """Call getServerTime with a TokenPassport: "There are no explicit permissions" for it."""
    if not isinstance(context.client, Client):
        raise NotProvenError(
            f"{context.client.record}: SOAP does not know OAuth 2.0", "declare other checks"
        )
    answer = context.accepted(context.client.soap("getServerTime"), Protocol.SOAP)
    root = soap.read(answer.body_text)
    if root is None:
        raise context.unreadable(answer, Protocol.SOAP, "SOAP envelope")
    status = soap.first(root, "status")
    succeeded = status is not None and status.get("isSuccess") == "true"
    if not succeeded or not soap.text_of(root, "serverTime"):
        raise context.unreadable(answer, Protocol.SOAP, "success with a serverTime")
    return context.evidence(answer, [Protocol.SOAP.value])


_CHECKS: Final[dict[str, Callable[[CheckContext], Evidence]]] = {
    "tokeninfo": _tokeninfo,
    "rest": _rest,
    "soap": _soap,
    "suiteql": _suiteql,
}
