"""Middleware: the Date header, faults on demand, and each account's concurrency limit."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.wrappers import Response

from tba_secrets.simulator import answers
from tba_secrets.simulator.connection import BreakConnection, http_message
from tba_secrets.simulator.faults import Fault, FaultKind
from tba_secrets.simulator.oauth2 import access_token
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import CalledService, service_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Faults = dict[FaultKind, Fault]

_REALM = re.compile(r'\brealm="([^"]*)"', re.IGNORECASE)
_PASSPORT_ACCOUNT = re.compile(rb"<(?:\w+:)?account>\s*(\w+)\s*</")
_OWN_PAGES = "/simulator"


class Middleware:
    """A WSGI application that wraps the simulator's Flask application."""

    def __init__(self, app: Flask, state: State) -> None:
        self._app = app
        self._state = state
        self._slots = Slots()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        faults = {} if path.startswith(_OWN_PAGES) else self._state.faults.take(method, path)
        skew = faults[FaultKind.CLOCK_SKEW].seconds if FaultKind.CLOCK_SKEW in faults else 0.0
        with self._state.clock.skewed(skew):
            answer = self._answer(environ, faults, service_of(path))
            answer.headers["Date"] = self._state.clock.http_date()
            _break_after(answer, faults)
            return answer(environ, start_response)

    def _answer(
        self, environ: WSGIEnvironment, faults: Faults, service: CalledService | None
    ) -> Response:
        if FaultKind.RESET in faults:
            raise BreakConnection
        account_id = claimed_account(environ)
        account = self._state.accounts.get(account_id)
        limit = account.concurrency_limit if account is not None else None
        with self._slots.taken(account_id, limit) as free:
            if not free:
                return too_many(service)
            if FaultKind.LATENCY in faults:
                time.sleep(faults[FaultKind.LATENCY].seconds)
            return instead(faults) or Response.from_app(self._app, environ)


class Slots:
    """Requests in progress, by account."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._busy: Counter[str] = Counter()

    @contextmanager
    def taken(self, account_id: str, limit: int | None) -> Iterator[bool]:
        """Hold a slot; yield False if none is free."""
        with self._lock:
            free = limit is None or self._busy[account_id] < limit
            self._busy[account_id] += free
        try:
            yield free
        finally:
            with self._lock:
                self._busy[account_id] -= free


def claimed_account(environ: WSGIEnvironment) -> str:
    """Return the account that a request names, unverified; empty if it names none."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    realm = _REALM.search(authorization)
    if realm is not None:
        return realm[1]
    if authorization[:7].lower() == "bearer ":
        token = access_token.read(authorization[7:].strip())
        return token.account_id if token is not None else ""
    if service_of(environ["PATH_INFO"]) is not CalledService.SOAP:
        return ""
    body = environ["wsgi.input"].read()
    environ["wsgi.input"].seek(0)
    account = _PASSPORT_ACCOUNT.search(body)
    return account[1].decode() if account is not None else ""


def too_many(service: CalledService | None) -> Response:
    """Build the concurrency answer of each service."""
    if service is CalledService.SOAP:
        return answers.soap_concurrency_limit()
    if service in (CalledService.RESTLET, CalledService.TOKEN_SERVICE):
        return answers.restlet_request_limit()
    return answers.rest_concurrency_limit()


_INSTEAD: dict[FaultKind, Callable[[Fault], Response]] = {
    FaultKind.CONCURRENCY_LIMIT: lambda _: answers.rest_concurrency_limit(),
    FaultKind.REQUEST_LIMIT: lambda _: answers.restlet_request_limit(),
    FaultKind.SERVER_ERROR: lambda fault: answers.rest_unexpected(fault.status),
    FaultKind.MAINTENANCE: lambda _: answers.maintenance_page(),
    FaultKind.GARBAGE: lambda _: Response(
        b"\x00\xffnot an answer{[<", 200, content_type="application/json"
    ),
}


def instead(faults: Faults) -> Response | None:
    """Return the answer of a fault that replaces the application's, or None."""
    for kind, make in _INSTEAD.items():
        if kind in faults:
            return make(faults[kind])
    return None


def _break_after(answer: Response, faults: Faults) -> None:
    """Lose all or half of the answer to a request that was carried out."""
    if FaultKind.ANSWER_LOST in faults:
        raise BreakConnection
    if FaultKind.TRUNCATED in faults:
        body = answer.get_data()
        whole = http_message(answer.status, list(answer.headers), body)
        raise BreakConnection(whole[: len(whole) - (len(body) + 1) // 2], reset=False)
