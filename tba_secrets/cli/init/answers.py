"""The answers of `tba init`: collected, and judged by the spec's own models and rules before anything is written.

An answer is judged where it will stand: the environment's text is made with it and goes through the loader's steps, in
memory. Each answer has a line of its own there, so a finding's line tells which answer it is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from tba_secrets.cli.init.questions import QUESTIONS, STORES, Answers, Question
from tba_secrets.cli.init.template import answer_on_line, environment_text
from tba_secrets.spec.construct import construct
from tba_secrets.spec.events import scan
from tba_secrets.spec.problem import Finding
from tba_secrets.spec.rules import broken_rules
from tba_secrets.spec.shape import validate
from tba_secrets.spec.text import invisible_findings, pasted_findings

Ask: TypeAlias = Callable[[str, str | None, Callable[[str], str]], str]
"""(question, default, check) -> the answer; asks again where the check raises `RefusedError`."""


class RefusedError(ValueError):
    """Answers are wrong or missing: a line for each, `--flag: what is wrong; what to write`."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""As `spec.model.Name`; Pulumi takes no other characters in a stack's name."""


_EXAMPLES: Final = {question.name: question.example for question in QUESTIONS}
_FLAGS: Final = {question.name: question.flag for question in QUESTIONS}


def answered(environment: str, given: Answers, ask: Ask | None) -> Answers:
    """Every answer: the flag's, else the person's, else the default.

    Args:
        environment: The new stack's name.
        given: What flags say.
        ask: Asks a person; None where there is none to ask.

    Raises:
        RefusedError: Of the environment's name and the flags, everything that is wrong or missing.
    """
    answers = {"env": environment, **given}
    wrong = list(_wrong(environment, given))
    if ask is None:
        wrong += [f"{one.flag}: it is missing; {_hint(one)}" for one in _open(answers)]
    if wrong:
        raise RefusedError(wrong)
    for question in QUESTIONS:
        if question.name not in answers and _applies(question, answers):
            answers[question.name] = _answer(question, answers, ask)
    if late := list(
        findings(answers)
    ):  # a default that does not fit, such as a name that AWS refuses
        raise RefusedError(late)
    return answers


def _answer(question: Question, known: Answers, ask: Ask | None) -> str:
    default = question.default(known) if question.default is not None else None
    if ask is None or not question.asked:
        return default or ""

    def check(said: str) -> str:
        said = said.strip()
        for wrong in findings({**known, question.name: said}, only=question.name):
            raise RefusedError([wrong.partition(": ")[2]])
        return said

    return ask(question.words, default, check)


def _open(answers: Answers) -> Iterator[Question]:
    """What has no answer and no default; a store has to be chosen too where no person is asked."""
    for question in QUESTIONS:
        required = question.default is None or question.name == "store"
        if required and question.name not in answers and _applies(question, answers):
            yield question


def _applies(question: Question, answers: Answers) -> bool:
    return question.store in (None, answers.get("store"))


def _wrong(environment: str, given: Answers) -> Iterator[str]:
    if _NAME.fullmatch(environment) is None or environment.startswith("Pulumi."):
        yield (
            "ENV: it is the stack's name: begin with a letter or digit, and use letters, digits, dots, "
            "hyphens and underscores"
        )
        return
    store = given.get("store")
    for question in QUESTIONS:
        if question.name in given and store in STORES and not _applies(question, given):
            yield f"{question.flag}: it belongs to --store {question.store}; leave it out"
    yield from findings({"env": environment, **given})


def findings(answers: Answers, only: str | None = None) -> Iterator[str]:
    """What the loader would refuse, as `--flag: what is wrong; what to write`; what is not known yet is well.

    Args:
        answers: Those that are known.
        only: Of this answer alone.
    """
    store = answers.get("store", "aws")
    if store not in STORES:
        yield f"--store: there is no such store; write {' or '.join(STORES)}"
        return
    filled = {**_EXAMPLES, "aws_account": "", **answers, "store": store}
    text = environment_text(filled)
    for finding in _of_loader(text):
        name = answer_on_line(store, filled, finding.position.line)
        if (name in answers or name is None) and only in (None, name):
            what = finding.what.partition(": ")[2] or finding.what
            yield f"{_FLAGS.get(name or '', 'the file')}: {what}; {finding.hint}"


def _of_loader(text: str) -> list[Finding]:
    """The steps of `spec.loader`, without a file."""
    pasted = list(pasted_findings(text))
    if blocking := tuple(invisible_findings(text)) or scan(text):
        return [*pasted, *blocking]
    document = construct(text)
    _, misshapen = validate(document)
    return [*pasted, *document.findings, *misshapen, *broken_rules(document)]


def _hint(question: Question) -> str:
    if question.name == "store":
        return "write --store aws and --region REGION, or --store vault and --address URL"
    example = f'"{question.example}"' if " " in question.example else question.example
    return f"for example {question.flag} {example}"
