"""The REST record service: the metadata catalog, and customers as the only record type."""

from __future__ import annotations

import json
from typing import Any

from flask import Request, Response

from tba_secrets.simulator import answers
from tba_secrets.simulator.gate import Call, sent_request
from tba_secrets.simulator.models import Customer
from tba_secrets.simulator.vocabulary import CUSTOMERS

RECORD_TYPES = ("customer", "salesOrder", "employee", "account")
DEFAULT_LIMIT = 1000
_BASE = "/services/rest/record/v1"


class BadPage(Exception):  # noqa: N818
    """The limit or offset is out of range."""


def metadata_catalog(call: Call) -> Response:
    """Answer GET metadata-catalog[?select=customer,salesOrder]."""
    selected = call.request.args.get("select")
    wanted = selected.split(",") if selected else RECORD_TYPES
    if not set(wanted) <= set(RECORD_TYPES):
        return answers.rest_bad_request(
            "INVALID_PARAMETER", "Invalid record type in the select parameter."
        )
    base = f"{_origin(call.request)}{_BASE}/metadata-catalog"
    return answers.json_answer({"items": [_catalog_item(base, name) for name in wanted]})


def _catalog_item(base: str, name: str) -> dict[str, Any]:
    kinds = (
        ("canonical", "application/json"),
        ("alternate", "application/swagger+json"),
        ("alternate", "application/schema+json"),
    )
    return {
        "name": name,
        "links": [
            {"rel": rel, "href": f"{base}/{name}", "mediaType": media} for rel, media in kinds
        ],
    }


def list_customers(call: Call) -> Response:
    """Answer GET customer?limit=&offset= with ids only, as the record service does."""
    if not call.identity.role.allows(CUSTOMERS):
        return answers.rest_forbidden(CUSTOMERS)
    base = f"{_origin(call.request)}{_BASE}/customer"
    rows = [
        {"links": [{"rel": "self", "href": f"{base}/{customer.id}"}], "id": customer.id}
        for customer in call.identity.account.customers
    ]
    return paged(call.request, rows)


def get_customer(call: Call) -> Response:
    """Answer GET customer/<id>."""
    if not call.identity.role.allows(CUSTOMERS):
        return answers.rest_forbidden(CUSTOMERS)
    for customer in call.identity.account.customers:
        if customer.id == call.path_values["record_id"]:
            href = f"{_origin(call.request)}{_BASE}/customer/{customer.id}"
            return answers.json_answer(
                {"links": [{"rel": "self", "href": href}], **fields(customer)}
            )
    return answers.rest_not_found()


def create_customer(call: Call) -> Response:
    """Answer POST customer: 204 with the new record's address."""
    if not call.identity.role.allows(CUSTOMERS):
        return answers.rest_forbidden(CUSTOMERS)
    try:
        body = json.loads(call.request.get_data())
        name, email = str(body["companyName"]), str(body.get("email", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return answers.rest_bad_request("INVALID_CONTENT", "Invalid content in the request body.")
    with call.state.lock:
        customers = call.identity.account.customers
        number = str(max((int(c.id) for c in customers if c.id.isdigit()), default=0) + 1)
        customers.append(
            Customer(id=number, entityid=f"CUST{number}", companyname=name, email=email)
        )
    answer = Response(status=204)
    answer.headers["Location"] = f"{_origin(call.request)}{_BASE}/customer/{number}"
    return answer


def fields(customer: Customer) -> dict[str, str]:
    """Return a customer with the record service's field names."""
    return {
        "id": customer.id,
        "entityId": customer.entityid,
        "companyName": customer.companyname,
        "email": customer.email,
    }


def paged(request: Request, rows: list[dict[str, Any]]) -> Response:
    """Wrap a page of rows in the envelope of collections; limit is 1 to 1000."""
    try:
        limit, offset = _page(request)
    except BadPage:
        return answers.rest_bad_request(
            "INVALID_PARAMETER", "Invalid value of the limit or offset parameter."
        )
    items = rows[offset : offset + limit]
    return answers.json_answer(
        {
            "links": [{"rel": "self", "href": request.url}],
            "count": len(items),
            "hasMore": offset + len(items) < len(rows),
            "items": items,
            "offset": offset,
            "totalResults": len(rows),
        }
    )


def _page(request: Request) -> tuple[int, int]:
    try:
        limit = int(request.args.get("limit", DEFAULT_LIMIT))
        offset = int(request.args.get("offset", 0))
    except ValueError:
        raise BadPage from None
    if not (1 <= limit <= DEFAULT_LIMIT and offset >= 0):
        raise BadPage
    return limit, offset


def _origin(request: Request) -> str:
    sent = sent_request(request)
    return f"{sent.scheme}://{sent.host}"
