"""Generated requests: unusual paths, `!`, repeated and empty parameters, UTF-8, form bodies; one seed, one request."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from tba_secrets.netsuite.signing import canonical_url
from tba_secrets.simulator import oauth1
from tests.simulator.conftest import NOW

FORM = "application/x-www-form-urlencoded"
Pairs = list[tuple[str, str]]

_ORIGINS = (
    "http://127.0.0.1:8917",
    "http://localhost:80",
    "https://127.0.0.1:443",
    "https://1234567-sb1.suitetalk.api.netsuite.com",
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SIGNS = "abcXYZ019-._~!$'()*,:@ +=&/?%éßЖ漢😀"
# Both libraries take `;` and what follows it off a path (urllib's `params`); ours is tested for it in test_signing.
_PATH_SIGNS = "abcXYZ019-._~!$&'()*+,=:@ éЖ漢/"


@dataclass(frozen=True)
class Generated:
    """One request before it is signed."""

    method: str
    url: str
    """As it is sent: canonical."""
    form: Pairs
    nonce: str
    timestamp: int

    @property
    def body(self) -> str:
        """The form's body, with `+` for a space as HTML has it."""
        return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in self.form)

    def sent(self) -> oauth1.SentRequest:
        """As a server sees it."""
        parts = urlsplit(self.url)
        return oauth1.SentRequest(
            self.method,
            parts.scheme,
            parts.netloc,
            parts.path,
            parts.query,
            FORM if self.form else "application/json",
            self.body.encode(),
        )


def generated(seed: int) -> Generated:
    """The request of a seed."""
    luck = random.Random(seed)  # noqa: S311 - the same request for the same seed
    path = "/" + "".join(luck.choices(_PATH_SIGNS, k=luck.randint(0, 15))).lstrip("/")
    query = "&".join(_encoded(luck, name, value) for name, value in _pairs(luck))
    method = luck.choice(_METHODS)
    return Generated(
        method=method,
        url=canonical_url(f"{luck.choice(_ORIGINS)}{path}?{query}"),
        form=_pairs(luck) if method in ("POST", "PUT", "PATCH") and luck.random() < 0.5 else [],
        nonce="".join(luck.choices("abcdefghijkXYZ0123456789", k=luck.randint(6, 32))) + str(seed),
        timestamp=int(NOW) + luck.randint(-300, 300),
    )


def _pairs(luck: random.Random) -> Pairs:
    """Up to five, empty names' values and repeated names among them."""
    pairs = [(_text(luck, 1), _text(luck, 0)) for _ in range(luck.randint(0, 4))]
    return pairs + ([(luck.choice(pairs)[0], _text(luck, 0))] if pairs else [])


def _text(luck: random.Random, least: int) -> str:
    return "".join(luck.choices(_SIGNS, k=luck.randint(least, 6)))


def _encoded(luck: random.Random, name: str, value: str) -> str:
    encode = luck.choice((quote, quote_plus, lambda text: quote(text, safe="-._~!*'()")))
    return f"{encode(name)}={encode(value)}"


@dataclass(frozen=True)
class Wire:
    """What travels: the request and its Authorization header."""

    request: oauth1.SentRequest
    header: str

    @property
    def parts(self) -> dict[str, str]:
        """Every text in which a bit can change."""
        sent = self.request
        return {
            "method": sent.method,
            "host": sent.host,
            "path": sent.path,
            "query": sent.query,
            "body": sent.body.decode("latin-1"),
            "header": self.header,
        }

    def changed(self, part: str, position: int, bit: int) -> Wire:
        """The same with one bit of one text turned over."""
        text = self.parts[part]
        turned = text[:position] + chr(ord(text[position]) ^ (1 << bit)) + text[position + 1 :]
        if part == "header":
            return replace(self, header=turned)
        value: str | bytes = turned.encode("latin-1") if part == "body" else turned
        return replace(self, request=replace(self.request, **{part: value}))  # type: ignore[arg-type]

    def means(self) -> object:
        """What the request says: equal where a change is none (`%2f` for `%2F` in a query, `Localhost`)."""
        sent = self.request
        try:
            header: object = sorted(oauth1.parse_authorization(self.header).parameters)
        except oauth1.MalformedHeaderError:
            header = "unreadable"
        return (
            sent.method.upper(),
            sent.base_uri,
            sorted(parse_qsl(sent.query, keep_blank_values=True)),
            sorted(parse_qsl(sent.body.decode("utf-8", "replace"), keep_blank_values=True)),
            header,
        )
