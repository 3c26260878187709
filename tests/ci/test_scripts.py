"""The scripts of the pipelines on their own, with a stand-in for the command that they ask: exit codes, plans, JWTs."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest

from tba_secrets.cli.exits import Exit
from tba_secrets.rotation import Standing
from tests.ci import github, gitlab
from tests.ci.github import FORKED, MINE, Artefacts
from tests.ci.shop import bash, pulumi_release
from tests.engine.project import ROOT, Run

_ROW: Final = re.compile(r"^\| `tba (\w+)` \| (\d+|other) \| [^|]+ \| (\w+) \|$", re.MULTILINE)
_TBA: Final = """\
#!/bin/sh
echo "$@" >> asked
case $1 in
  rotate) exit "$ROTATE" ;;
  retire) exit "$RETIRE" ;;
  status) echo "1 token: as told" && touch status.html && exit "$STATUS" ;;
esac
"""
FORGES: Final = ("github", "gitlab")
_ASKED: Final = ("rotate", "retire", "status")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a job runs, with a `tba` that ends as it is told."""
    (tmp_path / "bin").mkdir()
    stand_in(tmp_path, "tba", _TBA)
    return tmp_path


def stand_in(folder: Path, name: str, script: str) -> None:
    """A command of that name, first on the PATH."""
    (folder / "bin" / name).write_text(script)
    (folder / "bin" / name).chmod(0o755)


def run(script: str, folder: Path, **variables: str) -> Run:
    """Run a script of a job."""
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    files = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": "summary"}
    return bash(script, folder, {"PATH": path, "ENVIRONMENT": "sandbox", **files, **variables})


def of_github(job: str, name: str) -> str:
    """The script of a step."""
    (script,) = (
        str(step["run"])
        for step in github.workflow()["jobs"][job]["steps"]
        if step.get("name") == name
    )
    return script


def nightly(forge: str, job: str, folder: Path, **codes: int) -> str:
    """green, warning or red; and the exit code of a red one."""
    told = {name.upper(): str(code) for name, code in codes.items()}
    if forge == "github":
        step = {"rotate": "Rotate and retire", "status": "Report the status"}[job]
        done = run(of_github(job, step), folder, **told, TOKENS="")
        warned = "::warning title=sandbox::" in done.output
        return colour(done.status, warned)
    declared = gitlab.jobs()[job]
    done = run("\n".join(gitlab.flat(declared["script"])), folder, **told, TOKENS="")
    warned = done.status in declared["allow_failure"]["exit_codes"]
    return colour(0 if warned else done.status, warned)


def colour(status: int, warned: bool) -> str:
    """How the job looks."""
    return f"red {status}" if status else "warning" if warned else "green"


def documented() -> list[tuple[str, int, str]]:
    """The table in docs/ci.md: command, exit code, how the job ends."""
    rows = _ROW.findall((ROOT / "docs" / "ci.md").read_text())
    return [
        (command, int(one), ends if ends != "red" else f"red {one}")
        for command, code, ends in rows
        for one in ((1, 2) if code == "other" else (code,))
    ]


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize(("command", "code", "ends"), documented())
def test_an_exit_code_ends_the_job_as_documented(
    folder: Path, forge: str, command: str, code: int, ends: str
) -> None:
    codes = {"rotate": 0, "retire": 0, "status": 0, command: code}
    job = "status" if command == "status" else "rotate"

    assert nightly(forge, job, folder, **codes) == ends


def test_every_exit_code_is_documented() -> None:
    told = {
        command: {code for one, code, _ in documented() if one == command} for command in _ASKED
    }
    assert told["status"] >= set(Standing)
    for command in ("rotate", "retire"):
        assert told[command] >= {Exit.DONE, Exit.PERSON, Exit.FAILED, Exit.USAGE}


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize(
    ("rotate", "retire", "ends"),
    [(5, 1, "red 1"), (1, 5, "red 1"), (5, 5, "warning"), (1, 0, "red 1")],
)
def test_a_failure_is_not_hidden_behind_what_waits(
    folder: Path, forge: str, rotate: int, retire: int, ends: str
) -> None:
    assert nightly(forge, "rotate", folder, rotate=rotate, retire=retire) == ends
    assert (folder / "asked").read_text() == "rotate sandbox --due\nretire sandbox\n"


def test_by_hand_the_tokens_named_are_rotated(folder: Path) -> None:
    script = of_github("rotate", "Rotate and retire")
    run(script, folder, ROTATE="0", RETIRE="0", TOKENS="warehouse-bot other-bot")
    assert (folder / "asked").read_text().startswith("rotate sandbox warehouse-bot other-bot\n")


def test_the_report_is_shown_in_the_summary(folder: Path) -> None:
    nightly("github", "status", folder, status=13)
    assert "1 token: as told" in (folder / "summary").read_text()


@pytest.fixture
def artefacts(folder: Path) -> Artefacts:
    """An empty store, and a repository with one commit."""
    for command in ("init -q", "commit -q --allow-empty -m first"):
        person = "git -c user.name=A -c user.email=a@example.com"
        assert bash(f"{person} {command}", folder, {"PATH": os.environ["PATH"]}).status == 0
    return Artefacts(folder / "artefacts")


def find_plan(artefacts: Artefacts, folder: Path, **more: str) -> Run:
    """Run the step that looks for the plan."""
    known = {"GH_TOKEN": "x", "REPOSITORY": "acme/secrets", **more}
    return run(
        f"PATH={artefacts.bin}:$PATH\n{of_github('deploy', 'Find the plan')}", folder, **known
    )


def keep_plan(artefacts: Artefacts, folder: Path, content: str, **more: Any) -> None:
    """A plan of the commit's files."""
    tree = run("git rev-parse 'HEAD^{tree}'", folder).output.strip()
    (folder / "made.json").write_text(content)
    artefacts.keep(f"plan-sandbox-{tree}", {"plan.json": folder / "made.json"}, **more)


def test_the_newest_plan_of_these_files_is_found(folder: Path, artefacts: Artefacts) -> None:
    keep_plan(artefacts, folder, "first")
    keep_plan(artefacts, folder, "second")
    artefacts.keep("plan-sandbox-of-other-files", {"plan.json": folder / "made.json"})

    assert find_plan(artefacts, folder).status == 0
    assert (folder / "plan.json").read_text() == "second"


@pytest.mark.parametrize("more", [{"of": FORKED}, {"expired": True}])
def test_a_plan_of_a_fork_or_one_that_has_expired_is_none(
    folder: Path, artefacts: Artefacts, more: dict[str, Any]
) -> None:
    keep_plan(artefacts, folder, "not to be used", **more)

    refused = find_plan(artefacts, folder)
    keep_plan(artefacts, folder, "ours", of=MINE)

    assert refused.status == 1
    assert "No plan was made of these files" in refused.output
    assert find_plan(artefacts, folder).status == 0
    assert (folder / "plan.json").read_text() == "ours"


def test_without_an_answer_of_github_there_is_no_deployment(
    folder: Path, artefacts: Artefacts
) -> None:
    keep_plan(artefacts, folder, "ours")
    assert find_plan(artefacts, folder, GH_TOKEN="").status == 4


class _Oidc(BaseHTTPRequestHandler):
    """GitHub's endpoint for OIDC tokens (GitHub Docs, "OpenID Connect reference", Methods for requesting the token)."""

    def do_GET(self) -> None:
        known = self.headers["Authorization"] == "Bearer of-this-job"
        audience = self.path.partition("&audience=")[2]
        body = json.dumps({"count": 1, "value": f"jwt-for-{audience}"}).encode()
        self.send_response(200 if known else 401)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """No access log."""


@contextmanager
def oidc() -> Iterator[str]:
    """Its address."""
    with HTTPServer(("127.0.0.1", 0), _Oidc) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/token?api-version=2.0"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("token", "status"), [("of-this-job", 0), ("of-another", 22)])
def test_the_jwt_for_vault_is_asked_for_and_masked(folder: Path, token: str, status: int) -> None:
    with oidc() as address:
        asked = {"ACTIONS_ID_TOKEN_REQUEST_URL": address, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token}
        script = of_github("deploy", "Get a JWT for Vault")
        done = run(script, folder, **asked, AUDIENCE="https://vault.example.com")

    assert (done.status != 0) == bool(status), done.output
    if not status:
        assert done.output == "::add-mask::jwt-for-https://vault.example.com\n"
        assert (folder / "output").read_text() == "token=jwt-for-https://vault.example.com\n"


_VENV: Final = """\
#!/bin/sh
mkdir -p .venv/bin && touch .venv/bin/tba && chmod +x .venv/bin/tba
printf '#!/bin/sh\\necho "$@" >> asked\\n' > .venv/bin/python && chmod +x .venv/bin/python
"""
"""In place of `python3 -m venv .venv`: its Python writes down what it is asked."""


@pytest.fixture
def released(folder: Path) -> dict[str, str]:
    """A machine with Python, and a release of Pulumi that prints its name."""
    stand_in(folder, "python3", _VENV)
    program = folder / "pulumi-of-the-release"
    program.write_text("#!/bin/sh\necho released\n")
    program.chmod(0o755)
    return pulumi_release(folder / "release", {"pulumi": program})


def test_later_jobs_find_what_was_installed(folder: Path, released: dict[str, str]) -> None:
    installed = run(of_github("install", "Install"), folder, **released)
    shutil.rmtree(folder / ".venv")
    shutil.rmtree(folder / ".tools")
    done = run(of_github("deploy", "Unpack it"), folder, GITHUB_PATH="path")

    assert (installed.status, done.status) == (0, 0), installed.output + done.output
    assert (folder / "asked").read_text().endswith(" --requirement requirements.txt\n")
    assert os.access(folder / ".venv" / "bin" / "tba", os.X_OK)
    assert run(".tools/bin/pulumi", folder).output == "released\n"
    bins = [str(folder / ".venv" / "bin"), str(folder / ".tools" / "bin")]
    assert (folder / "path").read_text().splitlines() == bins


@pytest.mark.parametrize("published", ["0" * 64, ""])
@pytest.mark.parametrize("forge", FORGES)
def test_a_pulumi_that_is_not_the_published_one_is_not_installed(
    forge: str, published: str, folder: Path, released: dict[str, str]
) -> None:
    for sums in (folder / "release").rglob("*-checksums.txt"):
        lines = (line.split(" ", 1)[1] for line in sums.read_text().splitlines())
        sums.write_text("".join(f"{published} {line}\n" for line in lines) if published else "")
    script = of_github("install", "Install")
    if forge == "gitlab":
        script = "\n".join(gitlab.flat(gitlab.jobs()["install"]["script"]))

    done = run(script, folder, **released)

    assert done.status != 0
    assert not (folder / ".tools").exists()


def test_aws_and_vault_get_the_jwts_that_gitlab_issued(folder: Path) -> None:
    job = gitlab.jobs()["deploy"]
    script = "\n".join(gitlab.flat(job["before_script"]))

    done = run(f'{script}\ncat "$AWS_WEB_IDENTITY_TOKEN_FILE"', folder, AWS_ID_TOKEN="a.b.c")

    assert (done.status, done.output) == (0, "a.b.c")
    assert set(job["id_tokens"]) == {"AWS_ID_TOKEN", "VAULT_ID_TOKEN"}
