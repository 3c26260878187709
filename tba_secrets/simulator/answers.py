"""NetSuite's answers on the wire, which never reveal why a login was refused.

The shapes come from Oracle help ("REST Web Services Error Handling", "RESTlet Status Codes and Error
Message Formats") and, where it is silent, from captured live answers. Inferred shapes are marked here
and listed in docs/simulator.md.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from flask import Response

from tba_secrets.simulator.vocabulary import CalledService

_TYPE = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
INVALID_LOGIN_DETAIL = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
    "Setup > Users/Roles > User Management > View Login Audit Trail."
)
MALFORMED_SYNTAX = "The request could not be understood by the server due to malformed syntax."


def rest_error(status: int, title: str, code: str, detail: str, **extra: Any) -> Response:
    """Build an error of REST web services."""
    body = {"type": _TYPE, "title": title, "status": status, **extra}
    body["o:errorDetails"] = [{"detail": detail, "o:errorCode": code}]
    return json_answer(body, status, "application/vnd.oracle.resource+json; type=error")


def rest_invalid_login(realm: str) -> Response:
    """Answer 401 with token_rejected, whatever the cause (captured 2025-10)."""
    answer = rest_error(401, "Unauthorized", "INVALID_LOGIN", INVALID_LOGIN_DETAIL)
    quoted = realm.replace("\\", "").replace('"', "")
    answer.headers["WWW-Authenticate"] = (
        f'OAuth realm="{quoted}", error="token_rejected", error_description="Invalid login attempt."'
    )
    return answer


def rest_unpermitted_login() -> Response:
    """Answer 401 to a login that the role does not allow; the code is seen by others, the rest inferred."""
    detail = "Permission Violation: The role does not allow this login."
    return rest_error(401, "Unauthorized", "INSUFFICIENT_PERMISSION", detail)


def challenged(answer: Response, realm: str, error: str, description: str) -> Response:
    """Put the challenge of OAuth 2.0 on an answer (Oracle help, "Authentication Errors")."""
    answer.headers["WWW-Authenticate"] = (
        f'Bearer realm="{realm}", error="{error}", error_description="{description}"'
    )
    return answer


def oauth2_error(status: int, error: str, realm: str | None = None) -> Response:
    """Build an error of the token endpoint: the value alone, no description."""
    answer = json_answer({"error": error}, status)
    if realm is not None:
        answer.headers["WWW-Authenticate"] = f'Basic realm="{realm}"'
    return answer


def rest_bad_request(code: str, detail: str) -> Response:
    """Answer 400 with one of NetSuite's codes."""
    return rest_error(400, "Bad Request", code, detail)


def rest_not_found() -> Response:
    """Answer 404 for a missing record."""
    return rest_error(404, "Not Found", "NONEXISTENT_ID", "Record does not exist.")


def rest_forbidden(permission: str) -> Response:
    """Answer 403: the login is valid, but the role or the account lacks what the call needs."""
    detail = f"Permission Violation: You need the '{permission}' permission to access this page."
    return rest_error(403, "Forbidden", "INSUFFICIENT_PERMISSION", detail)


def feature_disabled(service: CalledService) -> Response:
    """Answer a valid login if the feature is off (status and codes inferred except for REST)."""
    message = f"The feature {service.value} is not enabled in this account."
    if service is CalledService.SOAP:
        return soap_fault("insufficientPermissionFault", "WS_FEATURE_REQD", message)
    if service is CalledService.REST:
        return rest_error(403, "Forbidden", "INSUFFICIENT_PERMISSION", message)
    return restlet_error(403, "INSUFFICIENT_PERMISSION", message)


def rest_concurrency_limit() -> Response:
    """Answer 429, with the title and extra code that Oracle documents."""
    return rest_error(
        429,
        "Bad Request",
        "CONCURRENCY_LIMIT_EXCEEDED",
        "Concurrent request limit exceeded. Request blocked.",
        **{"o:errorCode": "USER_ERROR"},
    )


def rest_unexpected(status: int = 500) -> Response:
    """Answer 5xx with an error id."""
    return rest_error(
        status,
        "Internal Server Error",
        "UNEXPECTED_ERROR",
        f"An unexpected error occurred. Error ID: {secrets.token_hex(10)}",
    )


def restlet_error(status: int, code: str, message: str) -> Response:
    """Build a RESTlet error, with the spaces around colons that live answers have."""
    body = f'{{"error" : {{"code" : {json.dumps(code)}, "message" : {json.dumps(message)}}}}}'
    return Response(body, status, content_type="application/json; charset=utf-8")


def restlet_invalid_login() -> Response:
    """Answer 401. The code is documented; the body in this envelope is inferred."""
    return restlet_error(401, "INVALID_LOGIN_ATTEMPT", "Invalid login attempt.")


def restlet_malformed() -> Response:
    """Answer 400 for an unreadable header or unsupported algorithm (status inferred)."""
    return restlet_error(400, "INVALID_REQUEST", MALFORMED_SYNTAX)


def restlet_web_services_only() -> Response:
    """Refuse a "Web Services Only" role. The code is documented, the rest inferred."""
    return restlet_error(401, "INVALID_LOGIN_CREDENTIALS", "Invalid login credentials.")


def restlet_request_limit() -> Response:
    """Answer 400, not 429 (Oracle help, "Concurrency Governance")."""
    return restlet_error(
        400, "SSS_REQUEST_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."
    )


def soap_fault(detail_type: str, code: str, message: str) -> Response:
    """Build a SOAP 1.1 fault with HTTP 500 (status inferred from SOAP 1.1 section 6.2)."""
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?>\n{_envelope(detail_type, code, message)}',
        500,
        content_type="text/xml; charset=utf-8",
    )


def _envelope(detail_type: str, code: str, message: str) -> str:
    faults = "urn:faults_2025_2.platform.webservices.netsuite.com"
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>soapenv:Server.userException</faultcode><faultstring>{message}</faultstring><detail>"
        f'<platformFaults:{detail_type} xmlns:platformFaults="{faults}">'
        f"<platformFaults:code>{code}</platformFaults:code>"
        f"<platformFaults:message>{message}</platformFaults:message></platformFaults:{detail_type}>"
        "</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )


def soap_invalid_login() -> Response:
    """Refuse a login. Clients document the fault string; the detail code is inferred."""
    return soap_fault(
        "invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS", "Invalid login attempt."
    )


def soap_ambiguous() -> Response:
    """Refuse a TokenPassport beside other credentials ("Troubleshoot TBA for SOAP")."""
    return soap_fault("invalidCredentialsFault", "USER_ERROR", "Ambiguous authentication")


def soap_malformed() -> Response:
    """Refuse a body that is not a SOAP envelope (inferred)."""
    return soap_fault("unexpectedErrorFault", "USER_ERROR", MALFORMED_SYNTAX)


def soap_concurrency_limit() -> Response:
    """Refuse a TBA request over the limit."""
    message = "SuiteTalk concurrent request limit exceeded. Request blocked."
    return soap_fault("exceededConcurrentRequestLimitFault", "WS_REQUEST_BLOCKED", message)


def maintenance_page() -> Response:
    """Answer 503 with HTML, as a load balancer does in a maintenance window."""
    page = (
        "<!DOCTYPE html><html lang='en'><head><title>NetSuite: scheduled maintenance</title></head>"
        "<body><h1>NetSuite is unavailable for scheduled maintenance.</h1></body></html>"
    )
    return Response(page, 503, content_type="text/html; charset=utf-8")


def json_answer(
    body: Any, status: int = 200, content_type: str = "application/json; charset=utf-8"
) -> Response:
    """Answer with a JSON body."""
    return Response(json.dumps(body), status, content_type=content_type)
