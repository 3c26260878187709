"""`tba demo`: the whole job told step by step, each a real run that can be repeated by hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tba_secrets.demo.credentials import DemoPair
from tba_secrets.demo.stores import STORES, SecretRow
from tba_secrets.demo.world import World, open_world, stop_servers
from tba_secrets.errors import TbaError
from tba_secrets.loopback import bypass

_STOCK = "stock-bot"
_LOOKS = ("status", "verify", "checklist")
_UP = "up --yes --skip-preview --suppress-outputs"


def run(root: Path, *, store: str, keep: bool, stop: bool) -> None:
    """Tell the whole story, or only end the servers that an earlier one left up.

    Raises:
        TbaError: A step did not end as it must, or the store is not one of `STORES`.
    """
    console = Console(highlight=False)
    if stop:
        ended = stop_servers(root)
        console.print("the demo's servers are ended" if ended else "no servers of a demo are up")
        return
    os.environ |= bypass(os.environ)
    if store not in STORES:
        raise TbaError("there is no demo for that store", f"take one of {', '.join(STORES)}")
    world = open_world(root, store)
    try:
        _Story(world, console).tell(keep=keep)
    except BaseException:
        world.close()
        raise
    if not keep:
        world.close()


@dataclass
class _Story:
    world: World
    console: Console

    def tell(self, *, keep: bool) -> None:
        """Run the steps, and print the closing table."""
        self._say(
            f"A NetSuite simulator and {self.world.store.title} are up, with generated credentials.",
            f"By hand: make demo{self._option()} KEEP=1, then `{self._go()}` and the commands below.",
        )
        self._pulumi(f"stack init {self.world.store.stack}", quiet=True)
        for number, (what, action) in enumerate(self._steps(), start=1):
            self.console.print(f"\n[bold]{number}. {escape(what)}", soft_wrap=True)
            action()
        self.console.print()
        self.console.print(self._table())
        self._close(keep=keep)

    def _steps(self) -> list[tuple[str, Callable[[], None]]]:
        return [
            (
                "Provision: three tokens are staged, proven by signed calls, then made current.",
                self._up,
            ),
            ("Again, with nothing changed: no store write, no NetSuite call.", self._unchanged),
            (
                "Rotate: the stock token's source gives a second token, beside the first.",
                self._rotate,
            ),
            (
                "Refuse: the orders token is mistyped; a program that reads it notices nothing.",
                self._refuse,
            ),
            (
                "Put right: the source gives the true value again, and nothing needs writing.",
                self._mend,
            ),
            ("Roll back: the stock token of before is proven, and current again.", self._roll_back),
            ("Rotate again: the token that was rolled back is taken on purpose.", self._again),
            (
                "Retire: NetSuite revokes the superseded token, at once instead of after its overlap.",
                self._retire,
            ),
            ("Status: every token, and the same as one page.", self._status),
        ]

    # --- the steps --------------------------------------------------------------------------------

    def _up(self) -> None:
        self._pulumi(_UP)

    def _unchanged(self) -> None:
        self._pulumi(f"{_UP} --expect-no-changes")

    def _rotate(self) -> None:
        self._give(self.world.netsuite.next_stock)
        self._tba("rotate", _STOCK)

    def _refuse(self) -> None:
        before = self.world.store.rows()
        self._give(self.world.netsuite.mistyped_orders)
        with self.world.reader("warehouse-sync/orders-bot") as reading:
            self._pulumi(_UP, fails=True)
        if self.world.store.rows() != before:
            raise TbaError("the demo failed: a refused candidate left something behind")
        if not reading.calls or reading.accepted < reading.calls:
            raise TbaError(
                f"the demo failed: of {reading.calls} calls of a reader NetSuite accepted {reading.accepted}"
            )
        self._say(
            "As it must, `pulumi up` failed. Current is the version from before, and no candidate is left.",
            f"Meanwhile a program made {reading.calls} signed calls with it. NetSuite accepted all of them.",
        )

    def _mend(self) -> None:
        self._give(self.world.netsuite.orders)
        self._pulumi(_UP)

    def _roll_back(self) -> None:
        self._tba("rollback", _STOCK)

    def _again(self) -> None:
        self._tba("rotate", _STOCK, "--again")

    def _retire(self) -> None:
        self._tba("retire", "--now")

    def _status(self) -> None:
        self._tba("status", "--html", "status.html")
        self._say(f"The page is {self.world.folder.name}/status.html.")

    # --- inside -----------------------------------------------------------------------------------

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.console.print(escape(line), style="dim", soft_wrap=True)

    def _give(self, pair: DemoPair) -> None:
        """Let a source give another value from here on."""
        self.world.environment.update(pair.exports)
        self.world.export()
        self._say(f"By hand: export {' and '.join(pair.exports)} with other values.")

    def _pulumi(self, command: str, *, quiet: bool = False, fails: bool = False) -> None:
        self._say(f"$ pulumi {command}")
        status = self.world.pulumi(*command.split(), quiet=quiet)
        if (status != 0) != fails:
            raise _failed(f"pulumi {command}", status)

    def _tba(self, command: str, *arguments: str) -> None:
        words = (command, self.world.store.stack, *arguments)
        self._say(f"$ tba {' '.join(words)}")
        if status := self.world.tba(*words):
            raise _failed(f"tba {' '.join(words)}", status)

    def _table(self) -> Table:
        table = Table(title="What readers get now", title_justify="left")
        for heading in ("secret", *self.world.store.columns):
            table.add_column(heading, no_wrap=True)
        for row in self.world.store.rows():
            table.add_row(*_cells(row))
        return table

    def _close(self, *, keep: bool) -> None:
        if not keep:
            self._say(
                f"The servers are ended. `make demo{self._option()} KEEP=1` leaves them up to look around."
            )
            return
        self._say("The servers stay up. To look around:", f"  {self._go()}")
        stack, store = self.world.store.stack, self.world.store.commands()
        looks = ("pulumi stack", *(f"tba {word} {stack}" for word in _LOOKS))
        self._say(*(f"  {command}" for command in (*looks, *store)))
        self._say("  tba demo --stop --project ..    # ends them")

    def _go(self) -> str:
        env = self.world.export()
        return f"cd {env.parent.relative_to(self.world.root)} && source ./{env.name}"

    def _option(self) -> str:
        return "" if self.world.store.kind == "aws" else f" STORE={self.world.store.kind}"


def _failed(command: str, status: int) -> TbaError:
    return TbaError(
        f"the demo failed: `{command}` ended with exit code {status}",
        "look at what it printed above",
    )


def _cells(row: SecretRow) -> tuple[str, str, str, str]:
    return (row.name, row.current, row.previous, row.candidate)
