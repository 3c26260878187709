"""What README.md and docs/ tell to run is taken by the programs that it is for, and their links lead somewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from tba_secrets.cli.checklist.facts import (
    ACCESS_TOKEN,
    ANY_CALL,
    FEATURES,
    CheckKind,
    undeclared,
)
from tba_secrets.provider.after_promote import PromotedCredential, PromotedSecret
from tba_secrets.spec.model import (
    BEARER_CHECKS,
    STORE_KINDS,
    AfterPromote,
    BearerVerify,
    Format,
    Verify,
)
from tests.docs.documents import DOCUMENTS, Command, block, commands, links
from tests.docs.parsing import JUDGES, complaint, options_of_tba
from tests.engine.project import ROOT

ALL = [command for document in DOCUMENTS for command in commands(document)]

ELSEWHERE = {
    "export PATH": "tests/docs/test_first_environment.py",
    "aws secretsmanager get-secret-value": "tests/docs/test_first_environment.py",
    "git rev-parse": "tests/ci/test_pipelines.py",
    "pip install '.[pulumi]'": "tests/packaging/test_wheel.py",
    "pip install 'tba-secrets[cli]'": "tests/packaging/test_wheel.py",
    "python3 -m venv .venv": "tests/ci/test_scripts.py",
    "PULUMI_SKIP_CHECKPOINTS=true pulumi up": "tests/engine/test_up.py",
    "cat | op document create": "tests/sources/test_password_managers.py",
    "gopass insert": "tests/sources/test_password_managers.py",
    "sops edit": "tests/sources/test_password_managers.py",
    "vault auth enable": "tests/ci/test_vault_set_up.py",
    "vault policy write": "tests/ci/test_vault_set_up.py",
    "vault read": "tests/ci/test_vault_set_up.py",
    "vault write": "tests/ci/test_vault_set_up.py",
    "vault status": "tests/stores/test_vault_settings.py",
    "vault kv metadata get": "tests/stores/test_vault_promotion.py",
    "vault kv undelete": "tests/engine/test_vault.py",
    "vault kv enable-versioning": "tests/stores/test_vault_preflight.py",
}
"""Commands of other programs: where what they do is tested, by the call that they stand for."""


def _refused(program: str) -> dict[str, str]:
    """What a program does not take of what the documents tell to give it, and why."""
    given = {command for command in ALL if command.words[0] == program}
    assert given
    return {str(command): said for command in given if (said := complaint(command))}


def test_every_command_is_known() -> None:
    unknown = [
        str(command)
        for command in ALL
        if command.words[0] not in JUDGES
        and not any(command.text.startswith(known) for known in ELSEWHERE)
    ]

    assert not unknown, "list them in ELSEWHERE with where they are tested, or mend the document"


def test_what_is_tested_elsewhere_is_in_the_documents_and_is_tested() -> None:
    for known, where in ELSEWHERE.items():
        assert any(command.text.startswith(known) for command in ALL), (
            f"{known} is not told any more"
        )
        assert (ROOT / where).is_file()


def test_tba_takes_what_is_told() -> None:
    assert _refused("tba") == {}


def test_make_has_what_is_told() -> None:
    assert _refused("make") == {}


def test_the_tests_that_are_told_to_run_are_there() -> None:
    assert _refused("python") == {}


def _always_run(file: Path) -> list[str]:
    """The tests of a file that are not deep."""
    return [
        one.name
        for one in ast.walk(ast.parse(file.read_text()))
        if isinstance(one, ast.FunctionDef)
        and one.name.startswith("test_")
        and "pytest.mark.deep" not in map(ast.unparse, one.decorator_list)
    ]


def test_what_guards_an_invariant_is_in_make_test() -> None:
    guarded = (ROOT / "CONTRIBUTING.md").read_text().partition("| guarded by |\n")[2]
    rows = guarded.partition("\n\n")[0].splitlines()[1:]
    assert len(rows) > 10
    for row in rows:
        files = re.findall(r"tests/\S+\.py", row)
        assert files, row
        for file in files:
            assert _always_run(ROOT / file), f"{file} has no test that `make test` runs"


@pytest.mark.engine
def test_pulumi_takes_what_is_told() -> None:
    assert _refused("pulumi") == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tba no-such-command", "No such command"),
        ("tba rotate ENV --no-such-option", "No such option"),
        ("tba rotate", "Missing"),
        ("tba sign GET", "Missing"),
        ("tba simulator --config x.yaml --port many", "valid integer"),
        ("make no-such-target", "No rule to make target"),
        ("python -m pytest tests/no_such.py", "there is no tests/no_such.py"),
        ("python -m tests.lifecycle.explorer --no-such", "--no-such is no option"),
        pytest.param("pulumi no-such-command", "there is no", marks=pytest.mark.engine),
        pytest.param("pulumi stack no-such", "stack no-such", marks=pytest.mark.engine),
        pytest.param("pulumi up --no-such-flag", "--no-such-flag", marks=pytest.mark.engine),
    ],
)
def test_what_is_wrong_is_found(text: str, reason: str) -> None:
    assert reason in complaint(Command("a document", text, whole=True))


PULUMIS = {"--debug", "--show-secrets", "--secrets-provider", "--target"}
"""Options of Pulumi that are spoken of without their command."""


def test_an_option_that_is_spoken_of_is_there() -> None:
    known = options_of_tba()
    spoken = {
        (document.name, option)
        for document in DOCUMENTS
        for option in re.findall(r"`(--[a-z][a-z-]*)[ `]", document.read_text())
    }

    assert {option for _, option in spoken} & known
    assert not {(name, option) for name, option in spoken if option not in known | PULUMIS}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    assert [link for link in links(document.read_text()) if not _leads(document, link)] == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    assert not _leads(ROOT / "README.md", "docs/no-such.md")
    assert not _leads(ROOT / "README.md", "docs/rotation.md#no-such-heading")
    assert _leads(ROOT / "README.md", "docs/rotation.md")


def _leads(document: Path, link: str) -> bool:
    target, _, anchor = link.partition("#")
    file = (document.parent / target).resolve() if target else document
    return file.exists() and (not anchor or anchor in _anchors(file))


CHECKS = (ROOT / "docs" / "checks.md").read_text()


def _wrong_checks(document: str) -> set[str]:
    """The checks of which a table does not tell the boxes, the permissions, and what they are for."""
    rows = re.findall(
        r"^\| `(\w+)` \|.*\|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|$", document, re.MULTILINE
    )
    told = {
        name: [set(re.findall(r"[A-Z][\w ]+\w|tok\w+|cert\w+", c)) for c in cells]
        for name, *cells in rows
    }
    needed = {
        kind.value: [
            {box.name for box in FEATURES if kind in box.kinds != ANY_CALL},
            {lacking.name for lacking in undeclared([], frozenset({kind}), tokens=False)},
            {"tokens", *(["certificates"] if kind.value in (*BEARER_CHECKS, "restlet") else [])},
        ]
        for kind in set(CheckKind) - ACCESS_TOKEN
    }
    return {name for name in told | needed if told.get(name) != needed.get(name)}


def test_the_document_has_every_check_and_what_it_needs() -> None:
    assert _wrong_checks(CHECKS) == set()
    assert f"`{list(Verify().checks)}`".replace("'", "") in CHECKS
    assert f"`{list(BearerVerify().checks)}`".replace("'", "") in CHECKS


@pytest.mark.parametrize(
    ("text", "instead", "wrong"),
    [
        ("SOAP Web Services | SOAP Web Services |", "| SOAP Web Services |", {"soap"}),
        ("| REST Web Services | REST Web Services |", "| REST Web Services | |", {"rest"}),
        ("| | | tokens |", "| | | tokens and certificates |", {"tokeninfo"}),
        ("| `restlet` |", "| `script` |", {"script", "restlet"}),
    ],
    ids=["box", "permission", "for whom", "name"],
)
def test_a_table_of_checks_that_is_wrong_is_found(text: str, instead: str, wrong: set[str]) -> None:
    assert text in CHECKS
    assert _wrong_checks(CHECKS.replace(text, instead)) == wrong


def _anchors(file: Path) -> set[str]:
    """As the forges make them: lower case, spaces as hyphens, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_program_in_the_document_is_the_example() -> None:
    program = (ROOT / "examples" / "nodejs" / "index.js").read_text()

    assert block(ROOT / "docs" / "languages.md", "js", "Node.js") == program


def test_what_restarts_readers_is_taken() -> None:
    section = (ROOT / "docs" / "readers.md").read_text().partition("## Restarting readers")[2]
    told = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.+?)```", section, re.DOTALL)]

    ways = [AfterPromote.model_validate(one["after_promote"], strict=False) for one in told]

    assert {name for way in ways for name in way.model_fields_set} == {*AfterPromote.model_fields}
    facts = PromotedCredential(
        "", "", "", tuple(PromotedSecret(k, "", "", "") for k in STORE_KINDS)
    )
    assert {*re.findall(r"`(TBA_\w+)`", section)} == {*facts.variables()}


@pytest.mark.parametrize("language", ["yaml", "json"])
def test_what_other_systems_read_has_our_keys(language: str) -> None:
    section = (ROOT / "docs" / "readers.md").read_text().partition("## Kubernetes")[2]
    texts = re.findall(rf"```{language}\n(.+?)```", section, re.DOTALL)
    assert texts

    for text in texts:
        yaml.safe_load(text)
    named = re.findall(r"property: (\w+)|-bot(?:-\w{6}:|\.)(\w+)", "".join(texts))
    assert {one or other for one, other in named} - {*Format().model_dump().values()} == set()
    assert named
