"""Environment and proofs -> the checklist: what to click, step by step, and what is shown already. No IO.

A line is ticked where a signed check has shown it, and says which; else it says why no check can, where that is so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tba_secrets.cli.checklist import facts
from tba_secrets.cli.checklist.facts import ANY_CALL, Kind
from tba_secrets.cli.checklist.lines import (
    NO_CHECK,
    TOKENINFO,
    Checklist,
    Group,
    Line,
    Step,
    of_user,
    role_title,
    shown_line,
)
from tba_secrets.cli.checklist.proofs import Proofs
from tba_secrets.cli.checklist.roles import roles_step


def checklist(environment: str, proofs: Sequence[Proofs], unread: str = "") -> Checklist:
    """The four steps.

    Args:
        environment: Its name.
        proofs: Of every record of the environment, in order.
        unread: Why the stack's state could not be read; empty where it was.
    """
    steps = (
        _features(proofs),
        _integrations(proofs),
        roles_step(proofs),
        _tokens(environment, proofs),
    )
    return Checklist(environment, proofs[0].record.account, steps, tuple(_notes(proofs, unread)))


def _notes(proofs: Sequence[Proofs], unread: str) -> Iterator[str]:
    if unread:
        yield f"Nothing is ticked: {unread}."
    elif not any(one.proven or one.why_not for one in proofs):
        yield "Nothing is ticked: no check has passed yet. `pulumi up` runs them."
    for one in proofs:
        if one.why_not:
            yield f"{one.record.path}: {one.why_not}, so what it has shown before is not ticked."


# --- 1: features ------------------------------------------------------------------------------------


def _features(proofs: Sequence[Proofs]) -> Step:
    declared = {facts.plain_name(name) for one in proofs for name in one.record.role.permissions}
    kinds = frozenset[Kind]().union(*(one.kinds for one in proofs))
    lines = tuple(
        shown_line(f"{feature.where}: {feature.name}", proofs, feature.kinds)
        for feature in facts.FEATURES
        if feature.kinds & kinds or feature.permission in declared
    )
    return Step("Enable the features", "Setup > Company > Enable Features", (Group("", lines),))


# --- 2: integration records --------------------------------------------------------------------------


def _integrations(proofs: Sequence[Proofs]) -> Step:
    names = dict.fromkeys(one.record.integration for one in proofs)
    groups = (
        _integration(name, [one for one in proofs if one.record.integration == name])
        for name in names
    )
    return Step(
        "Create the integration records",
        "Setup > Integration > Manage Integrations > New",
        tuple(groups),
        "From NetSuite 2027.1 on, no new record can be made for TBA; those that exist end tentatively with 2028.1.",
    )


def _integration(name: str, proofs: Sequence[Proofs]) -> Group:
    source = _place(proofs[0].record.consumer_source, "")
    return Group(
        name,
        (
            shown_line("State: Enabled", proofs, ANY_CALL),
            shown_line("Token-based Authentication: ticked", proofs, ANY_CALL),
            _flow_line(proofs),
            Line("User Credentials: not ticked", why=NO_CHECK),
            shown_line(f"Consumer key and secret, shown once: {source}", proofs, ANY_CALL),
        ),
    )


def _flow_line(proofs: Sequence[Proofs]) -> Line:
    box = f"TBA: Authorization Flow: ticked, with the Callback URL {facts.CALLBACK_URL}"
    if any(one.record.token_source == "authorize" for one in proofs):
        return Line(box, why="`token: authorize` needs it; no check can tell")
    return Line(f"{box}, where `tba rotate --authorize` is to issue tokens", why=NO_CHECK)


# --- 4: access tokens -------------------------------------------------------------------------------------


def _tokens(environment: str, proofs: Sequence[Proofs]) -> Step:
    return Step(
        "Create the access tokens",
        "Setup > Users/Roles > Access Tokens > New",
        tuple(_token(environment, one) for one in proofs),
    )


def _token(environment: str, one: Proofs) -> Group:
    record = one.record
    rotate = f"`tba rotate {environment} {record.path}`"
    who = (
        of_user(shown_line(f"User: {record.user.email}", [one], TOKENINFO, "user"), [one]),
        shown_line(f"Role: {role_title(record.role)}", [one], TOKENINFO, "role"),
    )
    if record.token_source == "authorize":
        issued = f"Nothing to fill in: {rotate} has NetSuite issue it"
        return Group(record.path, (shown_line(issued, [one], ANY_CALL), *who))
    kept = f"Token id and secret, shown once: {_place(record.token_source, rotate)}"
    application = shown_line(f"Application Name: {record.integration}", [one], ANY_CALL)
    return Group(record.path, (application, *who, shown_line(kept, [one], ANY_CALL)))


def _place(source: object, rotate: str) -> str:
    """Where a pair is to be put, in words."""
    env, file, command = (getattr(source, kind, None) for kind in ("env", "file", "command"))
    if env is not None:
        first = getattr(env, "key", None) or env.id
        return f"into the variables {first} and {env.secret}"
    if file is not None:
        return f"into the file {file.path}"
    if command is not None:
        return f"where {command.argv[0]} finds them"
    return f"typed where {rotate} asks" if source == "prompt" else "into the store"
