"""The page of `tba status --html`, parsed: complete, self-contained, and nothing in it that a name could smuggle in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from tba_secrets.cli.status_page import page
from tba_secrets.cli.status_report import EnvironmentReport, Report
from tba_secrets.rotation import Policy, RotationFinding, Standing
from tba_secrets.stores.journal import JournalEntry, Retirement
from tests.cli.status_bench import DAY, NOW, VERSION, report, token

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Parsed(HTMLParser):
    """Every element with its attributes, and the text; a tag that is not closed in order is noted."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.wrong: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        self.wrong += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] != "style":
            self.words.append(data)

    @property
    def said(self) -> str:
        """The page's text."""
        return " ".join(" ".join(self.words).split())

    def all(self, name: str) -> list[dict[str, str]]:
        """The attributes of every element of a name."""
        return [attributes for tag, attributes in self.elements if tag == name]


def bars(parsed: Parsed) -> list[tuple[str, str, str]]:
    """What each bar is called, how long it is, and how it is filled; a token without an age has no length."""
    found: list[tuple[str, str, str]] = []
    label = ""
    for name, attributes in parsed.elements:
        if name == "svg":
            label = attributes.get("aria-label", "")
            if label:
                found.append((label, "", ""))
        elif name == "rect" and label:
            found[-1] = (label, attributes["width"], attributes["fill"])
    return found


MANY = report(
    token("warehouse/late", 101),
    token("warehouse/soon", 80),
    token("warehouse/new", 3),
    token("billing/old-state", None),
    token("billing/free", 400, policy=Policy()),
)


@pytest.mark.parametrize(
    "found", [report(), report(token("a/b", 1)), MANY], ids=["none", "one", "many"]
)
def test_it_is_whole_and_needs_nothing_else(found: Report) -> None:
    source = page(found)
    parsed = Parsed(source)
    assert parsed.wrong == []
    assert not parsed.all("script") + parsed.all("link") + parsed.all("img")
    assert "http://" not in source
    assert "https://" not in source
    assert "url(" not in source.replace("url(#", "")
    for _, attributes in parsed.elements:
        assert not {"src", "href", "srcset", "action"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
    policy = next(m["content"] for m in parsed.all("meta") if m.get("http-equiv"))
    assert policy.startswith("default-src 'none'")


def test_a_bar_for_each_token_and_overdue_looks_different() -> None:
    found = {label: (width, fill) for label, width, fill in bars(Parsed(page(MANY)))}
    assert found == {
        "warehouse/late: 101 of 90 days: overdue by 11 days": ("22.44%", "url(#overdue)"),
        "warehouse/soon: 80 of 90 days: due in 10 days": ("17.78%", "url(#due)"),
        "warehouse/new: 3 of 90 days": ("0.67%", "#2f8f5b"),
        "billing/old-state: age not known": ("", ""),
        "billing/free: 400 days old, no policy": ("88.89%", "#7b8794"),
    }
    ids = {attributes["id"] for attributes in Parsed(page(MANY)).all("pattern")}
    assert ids == {"due", "overdue"}


def test_the_policy_s_marks_are_where_it_says() -> None:
    """On an axis to 120 days: 90 of them, and 76 where the warning begins."""
    lines = Parsed(page(report(token("a/b", 30)))).all("line")
    marks = {line["class"]: line["x1"] for line in lines if "class" in line}
    assert marks["rotate-every"] == "75.00%"
    assert marks["warn-before"] == "63.33%"
    free = Parsed(page(report(token("a/b", 30, policy=Policy(timedelta(days=90)))))).all("line")
    assert "warn-before" not in {line.get("class") for line in free}


@pytest.mark.parametrize("days", [0, 0.01, 1, 29, 90, 364, 2000, 99999])
def test_no_age_is_off_the_axis(days: float) -> None:
    parsed = Parsed(page(report(token("a/b", days, policy=Policy()))))
    (bar,) = bars(parsed)
    assert 0 <= float(bar[1].rstrip("%")) < 100
    assert 2 <= len(parsed.all("text")) <= 8


def test_the_table_says_what_there_is_to_know() -> None:
    waits = JournalEntry("tba-aa10b481002a", "k:1", int(NOW - 9 * DAY), int(NOW - DAY))
    person = JournalEntry("tba-bb", "k:2", int(NOW), int(NOW), Retirement.PERSON)
    said = Parsed(page(report(token("a/b", 101, journal=(waits, person))))).said
    for words in (
        "a/b",
        "prod",
        "due 2026-11-12",
        VERSION[:12],
        "80f5a2:58e6ae10f34c3deb",
        "2026-11-20 08:15 UTC",
        "role R in account 1234567",
        "rest proves login",
        "its overlap ended 2026-11-22",
        "waits for a person to revoke it",
        "overdue by 11 days",
    ):
        assert words in said, words


def test_the_table_says_how_long_a_certificate_is_valid() -> None:
    one = token("a/b", 5)
    assert "valid until" not in Parsed(page(report(one))).said
    assert (
        "valid until 2027-11-28"
        in Parsed(page(report(replace(one, valid_until="2027-11-28")))).said
    )


def test_how_long_tba_works_is_one_line_an_environment() -> None:
    one = report(token("a/b", 5))
    assert "TBA of" not in Parsed(page(one)).said
    noted = replace(one.environments[0], on_tba=("a",))
    said = Parsed(page(replace(one, environments=(noted,)))).said
    assert said.count("prod: TBA of a: existing") == 1


def test_every_cell_has_its_heading_for_narrow_screens() -> None:
    parsed = Parsed(page(MANY))
    assert len(parsed.all("th")) == 6
    assert all(head["scope"] == "col" for head in parsed.all("th"))
    assert len(parsed.all("td")) == 6 * len(MANY.tokens)
    assert all(cell["data-label"] for cell in parsed.all("td"))


def test_the_worst_comes_first() -> None:
    said = Parsed(page(MANY)).said
    places = [said.index(name) for name in ("warehouse/late", "warehouse/soon", "warehouse/new")]
    assert places == sorted(places)


def test_an_environment_that_cannot_be_read_is_said_before_all() -> None:
    problem = RotationFinding(Standing.FAILING, "its YAML is wrong: x", "mend it")
    broken = EnvironmentReport("other", findings=(problem,))
    parsed = Parsed(page(report(token("a/b", 3), broken=(broken,))))
    assert "1 environment not read completely" in parsed.said
    assert parsed.said.index("its YAML is wrong") < parsed.said.index("Ages against the policy")


EVIL = "<script>alert(1)</script>\"'&amp;$body<!--"


def test_everything_is_escaped() -> None:
    finding = RotationFinding(Standing.FAILING, EVIL, EVIL)
    evil = token(EVIL, 101, environment=EVIL, findings=(finding,))
    source = page(report(evil, broken=(EnvironmentReport(EVIL, EVIL, (), (finding,)),)))
    parsed = Parsed(source)
    assert parsed.wrong == []
    assert not parsed.all("script")
    assert "<script" not in source
    assert "<!--" not in source
    assert parsed.said.count("<script>alert(1)</script>\"'&amp;$body<!--") >= 6
