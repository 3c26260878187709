"""NetSuite's three-step authorization flow: a new access token, without anybody seeing it.

1. A listener on loopback gets a port and a path that nobody can guess.
2. Every host that the issued token will be used with is reached: what cannot be proven is not to be issued.
3. Step one: `POST /rest/requesttoken` with that callback and the role that is asked for.
4. A person is told whom to log in as, and the consent page is opened, with a random `state`.
5. The browser comes back. State, request token, account, role and user must be the right ones, before
6. the caller writes down that a token is about to be issued, and is asked for the last time whether to go on.
7. Step three: `POST /rest/accesstoken` exchanges request token and verifier, once.

Until step three nothing exists in NetSuite but a request token that leads nowhere: every ending before it changes
nothing. From then on the caller holds the token, and revokes it if nothing keeps it.
Source: Oracle help, "The Three-Step TBA Authorization Flow".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import Final
from urllib.parse import urlencode

from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.callback import CallbackListener
from tba_secrets.netsuite.clock import PROCESS_PROBE, ClockProbe
from tba_secrets.netsuite.consent import Answered, Consent, PendingConsent
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.netsuite.flow_errors import (
    ConsentDeniedError,
    ConsentMismatchError,
    ConsentTimeoutError,
    FlowCancelledError,
)
from tba_secrets.netsuite.flow_steps import Application, Steps
from tba_secrets.netsuite.retry import Retry
from tba_secrets.netsuite.transport import HttpSender, Sender
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair

CONSENT_PATH: Final = "/app/login/secure/authorizetoken.nl"
CONSENT_SECONDS: Final = 300.0
"""How long a login with a second factor and a look at the page may take."""
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Person:
    """How the person who gives consent is reached."""

    open_page: Callable[[str], None]
    """Opens or shows a URL. It holds the request token: it is for the browser, not for a log."""
    announce: Callable[[str], None]
    """Shows what to do on the page; holds no value."""
    timeout_seconds: float = CONSENT_SECONDS


def authorize(
    application: Application,
    expected: Expected,
    person: Person,
    *,
    record: str,
    cancelled: Callable[[], bool] = lambda: False,
    before_issue: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.time,
    sender: Sender | None = None,
    deadline_seconds: float = 30.0,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    probe: ClockProbe = PROCESS_PROBE,
) -> Pair:
    """Get a new access token, not proven yet, for one user and role. Blocks until the person has answered.

    `role_id` is asked for in step one and compared, as is `entity`; where one is None only its name is announced, and a
    check of the issued token has to prove it. `cancelled` is asked before each step, ten times a second or more while
    waiting, and last before the exchange. `before_issue` is called once, immediately before the exchange; what it
    raises stops the flow. Of all errors below only `TokenOrphanedError` says that a token may exist. The settings from
    `clock` on are those of `client.Caller`; the deadline is that of each call.

    Raises:
        ConsentDeniedError: No consent. Nothing was exchanged, as in all that follow but the last.
        ConsentMismatchError: Another account, role or user gave it.
        ConsentTimeoutError: Nobody answered.
        FlowCancelledError: `cancelled` said so.
        FlowRefusedError: NetSuite refused step one or three.
        ClockSkewError: The clocks differ too much for a signature.
        NetSuiteUnreachableError: A host cannot be reached, or step one got no answer.
        FlowError: There is no port to listen on, or something else answers in NetSuite's place.
        TokenOrphanedError: The answer to step three was lost: a token may exist that nobody holds.
    """

    def go_on() -> None:
        if cancelled():
            raise FlowCancelledError(
                f"{record}: the authorization flow was cancelled. No token was issued, and nothing was changed"
            )

    def pause(seconds: float) -> None:
        while seconds > 0:
            go_on()
            sleep(min(seconds, _POLL_SECONDS))
            seconds -= _POLL_SECONDS

    retry = Retry(sender or HttpSender(clock, monotonic), deadline_seconds, pause, monotonic)
    whose = (
        f"a token of application {application.name}, user {_user(expected)}, role {_role(expected)}"
    )
    steps = Steps(application, record, retry, clock, probe, whose)
    with CallbackListener() as listener:
        go_on()
        steps.reach()
        go_on()
        request_token = steps.request_token(listener.url, expected.role_id)
        state = Sensitive(token_hex(16))
        listener.expect(PendingConsent(state, request_token.identifier, expected))
        until = monotonic() + person.timeout_seconds
        person.announce(_announcement(expected, person, record))
        person.open_page(_page_url(application, request_token, state))
        while (consent := listener.poll()) is None:
            go_on()
            if monotonic() >= until:
                raise _nobody_answered(person, record)
    verifier = _verifier(consent, expected, record)
    go_on()
    before_issue()
    go_on()
    return steps.access_token(request_token, verifier)


def _page_url(application: Application, request_token: Pair, state: Sensitive) -> str:
    """Return the address of the consent page; `state` is alphanumeric, 512 characters at most."""
    query = {"oauth_token": request_token.identifier.reveal(), "state": state.reveal()}
    return f"{application.url(Service.APP)}{CONSENT_PATH}?{urlencode(query)}"


def _announcement(expected: Expected, person: Person, record: str) -> str:
    minutes = max(1, round(person.timeout_seconds / 60))
    return (
        f"{record}: on NetSuite's consent page log in as {_user(expected)}, in account {expected.account}, "
        f"with the role {_role(expected)} (Change Role where it shows another), and press Allow. "
        f"Waiting for up to {minutes} min"
    )


def _user(expected: Expected) -> str:
    entity = f" (entity {expected.entity})" if expected.entity is not None else ""
    return f"{expected.user_email}{entity}"


def _role(expected: Expected) -> str:
    role_id = f" (id {expected.role_id})" if expected.role_id is not None else ""
    return f"{expected.role_name}{role_id}"


def _nobody_answered(person: Person, record: str) -> ConsentTimeoutError:
    return ConsentTimeoutError(
        f"{record}: nobody answered NetSuite's consent page within {person.timeout_seconds:.0f} s. "
        "No token was issued, and nothing was changed",
        "start the flow again; where the page says that the request is unknown, its address was cut off",
    )


def _verifier(consent: Consent, expected: Expected, record: str) -> Sensitive:
    """Return the verifier of a consent that is the declared user's for the declared role, or raise the typed error."""
    if (mismatch := consent.mismatch) is not None:
        raise ConsentMismatchError(
            f"{record}: consent was given for another {mismatch.aspect}: {mismatch.got}; declared is "
            f"{mismatch.expected}. It was not used: no token was issued, and nothing was changed",
            f"log in as {_user(expected)} with the role {_role(expected)} in account {expected.account} (log out of "
            "NetSuite first, or use a private window), or correct the declaration",
            aspect=mismatch.aspect,
            got=mismatch.got,
            expected=mismatch.expected,
        )
    if consent.answered is not Answered.ALLOWED or consent.verifier is None:
        raise ConsentDeniedError(
            f"{record}: NetSuite's consent page sent back no verifier: Deny was pressed, or the user may not allow it. "
            "No token was issued, and nothing was changed",
            f"start the flow again and press Allow; {_user(expected)} needs the permission User Access Tokens in the "
            f"role {_role(expected)}",
        )
    return consent.verifier
