"""Mutation testing of the rules: each mutant is one small change of a module, and some test must fail for it.

    python -m tests.proof.mutants [--sample N] [--seed N] [--quick] [--only TEXT] [-n N] [MODULE ...]

Not mutmut, which leaves out every decorated function, so every property of `decide`, and takes no sample; not Cosmic
Ray, which writes each mutant into the file. Here a mutant is compiled in a forked process and never written anywhere.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Final

ROOT: Final = Path(__file__).parents[2]
HANG_GUARD_SECONDS: Final = 300

_LIFECYCLE: Final = "tba_secrets.lifecycle."
_LIVES: Final = (
    "tests/lifecycle/test_decide.py",
    "tests/lifecycle/test_rules.py",
    "tests/lifecycle/test_retire.py",
    "tests/lifecycle/test_issue.py",
    "tests/lifecycle/test_settle.py",
    "tests/provider/test_lives.py",
    "tests/provider/test_staged_credential.py",
    "tests/provider/test_smoke_test.py",
    "tests/provider/test_intents.py",
    "tests/lifecycle/test_explorer.py::test_long_lives_keep_every_property_and_settle",
)
_USERS: Final = (
    "tests/netsuite/test_retry.py",
    "tests/netsuite/test_gate.py",
    "tests/netsuite/test_client.py",
)
_REDACTED: Final = ("tests/cli/test_redaction.py", "tests/cli/test_request.py")
MODULES: Final[dict[str, tuple[str, ...]]] = {
    "tba_secrets.netsuite.lockout": _USERS,
    "tba_secrets.netsuite.retry": _USERS,
    "tba_secrets.sensitive": ("tests/pipeline/test_sensitive.py", "tests/cli/test_redaction.py"),
    "tba_secrets.cli.redaction": _REDACTED,
    "tba_secrets.promote": ("tests/pipeline/test_read_back_and_promote.py",),
    **{
        f"{_LIFECYCLE}{name}": _LIVES
        for name in (
            "act",
            "decide",
            "drift",
            "facts",
            "issue",
            "leaving",
            "look",
            "offers",
            "retire",
            "settle",
            "superseded",
        )
    },
}
"""By module, the tests that are to find its mutants, the fastest first."""
QUICK: Final = tuple(MODULES)[:5]
_OTHERS: Final = (
    "boto3",
    "botocore.session",
    "cryptography.x509",
    "grpc",
    "hvac",
    "hypothesis",
    "pulumi",
    "pydantic",
    "pytest",
    "requests",
    "werkzeug",
)
"""What the tests import of others' packages: each child has it already."""
_BELOW: Final = (
    "tba_secrets.simulator.aws",
    "tba_secrets.sources",
    "tba_secrets.spec.loader",
    "tba_secrets.spec.model",
    "tba_secrets.stores.aws",
    "tba_secrets.stores.vault",
)
"""What the lifecycle stands on: it is there already where a child changes the lifecycle."""

_SWAPPED: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
}
EQUIVALENT: Final[dict[tuple[str, str], str]] = {
    (
        "tba_secrets.lifecycle.decide",
        "_all_new: return False -> return None",
    ): "only whether is asked",
    (
        "tba_secrets.lifecycle.act",
        "carry_out: assert_never(step) -> pass",
    ): "the cases before it are all that there are, which mypy checks",
    (
        "tba_secrets.lifecycle.look",
        "Looked: False -> True",
    ): "what would be shown is Sensitive, which shows nothing, and messages",
    (
        "tba_secrets.lifecycle.look",
        "Looked.snapshot: 0.0 -> 1.0",
    ): "the time beside no failure is not looked at",
    (
        "tba_secrets.lifecycle.look",
        "Looked.snapshot: monotonic() - at < _FRESH_SECONDS -> monotonic() - at <= _FRESH_SECONDS",
    ): "a clock's reading is never met exactly",
    (
        "tba_secrets.lifecycle.look",
        "module: 5.0 -> 6.0",
    ): "how long is late is a choice: a second more is as right",
}
"""Mutants that no test can find, by module and `function: change`, and why."""


_TestsOf = Callable[[Any], tuple[str, ...]]


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    module: str
    number: int
    line: int
    what: str
    """`function: before -> after`."""

    @property
    def equivalent(self) -> bool:
        return (self.module, self.what) in EQUIVALENT

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.what}"


class _Mutator(ast.NodeVisitor):
    """Walks a module, notes each change that can be made, and makes the one that is wanted."""

    def __init__(self, module: str, wanted: int | None) -> None:
        self.module, self.wanted = module, wanted
        self.found: list[Mutant] = []
        self._functions: list[str] = []

    def visit(self, node: ast.AST) -> None:
        for name, held in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "exc"):
                continue  # what a raise says is the messages' business
            if isinstance(held, list):
                for place, child in enumerate(held):
                    self._offer(node, held, place, child)
            elif isinstance(held, ast.AST):
                self._offer(node, vars(node), name, held)

    def _offer(self, parent: ast.AST, holder: Any, place: Any, node: Any) -> None:
        if not isinstance(node, ast.AST):
            return
        named = getattr(node, "name", "")
        if named:
            self._functions.append(named)
        for after in _changes(parent, node):
            line = int(getattr(node, "lineno", getattr(parent, "lineno", 0)))
            shown = [" ".join(_shown(parent, node, one).split())[:70] for one in (node, after)]
            what = f"{'.'.join(self._functions) or 'module'}: {shown[0]} -> {shown[1]}"
            if len(self.found) == self.wanted:
                holder[place] = ast.copy_location(after, node) if hasattr(node, "lineno") else after
            self.found.append(Mutant(self.module, len(self.found), line, what))
        self.visit(node)
        if named:
            self._functions.pop()


def _changes(parent: ast.AST, node: Any) -> Iterator[ast.AST]:
    """Yield what may stand in a node's place."""
    if type(node) in _SWAPPED and not _joins_types(parent):
        yield _SWAPPED[type(node)]()
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.Return) and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Raise) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Yield)
    ):
        yield ast.Pass()
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    elif _is_test(parent, node):
        yield ast.UnaryOp(ast.Not(), node)


def _is_test(parent: ast.AST, node: Any) -> bool:
    """Whether a condition is a plain value, which no operator of its own can change."""
    is_test = isinstance(node, ast.expr) and getattr(parent, "test", None) is node
    return is_test and not isinstance(node, ast.Compare | ast.BoolOp)


def _joins_types(parent: ast.AST) -> bool:
    return isinstance(parent, ast.BinOp) and isinstance(parent.left, ast.JoinedStr)


def _is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _shown(parent: ast.AST, node: ast.AST, one: ast.AST) -> str:
    if isinstance(node, ast.operator | ast.boolop | ast.cmpop):
        changed = copy.deepcopy(parent)
        if node is not one and isinstance(changed, ast.Compare) and isinstance(parent, ast.Compare):
            changed.ops[parent.ops.index(node)] = one  # type: ignore[arg-type,call-overload]
        elif node is not one:
            changed.op = one  # type: ignore[attr-defined]
        return ast.unparse(changed)
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(one)))


def mutants_of(module: str) -> list[Mutant]:
    """Return every mutant of a module."""
    mutator = _Mutator(module, None)
    mutator.visit(ast.parse(_file(module).read_text(encoding="utf-8")))
    return mutator.found


def _file(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module, changed."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != self.mutant.module:
            return None
        return importlib.util.spec_from_file_location(name, _file(name), loader=self)

    def exec_module(self, module: ModuleType) -> None:
        tree = ast.parse(_file(module.__name__).read_text(encoding="utf-8"))
        _Mutator(module.__name__, self.mutant.number).visit(tree)
        exec(compile(ast.fix_missing_locations(tree), module.__file__ or "", "exec"), vars(module))  # noqa: S102


@dataclass
class _Child:
    """One run of the tests in a process of its own."""

    mutant: Mutant | None
    tests: tuple[str, ...]
    said: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    pid: int = 0
    started: float = field(default_factory=time.monotonic)

    def start(self) -> _Child:
        self.pid = os.fork()
        if self.pid == 0:
            _in_the_child(self.mutant, self.tests, self.said.fileno())
        return self

    def end(self) -> str | None:
        """Return `killed`, `survived` or `hung` once it has ended."""
        ended, status = os.waitpid(self.pid, os.WNOHANG)
        if ended:
            return self._judged(os.waitstatus_to_exitcode(status))
        if time.monotonic() - self.started < HANG_GUARD_SECONDS:
            return None
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return "hung"

    def _judged(self, status: int) -> str:
        self.said.seek(0)
        text = self.said.read().decode(errors="replace")
        self.said.close()
        assert status in range(4), f"{self.mutant}: pytest ended with {status}: {text[-2000:]}"
        if status and self.mutant is None:
            print(text[-3000:])  # noqa: T201
        return "killed" if status else "survived"


def outcomes(
    mutants: Iterable[Mutant | None], tests: _TestsOf, side_by_side: int = 1
) -> Iterator[tuple[Any, str]]:
    """Yield what became of each mutant; None is no mutant at all."""
    left, running = list(mutants), list[_Child]()
    while left or running:
        while left and len(running) < side_by_side:
            mutant = left.pop(0)
            running.append(_Child(mutant, tests(mutant)).start())
        for child in list(running):
            if (end := child.end()) is not None:
                running.remove(child)
                yield child.mutant, end
        time.sleep(0.05)


def _in_the_child(mutant: Mutant | None, tests: tuple[str, ...], said: int) -> None:
    os.setsid()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = (
        "1"  # each takes longer to import than the tests run
    )
    os.dup2(said, 1)
    os.dup2(said, 2)
    if mutant is not None:
        sys.meta_path.insert(0, _Changed(mutant))
    import pytest

    status = 3
    try:
        status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _preload(names: Iterable[str], modules: Iterable[str]) -> None:
    """Import what every child needs, and nothing that may be changed."""
    for name in names:
        importlib.import_module(name)
    assert not sys.modules.keys() & set(modules), "a mutant would be late"


def main() -> int:
    """Print what survived, and the score by module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*", default=list(MODULES))
    parser.add_argument("--sample", type=int, help="of each module, try so many mutants")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="the modules whose tests are fastest")
    parser.add_argument("--only", default="", help="mutants in whose description this is")
    parser.add_argument("-n", type=int, default=2, help="so many at a time")
    chosen = parser.parse_args()
    os.chdir(ROOT)
    _preload(_OTHERS, MODULES)
    chance, tried = random.Random(chosen.seed), []  # noqa: S311 - picks a sample
    modules = list(QUICK) if chosen.quick else chosen.modules
    for module in modules:
        found = [
            one for one in mutants_of(module) if not one.equivalent and chosen.only in str(one)
        ]
        wanted = min(chosen.sample or len(found), len(found))
        tried += sorted(chance.sample(found, wanted), key=lambda one: one.number)
    for tests in {_there(MODULES[module]) for module in modules}:
        ((_, end),) = outcomes([None], lambda _, tests=tests: tests)  # type: ignore[misc]
        assert end == "survived", f"{tests} fail without a mutant"
    count: Counter[tuple[str, bool]] = Counter()
    for below, above in (((), False), (_BELOW, True)):
        mutants = [one for one in tried if one.module.startswith(_LIFECYCLE) is above]
        _preload(below if mutants else (), [one.module for one in mutants])
        for mutant, end in outcomes(mutants, lambda one: _there(MODULES[one.module]), chosen.n):
            count[mutant.module, end != "survived"] += 1
            if end != "killed":
                print(f"{end}: {mutant}", flush=True)  # noqa: T201
    for module in modules:
        killed, survived = count[module, True], count[module, False]
        print(f"{module}: {killed} of {killed + survived}")  # noqa: T201
    killed = sum(number for (_, dead), number in count.items() if dead)
    explained = sum(one.equivalent for module in modules for one in mutants_of(module))
    score = 100 * killed / len(tried)
    print(  # noqa: T201
        f"| mutants | {len(tried)} tried, {killed} killed ({score:.0f} %), {explained} more explained "
        f"| {len(tried) - killed} survived |"
    )
    return 0 if score >= 90 else 1


def _there(tests: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in tests if (ROOT / one.partition("::")[0]).exists())


if __name__ == "__main__":
    sys.exit(main())
