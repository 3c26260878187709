"""State -> what the signed checks have proven of each record, as far as that still speaks of what is declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tba_secrets.cli.checklist.facts import ACCESS_TOKEN, CheckKind, kind_of, name_of
from tba_secrets.cli.status_state import TokenState, token_states
from tba_secrets.records import CredentialRecord


@dataclass(frozen=True)
class Proofs:
    """What has been proven of one record; nothing where state has nothing, or where it does not count any more."""

    record: CredentialRecord
    day: str = ""
    proven: Mapping[CheckKind, frozenset[str]] = field(default_factory=dict)
    """By kind of check: the aspects and services that its answer proved."""
    entity: str = ""
    """The internal id of the user that NetSuite named."""
    why_not: str = ""
    """Why what state holds does not count; empty if it does, or if there is nothing."""

    @property
    def kinds(self) -> frozenset[CheckKind]:
        """The kinds of checks that are declared; a certificate gets an access token first."""
        declared = frozenset(kind_of(check) for check in self.record.verify.checks)
        return declared | ACCESS_TOKEN if self.certified else declared

    @property
    def certified(self) -> bool:
        """Whether it is a certificate."""
        return self.record.certificate is not None

    def by(self, kinds: Iterable[CheckKind], aspect: str | None = None) -> str | None:
        """Return which call of these kinds proved it and when, in words; None if none has.

        The aspect is what of the answer counts (`role`, `user`); any proof where None.
        """
        for kind in CheckKind:
            held = self.proven.get(kind, frozenset()) if kind in kinds else frozenset()
            if held and (aspect is None or aspect in held):
                return f"{kind.value} of {self.record.path}, {self.day}"
        return None


def all_proofs(
    records: Iterable[CredentialRecord], resources: Iterable[Mapping[str, Any]]
) -> tuple[Proofs, ...]:
    """Return the proofs of every record, in order, from state as `engine.exported_resources` gives it."""
    states = token_states(resources)
    return tuple(_proofs(record, states.get(record.path, TokenState())) for record in records)


def _proofs(record: CredentialRecord, state: TokenState) -> Proofs:
    entity = str(state.tested.get("entity") or "")
    if state.failures:
        return Proofs(record, entity=entity, why_not="its last update has failed")
    if not state.verified or state.proof is None:
        return Proofs(record)
    if changed := _changed(record, state.tested):
        why = f"{' and '.join(changed)} declared now differ from what was tested"
        return Proofs(record, entity=entity, why_not=why)
    proven = _read(record, state.proof.evidence)
    if not (state.tested.get("user") or {}).get("entity"):
        # An entity that was recorded is not one that anybody has declared to be this e-mail address's.
        proven = {kind: aspects - {"user"} for kind, aspects in proven.items()}
    return Proofs(record, state.proof.at[:10], proven, entity)


def _changed(record: CredentialRecord, tested: Mapping[str, Any]) -> list[str]:
    """Return what a proof is about, where the environment says something else by now."""
    role, user = tested.get("role") or {}, tested.get("user") or {}
    compared = {
        "account": (record.account, tested.get("account")),
        "endpoint": (record.endpoint, tested.get("endpoint")),
        "role": (record.role.name, role.get("name")),
        "role id": (record.role.id or role.get("id"), role.get("id")),
        "user": (record.user.email, user.get("email")),
        "entity": (record.user.entity or user.get("entity"), user.get("entity")),
    }
    return [name for name, (declared, proven) in compared.items() if declared != proven]


def _read(record: CredentialRecord, evidence: Iterable[str]) -> dict[CheckKind, frozenset[str]]:
    """Return the lines of `provider.proof`: `tokeninfo proves account, role; not user`."""
    found: dict[CheckKind, frozenset[str]] = {}
    names = [(kind_of(check), name_of(check)) for check in record.verify.checks]
    for kind, name in (*((kind, kind.value) for kind in ACCESS_TOKEN), *names):
        opening = f"{name} proves "
        for line in evidence:
            if line.startswith(opening):
                words = line.removeprefix(opening).partition("; not ")[0]
                found[kind] = found.get(kind, frozenset()) | set(filter(None, words.split(", ")))
    return found
