"""The simulator's own pages: an index, the Login Audit Trail, and the fault control."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, render_template, request
from pydantic import ValidationError

from tba_secrets.simulator import answers
from tba_secrets.simulator.config import describe
from tba_secrets.simulator.faults import Fault
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
            return answers.json_answer({"errors": describe(error)}, 400)
        for fault in added:
            state.faults.append(fault)
        return answers.json_answer({"faults": [fault.model_dump() for fault in added]}, 201)

    return control
