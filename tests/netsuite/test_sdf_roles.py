"""Environments -> projects of roles: the golden one, every environment's, and those that cannot be written."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st

from tba_secrets.errors import SpecError, TbaError
from tba_secrets.netsuite.sdf import roles_project, write
from tba_secrets.netsuite.sdf.permissions import PERMISSIONS, Permission, grant
from tba_secrets.netsuite.sdf.project import script_id
from tba_secrets.netsuite.sdf.validator import problems
from tba_secrets.spec import Environment, check
from tests.netsuite import sdf_bench

REFUSED = sdf_bench.cases("refused")


def test_the_golden_project(tmp_path: Path) -> None:
    project = roles_project(sdf_bench.environment(tmp_path))
    assert dict(project.files()) == sdf_bench.contents(sdf_bench.GOLDEN)
    assert project.left_out == ("Administrator",)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_what_cannot_be_written(case: dict[str, Any], tmp_path: Path) -> None:
    environment = sdf_bench.environment(tmp_path, case["replace"])
    with pytest.raises(SpecError) as refused:
        roles_project(environment)
    lines = str(refused.value).splitlines()
    assert len(lines) == len(case["lines"]), lines
    for got, expected in zip(lines, case["lines"], strict=True):
        assert got.startswith(expected)
    assert "canary" not in repr(refused.value)


@pytest.mark.parametrize("permission", PERMISSIONS.values(), ids=lambda one: one.key)
def test_a_permission_is_read_at_each_of_its_levels(permission: Permission) -> None:
    alone = len(permission.levels) == 1
    for level in permission.levels:
        text = permission.name if alone else f"{permission.name} ({level.word})"
        assert grant(text).permission is permission
        assert grant(text).level is level


def test_names_and_keys_are_given_once() -> None:
    assert len({p.key for p in PERMISSIONS.values()}) == len(PERMISSIONS) > 50
    assert all(
        re.fullmatch(r"(ADMI|LIST|REPO|TRAN)_[A-Z_0-9]+", p.key) for p in PERMISSIONS.values()
    )


def test_the_documents_list_every_name_at_its_levels() -> None:
    text = (Path(__file__).parents[2] / "docs" / "roles.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    listed = {name: row[0] for row in rows for name in row[1].removesuffix(" |").split(", ")}
    for permission in PERMISSIONS.values():
        words = [level.word for level in permission.levels]
        row = listed[permission.name]
        assert ("the name alone" in row) is (len(words) == 1)
        assert len(words) == 1 or all(f"({word})" in row for word in words)
        assert len(words) != 2 or row.count("(") == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Warehouse Integration", "customrole_warehouse_integration"),
        ("  A--b__C.9 ", "customrole_a_b_c_9"),
        ("Größte Straße", "customrole_grosste_strasse"),
        ("x" * 29, "customrole_" + "x" * 29),
        ("x" * 30, "customrole_" + "x" * 20 + "_666a596d"),
        ("倉庫", "customrole_2113227f"),
        ("Lager 倉庫", "customrole_lager_1759201e"),
    ],
)
def test_a_script_id_follows_from_the_name(name: str, expected: str) -> None:
    assert script_id(name) == expected


# --- whatever is declared --------------------------------------------------------------------------

SPELLINGS = [
    permission.name if len(permission.levels) == 1 else f"{permission.name} ({level.word})"
    for permission in PERMISSIONS.values()
    for level in permission.levels
]
ROLES = st.lists(
    st.tuples(
        st.text(min_size=1, max_size=60) | st.from_regex(r"[A-Za-z][A-Za-z0-9 &<>'\"-]{0,60}[a-z]"),
        st.lists(st.sampled_from(SPELLINGS), max_size=8),
    ),
    min_size=1,
    max_size=4,
)


def _environment(roles: list[tuple[str, list[str]]]) -> Environment:
    return Environment.model_validate(
        {
            "version": 1,
            "account": "1234567",
            "store": {"aws": {"region": "us-east-1"}},
            "integrations": [
                {
                    "name": f"i{i}",
                    "consumer": {"env": {"key": "K", "secret": "S"}},
                    "role": {"name": name, "permissions": permissions},
                    "tokens": [
                        {
                            "name": f"t{i}",
                            "user": "a@example.com",
                            "token": {"env": {"id": "I", "secret": "S"}},
                        }
                    ],
                }
                for i, (name, permissions) in enumerate(roles)
            ],
        }
    )


@given(ROLES)
def test_everything_that_is_written_passes_and_says_what_was_declared(
    roles: list[tuple[str, list[str]]],
) -> None:
    environment = _environment(roles)
    try:
        project = roles_project(environment)
    except SpecError:
        assert _cannot_be_written(roles)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "test", project.files())
        assert problems(Path(folder)) == ()
        assert _read_back(Path(folder)) == _declared(roles)
    assert roles_project(environment).files() == project.files()


def _cannot_be_written(roles: list[tuple[str, list[str]]]) -> bool:
    declared = _declared(roles)
    keys = [[grant(text).permission.key for text in permissions] for _, permissions in roles]
    return (
        not declared
        or len({script_id(name) for name in declared}) < len([name for name, p in roles if p])
        or any(not n.isprintable() or n != n.strip() or n[0] == "[" for n, _ in roles)
        or any(len(set(one)) < len(one) for one in keys)
    )


def _declared(roles: list[tuple[str, list[str]]]) -> dict[str, set[tuple[str, str]]]:
    return {
        name: {(grant(text).permission.key, grant(text).level.value) for text in permissions}
        for name, permissions in roles
        if permissions
    }


def _read_back(folder: Path) -> dict[str, set[tuple[str, str]]]:
    files = folder.glob("src/Objects/*.xml")
    roots = [ElementTree.parse(path).getroot() for path in files]  # noqa: S314 - ours
    return {
        root.findtext("name", ""): {
            (one.findtext("permkey", ""), one.findtext("permlevel", ""))
            for one in root.iter("permission")
        }
        for root in roots
    }


# --- the folder ------------------------------------------------------------------------------------

FILES = {"src/a.xml": b"a", "src/b.xml": b"b"}


def test_the_same_files_are_not_written_twice(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "roles"
    assert write(folder, "test", FILES).changed == ("src/a.xml", "src/b.xml")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = write(folder, "test", FILES)
    assert (again.changed, again.removed) == ((), ())
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_ours_are_rewritten_and_what_is_no_longer_declared_goes(tmp_path: Path) -> None:
    write(tmp_path, "test", FILES)
    (tmp_path / "src" / "a.xml").write_text("edited")
    (tmp_path / "project.json").write_text("{}")
    written = write(tmp_path, "test", {"src/a.xml": b"a"})
    assert (written.changed, written.removed) == (("src/a.xml",), ("src/b.xml",))
    assert set(sdf_bench.contents(tmp_path)) == {"src/a.xml", "project.json", ".tba-roles.json"}


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("name", ["README.md", "src/c.xml", "src/Objects/customrole_theirs.xml"])
def test_a_folder_with_others_files_is_refused_before_anything_is_written(
    name: str, marked: bool, tmp_path: Path
) -> None:
    if marked:
        write(tmp_path, "test", FILES)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("theirs")
    before = sdf_bench.contents(tmp_path)
    named = name if marked else name.split("/")[0]
    with pytest.raises(TbaError, match=re.escape(f"did not write: {named}")):
        write(tmp_path, "test", {"src/a.xml": b"new"})
    assert sdf_bench.contents(tmp_path) == before


def test_a_link_in_the_place_of_ours_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "roles"
    write(folder, "test", FILES)
    (tmp_path / "theirs").write_text("theirs")
    (folder / "src" / "a.xml").unlink()
    (folder / "src" / "a.xml").symlink_to(tmp_path / "theirs")
    with pytest.raises(TbaError, match=re.escape("src/a.xml")):
        write(folder, "test", FILES)
    assert (tmp_path / "theirs").read_text() == "theirs"


def test_another_environments_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "production", FILES)
    before = sdf_bench.contents(tmp_path)
    with pytest.raises(TbaError, match="holds the roles of production, not of sandbox"):
        write(tmp_path, "sandbox", {"src/a.xml": b"new"})
    assert sdf_bench.contents(tmp_path) == before


@pytest.mark.parametrize("mark", ["", "[]", "{}", '{"environment": "test", "files": 1}', "\xff"])
def test_a_mark_that_cannot_be_read_is_no_leave_to_write(mark: str, tmp_path: Path) -> None:
    (tmp_path / ".tba-roles.json").write_bytes(mark.encode("latin-1"))
    with pytest.raises(TbaError, match=r"was not written by `tba roles`"):
        write(tmp_path, "test", FILES)
    assert set(sdf_bench.contents(tmp_path)) == {".tba-roles.json"}


def test_a_mark_reaches_no_file_outside(tmp_path: Path) -> None:
    folder = tmp_path / "roles"
    folder.mkdir()
    (tmp_path / "theirs").write_text("theirs")
    (folder / ".tba-roles.json").write_text('{"environment": "test", "files": ["../theirs"]}')
    assert write(folder, "test", FILES).removed == ()
    assert (tmp_path / "theirs").read_text() == "theirs"


def test_a_run_that_was_cut_off_is_put_right(tmp_path: Path) -> None:
    """A file lies where a folder has to be: the first file was written, the second cannot be."""
    write(tmp_path, "test", {"src/a": b"old", "src/gone": b"x"})
    with pytest.raises(TbaError, match="choose another folder"):
        write(tmp_path, "test", {"src/new": b"n", "src/a/b": b"b"})
    assert write(tmp_path, "test", FILES).removed == ("src/a", "src/gone", "src/new")
    assert set(sdf_bench.contents(tmp_path)) == {*FILES, ".tba-roles.json"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "roles").write_text("theirs")
    with pytest.raises(TbaError, match="is not a folder"):
        write(tmp_path / "roles", "test", FILES)


MOVING = """\
version: 1
account: "1234567_SB1"
store: {aws: {region: us-east-1}}
integrations:
  - name: warehouse
    consumer: stored
    role: {name: Warehouse, permissions: [REST Web Services, Log in using Access Tokens]}
    tokens: [{name: orders, user: a@example.com, token: stored}]
  - name: warehouse-oauth2
    auth: oauth2
    client: stored
    role: {name: Warehouse, id: "1", permissions: [REST Web Services, Log in using OAuth 2.0 Access Tokens]}
    certificates: [{name: orders-certificate, user: {email: a@example.com, entity: "2"}}]
"""


def test_a_role_on_its_way_to_oauth2_has_the_permissions_of_both_kinds() -> None:
    environment, findings = check(MOVING)
    assert environment is not None, findings

    (role,) = roles_project(environment).roles

    assert {one.permission.key for one in role.grants} == {
        "ADMI_RESTWEBSERVICES",
        "ADMI_LOGIN_OAUTH",
        "ADMI_LOGIN_OAUTH2",
    }


def test_levels_that_the_two_kinds_declare_differently_are_refused() -> None:
    text = MOVING.replace("Log in using Access Tokens", "Customers (View)")
    environment, findings = check(
        text.replace("Log in using OAuth 2.0 Access Tokens", "Customers (Edit)")
    )
    assert environment is not None, findings

    with pytest.raises(SpecError, match="`Customers` is given twice"):
        roles_project(environment)
