"""Show requests and answers as `curl -v` does, with values, signatures and cookies redacted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from http.client import responses
from typing import Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

import requests

from tba_secrets.netsuite.answers import Answer
from tba_secrets.sensitive import REDACTED, Sensitive, redact

_PARAMETER: Final = re.compile(r'(oauth_[a-z_]+)="([^"]*)"')
_SHOWN: Final = {"oauth_nonce", "oauth_timestamp", "oauth_signature_method", "oauth_version"}
_COOKIES: Final = {"set-cookie", "cookie"}


class Redactor:
    """Redacts the secrets it is given, in every spelling of a URL, a header or JSON."""

    def __init__(self, secrets: Iterable[Sensitive]) -> None:
        self._known = [spelling for secret in secrets for spelling in _spellings(secret.reveal())]

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        return redact(text, self._known)

    def request(self, request: requests.PreparedRequest) -> Iterator[str]:
        """Yield the lines of a request, and redact its signature from then on."""
        authorization = str(request.headers.get("Authorization", ""))
        signature = dict(_PARAMETER.findall(authorization)).get("oauth_signature", "")
        self._known += _spellings(unquote(signature))
        parts = urlsplit(request.url or "")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        yield f"> {request.method} {self(target)} HTTP/1.1"
        yield f"> Host: {parts.netloc}"
        for name, value in request.headers.items():
            shown = _PARAMETER.sub(_without_value, str(value))
            yield f"> {name}: {self(shown)}"
        yield ">"

    def answer(self, answer: Answer) -> Iterator[str]:
        """Yield the lines before the body."""
        yield f"< HTTP/1.1 {answer.status} {responses.get(answer.status, '')}".rstrip()
        for name, value in answer.headers.items():
            yield f"< {name}: {REDACTED if name in _COOKIES else self(value)}"
        yield "<"


def _without_value(found: re.Match[str]) -> str:
    return found[0] if found[1] in _SHOWN else f'{found[1]}="{REDACTED}"'


def _spellings(value: str) -> list[Sensitive]:
    in_json = json.dumps(value)[1:-1]
    spelled = {value, quote(value, safe=""), quote(value), quote_plus(value), in_json}
    return [Sensitive(text) for text in spelled | {text.lower() for text in spelled if "%" in text}]
