"""The pages that the callback shows in the browser: plain, readable by a screen reader, without any value in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tba_secrets.netsuite.consent import Answered

HEADERS: Final = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Connection", "close"),
)
"""The address holds the verifier: it is not kept, not passed on, and the page loads nothing."""


@dataclass(frozen=True)
class Page:
    """One page."""

    status: int
    title: str
    text: str

    @property
    def html(self) -> str:
        """The whole document; title and text are our own words and need no escaping."""
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{self.title}</title>\n</head>\n<body>\n<main>\n<h1>{self.title}</h1>\n"
            f"<p>{self.text}</p>\n</main>\n</body>\n</html>\n"
        )


_CLOSE: Final = "You can close this page and go back to the terminal."

OF: Final[dict[Answered, Page]] = {
    Answered.ALLOWED: Page(
        200, "Done: access was allowed", f"The token is now fetched in the terminal. {_CLOSE}"
    ),
    Answered.DENIED: Page(
        200, "Access was not allowed", f"No token was issued, and nothing was changed. {_CLOSE}"
    ),
    Answered.MISMATCH: Page(
        200,
        "Another account, role or user than declared",
        f"No token was issued, and nothing was changed. The terminal says what differs. {_CLOSE}",
    ),
    Answered.STRAY: Page(
        400,
        "Not the answer that is waited for",
        "This address does not belong to the consent page that was opened last. Nothing was changed. Use the page "
        "that the terminal named.",
    ),
}
ALREADY_ANSWERED: Final = Page(
    410,
    "Already answered",
    f"An answer was taken before. Nothing was changed by this one. {_CLOSE}",
)
NOT_HERE: Final = Page(404, "Nothing is here", "Use the page that the terminal named.")
