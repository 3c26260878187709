"""The Login Audit Trail as a page, in a real browser."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tba_secrets.simulator import Simulator
from tests.browser.looks import findings, lightness
from tests.simulator.accounts import ACCOUNT, APPLICATION, BOT, OTHER_ACCOUNT, ROLE, TOKEN, Keys
from tests.simulator.signer import send

pytestmark = pytest.mark.browser


@pytest.fixture
def attempts(simulator: Simulator, keys: Keys) -> None:
    """One success, then four refusals, the last of another account."""
    url, now = f"{simulator.url}/rest/tokeninfo", time.time()
    send(keys, "GET", url, now)
    send(keys, "GET", url, now, changes={"oauth_nonce": "abc"})
    send(replace(keys, token_secret="wrong"), "GET", url, now)
    send(replace(keys, token_id="<b>nobody</b>"), "GET", url, now)
    send(keys, "GET", url, now, realm=OTHER_ACCOUNT)


def rows(chromium: Chrome) -> list[list[str]]:
    """Status and detail of each row, as they are seen."""
    found = chromium.find_elements(By.CSS_SELECTOR, "tbody tr")
    return [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")[2:4]] for row in found]


def show(chromium: Chrome, simulator: Simulator, query: str = "") -> None:
    chromium.set_window_size(1100, 900)
    chromium.get(f"{simulator.url}/simulator/audit{query}")


def test_nothing_yet(chromium: Chrome, simulator: Simulator) -> None:
    show(chromium, simulator)
    assert "No attempts yet." in chromium.find_element(By.TAG_NAME, "main").text


@pytest.mark.usefixtures("attempts")
def test_newest_first_with_the_true_reason(chromium: Chrome, simulator: Simulator) -> None:
    show(chromium, simulator)
    assert rows(chromium) == [
        ["Failure", "consumer_key_unknown"],
        ["Failure", "token_rejected"],
        ["Failure", "InvalidSignature"],
        ["Failure", "nonce_rejected"],
        ["Success", ""],
    ]
    last = chromium.find_elements(By.CSS_SELECTOR, "tbody tr")[-1].text
    for words in (ACCOUNT, BOT.partition("@")[0], ROLE, TOKEN, APPLICATION, "GET /rest/tokeninfo"):
        assert words in last.replace("\n", " ")


@pytest.mark.usefixtures("attempts")
def test_one_account_from_the_first_page(chromium: Chrome, simulator: Simulator) -> None:
    chromium.get(simulator.url)
    chromium.find_element(By.LINK_TEXT, OTHER_ACCOUNT).click()
    assert rows(chromium) == [["Failure", "consumer_key_unknown"]]
    show(chromium, simulator, f"?account={ACCOUNT}")
    assert len(rows(chromium)) == 4


@pytest.mark.usefixtures("attempts")
@pytest.mark.parametrize("width", [1400, 1100, 500])
def test_it_is_light_and_accessible(
    width: int, chromium: Chrome, simulator: Simulator, tmp_path: Path
) -> None:
    for path in ("/simulator/audit", "/"):
        show(chromium, simulator)
        chromium.set_window_size(width, 900)
        chromium.get(simulator.url + path)
        assert findings(chromium) == []
        assert lightness(chromium) > 0.9
        assert chromium.save_screenshot(str(tmp_path / f"audit-{width}.png"))


@pytest.mark.usefixtures("attempts")
def test_at_desktop_width_no_column_is_hidden(chromium: Chrome, simulator: Simulator) -> None:
    show(chromium, simulator)
    hidden = chromium.execute_script(
        "const s = document.querySelector('.scroll'); return s.scrollWidth - s.clientWidth;"
    )
    assert hidden == 0


@pytest.mark.usefixtures("attempts")
def test_the_table_scrolls_by_keyboard_where_it_is_narrow(
    chromium: Chrome, simulator: Simulator
) -> None:
    show(chromium, simulator)
    region = chromium.find_element(By.CSS_SELECTOR, "[role=region]")
    assert region.get_attribute("tabindex") == "0"
    assert region.accessible_name == "Login Audit Trail"
