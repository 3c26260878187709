"""The story of TBA tokens: provision, rotate, refuse, roll back, retire."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from tba_secrets.demo.story import UP, Story
from tba_secrets.errors import TbaError

_ORDERS = "orders-bot"
_STOCK = "stock-bot"


class TbaStory(Story):
    """Three tokens of two integrations."""

    looked_at: ClassVar[tuple[str, str]] = (_ORDERS, _STOCK)

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        return [
            (
                "Provision: three tokens are staged, proven by signed calls, then made current.",
                partial(self.pulumi, UP),
            ),
            (
                "Again, with nothing changed: no store write, no NetSuite call.",
                partial(self.pulumi, f"{UP} --expect-no-changes"),
            ),
            (
                "Rotate: the stock token's source gives a second token, beside the first.",
                self._rotate,
            ),
            (
                "Refuse: the orders token is mistyped; a program that reads it notices nothing.",
                self._refuse,
            ),
            (
                "Put right: the source gives the true value again. State says so; the store needs no write.",
                self._mend,
            ),
            (
                "Roll back: the stock token of before is proven, and current again.",
                partial(self.tba, "rollback", _STOCK),
            ),
            (
                "Rotate again: the token that was rolled back is taken on purpose.",
                partial(self.tba, "rotate", _STOCK, "--again"),
            ),
            (
                "Retire: NetSuite revokes the superseded token, at once instead of after its overlap.",
                partial(self.tba, "retire", "--now"),
            ),
            ("Status: every token, and the same as one page.", self._status),
        ]

    # --- the steps --------------------------------------------------------------------------------

    def _rotate(self) -> None:
        self.give(self.world.netsuite.next_stock)
        self.tba("rotate", _STOCK)

    def _refuse(self) -> None:
        before = self.world.store.rows()
        self.give(self.world.netsuite.mistyped_orders)
        with self.read_on(f"warehouse-sync/{_ORDERS}"):
            self.pulumi(UP, fails=True)
        if self.world.store.rows() != before:
            raise TbaError("the demo failed: a refused candidate left something behind")
        self.say(
            "As it must, `pulumi up` failed. Current is the version from before, and no candidate is left."
        )

    def _mend(self) -> None:
        before = self.world.store.rows()
        self.give(self.world.netsuite.orders)
        self.pulumi(UP)
        if self.world.store.rows() != before:
            raise TbaError("the demo failed: what was current already was written again")

    def _status(self) -> None:
        self.tba("status", "--html", "status.html")
        self.say(f"The page is {self.world.folder.name}/status.html.")
