"""Where a team works: a repository, machines that run jobs, the clouds they reach, and the values that the forge keeps.

What a hosted runner does and this one does in its stead is listed in `Shop` and in each forge's module; every script of
the pipelines runs as it stands there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final, Protocol

from tba_secrets.cli.doctor.machine import OLDEST_TESTED
from tba_secrets.cli.init.files import new_project as new_repository, write
from tba_secrets.cli.init.pipelines import pipeline_file
from tba_secrets.netsuite.oauth2.permissions import LOG_IN, OWN_CERTIFICATES
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tba_secrets.simulator.vocabulary import Scope
from tests.docs.documents import block
from tests.engine.project import HANG_GUARD_SECONDS, ROOT, Project, Run, new_project
from tests.engine.tba import SCRIPT
from tests.engine.warm import warm_venv
from tests.newcomer import ACCOUNT, USER, Newcomer

ENVIRONMENT: Final = "sandbox"
READER: Final = "AKIASIMULATORREADER"
"""The access key of the role that reads: it may describe secrets, and do nothing else with them."""
_DENIED_TO_READERS: Final = (
    *("CreateSecret", "DeleteSecret", "GetSecretValue", "PutSecretValue", "RestoreSecret"),
    *("ListSecretVersionIds", "TagResource", "UntagResource", "UpdateSecret"),
    "UpdateSecretVersionStage",
)
_COMMITTED: Final = (
    *(".gitignore", "Pulumi.yaml", "__main__.py", "plugin", "requirements.txt", "stacks"),
)
_GIT: Final = ("git", "-c", "user.name=A person", "-c", "user.email=person@example.com")


class Cause(Enum):
    """What started a pipeline."""

    REVIEW = "a pull or merge request of a branch of this repository"
    FORK = "a pull or merge request of a fork"
    MERGE = "a push to main"
    NIGHT = "the schedule"
    BY_HAND = "a person, on main"


@dataclass(frozen=True)
class Event:
    """Why a pipeline runs."""

    cause: Cause
    commit: str
    tokens: str = ""
    """What the person who started it typed."""


@dataclass(frozen=True)
class JobRun:
    """How a job ended."""

    status: int
    output: str
    """Its log, stdout and stderr."""
    shown: str
    """What people see beside the log: the summary, or what a merge request links to."""
    folder: Path
    """The clone that it ran in."""
    warned: bool = False


class Forge(Protocol):
    """GitHub or GitLab."""

    def run(self, event: Event) -> dict[str, JobRun]:
        """Run the jobs that the event calls for, by name."""


@dataclass
class Shop:
    """A team's repository, with its state beside it.

    Stands in for: the runner's machine (a clone in a new folder, and an environment with nothing else in it);
    `python3 -m venv` (it links this checkout's, where pip finds all that is required); Pulumi's release (links to this
    checkout's tools); the bucket that holds state (a folder); KMS (a passphrase that every job has).
    """

    person: Newcomer
    project: Project
    """The working copy of the person who writes the YAML."""
    runners: Path
    values: dict[str, str] = field(default_factory=dict)
    """What the forge keeps for the environment."""
    jobs: int = 0

    @property
    def state(self) -> Path:
        """The folder in place of the bucket."""
        return self.project.folder / "state"

    def machine(self) -> dict[str, str]:
        """The environment of a runner that knows nobody yet."""
        kept = ("PATH", "LANG", "PULUMI_CONFIG_PASSPHRASE", "AWS_ENDPOINT_URL")
        self.jobs += 1
        home = self.runners / f"home-{self.jobs}"
        home.mkdir(parents=True)
        outside = {name: self.project.environment[name] for name in kept}
        return {
            **outside,
            "PATH": f"{self._python()}:{outside['PATH']}",
            "HOME": str(home),
            "PULUMI_HOME": str(home / ".pulumi"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "PIP_NO_INDEX": "1",
        }

    def identity(self, role: str) -> dict[str, str]:
        """What STS gives the job for its OIDC token."""
        key = READER if role.endswith("-read") else ACCESS_KEY_ID
        return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}

    def git(self, *arguments: str) -> str:
        """Run git in the person's working copy."""
        return _git(self.project.folder, *arguments)

    def clone(self, commit: str) -> Path:
        """A clean clone, at a commit."""
        folder = self.runners / f"job-{self.jobs}"
        _git(self.runners, "clone", "--quiet", str(self.project.folder), str(folder))
        _git(folder, "checkout", "--quiet", "--detach", commit)
        return folder

    def _python(self) -> Path:
        """A folder with a `python3` that makes no virtual environment: it links this checkout's."""
        folder = self.runners / "bin"
        if not folder.exists():
            folder.mkdir()
            link = f"[ \"$*\" = '-m venv .venv' ] && exec ln -s {warm_venv()} .venv"
            (folder / "python3").write_text(f'#!/bin/sh\n{link}\nexec {sys.executable} "$@"\n')
            (folder / "python3").chmod(0o755)
        return folder

    @property
    def mirror(self) -> dict[str, str]:
        """Pulumi's release, of this checkout's tools, and where it is."""
        pulumi = shutil.which("pulumi", path=self.project.environment["PATH"])
        assert pulumi is not None, "the Pulumi CLI is missing: run `make tools`"
        programs = {program.name: program for program in Path(pulumi).parent.glob("pulumi*")}
        return pulumi_release(self.runners / "release", programs)

    def write(
        self,
        *,
        policy: str = "rotate_every: 90d",
        secret: str = "warehouse-bot",
        certificate: str = "",
    ) -> None:
        """The environment's YAML, that of README.md with the simulator as endpoint.

        Args:
            policy: Under `defaults:`.
            secret: The token's name in the store.
            certificate: The settings of a certificate on the same integration record; none is declared without.
        """
        text = _YAML.format(endpoint=self.person.netsuite.url, policy=policy, secret=secret)
        self.project.write(
            text + (_CERTIFICATE.format(settings=certificate) if certificate else "")
        )

    def commit(self, message: str) -> str:
        """Everything that a repository holds, committed; the commit's id."""
        self.git("add", *_COMMITTED)
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, start: str = "main") -> None:
        """Begin a branch."""
        self.git("checkout", "--quiet", "-b", name, start)

    def merge(self, branch: str) -> str:
        """Squash a branch into main: a commit that nobody has seen before, of the same files."""
        self.git("checkout", "--quiet", "main")
        self.git("merge", "--quiet", "--squash", branch)
        return self.commit(f"{branch} (squashed)")

    def give(self, **values: str) -> None:
        """Put the person's values into the forge."""
        kept = {name: at for name, at in self.person.environment.items() if "WAREHOUSE" in name}
        self.values = {**kept, **values}

    def allow_certificates(self) -> None:
        """NetSuite's side of a certificate: Client Credentials is ticked, and the role may rotate."""
        account = self.person.netsuite.state.account(ACCOUNT)
        record = account.integration("warehouse-sync")
        record.client_credentials, record.scopes = True, [Scope.REST_WEB_SERVICES]
        account.role("1001").permissions.extend([LOG_IN, OWN_CERTIFICATES])

    def upload(self) -> None:
        """Do what a person does: map what `tba certificate` prints."""
        printed = subprocess.run(
            [self.project.folder / SCRIPT, "certificate", ENVIRONMENT, "warehouse-cert"],
            cwd=self.project.folder,
            env={**self.project.environment, **self.person.environment},
            capture_output=True,
            text=True,
            check=True,
        )
        mapping = {"integration": "warehouse-sync", "user": USER, "role": "1001"}
        self.person.netsuite.state.add_certificate(
            ACCOUNT, {**mapping, "certificate": printed.stdout}
        )

    def certificates(self, *, revoked: bool = False) -> list[str]:
        """The ids of the certificates that NetSuite takes, or takes no more."""
        mapped = self.person.netsuite.state.account(ACCOUNT).certificates
        return [one.facts.certificate_id for one in mapped if one.revoked is revoked]

    def current(self, name: str = "warehouse-bot") -> str | None:
        """What a reader gets by default."""
        secret = self.person.aws.state.secret(f"netsuite/sandbox/{name}")
        version = secret.current() if secret is not None else None
        return version.value.string if version is not None and version.value is not None else None

    def superseded(self, name: str) -> list[tuple[str, str]]:
        """What each line of a secret's journal is about, and its state."""
        secret = self.person.aws.state.secret(f"netsuite/sandbox/{name}")
        assert secret is not None
        lines = [
            line.split()
            for key, line in secret.tags.items()
            if key.startswith("tba-secrets:journal")
        ]
        values = [(secret.versions[version].value, state) for version, *_, state in lines]
        return [(value.string or "", state) for value, state in values if value is not None]


def open_shop(folder: Path, person: Newcomer) -> Shop:
    """A repository as `tba init` makes it, with the stack's settings on main, and no environment yet."""
    person.aws.identities.add(READER, "tba-secrets-read", _DENIED_TO_READERS)
    outside = {"AWS_ENDPOINT_URL": person.environment["AWS_ENDPOINT_URL"]}
    project = new_project(folder / "work", outside)
    project.stack = ENVIRONMENT
    for name in ("Pulumi.yaml", "__main__.py", "plugin/pulumi-resource-tba"):
        (project.folder / name).unlink()
    write([*new_repository(project.folder)])
    project.init()
    (folder / "runners").mkdir()
    shop = Shop(person, project, folder / "runners")
    shop.git("init", "--quiet", "--initial-branch", "main")
    shop.commit("The program")
    shop.give()
    return shop


def pipeline_of_readme(forge: str) -> str:
    """The pipeline that `tba init --ci` writes for README.md's environment."""
    environment = block(ROOT / "README.md", "yaml", "Your first environment")
    return pipeline_file(ROOT / "no-such-folder", forge, {ENVIRONMENT: environment}).text


def pulumi_release(folder: Path, programs: Mapping[str, Path]) -> dict[str, str]:
    """Publish links to these programs as a release of Pulumi, with their checksum; what leads a pipeline there."""
    version = ".".join(map(str, OLDEST_TESTED))
    sums = folder / f"v{version}" / f"pulumi-{version}-checksums.txt"
    if not sums.exists():
        sums.parent.mkdir(parents=True)
        archives = [
            folder / f"pulumi-v{version}-linux-{machine}.tar.gz" for machine in ("x64", "arm64")
        ]
        for archive in archives:
            with tarfile.open(archive, "w:gz") as packed:
                for name, program in programs.items():
                    entry = tarfile.TarInfo(f"pulumi/{name}")
                    entry.type, entry.linkname = tarfile.SYMTYPE, str(program)
                    packed.addfile(entry)
        digests = [hashlib.sha256(archive.read_bytes()).hexdigest() for archive in archives]
        lines = zip(digests, archives, strict=True)
        sums.write_text("".join(f"{digest}  {archive.name}\n" for digest, archive in lines))
    address = f"file://{folder}"
    return {"PULUMI_VERSION": version, "PULUMI_ARCHIVES": address, "PULUMI_CHECKSUMS": address}


def bash(script: str, folder: Path, environment: Mapping[str, str]) -> Run:
    """Run a script as strictly as any forge does, or more so."""
    done = subprocess.run(
        [shutil.which("bash") or "bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=HANG_GUARD_SECONDS,
    )
    return Run(done.returncode, done.stdout)


def _git(folder: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        [*_GIT, *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


_YAML: Final = """\
version: 1
account: "1234567_SB1"
endpoint: {endpoint}
store:
  aws: {{region: us-east-1, account_id: "111122223333", prefix: netsuite/sandbox/}}
defaults: {{{policy}}}
integrations:
  - name: warehouse-sync
    consumer: {{env: {{key: WAREHOUSE_CONSUMER_KEY, secret: WAREHOUSE_CONSUMER_SECRET}}}}
    role:
      name: Warehouse Integration
      permissions: [REST Web Services, Log in using Access Tokens, User Access Tokens]
    tokens:
      - name: warehouse-bot
        user: integration.bot@example.com
        secret: {secret}
        token: {{env: {{id: WAREHOUSE_TOKEN_ID, secret: WAREHOUSE_TOKEN_SECRET}}}}
"""
_CERTIFICATE: Final = """\
  - name: warehouse-oauth2
    auth: oauth2
    client: {{env: {{id: WAREHOUSE_CONSUMER_KEY}}}}
    role: {{name: Warehouse Integration, id: "1001"}}
    certificates:
      - {{name: warehouse-cert, user: {{email: integration.bot@example.com, entity: "38"}}, {settings}}}
"""
