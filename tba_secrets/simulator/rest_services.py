"""REST web services without records: serverTime and the OPTIONS probe."""

from __future__ import annotations

from flask import Response

from tba_secrets.simulator import answers
from tba_secrets.simulator.gate import Call


def server_time(call: Call) -> Response:
    """Answer GET serverTime: "There are no explicit permissions for this operation"."""
    moment = call.state.clock.moment()
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    return answers.json_answer({"serverTime": stamp})


def options(_call: Call) -> Response:
    """Answer OPTIONS /services/rest/*: 204 for a valid login."""
    answer = Response(status=204)
    answer.headers["Allow"] = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
    return answer


def not_found(_call: Call) -> Response:
    """Answer a signed request for a missing resource."""
    return answers.rest_not_found()
