"""The questions of `tba init`, in order: each a flag, and an answer with a place of its own in the template."""

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
    words: str
    help: str
    """What the flag's help says."""
    example: str
    default: Callable[[Answers], str] | None = None
    """The default, from the earlier answers; None if the user has to answer."""
    store: str | None = None
    """The kind of store that it belongs to; None for all."""
    auth: str | None = None
    """The kind of credential that it belongs to; None for all."""
    asked: bool = True
    """Whether to ask on a terminal; otherwise the flag or the default counts."""
    ending: str = ""
    """What the flag has after the name."""

    @property
    def flag(self) -> str:
        """Its flag, such as `--aws-account`."""
        return f"--{self.name.replace('_', '-')}{self.ending}"

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


def _variable(owner: str, name: str, auth: str, help: str) -> Question:
    """Return the question for the variable with a value, which is named after a record."""

    def default(known: Answers) -> str:
        return variable_after(known[owner], name.upper(), "_TOKEN")

    example = f"WAREHOUSE_{name.upper()}"
    words = "an environment variable"
    return Question(name, words, help, example, default, auth=auth, asked=False, ending="-env")


QUESTIONS: Final = (
    Question(
        "auth",
        "Kind of credential (tba or oauth2)",
        "tba for tokens, or oauth2 for certificates (docs/oauth2.md); default: tba.",
        "tba",
        lambda _: AUTHS[0],
        asked=False,
    ),
    Question(
        "account",
        "NetSuite account id",
        "The NetSuite account id, for example 1234567_SB1.",
        "1234567_SB1",
    ),
    Question("store", "Store (aws or vault)", "aws or vault.", "aws", lambda _: "aws"),
    Question("region", "AWS region", "AWS: the region.", "us-east-1", store="aws"),
    Question(
        "aws_account",
        "AWS account id, 12 digits (empty: any)",
        "AWS: the account id to require; default: any.",
        "111122223333",
        lambda _: "",
        store="aws",
    ),
    Question(
        "address",
        "Vault's address",
        "Vault: https://HOST:PORT.",
        "https://vault.example.com:8200",
        store="vault",
    ),
    Question(
        "mount",
        "Vault's KV mount",
        "Vault: the KV mount; default: secret.",
        "secret",
        lambda _: "secret",
        store="vault",
    ),
    Question(
        "prefix",
        "Prefix of the secrets' names",
        "The prefix of the secrets' names; default: netsuite/ENV/.",
        "netsuite/prod/",
        lambda known: f"netsuite/{known['env']}/",
    ),
    Question("integration", "Name of the integration", "The integration's name.", "warehouse-sync"),
    Question(
        "role",
        "Name of its NetSuite role",
        "The integration's role, as NetSuite shows it.",
        "Warehouse Integration",
    ),
    Question(
        "role_id",
        "Internal id of that role",
        "OAuth 2.0: that role's internal id.",
        "1042",
        auth="oauth2",
    ),
    Question(
        "user",
        "E-mail address of the user it acts as",
        "The e-mail address of the user it acts as.",
        "integration.bot@example.com",
    ),
    Question(
        "entity",
        "Internal id of that user",
        "OAuth 2.0: that user's internal id.",
        "38",
        auth="oauth2",
    ),
    Question(
        "token",
        "Name of the token",
        "TBA: the token's name; default: INTEGRATION-token.",
        "warehouse-sync-token",
        lambda known: f"{known['integration']}-token",
        auth="tba",
    ),
    Question(
        "certificate",
        "Name of the certificate",
        "OAuth 2.0: the certificate's name; default: INTEGRATION-certificate.",
        "warehouse-sync-certificate",
        lambda known: f"{known['integration']}-certificate",
        auth="oauth2",
    ),
    _variable(
        "integration",
        "consumer_key",
        "tba",
        "TBA: the variable with the consumer key; default: named after the integration.",
    ),
    _variable(
        "integration", "consumer_secret", "tba", "TBA: the variable with the consumer secret."
    ),
    _variable(
        "token",
        "token_id",
        "tba",
        "TBA: the variable with the token id; default: named after the token.",
    ),
    _variable("token", "token_secret", "tba", "TBA: the variable with the token secret."),
    _variable(
        "integration",
        "client_id",
        "oauth2",
        "OAuth 2.0: the variable with the client id; default: named after the integration.",
    ),
)
