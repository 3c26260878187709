"""The engine's event stream -> what one update did to each record, and why it failed. No IO.

`pulumi up --json` writes one event a line (github.com/pulumi/pulumi, sdk/go/common/apitype/events.go, EngineEvent).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from tba_secrets.engine.pulumi import without_password
from tba_secrets.errors import SpecError
from tba_secrets.promote import PROMOTED, VERIFIED_AS
from tba_secrets.provider import SMOKE_TEST, STAGED_CREDENTIAL

_COUNTED: Final = re.compile(r"\A[0-9]+ errors? occurred:\s*\* ")
"""What the engine puts before a failure that leaves something in state (hashicorp/go-multierror)."""
_REFUSED: Final = re.compile(r"\Atba:index:\w+ resource '([^']+)' has a problem: ")
"""What the engine puts before an input that the provider refuses; the record's urn is not known yet."""
_UNCHANGED: Final = frozenset({"same", "read", "refresh"})

Tell = Callable[[str], None]
"""Called with each line of progress."""


class UpdateResult(Enum):
    """How the update of one environment ended."""

    DONE = "done"
    NOTHING = "nothing to do"
    WAITS = "waits for a person"
    """Nothing else has failed."""
    FAILED = "failed"
    NOT_STARTED = "not started"


@dataclass(frozen=True)
class Message:
    """Something that the provider or the engine said, in their own words."""

    text: str
    token: str | None = None
    """`integration/token`; None if it is about the whole environment."""


@dataclass
class TokenOutcome:
    """What was done to one record; an untouched record has none."""

    staged: bool = False
    """A new candidate was written."""
    promoted: bool = False
    """What passed was made current."""
    removed: bool = False
    """It is no longer declared: deleted recoverably, or left, as its warning says."""
    verified_as: str | None = None
    """`role R in account A`, where the checks ran and passed."""
    replaces: str = ""
    """What becomes of the credential that it replaces, and when; empty if it replaces none."""
    waits_for: str = ""
    """What a person has to do in NetSuite before it can pass; empty if nothing waits."""


@dataclass(frozen=True)
class UpdateOutcome:
    """What one update did."""

    environment: str
    result: UpdateResult
    tokens: Mapping[str, TokenOutcome] = field(default_factory=dict)
    errors: tuple[Message, ...] = ()
    warnings: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()
    """What a record's handler informs of, beyond the result."""
    seconds: float = 0.0


class UpdateListener:
    """Hears the events of one update, and tells the provider's live messages."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.declared: Callable[[], Sequence[str]] = tuple
        """Reads the records, `integration/token`: asked if an input is refused before its record is known."""
        self._records: dict[str, str] = {}
        self._changed = False
        self.tokens: dict[str, TokenOutcome] = {}
        self.errors: list[Message] = []
        self.warnings: list[Message] = []
        self.notes: list[Message] = []

    def hear(self, line: str) -> None:
        """Take in one line of the stream.

        What is no event, or one of a shape that is not known, is passed over: the reader of the stream must go on, and
        the CLI's own verdict stands in any case.
        """
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            self._heard(json.loads(line))

    def _heard(self, event: Mapping[str, Any]) -> None:
        if "resourcePreEvent" in event:
            step = event["resourcePreEvent"]["metadata"]
            if (record := _inputs(step).get("record")) is not None:
                self._records[step["urn"]] = record
        elif "resOpFailedEvent" in event:
            self._failed(event["resOpFailedEvent"]["metadata"])
        elif "resOutputsEvent" in event:
            self._ended(event["resOutputsEvent"]["metadata"])
        elif "diagnosticEvent" in event:
            self._said(event["diagnosticEvent"])
        elif "summaryEvent" in event:
            changes = event["summaryEvent"].get("resourceChanges") or {}
            self._changed = any(n and op not in _UNCHANGED for op, n in changes.items())

    def outcome(self, environment: str, result: UpdateResult, *, seconds: float) -> UpdateOutcome:
        """Return all that was heard.

        Of the CLI's verdict, `DONE` becomes `NOTHING` if nothing changed, and `FAILED` becomes `WAITS` if all that
        failed waits for a person.
        """
        if result is UpdateResult.DONE and not self._changed:
            result = UpdateResult.NOTHING
        if result is UpdateResult.FAILED and self._only_waits():
            result = UpdateResult.WAITS
        return UpdateOutcome(
            environment,
            result,
            self.tokens,
            tuple(dict.fromkeys(self.errors)),
            tuple(dict.fromkeys(self.warnings)),
            tuple(dict.fromkeys(self.notes)),
            seconds,
        )

    def note(self, words: str) -> None:
        """Tell something that the report keeps."""
        self.notes.append(Message(words))
        self.tell(words)

    def _ended(self, step: Mapping[str, Any]) -> None:
        record = self._records.get(step["urn"])
        if record is None or step["op"] in _UNCHANGED:
            if step["op"] == "same" and step["type"] == SMOKE_TEST and record in self.tokens:
                # nothing is left to test: what is current was declared again, in place of a refused candidate
                self.tokens[record].staged = False
            return
        token = self.tokens.setdefault(record, TokenOutcome())
        if step.get("new") is None:
            token.removed |= step["type"] == STAGED_CREDENTIAL
        elif step["type"] == STAGED_CREDENTIAL:
            token.staged |= _outputs(step, "old").get("versions") != _outputs(step, "new").get(
                "versions"
            )
        elif step["type"] == SMOKE_TEST:
            self._tested(token, step)

    def _failed(self, step: Mapping[str, Any]) -> None:
        record = self._records.get(step["urn"])
        if record is not None and step["type"] == SMOKE_TEST:
            waits_for = _outputs(step, "new").get("waitsFor") or ""
            self.tokens.setdefault(record, TokenOutcome()).waits_for = waits_for

    def _only_waits(self) -> bool:
        waiting = {record for record, token in self.tokens.items() if token.waits_for}
        return bool(waiting) and all(error.token in waiting for error in self.errors)

    def _tested(self, token: TokenOutcome, step: Mapping[str, Any]) -> None:
        old, new = _outputs(step, "old"), _outputs(step, "new")
        drifted = any(name.startswith("drift.") for name in step.get("detailedDiff") or {})
        moved = drifted or old.get("verified") != new.get("verified")
        token.promoted |= moved and new.get("promote") is not False
        token.verified_as = new.get("verifiedAs")

    def _said(self, diagnostic: Mapping[str, Any]) -> None:
        token = self._records.get(diagnostic.get("urn") or "")
        text = _COUNTED.sub("", diagnostic["message"]).strip()
        if token is None and (refused := _REFUSED.match(text)) is not None:
            name, named = refused[1], []
            with suppress(SpecError):  # which the program tells
                named = [record for record in self.declared() if record.endswith(f"/{name}")]
            if len(named) == 1:  # integrations may have tokens of the same name
                token, text = named[0], text[refused.end() :]
        # Without a record they are the engine's own words, which may quote the backend's address.
        message = Message(text if token else without_password(text), token)
        match diagnostic["severity"]:
            case "error" if text != "update failed":
                self.errors.append(message)
            case "warning":
                self.warnings.append(message)
            case "info" if diagnostic.get("ephemeral"):
                pass  # it is told, and not kept
            case "info" if token is not None and text.startswith(VERIFIED_AS):
                # it was told live, and stands in the outcome
                after = text.partition(f"{PROMOTED}; ")[2]
                self.tokens.setdefault(token, TokenOutcome()).replaces = after
                return
            case "info" if token is not None:
                self.notes.append(message)
            case _:
                return
        self.tell(_named(message))


def _named(message: Message) -> str:
    """Return a message's first line, with its record before it unless it begins with that."""
    first = message.text.partition("\n")[0]
    if message.token is None or first.startswith(message.token):
        return first
    return f"{message.token}: {first}"


def _inputs(step: Mapping[str, Any]) -> Mapping[str, Any]:
    return (step.get("new") or step.get("old") or {}).get("inputs") or {}


def _outputs(step: Mapping[str, Any], which: str) -> Mapping[str, Any]:
    return (step.get(which) or {}).get("outputs") or {}
