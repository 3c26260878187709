"""The report as one page that needs nothing else: no script, no outside resource, everything escaped (`markup`)."""

from __future__ import annotations

from importlib.resources import files
from string import Template
from typing import Final
from xml.etree.ElementTree import Element

from tba_secrets.cli.markup import Content, tag, text
from tba_secrets.cli.status_chart import age_words, chart
from tba_secrets.cli.status_report import EnvironmentReport, Report, StoreReport, TokenReport
from tba_secrets.rotation import Finding, Standing, short, when

TITLE: Final = "NetSuite tokens: status"
_CLASSES: Final = {
    Standing.WELL: "well",
    Standing.DUE_SOON: "due",
    Standing.OVERDUE: "overdue",
    Standing.ATTENTION: "attention",
    Standing.FAILING: "failing",
}
_SIGNS: Final = {
    Standing.WELL: "✓",
    Standing.DUE_SOON: "◔",
    Standing.OVERDUE: "!",
    Standing.ATTENTION: "▲",
    Standing.FAILING: "✗",
}
_HEADINGS: Final = (
    "Token",
    "State",
    "Age and due date",
    "Versions",
    "Last proof",
    "What to know and do",
)


def page(report: Report) -> str:
    """The whole document."""
    template = files("tba_secrets.cli").joinpath("status.html").read_text(encoding="utf-8")
    parts = [_head(report), *_troubles(report)]
    if report.tokens:
        parts += [_ages(report), _table(report)]
    return Template(template).substitute(title=TITLE, body=text(*parts))


def _head(report: Report) -> Element:
    counted = [
        tag("li", _state(standing, f"{count} {standing.word}"))
        for standing in reversed(Standing)
        if (count := sum(token.standing is standing for token in report.tokens))
    ]
    unread = sum(bool(one.findings) for one in report.environments)
    if unread:
        words = f"{_count(unread, 'environment')} not wholly read"
        counted.insert(0, tag("li", _state(Standing.FAILING, words)))
    names = ", ".join(f"{one.name} ({one.account or '?'})" for one in report.environments)
    total = len(report.tokens)
    return tag(
        "header",
        tag("h1", TITLE),
        tag(
            "p",
            f"{_count(total, 'token')} of {names or 'no environment'}, at {when(report.at)}",
            class_="soft",
        ),
        tag("ul", *counted, class_="counts", aria_label="Tokens by state"),
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _troubles(report: Report) -> list[Element]:
    """Environments that could not be read as a whole."""
    return [_trouble(one) for one in report.environments if one.findings]


def _trouble(one: EnvironmentReport) -> Element:
    heading = tag("h2", f"{one.name} ", _state(one.standing))
    return tag("section", heading, _findings(one.findings), class_="trouble")


def _ages(report: Report) -> Element:
    return tag(
        "section",
        tag("h2", "Ages against the policy", id="ages"),
        *chart(report),
        aria_labelledby="ages",
    )


def _table(report: Report) -> Element:
    head = tag(
        "tr",
        *(tag("th", words, scope="col", role="columnheader") for words in _HEADINGS),
        role="row",
    )
    rows = [_row(token, report.at) for token in report.tokens]
    table = tag(
        "table",
        tag(
            "caption", "The worst first. Version ids are shortened; fingerprints are keyed digests."
        ),
        tag("thead", head, role="rowgroup"),
        tag("tbody", *rows, role="rowgroup"),
        role="table",
    )
    return tag("section", tag("h2", "Tokens", id="tokens"), table, aria_labelledby="tokens")


def _row(token: TokenReport, now: float) -> Element:
    cells = (
        [tag("span", token.path), tag("small", token.environment)],
        [_state(token.standing)],
        _age(token, now),
        [part for store in token.stores for part in _versions(store, token)],
        _proof(token),
        [_findings(token.findings)] if token.findings else [tag("span", "nothing", class_="soft")],
    )
    return tag("tr", *(_cell(*both) for both in zip(_HEADINGS, cells, strict=True)), role="row")


def _cell(heading: str, content: list[Element]) -> Element:
    """`data-label` names the cell on a narrow screen, where the heads are not shown."""
    kind = {"class_": "token"} if heading == _HEADINGS[0] else {}
    return tag("td", *content, role="cell", data_label=heading, **kind)


def _state(standing: Standing, words: str = "") -> Element:
    sign = tag("span", f"{_SIGNS[standing]} ", aria_hidden="true")
    return tag("span", sign, words or standing.word, class_=f"state {_CLASSES[standing]}")


def _age(token: TokenReport, now: float) -> list[Element]:
    due = token.policy.due_at(token.since)
    parts = [tag("span", age_words(token, now).partition(":")[0])]
    if due is not None:
        parts.append(tag("small", f"due {when(due)}"))
    return parts


def _versions(store: StoreReport, token: TokenReport) -> list[Element]:
    """What readers of one store get, what they got before, and what waits."""
    if store.error is not None:
        return [tag("small", f"{store.kind}: cannot be read")]
    parts = [_version(f"{store.kind} current", store.current)]
    if token.fingerprint and store.current and store.drift is None:
        parts.append(tag("small", "fingerprint ", tag("code", token.fingerprint)))
    if store.previous is not None:
        parts.append(_version("previous", store.previous))
    if store.candidate is not None:
        parts.append(_version("candidate", store.candidate))
    return parts


def _version(part: str, version: str | None) -> Element:
    held: Content = "none" if version is None else tag("code", short(version), title=version)
    return tag("span", tag("small", f"{part} "), held, class_="version")


def _proof(token: TokenReport) -> list[Element]:
    if token.proof is None:
        return [tag("span", "none", class_="soft")]
    day, _, clock = token.proof.at.partition("T")
    return [
        tag("span", f"{day} {clock[:5]} UTC"),
        tag("small", token.proof.who),
        *(tag("small", line) for line in token.proof.evidence),
    ]


def _findings(findings: tuple[Finding, ...]) -> Element:
    items = [
        tag("li", finding.what, *([tag("small", finding.remedy)] if finding.remedy else []))
        for finding in findings
    ]
    return tag("ul", *items, class_="found")
