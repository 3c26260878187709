"""`tba init` and `tba checklist` on the real engine: a new project previews, and what `up` has proven is ticked."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.conftest import World
from tests.engine.project import HANG_GUARD_SECONDS, new_project
from tests.engine.tba import tba
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine


def test_a_new_project_in_an_empty_folder_can_be_previewed(tmp_path: Path) -> None:
    """With nothing to put right and nothing to wonder about: not one warning."""
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])  # in place of `pulumi install`
    project = replace(new_project(tmp_path / "other", {}), folder=folder, stack="prod")
    options = "--store aws --region us-east-1 --integration sync --role R --user bot@example.com"
    subprocess.run(
        [Path(sys.executable).parent / "tba", "init", "prod", "--account", "1", *options.split()],
        cwd=folder,
        env=project.environment,
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=HANG_GUARD_SECONDS,
    )
    project.init()

    run = project.pulumi("preview")

    assert run.status == 0, run.output
    assert "tba:index:SmokeTest sync-token create" in run.output
    assert "5 to create" in run.output
    assert "warning" not in run.output
    settings = (folder / "stacks" / "Pulumi.prod.yaml").read_text()
    assert settings.startswith("# Pulumi's settings of the stack prod")
    assert 'encryptionsalt: ""' not in settings


@pytest.mark.deep
def test_what_up_has_proven_is_ticked_and_a_refused_token_takes_its_ticks_away(
    world: World,
) -> None:
    before = tba(world, "checklist", "test").output
    assert "Nothing is ticked: no check has passed yet" in before
    world.project.up()
    logins = world.logins()

    proven = ticked(world)

    assert "SuiteCloud, Manage Authentication: Token-based Authentication" in proven
    assert "Permissions > Setup: REST Web Services, Full" in proven
    assert proven.count("Application Name: warehouse") == 2
    assert proven.count("Role: warehouse role") == 2
    assert "Token id and secret, shown once: into the variables ORDERS_TOKEN_ID and" in proven
    assert "User: orders.bot@example.com" not in proven
    assert "User Credentials" not in proven

    world.give(orders=Values())
    assert world.project.up().status != 0

    refused = ticked(world)
    assert refused.count("Application Name: warehouse") == 1
    assert refused.count("Role: warehouse role") == 1
    assert "into the variables ORDERS_TOKEN_ID" not in refused
    assert "into the variables STOCK_TOKEN_ID" in refused
    assert world.logins() == logins + 1


def ticked(world: World) -> str:
    """The lines of `tba checklist` that are ticked."""
    run = tba(world, "checklist", "test", "--output", "list.md")
    assert run.status == 0, run.output
    written = (world.project.folder / "list.md").read_text().replace("\\", "")
    assert all(values.secret not in written for values in world.account.tokens.values())
    return "\n".join(line for line in written.splitlines() if line.startswith("- [x]"))
