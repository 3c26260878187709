"""What was made by hand, imported, is taken over by `pulumi up` as it is; and what does not work stays as it is too."""

from __future__ import annotations

from typing import Any

import pytest

from tba_secrets.cli.exits import Exit
from tests.cli.import_bench import OTHERS, stored_text
from tests.engine.conftest import World
from tests.engine.project import Run
from tests.engine.tba import assert_nothing_to_do, tba
from tests.leaks.scanner import Artefact, Canary, Scanner
from tests.netsuite_account import TOKENS, Values

pytestmark = pytest.mark.engine


def put(world: World, token: str, values: Values | None = None, **more: Any) -> None:
    """Make a secret by hand."""
    text = stored_text(world.account, token, values, **more)
    world.reader().create_secret(Name=f"netsuite/test/{token}", SecretString=text)


def imported(world: World, *tokens: str) -> Run:
    """`tba import test`, with no environment there before and no value in any source."""
    (world.project.folder / "stacks" / "test.yaml").unlink()
    world.withhold(*world.account.environment())
    flags = ["--account", world.account.id, "--aws", "us-east-1", "--prefix", "netsuite/test/"]
    users = [word for t in tokens for word in ("--user", f"{t}={world.account.user_of(t)}")]
    return tba(world, "import", "test", *flags, "--endpoint", world.netsuite.url, *users)


def assert_no_value_shows(world: World, values: list[Values], *told: str) -> None:
    """Neither in what was printed nor in any file of the project, its state and history."""
    texts = [text for one in values for text in (one.identifier, one.secret)]
    canaries = [Canary(f"value {number}", text) for number, text in enumerate(texts)]
    folder = world.project.folder
    files = [
        Artefact(str(path.relative_to(folder)), path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and ".venv" not in path.parts
    ]
    assert any(file.name.startswith("state/.pulumi/stacks/") for file in files)
    outputs = [Artefact("output", text.encode()) for text in told]
    assert Scanner(canaries).find([*files, *outputs]) == []


def test_up_takes_over_what_was_imported_without_writing_it(world: World) -> None:
    put(world, "orders")
    put(world, "stock", keys=OTHERS)
    put(world, "invoices")
    before = {token: world.labels(token) for token in TOKENS}

    ended = imported(world, *TOKENS)
    run = world.project.up()

    assert ended.status == Exit.DONE, ended.output
    assert run.status == 0, run.output
    assert "verified as role warehouse role in account 1234567_SB1" in run.output
    assert "promoted" not in run.output, "readers have had it before"
    assert {token: world.labels(token) for token in TOKENS} == before
    # the second version is the takeover's lock, which holds no value
    assert {len(world.secret(token).versions) for token in TOKENS} == {2}
    resources = world.project.resources()
    for token in TOKENS:
        proof = resources[f"SmokeTest {token}"]["outputs"]
        assert proof["verified"] == {"aws": before[token]["AWSCURRENT"]}
        assert "tokeninfo proves account, role, user" in proof["evidence"]
    assert world.current("stock")["NETSUITE_TOKEN"] == world.account.tokens["stock"].identifier
    assert_nothing_to_do(world)
    held = [*world.account.consumers.values(), *world.account.tokens.values()]
    assert_no_value_shows(world, held, ended.output, run.output)


@pytest.mark.deep
def test_a_secret_that_does_not_work_is_reported_and_stays_as_it_is(world: World) -> None:
    wrong = Values(world.account.tokens["stock"].identifier)
    put(world, "orders")
    put(world, "stock", wrong)
    before = world.labels("stock")
    file = world.project.folder / "stacks" / "test.yaml"

    ended = imported(world, "orders", "stock")
    checked = tba(world, "check", "test")
    file.write_text(file.read_text().replace("name:  # FILL", "name: warehouse role  # FILL"))
    run = world.project.up()

    assert ended.status == Exit.REFUSED, ended.output
    assert "netsuite/test/stock   imported, not proven: NetSuite refused the login" in ended.output
    assert checked.status == 1
    assert "role.name: the value is missing" in checked.output
    assert run.status != 0
    assert "the current credential has failed, and is left as it is" in run.output
    assert world.labels("stock") == before
    assert world.current("stock")["token_secret"] == wrong.secret
    assert world.project.resources()["SmokeTest orders"]["outputs"]["verified"] != {}
    assert_no_value_shows(world, [wrong], ended.output, checked.output, run.output)
