"""Render a page from a Jinja2 template of this package: self-contained, and everything escaped."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined


def render(package: str, template: str, **values: object) -> str:
    """Render a page.

    Args:
        package: The package that holds the template.
        template: The template's file name.
        values: What the template uses; every text is escaped.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files(package).joinpath(template).read_text(encoding="utf-8")
    return environment.from_string(source).render(**values) + "\n"
