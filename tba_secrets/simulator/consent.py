"""Step two of the authorization flow: the user logs in, picks a role, and allows or denies."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from tba_secrets.simulator.authentication import may_use_tokens
from tba_secrets.simulator.flow_tokens import RequestToken
from tba_secrets.simulator.models import Account, RoleRecord, UserRecord
from tba_secrets.simulator.state import State

PATH = "/app/login/secure/authorizetoken.nl"
_STATE = re.compile(r"[A-Za-z0-9]{0,512}")
"""`state` is optional, alphanumeric, and at most 512 characters long."""


def page(state: State) -> Callable[[], AnyResponse]:
    """Answer GET: show which application asks, and the users who could allow it."""

    def show() -> AnyResponse:
        waiting, problem = _waiting(
            state, request.args.get("oauth_token", ""), request.args.get("state", "")
        )
        if waiting is None:
            return _error(problem)
        account = state.account(waiting.account)
        return Response(
            render_template(
                "consent.html",
                application=waiting.integration,
                company=account.company_name,
                account_id=waiting.account,
                choices=choices(account, waiting.role),
                token=waiting.token,
                state=request.args.get("state", ""),
            )
        )

    return show


def decide(state: State) -> Callable[[], AnyResponse]:
    """Answer POST: redirect to the application; a denial has an empty oauth_verifier."""

    def act() -> AnyResponse:
        form = request.form
        waiting, problem = _waiting(state, form.get("oauth_token", ""), form.get("state", ""))
        if waiting is None:
            return _error(problem)
        if form.get("decision") != "allow":
            waiting.denied = True
            answer = {
                "oauth_token": waiting.token,
                "oauth_verifier": "",
                "company": waiting.account,
            }
            return _back(waiting, answer, form.get("state", ""))
        offered = choices(state.account(waiting.account), waiting.role)
        choice = {f"{user.id}:{role.id}": (user, role) for user, role in offered}.get(
            form.get("login", "")
        )
        if choice is None:
            return _error("Choose a user and a role to log in with.")
        return _back(waiting, _granted(waiting, *choice), form.get("state", ""))

    return act


def choices(account: Account, role: str | None) -> list[tuple[UserRecord, RoleRecord]]:
    """List the users and roles that may use tokens, limited to the requested role if any."""
    return [
        (user, held)
        for user in account.users
        for held in account.roles
        if may_use_tokens(account, user, held) and role in (None, held.id)
    ]


def _granted(waiting: RequestToken, user: UserRecord, role: RoleRecord) -> dict[str, str]:
    return {
        "oauth_token": waiting.token,
        "oauth_verifier": waiting.allow(user.id, role.id),
        "company": waiting.account,
        "role": role.id,
        "entity": user.id,
    }


def _waiting(state: State, token: str, given: str) -> tuple[RequestToken | None, str]:
    waiting = state.request_tokens.find(token)
    if waiting is None or waiting.decided:
        return (
            None,
            "This request is unknown, or was already answered. Start again from the application.",
        )
    if _STATE.fullmatch(given) is None:
        return None, "The state parameter must be alphanumeric and at most 512 characters long."
    return waiting, ""


def _back(waiting: RequestToken, answer: dict[str, str], given: str) -> AnyResponse:
    query = urlencode({**answer, **({"state": given} if given else {})})
    separator = "&" if "?" in waiting.callback else "?"
    return redirect(f"{waiting.callback}{separator}{query}", code=302)


def _error(problem: str) -> AnyResponse:
    return Response(render_template("problem.html", problem=problem), 400)
