"""SuiteQL over a few tables: enough to prove a login and to page, but no query language."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Response

from tba_secrets.simulator import answers
from tba_secrets.simulator.audit import AuditEntry
from tba_secrets.simulator.gate import Call
from tba_secrets.simulator.models import Account
from tba_secrets.simulator.rest_records import paged
from tba_secrets.simulator.vocabulary import (
    SUITEANALYTICS_WORKBOOK,
    VIEW_LOGIN_AUDIT_TRAIL,
    Feature,
)

_SELECT = re.compile(r"\s*select\b.+?\bfrom\s+(\w+)", re.IGNORECASE | re.DOTALL)


def query(call: Call) -> Response:
    """Answer POST /services/rest/query/v1/suiteql ("Executing SuiteQL Queries Through REST").

    The columns and every clause after the table's name are ignored: all rows come with all columns.
    """
    if call.request.headers.get("Prefer", "").strip().lower() != "transient":
        return answers.rest_bad_request(
            "INVALID_HEADER", "The Prefer header must have the value transient."
        )
    workbook = Feature.WORKBOOK in call.identity.account.features
    if not workbook or not call.identity.role.allows(SUITEANALYTICS_WORKBOOK):
        return answers.rest_forbidden(SUITEANALYTICS_WORKBOOK)
    table = _table(call.request.get_data())
    rows = _rows(call).get(table)
    if rows is None:
        return answers.rest_bad_request("INVALID_PARAMETER", "Invalid search query.")
    return paged(call.request, [{"links": [], **row} for row in rows])


def _table(body: bytes) -> str:
    try:
        text = json.loads(body)["q"]
        match = _SELECT.match(text)
    except (ValueError, KeyError, TypeError):
        return ""
    return match[1].lower() if match is not None else ""


def _rows(call: Call) -> dict[str, list[dict[str, Any]]]:
    account = call.identity.account
    tables = {
        "dual": [{"expr1": "1"}],
        "customer": [customer.model_dump() for customer in account.customers],
        "role": [{"id": role.id, "name": role.name} for role in account.roles],
        "oauthtoken": [_token_row(account, number) for number in range(len(account.tokens))],
    }
    if call.identity.role.allows(VIEW_LOGIN_AUDIT_TRAIL):
        entries = reversed(call.state.audit(call.identity.account_id))
        tables["loginaudit"] = [_audit_row(entry) for entry in entries]
    return tables


def _audit_row(entry: AuditEntry) -> dict[str, Any]:
    """Build a row of LoginAudit, with the columns that others have read."""
    return {
        "date": entry.date.strftime("%Y-%m-%d %H:%M:%S"),
        "status": "Success" if entry.success else "Failure",
        "detail": entry.detail,
        "oauthappname": entry.application_name,
        "requesturi": entry.request.partition(" ")[2],
    }


def _token_row(account: Account, number: int) -> dict[str, Any]:
    """Build a row of OAuthToken: the token's name and state, without keys."""
    token = account.tokens[number]
    return {
        "id": str(number + 1),
        "tba_app_name": token.integration,
        "tba_token_name": token.name,
        "entity_name": account.user(token.user).email,
        "role_name": account.role(token.role).name,
        "binactive": "F" if token.usable else "T",
        "brevoked": "T" if token.revoked else "F",
    }
