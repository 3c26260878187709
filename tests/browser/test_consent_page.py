"""The consent page in a real browser, inside the real flow: allowed, denied, by keyboard, and looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tba_secrets.netsuite.flow import Person
from tba_secrets.netsuite.flow_errors import ConsentDeniedError
from tba_secrets.simulator import Simulator
from tba_secrets.sources.interface import Pair
from tests.browser.conftest import HANG_GUARD_SECONDS
from tests.browser.looks import findings, lightness
from tests.netsuite.flow_bench import EXPECTED, application, flow_of, tokens
from tests.netsuite.support import KeepingSender
from tests.simulator import accounts

pytestmark = pytest.mark.browser

Ask = Callable[..., Pair]


@pytest.fixture
def ask(simulator: Simulator, keys: accounts.Keys) -> Ask:
    """Runs the flow; what the person does on the page is given."""
    flow = flow_of(application(keys, simulator.url), KeepingSender())

    def run(do: Callable[[str], None], role: str | None = "1042") -> Pair:
        expected = replace(EXPECTED, role_id=role)
        return flow(Person(open_page=do, announce=lambda _: None), expected)

    return run


def heading(chromium: Chrome) -> str:
    return chromium.find_element(By.TAG_NAME, "h1").text


def press(chromium: Chrome, decision: str) -> None:
    chromium.find_element(By.CSS_SELECTOR, f"button[value={decision}]").click()


def is_back(chromium: Chrome) -> None:
    WebDriverWait(chromium, HANG_GUARD_SECONDS).until(lambda page: "/tba/" in page.current_url)


def test_allow_gives_a_token(chromium: Chrome, ask: Ask, simulator: Simulator) -> None:
    def person(url: str) -> None:
        chromium.get(url)
        assert heading(chromium) == "Allow warehouse-sync to access Example Warehouse Inc.?"
        assert accounts.ACCOUNT in chromium.find_element(By.TAG_NAME, "main").text
        press(chromium, "allow")
        is_back(chromium)
        assert heading(chromium) == "Done: access was allowed"

    pair = ask(person)
    issued = simulator.state.account(accounts.ACCOUNT).tokens[-1]
    assert pair.identifier.reveal() == issued.token_id
    assert (issued.user, issued.role) == ("38", "1042")


def test_deny_gives_none(chromium: Chrome, ask: Ask, simulator: Simulator) -> None:
    def person(url: str) -> None:
        chromium.get(url)
        press(chromium, "deny")
        is_back(chromium)
        assert heading(chromium) == "Access was not allowed"

    with pytest.raises(ConsentDeniedError):
        ask(person)
    assert tokens(simulator) == 1


def test_by_keyboard_alone(chromium: Chrome, ask: Ask, simulator: Simulator) -> None:
    """Tab to the choice, arrow down to another one and back, Tab to Allow, Enter."""

    def person(url: str) -> None:
        chromium.get(url)
        focus_on(chromium, "login")
        ActionChains(chromium).send_keys(Keys.ARROW_DOWN).perform()
        assert chosen(chromium) == "38:1043"
        ActionChains(chromium).send_keys(Keys.ARROW_UP).perform()
        assert chosen(chromium) == "38:1042"
        focus_on(chromium, "decision")
        assert outline(chromium) >= 2
        ActionChains(chromium).send_keys(Keys.ENTER).perform()
        is_back(chromium)

    ask(person, role=None)
    assert simulator.state.account(accounts.ACCOUNT).tokens[-1].role == "1042"


def focus_on(chromium: Chrome, name: str) -> None:
    for _ in range(6):
        ActionChains(chromium).send_keys(Keys.TAB).perform()
        if chromium.switch_to.active_element.get_attribute("name") == name:
            return
    pytest.fail(f"{name} cannot be reached with the Tab key")


def chosen(chromium: Chrome) -> str | None:
    value = chromium.find_element(By.CSS_SELECTOR, "input[name=login]:checked")
    return value.get_attribute("value")


def outline(chromium: Chrome) -> float:
    """How thick the ring around what has the focus is, in pixels."""
    width = chromium.switch_to.active_element.value_of_css_property("outline-width")
    return float(width.removesuffix("px"))


def test_the_label_chooses(chromium: Chrome, ask: Ask) -> None:
    def person(url: str) -> None:
        chromium.get(url)
        labels = chromium.find_elements(By.CSS_SELECTOR, "label.choice")
        texts = [label.text for label in labels]
        assert [accounts.BOT in text for text in texts] == [True, True, False]
        labels[1].click()
        assert chosen(chromium) == "38:1043"
        press(chromium, "deny")
        is_back(chromium)

    with pytest.raises(ConsentDeniedError):
        ask(person, role=None)


def test_an_answered_request_is_not_asked_again(chromium: Chrome, ask: Ask) -> None:
    def person(url: str) -> None:
        chromium.get(url)
        press(chromium, "allow")
        is_back(chromium)
        chromium.get(url)
        assert heading(chromium) == "This did not work"
        assert "already answered" in chromium.find_element(By.CSS_SELECTOR, "[role=alert]").text
        assert chromium.find_elements(By.TAG_NAME, "button") == []
        assert findings(chromium) == []

    ask(person)


@pytest.mark.parametrize("width", [1100, 500])
def test_it_is_light_and_accessible(width: int, chromium: Chrome, ask: Ask, tmp_path: Path) -> None:
    def person(url: str) -> None:
        chromium.set_window_size(width, 900)
        chromium.get(url)
        assert findings(chromium) == []
        assert lightness(chromium) > 0.9
        assert chromium.save_screenshot(str(tmp_path / "consent.png"))
        press(chromium, "allow")
        is_back(chromium)
        assert findings(chromium) == []

    ask(person)


def test_a_pale_word_and_a_lost_label_would_be_found(chromium: Chrome, ask: Ask) -> None:
    """The broken twin of the measuring."""

    def person(url: str) -> None:
        chromium.get(url)
        chromium.execute_script(
            "document.querySelector('h1').style.color = '#bbb';"
            "const label = document.querySelector('label'); label.replaceWith(...label.childNodes);"
        )
        found = findings(chromium)
        assert any(one.startswith("contrast") for one in found)
        assert "no label: login" in found
        press(chromium, "allow")
        is_back(chromium)

    ask(person)
