"""The simulator's own pages: an index, the Login Audit Trail, and the fault control."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import Response, render_template, request
from pydantic import ValidationError

from tba_secrets.simulator import answers
from tba_secrets.simulator.config import describe
from tba_secrets.simulator.faults import Fault
from tba_secrets.simulator.models import CertificateMapping
from tba_secrets.simulator.oauth2.mappings import CertificateRefused
from tba_secrets.simulator.state import State


def index(state: State) -> Callable[[], Response]:
    """Answer GET /: what this is, with links."""
    return lambda: Response(render_template("index.html", accounts=state.accounts))


def audit_json(state: State) -> Callable[[], Response]:
    """Answer GET /simulator/audit.json[?account=...], oldest first."""

    def show() -> Response:
        entries = state.audit(request.args.get("account"))
        return answers.json_answer({"entries": [entry.as_json() for entry in entries]})

    return show


def audit_page(state: State) -> Callable[[], Response]:
    """Answer GET /simulator/audit[?account=...], newest first as NetSuite shows it."""

    def show() -> Response:
        entries = state.audit(request.args.get("account"))
        return Response(render_template("audit.html", entries=list(reversed(entries))))

    return show


def certificates(state: State) -> Callable[[], Response]:
    """Answer /simulator/certificates: what OAuth 2.0 Client Credentials (M2M) Setup is for a person.

    GET lists the mappings. POST adds one: `account`, `integration`, `user`, `role`, and `certificate` in PEM. DELETE is
    the button Revoke: `account` and `certificate_id`.
    """

    def control() -> Response:
        if request.method == "GET":
            return answers.json_answer({"certificates": list(_mappings(state))})
        body = request.get_json(force=True, silent=True)
        given = dict(body) if isinstance(body, dict) else {}
        account_id = str(given.pop("account", ""))
        if account_id not in state.accounts:
            return _refused("account is not one of those served here")
        if request.method == "DELETE":
            return _revoked(state, account_id, str(given.get("certificate_id", "")))
        try:
            added = state.add_certificate(account_id, given)
        except ValidationError as error:
            return _refused(*describe(error))
        except (KeyError, CertificateRefused) as error:
            return _refused(str(error.args[0]))
        return answers.json_answer(_mapping(account_id, added), 201)

    return control


def _revoked(state: State, account_id: str, certificate_id: str) -> Response:
    try:
        certificate = state.account(account_id).certificate(certificate_id)
    except KeyError as error:
        return _refused(str(error.args[0]))
    certificate.revoked = True
    return answers.json_answer(_mapping(account_id, certificate))


def _refused(*errors: str) -> Response:
    return answers.json_answer({"errors": errors}, 400)


def _mappings(state: State) -> Iterator[dict[str, Any]]:
    for account_id, account in state.accounts.items():
        for certificate in account.certificates:
            yield _mapping(account_id, certificate)


def _mapping(account_id: str, certificate: CertificateMapping) -> dict[str, Any]:
    facts = certificate.facts
    return {
        "account": account_id,
        **certificate.model_dump(mode="json", include={"integration", "user", "role", "revoked"}),
        "certificate_id": facts.certificate_id,
        "algorithm": facts.algorithm,
        "valid_until": facts.valid_until.date().isoformat(),
    }


def faults(state: State) -> Callable[[], Response]:
    """Answer /simulator/faults: POST adds faults, GET lists the pending ones, DELETE drops them."""

    def control() -> Response:
        if request.method == "DELETE":
            state.faults.clear()
        if request.method != "POST":
            return answers.json_answer({"faults": [f.model_dump() for f in state.faults.list()]})
        body = request.get_json(force=True, silent=True)
        try:
            added = [Fault.model_validate(f) for f in (body if isinstance(body, list) else [body])]
        except ValidationError as error:
            return _refused(*describe(error))
        for fault in added:
            state.faults.append(fault)
        return answers.json_answer({"faults": [fault.model_dump() for fault in added]}, 201)

    return control
