"""Turn an environment into the files of an SDF account customization project. No IO.

Oracle help, "role" in the SDF XML Reference, "Manually Defining Feature Dependencies in the SuiteCloud Project
Manifest" and "SuiteCloud Project Deployment Preparation". Same environment, same bytes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tba_secrets.errors import SpecError
from tba_secrets.netsuite.oauth2.permissions import MANAGES_APPLICATIONS
from tba_secrets.netsuite.sdf.permissions import FEATURES, OAUTH2, TBA, PermissionGrant, grant
from tba_secrets.spec.model import AnyIntegration, Environment, OAuth2Integration

CONFIG: Final = "suitecloud.config.js"
CONFIG_TEXT: Final = 'module.exports = {\n  defaultProjectFolder: "src",\n  commands: {},\n};\n'
MANIFEST: Final = "src/manifest.xml"
DEPLOY: Final = "src/deploy.xml"
OBJECTS: Final = "src/Objects"
CENTER: Final = "ACCOUNTCENTER"
"""The center that the role's pages would have in the user interface, which an integration never opens."""
SCRIPT_ID_LENGTH: Final = 40
_PREFIX: Final = "customrole_"
_PROJECT_NAME: Final = "tba-roles"
_ROOM: Final = SCRIPT_ID_LENGTH - len(_PREFIX)
_DIGEST_LENGTH: Final = 8


@dataclass(frozen=True)
class SdfRole:
    """One role that the environment declares."""

    name: str
    script_id: str
    grants: tuple[PermissionGrant, ...]

    @property
    def path(self) -> str:
        """The role's file; SDF requires the script id as its name."""
        return f"{OBJECTS}/{self.script_id}.xml"


@dataclass(frozen=True)
class RolesProject:
    """The roles of one environment."""

    roles: tuple[SdfRole, ...]
    """In the order of their script ids."""
    left_out: tuple[str, ...]
    """Names of roles for which no permission is declared."""
    logins: frozenset[str]
    """The features that the environment's kinds of credentials need."""

    @property
    def features(self) -> tuple[str, ...]:
        """The features that must be enabled in the account, in the order of `FEATURES`."""
        needed = {given.permission.feature for role in self.roles for given in role.grants}
        return tuple(feature for feature in FEATURES if feature in needed | self.logins)

    def files(self) -> Mapping[str, bytes]:
        """Return each file's content by its path under the project's folder."""
        deploy = Element("deploy")
        SubElement(SubElement(deploy, "objects"), "path").text = "~/Objects/*"
        texts = {
            CONFIG: CONFIG_TEXT,
            MANIFEST: _text(_manifest(self.features)),
            DEPLOY: _text(deploy),
            **{role.path: _text(_role(role)) for role in self.roles},
        }
        return {path: text.encode() for path, text in texts.items()}


def script_id(name: str) -> str:
    """Derive a role's script id: its name in plain letters with underscores, and a digest if that loses characters.

    SDF knows a role by it, so that it must never change for a name. SDF XML Reference, "role": `^customrole[0-9a-z_]+`,
    40 characters at most.
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = "_".join(re.findall(r"[0-9a-z]+", "".join(c for c in plain if c.isascii())))
    if len(words) > _ROOM or any(c.isalnum() and not c.isascii() for c in plain) or not words:
        digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
        words = f"{words[: _ROOM - _DIGEST_LENGTH - 1]}_{digest}".strip("_")
    return _PREFIX + words


def roles_project(environment: Environment) -> RolesProject:
    """Collect the declared roles; integrations that name the same role share it.

    Raises:
        SpecError: A permission, level or name cannot be written for SDF, roles contradict each other,
            or no integration declares permissions. The error lists all problems.
    """
    by_name: dict[str, list[AnyIntegration]] = {}
    for integration in environment.integrations:
        by_name.setdefault(integration.role.name, []).append(integration)
    found = [problem for name, sharing in by_name.items() for problem in _wrong(name, sharing)]
    written = [name for name, sharing in by_name.items() if _declared(sharing)]
    found += _one_script_id(written)
    if not written:
        found.append("no integration's role declares permissions; add role.permissions")
    if found:
        raise SpecError("\n".join(found))
    roles = (SdfRole(name, script_id(name), _grants(by_name[name])) for name in written)
    return RolesProject(
        tuple(sorted(roles, key=lambda role: role.script_id)),
        tuple(name for name in by_name if name not in written),
        frozenset(map(_login, environment.integrations)),
    )


def _login(integration: AnyIntegration) -> str:
    return OAUTH2 if isinstance(integration, OAuth2Integration) else TBA


def _declared(sharing: list[AnyIntegration]) -> tuple[str, ...]:
    """Return the permissions of the first integration that declares any.

    On the way from TBA to OAuth 2.0 a role serves both kinds, and each says what it needs.
    """
    first: dict[str, tuple[str, ...]] = {}
    for integration in sharing:
        if integration.role.permissions:
            first.setdefault(integration.auth, integration.role.permissions)
    return tuple(dict.fromkeys(one for permissions in first.values() for one in permissions))


def _grants(sharing: list[AnyIntegration]) -> tuple[PermissionGrant, ...]:
    return tuple(sorted(map(grant, _declared(sharing)), key=lambda given: given.permission.key))


def _wrong(name: str, sharing: list[AnyIntegration]) -> Iterator[str]:
    where = f"role {name!r}"
    if not name.isprintable() or name != name.strip() or name.startswith("["):
        yield (
            f"{where}: SDF cannot hold this name; use printable characters, no space at its ends "
            "and no [ at its beginning, which SDF reads as a reference"
        )
    if len({integration.role.id for integration in sharing if integration.role.id}) > 1:
        yield f"{where}: integrations give it different ids; give two roles two names"
    declared = {
        (integration.auth, frozenset(integration.role.permissions))
        for integration in sharing
        if integration.role.permissions
    }
    if len(declared) > len({auth for auth, _ in declared}):
        named = ", ".join(integration.name for integration in sharing)
        yield f"{where}: {named} declare different permissions; declare them once, or alike"
    if MANAGES_APPLICATIONS in _declared(sharing) and OAUTH2 in map(_login, sharing):
        yield (
            f"{where}: `{MANAGES_APPLICATIONS}` keeps the role out of REST and RESTlets with an "
            "access token; take it out of role.permissions"
        )
    yield from (f"{where}: {problem}" for problem in _wrong_grants(_declared(sharing)))


def _wrong_grants(texts: tuple[str, ...]) -> Iterator[str]:
    seen: set[str] = set()
    for text in texts:
        try:
            key = grant(text).permission.key
        except SpecError as error:
            yield f"{error.what}; {error.remedy}"
            continue
        if key in seen:
            yield f"`{grant(text).permission.name}` is given twice; write it once"
        seen.add(key)


def _one_script_id(names: list[str]) -> list[str]:
    first: dict[str, str] = {}
    return [
        f"roles {other!r} and {name!r}: both would have the script id {script_id(name)}; "
        "give one of them a name that differs in more than case and punctuation"
        for name in names
        if (other := first.setdefault(script_id(name), name)) != name
    ]


def _manifest(features: tuple[str, ...]) -> Element:
    root = Element("manifest", projecttype="ACCOUNTCUSTOMIZATION")
    SubElement(root, "projectname").text = _PROJECT_NAME
    SubElement(root, "frameworkversion").text = "1.0"
    listed = SubElement(SubElement(root, "dependencies"), "features")
    for feature in features:
        SubElement(listed, "feature", required="true").text = feature
    return root


def _role(role: SdfRole) -> Element:
    root = Element("role", scriptid=role.script_id)
    SubElement(root, "centertype").text = CENTER
    SubElement(root, "name").text = role.name
    given = SubElement(root, "permissions")
    for granted in role.grants:
        permission = SubElement(given, "permission")
        SubElement(permission, "permkey").text = granted.permission.key
        SubElement(permission, "permlevel").text = granted.level
    return root


def _text(root: Element) -> str:
    """Format the XML, indented, with a final newline and no declaration: a manifest must begin with its tag."""
    indent(root, "  ")
    return tostring(root, encoding="unicode") + "\n"
