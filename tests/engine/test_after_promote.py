"""`after_promote:` on the real engine: told at a promotion alone, again where it failed, and of no value."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.engine.conftest import World
from tests.engine.project import environment_yaml
from tests.engine.tba import tba
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine

TELL = """
import json, os, pathlib
with open("told", "a") as told:
    told.write(json.dumps(dict(os.environ)) + "\\n")
raise SystemExit(pathlib.Path("broken").exists())
"""


def told(world: World) -> list[dict[str, str]]:
    file = world.project.folder / "told"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def declare_broken_hook(world: World) -> None:
    """Have `orders` tell readers; that fails as long as the file `broken` is there."""
    folder = world.project.folder
    (folder / "tell.py").write_text(TELL)
    (folder / "broken").touch()
    argv = json.dumps([sys.executable, "tell.py"])
    name = "      - name: orders\n"
    hook = f"{name}        after_promote: {{command: {{argv: {argv}}}}}\n"
    world.project.write(environment_yaml(world.account).replace(name, hook))


def test_readers_are_told_of_a_rotation_and_again_where_that_failed(deployed: World) -> None:
    folder = deployed.project.folder
    declare_broken_hook(deployed)
    preview = deployed.project.pulumi("preview", "--expect-no-changes")
    assert preview.status == 0, preview.output

    deployed.give(orders=deployed.account.spares["orders"])
    rotated = tba(deployed, "rotate", "test", "orders")

    version = deployed.labels("orders")["AWSCURRENT"]
    assert rotated.status == 0, rotated.output
    assert "warning: warehouse/orders: readers were not told of version" in rotated.output
    (first,) = told(deployed)
    assert first["TBA_VERSION_AWS"] == version
    assert first["TBA_PREVIOUS_VERSION_AWS"] == deployed.labels("orders")["AWSPREVIOUS"]

    preview = deployed.project.pulumi("preview")
    status = tba(deployed, "status", "--json")
    assert "readers were not told of version" in preview.output
    assert status.status == 12, status.output
    assert "readers were not told of version" in status.output
    assert len(told(deployed)) == 1

    (folder / "broken").unlink()
    again = tba(deployed, "up", "test", "--json")
    report: dict[str, Any] = json.loads(again.output[again.output.index("{\n") :])
    notes = [one["message"] for one in report["environments"][0]["notes"]]
    assert [one for one in notes if "readers were told of version" in one], notes
    assert deployed.labels("orders")["AWSCURRENT"] == version
    assert deployed.project.up("--expect-no-changes").status == 0
    assert [one["TBA_VERSION_AWS"] for one in told(deployed)] == [version] * 2

    given = deployed.account.environment(orders=deployed.account.spares["orders"])
    for environ in told(deployed):
        assert environ["AWS_ACCESS_KEY_ID"] == deployed.project.environment["AWS_ACCESS_KEY_ID"]
        assert not {*given} & {*environ}
        assert not [value for value in given.values() if value in str(environ)]


def test_a_night_tells_them_though_the_token_is_not_due(deployed: World) -> None:
    declare_broken_hook(deployed)
    deployed.give(orders=deployed.account.spares["orders"])
    rotated = tba(deployed, "rotate", "test", "orders")
    assert "readers were not told of version" in rotated.output
    version = deployed.labels("orders")["AWSCURRENT"]
    deployed.give(
        orders=Values()
    )  # what the source of a token that is not due gives is not looked at

    (deployed.project.folder / "broken").unlink()
    night = tba(deployed, "rotate", "test", "--due")

    assert night.status == 0, night.output
    assert "nothing is due" in night.output
    assert "readers were told of version" in night.output
    assert deployed.labels("orders")["AWSCURRENT"] == version
    assert [one["TBA_VERSION_AWS"] for one in told(deployed)] == [version] * 2
    deployed.give(orders=deployed.account.spares["orders"])
    assert deployed.project.up("--expect-no-changes").status == 0
    assert "were told" not in tba(deployed, "rotate", "test", "--due").output
