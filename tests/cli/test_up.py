"""`tba up` without the engine: what is heard of it, the order of things, and the report."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tba_secrets.cli import up
from tba_secrets.cli.carry_out import end_interrupted, on_interrupt
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.up_report import exit_code, show, show_each
from tba_secrets.engine.events import (
    Message,
    Tell,
    TokenOutcome,
    UpdateListener,
    UpdateOutcome,
    UpdateResult,
)
from tests.cli.conftest import PERMISSIONS, YAML, Tba

URN = "urn:pulumi:test::tba-secrets::tba:index:{kind}::orders"
RECORD = "warehouse/orders"
VERIFIED = {"verified": {"aws": "v2"}, "verifiedAs": "role r in account 1"}


# --- what the engine's events say ---------------------------------------------------------------------


def step(
    kind: str,
    old: dict[str, Any] | None,
    new: dict[str, Any] | None,
    op: str = "update",
    **more: Any,
) -> list[str]:
    """A resource's step, begun and ended."""
    resource = {"urn": URN.format(kind=kind), "type": f"tba:index:{kind}", "op": op, **more}
    states = {
        name: None if outputs is None else {"inputs": {"record": RECORD}, "outputs": outputs}
        for name, outputs in (("old", old), ("new", new))
    }
    return [
        json.dumps({event: {"metadata": {**resource, **states}}})
        for event in ("resourcePreEvent", "resOutputsEvent")
    ]


def said(severity: str, message: str, urn: str = "", **more: Any) -> str:
    """A line of the engine's diagnostics."""
    return json.dumps(
        {"diagnosticEvent": {"severity": severity, "message": message, "urn": urn, **more}}
    )


REFUSED_INPUT = (
    "tba:index:StagedCredential resource 'orders' has a problem: token: no value. Give it one"
)
"""As the engine says it."""


def summary(**changes: int) -> str:
    """The last event."""
    return json.dumps({"summaryEvent": {"resourceChanges": changes}})


def heard(*lines: str, result: UpdateResult = UpdateResult.DONE) -> tuple[UpdateOutcome, list[str]]:
    """What is made of a stream, and what was told meanwhile."""
    told: list[str] = []
    listener = UpdateListener(told.append)
    for line in lines:
        listener.hear(line)
    return listener.outcome("test", result, seconds=1.0), told


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            step("StagedCredential", None, {"versions": {"aws": "v1"}}, "create"),
            TokenOutcome(staged=True),
        ),
        (
            step("StagedCredential", {"versions": {"aws": "v1"}}, {"versions": {"aws": "v1"}}),
            TokenOutcome(),
        ),
        (
            step("SmokeTest", {"verified": {"aws": "v1"}}, VERIFIED),
            TokenOutcome(promoted=True, verified_as="role r in account 1"),
        ),
        (
            step("SmokeTest", VERIFIED, VERIFIED),
            TokenOutcome(verified_as="role r in account 1"),
        ),
        (
            step("SmokeTest", VERIFIED, VERIFIED, detailedDiff={"drift.aws": {}}),
            TokenOutcome(promoted=True, verified_as="role r in account 1"),
        ),
        (
            step("SmokeTest", None, {**VERIFIED, "promote": False}, "create"),
            TokenOutcome(verified_as="role r in account 1"),
        ),
        (step("StagedCredential", {"versions": {}}, None, "delete"), TokenOutcome(removed=True)),
        (
            [
                *step("StagedCredential", {"versions": {"aws": "v3"}}, {"versions": {"aws": "v2"}}),
                *step("SmokeTest", VERIFIED, VERIFIED, "same"),
            ],
            TokenOutcome(),
        ),
    ],
)
def test_what_a_step_did(lines: list[str], expected: TokenOutcome) -> None:
    assert heard(*lines)[0].tokens == {RECORD: expected}


@pytest.mark.parametrize("op", ["same", "refresh", "read"])
def test_a_step_that_changes_nothing_is_not_told(op: str) -> None:
    assert heard(*step("SmokeTest", VERIFIED, VERIFIED, op))[0].tokens == {}


@pytest.mark.parametrize(
    ("changes", "verdict", "result"),
    [
        ({"same": 6}, UpdateResult.DONE, UpdateResult.NOTHING),
        ({"same": 5, "update": 1}, UpdateResult.DONE, UpdateResult.DONE),
        ({"create": 6}, UpdateResult.DONE, UpdateResult.DONE),
        ({"delete": 2, "same": 4}, UpdateResult.DONE, UpdateResult.DONE),
        ({"same": 6}, UpdateResult.FAILED, UpdateResult.FAILED),
        ({"create": 3}, UpdateResult.FAILED, UpdateResult.FAILED),
        ({}, UpdateResult.NOT_STARTED, UpdateResult.NOT_STARTED),
    ],
)
def test_how_it_ended(changes: dict[str, int], verdict: UpdateResult, result: UpdateResult) -> None:
    assert heard(summary(**changes), result=verdict)[0].result is result


WAITS = "`tba certificate test orders` prints it"


def failed(waits_for: str) -> list[str]:
    """A test that has failed, and what state keeps of it."""
    begun, ended = step("SmokeTest", VERIFIED, {**VERIFIED, "waitsFor": waits_for})
    urn = URN.format(kind="SmokeTest")
    return [
        begun,
        said("error", "not promoted", urn),
        ended.replace("resOutputsEvent", "resOpFailedEvent"),
    ]


@pytest.mark.parametrize(
    ("lines", "result"),
    [
        (failed(WAITS), UpdateResult.WAITS),
        ([*failed(WAITS), said("error", "update failed")], UpdateResult.WAITS),
        ([*failed(WAITS), said("error", "the program has failed")], UpdateResult.FAILED),
        (failed(""), UpdateResult.FAILED),
    ],
)
def test_only_where_nothing_else_failed_it_waits(lines: list[str], result: UpdateResult) -> None:
    outcome, _ = heard(*lines, result=UpdateResult.FAILED)

    assert outcome.result is result


def test_a_failure_is_kept_whole_and_once() -> None:
    urn = URN.format(kind="SmokeTest")
    failure = said(
        "error", "1 error occurred:\n\t* warehouse/orders: not promoted\n  1. why\n\n", urn
    )

    outcome, told = heard(
        *step("SmokeTest", VERIFIED, VERIFIED)[:1],
        failure,
        failure,
        said("error", "update failed\n"),
        result=UpdateResult.FAILED,
    )

    assert outcome.errors == (Message("warehouse/orders: not promoted\n  1. why", RECORD),)
    assert set(told) == {"warehouse/orders: not promoted"}


def test_live_words_are_told_and_not_kept() -> None:
    urn = URN.format(kind="SmokeTest")
    begun = step("SmokeTest", VERIFIED, VERIFIED)[:1]

    outcome, told = heard(
        *begun,
        said("info", "testing\n", urn, ephemeral=True),
        said("debug", "endpoint ...", urn),
        said("warning", "the source is stale", urn),
        said("info", "one token was revoked", urn),
        said("info", "verified as role r, promoted; the token before it is valid", urn),
        said("info", "the program prints something", URN.format(kind="Stack")),
    )

    assert told == [
        "warehouse/orders: testing",
        "warehouse/orders: the source is stale",
        "warehouse/orders: one token was revoked",
    ]
    assert outcome.warnings == (Message("the source is stale", RECORD),)
    assert outcome.notes == (Message("one token was revoked", RECORD),)
    assert outcome.errors == ()


def test_what_becomes_of_the_token_before_stands_in_the_outcome() -> None:
    urn = URN.format(kind="SmokeTest")
    begun, ended = step("SmokeTest", {"verified": {"aws": "v1"}}, VERIFIED)
    words = (
        "verified as role r in account 1, promoted; the token that it replaces is valid until then"
    )

    outcome, told = heard(begun, said("info", words, urn), ended)

    assert (outcome.notes, told) == ((), [])
    token = outcome.tokens[RECORD]
    assert (token.promoted, token.replaces) == (
        True,
        "the token that it replaces is valid until then",
    )


def test_the_engines_own_words_hide_the_backends_password() -> None:
    failure = said("error", "could not save to postgres://me:obviously-fake@db/state")
    outcome, told = heard(failure, result=UpdateResult.FAILED)
    assert outcome.errors == (Message("could not save to postgres://db/state"),)
    assert told == ["could not save to postgres://db/state"]


@pytest.mark.parametrize(
    "line",
    [
        "Updating (test):",
        "",
        "[]",
        "7",
        '{"resourcePreEvent": {}}',
        '{"resOutputsEvent": {"metadata": 3}}',
        '{"diagnosticEvent": {"severity": "error"}}',
        '{"summaryEvent": null}',
        '{"anotherEvent": {}}',
    ],
)
def test_what_is_not_known_is_passed_over(line: str) -> None:
    outcome, told = heard(line, summary(update=1))
    assert (outcome.result, outcome.errors, told) == (UpdateResult.DONE, (), [])


# --- several environments -----------------------------------------------------------------------------


def bring_up(
    names: list[str], one: Callable[[str, Tell], UpdateOutcome], parallel: int
) -> list[UpdateOutcome]:
    """All of them; nobody watches."""
    with up.Progress(names, verbose=False) as progress:
        return up.all_up(names, one, parallel, progress)


def test_one_that_fails_stops_no_other_and_the_order_stays() -> None:
    def one(name: str, tell: Tell) -> UpdateOutcome:
        return UpdateOutcome(name, UpdateResult.FAILED if name == "b" else UpdateResult.DONE)

    report = bring_up(["c", "b", "a"], one, parallel=1)

    assert [(o.environment, o.result) for o in report] == [
        ("c", UpdateResult.DONE),
        ("b", UpdateResult.FAILED),
        ("a", UpdateResult.DONE),
    ]


def test_as_many_at_once_as_are_asked_for() -> None:
    """Each waits for the other: one at a time would never end."""
    both = threading.Barrier(2, timeout=60)

    def one(name: str, tell: Tell) -> UpdateOutcome:
        both.wait()
        return UpdateOutcome(name, UpdateResult.DONE)

    assert {o.result for o in bring_up(["a", "b"], one, parallel=2)} == {UpdateResult.DONE}


def test_after_an_interrupt_no_other_begins(tmp_path: Path) -> None:
    """The first is at work when it comes; the second is asked for only then."""
    fleet = up.Fleet(tmp_path, ["a", "b"])

    def one(name: str, tell: Tell) -> UpdateOutcome:
        if name == "a":
            os.kill(os.getpid(), signal.SIGINT)
            assert fleet.engines["a"].cancelled.wait(60)
            return UpdateOutcome(name, UpdateResult.DONE)
        return fleet.up(name, tell)

    with on_interrupt(fleet.cancel):
        report = bring_up(["a", "b"], one, parallel=1)

    assert [o.result for o in report] == [UpdateResult.DONE, UpdateResult.NOT_STARTED]
    assert fleet.cancelled


def test_all_stacks_share_a_users_turn_and_the_sources(tmp_path: Path) -> None:
    fleet = up.Fleet(tmp_path, ["a", "b"])
    first, second = (engine.provider({}).host for engine in fleet.engines.values())
    assert first.gate is second.gate
    assert first.sources is second.sources
    assert first.cancelled is not second.cancelled
    assert first.records is not second.records


# --- the command --------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two environments; the second one's YAML has two mistakes. There is no engine."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TBA_SIMULATOR", "http://127.0.0.1:9")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "good.yaml").write_text(YAML.format(permissions=PERMISSIONS))
    (tmp_path / "stacks" / "bad.yaml").write_text("version: 2\naccount: 7\n")
    return tmp_path


def test_a_mistake_in_one_file_lets_none_begin(project: Path, tba: Tba) -> None:
    ended = tba("up", "--all", "--json", "--project", str(project))

    bad, good = json.loads(ended.out)["environments"]
    assert ended.status == 1
    assert (bad["environment"], bad["result"]) == ("bad", "failed")
    assert len(bad["errors"]) > 1
    assert all("bad.yaml:" in one["message"] for one in bad["errors"])
    assert (good["environment"], good["result"], good["errors"]) == ("good", "not started", [])


def test_without_an_engine_each_says_what_to_do(project: Path, tba: Tba) -> None:
    ended = tba("up", "good", "--project", str(project))

    assert ended.status == 1
    assert "good: failed" in ended.out
    assert "the Pulumi CLI is not on PATH" in ended.out
    assert "make tools" in ended.out
    assert "1 failed; exit code 1" in ended.out
    assert "Traceback" not in ended.out + ended.err


@pytest.mark.parametrize("arguments", [[], ["good", "--all"]])
def test_it_is_named_what_to_bring_up(project: Path, tba: Tba, arguments: list[str]) -> None:
    assert tba("up", *arguments, "--project", str(project)).status == 2


def test_an_environment_that_is_not_there_lists_those_that_are(project: Path, tba: Tba) -> None:
    ended = tba("up", "god", "--project", str(project))
    assert ended.status == 1
    assert "(there: bad, good)" in ended.out


def test_no_environment_at_all(tmp_path: Path, tba: Tba) -> None:
    ended = tba("up", "--all", "--project", str(tmp_path))
    assert ended.status == 1
    assert "holds no environment" in ended.err


def test_the_report_names_token_cause_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    show(
        [
            UpdateOutcome(
                "prod",
                UpdateResult.FAILED,
                {
                    RECORD: TokenOutcome(staged=True),
                    "w/b": TokenOutcome(True, True, False, "role r"),
                },
                (Message(f"{RECORD}: refused\n  Fix: look", RECORD),),
                (Message("stale [source]", "w/b"),),
                seconds=2.04,
            ),
            UpdateOutcome("test", UpdateResult.NOTHING, seconds=1.0),
        ],
        Exit.FAILED,
    )
    assert capsys.readouterr().out.splitlines() == [
        "prod: failed in 2.0 s",
        "  w/b: staged, verified as role r, promoted",
        "  warehouse/orders: staged, not promoted",
        "  warning: w/b: stale [source]",
        "  error: warehouse/orders: refused",
        "      Fix: look",
        "test: nothing to do in 1.0 s",
        "1 nothing to do, 1 failed; exit code 1",
    ]


def test_what_was_not_started_took_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    """After Ctrl-C, whose exit code is told."""
    show([UpdateOutcome("prod", UpdateResult.NOT_STARTED, seconds=1.4)], Exit.INTERRUPTED)
    assert capsys.readouterr().out.splitlines() == [
        "prod: not started",
        "1 not started; exit code 130",
    ]


@pytest.mark.parametrize(
    ("begun", "words"),
    [(True, "what was done so far is kept"), (False, "nothing was written")],
)
def test_after_ctrl_c_it_says_whether_anything_was_begun(
    begun: bool, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "_exit", sys.exit)  # which is for what still waits in threads
    with pytest.raises(SystemExit) as ended:
        end_interrupted(begun=begun)
    assert ended.value.code == Exit.INTERRUPTED
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ([RECORD, "warehouse/stock"], Message("token: no value. Give it one", RECORD)),
        (["warehouse/stock"], Message(REFUSED_INPUT)),
        ([RECORD, "billing/orders"], Message(REFUSED_INPUT)),
    ],
)
def test_an_input_that_is_refused_is_told_as_its_record_s(
    declared: list[str], expected: Message
) -> None:
    """The engine refuses it before it says which record it is about."""
    listener = UpdateListener(lambda _: None)
    listener.declared = lambda: declared
    said = {"urn": "urn:x::orders", "message": REFUSED_INPUT, "severity": "error"}
    listener.hear(json.dumps({"diagnosticEvent": said}))
    assert listener.errors == [expected]


def test_the_report_names_what_waits_and_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = UpdateOutcome(
        "prod",
        UpdateResult.WAITS,
        {RECORD: TokenOutcome(waits_for=WAITS)},
        (Message(f"waits for its upload\n  Fix: {WAITS}", RECORD),),
    )

    show([waiting], Exit.PERSON)

    assert capsys.readouterr().out.splitlines() == [
        "prod: waits for a person",
        "  warehouse/orders: waits for a person",
        "  error: warehouse/orders: waits for its upload",
        f"  to do: warehouse/orders: {WAITS}",
        "1 waits for a person; exit code 5",
    ]
    assert exit_code([waiting, UpdateOutcome("test", UpdateResult.FAILED)]) is Exit.FAILED


ROTATED = TokenOutcome(True, True, False, "role r", "the old one [now] goes at noon")
REVOKED = Message(f"{RECORD}: the token superseded yesterday: revoked (HTTP 200)", RECORD)
LONG = Message(f"{RECORD}: the token superseded on Monday: not revoked\n  To do: look", RECORD)


@pytest.mark.parametrize(
    ("verb", "token", "notes", "lines"),
    [
        (
            "rotated",
            ROTATED,
            (),
            [f"{RECORD}: rotated, verified as role r, promoted; the old one [now] goes at noon"],
        ),
        (
            "",
            TokenOutcome(verified_as="role r"),
            (REVOKED, LONG),
            [
                f"{RECORD}: the token superseded yesterday: revoked (HTTP 200); what readers get is verified as role r",
                f"{RECORD}: the token superseded on Monday: not revoked",
                "      To do: look",
            ],
        ),
        ("rotated", None, (), [f"{RECORD}: rotated"]),
        ("", None, (), [f"{RECORD}: nothing was left to do"]),
    ],
)
def test_a_command_about_tokens_reports_a_line_for_each(
    verb: str,
    token: TokenOutcome | None,
    notes: tuple[Message, ...],
    lines: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    tokens = {} if token is None else {RECORD: token}

    show_each(UpdateOutcome("prod", UpdateResult.DONE, tokens, notes=notes), [RECORD], verb)

    assert capsys.readouterr().out.splitlines() == lines


def test_the_report_tells_one_cause_once(capsys: pytest.CaptureFixture[str]) -> None:
    cause = "AWS: no credentials\n  Fix: log in"
    failures = (
        Message(f"w/a: {cause}", "w/a"),
        Message("w/b: refused", "w/b"),
        Message(cause, "w/c"),
        Message("update failed"),
    )

    show([UpdateOutcome("prod", UpdateResult.FAILED, errors=failures)], Exit.FAILED)

    assert capsys.readouterr().out.splitlines()[1:-1] == [
        "  error: w/a, w/c: AWS: no credentials",
        "      Fix: log in",
        "  error: w/b: refused",
        "  error: update failed",
    ]
