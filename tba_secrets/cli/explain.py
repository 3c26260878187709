"""`tba explain`: explain a Detail of the Login Audit Trail, or a refused request."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Annotated, Final

import typer

from tba_secrets.cli.prose import say
from tba_secrets.errors import TbaError
from tba_secrets.netsuite.causes import Cause
from tba_secrets.netsuite.diagnosis import MOST_SHOWN, READ_THE_TRAIL, diagnose, explain
from tba_secrets.netsuite.request_clues import SeenRequest, clues_of_requests
from tba_secrets.netsuite.rules import Clue

_CURL_MARK: Final = re.compile(r"^[<>] ?", re.MULTILINE)
_AUTHORIZATION: Final = re.compile(
    r"(?<![\w-])authorization:\s*(.+)$", re.IGNORECASE | re.MULTILINE
)
_SCHEME: Final = re.compile(r"[A-Za-z]+(?= )")
_REQUEST_LINE: Final = re.compile(r"^[A-Z]{3,7} (\S+) HTTP/", re.MULTILINE)
_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DATE: Final = re.compile(r"^date:\s*(.+)$", re.IGNORECASE | re.MULTILINE)


def command(
    detail: Annotated[
        list[str] | None, typer.Argument(help="Details of NetSuite's Login Audit Trail.")
    ] = None,
    request: Annotated[
        list[Path] | None,
        typer.Option(
            help="A refused request as `curl -v` shows it, or a SOAP envelope. Repeatable."
        ),
    ] = None,
) -> None:
    """Explain a Detail of the Login Audit Trail, or what is wrong with a refused request. Offline."""
    if not detail and not request:
        raise TbaError("nothing to explain", "give a Detail of the Login Audit Trail, or --request")
    for reason in detail or []:
        causes = explain(reason)
        if not causes:
            raise TbaError(
                f"{reason!r} is not a known Detail of the Login Audit Trail",
                f"copy it from NetSuite: {READ_THE_TRAIL}",
            )
        typer.echo(f"{reason}:")
        _show(causes)
    if request:
        texts = [_read(path) for path in request]
        for path, text in zip(request, texts, strict=True):
            _refuse_another_kind(path, _seen(text))
        _explain_requests(texts)


def _refuse_another_kind(path: Path, request: SeenRequest) -> None:
    """Raise TbaError for what is not signed by OAuth 1.0: no rule of ours is about it."""
    scheme = _SCHEME.match(request.authorization)
    if request.envelope or (scheme is not None and scheme[0].lower() == "oauth"):
        return
    has = f"its Authorization header is {scheme[0]}" if scheme else "it has no Authorization header"
    raise TbaError(
        f"{path}: this is no OAuth 1.0 request: {has}, and there is no tokenPassport",
        "give the request with its header `Authorization: OAuth ...` as `curl -v` shows it, or the SOAP envelope",
    )


def _explain_requests(texts: list[str]) -> None:
    from tba_secrets.netsuite.transport import http_date

    dates = [date for text in texts for date in _DATE.findall(_CURL_MARK.sub("", text))]
    server = http_date(dates[-1].strip()) if dates else None
    clues = clues_of_requests(map(_seen, texts), server)
    if not clues:
        say(f"the form of the request is correct. To find the cause, {READ_THE_TRAIL}")
        return
    _show(diagnose("", {Clue.REFUSED, *clues}).causes[:MOST_SHOWN])


def _seen(text: str) -> SeenRequest:
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
    """Read a capture: whatever a terminal, an editor or PowerShell (UTF-16) made of it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TbaError(f"{path}: cannot be read ({error.strerror})") from None
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\0" in data[:2]:  # the first character is ASCII: half of it is zero
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
    return data.decode("utf-8", "replace")


def _show(causes: tuple[Cause, ...]) -> None:
    for number, cause in enumerate(causes, 1):
        say(f"  {number}. {cause.what}\n     {cause.where}: {cause.mend}")
