"""The story of OAuth 2.0: the first certificate, rotation without a person, and the way there from TBA."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tba_secrets.demo.credentials import ACCOUNT
from tba_secrets.demo.story import UP, Story
from tba_secrets.errors import TbaError

_BILLING = "billing-bot"
_TBA = "warehouse-sync"
_ORDERS = "orders-bot"
_NEW = f"{_TBA}-oauth2"
_NEW_ORDERS = f"{_ORDERS}-certificate"


class OAuth2Story(Story):
    """One integration that has OAuth 2.0 from the start, and one that moves there from TBA."""

    looked_at: ClassVar[tuple[str, str]] = (_NEW_ORDERS, _BILLING)

    def option(self) -> str:
        return f" AUTH=oauth2{super().option()}"

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        return [
            (
                "Provision: a TBA token is proven; a key and its certificate are made, and wait for a person.",
                self._up_that_waits,
            ),
            (
                "Upload: a person maps the certificate in NetSuite. It is proven by an access token, then current.",
                self._first,
            ),
            (
                "Rotate: the credential itself brings its successor to NetSuite. Nobody is needed.",
                self._rotate,
            ),
            (
                "Retire: the new credential has NetSuite revoke the old certificate.",
                partial(self.tba, "retire", "--now"),
            ),
            (
                "Migrate: the YAML of a second integration, beside the one that uses TBA.",
                partial(self.tba, "migrate", _TBA),
            ),
            (
                "Refuse: its certificate is uploaded for another user; TBA goes on.",
                self._refuse,
            ),
            ("Put right: another key, and its certificate for the right user.", self._mend),
            (
                "Move: a program reads the new secret, and TBA is taken out of the YAML.",
                self._move,
            ),
            ("Status: what is left is OAuth 2.0.", partial(self.tba, "status")),
        ]

    # --- the steps --------------------------------------------------------------------------------

    def _first(self) -> None:
        self._upload(_BILLING, "billing-export", "billing.bot@example.com", "1002")
        self.pulumi(UP)

    def _rotate(self) -> None:
        with self.read_on(f"billing-export/{_BILLING}"):
            self.tba("rotate", _BILLING)

    def _refuse(self) -> None:
        self._up_that_waits()
        wrong = self._upload(_NEW_ORDERS, _TBA, "stock.bot@example.com", "1001")
        with self.read_on(f"{_TBA}/{_ORDERS}"):
            self.pulumi(UP, fails=True)
        self.say(
            "As it must, `pulumi up` failed: the access token names another user than is declared."
        )
        self._revoke(wrong)

    def _mend(self) -> None:
        self._up_that_waits()
        self._upload(_NEW_ORDERS, _TBA, "orders.bot@example.com", "1001")
        self.pulumi(UP)
        self.say("The wrong mapping was left to a person, who has revoked it above, and says so:")
        self.tba("retire", _NEW_ORDERS, "--by-hand")

    def _move(self) -> None:
        with self.read_on(f"{_NEW}/{_NEW_ORDERS}"):
            self._take_out()
            self.pulumi(UP)

    # --- what a person does -----------------------------------------------------------------------

    def _up_that_waits(self) -> None:
        self.pulumi(UP, fails=True)
        self.say(
            "As it must, `pulumi up` failed: nothing is green that waits for a person. NetSuite is not asked about it."
        )

    def _upload(self, name: str, integration: str, user: str, role: str) -> str:
        """Do what a person does on NetSuite's page: choose application, entity and role, and upload the certificate.

        Returns:
            The certificate's id.
        """
        self.say(f"$ tba certificate {self.world.stack} {name} > {name}.pem")
        pem = self.world.certificate(name)
        mapping = {"integration": integration, "user": user, "role": role, "certificate": pem}
        mapped = self._on_the_page("POST", mapping)
        self.say(
            f"Uploaded for {user}, role {role}, application {integration}, as on the page OAuth 2.0 Client Credentials "
            "(M2M) Setup.",
            "By hand: POST it to $TBA_SIMULATOR/simulator/certificates, which stands for that page.",
        )
        return str(mapped["certificate_id"])

    def _revoke(self, certificate_id: str) -> None:
        """Press the button Revoke on that page."""
        self._on_the_page("DELETE", {"certificate_id": certificate_id})
        self.say(f"On the same page a person revokes what was mapped wrongly: {certificate_id}.")

    def _on_the_page(self, method: str, sent: dict[str, str]) -> dict[str, Any]:
        address = f"{self.world.environment['TBA_SIMULATOR']}/simulator/certificates"
        data = json.dumps({"account": ACCOUNT, **sent}).encode()
        request = Request(address, data, method=method)  # noqa: S310 - our own http address
        try:
            with urlopen(request) as answer:  # noqa: S310 - as above
                found: dict[str, Any] = json.load(answer)
        except HTTPError as error:
            raise TbaError(f"the demo failed: NetSuite's page answered {error.read()!r}") from None
        return found

    def _take_out(self) -> None:
        """Take the TBA integration out of the YAML, as a person does in an editor."""
        path = self.world.folder / "stacks" / f"{self.world.stack}.yaml"
        text = path.read_text(encoding="utf-8")
        start, end = text.index(f"  - name: {_TBA}\n"), text.index(f"  - name: {_NEW} ")
        path.write_text(text[:start] + text[end:], encoding="utf-8")
        self.say(f"By hand: take the integration {_TBA} out of stacks/{path.name}.")
