"""Every deliberate mistake is made, the command is run as a person runs it, and what it prints is judged."""

from __future__ import annotations

import shlex

import pytest

from tests.cli.conftest import Tba
from tests.mistakes.mistake import Mistake, complaints, mistakes
from tests.mistakes.workshop import Workshop
from tests.provider.bench import URN, Bench

OFFLINE = [
    one for file in ("yaml.yaml", "environment.yaml", "set_up.yaml") for one in mistakes(file)
]


@pytest.mark.parametrize("mistake", OFFLINE, ids=lambda one: one.name)
def test_the_message(mistake: Mistake, workshop: Workshop, tba: Tba) -> None:
    workshop.spoil(mistake.setup)

    program, *arguments = shlex.split(mistake.command)
    assert program == "tba"
    ended = tba(*arguments)

    output = ended.out + ended.err
    found = complaints(mistake, ended.status, output)
    assert not found, "\n".join([*found, output])
    assert not [value for value in workshop.secrets if value in output]


@pytest.mark.parametrize("command", ["tba check", "tba verify test"])
def test_without_a_mistake_all_is_well(command: str, workshop: Workshop, tba: Tba) -> None:
    """So that what the cases find comes of the mistake, and of nothing else."""
    workshop.stored(["orders", "stock", "invoices"])

    ended = tba(*shlex.split(command)[1:])

    assert ended.status == 0
    assert not [line for line in ended.err.splitlines() if not line.startswith("note: ")]


def test_what_is_missing_or_too_much_in_a_message_is_found() -> None:
    mistake = Mistake("one", says=("where", "what"), never=("canary",), lines=1)
    bad = "where\ncanary\nTraceback"
    assert complaints(mistake, 0, bad) == [
        "ended with 0",
        "does not say 'what'",
        "says 'Traceback'",
        "says 'canary'",
        "has 3 lines",
    ]


@pytest.mark.parametrize("mistake", mistakes("direct.yaml"), ids=lambda one: one.name)
def test_what_check_says_of_a_property(mistake: Mistake, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)

    failures = bench.staged.check(URN, {}, bench.staged_inputs(**mistake.setup["with"])).failures

    said = failures[mistake.setup["property"]]
    assert not complaints(mistake, mistake.exit, said), failures
