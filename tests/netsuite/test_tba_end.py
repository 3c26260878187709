"""When TBA ends: the dates, and the one line that an environment gets of them."""

from __future__ import annotations

from tba_secrets.netsuite.tba_end import NO_MORE, NO_NEW, tba_note


def test_a_line_names_the_dates_what_is_tentative_and_the_conflict() -> None:
    line = tba_note(["warehouse", "billing", "warehouse"])

    assert line.startswith("TBA of warehouse, billing: existing integration records work until")
    assert "NetSuite 2028.1 (tentative; 2028.2 is reported too)" in line
    assert "from 2027.1 on" in line
    assert "\n" not in line


def test_many_are_counted_and_none_is_silent() -> None:
    assert tba_note(f"i{n}" for n in range(4)).startswith("TBA of 4 integrations: ")
    assert tba_note([]) == ""


def test_every_date_has_its_source() -> None:
    assert all("Oracle help" in ending.source for ending in (NO_NEW, NO_MORE))
    assert (NO_NEW.tentative, NO_MORE.tentative) == (False, True)
