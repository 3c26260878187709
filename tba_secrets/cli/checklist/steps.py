"""Build the checklist from an environment and its proofs: what to click, step by step. No IO.

A line is ticked if a signed check has shown it, and names the check. If no check can show it, it says
why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from tba_secrets.cli.checklist import facts
from tba_secrets.cli.checklist.facts import ACCESS_TOKEN, ANY_CALL, IDENTITY, RESTLET, CheckKind
from tba_secrets.cli.checklist.lines import Checklist, ChecklistStep, Group, Line
from tba_secrets.cli.checklist.proofs import Proofs
from tba_secrets.netsuite.oauth2.causes import M2M_PAGE
from tba_secrets.netsuite.oauth2.permissions import MANAGES_APPLICATIONS
from tba_secrets.netsuite.sdf.permissions import plain_name
from tba_secrets.netsuite.tba_end import tba_note
from tba_secrets.records import CredentialRecord, using_tba
from tba_secrets.spec.model import CertificateSettings, RestletCheck, Role

Key = TypeVar("Key")
_NO_CHECK: Final = "no check can tell"


def checklist(environment: str, proofs: Sequence[Proofs], unread: str = "") -> Checklist:
    """Build the steps from the proofs of every record, and why the state could not be read (empty if it was)."""
    tokens = [proof for proof in proofs if not proof.certified]
    certificates = [proof for proof in proofs if proof.certified]
    steps = (
        _features(proofs),
        _integrations(proofs),
        _roles(proofs),
        *([_tokens(environment, tokens)] if tokens else []),
        *([_certificates(environment, certificates)] if certificates else []),
    )
    return Checklist(environment, proofs[0].record.account, steps, tuple(_notes(proofs, unread)))


def _notes(proofs: Sequence[Proofs], unread: str) -> Iterator[str]:
    if unread:
        yield f"Nothing is ticked: {unread}."
    elif not any(proof.proven or proof.why_not for proof in proofs):
        yield "Nothing is ticked: no check has passed yet. `pulumi up` runs them."
    for proof in proofs:
        if proof.why_not:
            yield f"{proof.record.path}: {proof.why_not}, so its earlier proof does not count."


def _kinds(proofs: Sequence[Proofs]) -> frozenset[CheckKind]:
    return frozenset[CheckKind]().union(*(proof.kinds for proof in proofs))


def _grouped(
    key: Callable[[CredentialRecord], Key], proofs: Sequence[Proofs]
) -> dict[Key, list[Proofs]]:
    groups: dict[Key, list[Proofs]] = {}
    for proof in proofs:
        groups.setdefault(key(proof.record), []).append(proof)
    return groups


def _shown_line(
    text: str, proofs: Sequence[Proofs], kinds: frozenset[CheckKind], *aspects: str
) -> Line:
    """Build a line, ticked if a check of these kinds has shown all of the aspects."""
    for proof in proofs:
        shown = [proof.by(kinds, aspect) for aspect in aspects or (None,)]
        if all(shown):
            return Line(text, done=True, why=shown[0] or "")
    if kinds & _kinds(proofs):
        return Line(text)
    would = " or ".join(kind.value for kind in CheckKind if kind in kinds - ACCESS_TOKEN)
    return Line(text, why=f"no declared check shows it; {would} would")


def _role_title(role: Role) -> str:
    """Name a role, with its id to tell it from another of the same name."""
    return role.name if role.id is None else f"{role.name} (internal id {role.id})"


def _of_user(found: Line, proofs: Sequence[Proofs]) -> Line:
    """Explain an unticked user line: NetSuite answers an entity id, not an e-mail address.

    The YAML or an earlier pass has to say whose entity it is.
    """
    entity = next((proof.entity for proof in proofs if proof.entity), "")
    if found.done or not entity or not any(proof.by(IDENTITY) for proof in proofs):
        return found
    why = f'NetSuite named the entity {entity}, not an e-mail address: if that is right, declare entity: "{entity}"'
    return Line(found.text, why=why)


# --- 1: features ------------------------------------------------------------------------------------


def _features(proofs: Sequence[Proofs]) -> ChecklistStep:
    declared = {plain_name(name) for proof in proofs for name in proof.record.role.permissions}
    lines = []
    for feature in facts.FEATURES:
        concerned = [proof for proof in proofs if feature.certified in (None, proof.certified)]
        if feature.kinds & _kinds(concerned) or feature.permission in declared:
            text = f"{feature.where}: {feature.name}"
            lines.append(_shown_line(text, concerned, feature.kinds))
    where = "Setup > Company > Enable Features"
    return ChecklistStep("Enable the features", where, (Group("", tuple(lines)),))


# --- 2: integration records --------------------------------------------------------------------------


def _integrations(proofs: Sequence[Proofs]) -> ChecklistStep:
    groups = _grouped(lambda record: record.integration, proofs)
    return ChecklistStep(
        "Create the integration records",
        "Setup > Integration > Manage Integrations > New",
        tuple(_integration(name, own) for name, own in groups.items()),
        tba_note(using_tba(proof.record for proof in proofs)),
    )


def _integration(name: str, proofs: Sequence[Proofs]) -> Group:
    certified = proofs[0].certified
    values = "Client id" if certified else "Consumer key and secret"
    source = _place(proofs[0].record.consumer_source, "")
    return Group(
        name,
        (
            _shown_line("State: Enabled", proofs, ANY_CALL),
            *(_oauth2_boxes(proofs) if certified else _tba_boxes(proofs)),
            _shown_line(f"{values}, shown once: {source}", proofs, ANY_CALL),
        ),
    )


def _tba_boxes(proofs: Sequence[Proofs]) -> Iterator[Line]:
    yield _shown_line("Token-based Authentication: ticked", proofs, ANY_CALL)
    box = f"TBA: Authorization Flow: ticked, with the Callback URL {facts.CALLBACK_URL}"
    if any(proof.record.token_source == "authorize" for proof in proofs):
        yield Line(box, why="`token: authorize` needs it; no check can tell")
    else:
        yield Line(f"{box}, if `tba rotate --authorize` is to issue tokens", why=_NO_CHECK)
    yield Line("User Credentials: not ticked", why=_NO_CHECK)


def _oauth2_boxes(proofs: Sequence[Proofs]) -> Iterator[Line]:
    grant = "OAuth 2.0: Client Credentials (Machine to Machine) Grant: ticked"
    yield _shown_line(grant, proofs, ACCESS_TOKEN)
    scopes = (scope for proof in proofs for scope in _settings(proof).scopes)
    for scope in dict.fromkeys(scopes):
        box = f"Scope: {facts.SCOPE_BOXES[scope]}: ticked"
        yield _shown_line(box, proofs, ACCESS_TOKEN, f"scope {scope}")


def _settings(proof: Proofs) -> CertificateSettings:
    assert proof.record.certificate is not None  # noqa: S101 - asked for certificates only
    return proof.record.certificate


# --- 3: roles ---------------------------------------------------------------------------------------


def _roles(proofs: Sequence[Proofs]) -> ChecklistStep:
    """List what each role may do, and who has it; integrations may share a role."""
    groups = _grouped(lambda record: (record.role.name, record.role.id), proofs)
    return ChecklistStep(
        "Give the roles their permissions, and the users their roles",
        "Setup > Users/Roles > Manage Roles > New",
        tuple(map(_role, groups.values())),
    )


def _role(proofs: Sequence[Proofs]) -> Group:
    declared = [*dict.fromkeys(name for proof in proofs for name in proof.record.role.permissions)]
    kinds, users = _kinds(proofs), _grouped(lambda record: record.user.email, proofs)
    certificates = [proof for proof in proofs if proof.certified]
    undeclared = facts.undeclared(
        declared,
        kinds,
        tokens=len(certificates) < len(proofs),
        certificates=bool(certificates),
        by_api=any(_settings(proof).by == "api" for proof in certificates),
    )
    lines = (
        *(_permission(name, proofs) for name in declared),
        *_blocking(declared, proofs),
        *(_lacking(needed, kinds, proofs) for needed in undeclared),
        *_restlets(proofs),
        *(_assigned(user, own) for user, own in users.items()),
    )
    return Group(_role_title(proofs[0].record.role), lines)


def _blocking(declared: Sequence[str], proofs: Sequence[Proofs]) -> Iterator[Line]:
    names = map(plain_name, declared)
    if MANAGES_APPLICATIONS in names and any(proof.certified for proof in proofs):
        yield Line(
            f"Permissions > Setup: {MANAGES_APPLICATIONS}: taken away",
            why="it keeps the role out of REST and RESTlets; take it out of permissions: too",
            lacking=True,
        )


def _permission(declared: str, proofs: Sequence[Proofs]) -> Line:
    known = facts.permission(declared)
    if known is None:
        why = "needed by the integration itself; no check shows it"
        return Line(f"Permissions: {declared}", why=why)
    text = _set(known)
    if known.kinds:
        return _shown_line(text, proofs, known.kinds)
    return Line(text, why=f"{known.why}; no check shows it")


def _set(permission: facts.RolePermission) -> str:
    return f"Permissions > {permission.tab}: {permission.name}, {permission.level}"


def _lacking(
    needed: facts.RolePermission, kinds: frozenset[CheckKind], proofs: Sequence[Proofs]
) -> Line:
    found = _shown_line(_set(needed), proofs, needed.kinds) if needed.kinds else Line(_set(needed))
    checks = " and ".join(kind.value for kind in CheckKind if kind in needed.kinds & kinds)
    why = f"needed {needed.why or f'by {checks}'}, but not declared under permissions:"
    if found.done:
        why += f"; shown by {found.why}"
    return Line(found.text, found.done, why, lacking=True)


def _restlets(proofs: Sequence[Proofs]) -> Iterator[Line]:
    checks = dict.fromkeys(
        check
        for proof in proofs
        for check in proof.record.verify.checks
        if isinstance(check, RestletCheck)
    )
    if checks:
        yield _shown_line("Web Services Only Role: not ticked", proofs, RESTLET)
    for check in checks:
        deployed = f"{check.restlet.deploy} of {check.restlet.script} is Released, and its Audience has the role"
        text = f"Customization > Scripting > Script Deployments: {deployed}"
        yield _shown_line(text, proofs, RESTLET, facts.name_of(check))


def _assigned(user: str, proofs: Sequence[Proofs]) -> Line:
    text = f"Given to {user}: Setup > Users/Roles > Manage Users, Access"
    return _of_user(_shown_line(text, proofs, IDENTITY, "role", "user"), proofs)


# --- 4: access tokens -------------------------------------------------------------------------------------


def _tokens(environment: str, proofs: Sequence[Proofs]) -> ChecklistStep:
    return ChecklistStep(
        "Create the access tokens",
        "Setup > Users/Roles > Access Tokens > New",
        tuple(_token(environment, proof) for proof in proofs),
    )


def _token(environment: str, proof: Proofs) -> Group:
    record = proof.record
    rotate = f"`tba rotate {environment} {record.path}`"
    who = (
        _of_user(_shown_line(f"User: {record.user.email}", [proof], IDENTITY, "user"), [proof]),
        _shown_line(f"Role: {_role_title(record.role)}", [proof], IDENTITY, "role"),
    )
    if record.token_source == "authorize":
        issued = f"Nothing to fill in: {rotate} has NetSuite issue it"
        return Group(record.path, (_shown_line(issued, [proof], ANY_CALL), *who))
    kept = f"Token id and secret, shown once: {_place(record.token_source, rotate)}"
    application = _shown_line(f"Application Name: {record.integration}", [proof], ANY_CALL)
    return Group(record.path, (application, *who, _shown_line(kept, [proof], ANY_CALL)))


# --- 5: certificates --------------------------------------------------------------------------------------


def _certificates(environment: str, proofs: Sequence[Proofs]) -> ChecklistStep:
    return ChecklistStep(
        "Upload the certificates",
        f"{M2M_PAGE} > Create New",
        tuple(_certificate(environment, proof) for proof in proofs),
        "For the first one of each; later ones are brought by the one before, unless they are declared `by: person`.",
    )


def _certificate(environment: str, proof: Proofs) -> Group:
    record = proof.record
    user = f"Entity: {record.user.email} (internal id {record.user.entity})"
    printed = f"Certificate: what `tba certificate {environment} {record.token}` prints, after `pulumi up`"
    return Group(
        record.path,
        (
            _shown_line(user, [proof], IDENTITY, "user"),
            _shown_line(f"Role: {_role_title(record.role)}", [proof], IDENTITY, "role"),
            _shown_line(f"Application: {record.integration}", [proof], ANY_CALL),
            _shown_line(printed, [proof], ACCESS_TOKEN),
        ),
    )


def _place(source: object, rotate: str) -> str:
    """Describe where to put a pair."""
    env, file, command = (getattr(source, kind, None) for kind in ("env", "file", "command"))
    if env is not None:
        names = [getattr(env, half) for half in ("key", "id", "secret") if hasattr(env, half)]
        return f"into the variable{'s' if len(names) > 1 else ''} {' and '.join(names)}"
    if file is not None:
        return f"into the file {file.path}"
    if command is not None:
        return f"where {command.argv[0]} finds them"
    return f"typed where {rotate} asks" if source == "prompt" else "into the store"
