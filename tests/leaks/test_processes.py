"""The watch sees what any process below shows in its arguments and environment, however short its life."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from tests.leaks.canaries import usual
from tests.leaks.processes import Watch
from tests.leaks.scanner import Canary, Leak, Scanner

VALUE: Final = usual()
SCANNER: Final = Scanner([Canary("the value", VALUE)])
SLEEP: Final = "import time; time.sleep(0.3)"
IN_A_VARIABLE: Final = (
    f"import os, subprocess, sys; subprocess.run([sys.executable, '-c', '{SLEEP}'], "
    "env={'OTHER': os.environ['DECLARED']})"
)
IN_AN_ARGUMENT: Final = (
    f"import os, subprocess, sys; subprocess.run([sys.executable, '-c', '{SLEEP}', "
    "os.environ['DECLARED']])"
)
INHERITED: Final = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{SLEEP}'])"


def _leaks(program: str) -> list[Leak]:
    declared = {"DECLARED": VALUE}
    process = subprocess.Popen([sys.executable, "-c", program], env=declared)
    with Watch(process.pid) as watch:
        assert process.wait() == 0
    # a child that is forked and not yet executed shows its parent's arguments
    assert len({seen.data for seen in watch.arguments()}) == 2
    return SCANNER.find([*watch.arguments(), *watch.environments(declared)])


@pytest.mark.parametrize(
    ("program", "place"), [(IN_A_VARIABLE, "the environment"), (IN_AN_ARGUMENT, "the arguments")]
)
def test_a_value_that_a_child_was_given_is_a_leak(program: str, place: str) -> None:
    leaks = _leaks(program)

    assert len(leaks) == 1
    assert leaks[0].artefact.startswith(place)


def test_a_declared_variable_that_a_child_inherits_is_none() -> None:
    assert _leaks(INHERITED) == []
