"""Who brings a certificate to NetSuite, and what is told before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tba_secrets.errors import CheckFailedError
from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.netsuite.oauth2.certificates import make
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.payload import parse
from tba_secrets.provider.codec import Properties
from tba_secrets.provider.handler import PartialFailureError
from tba_secrets.provider.intents import Rollback, Rotation
from tba_secrets.simulator import Simulator
from tba_secrets.simulator.config import SimulatorConfig
from tba_secrets.spec.model import CertificateFormat
from tba_secrets.stores.interface import SecretName, Stage
from tba_secrets.stores.versions import Origin
from tests.netsuite_certificates import allow_certificates
from tests.provider.bench import AWS, URN, Bench, Kept

MANAGES = "Manage own OAuth 2.0 Client Credentials Certificates"
LOG_IN = "Log in using OAuth 2.0 Access Tokens"


@dataclass
class Record:
    """One certificate of the integration, as the engine drives it."""

    bench: Bench
    netsuite: Simulator
    name: str
    siblings: tuple[str, ...] = ()
    by: str = "api"
    entity: str = "38"
    after_promote: Properties | None = None
    staged: Kept | None = None
    tested: Kept | None = None

    @property
    def account(self) -> Any:
        return self.netsuite.state.account(self.bench.account.id)

    def up(
        self, *, rotate: bool = False, back: bool = False, later: timedelta = timedelta(0)
    ) -> str:
        """`pulumi up`, `tba rotate` or `tba rollback`; return why it failed, empty where it did not."""
        bench = self.bench
        bench.new_process()
        moment = (datetime.now(UTC) + later).timestamp()
        bench.host.clock = lambda: moment
        if rotate or back:
            intent = Rollback() if back else Rotation(None, origin=Origin.GENERATED)
            bench.host.intents = {self.path: intent}
            bench.host.record(self.path).tested = self.tested.state if self.tested else {}
        staged = bench.up(bench.staged, self.staged, self.staged_inputs())
        self.staged = staged
        self.tested = bench.up(bench.smoke, self.tested, self.smoke_inputs(staged))
        failure: PartialFailureError | None = self.tested.failure
        return "" if failure is None else str(failure)

    @property
    def path(self) -> str:
        return f"warehouse/{self.name}"

    def _common(self) -> Properties:
        return {
            "record": self.path,
            "owner": "acme/netsuite/test",
            "account": self.bench.account.id,
            "endpoint": self.netsuite.url,
            "stores": {"aws": AWS},
            "secret": self.name,
            "certificate": {"by": self.by},
        }

    def staged_inputs(self) -> Properties:
        client = {"env": {"id": "WAREHOUSE_KEY"}}
        return {**self._common(), "client": client, "key": "generated"}

    def smoke_inputs(self, staged: Kept) -> Properties:
        return {
            **self._common(),
            "role": {"name": "warehouse role", "id": "1001"},
            "user": {"email": self.bench.account.user_of("orders"), "entity": self.entity},
            "checks": ["rest"],
            "siblings": [{"secret": one} for one in self.siblings],
            "versions": staged.state["versions"],
            "fingerprint": staged.state["fingerprint"],
            **({"afterPromote": self.after_promote} if self.after_promote else {}),
        }

    def held(self, stage: Stage) -> OAuth2Credential | None:
        """What a stage of the secret holds."""
        stored = self.bench.aws.read(SecretName(f"netsuite/test/{self.name}"), stage)
        return None if stored is None else parse(stored.value, CertificateFormat(), self.name)

    def upload(self) -> None:
        """Do what a person does with the certificate that waits."""
        waiting = self.held(Stage.CANDIDATE)
        assert waiting is not None
        mapping = {"integration": "warehouse", "user": self.entity, "role": "1001"}
        self.netsuite.state.add_certificate(
            self.bench.account.id, {**mapping, "certificate": waiting.certificate}
        )

    def begin(self) -> None:
        """The first certificate is uploaded by a person, proven and current."""
        assert "waits for its upload" in self.up()
        self.upload()
        assert self.up() == ""

    def active(self) -> list[str]:
        return [one.facts.certificate_id for one in self.account.certificates if not one.revoked]


@pytest.fixture
def bot(bench: Bench) -> Iterator[Record]:
    with Simulator(SimulatorConfig.from_dict(bench.account.simulator_config())) as netsuite:
        record = Record(bench, netsuite, "bot")
        allow_certificates(netsuite, bench.account.id)
        yield record


def test_readers_are_told_when_it_has_passed_and_not_while_it_waits(
    bot: Record, tmp_path: Path
) -> None:
    bot.after_promote = {"command": {"argv": ["touch", str(tmp_path / "told")]}}
    assert "waits for its upload" in bot.up()
    assert not (tmp_path / "told").exists()
    bot.upload()

    assert bot.up() == ""

    assert (tmp_path / "told").exists()


# --- before anything is staged --------------------------------------------------------------------


def refused(record: Record, **how: Any) -> str:
    """Rotate, which must fail and write nothing; return why it did."""
    record.bench.writes()
    before = record.active()
    with pytest.raises(CheckFailedError, match="nothing was staged") as told:
        record.up(rotate=True, **how)
    assert record.bench.writes() == []
    assert record.active() == before
    return str(told.value)


def test_a_rotation_to_which_nothing_stands_in_the_way(bot: Record) -> None:
    bot.begin()
    before = bot.held(Stage.CURRENT)

    assert bot.up(rotate=True) == ""

    assert bot.held(Stage.CURRENT) != before
    assert len(bot.active()) == 2


def test_a_sixth_certificate(bot: Record) -> None:
    bot.begin()
    for _ in range(4):
        assert bot.up(rotate=True) == ""

    told = refused(bot)

    assert "NetSuite allows 5" in told
    assert "revoke one that nothing uses any more" in told
    bot.account.certificates[0].revoked = True
    assert bot.up(rotate=True) == ""


def test_a_role_without_the_permission(bot: Record) -> None:
    bot.begin()
    bot.account.role("1001").permissions.remove(MANAGES)

    assert MANAGES in refused(bot)

    bot.account.role("1001").permissions.append(MANAGES)
    assert bot.up(rotate=True) == ""


def test_a_current_certificate_that_has_run_out(bot: Record) -> None:
    bot.begin()
    asked = len(bot.netsuite.state.audit(bot.bench.account.id))

    told = refused(bot, later=timedelta(days=800))

    assert "it ran out on 20" in told
    assert "declare `by: person` for it, and run `tba rotate test bot`" in told
    assert len(bot.netsuite.state.audit(bot.bench.account.id)) == asked


def test_the_way_out_that_the_words_tell(bot: Record) -> None:
    bot.begin()
    refused(bot, later=timedelta(days=800))

    bot.by = "person"
    assert "waits for its upload" in bot.up(rotate=True)
    bot.upload()
    assert bot.up() == ""

    assert bot.active()[-1] == bot.held(Stage.CURRENT).certificate_id  # type: ignore[union-attr]


def test_a_current_certificate_that_was_revoked_is_tried_once_and_state_knows(bot: Record) -> None:
    bot.begin()
    bot.account.certificates[0].revoked = True
    asked = len(bot.netsuite.state.audit(bot.bench.account.id))

    told = bot.up(rotate=True)

    assert "waits for its upload" in told
    assert "could not bring it" in told
    assert "declare `by: person`, so that the refused one is not asked again" in told
    assert len(bot.netsuite.state.audit(bot.bench.account.id)) == asked + 1
    assert bot.tested is not None
    assert len(bot.tested.state["refusals"]) == 1


@pytest.mark.parametrize("why", ["may not", "no place"])
def test_a_rollback_brings_nothing_to_netsuite(bot: Record, why: str) -> None:
    bot.begin()
    before = bot.held(Stage.CURRENT)
    for _ in range(4 if why == "no place" else 1):
        assert bot.up(rotate=True) == ""
        if why == "no place":
            continue
        bot.account.role("1001").permissions.remove(MANAGES)
    if why == "no place":
        before = bot.held(Stage.PREVIOUS)

    assert bot.up(back=True) == ""

    assert bot.held(Stage.CURRENT) == before


def test_who_may_bring_it_is_no_reason_to_prove_it_again(bot: Record) -> None:
    bot.begin()
    asked = len(bot.netsuite.state.audit(bot.bench.account.id))

    bot.siblings = ("second",)
    assert bot.up() == ""

    assert len(bot.netsuite.state.audit(bot.bench.account.id)) == asked


# --- the first one, brought by another certificate of the same user ---------------------------------


def test_a_first_certificate_that_another_one_brings_needs_nobody(bot: Record) -> None:
    bot.begin()
    second = Record(bot.bench, bot.netsuite, "second", siblings=("bot",))

    assert second.up() == ""

    assert second.held(Stage.CURRENT).certificate_id in second.active()  # type: ignore[union-attr]


@pytest.mark.parametrize("why", ["none has passed", "revoked", "may not", "by a person"])
def test_a_first_certificate_waits_where_the_other_one_cannot_bring_it(
    bot: Record, why: str
) -> None:
    second = Record(bot.bench, bot.netsuite, "second", siblings=("bot",))
    if why != "none has passed":
        bot.begin()
    if why == "revoked":
        bot.account.certificates[0].revoked = True
    if why == "may not":
        bot.account.role("1001").permissions.remove(MANAGES)
    if why == "by a person":
        second.by = "person"
    before = bot.active()

    told = second.up()

    assert "waits for its upload" in told
    assert ("could not bring it" in told) == (why in ("revoked", "may not"))
    assert bot.active() == before
    assert second.held(Stage.CANDIDATE) is not None


KEY = {"env": {"private_key": "BOT_KEY", "certificate": "BOT_CERTIFICATE"}}


@pytest.mark.parametrize(
    ("made", "declared", "needed"),
    [
        (Algorithm.ES256, "PS256", "RSA of 3072 or 4096 bits"),
        (Algorithm.ES384, "ES256", "EC secp256r1"),
        (Algorithm.PS256, "ES256", "EC secp256r1"),
    ],
)
def test_a_source_s_key_that_cannot_sign_with_the_algorithm_is_refused(
    made: Algorithm, declared: str, needed: str, offline: Bench
) -> None:
    """In a preview too; and declared as what it is, it is taken."""
    one = make(made, "given", timedelta(days=90), datetime.now(UTC))
    offline.monkeypatch.setenv("BOT_KEY", one.private_key.reveal())
    offline.monkeypatch.setenv("BOT_CERTIFICATE", one.certificate)
    client = {"client": {"env": {"id": "WAREHOUSE_KEY"}}, "consumer": None, "token": None}

    def check(algorithm: str, *, preview: bool) -> dict[str, str]:
        offline.new_process()
        inputs = offline.staged_inputs(
            **client, key=KEY, certificate={"algorithm": algorithm}, preview=preview
        )
        return dict(offline.staged.check(URN, {}, inputs).failures)

    for preview in (True, False):
        (words,) = check(declared, preview=preview).values()
        assert words.startswith("environment variables BOT_KEY and BOT_CERTIFICATE: the key cannot")
        assert f"sign with {declared}, which needs {needed}" in words
        assert re.search(rf"Fix: declare an algorithm that fits this key \({made}\b", words)
        assert check(made, preview=preview) == {}
    assert offline.writes() == []
