"""Read a project's folder back and find everything that SDF would refuse or that is not ours.

Oracle publishes no schema, and the SuiteCloud CLI validates on the server only, so the rules of
Oracle's pages are kept here. The rules of a role are in `role_rules.py`. A document type is refused
unread: without one there are no entities to expand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tba_secrets.netsuite.sdf import project as layout
from tba_secrets.netsuite.sdf.folder import CLI_SETTINGS, MARK, inside
from tba_secrets.netsuite.sdf.permissions import FEATURES
from tba_secrets.netsuite.sdf.problem import InvalidProjectError, Rule, SdfProblem
from tba_secrets.netsuite.sdf.role_rules import needed_features, role_problems, text_of

__all__ = ["InvalidProjectError", "SdfProblem", "problems", "validate"]

_CONFIGURATION: Final = "src/AccountConfiguration/"
_ALWAYS: Final = (layout.CONFIG, layout.MANIFEST, layout.DEPLOY)
_MANIFEST_PARTS: Final = ("projectname", "frameworkversion", "dependencies")


def validate(folder: Path) -> None:
    """Raise if SDF would refuse the project.

    Raises:
        InvalidProjectError: SDF would refuse it; the error lists all problems.
    """
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
    found += _of_files(roots)
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


def _of_files(roots: dict[str, Element]) -> Iterator[SdfProblem]:
    objects = {name: root for name, root in roots.items() if _is_object(name)}
    for name, root in objects.items():
        yield from (
            SdfProblem(name, *rule) for rule in role_problems(PurePosixPath(name).stem, root)
        )
    yield from (SdfProblem(*broken) for broken in _twice(objects))
    if layout.MANIFEST in roots:
        needed = {f for root in objects.values() for f in needed_features(root)}
        broken = _manifest(roots[layout.MANIFEST], needed)
        yield from (SdfProblem(layout.MANIFEST, *rule) for rule in broken)
    if layout.DEPLOY in roots:
        yield from (
            SdfProblem(layout.DEPLOY, *rule) for rule in _deploy(roots[layout.DEPLOY], objects)
        )


def _twice(objects: dict[str, Element]) -> Iterator[tuple[str, str, str]]:
    first: dict[str, str] = {}
    for name, root in objects.items():
        script_id = root.get("scriptid", "")
        if script_id and script_id in first:
            what = f"has the script id {script_id}, as {first[script_id]} has"
            yield name, what, "give every object a script id of its own"
        first.setdefault(script_id, name)


def _manifest(root: Element, needed: set[str]) -> Iterator[Rule]:
    """Check the manifest (Oracle help, "Manually Defining Feature Dependencies")."""
    if root.tag != "manifest" or root.get("projecttype") != "ACCOUNTCUSTOMIZATION":
        yield (
            "is no manifest of an account customization project",
            'write <manifest projecttype="ACCOUNTCUSTOMIZATION">',
        )
        return
    if tuple(child.tag for child in root) != _MANIFEST_PARTS:
        yield (
            "does not have the required parts",
            f"write {', '.join(_MANIFEST_PARTS)}, in this order",
        )
    if not text_of(root, "projectname"):
        yield "has no projectname", "give it one"
    if text_of(root, "frameworkversion") != "1.0":
        yield "has another frameworkversion than 1.0", "write 1.0"
    yield from _features(root.findall("dependencies/features/feature"), needed)


def _features(listed: list[Element], needed: set[str]) -> Iterator[Rule]:
    ids = [(feature.text or "").strip() for feature in listed]
    for feature, name in zip(listed, ids, strict=True):
        if name not in FEATURES:
            yield (
                f"requires {name or 'a feature without a name'}",
                f"use one of {', '.join(FEATURES)}",
            )
        if feature.get("required") not in ("true", "false"):
            yield f"does not say whether {name} is required", 'write required="true" or "false"'
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield f"lists {name} twice", "list it once"
    required = {n for f, n in zip(listed, ids, strict=True) if f.get("required") == "true"}
    for name in sorted(needed - required):
        yield (
            f"does not require {name}, which a permission needs",
            f'add <feature required="true">{name}</feature>',
        )


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
