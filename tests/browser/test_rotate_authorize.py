"""`tba rotate --authorize` with a person at a real browser: from the consent page to a promoted token, and denied."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.conftest import HANG_GUARD_SECONDS
from tests.engine.conftest import World, world
from tests.engine.tba import assert_nothing_to_do, tba

__all__ = ["world"]
pytestmark = [pytest.mark.browser, pytest.mark.engine]


@dataclass
class PersonAtBrowser:
    """Opens the page, chooses the user and role that were announced, presses a button."""

    chromium: Chrome
    decision: str
    ended_with: str = ""
    """The heading of the page that the browser came back to."""

    def open(self, url: str) -> None:
        """The person's whole part."""
        self.chromium.get(url)
        login = self.chromium.find_element(By.CSS_SELECTOR, "input[value='38:1001']")
        self.chromium.execute_script("arguments[0].click()", login)
        self.chromium.find_element(By.CSS_SELECTOR, f"button[value={self.decision}]").click()
        WebDriverWait(self.chromium, HANG_GUARD_SECONDS).until(
            lambda page: "/tba/" in page.current_url
        )
        self.ended_with = self.chromium.find_element(By.TAG_NAME, "h1").text


def test_allowed_the_issued_token_is_promoted(world: World, chromium: Chrome) -> None:
    world.project.up()
    person = PersonAtBrowser(chromium, "allow")

    run = tba(world, "rotate", "test", "orders", "--authorize", "--no-browser", browser=person)

    assert run.status == 0, run.output
    assert person.ended_with == "Done: access was allowed"
    issued = world.netsuite.state.account(world.account.id).tokens[-1]
    assert world.current("orders")["token_id"] == issued.token_id
    assert issued.token_secret not in run.output
    assert_nothing_to_do(world)


def test_denied_everything_stays_as_it_was(world: World, chromium: Chrome) -> None:
    world.project.up()
    labels, tokens = (
        world.labels("orders"),
        len(world.netsuite.state.account(world.account.id).tokens),
    )
    person = PersonAtBrowser(chromium, "deny")

    run = tba(world, "rotate", "test", "orders", "--authorize", "--no-browser", browser=person)

    assert run.status != 0
    assert world.labels("orders") == labels
    assert len(world.netsuite.state.account(world.account.id).tokens) == tokens
    assert_nothing_to_do(world)
