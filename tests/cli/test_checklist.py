"""`tba checklist` on made states: what is ticked is what a signed check has shown, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, get_args

import pytest

from tba_secrets.cli.checklist import ChecklistFormat, gather, rendered
from tba_secrets.cli.checklist.facts import (
    ACCESS_TOKEN,
    FEATURES,
    CheckKind,
    permission,
    undeclared,
)
from tba_secrets.cli.checklist.lines import Checklist
from tba_secrets.errors import TbaError
from tba_secrets.spec.model.records import CheckName
from tests.cli.conftest import Tba
from tests.cli.status_bench import smoke_test, staged_credential, state_of
from tests.cli.test_status_page import Parsed

ALL_CHECKS = (
    "[tokeninfo, rest, soap, suiteql, {restlet: {script: customscript_x, deploy: customdeploy_x}}]"
)
PERMISSIONS = (
    "[REST Web Services, SOAP Web Services, SuiteAnalytics Workbook, "
    "Log in using Access Tokens, Customers (View)]"
)
YAML = """\
version: 1
account: "1234567_SB1"
store: {aws: {region: us-east-1, prefix: netsuite/}}
defaults: {verify: {checks: CHECKS}}
integrations:
  - name: warehouse
    consumer: {env: {key: W_KEY, secret: W_SECRET}}
    role: {name: warehouse role, permissions: PERMISSIONS}
    tokens:
      - {name: orders, user: orders@example.com, token: {env: {id: O_ID, secret: O_SECRET}}}
      - {name: stock, user: stock@example.com, token: TOKEN}
"""
TOKEN = "{file: {path: stock.json}}"
TOKENINFO = "tokeninfo proves account, role; not user"
EVIDENCE = (
    TOKENINFO,
    "rest proves REST web services",
    "soap proves SOAP web services",
    "suiteql proves SuiteQL",
    "restlet customscript_x/customdeploy_x proves restlet customscript_x/customdeploy_x",
)
OF_TOKENINFO = {
    "SuiteCloud, Manage Authentication: Token-based Authentication",
    "State: Enabled",
    "Token-based Authentication: ticked",
    "Consumer key and secret, shown once: into the variables W_KEY and W_SECRET",
    "Permissions > Setup: Log in using Access Tokens, Full",
    "Application Name: warehouse",
    "Role: warehouse role",
    "Token id and secret, shown once: into the variables O_ID and O_SECRET",
}
BY_LINE = {
    EVIDENCE[1]: {
        "SuiteCloud, SuiteTalk (Web Services): REST Web Services",
        "Permissions > Setup: REST Web Services, Full",
    },
    EVIDENCE[2]: {
        "SuiteCloud, SuiteTalk (Web Services): SOAP Web Services",
        "Permissions > Setup: SOAP Web Services, Full",
    },
    EVIDENCE[3]: {
        "Analytics: SuiteAnalytics Workbook",
        "Permissions > Reports: SuiteAnalytics Workbook, Edit",
    },
    EVIDENCE[4]: {
        "SuiteCloud, SuiteScript: Server SuiteScript",
        "Web Services Only Role: not ticked",
        "Customization > Scripting > Script Deployments: customdeploy_x of customscript_x is Released, and its "
        "Audience has the role",
    },
}
"""What the evidence of one check ticks beyond what any accepted login does."""


def project(
    folder: Path, checks: str = ALL_CHECKS, permissions: str = PERMISSIONS, token: str = TOKEN
) -> Path:
    text = YAML.replace("CHECKS", checks).replace("PERMISSIONS", permissions)
    (folder / "stacks").mkdir(exist_ok=True)
    (folder / "stacks" / "prod.yaml").write_text(text.replace("TOKEN", token))
    return folder


def passed(evidence: tuple[str, ...] = EVIDENCE, token: str = "orders", **more: Any) -> Any:
    """A SmokeTest that has passed as it is declared."""
    declared = {
        "account": "1234567_SB1",
        "role": {"name": "warehouse role", "permissions": []},
        "user": {"email": f"{token}@example.com"},
        "evidence": list(evidence),
        "entity": "38",
    }
    return smoke_test(f"warehouse/{token}", {"aws": "v1"}, **{**declared, **more})


def of(folder: Path, *state: Mapping[str, Any]) -> Checklist:
    return gather(folder, "prod", state_of(prod=[dict(one) for one in state]))


def ticked(found: Checklist) -> set[str]:
    return {line.text for line in found.lines if line.done}


def why(found: Checklist, text: str) -> str:
    (line,) = {line for line in found.lines if line.text == text}
    return line.why


def test_without_a_state_nothing_is_ticked_and_everything_is_listed(tmp_path: Path) -> None:
    found = of(project(tmp_path))
    assert ticked(found) == set()
    assert found.notes == ("Nothing is ticked: no check has passed yet. `pulumi up` runs them.",)
    there = {line.text for line in found.lines}
    assert there >= OF_TOKENINFO.union(*BY_LINE.values())
    assert [step.title for step in found.steps] == [
        "Enable the features",
        "Create the integration records",
        "Give the roles their permissions, and the users their roles",
        "Create the access tokens",
    ]


def test_what_tokeninfo_shows(tmp_path: Path) -> None:
    found = of(project(tmp_path), passed((TOKENINFO,)))
    assert ticked(found) == OF_TOKENINFO
    assert found.notes == ()
    assert why(found, "State: Enabled") == "tokeninfo of warehouse/orders, 2026-11-20"


@pytest.mark.parametrize("line", BY_LINE)
def test_what_each_further_check_shows(line: str, tmp_path: Path) -> None:
    found = of(project(tmp_path), passed((TOKENINFO, line)))
    more = BY_LINE[line] | (BY_LINE[EVIDENCE[1]] if line == EVIDENCE[3] else set())
    assert ticked(found) == OF_TOKENINFO | more


def test_an_answer_that_proves_nothing_ticks_nothing(tmp_path: Path) -> None:
    found = of(project(tmp_path), passed((TOKENINFO, "rest proves ; not REST web services")))
    assert ticked(found) == OF_TOKENINFO
    assert (
        ticked(of(project(tmp_path), passed(("tokeninfo proves ; not account, role, user",))))
        == set()
    )


def test_the_user_is_ticked_once_the_entity_is_known_to_be_his(tmp_path: Path) -> None:
    user = "User: orders@example.com"
    given = "Given to orders@example.com: Setup > Users/Roles > Manage Users, Access"
    open_ = of(project(tmp_path), passed((TOKENINFO,)))
    assert 'entity 38, not an e-mail address: if that is right, declare entity: "38"' in why(
        open_, user
    )
    known = {"email": "orders@example.com", "entity": "38"}
    shown = of(project(tmp_path), passed(("tokeninfo proves account, role, user",), user=known))
    assert ticked(shown) == OF_TOKENINFO | {user, given}
    no_role = of(
        project(tmp_path), passed(("tokeninfo proves account, user; not role",), user=known)
    )
    assert ticked(no_role) & {given, user, "Role: warehouse role"} == {user}


@pytest.mark.parametrize("proven", ["same user as first proven", "user"])
def test_an_e_mail_that_nobody_has_proven_is_not_ticked(proven: str, tmp_path: Path) -> None:
    """Earlier versions wrote `user` for a recorded entity."""
    user = "User: orders@example.com"
    found = of(project(tmp_path), passed((f"tokeninfo proves account, role, {proven}",)))
    assert ticked(found) == OF_TOKENINFO
    assert "entity 38, not an e-mail" in why(found, user)


def test_an_entity_that_is_declared_since_has_to_be_tested_first(tmp_path: Path) -> None:
    folder = project(tmp_path)
    yaml = folder / "stacks" / "prod.yaml"
    declared = "user: {email: orders@example.com, entity: '38'}"
    yaml.write_text(yaml.read_text().replace("user: orders@example.com", declared))
    found = of(folder, passed(("tokeninfo proves account, role, same user as first proven",)))
    assert ticked(found) == set()
    assert "entity declared now differ" in found.notes[0]


DOUBTS: dict[str, tuple[dict[str, Any], str]] = {
    "failed": ({"initErrors": ["refused"]}, "its last update has failed"),
    "account": ({"account": "7654321"}, "account declared now differ"),
    "endpoint": ({"endpoint": "http://127.0.0.1:1"}, "endpoint declared now differ"),
    "role": ({"role": {"name": "another"}}, "role declared now differ"),
    "user": ({"user": {"email": "else@example.com"}}, "user declared now differ"),
    "both": ({"role": {}, "user": {}}, "role and user declared now differ"),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_what_speaks_of_something_else_or_has_failed_ticks_nothing(
    doubt: str, tmp_path: Path
) -> None:
    more, words = DOUBTS[doubt]
    found = of(project(tmp_path), passed(**more))
    assert ticked(found) == set()
    (note,) = found.notes
    assert note.startswith("warehouse/orders: ")
    assert words in note


@pytest.mark.parametrize(
    "resource",
    [
        smoke_test("warehouse/orders", {}, evidence=list(EVIDENCE)),
        {**passed(), "delete": True},
        passed(promote=False),
        {**passed(), "outputs": {**passed()["outputs"], "verified": {}}},
        staged_credential("warehouse/orders", {"aws": "v1"}),
        passed(token="gone"),
    ],
    ids=[
        "nothing verified",
        "waits for deletion",
        "only tests",
        "no longer verified",
        "only staged",
        "not declared",
    ],
)
def test_other_resources_tick_nothing(resource: Mapping[str, Any], tmp_path: Path) -> None:
    assert ticked(of(project(tmp_path), resource)) == set()


def test_a_failure_of_one_token_takes_nothing_from_another(tmp_path: Path) -> None:
    found = of(project(tmp_path), passed(), passed(token="stock", initErrors=["refused"]))
    texts = [line.text for line in found.lines if line.done]
    assert texts.count("Role: warehouse role") == 1
    assert "Token id and secret, shown once: into the file stock.json" not in texts
    assert "warehouse/stock: its last update has failed" in found.notes[0]


def test_what_no_check_shows_says_so(tmp_path: Path) -> None:
    permissions = PERMISSIONS.replace("Customers (View)", "User Access Tokens")
    found = of(project(tmp_path, "[tokeninfo]", permissions), passed())
    assert why(found, "User Credentials: not ticked") == "no check can tell"
    assert "no check shows it" in why(found, "Permissions > Setup: User Access Tokens, Full")
    soap = "no declared check shows it; soap would"
    assert why(found, "Permissions > Setup: SOAP Web Services, Full") == soap
    assert not ticked(found) & set(BY_LINE[EVIDENCE[2]])
    own = of(project(tmp_path), passed())
    assert "by the integration itself" in why(own, "Permissions: Customers (View)")


NEEDED = {
    "[tokeninfo]": {"Log in using Access Tokens"},
    "[rest]": {"Log in using Access Tokens", "REST Web Services"},
    "[soap]": {"Log in using Access Tokens", "SOAP Web Services"},
    "[suiteql]": {"Log in using Access Tokens", "REST Web Services", "SuiteAnalytics Workbook"},
}


@pytest.mark.parametrize("checks", NEEDED)
@pytest.mark.parametrize("login", ["Log in using Access Tokens", "User Access Tokens", "Customers"])
def test_what_the_checks_need_and_the_role_does_not_declare_is_said(
    checks: str, login: str, tmp_path: Path
) -> None:
    found = of(project(tmp_path, checks, f"[{login}]"))
    lacking = {line.text.split(": ")[1].split(",")[0]: line for line in found.lines if line.lacking}
    needs_login = login == "Customers"
    assert lacking.keys() == NEEDED[checks] - (
        set() if needs_login else {"Log in using Access Tokens"}
    )
    assert all("not declared under permissions:" in line.why for line in lacking.values())
    whole = "[REST Web Services, SOAP Web Services, SuiteAnalytics Workbook, User Access Tokens]"
    assert not any(line.lacking for line in of(project(tmp_path, checks, whole)).lines)


def test_what_is_shown_and_not_declared_is_ticked_and_still_said(tmp_path: Path) -> None:
    found = of(project(tmp_path, "[rest]", "[User Access Tokens]"), passed((EVIDENCE[1],)))
    said = why(found, "Permissions > Setup: REST Web Services, Full")
    assert "not declared under permissions:; shown by rest of warehouse/orders" in said
    assert "Permissions > Setup: REST Web Services, Full" in ticked(found)


def test_every_check_that_can_be_declared_has_a_kind() -> None:
    kinds = {kind.value for kind in set(CheckKind) - ACCESS_TOKEN - {CheckKind.RESTLET}}

    assert kinds == set(get_args(CheckName))


def test_every_kind_of_check_has_its_feature_and_only_that(tmp_path: Path) -> None:
    for kind in set(CheckKind) - ACCESS_TOKEN:
        check = "{restlet: {script: a, deploy: b}}" if kind is CheckKind.RESTLET else kind.value
        found = of(project(tmp_path, f"[{check}]", "[User Access Tokens]"))
        names = [line.text.rpartition(": ")[2] for line in found.steps[0].groups[0].lines]
        assert names == [feature.name for feature in FEATURES if kind in feature.kinds]
        assert "Token-based Authentication" in names


def test_a_level_in_the_declaration_changes_nothing_for_what_is_known() -> None:
    assert permission("REST Web Services (Full)") == permission("REST Web Services")
    assert permission("Customers (View)") is None
    kinds = frozenset({CheckKind.REST})
    assert undeclared(["REST Web Services (Full)", "User Access Tokens"], kinds) == []
    assert len(undeclared(["REST Web Services (All)"], kinds)) == 2


FLOW = "TBA: Authorization Flow: ticked, with the Callback URL http://localhost:*"


def test_a_token_that_netsuite_issues_needs_the_flow_and_no_form(tmp_path: Path) -> None:
    found = of(project(tmp_path, token="authorize"))
    assert "`token: authorize` needs it" in why(found, FLOW)
    texts = [line.text for line in found.steps[3].groups[1].lines]
    assert texts == [
        "Nothing to fill in: `tba rotate prod warehouse/stock` has NetSuite issue it",
        "User: stock@example.com",
        "Role: warehouse role",
    ]
    other = of(project(tmp_path))
    assert FLOW not in {line.text for line in other.lines}
    assert f"{FLOW}, if `tba rotate --authorize` is to issue tokens" in {
        line.text for line in other.lines
    }


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{env: {id: A, secret: B}}", "into the variables A and B"),
        ("{file: {path: a.json}}", "into the file a.json"),
        ("{command: {argv: [sops, -d]}}", "where sops finds them"),
        ("stored", "into the store"),
        ("prompt", "typed where `tba rotate prod warehouse/stock` asks"),
    ],
)
def test_where_the_values_go(source: str, words: str, tmp_path: Path) -> None:
    texts = {line.text for line in of(project(tmp_path, token=source)).lines}
    assert f"Token id and secret, shown once: {words}" in texts


def unreadable(_project: Path, _stack: str) -> NoReturn:
    raise TbaError("there is no stack prod", "make it")


def test_a_state_that_cannot_be_read_is_no_failure(tmp_path: Path) -> None:
    found = gather(project(tmp_path), "prod", unreadable)
    assert found.notes == ("Nothing is ticked: there is no stack prod.",)
    assert ticked(found) == set()


def test_the_command_without_a_stack_writes_each_format(tmp_path: Path, tba: Tba) -> None:
    at = ("--project", str(project(tmp_path)))
    shown = tba("checklist", "prod", *at)
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith(
        "prod: NetSuite account 1234567_SB1\nTicked by signed checks: 0 of "
    )
    assert "   [ ] Permissions > Setup: REST Web Services, Full\n" in shown.out
    assert tba("checklist", "prod", *at, "--format", "text").out == shown.out
    file = tmp_path / "list.md"
    assert tba("checklist", "prod", *at, "--output", str(file)).status == 0
    assert file.read_text() == tba("checklist", "prod", *at, "--format", "markdown").out
    assert "\n- [ ] Permissions \\> Setup: REST Web Services, Full\n" in file.read_text()
    assert tba("checklist", "prod", *at, "--format", "html").out.startswith("<!doctype html>")


def test_what_is_wrong_with_the_command_line(tmp_path: Path, tba: Tba) -> None:
    at = ("--project", str(project(tmp_path)))
    assert tba("checklist", "prod", *at, "--format", "pdf").status == 2
    other = tba("checklist", "other", *at)
    assert (other.status, "there: prod" in other.err) == (1, True)
    nowhere = tba("checklist", "prod", *at, "--output", str(tmp_path / "no" / "list.md"))
    assert (nowhere.status, "cannot be written" in nowhere.err) == (1, True)


# --- the documents ----------------------------------------------------------------------------------

EVIL = "<script>alert(1)</script> & *b* [x](y) `$body` <!--"


def evil(folder: Path) -> Checklist:
    quoted = EVIL.replace('"', "")
    found = project(folder, permissions=f'["{quoted}"]')
    file = found / "stacks" / "prod.yaml"
    file.write_text(file.read_text().replace("name: warehouse role", f'name: "{quoted}"'))
    return gather(found, "prod", state_of(prod=[]))


def test_the_page_is_whole_and_needs_nothing_else(tmp_path: Path) -> None:
    for found in (of(project(tmp_path)), of(project(tmp_path), passed()), evil(tmp_path)):
        source = rendered(found, ChecklistFormat.HTML)
        parsed = Parsed(source)
        assert parsed.wrong == []
        assert not parsed.all("script") + parsed.all("link") + parsed.all("img")
        assert "url(" not in source
        assert not any({"src", "href"} & attributes.keys() for _, attributes in parsed.elements)
        policy = next(m["content"] for m in parsed.all("meta") if m.get("http-equiv"))
        assert policy.startswith("default-src 'none'")
        for line in found.lines:
            assert line.text.replace("`", "") in parsed.said.replace("`", "")
            assert line.why.replace("`", "") in parsed.said.replace("`", "")
        boxes = [a["aria-label"] for a in parsed.all("span") if a.get("class") == "box"]
        assert boxes == ["done" if line.done else "open" for line in found.lines]
        assert parsed.said.count("✓") == boxes.count("done")


def test_names_are_escaped_everywhere(tmp_path: Path) -> None:
    found = evil(tmp_path)
    source = rendered(found, ChecklistFormat.HTML)
    assert "<script" not in source
    assert "<!--" not in source
    assert Parsed(source).said.replace("`", "").count(EVIL.replace("`", "")) == 4
    markdown = rendered(found, ChecklistFormat.MARKDOWN)
    assert "<script" not in markdown.replace("\\<script", "")
    assert r"\*b\* \[x\](y) \`$body\`" in markdown
    assert EVIL in rendered(found, ChecklistFormat.TEXT).replace("\n       ", " ")


def test_text_ticks_what_is_done_and_stays_within_its_width(tmp_path: Path) -> None:
    shown = rendered(of(project(tmp_path), passed()), ChecklistFormat.TEXT)
    assert "   [x] State: Enabled (tokeninfo of warehouse/orders, 2026-11-20)\n" in shown
    assert "   [ ] User Credentials: not ticked (no check can tell)\n" in shown
    assert all(len(line) <= 100 and line == line.rstrip() for line in shown.splitlines())
    assert "\x1b" not in shown


# --- OAuth 2.0 ----------------------------------------------------------------------------------------

M2M = """\
  - name: m2m
    auth: oauth2
    client: {env: {id: CLIENT_ID}}
    role: {name: m2m role, id: "1001", permissions: GRANTS}
    certificates:
      - {name: bot, user: {email: bot@example.com, entity: "38"}, by: BY, scopes: [rest_webservices, restlets]}
"""
GRANTS = "[REST Web Services, Log in using OAuth 2.0 Access Tokens]"
MANAGES_OWN = "Permissions > Setup: Manage own OAuth 2.0 Client Credentials Certificates, Full"
BLOCKS = "Permissions > Setup: OAuth 2.0 Authorized Applications Management: taken away"
OF_ACCESS_TOKEN = {
    "SuiteCloud, Manage Authentication: OAuth 2.0",
    "State: Enabled",
    "OAuth 2.0: Client Credentials (Machine to Machine) Grant: ticked",
    "Scope: REST Web Services: ticked",
    "Client id, shown once: into the variable CLIENT_ID",
    "Permissions > Setup: Log in using OAuth 2.0 Access Tokens, Full",
    "Given to bot@example.com: Setup > Users/Roles > Manage Users, Access",
    "Entity: bot@example.com (internal id 38)",
    "Role: m2m role (internal id 1001)",
    "Application: m2m",
    "Certificate: what `tba certificate prod bot` prints, after `pulumi up`",
}
ACCESS_TOKEN_LINE = "access token proves access token, account, role, user, scope rest_webservices; not scope restlets"


def m2m(folder: Path, *, by: str = "api", grants: str = GRANTS, beside_tba: bool = False) -> Path:
    text = (project(folder) / "stacks" / "prod.yaml").read_text()
    if not beside_tba:
        text = text.partition("  - name: warehouse")[0]
    text += M2M.replace("GRANTS", grants).replace("BY", by)
    (folder / "stacks" / "prod.yaml").write_text(text)
    return folder


def certified(*evidence: str, **more: Any) -> Any:
    """A SmokeTest of the certificate that has passed as it is declared."""
    declared = {
        "account": "1234567_SB1",
        "role": {"name": "m2m role", "id": "1001"},
        "user": {"email": "bot@example.com", "entity": "38"},
        "evidence": list(evidence),
        "entity": "38",
    }
    return smoke_test("m2m/bot", {"aws": "v1"}, **{**declared, **more})


def test_a_certificate_s_steps_and_no_token_s(tmp_path: Path) -> None:
    found = of(m2m(tmp_path))

    assert [step.title for step in found.steps][2:] == [
        "Give the roles their permissions, and the users their roles",
        "Upload the certificates",
    ]
    assert ticked(found) == set()
    texts = {line.text for line in found.lines}
    assert texts >= {*OF_ACCESS_TOKEN, "Scope: RESTlets: ticked", MANAGES_OWN}
    assert not any("Token-based" in text or "TBA" in text for text in texts)
    assert found.steps[1].note == ""
    assert "Client Credentials (M2M) Setup" in found.steps[3].where


def test_what_an_access_token_shows(tmp_path: Path) -> None:
    found = of(m2m(tmp_path), certified(ACCESS_TOKEN_LINE))

    assert ticked(found) == OF_ACCESS_TOKEN
    with_rest = of(tmp_path, certified(ACCESS_TOKEN_LINE, EVIDENCE[1]))
    assert ticked(with_rest) == OF_ACCESS_TOKEN | BY_LINE[EVIDENCE[1]]


def test_an_access_token_of_another_user_ticks_nothing(tmp_path: Path) -> None:
    other = {"email": "bot@example.com", "entity": "39"}
    assert ticked(of(m2m(tmp_path), certified(ACCESS_TOKEN_LINE, user=other))) == set()


@pytest.mark.parametrize(
    ("by", "grants", "lacking"),
    [
        ("api", GRANTS, {MANAGES_OWN}),
        ("person", GRANTS, set()),
        (
            "person",
            "[REST Web Services]",
            {"Permissions > Setup: Log in using OAuth 2.0 Access Tokens, Full"},
        ),
        (
            "person",
            GRANTS.replace("]", ", OAuth 2.0 Authorized Applications Management]"),
            {BLOCKS},
        ),
    ],
)
def test_what_a_certificate_s_role_lacks(
    by: str, grants: str, lacking: set[str], tmp_path: Path
) -> None:
    found = of(m2m(tmp_path, by=by, grants=grants))
    assert {line.text for line in found.lines if line.lacking} == lacking


def test_the_proof_of_a_certificate_ticks_nothing_of_tba(tmp_path: Path) -> None:
    found = of(m2m(tmp_path, beside_tba=True), certified(ACCESS_TOKEN_LINE, EVIDENCE[1]))

    assert [step.title for step in found.steps][3:] == [
        "Create the access tokens",
        "Upload the certificates",
    ]
    assert "SuiteCloud, Manage Authentication: OAuth 2.0" in ticked(found)
    assert "SuiteCloud, Manage Authentication: Token-based Authentication" not in ticked(found)
    assert found.steps[1].note.startswith("TBA of warehouse: existing integration records work")
    page = rendered(found, ChecklistFormat.HTML)
    assert "Upload the certificates" in Parsed(page).said
    assert "NetSuite 2028.1" in rendered(found, ChecklistFormat.MARKDOWN)
