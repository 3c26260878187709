"""The answers of `tba init`: collect them, and let the spec check them before anything is written.

An answer is checked in its place: the environment's text is built with it and goes through `spec.check`. Each
answer has its own line there, so a finding's line tells which answer it is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from tba_secrets.cli.exits import UsageError
from tba_secrets.cli.init.questions import AUTHS, QUESTIONS, STORES, Answers, Question
from tba_secrets.cli.init.template import answer_on_line, environment_text
from tba_secrets.spec import check
from tba_secrets.suggestions import did_you_mean, or_else

Ask: TypeAlias = Callable[[str, str | None, Callable[[str], str]], str]
"""(question, default, check) -> the answer; asks again where the check raises `UsageError`."""


_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""The same as `spec.model.Name`, which is all that Pulumi accepts in a stack's name."""
_EXAMPLES: Final = {question.name: question.example for question in QUESTIONS}
_FLAGS: Final = {question.name: question.flag for question in QUESTIONS}


def answered(environment: str, given: Answers, ask: Ask | None) -> Answers:
    """Collect every answer: the flag's, else the user's, else the default.

    Args:
        environment: The new stack's name.
        given: The flags.
        ask: Asks the user; None without a terminal.

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
    """Return whether a stack may be called so; Pulumi.NAME.yaml are the settings of another one."""
    return _NAME.fullmatch(name) is not None and not name.startswith("Pulumi.")


def _answer(question: Question, known: Answers, ask: Ask | None) -> str:
    default = question.default(known) if question.default is not None else None
    if ask is None or not question.asked:
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
    """Yield what the spec refuses, as `--flag: what is wrong; what to write`.

    Args:
        answers: The known answers; examples stand for the others.
        only: Restrict the findings to this answer.
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
    filled = {**_EXAMPLES, "aws_account": "", **answers}
    text = environment_text(filled)
    for finding in check(text)[1]:
        about = answer_on_line(filled, finding.position.line)
        if (about in answers or about is None) and only in (None, about):
            what = finding.what.partition(": ")[2] or finding.what
            yield f"{_FLAGS.get(about or '', 'the file')}: {what}; {finding.hint}"
