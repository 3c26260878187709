"""schema/environment.schema.json in a real language server: what who writes stacks/ENV.yaml sees while typing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.docs.documents import block
from tests.editor.conftest import MODELINE, Editor
from tests.engine.project import ROOT

pytestmark = pytest.mark.editor

RIGHT = block(ROOT / "README.md", "yaml", "Your first environment")
SCHEMA = json.loads((ROOT / "schema" / "environment.schema.json").read_text())

WRONG = {
    "an unknown key": (
        "- name: warehouse-bot\n",
        "- name: warehouse-bot\n        usr: integration.bot@example.com\n",
        "usr: integration.bot@example.com",
        "Property usr is not allowed",
    ),
    "an account id that is a number": (
        'account: "1234567_SB1"',
        "account: 1234567",
        "account: 1234567",
        'Incorrect type. Expected "string"',
    ),
    "an account id as no account has one": (
        'account: "1234567_SB1"',
        "account: 1234567-sb1",
        "account: 1234567-sb1",
        "does not match the pattern",
    ),
    "a missing key": (
        "        user: integration.bot@example.com\n",
        "",
        "- name: warehouse-bot",
        'Missing property "user"',
    ),
    "a check that does not exist": (
        "        user: integration.bot@example.com\n",
        "        user: integration.bot@example.com\n        verify: {checks: [ping]}\n",
        "verify: {checks: [ping]}",
        'Valid values: "tokeninfo", "rest", "soap", "suiteql"',
    ),
}


@pytest.mark.parametrize(
    "file", sorted((ROOT / "tba_secrets" / "demo").glob("*.yaml")), ids=lambda p: p.stem
)
def test_our_own_environments_are_right(editor: Editor, file: Path) -> None:
    text = file.read_text()
    assert MODELINE in text

    assert editor.underlined(f"our-{file.stem}", text) == {}


def test_the_readmes_environment_is_right(editor: Editor) -> None:
    assert RIGHT.startswith(MODELINE)

    assert editor.underlined("right", RIGHT) == {}


@pytest.mark.parametrize(("old", "new", "line", "message"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_underlined_where_it_is(
    editor: Editor, old: str, new: str, line: str, message: str, request: pytest.FixtureRequest
) -> None:
    assert old in RIGHT

    found = editor.underlined(request.node.callspec.id.replace(" ", "-"), RIGHT.replace(old, new))

    assert [at for at in found if line in at], found
    assert message in found[next(at for at in found if line in at)]


def test_it_is_the_schema_that_finds_them(editor: Editor) -> None:
    without = RIGHT.replace(MODELINE, "# no schema is named here\n")

    assert editor.underlined("without", without.replace('"1234567_SB1"', "1234567")) == {}


def test_keys_are_offered(editor: Editor) -> None:
    top = editor.file("top", f"{MODELINE}version: 1\n\n")
    token = editor.file("token", RIGHT.rstrip("\n") + "\n        \n")
    for file in (top, token):
        editor.server.diagnostics(file)

    at_top = editor.server.completions(top, 2, 0)
    in_token = editor.server.completions(token, len(RIGHT.splitlines()), 8)

    assert set(at_top) >= set(SCHEMA["properties"]) - {"version"}
    assert set(in_token) >= {"verify", "secret", "format"}
    assert not {"name", "user", "account"} & set(in_token)


def test_a_key_is_explained(editor: Editor) -> None:
    file = editor.file("hover", RIGHT)
    editor.server.diagnostics(file)
    line = next(n for n, text in enumerate(RIGHT.splitlines()) if text.startswith("account:"))

    shown = editor.server.hover(file, line, 2)

    assert SCHEMA["properties"]["account"]["description"] in shown
    assert not editor.server.hover(file, 0, 2)
