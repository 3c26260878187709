"""The body of a message in the shape that its receiver reads. No IO.

Sources: Slack's "Sending messages using incoming webhooks" and "Formatting text for app surfaces"; Microsoft's "Create
incoming webhooks with Workflows for Microsoft Teams" and the schema of Adaptive Cards 1.4.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from tba_secrets.cli.notify.news import NewsItem, key_of
from tba_secrets.cli.status_report import Report


class MessageShape(StrEnum):
    """Who reads the message."""

    SLACK = "slack"
    TEAMS = "teams"
    JSON = "json"


_HOSTS: Final = {
    "slack.com": MessageShape.SLACK,
    "slack-gov.com": MessageShape.SLACK,
    "webhook.office.com": MessageShape.TEAMS,
    "logic.azure.com": MessageShape.TEAMS,
    "api.powerplatform.com": MessageShape.TEAMS,
}
"""The domains of the services' own webhooks."""
_MOST_ITEMS: Final = 20
_LONGEST_TEXT: Final = 400
"""What a chat shows of one item: Teams takes 28 KB in all."""


def shape_for(url: str) -> MessageShape:
    """Return the shape that the host of a webhook reads; JSON where the host is not known."""
    host = urlsplit(url).hostname or ""
    for domain, shape in _HOSTS.items():
        if host == domain or host.endswith(f".{domain}"):
            return shape
    return MessageShape.JSON


def body(shape: MessageShape, report: Report, items: Sequence[NewsItem]) -> bytes:
    """Write the message that tells the items of a report."""
    write = {MessageShape.SLACK: _slack, MessageShape.TEAMS: _teams, MessageShape.JSON: _json}
    return json.dumps(write[shape](report, items)).encode()


def _json(report: Report, items: Sequence[NewsItem]) -> dict[str, Any]:
    """Use the names of `tba status --json`."""
    plain = report.plain()
    told = {name: plain[name] for name in ("at", "state", "exit_code")}
    key = key_of(*(item.key for item in items))
    return {**told, "key": key, "findings": [asdict(item) for item in items]}


def _title(report: Report, items: Sequence[NewsItem]) -> str:
    names = ", ".join(dict.fromkeys(item.environment for item in items))
    return f"NetSuite credentials of {names}: {report.standing.word}"


def _left_out(items: Sequence[NewsItem]) -> str:
    return f"and {len(items) - _MOST_ITEMS} more: see `tba status`"


def _slack(report: Report, items: Sequence[NewsItem]) -> dict[str, Any]:
    lines = [f"*{_slack_safe(_title(report, items))}*"]
    for item in items[:_MOST_ITEMS]:
        lines.append(f"• *{item.state}* {_slack_safe(f'{item.about}: {item.what}')}")
        if item.remedy:
            lines.append(f"    To do: {_slack_safe(item.remedy)}")
    if len(items) > _MOST_ITEMS:
        lines.append(_left_out(items))
    return {"text": "\n".join(lines)}


def _slack_safe(text: str) -> str:
    """Escape what would be a mention or a link."""
    text = text[:_LONGEST_TEXT]
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(report: Report, items: Sequence[NewsItem]) -> dict[str, Any]:
    blocks = [_block((_title(report, items), True))]
    for item in items[:_MOST_ITEMS]:
        remedy = f" To do: {item.remedy}" if item.remedy else ""
        words = f" {item.about}: {item.what}."[:_LONGEST_TEXT] + remedy[:_LONGEST_TEXT]
        blocks.append(_block((item.state, True), (words, False)))
    if len(items) > _MOST_ITEMS:
        blocks.append(_block((_left_out(items), False)))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _block(*runs: tuple[str, bool]) -> dict[str, Any]:
    """Make a paragraph of texts that are bold or not; a TextRun is shown as it is, without Markdown."""
    inlines = [
        {"type": "TextRun", "text": text, "weight": "Bolder" if bold else "Default"}
        for text, bold in runs
    ]
    return {"type": "RichTextBlock", "inlines": inlines}
