"""How many credentials a program declares ahead of those that have been through."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from tba_secrets.components import _AHEAD, Window
from tests.pipeline.test_records import record


class Through:
    """A resource whose URN comes when it has been through, or an error in its place."""

    def __init__(self) -> None:
        self.through: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.urn = self

    def future(self) -> asyncio.Future[str]:
        return self.through


def declared(window: Window, number: int, **more: Any) -> tuple[list[Any], list[Through]]:
    """What is given for the first credentials, and their tests."""
    one, given, tests = record({}, **more), [], []
    for _ in range(number):
        given.append(window.admit(one))
        tests.append(Through())
        window.add(cast(Any, tests[-1]))
    return given, tests


def test_the_first_ones_do_not_wait() -> None:
    async def run() -> None:
        given, _ = declared(Window(), _AHEAD)

        assert given == [record({}).path] * _AHEAD

    asyncio.run(run())


@pytest.mark.parametrize("failed", [False, True])
def test_the_next_one_waits_for_the_first_whatever_becomes_of_it(failed: bool) -> None:
    async def run() -> None:
        given, tests = declared(Window(), _AHEAD + 2)
        second, last = (asyncio.ensure_future(one) for one in given[-2:])
        await asyncio.sleep(0)
        assert not second.done()

        if failed:
            tests[0].through.set_exception(RuntimeError("refused"))
        else:
            tests[0].through.set_result("urn")

        assert await second == record({}).path
        assert not last.done(), "it waits for another"
        last.cancel()

    asyncio.run(run())


def test_more_ahead_where_the_account_takes_more_users() -> None:
    async def run() -> None:
        given, _ = declared(Window(), 2 * 10, concurrency=10)

        assert given == [record({}).path] * 20

    asyncio.run(run())
