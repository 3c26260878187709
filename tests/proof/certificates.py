"""The other kind of credential on the wire that does harm: a key, and a certificate that NetSuite has to be given."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tba_secrets.netsuite.oauth2 import client
from tba_secrets.netsuite.oauth2.client import BearerClient
from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import Snapshot, Stage
from tests.faults.provider_run import Order
from tests.netsuite_certificates import allow_certificates, upload, watch_logins
from tests.proof.scene import SECOND, Scene, Story


@dataclass
class CertificateScene(Scene):
    """A record whose successors are brought to NetSuite by their predecessor.

    A credential is known by its certificate's id.
    """

    _proven: set[str] = field(default_factory=set)
    _first: str | None = None
    """The certificate that was current before any other."""
    _keys: set[str] = field(default_factory=set)
    """The lines of the private keys that were ever in the store."""
    _mapped: int = 0
    """How many certificates NetSuite had been given when the scene began."""

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let the integration record and the role take certificates, and watch who logs in."""
        allow_certificates(self.netsuite, self.account.id)

        def impatient(*given: Any, **settings: Any) -> BearerClient:
            return BearerClient(*given, **{**settings, **self.patience(settings["record"])})

        with pytest.MonkeyPatch.context() as patch:
            watch_logins(patch, lambda certificate_id: self._proven.add(certificate_id))
            patch.setattr(client, "BearerClient", impatient)
            yield

    def begin(self) -> None:
        for one in self._mappings:
            one.revoked = True
        super().begin()
        self.provider.certificate = {"by": "api"}
        self._proven, self._first, self._keys = set(), None, set()
        self._mapped = len(self._mappings)

    def run(self, story: Story, fault: str = "", at: int = 0) -> str:
        if story.order == "upload":
            return "" if self._upload() else "nothing to upload"
        error = super().run(story, fault, at)
        self._first = self._first or self.current()
        return error

    def order(self, story: Story) -> Order:
        os.environ.update(self.account.environment())
        retire = story.order == "retire"
        return Order(made=story.order == "rotate", retire=retire, at_once=retire)

    def identity(self, stored: Sensitive) -> str:
        fields = json.loads(stored.reveal())
        self._keys.update(fields["private_key"].splitlines()[1:-1])
        return str(fields["certificate_id"])

    def proven(self) -> set[str]:
        return self._proven

    def revoked(self) -> set[str]:
        return {one.facts.certificate_id for one in self._mappings if one.revoked}

    def secrets(self) -> set[str]:
        return {*self._keys, self.account.consumers["warehouse"].secret}

    def ends(self, story: Story) -> bool:
        current = self.current()
        if story.ends == SECOND:
            return current is not None and current != self._first
        return current is not None and current == self._first

    def settled(self, story: Story) -> None:
        """Look for what a key adds: a certificate that no store holds, or one too many; then as for a token."""
        given = len(self._mappings) - self._mapped
        if given > 1 + (story.ends == SECOND):
            self.violations.append(f"NetSuite was given {given} certificates")
        if story.ends_with:
            if self.current() is not None or not self._upload():
                self.violations.append("no certificate waits for its upload")
                return
            if error := self.run(replace(story, ends_with=())):
                self.violations.append(f"uploaded, and not proven: {error}")
        super().settled(replace(story, ends_with=()))

    def _check(self, story: Story, trail: list[Any], *, unheard: bool) -> None:
        super()._check(story, trail, unheard=unheard)
        if story.order != "destroy" and not self._active <= self._held(self.snapshot()):
            self.violations.append("NetSuite has a certificate that no store holds")

    def _held(self, seen: Snapshot | None) -> set[str]:
        return {self.identity(Sensitive(text)) for text in self._texts(seen)}

    @property
    def _mappings(self) -> list[Any]:
        return self.netsuite.state.account(self.account.id).certificates

    @property
    def _active(self) -> set[str]:
        mine = self._mappings[self._mapped :]
        return {one.facts.certificate_id for one in mine if not one.revoked}

    def _upload(self) -> bool:
        """Do what a person does with the certificate that waits; whether one does."""
        waiting = self.labelled(Stage.CANDIDATE)
        if waiting is None or waiting in {*self._active, self.current()}:
            return False
        stored = self.inside.read(self.name, Stage.CANDIDATE)
        assert stored is not None
        certificate = json.loads(stored.value.reveal())["certificate"]
        upload(self.netsuite, self.account.id, certificate)
        return True
