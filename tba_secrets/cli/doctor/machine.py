"""What every environment needs of this machine: engine, Python host, plugin, backend."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from requests.utils import get_environ_proxies

from tba_secrets import __version__
from tba_secrets.cli.doctor.finding import DoctorFinding, ok, warning, wrong
from tba_secrets.cli.doctor.programs import ask, plugin_version
from tba_secrets.engine import without_password
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.state_folder import state_folder

OLDEST_TESTED: Final = (3, 259, 0)
"""The CLI that the tests run on; tools/pulumi/go.mod pins it."""
_PLUGIN: Final = "pulumi-resource-tba"
_HOST: Final = "pulumi-language-python"
_GET_PULUMI: Final = (
    "install it (https://www.pulumi.com/docs/install/), or run `make tools`, and put it on PATH"
)
_INSTALL: Final = "run `pulumi install` where Pulumi.yaml is (`make install` in a checkout)"
_SCHEMES: Final = {"http", "https", "all", "grpc"}
"""Whose proxies gRPC asks (`http_proxy`, ...), or most other programs."""
_SAY_VERSION: Final = "import tba_secrets; print(tba_secrets.__version__)"


class Machine:
    """This machine, for the project of a folder, which should hold Pulumi.yaml."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.pulumi = shutil.which("pulumi")
        self.backend = ""
        """The backend's URL, once `login` has found it."""

    def engine(self) -> Iterator[DoctorFinding]:
        """Check the CLI, its version, and its language host."""
        if self.pulumi is None:
            yield wrong("the Pulumi CLI is not on PATH", _GET_PULUMI)
            return
        yield self._version(self.pulumi)
        yield from _proxies()
        beside = Path(self.pulumi).resolve().parent
        host = shutil.which(_HOST) or shutil.which(_HOST, path=str(beside))
        if host is None:
            what = f"Pulumi's Python language host ({_HOST}) is neither on PATH nor beside pulumi"
            complete = "install the complete Pulumi, with its language hosts, or run `make tools`"
            yield wrong(what, complete)
        else:
            yield ok(f"Python language host at {host}")

    def code(self) -> Iterator[DoctorFinding]:
        """Check Pulumi.yaml, the Python that runs the program, and the plugin."""
        settings = self._settings()
        if settings is None:
            what = f"{self.project} holds no readable Pulumi.yaml"
            yield wrong(what, "go to the project's folder, or name it with --project")
            settings = {}
        yield from self._pythons(_at(settings, "runtime", "options", "virtualenv"))
        providers = _at(settings, "plugins", "providers") or []
        paths = [_at(provider, "path") for provider in providers if _at(provider, "name") == "tba"]
        yield self._plugin(paths[0] if paths else None)

    def memory(self) -> Iterator[DoctorFinding]:
        """Check the folder in which runs remember refused logins: `verify` and `request` do not ask without it."""
        folder = state_folder()
        if (error := RefusedLogins.at_home().write_error()) is None:
            yield ok(f"refused logins are remembered in {folder}")
        else:
            yield warning(
                f"refused logins cannot be remembered: {folder} cannot be written ({error.strerror})",
                "make the folder writable, or let XDG_STATE_HOME name one that is",
            )

    def login(self) -> Iterator[DoctorFinding]:
        """Check where state is kept, and as whom."""
        if self.pulumi is None:
            yield warning("without the Pulumi CLI it is not known where state is kept")
            return
        ended = ask(self.pulumi, "whoami", "--json", "--non-interactive", folder=self._folder)
        identity = ended.json()
        if ended.status != 0 or "user" not in identity:
            yield wrong(
                f"pulumi is not logged in to a backend: {ended.complaint}",
                "`pulumi login`, or set PULUMI_BACKEND_URL; see docs/state.md",
            )
            return
        self.backend = str(identity.get("url", ""))
        yield ok(f"state is kept at {without_password(self.backend)}, as {identity['user']}")

    @property
    def settings_folder(self) -> Path:
        """The folder that holds the stacks' settings, Pulumi.STACK.yaml."""
        folder = _at(self._settings() or {}, "stackConfigDir")
        return self.project / folder if isinstance(folder, str) else self.project

    @property
    def _folder(self) -> Path | None:
        return self.project if self.project.is_dir() else None

    def _version(self, pulumi: str) -> DoctorFinding:
        ended = ask(pulumi, "version")
        found = re.fullmatch(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)\S*", ended.out.strip())
        if found is None:
            what = f"{pulumi} prints no version: {ended.complaint}"
            return wrong(what, "install a released Pulumi CLI, or run `make tools`")
        version = tuple(map(int, found.groups()))
        named = f"Pulumi CLI {'.'.join(found.groups())} at {pulumi}"
        if version < OLDEST_TESTED:
            oldest = ".".join(map(str, OLDEST_TESTED))
            return warning(f"{named}: nothing older than {oldest} is tested", "update it")
        return ok(named)

    def _settings(self) -> dict[str, Any] | None:
        try:
            settings = yaml.safe_load((self.project / "Pulumi.yaml").read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            return None
        return settings if isinstance(settings, dict) else None

    def _pythons(self, virtualenv: str | None) -> Iterator[DoctorFinding]:
        """Check Pulumi.yaml's Python, and the one on PATH: a language host built by `make tools` runs the latter."""
        if virtualenv is not None:
            python = self.project / virtualenv / "bin" / "python"
            what = f"the virtual environment {virtualenv} of Pulumi.yaml"
            yield self._python(python, wrong, what)
        on_path = shutil.which("python3")
        if on_path is None:
            yield warning("python3 is not on PATH", "activate the virtual environment")
        else:
            yield self._python(Path(on_path), warning, "python3 on PATH")

    def _python(
        self, python: Path, bad: Callable[[str, str], DoctorFinding], what: str
    ) -> DoctorFinding:
        ended = ask(python, "-c", _SAY_VERSION, folder=self._folder)
        version = ended.out.strip()
        if ended.status != 0:
            remedy = f"{_INSTALL}, and put .venv/bin first on PATH"
            return bad(f"{what} does not have tba-secrets ({python})", remedy)
        return self._same(f"{what} has tba-secrets {version}", version)

    def _plugin(self, declared: str | None) -> DoctorFinding:
        folder = None if declared is None else str(self.project / declared)
        plugin = (folder and shutil.which(_PLUGIN, path=folder)) or shutil.which(_PLUGIN)
        if not plugin:
            where = f"in {folder}, which Pulumi.yaml names, nor on PATH" if folder else "on PATH"
            return wrong(f"the plugin {_PLUGIN} is not {where}", _INSTALL)
        version = plugin_version(plugin)
        if version is None:
            return wrong(f"the plugin {plugin} does not start", f"run it by hand; {_INSTALL}")
        return self._same(f"plugin tba {version} at {plugin}", version)

    def _same(self, what: str, version: str) -> DoctorFinding:
        if version == __version__:
            return ok(what)
        return wrong(f"{what}, and this `tba` is {__version__}", _INSTALL)


def _proxies() -> Iterator[DoctorFinding]:
    """Check that no proxy stands between the engine, the program and the plugin."""
    if found := _SCHEMES & get_environ_proxies("http://127.0.0.1").keys():
        names = " and ".join(f"{scheme}_proxy" for scheme in sorted(found))
        yield wrong(
            f"{names}: a proxy would be asked for 127.0.0.1, where engine, program and plugin talk",
            "add 127.0.0.1 to NO_PROXY: `export NO_PROXY=$NO_PROXY,127.0.0.1,localhost`",
        )


def _at(settings: Any, *keys: str) -> Any:
    for key in keys:
        settings = settings.get(key) if isinstance(settings, dict) else None
    return settings
