"""Figures -> a table in Markdown, and a plot in SVG. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from math import log10
from statistics import median
from typing import Any, Final

from bench.contestants import OPERATIONS

Rows = Sequence[dict[str, Any]]

_COLOURS: Final = {
    "ours": "#0b6e4f",
    "saved once": "#56b894",
    "by hand": "#c1440e",
    "shell loop": "#8a6fb0",
    "calls alone": "#777777",
    "empty engine": "#bbbbbb",
}
_COLUMN, _PANEL, _MARGIN = 210, 190, 46
_LEAST: Final = 1.0
_SPAN: Final = 3.0
"""Powers of ten on the vertical axis, from `_LEAST` seconds."""


def table(rows: Rows) -> str:
    """Return the tables: medians, with each ratio's median and spread over the rounds; then the calls."""
    lines = [
        "| store | credentials | operation | ours, s | by hand, s | ratio | saved once, s | ratio "
        "| floor, s | ratio | loop, s | CPU, s | memory, MB | state, kB |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    calls = [
        "| store | credentials | operation | calls of ours | by hand |",
        "|---|---|---|---|---|",
    ]
    for (store, count), mine in _grouped(rows, "store", "count").items():
        for operation in OPERATIONS:
            one = [row for row in mine if row["operation"] == operation]
            if not _of(one, "ours"):
                continue
            begin = f"| {store} | {count} | {operation} |"
            lines.append(f"{begin} {_cells(one, mine)} |")
            calls.append(f"{begin} {_calls(_of(one, 'ours'))} | {_calls(_of(one, 'by hand'))} |")
    return "\n".join((*lines, "", *calls)) + "\n"


def _cells(rows: Rows, group: Rows) -> str:
    by = {who: _of(rows, who) for who in _COLOURS}
    ours, hand = by["ours"], by["by hand"]
    by_hand = {row["round"]: row["seconds"] for row in hand}
    floor = _floor(rows, group)
    return " | ".join(
        (
            _seconds(ours),
            _seconds(hand),
            _ratio(ours, by_hand),
            _seconds(by["saved once"]),
            _ratio(by["saved once"], by_hand),
            f"{median(floor.values()):.1f}" if floor else "-",
            _ratio(ours, floor),
            _seconds(by["shell loop"]),
            _both(ours, hand, "cpu_seconds", 1),
            _both(ours, hand, "peak_bytes", 1e6),
            _both(ours, hand, "state_bytes", 1e3),
        )
    )


def _floor(rows: Rows, group: Rows) -> dict[int, float]:
    """Return, by round, the calls alone and an empty engine run; an update's is the no-op's."""
    alone = {row["round"]: row["seconds"] for row in _of(rows, "calls alone")}
    engine = {row["round"]: row["seconds"] for row in _of(rows, "empty engine")}
    if not engine:
        no_ops = [row for row in group if row["operation"] == "no-op up"]
        engine = {row["round"]: row["seconds"] for row in _of(no_ops, "empty engine")}
    return {number: alone[number] + engine[number] for number in alone.keys() & engine.keys()}


def _of(rows: Rows, who: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["who"] == who]


def _seconds(rows: Rows) -> str:
    return f"{median(row['seconds'] for row in rows):.1f}" if rows else "-"


def _ratio(ours: Rows, others: dict[int, float]) -> str:
    ratios = [row["seconds"] / others[row["round"]] for row in ours if row["round"] in others]
    if not ratios:
        return "-"
    spread = f" ({min(ratios):.2f}-{max(ratios):.2f})" if len(ratios) > 1 else ""
    return f"{median(ratios):.2f}{spread}"


def _both(ours: Rows, hand: Rows, what: str, unit: float) -> str:
    return " / ".join(
        f"{median(row[what] for row in rows) / unit:.{1 if unit == 1 else 0}f}" if rows else "-"
        for rows in (ours, hand)
    )


def _calls(rows: Rows) -> str:
    """Return the calls of the last round: they hardly differ."""
    return ", ".join(f"{many} {kind}" for kind, many in rows[-1]["calls"].items()) if rows else "-"


def _grouped(rows: Rows, *names: str) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in names)].append(row)
    return found


def plot(rows: Rows) -> str:
    """Return a plot: a panel for each store and operation, seconds over credentials, both axes logarithmic."""
    stores = list(dict.fromkeys(row["store"] for row in rows))
    counts = sorted({row["count"] for row in rows})
    width, height = _COLUMN * len(OPERATIONS) + 20, _PANEL * len(stores) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *_legend(),
    ]
    for down, store in enumerate(stores):
        for across, operation in enumerate(OPERATIONS):
            mine = [r for r in rows if (r["store"], r["operation"]) == (store, operation)]
            place = f"translate({across * _COLUMN + 10},{down * _PANEL + 50})"
            parts.append(f'<g transform="{place}">')
            parts += _panel(f"{store}: {operation}", mine, counts)
            parts.append("</g>")
    return "\n".join((*parts, "</svg>")) + "\n"


def _legend() -> Iterable[str]:
    for number, (who, colour) in enumerate(_COLOURS.items()):
        x = 20 + number * 110
        yield f'<line x1="{x}" y1="20" x2="{x + 24}" y2="20" stroke="{colour}" stroke-width="3"/>'
        yield f'<text x="{x + 30}" y="24">{escape(who)}</text>'
    yield f'<text x="{20 + len(_COLOURS) * 110}" y="24">seconds over credentials, logarithmic; median</text>'


def _panel(title: str, rows: Rows, counts: Sequence[int]) -> Iterable[str]:
    wide, high = _COLUMN - _MARGIN - 14, _PANEL - _MARGIN - 10
    yield f'<text x="{_MARGIN}" y="8" font-weight="bold">{escape(title)}</text>'
    for power in range(int(_SPAN) + 1):
        y = 16 + high - power / _SPAN * high
        yield f'<line x1="{_MARGIN}" y1="{y}" x2="{_MARGIN + wide}" y2="{y}" stroke="#dddddd"/>'
        label = f"{_LEAST * 10**power:g}"
        yield f'<text x="{_MARGIN - 6}" y="{y + 4}" text-anchor="end">{label}</text>'
    for count in counts:
        x = _across(count, counts, wide)
        yield f'<text x="{x}" y="{high + 32}" text-anchor="middle">{count}</text>'
    for who, colour in _COLOURS.items():
        points = [
            (_across(count, counts, wide), 16 + _down(_of(mine, who), high))
            for (count,), mine in sorted(_grouped(rows, "count").items())
            if _of(mine, who)
        ]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y in points:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def _across(count: int, counts: Sequence[int], wide: float) -> float:
    reach = log10(max(counts) / min(counts)) or 1.0
    return _MARGIN + 8 + log10(count / min(counts)) / reach * (wide - 16)


def _down(rows: Rows, high: float) -> float:
    seconds = max(_LEAST, median(row["seconds"] for row in rows))
    return high - min(_SPAN, log10(seconds / _LEAST)) / _SPAN * high
