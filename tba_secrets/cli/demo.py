"""`tba demo`: the main job told in five steps, each a real `pulumi` run that can be repeated by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tba_secrets.demo.credentials import DemoPair
from tba_secrets.demo.world import World, open_world, stop_servers
from tba_secrets.errors import TbaError

_STACK = "demo"


def run(root: Path, *, keep: bool, stop: bool) -> None:
    """Tell the whole story, or only end the servers that an earlier one left up."""
    console = Console(highlight=False)
    if stop:
        ended = stop_servers(root)
        console.print("the demo's servers are ended" if ended else "no servers of a demo are up")
        return
    world = open_world(root)
    try:
        _Story(world, console).tell(keep=keep)
    finally:
        if not keep:
            world.close()


@dataclass
class _Story:
    world: World
    console: Console

    def tell(self, *, keep: bool) -> None:
        """The five steps and the closing table."""
        env = self.world.export()
        self._say(
            "A NetSuite simulator and a local AWS Secrets Manager are up, with generated credentials.",
            f"By hand: make demo KEEP=1, then `source {env.relative_to(self.world.root)}`.",
        )
        self._pulumi(f"stack init {_STACK}", quiet=True)
        self._step(
            1,
            "Provision: three tokens are staged, proven by signed calls, then made current.",
            self._up,
        )
        self._step(
            2, "Again, with nothing changed: no store write, no NetSuite call.", self._unchanged
        )
        self._step(
            3,
            "Rotate: the stock token's source gives a second token; it is proven, then current.",
            self._rotate,
        )
        self._step(
            4, "Refuse: the orders token is mistyped; current stays as it was.", self._refuse
        )
        self._step(
            5,
            "Put right: the source gives the true value again, and the stack is whole.",
            self._mend,
        )
        self.console.print(self._table())
        self._say(
            *(
                [
                    f"The servers stay up: `source {env.relative_to(self.world.root)}`; `make demo-stop` ends them."
                ]
                if keep
                else ["The servers are ended. `make demo KEEP=1` leaves them up to look around."]
            )
        )

    # --- the steps --------------------------------------------------------------------------------

    def _up(self) -> None:
        self._expect(0, "up --yes --skip-preview --suppress-outputs")

    def _unchanged(self) -> None:
        self._expect(0, "up --yes --skip-preview --suppress-outputs --expect-no-changes")

    def _rotate(self) -> None:
        self._give(self.world.netsuite.next_stock)
        self._expect(0, "up --yes --skip-preview --suppress-outputs --diff")

    def _refuse(self) -> None:
        before = self._current("orders-bot")
        self._give(self.world.netsuite.mistyped_orders)
        self._expect(255, "up --yes --skip-preview --suppress-outputs")
        if self._current("orders-bot") != before:
            raise TbaError("the demo failed: a refused candidate became current")
        self._say("As it must, `pulumi up` failed, and the current version is the one from before.")

    def _mend(self) -> None:
        self._give(self.world.netsuite.orders)
        self._expect(0, "up --yes --skip-preview --suppress-outputs")

    # --- inside -----------------------------------------------------------------------------------

    def _step(self, number: int, what: str, action: Callable[[], None]) -> None:
        self.console.print(f"\n[bold]{number}. {escape(what)}", soft_wrap=True)
        action()

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.console.print(escape(line), style="dim", soft_wrap=True)

    def _give(self, pair: DemoPair) -> None:
        """A source gives another value from here on."""
        self.world.environment.update(pair.exports)
        self.world.export()
        self._say(f"By hand: export {' and '.join(pair.exports)} with the other values.")

    def _expect(self, status: int, command: str) -> None:
        """Run a command; 255 stands for "any failure"."""
        self._say(f"$ pulumi {command}")
        got = self.world.pulumi(*command.split())
        if (got == 0) != (status == 0):
            raise TbaError(
                f"the demo failed: `pulumi {command}` ended with exit code {got}",
                "look at what it printed above",
            )

    def _pulumi(self, command: str, *, quiet: bool) -> None:
        if self.world.pulumi(*command.split(), quiet=quiet):
            raise TbaError(f"the demo failed: `pulumi {command}`")

    def _current(self, secret: str) -> str:
        return next(row.version for row in self.world.secrets() if row.name.endswith(f"/{secret}"))

    def _table(self) -> Table:
        """What the store holds at the end, as the AWS CLI would show it."""
        table = Table(title="What readers get now", title_justify="left")
        for heading in ("secret", "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"):
            table.add_column(heading, overflow="fold")
        for row in self.world.secrets():
            table.add_row(row.name, row.version, row.previous, row.pending)
        return table
