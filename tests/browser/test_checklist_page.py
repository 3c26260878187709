"""The page of `tba checklist` in a real browser: readable in light and dark, at every width."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tba_secrets.cli.checklist import ChecklistFormat, rendered
from tests.browser.looks import findings, lightness
from tests.cli.test_checklist import of, passed, project

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 480])
@pytest.mark.parametrize(("scheme", "lightest"), [("light", 1.0), ("dark", 0.2)])
def test_it_is_accessible(
    scheme: str, lightest: float, width: int, chromium: Chrome, tmp_path: Path
) -> None:
    permissions = f"[User Access Tokens, {'a-rather-long-permission-' * 10}]"
    found = of(project(tmp_path, permissions=permissions), passed(), passed(token="stock", role={}))
    file = tmp_path / "checklist.html"
    file.write_text(rendered(found, ChecklistFormat.HTML), encoding="utf-8")
    chromium.set_window_size(width, 900)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    chromium.get(file.as_uri())
    try:
        assert findings(chromium) == []
        assert lightest - 0.2 < lightness(chromium) <= lightest
    finally:
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
