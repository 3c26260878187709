"""What `tba up` reports when all environments are through: for people, and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from rich.markup import escape

from tba_secrets.cli.exits import Exit
from tba_secrets.cli.printing import grouped, report_console, tell
from tba_secrets.engine.events import Message, TokenOutcome, UpdateOutcome, UpdateResult

_COLOURS: Final = {
    UpdateResult.DONE: "green",
    UpdateResult.NOTHING: "dim",
    UpdateResult.WAITS: "magenta",
    UpdateResult.FAILED: "red",
    UpdateResult.NOT_STARTED: "yellow",
}


def exit_code(report: Sequence[UpdateOutcome]) -> Exit:
    """`Exit.FAILED` where an environment failed, or was not started; else `Exit.PERSON` where one waits."""
    results = {one.result for one in report}
    if results & {UpdateResult.FAILED, UpdateResult.NOT_STARTED}:
        return Exit.FAILED
    return Exit.PERSON if UpdateResult.WAITS in results else Exit.DONE


def show(report: Sequence[UpdateOutcome], code: Exit) -> None:
    """Show each environment, what was done to its tokens, why not, and what the command will end with."""
    for one in report:
        show_one(one)
    counts = Counter(one.result for one in report)
    counted = [f"{counts[result]} {result.value}" for result in UpdateResult if counts[result]]
    report_console().print(f"{', '.join(counted)}; exit code {int(code)}")


def show_one(one: UpdateOutcome) -> None:
    """Show one environment, what was done to its tokens, and why not."""
    console = report_console()
    began = one.seconds and one.result is not UpdateResult.NOT_STARTED
    seconds = f" in {one.seconds:.1f} s" if began else ""
    tell(console, f"{escape(one.environment)}: {coloured(one.result)}{seconds}")
    for line in (
        *(f"  {escape(f'{name}: {_done(token)}')}" for name, token in sorted(one.tokens.items())),
        *(f"  {words}" for words in _told(one.notes)),
        *(f"  [yellow]warning:[/] {words}" for words in _told(one.warnings)),
        *(f"  [red]error:[/] {words}" for words in _told(_errors(one))),
        *(f"  [magenta]to do:[/] {words}" for words in _told(_to_do(one))),
    ):
        tell(console, line)


def show_each(one: UpdateOutcome, records: Iterable[str], verb: str) -> None:
    """Show what a command that has succeeded did to the records that it was asked about: a line for each.

    The verb is what was done to it; empty if its notes say that.
    """
    console, names = report_console(), tuple(records)
    notes = {name: [_own(note) for note in one.notes if note.token == name] for name in names}
    for name in names:
        short = [] if verb else [note for note in notes[name] if "\n" not in note]
        token = one.tokens.get(name)
        words = "" if token is None else _done(token, staged=False)
        parts = [verb, words] if verb else [*short, words and f"what readers get is {words}"]
        line = (", " if verb else "; ").join(filter(None, parts)) or "nothing was left to do"
        tell(console, escape(f"{name}: {line}"))
        notes[name] = [note for note in notes[name] if note not in short]
    others = [
        note for note in one.notes if note.token not in names or _own(note) in notes[note.token]
    ]
    for line in (
        *_told(others),
        *(f"[yellow]warning:[/] {words}" for words in _told(one.warnings)),
    ):
        tell(console, line)


def _own(note: Message) -> str:
    return note.text.removeprefix(f"{note.token}: ")


def _done(token: TokenOutcome, *, staged: bool = True) -> str:
    """Say what was done to a record (that it was staged only if asked for), and what becomes of what it replaces."""
    if token.removed:
        return "no longer declared"
    if token.waits_for:
        return "waits for a person"
    words = [
        "staged" if token.staged and staged else "",
        f"verified as {token.verified_as}" if token.verified_as else "",
        "promoted" if token.promoted else "not promoted" if token.staged else "",
    ]
    did = ", ".join(word for word in words if word) or "updated"
    return f"{did}; {token.replaces}" if token.replaces else did


def _errors(one: UpdateOutcome) -> Iterator[Message]:
    """Return the errors, without the remedy of one that waits: that is what a person has to do."""
    for error in one.errors:
        waiting = one.tokens.get(error.token or "")
        if waiting is not None and waiting.waits_for:
            error = replace(error, text=error.text.replace(f"\n  Fix: {waiting.waits_for}", ""))
        yield error


def _to_do(one: UpdateOutcome) -> Iterator[Message]:
    """Return what a person has to do, of each record that waits."""
    return (Message(token.waits_for, name) for name, token in one.tokens.items() if token.waits_for)


def _told(messages: Iterable[Message]) -> Iterator[str]:
    """Tell each cause once, with the tokens that it is about."""
    for words in grouped((message.token, message.text) for message in messages):
        yield escape(words.replace("\n", "\n    "))


def coloured(result: UpdateResult) -> str:
    """Return a result's word, coloured for rich."""
    return f"[{_COLOURS[result]}]{result.value}[/]"


def plain(one: UpdateOutcome) -> dict[str, Any]:
    """Return the report of `--json`: names, words and numbers, no value."""
    return {
        "environment": one.environment,
        "result": one.result.value,
        "seconds": round(one.seconds, 1),
        "tokens": [{"token": name, **asdict(token)} for name, token in sorted(one.tokens.items())],
        "errors": _plain(one.errors),
        "warnings": _plain(one.warnings),
        "notes": _plain(one.notes),
    }


def _plain(messages: Iterable[Message]) -> list[dict[str, str | None]]:
    return [{"token": message.token, "message": message.text} for message in messages]
