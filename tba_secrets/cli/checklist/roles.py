"""Step 3: what a role may do, and who has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tba_secrets.cli.checklist import facts
from tba_secrets.cli.checklist.facts import Kind
from tba_secrets.cli.checklist.lines import (
    TOKENINFO,
    Group,
    Line,
    Step,
    of_user,
    role_title,
    shown_line,
)
from tba_secrets.cli.checklist.proofs import Proofs
from tba_secrets.spec.model import RestletCheck


def roles_step(proofs: Sequence[Proofs]) -> Step:
    """One group for each role; integrations may share one."""
    roles = dict.fromkeys((one.record.role.name, one.record.role.id) for one in proofs)
    groups = (
        _role([one for one in proofs if (one.record.role.name, one.record.role.id) == role])
        for role in roles
    )
    return Step(
        "Give the roles their permissions, and the users their roles",
        "Setup > Users/Roles > Manage Roles > New",
        tuple(groups),
    )


def _role(proofs: Sequence[Proofs]) -> Group:
    role = proofs[0].record.role
    declared = tuple(dict.fromkeys(name for one in proofs for name in one.record.role.permissions))
    kinds = frozenset[Kind]().union(*(one.kinds for one in proofs))
    lines = [
        *(_permission(name, proofs) for name in declared),
        *(_lacking(one, kinds, proofs) for one in facts.undeclared(declared, kinds)),
        *_restlets(proofs),
        *(
            _assigned(user, [one for one in proofs if one.record.user.email == user])
            for user in dict.fromkeys(one.record.user.email for one in proofs)
        ),
    ]
    return Group(role_title(role), tuple(lines))


def _permission(declared: str, proofs: Sequence[Proofs]) -> Line:
    known = facts.permission(declared)
    if known is None:
        why = "for the integration's own work; no check shows it"
        return Line(f"Permissions: {declared}", why=why)
    text = _set(known)
    if known.kinds:
        return shown_line(text, proofs, known.kinds)
    return Line(text, why="to issue and revoke tokens of its own; no check shows it")


def _set(permission: facts.Permission) -> str:
    return f"Permissions > {permission.tab}: {permission.name}, {permission.level}"


def _lacking(needed: facts.Permission, kinds: frozenset[Kind], proofs: Sequence[Proofs]) -> Line:
    found = shown_line(_set(needed), proofs, needed.kinds)
    checks = " and ".join(kind.value for kind in Kind if kind in needed.kinds & kinds)
    why = f"needed by {checks}, and not declared under permissions:"
    if found.done:
        why += f"; shown by {found.why}"
    return Line(found.text, found.done, why, lacking=True)


def _restlets(proofs: Sequence[Proofs]) -> Iterator[Line]:
    checks = dict.fromkeys(
        check
        for one in proofs
        for check in one.record.verify.checks
        if isinstance(check, RestletCheck)
    )
    kinds = frozenset({Kind.RESTLET})
    if checks:
        yield shown_line("Web Services Only Role: not ticked", proofs, kinds)
    for check in checks:
        yield shown_line(
            f"Customization > Scripting > Script Deployments: {check.restlet.deploy} of {check.restlet.script} is "
            "Released, and its Audience has the role",
            proofs,
            kinds,
            facts.name_of(check),
        )


def _assigned(user: str, proofs: Sequence[Proofs]) -> Line:
    text = f"Given to {user}: Setup > Users/Roles > Manage Users, Access"
    return of_user(shown_line(text, proofs, TOKENINFO, "role", "user"), proofs)
