"""Headless Chromium, and a simulator to look at. A browser that is missing fails; it does not skip."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tba_secrets.simulator import Simulator
from tests.simulator.accounts import Keys, config

HANG_GUARD_SECONDS = 120
INSTALL = "apt-get update && apt-get install -y chromium chromium-driver"


def start_chromium(folder: Path) -> Chrome:
    """A browser with a profile of its own, which asks loopback only."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.fail(f"Chromium or its driver is missing. Install both: {INSTALL}")
    options = ChromeOptions()
    options.binary_location = browser
    for argument in (
        "--headless=new",
        "--window-size=1100,900",
        "--no-proxy-server",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
        f"--user-data-dir={folder}",
    ):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium refuses to run as root with it
    chrome = Chrome(options=options, service=Service(executable_path=driver))
    chrome.set_page_load_timeout(HANG_GUARD_SECONDS)
    return chrome


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    chrome = start_chromium(tmp_path_factory.mktemp("chromium"))
    yield chrome
    chrome.quit()


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def simulator(keys: Keys) -> Iterator[Simulator]:
    with Simulator(config(keys)) as running:
        yield running
