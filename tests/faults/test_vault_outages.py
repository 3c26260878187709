"""A Vault that is killed or sealed in the middle of a run: the way back is the documented one, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deep import rest_is_deep
from tests.engine.project import Run
from tests.engine.vault_world import CANDIDATES, PREFIX, VaultWorld, vault_world
from tests.stores.vault_server import FileServer, file_server

pytestmark = [pytest.mark.engine, pytest.mark.faults]

TOKEN = "orders"
NAME = PREFIX + TOKEN
WAY_BACK = (
    ("cancel", "--yes"),
    ("refresh", "--yes", "--skip-preview", "--clear-pending-creates"),
    ("up", "--yes", "--skip-preview"),
)
"""README: after a run that was killed."""

POINTS = {
    "the candidate is not written": f"^POST {{mount}}/data/{CANDIDATES}{NAME}",
    "the candidate is not named": f"^PATCH {{mount}}/metadata/{NAME} .*tba_candidate.: .1 ",
    "it is staged, and not read back": f"^GET {{mount}}/data/{CANDIDATES}{NAME}",
    "it is proven, and not promoted": f"^POST {{mount}}/data/{NAME}",
    "it is current, and that is not noted": f"^PATCH {{mount}}/metadata/{NAME} .*tba_current_id",
    "it is noted, and the candidate still there": f"^DELETE {{mount}}/metadata/{CANDIDATES}{NAME}",
}
"""Just before which call it happens."""
PROMOTED = ("it is current, and that is not noted", "it is noted, and the candidate still there")


SEALED = {
    "it is staged, and not read back": "Vault is sealed",
    "it is proven, and not promoted": (
        f"it has passed, but vault secret {NAME} was not promoted (vault cannot be asked what it holds)"
    ),
}


@dataclass
class Outage:
    """A file-backed Vault with the first token promoted; the source gives the second one."""

    server: FileServer
    world: VaultWorld

    def run(self, point: str, happen: Callable[[], object]) -> Run:
        """`up`, with something happening just before the call of a point."""
        fault = self.world.proxy.fail(POINTS[point].format(mount=self.world.mount), before=happen)
        run = self.world.project.up()
        assert fault.times == 0, f"{point} was never reached:\n{run.output}"
        assert run.status != 0, run.output
        assert "Traceback" not in run.output
        return run

    def assert_unharmed(self, point: str) -> None:
        """Readers get what has passed: the token before, or the new one where it was promoted already."""
        account = self.world.account
        wanted = (account.spares if point in PROMOTED else account.tokens)[TOKEN]
        assert self.world.current(TOKEN)["token_id"] == wanted.identifier

    def assert_settled(self) -> None:
        """One version more than before, and what was proven is noted beside it."""
        self.world.assert_settled(TOKEN, self.world.account.spares[TOKEN], versions=2)
        custom = self.world.metadata(TOKEN)["custom_metadata"]
        assert custom["tba_current"].startswith("2@")
        assert custom["tba_account"] == self.world.account.id
        assert custom["tba_verified_at"]


@pytest.fixture(scope="module", name="server")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileServer]:
    with file_server(tmp_path_factory.mktemp("vault")) as running:
        yield running


@pytest.fixture
def outage(server: FileServer, tmp_path: Path) -> Iterator[Outage]:
    with vault_world(tmp_path, server.api, tokens=(TOKEN,)) as world:
        first = world.project.up()
        assert first.status == 0, first.output
        world.give(**{TOKEN: world.account.spares[TOKEN]})
        yield Outage(server, world)


@pytest.mark.parametrize(
    "point",
    rest_is_deep(POINTS, lambda point: point == PROMOTED[0]),
)
def test_killed_in_the_middle_of_a_run(outage: Outage, point: str) -> None:
    killed = outage.run(point, outage.server.running.kill)
    outage.server.start_again()
    outage.server.unseal()
    outage.assert_unharmed(point)
    for command in WAY_BACK:
        run = outage.world.project.pulumi(*command)
        assert run.status == 0, f"{command}: {run.output}"

    assert "no whole answer" in killed.output
    assert "run the command again" in killed.output
    outage.assert_settled()


@pytest.mark.deep
@pytest.mark.parametrize("point", SEALED)
def test_sealed_in_the_middle_of_a_run(outage: Outage, point: str) -> None:
    """No way back is needed: the engine was not harmed."""
    sealed = outage.run(point, outage.server.seal)
    outage.server.unseal()
    outage.assert_unharmed(point)
    again = outage.world.project.up()

    assert SEALED[point] in sealed.output
    assert "Vault is sealed" in sealed.output
    assert "vault operator unseal" in sealed.output
    assert again.status == 0, again.output
    outage.assert_settled()
