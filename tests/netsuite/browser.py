"""The browser's and the person's part of the authorization flow, over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

from tba_secrets.netsuite.flow import Person

_HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
ALLOW, DENY = "allow", "deny"
Change = Callable[[dict[str, str]], dict[str, str]]


def get(url: str) -> requests.Response:
    """What a browser on this machine sees."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, allow_redirects=False, timeout=10)


def with_query(url: str, change: Change) -> str:
    """The URL with its query changed."""
    parts = urlsplit(url)
    query = urlencode(change(dict(parse_qsl(parts.query, keep_blank_values=True))))
    return urlunsplit((*parts[:3], query, ""))


@dataclass
class Browser:
    """Opens the consent page, presses a button, and follows the way back."""

    decision: str = ALLOW
    login: str = "38:1042"
    change: Change = dict
    """What happens to the callback's query on its way."""
    before: Callable[[str], object] = lambda _: None
    """What happens before the callback is called; it gets the right URL."""
    opened: list[str] = field(default_factory=list)
    went_back_to: str = ""
    page: requests.Response | None = None
    """What the callback showed."""

    def open(self, url: str) -> None:
        """The person's whole part."""
        self.opened.append(url)
        page = get(url)
        fields = dict(_HIDDEN.findall(page.text))
        fields |= {"login": self.login, "decision": self.decision}
        action = urlunsplit((*urlsplit(url)[:3], "", ""))
        answer = requests.post(action, data=fields, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, "the consent page did not send the browser back"
        self.went_back_to = answer.headers["Location"]
        self.before(self.went_back_to)
        self.page = get(with_query(self.went_back_to, self.change))

    def back(self, name: str) -> str:
        """A parameter of the callback as NetSuite sent it."""
        return dict(parse_qsl(urlsplit(self.went_back_to).query, keep_blank_values=True))[name]


def person(browser: Browser, announced: list[str] | None = None, **settings: object) -> Person:
    """Somebody who does what the browser does; the time limit is a hang guard."""
    settings = {"timeout_seconds": 60.0} | settings
    announce = announced.append if announced is not None else (lambda _: None)
    return Person(browser.open, announce, **settings)  # type: ignore[arg-type]
