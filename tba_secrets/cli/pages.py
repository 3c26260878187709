"""Render pages from the Jinja2 templates of this package, self-contained and escaped; escape Markdown."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined

_MARKDOWN_SIGNS: Final = re.compile(r"([\\`*_{}\[\]<>#|&~])")


def render(package: str, template: str, **values: object) -> str:
    """Render a page from a package's template; every text among the values is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files(package).joinpath(template).read_text(encoding="utf-8")
    return environment.from_string(source).render(**values) + "\n"


def markdown_safe(words: str) -> str:
    """Escape Markdown and HTML, on one line: names in a document come from other people."""
    return _MARKDOWN_SIGNS.sub(r"\\\1", " ".join(words.split()))
