"""Read a project's folder back and find everything that SDF would refuse or that is not ours.

Oracle publishes no schema, and the SuiteCloud CLI validates on the server only, so the rules of
Oracle's pages are kept here: "role" in the SDF XML Reference, and those named below. A document type is refused
unread: without one there are no entities to expand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tba_secrets.errors import TbaError
from tba_secrets.netsuite.sdf import project as layout
from tba_secrets.netsuite.sdf.folder import CLI_SETTINGS, MARK, inside
from tba_secrets.netsuite.sdf.permissions import BY_KEY, FEATURES

Rule: TypeAlias = tuple[str, str]
"""A broken rule of one file: what is wrong, and what to do."""

_CONFIGURATION: Final = "src/AccountConfiguration/"
_ALWAYS: Final = (layout.CONFIG, layout.MANIFEST, layout.DEPLOY)
_MANIFEST_PARTS: Final = ("projectname", "frameworkversion", "dependencies")
_SCRIPT_ID: Final = re.compile(r"customrole[0-9a-z_]+")
_CENTERS: Final = (
    "ACCOUNTCENTER, BASIC, ENGINEERCENTER, EXECUTIVE, HR, MARKETCENTER, PARTNERCENTER, PROJECTCENTER, SALESCENTER, "
    "SHIPPINGCENTER, STOREMANAGER, SUPPORTCENTER, SYSADMINCENTER"
)
"""`role_centertype`."""
_FIELDS: Final = ("centertype", "name", "permissions")
_PERMISSION_FIELDS: Final = ["permkey", "permlevel"]


@dataclass(frozen=True, order=True)
class SdfProblem:
    """One thing that SDF would refuse."""

    file: str
    """Its path under the project's folder."""
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}; {self.hint}"


class InvalidProjectError(TbaError):
    """A project that SDF would refuse, with all its problems."""

    def __init__(self, folder: Path, problems: Iterable[SdfProblem]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{folder}: SDF would refuse this project:\n{lines}")


def validate(folder: Path) -> None:
    """Raise InvalidProjectError, which lists all problems, if SDF would refuse the project."""
    if found := problems(folder):
        raise InvalidProjectError(folder, found)


def problems(folder: Path) -> tuple[SdfProblem, ...]:
    """Return everything that is wrong with the project, in the order of its file names."""
    files = inside(folder)
    found: list[SdfProblem] = [*_misplaced(files)]
    roots: dict[str, Element] = {}
    for name, path in files.items():
        if name.endswith(".xml") and not path.is_symlink():
            root = _root(path)
            if isinstance(root, Element):
                roots[name] = root
            else:
                found.append(SdfProblem(name, *root))
    found += [SdfProblem(name, *rule) for name, rule in _of_files(roots)]
    if layout.CONFIG in files and files[layout.CONFIG].read_bytes() != layout.CONFIG_TEXT.encode():
        found.append(SdfProblem(layout.CONFIG, "is not as it was written", "run `tba roles` again"))
    return tuple(sorted(found))


def _root(path: Path) -> Element | Rule:
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        return "is not UTF-8", "save it as UTF-8"
    if "<!DOCTYPE" in text:
        return "has a document type", "take it away: SDF's files have none"
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - no document type, so no entities
    except (ElementTree.ParseError, ValueError):
        return "is not well-formed XML", "write it again with `tba roles`"


def _misplaced(files: dict[str, Path]) -> Iterator[SdfProblem]:
    for name in _ALWAYS:
        if name not in files:
            yield SdfProblem(name, "is missing", "write it again with `tba roles`")
    if not any(map(_is_object, files)):
        yield SdfProblem(layout.OBJECTS, "holds no role", "declare role.permissions in the YAML")
    for name, path in files.items():
        if name.startswith(_CONFIGURATION):
            hint = "enable them by hand: each needs its Terms of Service agreed to"
            yield SdfProblem(name, "SDF cannot enable the features that TBA needs", hint)
        elif name not in (*_ALWAYS, MARK, CLI_SETTINGS) and not _is_object(name):
            yield SdfProblem(name, "does not belong to a project of roles", "move it away")
        elif path.is_symlink():
            yield SdfProblem(name, "is a link", "put the file itself there")


def _is_object(name: str) -> bool:
    path = PurePosixPath(name)
    return str(path.parent) == layout.OBJECTS and path.suffix == ".xml"


def _of_files(roots: dict[str, Element]) -> Iterator[tuple[str, Rule]]:
    objects = {name: root for name, root in roots.items() if _is_object(name)}
    for name, root in objects.items():
        yield from ((name, rule) for rule in _object(PurePosixPath(name).stem, root))
    yield from _twice(objects)
    if layout.MANIFEST in roots:
        needed = {feature for root in objects.values() for feature in _needed_features(root)}
        broken = _manifest(roots[layout.MANIFEST], needed)
        yield from ((layout.MANIFEST, rule) for rule in broken)
    if layout.DEPLOY in roots:
        yield from ((layout.DEPLOY, rule) for rule in _deploy(roots[layout.DEPLOY], objects))


def _twice(objects: dict[str, Element]) -> Iterator[tuple[str, Rule]]:
    first: dict[str, str] = {}
    for name, root in objects.items():
        script_id = root.get("scriptid", "")
        if script_id and script_id in first:
            what = f"has the script id {script_id}, as {first[script_id]} has"
            yield name, (what, "give every object a script id of its own")
        first.setdefault(script_id, name)


def _text_of(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _object(stem: str, root: Element) -> Iterator[Rule]:
    """Check an object, whose file has this name before `.xml`."""
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
    script_id, longest = root.get("scriptid", ""), layout.SCRIPT_ID_LENGTH
    if set(root.keys()) != {"scriptid"}:
        yield "has not the one attribute scriptid", 'write <role scriptid="customrole_...">'
    if not _SCRIPT_ID.fullmatch(script_id):
        yield (
            f"the script id {script_id!r} does not have a role's form",
            "begin it with customrole and use lower-case letters, digits and underscores",
        )
    if len(script_id) > longest:
        yield f"the script id is {len(script_id)} characters long", f"use {longest} at most"
    if script_id != stem:
        yield "the file is not named after its script id", f"name it {script_id}.xml"


def _fields(root: Element) -> Iterator[Rule]:
    tags = [child.tag for child in root]
    for tag in sorted(set(tags) - set(_FIELDS)):
        yield f"has the unknown field {tag}", f"use only {', '.join(_FIELDS)}"
    for tag in _FIELDS:
        if tags.count(tag) != 1:
            yield f"has {tags.count(tag)} fields {tag}", "write it once"
    if "centertype" in tags and _text_of(root, "centertype") not in _CENTERS.split(", "):
        yield "the centertype is not one of SDF's", f"use one of {_CENTERS}"
    name = root.findtext("name")
    if name is not None and (not name.strip() or name.lstrip().startswith("[")):
        yield "the name is empty or a reference", "write the role's name"


def _permission_list(root: Element) -> Iterator[Rule]:
    if not _permissions(root):
        yield "has no permission", "declare role.permissions in the YAML"
    seen: set[str] = set()
    for permission in _permissions(root):
        key = _text_of(permission, "permkey")
        yield from _permission(key, permission)
        if key in seen:
            yield f"has {key} twice", "give it once"
        seen.add(key)


def _permissions(root: Element) -> list[Element]:
    return [child for group in root.findall("permissions") for child in group]


def _needed_features(root: Element) -> Iterator[str]:
    for permission in _permissions(root):
        known = BY_KEY.get(_text_of(permission, "permkey"))
        if known is not None and known.feature is not None:
            yield known.feature


def _permission(key: str, permission: Element) -> Iterator[Rule]:
    tags = [child.tag for child in permission]
    if permission.tag != "permission" or tags != _PERMISSION_FIELDS:
        yield "a permission is not a permkey and a permlevel", "write both, and nothing else"
        return
    if key not in BY_KEY:
        yield f"unknown permission key {key!r}", "docs/roles.md lists the known ones"
        return
    level, levels = _text_of(permission, "permlevel"), BY_KEY[key].levels
    if level not in levels:
        yield f"{key} has no level {level!r}", f"use one of {', '.join(levels)}"


def _manifest(root: Element, needed: set[str]) -> Iterator[Rule]:
    """Check the manifest (Oracle help, "Manually Defining Feature Dependencies")."""
    if root.tag != "manifest" or root.get("projecttype") != "ACCOUNTCUSTOMIZATION":
        yield (
            "is no manifest of an account customization project",
            'write <manifest projecttype="ACCOUNTCUSTOMIZATION">',
        )
        return
    if tuple(child.tag for child in root) != _MANIFEST_PARTS:
        parts = ", ".join(_MANIFEST_PARTS)
        yield "does not have the required parts", f"write {parts}, in this order"
    if not _text_of(root, "projectname"):
        yield "has no projectname", "give it one"
    if _text_of(root, "frameworkversion") != "1.0":
        yield "has another frameworkversion than 1.0", "write 1.0"
    yield from _features(root.findall("dependencies/features/feature"), needed)


def _features(listed: list[Element], needed: set[str]) -> Iterator[Rule]:
    ids = [(feature.text or "").strip() for feature in listed]
    for feature, name in zip(listed, ids, strict=True):
        if name not in FEATURES:
            wrong = f"requires {name or 'a feature without a name'}"
            yield wrong, f"use one of {', '.join(FEATURES)}"
        if feature.get("required") not in ("true", "false"):
            yield f"does not say whether {name} is required", 'write required="true" or "false"'
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield f"lists {name} twice", "list it once"
    required = {n for f, n in zip(listed, ids, strict=True) if f.get("required") == "true"}
    for name in sorted(needed - required):
        add = f'add <feature required="true">{name}</feature>'
        yield f"does not require {name}, which a permission needs", add


def _deploy(root: Element, objects: dict[str, Element]) -> Iterator[Rule]:
    """Check deploy.xml ("Project Deployment Preparation"): unnamed files are not deployed."""
    if root.tag != "deploy" or [child.tag for child in root] != ["objects"]:
        yield "is no deploy file for objects alone", "write <deploy><objects>...</objects></deploy>"
        return
    deployed: set[str] = set()
    for element in root.findall("objects/path"):
        path = (element.text or "").strip()
        if not path.startswith("~/"):
            yield "a path does not begin with ~/", "begin it so: ~ is the folder of the manifest"
            continue
        named = {name for name in objects if PurePosixPath(name).match(f"src{path[1:]}")}
        if not named:
            yield f"no file is at the path {path}", "write ~/Objects/*"
        deployed |= named
    for name in sorted(objects.keys() - deployed):
        yield f"no path names {name}", "write ~/Objects/*"
