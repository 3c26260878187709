"""The whole story on the real engine, with every log and record that it can be asked for: no value is in any."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

import pytest

from tests.engine.project import Run
from tests.leaks.canaries import usual
from tests.leaks.conftest import WatchedWorld
from tests.leaks.scanner import Artefact, Canary, Scanner
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine

LOUD = ("-v=9", "--debug", "--logflow")
FAMILIES = {
    "state": "state/.pulumi/stacks/*",
    "backups": "state/.pulumi/backups/*",
    "history": "state/.pulumi/history/*",
    "plan": "plan.json*",
    "event log": "events*",
    "gRPC log": "grpc*",
    "trace": "trace*",
    "the engine's own logs": "home/.pulumi/logs/*",
    "log files": "tmp/pulumi.*",
    "output": "what `pulumi up*",
    "stack export": "what `pulumi stack export*",
    "history as told": "what `pulumi stack history*",
    "preview as JSON": "what `pulumi preview --json*",
    "the engine's arguments": "the arguments of pulumi *",
    "the language host's arguments": "the arguments of pulumi-language-python *",
    "the provider's arguments": "the arguments of python* pulumi-resource-tba*",
    "a source command's arguments": "the arguments of python* give.py*",
    "a source command's environment": "the environment of python* give.py*",
    "the provider's environment": "the environment of python* pulumi-resource-tba*",
}
"""Kinds of artefacts that a story must have left, by patterns of their names: none is searched in vain."""


_WITHOUT_SECRET_CONFIG = (
    *("state", "backups", "history", "plan", "preview as JSON"),
    *("a source command's arguments", "a source command's environment"),
)
"""Where the secret config `tba:digestKey` must not be in clear. The engine itself writes it to its gRPC log and
at -v=9, shows it under --show-secrets, and hands it to the program and the plugins as PULUMI_CONFIG."""


def test_no_value_leaks_anywhere(watched: WatchedWorld) -> None:
    key = Canary("the digest key", usual())
    succeed(watched.world.project.pulumi("config", "set", "--secret", "tba:digestKey", key.value))
    _tell(watched)
    artefacts = watched.artefacts()
    scanner = Scanner(watched.canaries())

    leaks = scanner.find(artefacts)

    assert leaks == []
    families = by_family(artefacts)
    assert [name for name, found in families.items() if not found] == []
    require_recall(scanner, families, watched.canaries())
    held = [one for family in _WITHOUT_SECRET_CONFIG for one in families[family]]
    assert Scanner([key]).find(held) == []
    assert Scanner([key]).find(artefacts), "the key was not in use"


def _tell(watched: WatchedWorld) -> None:
    """Everything that happens to credentials, each command ended as it should."""
    account, folder = watched.world.account, watched.folder
    _let_commands_give(watched)
    succeed(watched.run("preview"))  # variables and files give nothing yet
    _let_variables_and_files_give(watched)
    succeed(watched.run("preview", "--diff"))
    succeed(
        watched.run(
            *("up", "--yes", "--skip-preview", *LOUD, "--logtostderr"),
            *("--event-log", str(folder / "events.json")),
            *("--tracing", f"file:{folder / 'trace'}"),
            PULUMI_DEBUG_COMMANDS="true",
            PULUMI_DEBUG_GRPC=str(folder / "grpc.json"),
        )
    )
    succeed(watched.run("up", "--yes", "--skip-preview", "--expect-no-changes"))
    watched.give("orders", account.spares["orders"], "orders, rotated")
    watched.give("invoices", account.spares["invoices"], "invoices, rotated")
    succeed(watched.run("preview", "--json", "--save-plan", "plan.json"))
    succeed(watched.run("up", "--yes", "--skip-preview", "--plan", "plan.json", *LOUD))
    watched.give("stock", Values(), "stock, refused")
    fail(watched.run("up", "--yes", "--skip-preview", *LOUD), "not promoted")
    _break_the_file(watched)
    watched.give("stock", account.spares["stock"], "stock, mended")
    _break_the_commands(watched)
    succeed(watched.run("up", "--yes", "--json", "--skip-preview"))
    succeed(watched.run("refresh", "--yes", "--skip-preview"))
    succeed(watched.run("stack", "export", "--show-secrets"))
    succeed(watched.run("stack", "history", "--json", "--show-secrets"))
    succeed(watched.run("destroy", "--yes", "--skip-preview"))


def _let_commands_give(watched: WatchedWorld) -> None:
    """A command without a value is an error, so that these are there from the beginning."""
    account = watched.world.account
    billing = account.consumers["billing"]
    watched.values["consumer billing"] = billing
    watched.put("billing.json", consumer_key=billing.identifier, consumer_secret=billing.secret)
    watched.give("invoices", account.tokens["invoices"], "invoices")


def _let_variables_and_files_give(watched: WatchedWorld) -> None:
    """The other records' first values."""
    account = watched.world.account
    watched.values["consumer warehouse"] = account.consumers["warehouse"]
    for token in ("orders", "stock"):
        watched.give(token, account.tokens[token], token)


def _break_the_file(watched: WatchedWorld) -> None:
    """It holds values, and is no JSON."""
    stock = watched.values["stock, in a broken file"] = Values()
    watched.spill("stock.json", f"{stock.identifier} and {stock.secret}")
    fail(watched.run("preview"), "this is not JSON")


def _break_the_commands(watched: WatchedWorld) -> None:
    """They print the values to standard error, and fail."""
    yaml = watched.folder / "stacks" / "test.yaml"
    said = yaml.read_text()
    yaml.write_text(said.replace("give.py", "complain.py"))
    fail(watched.run("up", "--yes", "--skip-preview"), "standard error")
    yaml.write_text(said)


def succeed(run: Run) -> None:
    assert run.status == 0, run.output[-3000:]


def fail(run: Run, words: str) -> None:
    assert run.status != 0, run.output[-3000:]
    assert words in run.output, run.output[-3000:]


def by_family(
    artefacts: Iterable[Artefact], families: Mapping[str, str] = FAMILIES
) -> dict[str, list[Artefact]]:
    """Sort artefacts by what they are; an artefact of no family is left out."""
    held = list(artefacts)
    return {
        family: [one for one in held if fnmatchcase(one.name, pattern) and one.data]
        for family, pattern in families.items()
    }


def require_recall(
    scanner: Scanner, families: dict[str, list[Artefact]], canaries: list[Canary]
) -> None:
    """The broken twin: the same artefacts with a leak in the middle of each kind; every one is found."""
    for family, artefacts in families.items():
        largest = max(artefacts, key=lambda artefact: len(artefact.data))
        for number, canary in enumerate(canaries):
            leak = _LEAKS[number % len(_LEAKS)](canary.value)
            middle = len(largest.data) // 2
            patched = largest.data[:middle] + leak + largest.data[middle:]
            around = patched[max(0, middle - 500) : middle + len(leak) + 500]

            found = scanner.find([Artefact(family, around)])

            assert {one.canary for one in found} == {canary.name}, family


_LEAKS: tuple[Callable[[str], bytes], ...] = (
    str.encode,
    lambda value: json.dumps(value).encode(),
    lambda value: base64.b64encode(value.encode()),
    lambda value: value[20:32].encode(),
    lambda value: gzip.compress(value.encode()),
)
