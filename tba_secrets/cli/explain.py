"""`tba explain`: explain a Detail of the Login Audit Trail, or a refused request."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import typer

from tba_secrets.errors import TbaError
from tba_secrets.netsuite import Clue, diagnose, explain
from tba_secrets.netsuite.causes import Cause
from tba_secrets.netsuite.diagnosis import MOST_SHOWN, READ_THE_TRAIL
from tba_secrets.netsuite.request_clues import SeenRequest, clues_of_requests

_CURL_MARK: Final = re.compile(r"^[<>] ?", re.MULTILINE)
_AUTHORIZATION: Final = re.compile(r"^authorization:\s*(.+)$", re.IGNORECASE | re.MULTILINE)
_REQUEST_LINE: Final = re.compile(r"^[A-Z]{3,7} (\S+) HTTP/", re.MULTILINE)
_DATE: Final = re.compile(r"^date:\s*(.+)$", re.IGNORECASE | re.MULTILINE)


def run(details: list[str], files: list[Path]) -> None:
    """Print the causes, where to look and how to fix each.

    Raises:
        TbaError: Nothing was given, a Detail is unknown, or a file cannot be read.
    """
    if not details and not files:
        raise TbaError("nothing to explain", "give a Detail of the Login Audit Trail, or --request")
    for detail in details:
        causes = explain(detail)
        if not causes:
            raise TbaError(
                f"{detail!r} is not a known Detail of the Login Audit Trail",
                f"copy it from {READ_THE_TRAIL}",
            )
        typer.echo(f"{detail}:")
        _show(causes)
    if files:
        _explain_requests([_read(path) for path in files])


def _explain_requests(texts: list[str]) -> None:
    from tba_secrets.netsuite.transport import http_date

    dates = [date for text in texts for date in _DATE.findall(_CURL_MARK.sub("", text))]
    server = http_date(dates[-1].strip()) if dates else None
    clues = clues_of_requests([seen(text) for text in texts], server)
    if not clues:
        typer.echo(f"the form of the request is correct. {READ_THE_TRAIL}")
        return
    _show(diagnose("", {Clue.REFUSED, *clues}).causes[:MOST_SHOWN])


def seen(text: str) -> SeenRequest:
    """Parse the request in `curl -v` output, a raw HTTP message or a SOAP envelope."""
    text = _CURL_MARK.sub("", text)
    authorization, line = _AUTHORIZATION.search(text), _REQUEST_LINE.search(text)
    start = text.find("<?xml") if "<?xml" in text else text.find("<")
    envelope = text[start:] if "tokenPassport" in text and start >= 0 else ""
    return SeenRequest(
        authorization=authorization[1].strip() if authorization else "",
        url=line[1] if line else "",
        envelope=envelope.strip(),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise TbaError(f"{path}: cannot be read ({error.strerror})") from None


def _show(causes: tuple[Cause, ...]) -> None:
    for number, cause in enumerate(causes, 1):
        typer.echo(f"  {number}. {cause.what}\n     {cause.where}: {cause.mend}")
