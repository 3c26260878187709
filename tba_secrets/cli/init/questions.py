"""The questions of `tba init`, in order, and their default answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Answers: TypeAlias = Mapping[str, str]
"""Answers by their names, which the template uses; `env` is the environment's own name."""
STORES: Final = ("aws", "vault")
AUTHS: Final = ("tba", "oauth2")


@dataclass(frozen=True)
class Question:
    """One question."""

    name: str
    flag: str
    words: str
    example: str
    default: Callable[[Answers], str] | None = None
    """The default, from the earlier answers; None if the user has to answer."""
    store: str | None = None
    """The kind of store that it belongs to; None for all."""
    auth: str | None = None
    """The kind of credential that it belongs to; None for all."""
    asked: bool = True
    """Whether to ask on a terminal; otherwise the flag or the default counts."""

    def strange_to(self, answers: Answers) -> str:
        """Return the flag of another store or kind of credential that it belongs to; empty if it applies."""
        chosen = (("store", self.store, ""), ("auth", self.auth, AUTHS[0]))
        for name, mine, default in chosen:
            if mine not in (None, answers.get(name, default)):
                return f"--{name} {mine}"
        return ""


def variable_after(name: str, ending: str, without: str = "") -> str:
    """Derive a variable's name: `warehouse-sync` becomes WAREHOUSE_SYNC_CONSUMER_KEY.

    Args:
        name: Of a record.
        ending: What the variable holds.
        without: An ending of the name that is left out.
    """
    words = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_").removesuffix(without)
    return f"{'_' if words[:1].isdigit() else ''}{words}_{ending}"


QUESTIONS: Final = (
    Question(
        "auth",
        "--auth",
        "Kind of credential (tba or oauth2)",
        "tba",
        lambda _: AUTHS[0],
        asked=False,
    ),
    Question("account", "--account", "NetSuite account id", "1234567_SB1"),
    Question("store", "--store", "Store (aws or vault)", "aws", lambda _: "aws"),
    Question("region", "--region", "AWS region", "us-east-1", store="aws"),
    Question(
        "aws_account",
        "--aws-account",
        "AWS account id, 12 digits (empty: any)",
        "111122223333",
        lambda _: "",
        store="aws",
    ),
    Question(
        "address", "--address", "Vault's address", "https://vault.example.com:8200", store="vault"
    ),
    Question("mount", "--mount", "Vault's KV mount", "secret", lambda _: "secret", store="vault"),
    Question(
        "prefix",
        "--prefix",
        "Prefix of the secrets' names",
        "netsuite/prod/",
        lambda known: f"netsuite/{known['env']}/",
    ),
    Question("integration", "--integration", "Name of the integration", "warehouse-sync"),
    Question("role", "--role", "Name of its NetSuite role", "Warehouse Integration"),
    Question("role_id", "--role-id", "Internal id of that role", "1042", auth="oauth2"),
    Question(
        "user", "--user", "E-mail address of the user it acts as", "integration.bot@example.com"
    ),
    Question("entity", "--entity", "Internal id of that user", "38", auth="oauth2"),
    Question(
        "token",
        "--token",
        "Name of the token",
        "warehouse-sync-token",
        lambda known: f"{known['integration']}-token",
        auth="tba",
    ),
    Question(
        "certificate",
        "--certificate",
        "Name of the certificate",
        "warehouse-sync-certificate",
        lambda known: f"{known['integration']}-certificate",
        auth="oauth2",
    ),
    *(
        Question(
            name,
            f"--{name.replace('_', '-')}-env",
            "an environment variable",
            f"WAREHOUSE_{name.upper()}",
            lambda known, owner=owner, name=name: variable_after(
                known[owner], name.upper(), "_TOKEN"
            ),  # type: ignore[misc]
            auth=auth,
            asked=False,
        )
        for auth, owner, name in (
            ("tba", "integration", "consumer_key"),
            ("tba", "integration", "consumer_secret"),
            ("tba", "token", "token_id"),
            ("tba", "token", "token_secret"),
            ("oauth2", "integration", "client_id"),
        )
    ),
)
