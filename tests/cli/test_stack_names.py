"""A stack's name as Pulumi writes it in full is taken for this project's stack, and for no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Tba

YAML = """\
version: 1
account: "1234567"
store: {aws: {region: us-east-1}}
integrations:
  - name: sync
    consumer: {env: {key: A, secret: B}}
    role: {name: R}
    tokens: [{name: bot, user: bot@example.com, token: {env: {id: C, secret: D}}}]
"""
REFUSED = {
    "organization/other/prod": "is no stack of this project (mine)",
    "organization/prod": "is no stack of this project (mine)",
    "acme/mine/prod": "`pulumi org set-default acme`",
    "acme/prod": "`pulumi org set-default acme`",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "prod.yaml").write_text(YAML)
    (tmp_path / "Pulumi.yaml").write_text("name: mine\nruntime: python\n")
    monkeypatch.setenv("COLUMNS", "300")
    return tmp_path


@pytest.mark.parametrize("command", ["check {}", "checklist {}"])
@pytest.mark.parametrize("place", ["before", "after"])
def test_the_name_in_full_is_that_stack(command: str, place: str, project: Path, tba: Tba) -> None:
    words, at = command.format("organization/mine/prod").split(), ["--project", str(project)]
    ended = tba(words[0], *at, *words[1:]) if place == "before" else tba(*words, *at)
    assert ended.status == 0
    short = tba(*command.format("prod").split(), *at)
    assert (ended.out, ended.err) == (short.out, short.err)


@pytest.mark.parametrize(
    "command", ["check", "checklist", "verify", "status", "doctor", "up", "retire"]
)
@pytest.mark.parametrize("name", REFUSED)
def test_another_project_s_stack_or_another_organization_is_refused(
    command: str, name: str, project: Path, tba: Tba
) -> None:
    ended = tba(command, name, "--project", str(project))
    assert (ended.status, ended.out) == (2, "")
    assert REFUSED[name] in ended.err
