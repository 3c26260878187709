"""The page of `tba status --html` in a real browser: readable at every width, and without JavaScript."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tba_secrets.cli.status_page import page
from tba_secrets.cli.status_report import Report
from tba_secrets.rotation import RotationFinding, Standing
from tests.browser.looks import findings, lightness
from tests.cli.status_bench import report, token

pytestmark = pytest.mark.browser

LONG = RotationFinding(
    Standing.FAILING,
    "its last update failed: a-rather-long-integration-name/a-rather-long-token-name: not promoted; "
    "current is unchanged, and the candidate was discarded",
    "fix the cause, then run `pulumi up`: it tests again by itself",
)
AGES = (3, 20, 45, 70, 80, 88, 95, 130, None, 300)


_CUT_OFF = """return [...document.querySelectorAll('td, .name, .said')]
  .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1).length;"""


def of(number: int) -> Report:
    """So many tokens, of all ages; the first has more to say."""
    return report(
        *(
            token(
                f"a-rather-long-integration-name/a-rather-long-token-name-{n}",
                AGES[(n + 6) % len(AGES)],
                environment=("production", "sandbox")[n % 2],
                findings=(LONG,) if n == 0 else (),
            )
            for n in range(number)
        )
    )


def show(chromium: Chrome, folder: Path, found: Report, width: int) -> None:
    file = folder / "status.html"
    file.write_text(page(found), encoding="utf-8")
    chromium.set_window_size(width, 900)
    chromium.get(file.as_uri())


@pytest.mark.parametrize("width", [1280, 900, 480])
@pytest.mark.parametrize("number", [0, 1, 3, 40])
def test_it_is_light_and_accessible(
    number: int, width: int, chromium: Chrome, tmp_path: Path
) -> None:
    show(chromium, tmp_path, of(number), width)
    assert findings(chromium) == []
    assert lightness(chromium) > 0.9
    assert chromium.save_screenshot(str(tmp_path / f"status-{number}-{width}.png"))


@pytest.mark.parametrize("width", [1280, 480])
def test_bars_are_as_long_as_their_ages_and_stay_in_the_picture(
    width: int, chromium: Chrome, tmp_path: Path
) -> None:
    show(chromium, tmp_path, of(3), width)
    bars = {
        svg.accessible_name.partition(": ")[2].partition(" ")[0]: (
            svg.find_element(By.TAG_NAME, "rect").size["width"] / svg.size["width"]
        )
        for svg in chromium.find_elements(By.CSS_SELECTOR, "svg[role=img]")
        if svg.find_elements(By.TAG_NAME, "rect")
    }
    assert set(bars) == {"95", "130"}
    assert bars["95"] == pytest.approx(95 / 150, abs=0.01)
    assert bars["130"] == pytest.approx(130 / 150, abs=0.01)


@pytest.mark.parametrize("width", [1280, 480])
def test_overdue_is_hatched(width: int, chromium: Chrome, tmp_path: Path) -> None:
    """Not by colour alone: the fill is a pattern, and the words beside the bar say it."""
    show(chromium, tmp_path, report(token("a/late", 101), token("a/new", 3)), width)
    late, new = chromium.find_elements(By.CSS_SELECTOR, ".bars li")
    assert "overdue by 11 days" in late.text
    assert "overdue" not in new.text
    fills = [
        item.find_element(By.TAG_NAME, "rect").value_of_css_property("fill") for item in (late, new)
    ]
    assert "#overdue" in fills[0]
    assert fills[1].startswith("rgb")


def test_on_a_narrow_screen_every_cell_is_named_and_the_table_stays_one(
    chromium: Chrome, tmp_path: Path
) -> None:
    show(chromium, tmp_path, of(3), 480)
    cell = chromium.find_elements(By.CSS_SELECTOR, "tbody tr td")[2]
    script = "return getComputedStyle(arguments[0], '::before').content"
    assert chromium.execute_script(script, cell) == '"Age and due date"'
    assert [one.aria_role for one in chromium.find_elements(By.CSS_SELECTOR, "table, td")] == [
        "table",
        *["cell"] * 18,
    ]


def test_nothing_is_cut_off_or_laid_over_another(chromium: Chrome, tmp_path: Path) -> None:
    """No cell of the table is wider inside than outside."""
    for width in (1280, 900, 480):
        show(chromium, tmp_path, of(40), width)
        assert chromium.execute_script(_CUT_OFF) == 0
