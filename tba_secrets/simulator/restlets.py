"""RESTlets: /app/site/hosting/restlet.nl?script=...&deploy=... (Oracle help, "RESTlet Error Handling")."""

from __future__ import annotations

import json
from typing import Any

from flask import Request, Response

from tba_secrets.simulator import answers
from tba_secrets.simulator.gate import Call

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_BODILESS = ("GET", "DELETE")


def run(call: Call) -> Response:
    """Answer as configured, or echo method, parameters and body."""
    request = call.request
    wanted = (request.args.get("script"), request.args.get("deploy"))
    for restlet in call.identity.account.restlets:
        if (restlet.script, restlet.deploy) == wanted:
            break
    else:
        message = "That Suitelet is invalid, disabled, or no longer exists."
        return answers.restlet_error(404, "SSS_INVALID_SCRIPTLET_ID", message)
    problem = _problem(request)
    if problem is not None:
        return problem
    return answers.json_answer(restlet.response if restlet.response is not None else _echo(request))


def _problem(request: Request) -> Response | None:
    """Refuse forms (415), and any body with GET or DELETE (400)."""
    if request.get_data() and request.method in _BODILESS:
        return answers.restlet_error(400, "INVALID_REQUEST", answers.MALFORMED_SYNTAX)
    if request.mimetype in _FORMS:
        return answers.restlet_error(
            415, "UNSUPPORTED_MEDIA_TYPE", "The content type is not supported."
        )
    return None


def _echo(request: Request) -> dict[str, Any]:
    parameters = {
        name: values if len(values) > 1 else values[0]
        for name, values in request.args.lists()
        if name not in ("script", "deploy")
    }
    return {"method": request.method, "parameters": parameters, "body": _body(request)}


def _body(request: Request) -> Any:
    text = request.get_data(as_text=True)
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
