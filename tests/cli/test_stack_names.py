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


@pytest.mark.parametrize("command", ["check", "checklist prod"])
def test_the_project_is_found_from_a_folder_of_it(
    command: str, project: Path, tba: Tba, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    there = tba(*command.split())
    assert there.status == 0
    monkeypatch.chdir(project / "stacks")
    assert tba(*command.split()).out == there.out

    (project / "Pulumi.yaml").unlink()
    lost = tba(*command.split())
    assert lost.status != 0
    assert "Pulumi.yaml" in lost.err


def test_a_folder_that_is_named_is_not_left(
    project: Path, tba: Tba, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "stacks")
    assert tba("check", "--project", ".").status != 0


def test_stacks_without_a_project_are_those_of_this_folder(
    project: Path, tba: Tba, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "inner" / "stacks").mkdir(parents=True)
    (project / "inner" / "stacks" / "inner.yaml").write_text(YAML)
    monkeypatch.chdir(project / "inner")
    assert "inner: 1 token" in tba("check").out


def test_a_new_project_is_written_here(
    project: Path, tba: Tba, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also below another one."""
    (project / "inner").mkdir()
    monkeypatch.chdir(project / "inner")
    given = "--account 1234567 --store aws --region us-east-1 --integration sync --role R"
    assert tba("init", "new", *given.split(), "--user", "bot@example.com").status == 0
    assert (project / "inner" / "stacks" / "new.yaml").exists()
