"""A NetSuite on loopback: it verifies assertions with another library, and answers what it is told."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.netsuite.oauth2.client import BearerClient
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tests.netsuite.oauth2.support import ACCOUNT, CLIENT_ID, RECORD, credential

TOKEN: Final = "/services/rest/auth/oauth2/v1/token"
TIME: Final = "/services/rest/system/v1/serverTime"
SUITEQL: Final = "/services/rest/query/v1/suiteql"
RESTLET: Final = "/app/site/hosting/restlet.nl"
CERTIFICATES: Final = f"/services/rest/auth/oauth2/v1/clients/{CLIENT_ID}/certificates"
AUDIENCE: Final = f"https://1234567-sb1.suitetalk.api.netsuite.com{TOKEN}"
UUID: Final = "1C61CD58-044D-497A-A297-A3E9A9BB9243"
EXPECTED: Final = Expected(ACCOUNT, "Warehouse", "1042", "bot@example.com", "38")


@dataclass
class Reply:
    """What is answered; a status of 0 drops the connection instead."""

    status: int = 200
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Arrived:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


Answer = Callable[[Arrived], Reply]


@dataclass
class NetSuite:
    """The server; `certificates` are those that are mapped, in PEM by their id."""

    url: str = ""
    certificates: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims of its access tokens, over the usual ones."""
    answers: dict[str, Answer | Reply] = field(default_factory=dict)
    """By path: what is answered instead."""
    arrived: list[Arrived] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    ahead: float = 0.0
    """Seconds that its clock is ahead of ours."""

    def map(self, mine: OAuth2Credential, certificate: str) -> None:
        """Upload a certificate."""
        self.certificates[mine.certificate_id] = certificate

    def asked(self, path: str) -> list[Arrived]:
        """What came for one path."""
        return [one for one in self.arrived if urlsplit(one.path).path == path]

    def reply(self, arrived: Arrived) -> Reply:
        """Answer."""
        path = urlsplit(arrived.path).path
        told = self.answers.get(path)
        if told is not None:
            return told if isinstance(told, Reply) else told(arrived)
        if path == TOKEN:
            return self.token(arrived)
        if arrived.headers.get("Authorization", "") not in {f"Bearer {one}" for one in self.tokens}:
            return Reply(401, "{}")
        if path == TIME:
            return Reply(200, '{"serverTime": "2026-11-28T12:00:00Z"}')
        if path == SUITEQL:
            return Reply(200, '{"items": [{"one": 1}]}')
        return Reply(200, '"pong"') if path == RESTLET else Reply(404)

    def token(self, arrived: Arrived) -> Reply:
        """Verify an assertion, and issue an access token."""
        form = parse_qs(arrived.body.decode())
        text = form["client_assertion"][0]
        assert form["grant_type"] == ["client_credentials"]
        assert form["client_assertion_type"] == [
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        ]
        assert "Authorization" not in arrived.headers
        if (claims := self._verified(text)) is None:
            return Reply(400, '{"error": "invalid_grant"}')
        scope = claims["scope"]
        self.tokens.append(self.access_token(scope if isinstance(scope, list) else [scope]))
        body = {"access_token": self.tokens[-1], "expires_in": 3600, "token_type": "Bearer"}
        return Reply(200, json.dumps(body))

    def access_token(self, scopes: list[str]) -> str:
        """An access token; its signature is nobody's."""
        claims = {
            "sub": "1042;38",
            "aud": [f"{UUID};{ACCOUNT}", CLIENT_ID],
            "scope": scopes,
            "jti": str(len(self.tokens)),
            **self.claims,
        }
        return f"eyJ9.{urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}.c2ln"

    def _verified(self, text: str) -> dict[str, Any] | None:
        for certificate in self.certificates.values():
            public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
            pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            for kind in (ECKey, RSAKey):
                try:
                    read = jwt.decode(
                        text, kind.import_key(pem), algorithms=["ES256", "ES384", "ES512", "PS256"]
                    )
                except (JoseError, ValueError, TypeError):
                    continue
                now = time.time() + self.ahead
                good = (
                    read.header["kid"] in self.certificates
                    and read.claims["iss"] == CLIENT_ID
                    and read.claims["aud"] == AUDIENCE
                    and read.claims["iat"] <= now < read.claims["exp"]
                )
                return dict(read.claims) if good else None
        return None


def _handler(netsuite: NetSuite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            arrived = Arrived(
                self.command, self.path, dict(self.headers.items()), self.rfile.read(length)
            )
            netsuite.arrived.append(arrived)
            reply = Reply() if self.command == "HEAD" else netsuite.reply(arrived)
            if not reply.status:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body.encode())

        do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - the names that the library looks for

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(int(time.time() + netsuite.ahead))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving() -> Iterator[NetSuite]:
    """Serve until the block ends."""
    netsuite = NetSuite()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(netsuite))
    netsuite.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield netsuite
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def client(netsuite: NetSuite, mine: OAuth2Credential | None = None, **more: Any) -> BearerClient:
    """A client that never really sleeps."""
    settings = {"record": RECORD, "sleep": lambda _: None, "probe": ClockProbe(), **more}
    return BearerClient(mine if mine is not None else credential(), netsuite.url, **settings)
