"""The policies that the Vault store needs, ready to paste, and which of their lines allows a call. Pure.

Source: Vault documentation, "Policies", "Capabilities"; KV v2 API (data, metadata, delete and undelete are paths of
their own, so that a policy can tell them apart). Nothing here allows `metadata` of a real secret to be deleted, for
that would destroy every version. The owners' keys and the copies of what is to be retired lie under the candidates,
whose lines cover them too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tba_secrets.spec.model import VaultSettings


@dataclass(frozen=True)
class PolicyLine:
    """One `path` of a policy."""

    path: str
    """With `*` at the end for all that begins so."""
    capabilities: tuple[str, ...]
    always: bool = True
    """Needed to stage and promote; else only to delete or restore."""

    def __str__(self) -> str:
        capabilities = ", ".join(f'"{capability}"' for capability in self.capabilities)
        return f'path "{self.path}" {{ capabilities = [{capabilities}] }}'

    def covers(self, path: str) -> bool:
        """Return whether `path` is one of those that the line speaks of."""
        if self.path.endswith("*"):
            return path.startswith(self.path[:-1])
        return path == self.path

    def missing(self, granted: Mapping[str, Collection[str]]) -> bool:
        """Return whether a login lacks the line, by its capabilities on each path (API: /sys/capabilities-self)."""
        return any(
            self.covers(path) and "root" not in held and not set(self.capabilities) <= set(held)
            for path, held in granted.items()
        )


OF_EVERY_TOKEN: Final = (
    PolicyLine("auth/token/lookup-self", ("read",)),
    PolicyLine("auth/token/renew-self", ("update",)),
    PolicyLine("sys/capabilities-self", ("update",)),
    PolicyLine("sys/internal/ui/mounts/*", ("read",)),
)
"""What Vault's policy `default` allows; named if a token was made without it."""


def policy_lines(settings: VaultSettings, kv_version: int = 2) -> tuple[PolicyLine, ...]:
    """Return what a login needs on a mount, beside what the policy `default` gives every token."""
    mount = settings.mount
    current, candidates = settings.prefix, settings.candidate_prefix + settings.prefix
    if kv_version == 1:
        return (
            PolicyLine(f"{mount}/{current}*", ("create", "read", "update")),
            PolicyLine(
                f"{mount}/{settings.candidate_prefix}*", ("create", "read", "update", "delete")
            ),
        )
    return (
        PolicyLine(f"{mount}/data/{current}*", ("create", "read", "update")),
        PolicyLine(f"{mount}/metadata/{current}*", ("create", "read", "update", "patch")),
        PolicyLine(f"{mount}/data/{candidates}*", ("create", "read", "update")),
        PolicyLine(f"{mount}/metadata/{candidates}*", ("read", "delete")),
        PolicyLine(f"{mount}/delete/{current}*", ("update",), always=False),
        PolicyLine(f"{mount}/undelete/{current}*", ("update",), always=False),
    )


def line_for(lines: Iterable[PolicyLine], method: str, path: str) -> PolicyLine:
    """Return the line that allows a call; to list a folder and all below it is for `tba import` alone."""
    if method == "LIST":
        return PolicyLine(f"{path}*", ("list",))
    known = (line for line in (*lines, *OF_EVERY_TOKEN) if line.covers(path))
    return next(known, PolicyLine(path, ("read",)))


def pasted(lines: Iterable[PolicyLine]) -> str:
    """Return the lines as they are pasted into a policy."""
    return "\n".join(f"    {line}" for line in lines)
