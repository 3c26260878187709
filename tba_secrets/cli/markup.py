"""HTML as a tree: text and attributes are escaped by the standard library, where the tree is written out."""

from __future__ import annotations

from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

Content: TypeAlias = Element | str


def tag(name: str, *content: Content, **attributes: str | float) -> Element:
    """An element.

    Args:
        name: `p`, `rect`, ...
        content: Text and elements, in their order.
        attributes: A trailing underscore is dropped and others become hyphens: `class_`, `aria_label`.
    """
    element = Element(name, {_name(key): str(value) for key, value in attributes.items()})
    last: Element | None = None
    for part in content:
        if isinstance(part, Element):
            element.append(part)
            last = part
        elif last is None:
            element.text = (element.text or "") + part
        else:
            last.tail = (last.tail or "") + part
    return element


def text(*elements: Element) -> str:
    """The elements as HTML, one a line; no void elements. (The library's own `html` leaves `<` in attributes.)"""
    return "\n".join(
        tostring(element, encoding="unicode", short_empty_elements=False) for element in elements
    )


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
