"""The ages against the policy: one horizontal bar a token on a common axis of days, as inline SVG.

Lengths along the axis are per cent of the width, so that the picture fits every screen and the text keeps its size.
Hatching tells overdue from due soon and well, not colour alone; the words beside the bar say it a third time.
"""

from __future__ import annotations

import math
from typing import Final
from xml.etree.ElementTree import Element

from tba_secrets.cli.markup import Content, tag
from tba_secrets.cli.status_report import Report, TokenReport
from tba_secrets.rotation import Standing, judge_age, span

DAY: Final = 86400.0
_HEIGHT: Final = 26
_BAR: Final = (7, 12)
"""Top and height of the bar, pixels."""
_MOST_TICKS: Final = 6
_STEPS: Final = (1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365)
_FILLS: Final = {
    Standing.WELL: "#2f8f5b",
    Standing.DUE_SOON: "url(#due)",
    Standing.OVERDUE: "url(#overdue)",
}


def chart(report: Report) -> tuple[Element, ...]:
    """Patterns, legend, axis and bars; a sentence where there is no token."""
    tokens = report.tokens
    if not tokens:
        return (tag("p", "There is no token to show."),)
    ticks = _ticks(max((_reach(token, report.at) for token in tokens), default=1.0))
    several = len(report.environments) > 1
    bars = [_row(token, report.at, ticks, several=several) for token in tokens]
    return (_patterns(), _legend(), tag("ol", *bars, class_="bars"), _axis(ticks))


def age_state(token: TokenReport, now: float) -> Standing:
    """What the age alone calls for."""
    finding = judge_age(token.policy, token.since, now)
    return Standing.WELL if finding is None else finding.standing


def age_words(token: TokenReport, now: float) -> str:
    """The age and what it calls for, in words."""
    age, every = token.age(now), token.policy.rotate_every
    if age is None:
        return "age not known"
    if every is None:
        return f"{span(age)} old, no policy"
    finding = judge_age(token.policy, token.since, now)
    said = "" if finding is None else f": {finding.what.partition(':')[0]}"
    return f"{_of(span(age), span(every.total_seconds()))}{said}"


def _of(age: str, limit: str) -> str:
    """`80 of 90 days`, or `5 hours of 90 days`."""
    count, _, unit = age.partition(" ")
    return f"{count} of {limit}" if limit.endswith(f" {unit}") else f"{age} of {limit}"


def _reach(token: TokenReport, now: float) -> float:
    """How far along the axis a token goes, in days."""
    every = token.policy.rotate_every
    return max((token.age(now) or 0.0), 0.0 if every is None else every.total_seconds()) / DAY


def _ticks(reach: float) -> tuple[float, ...]:
    """Round numbers of days from 0 to beyond `reach`, a handful of them."""
    wanted = max(reach, 0.5) * 1.04
    step = next((s for s in _STEPS if wanted / s <= _MOST_TICKS), None)
    if step is None:
        step = 365 * math.ceil(wanted / _MOST_TICKS / 365)
    return tuple(float(step * n) for n in range(math.ceil(wanted / step) + 1))


def _row(token: TokenReport, now: float, ticks: tuple[float, ...], *, several: bool) -> Element:
    words, state = age_words(token, now), age_state(token, now)
    name: list[Content] = [token.path]
    if several:
        name.append(tag("small", token.environment))
    mark = {Standing.OVERDUE: "overdue", Standing.DUE_SOON: "due"}.get(state, "")
    return tag(
        "li",
        tag("span", *name, class_="name"),
        tag("span", _bar(token, now, ticks, f"{token.path}: {words}"), class_="chart"),
        tag("span", words, class_=f"said {mark}".strip()),
    )


def _bar(token: TokenReport, now: float, ticks: tuple[float, ...], label: str) -> Element:
    end = ticks[-1]
    parts = [_line(tick / end, "#e4eaf0", 0, _HEIGHT, 1) for tick in ticks]
    age = token.age(now)
    if age is not None:
        fill = _FILLS[age_state(token, now)] if token.policy.rotate_every else "#7b8794"
        top, height = _BAR
        parts.append(
            tag(
                "rect",
                x="0",
                y=top,
                width=_percent(age / DAY / end),
                height=height,
                fill=fill,
                rx="2",
            )
        )
    parts += _marks(token, end)
    return tag("svg", *parts, height=_HEIGHT, role="img", aria_label=label)


def _marks(token: TokenReport, end: float) -> list[Element]:
    """The policy's: a dashed line where the warning begins, a thick one where `rotate_every` is over."""
    every, before = token.policy.rotate_every, token.policy.warn_before
    if every is None:
        return []
    limit = every.total_seconds() / DAY
    marks = [
        _line(limit / end, "#fff", 2, _HEIGHT - 2, 7, mark="halo"),
        _line(limit / end, "#1f2933", 2, _HEIGHT - 2, 3, mark="rotate-every"),
    ]
    if before is not None:
        at = (limit - before.total_seconds() / DAY) / end
        dashed = _line(at, "#1f2933", 2, _HEIGHT - 2, 2, mark="warn-before")
        dashed.set("stroke-dasharray", "3 3")
        marks += [_line(at, "#fff", 2, _HEIGHT - 2, 6, mark="halo"), dashed]
    return marks


def _line(at: float, colour: str, top: int, bottom: int, width: int, mark: str = "tick") -> Element:
    where = _percent(at)
    return tag(
        "line",
        x1=where,
        x2=where,
        y1=top,
        y2=bottom,
        stroke=colour,
        stroke_width=width,
        class_=mark,
    )


def _percent(part: float) -> str:
    return f"{100 * min(max(part, 0.0), 1.0):.2f}%"


def _axis(ticks: tuple[float, ...]) -> Element:
    anchors = ["start", *["middle"] * (len(ticks) - 2), "end"]
    texts = [
        tag(
            "text",
            f"{tick:.0f} d" if tick == ticks[-1] else f"{tick:.0f}",
            x=_percent(tick / ticks[-1]),
            y=14,
            text_anchor=anchor,
        )
        for tick, anchor in zip(ticks, anchors, strict=True)
    ]
    return tag("div", tag("svg", *texts, height=18, aria_hidden="true"), class_="axis")


def _patterns() -> Element:
    """Fills that differ without colour: narrow stripes for due soon, broad hatching on red for overdue."""
    due = tag(
        "pattern",
        tag("rect", width=8, height=8, fill="#f0b429"),
        tag("rect", width=2, height=8, fill="#8a5300"),
        id="due",
        width=8,
        height=8,
        patternUnits="userSpaceOnUse",
    )
    overdue = tag(
        "pattern",
        tag("rect", width=8, height=8, fill="#a61b1b"),
        tag("rect", width=3, height=8, fill="#f7c6c6"),
        id="overdue",
        width=8,
        height=8,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )
    defs = tag("defs", due, overdue)
    return tag("svg", defs, width=0, height=0, style="position:absolute", aria_hidden="true")


def _legend() -> Element:
    fills = [("within the policy", "#2f8f5b"), ("due soon", "url(#due)")]
    fills += [("overdue", "url(#overdue)"), ("no policy", "#7b8794")]
    keys = [
        _key(words, tag("rect", width=22, height=12, y=1, fill=fill, rx="2"))
        for words, fill in fills
    ]
    dashes = tag(
        "line", x1=11, x2=11, y1=0, y2=14, stroke="#1f2933", stroke_width=2, stroke_dasharray="3 3"
    )
    solid = tag("line", x1=11, x2=11, y1=0, y2=14, stroke="#1f2933", stroke_width=3)
    keys += [_key("warn_before begins", dashes), _key("rotate_every is over", solid)]
    return tag("ul", *keys, class_="legend")


def _key(words: str, shape: Element) -> Element:
    return tag("li", tag("svg", shape, width=22, height=14, aria_hidden="true"), words)
