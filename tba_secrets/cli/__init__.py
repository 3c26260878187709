"""The command line `tba`: one module per command, one boundary where an error becomes an exit code.

A module's `command` declares the arguments and options, and is loaded when its command is called.

Exit codes: 0 done; 1 it failed, and the message says where, what and what to do; 2 the command line itself was wrong.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any, Final

from tba_secrets import __version__
from tba_secrets.errors import TbaError, ToldError
from tba_secrets.spec.looks_secret import is_pasted_argument

try:
    import typer
    from typer.core import TyperCommand, TyperGroup
except ModuleNotFoundError as missing:  # a reader's program needs no command line
    sys.exit(
        f"error: `tba` needs {missing.name}, which is not installed\n"
        "  Fix: pip install 'tba-secrets[cli]'"
    )
from tba_secrets.cli.prose import say

_COMMANDS: Final = {
    "init": "Write a new, commented environment and, in an empty folder, the whole repository around it.",
    "import": "Write the YAML for credentials that a store already has; `pulumi up` takes them over unchanged.",
    "check": "Find every mistake in the environments' YAML, offline. Exit codes: 0 none; 1 some.",
    "environments": "List the project's environments, offline: account, tokens, certificates, stores, file.",
    "doctor": "Check everything that `up` needs, and show what is wrong and how to fix it.",
    "up": "Run `pulumi up` for several environments, and report once. One that fails does not stop the others.",
    "roles": "Write the declared roles as a project that the SuiteCloud CLI can deploy, and validate it. Offline.",
    "checklist": "List what to click in NetSuite for an environment, ticking off what signed checks have shown.",
    "schema": "Print the JSON Schema of an environment's YAML, for editors.",
    "simulator": "Serve a NetSuite simulator; the first line it prints is its address.",
    "demo": "Run the whole job on this machine: provision, prove, rotate, refuse, roll back, retire; or migrate.",
    "sign": "Print the Authorization header of one NetSuite call.",
    "request": "Send one signed call and show it as curl -v would, without a secret; the body goes to stdout.",
    "verify": "Run the declared checks on what readers get now; writes nothing.",
    "status": "Report every token's age and due date, proof, versions and drift, and what is left to do.",
    "explain": "Explain a Detail of the Login Audit Trail, or what is wrong with a refused request. Offline.",
    "rotate": "Rotate to a new token: stage it, prove it, make it current. By default it comes from its source.",
    "certificate": "Print the certificate to upload to NetSuite, or the current one if none waits for its upload.",
    "migrate": "Write the OAuth 2.0 integration beside a TBA one, and list the steps until TBA can go.",
    "retire": "Revoke superseded tokens whose overlap is over, and prove that the current ones still work.",
    "rollback": "Make what was current before current again, tested before and after.",
}
"""Each command's line in `tba --help`, the same as its own help's first: so that no command is loaded for it."""


class Commands(TyperGroup):
    """The commands, each of which is loaded when it is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, words in _COMMANDS.items():
            self.add_command(TyperCommand(name, help=words))

    def load(self, name: str) -> None:
        """Load a command with its arguments and options.

        Raises:
            TbaError: It needs an extra that is not installed.
        """
        if name in ("demo", "simulator") and find_spec("werkzeug") is None:
            raise TbaError(
                f"`tba {name}` needs packages that are not installed",
                "pip install 'tba-secrets[cli,simulator]'",
            )
        module = import_module(f"{__name__}.{'import_' if name == 'import' else name}")
        alone = typer.Typer(add_completion=False)
        alone.command(name)(module.command)
        self.add_command(typer.main.get_command(alone), name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the arguments begin with, as click asks for it."""
        if args[0] in _COMMANDS:
            self.load(args[0])
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="tba",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tba-secrets {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """NetSuite TBA credentials as infrastructure: staged, proven by a signed call, then promoted."""


def main() -> None:
    """Run the console script `tba`."""
    # Engine, program and provider talk over gRPC on this machine; Python's gRPC would ask a proxy for that.
    os.environ.setdefault("no_grpc_proxy", "127.0.0.1,localhost")
    if any(is_pasted_argument(one) for one in sys.argv[1:]):  # before anything repeats it
        typer.echo(
            "error: an argument looks like a secret value; it is not shown, and nothing was done\n"
            "  Fix: name the environment or the token, never the value. If it is real, revoke it: the shell keeps a "
            "history, and other users of this machine see what runs",
            err=True,
        )
        sys.exit(2)
    try:
        app()
    except TbaError as error:
        if not isinstance(error, ToldError):
            say(f"error: {error}", err=True)
        sys.exit(1)
