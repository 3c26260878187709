"""What is changed of a declared certificate, and a credential of the other kind in its place: on the real engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.netsuite.oauth2.certificates import make
from tests.engine.conftest import World
from tests.engine.project import environment_yaml
from tests.engine.tba import tba
from tests.engine.test_certificates import YAML, active, certified, first_proof, proven

__all__ = ["certified", "first_proof", "proven"]

pytestmark = pytest.mark.engine

USER = "        user: {email: orders.bot@example.com"


def declare(world: World, *, by: str = "api", **settings: str) -> None:
    """Declare the certificate with more said."""
    text = YAML.format(by=by, retire_after="1d", more="")
    assert USER in text
    said = "".join(f"        {name}: {value}\n" for name, value in settings.items())
    world.project.write(text.replace(USER, said + USER))


def test_a_change_of_settings_is_proven_anew_and_an_algorithm_waits_for_a_rotation(
    proven: World,
) -> None:
    before, logins = proven.current("bot"), proven.logins()
    declare(proven, algorithm="ES384", valid_for="100d")
    run = proven.project.up()
    assert run.status == 0, run.output
    assert proven.current("bot") == before  # its key fits no other algorithm

    declare(proven, scopes="[rest_webservices, restlets]", format="{private_key: PEM}")
    run = proven.project.up()
    assert run.status == 0, run.output
    changed = proven.current("bot")
    assert changed["scopes"] == "rest_webservices,restlets"
    assert changed["PEM"] == before["private_key"]
    assert proven.logins() > logins
    assert active(proven) == [before["certificate_id"]]

    declare(proven, scopes="[suite_analytics, rest_webservices]")  # which the record does not tick
    run = proven.project.up()
    assert run.status != 0
    assert proven.current("bot") == changed

    declare(proven, algorithm="ES384", valid_for="100d")
    rotated = tba(proven, "rotate", "test", "bot")
    assert rotated.status == 0, rotated.output
    new = proven.current("bot")
    assert new["algorithm"] == "ES384"
    until = datetime.fromisoformat(new["valid_until"]).replace(tzinfo=UTC)
    assert timedelta(days=98) < until - datetime.now(UTC) < timedelta(days=101)


@pytest.mark.deep
def test_a_key_from_a_source_is_rotated_by_the_api_and_by_a_person(
    certified: World, tmp_path: Path
) -> None:
    def give(number: int) -> None:
        one = make(Algorithm.ES256, f"given {number}", timedelta(days=90), datetime.now(UTC))
        certified.project.environment |= {
            "BOT_KEY": one.private_key.reveal(),
            "BOT_CERTIFICATE": one.certificate,
        }

    source = "{env: {private_key: BOT_KEY, certificate: BOT_CERTIFICATE}}"
    declare(certified, key=source)
    empty = certified.project.pulumi("preview")
    assert empty.status == 0, empty.output  # the source has no value yet
    without = certified.project.up()
    assert without.status != 0
    assert "BOT_KEY" in without.output
    give(1)
    refused = certified.project.up()
    assert refused.status != 0
    assert "NetSuite refused the login" in refused.output
    one = make(Algorithm.ES256, "given 2", timedelta(days=90), datetime.now(UTC))
    certified.project.environment |= {
        "BOT_KEY": one.private_key.reveal(),
        "BOT_CERTIFICATE": one.certificate,
    }
    mapping = {"integration": "warehouse", "user": "orders.bot@example.com", "role": "1001"}
    state, account = certified.netsuite.state, certified.account.id
    state.add_certificate(account, {**mapping, "certificate": one.certificate})
    run = certified.project.up()  # uploaded beforehand
    assert run.status == 0, run.output

    give(3)
    rotated = tba(certified, "rotate", "test", "bot")
    assert rotated.status == 0, rotated.output
    assert len(active(certified)) == 2

    declare(certified, by="person", key=source)
    uploaded = make(Algorithm.ES256, "given 4", timedelta(days=90), datetime.now(UTC))
    certified.project.environment |= {
        "BOT_KEY": uploaded.private_key.reveal(),
        "BOT_CERTIFICATE": uploaded.certificate,
    }
    state.add_certificate(account, {**mapping, "certificate": uploaded.certificate})
    rotated = tba(certified, "rotate", "test", "bot")
    assert rotated.status == 0, rotated.output
    assert certified.current("bot")["certificate_id"] == uploaded.certificate_id


def test_a_certificate_takes_no_place_of_a_token_and_no_token_that_of_a_certificate(
    proven: World,
) -> None:
    held = proven.current("bot")
    token = environment_yaml(proven.account, tokens=("orders",)).replace(
        "- name: orders", "- name: orders\n        secret: bot\n        adopt: true"
    )
    proven.project.write(token)
    run = proven.project.up()
    assert run.status != 0
    assert "holds a certificate, and a token is declared" in run.output
    assert proven.current("bot") == held

    proven.project.write(token.replace("secret: bot", "secret: orders"))
    run = proven.project.up()
    assert run.status == 0, run.output
    declare(proven, secret="orders", adopt="true")
    run = proven.project.up()
    assert run.status != 0
    assert "holds a token, and a certificate is declared" in run.output
    assert "token_id" in proven.current("orders")


def test_a_new_client_id_of_the_same_record_is_taken_over(proven: World) -> None:
    before = proven.current("bot")
    record = proven.netsuite.state.account(proven.account.id).integration("warehouse")
    assert record.client_id == before["client_id"]
    new = proven.account.spares["orders"].identifier
    record.consumer_key = new
    proven.project.environment["WAREHOUSE_KEY"] = new

    run = proven.project.up()

    assert run.status == 0, run.output
    assert proven.current("bot") == {**before, "client_id": new}
