"""The questions of `tba init`, in order, and their answers, which the spec checks before anything is written.

An answer is checked in its place: the environment's text is built with it and goes through `spec.check`. Each
answer has its own line there, so a finding's line tells which answer it is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from tba_secrets.cli.exits import UsageError
from tba_secrets.cli.init.template import answer_on_line, environment_text
from tba_secrets.spec import check
from tba_secrets.suggestions import did_you_mean, or_else

Answers: TypeAlias = Mapping[str, str]
"""Answers by their names, which the template uses; `env` is the environment's own name."""
STORES: Final = ("aws", "vault")
AUTHS: Final = ("tba", "oauth2")
Ask: TypeAlias = Callable[[str, str | None, Callable[[str], str]], str]
"""(question, default, check) -> the answer; asks again where the check raises `UsageError`."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""The same as `spec.model.Name`, which is all that Pulumi accepts in a stack's name."""


@dataclass(frozen=True)
class Question:
    """One question."""

    name: str
    words: str
    """What is asked on a terminal; empty if only the flag or the default counts."""
    help: str
    """What the flag's help says."""
    example: str
    default: Callable[[Answers], str] | None = None
    """The default, from the earlier answers; None if the user has to answer."""
    store: str | None = None
    """The kind of store that it belongs to; None for all."""
    auth: str | None = None
    """The kind of credential that it belongs to; None for all."""
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

    `without` is an ending of the record's name that is left out.
    """
    words = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_").removesuffix(without)
    return f"{'_' if words[:1].isdigit() else ''}{words}_{ending}"


def _variable(owner: str, name: str, auth: str, help: str) -> Question:
    """Return the question for the variable that holds a value; by default it is named after its owner."""

    def default(known: Answers) -> str:
        return variable_after(known[owner], name.upper(), "_TOKEN")

    example = f"WAREHOUSE_{name.upper()}"
    return Question(name, "", help, example, default, auth=auth, ending="-env")


QUESTIONS: Final = (
    Question(
        "auth",
        "",
        "tba for tokens, or oauth2 for certificates (docs/oauth2.md); default: tba.",
        "tba",
        lambda _: AUTHS[0],
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
EXAMPLES: Final = {question.name: question.example for question in QUESTIONS}
_FLAGS: Final = {question.name: question.flag for question in QUESTIONS}


def answered(environment: str, given: Answers, ask: Ask | None) -> Answers:
    """Collect every answer: the flag's, else the user's, else the default. Without a terminal nobody is asked.

    Raises:
        UsageError: The environment's name or flags are wrong or missing; the error lists them all.
    """
    answers = {"env": environment, **given}
    missing = _missing(answers) if ask is None else ()
    if wrong := [*_wrong(environment, given), *missing]:
        raise UsageError(wrong)
    for question in QUESTIONS:
        if question.name not in answers and not question.strange_to(answers):
            answers[question.name] = _answer(question, answers, ask)
    # A default may be wrong too, for example a name that AWS refuses.
    if late := list(findings(answers)):
        raise UsageError(late)
    return answers


def is_stack_name(name: str) -> bool:
    """Return whether a stack may be called so; stacks/Pulumi.NAME.yaml are settings."""
    return _NAME.fullmatch(name) is not None and not name.startswith("Pulumi.")


def _answer(question: Question, known: Answers, ask: Ask | None) -> str:
    default = question.default(known) if question.default is not None else None
    if ask is None or not question.words:
        return default or ""

    def checked(answer: str) -> str:
        answer = answer.strip()
        for wrong in findings({**known, question.name: answer}, only=question.name):
            raise UsageError([wrong.partition(": ")[2]])
        return answer

    return ask(question.words, default, checked)


def _missing(answers: Answers) -> Iterator[str]:
    """Say which questions have no answer and no default; without a terminal the store is one too."""
    for question in QUESTIONS:
        name, example = question.name, question.example
        required = question.default is None or name == "store"
        if required and name not in answers and not question.strange_to(answers):
            hint = f"for example {question.flag} " + (f'"{example}"' if " " in example else example)
            if name == "store":
                hint = "write --store aws and --region REGION, or --store vault and --address URL"
            yield f"{question.flag}: it is missing; {hint}"


def _wrong(environment: str, given: Answers) -> Iterator[str]:
    if not is_stack_name(environment):
        yield (
            "ENV: it is the stack's name: begin with a letter or digit, and use letters, digits, dots, "
            "hyphens and underscores"
        )
        return
    if given.get("store", STORES[0]) in STORES and given.get("auth", AUTHS[0]) in AUTHS:
        for question in QUESTIONS:
            known = {"store": question.store or "", **given}  # any store, until one is chosen
            if question.name in given and (other := question.strange_to(known)):
                yield f"{question.flag}: it belongs to {other}; leave it out"
    yield from findings({"env": environment, **given})


def findings(answers: Answers, only: str | None = None) -> Iterator[str]:
    """Yield what the spec refuses, as `--flag: what is wrong; what to write`; of `only` one answer, if it is given.

    Examples stand for the answers that are not known.
    """
    kinds = (
        ("store", "there is no such store", STORES),
        ("auth", "there is no such kind of credential", AUTHS),
    )
    for name, wrong, known in kinds:
        if (kind := answers.get(name, known[0])) not in known:
            remedy = or_else(did_you_mean(kind, known), f"write {' or '.join(known)}")
            yield f"--{name}: {wrong}; {remedy}"
            return
    filled = {**EXAMPLES, "aws_account": "", **answers}
    text = environment_text(filled)
    for finding in check(text)[1]:
        about = answer_on_line(filled, finding.position.line)
        if (about in answers or about is None) and only in (None, about):
            what = finding.what.partition(": ")[2] or finding.what
            yield f"{_FLAGS.get(about or '', 'the file')}: {what}; {finding.hint}"
