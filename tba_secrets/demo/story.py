"""What every story of the demo has: numbered steps, each a real run, and the table at the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import ClassVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tba_secrets.demo.credentials import DemoPair
from tba_secrets.demo.world import World
from tba_secrets.errors import TbaError

UP = "up --yes --skip-preview --suppress-outputs"
_LOOKS = ("status", "verify", "checklist")


@dataclass
class Story(ABC):
    """One story: a subclass has its steps."""

    looked_at: ClassVar[tuple[str, str]]
    """Two secrets to look at in the end, the second one rotated."""

    world: World
    console: Console

    def tell(self, *, keep: bool) -> None:
        """Run the steps, and print the closing table."""
        self.say(
            f"A NetSuite simulator and {self.world.store.title} are up, with generated credentials.",
            f"By hand: make demo{self.option()} KEEP=1, then `{self._go()}` and the commands below.",
        )
        self.pulumi(f"stack init {self.world.stack}", quiet=True)
        for number, (what, action) in enumerate(self.steps(), start=1):
            self.console.print(f"\n[bold]{number}. {escape(what)}", soft_wrap=True)
            action()
        self.console.print()
        self.console.print(self._table())
        self._close(keep=keep)

    @abstractmethod
    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """Return each step: what it shows, and how it is run."""

    def option(self) -> str:
        """Return what this story needs on the command line of `make demo`."""
        return "" if self.world.store.kind == "aws" else f" STORE={self.world.store.kind}"

    def say(self, *lines: str) -> None:
        """Tell what is done, beside what the commands print."""
        for line in lines:
            self.console.print(escape(line), style="dim", soft_wrap=True)

    def give(self, pair: DemoPair) -> None:
        """Let a source give another value from here on."""
        self.world.environment.update(pair.exports)
        self.world.export()
        self.say(
            f"./env now has other values of {' and '.join(pair.exports)}. By hand: source it again, or export values "
            "of your own."
        )

    @contextmanager
    def read_on(self, record: str) -> Iterator[None]:
        """Let a program use the record's secret until the block ends: NetSuite has to accept every call."""
        with self.world.reader(record) as reading:
            yield
        if not reading.calls or reading.accepted < reading.calls:
            raise TbaError(
                f"the demo failed: of {reading.calls} calls of a reader NetSuite accepted {reading.accepted}"
            )
        self.say(
            f"Meanwhile a program made {reading.calls} calls with {record}. NetSuite accepted all of them."
        )

    def pulumi(self, command: str, *, quiet: bool = False, fails: bool = False) -> None:
        """Run `pulumi` in the demo's project; it has to succeed, or to fail."""
        self.say(f"$ pulumi {command}")
        status = self.world.pulumi(*command.split(), quiet=quiet)
        if (status != 0) != fails:
            raise _failed(f"pulumi {command}", status)

    def tba(self, command: str, *arguments: str) -> None:
        """Run `tba COMMAND STACK ...` in the demo's project."""
        words = (command, self.world.stack, *arguments)
        self.say(f"$ tba {' '.join(words)}")
        if status := self.world.tba(*words):
            raise _failed(f"tba {' '.join(words)}", status)

    def _table(self) -> Table:
        table = Table(title="What readers get now", title_justify="left")
        for heading in ("secret", *self.world.store.columns):
            table.add_column(heading, no_wrap=True)
        for row in self.world.store.rows():
            table.add_row(*astuple(row))
        return table

    def _close(self, *, keep: bool) -> None:
        if not keep:
            self.say(f"Stopped the servers. `make demo{self.option()} KEEP=1` leaves them running.")
            return
        self.say("The servers stay up. To look around:", f"  {self._go()}")
        stack, store = self.world.stack, self.world.store.commands(*self.looked_at)
        looks = ("pulumi stack", *(f"tba {word} {stack}" for word in _LOOKS))
        self.say(*(f"  {command}" for command in (*looks, *store)))
        self.say("  make -C .. demo-stop    # ends them")

    def _go(self) -> str:
        env = self.world.export()
        return f"cd {env.parent.relative_to(self.world.root)} && source ./{env.name}"


def _failed(command: str, status: int) -> TbaError:
    return TbaError(
        f"the demo failed: `{command}` ended with exit code {status}",
        "look at what it printed above",
    )
