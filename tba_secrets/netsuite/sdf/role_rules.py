"""Rules for a single role object ("role" in the SDF XML Reference of Oracle help)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from tba_secrets.netsuite.sdf.permissions import BY_KEY
from tba_secrets.netsuite.sdf.problem import Rule
from tba_secrets.netsuite.sdf.project import SCRIPT_ID_LENGTH

_SCRIPT_ID: Final = re.compile(r"customrole[0-9a-z_]+")
CENTERS: Final = (
    "ACCOUNTCENTER",
    "BASIC",
    "ENGINEERCENTER",
    "EXECUTIVE",
    "HR",
    "MARKETCENTER",
    "PARTNERCENTER",
    "PROJECTCENTER",
    "SALESCENTER",
    "SHIPPINGCENTER",
    "STOREMANAGER",
    "SUPPORTCENTER",
    "SYSADMINCENTER",
)
"""`role_centertype`."""
_FIELDS: Final = ("centertype", "name", "permissions")
_PERMISSION_FIELDS: Final = ["permkey", "permlevel"]


def text_of(element: Element, path: str) -> str:
    """Return the stripped text of the first element at a path, or an empty string."""
    return (element.findtext(path) or "").strip()


def needed_features(root: Element) -> frozenset[str]:
    """Return the features that the role's permissions need."""
    keys = (text_of(permission, "permkey") for permission in _permissions(root))
    known = (BY_KEY[key].feature for key in keys if key in BY_KEY)
    return frozenset(feature for feature in known if feature is not None)


def role_problems(stem: str, root: Element) -> Iterator[Rule]:
    """Return every broken rule of an object.

    Args:
        stem: The file's name without `.xml`.
        root: Its content.
    """
    if root.tag == "integration":
        yield (
            "SDF cannot create an integration record, and its object holds no field",
            "create it by hand: Setup > Integration > Manage Integrations > New",
        )
    elif root.tag != "role":
        yield f"is a {root.tag}, not a role", "write <role>"
    else:
        yield from _script_id(stem, root)
        yield from _fields(root)
        yield from _permission_list(root)


def _script_id(stem: str, root: Element) -> Iterator[Rule]:
    script_id = root.get("scriptid", "")
    if set(root.keys()) != {"scriptid"}:
        yield "has not the one attribute scriptid", 'write <role scriptid="customrole_...">'
    if not _SCRIPT_ID.fullmatch(script_id):
        yield (
            f"the script id {script_id!r} does not have a role's form",
            "begin it with customrole and use lower-case letters, digits and underscores",
        )
    if len(script_id) > SCRIPT_ID_LENGTH:
        yield (
            f"the script id is {len(script_id)} characters long",
            f"use {SCRIPT_ID_LENGTH} at most",
        )
    if script_id != stem:
        yield "the file is not named after its script id", f"name it {script_id}.xml"


def _fields(root: Element) -> Iterator[Rule]:
    tags = [child.tag for child in root]
    for tag in sorted(set(tags) - set(_FIELDS)):
        yield f"has the unknown field {tag}", f"use only {', '.join(_FIELDS)}"
    for tag in _FIELDS:
        if tags.count(tag) != 1:
            yield f"has {tags.count(tag)} fields {tag}", "write it once"
    if "centertype" in tags and text_of(root, "centertype") not in CENTERS:
        yield "the centertype is not one of SDF's", f"use one of {', '.join(CENTERS)}"
    name = root.findtext("name")
    if name is not None and (not name.strip() or name.lstrip().startswith("[")):
        yield "the name is empty or a reference", "write the role's name"


def _permission_list(root: Element) -> Iterator[Rule]:
    if not _permissions(root):
        yield "has no permission", "declare role.permissions in the YAML"
    seen: set[str] = set()
    for permission in _permissions(root):
        key = text_of(permission, "permkey")
        yield from _permission(key, permission)
        if key in seen:
            yield f"has {key} twice", "give it once"
        seen.add(key)


def _permissions(root: Element) -> list[Element]:
    return [child for group in root.findall("permissions") for child in group]


def _permission(key: str, permission: Element) -> Iterator[Rule]:
    tags = [child.tag for child in permission]
    if permission.tag != "permission" or tags != _PERMISSION_FIELDS:
        yield "a permission is not a permkey and a permlevel", "write both, and nothing else"
        return
    if key not in BY_KEY:
        yield f"unknown permission key {key!r}", "docs/roles.md lists the known ones"
        return
    level, levels = text_of(permission, "permlevel"), BY_KEY[key].levels
    if level not in levels:
        yield f"{key} has no level {level!r}", f"use one of {', '.join(levels)}"
