"""`after_promote:` readers are told once for each promotion, again until it worked, and of no value."""

from __future__ import annotations

import hmac
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tba_secrets.errors import StoreUnavailableError
from tba_secrets.provider.codec import UNKNOWN, Properties
from tba_secrets.provider.handler import Change
from tba_secrets.provider.intents import Retire, Rollback, Rotation
from tba_secrets.stores.interface import Stage
from tba_secrets.stores.versions import Origin, short
from tests.netsuite_account import Values
from tests.provider.bench import BOTH, URN, Bench, CancelAfter, Kept, wired
from tests.provider.test_intents import RECORD, pair
from tests.provider.test_stored import stored_text
from tests.webhooks import SECRET, Receiver, receiving

RETIRE = Retire(in_use=lambda _token: None)
WEBHOOK: Properties = {"webhook": {"env": {"url": "READERS_WEBHOOK", "key": "READERS_KEY"}}}
NOTE_ENVIRONMENT = """
import json, os, sys
with open(sys.argv[1], "a") as told:
    told.write(json.dumps(dict(os.environ)) + "\\n")
sys.exit(int(sys.argv[2]))
"""


@dataclass
class Readers:
    """One record from run to run, each in a process of its own; and the command that tells its readers."""

    bench: Bench
    file: Path
    status: int = 0
    """How the command ends."""
    hook: Properties | None = None
    """Declared in the place of the command."""
    stores: Mapping[str, Any] | None = None
    staged: Kept | None = None
    tested: Kept | None = None
    more: dict[str, Any] = field(default_factory=dict)
    """What is declared of the SmokeTest besides."""

    @property
    def command(self) -> Properties:
        argv = [sys.executable, "-c", NOTE_ENVIRONMENT, str(self.file), str(self.status)]
        return {"command": {"argv": argv}}

    def up(self, intent: Any = None, **more: Any) -> Kept:
        bench = self.bench
        bench.new_process()
        bench.said.clear()
        if intent is not None:
            bench.host.intents = {RECORD: intent}
            bench.hand_over(self.tested)
        stores = {} if self.stores is None else {"stores": self.stores}
        self.staged = bench.stage(self.staged, **stores)
        return self.test(**more)

    def test(self, **more: Any) -> Kept:
        assert self.staged is not None
        declared = {"afterPromote": self.hook or self.command, **self.more, **more}
        self.tested = self.bench.test(self.staged, self.tested, **declared)
        return self.tested

    def rotate(self, token: Values) -> Kept:
        obtained = Rotation(lambda _: pair(token), origin=Origin.ROTATED, overlap_seconds=60)
        return self.up(obtained)

    def told(self) -> list[dict[str, str]]:
        """The environments of the command's runs."""
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text().splitlines()]


@pytest.fixture
def readers(bench: Bench, tmp_path: Path) -> Readers:
    return Readers(bench, tmp_path / "told")


@pytest.fixture
def spare(readers: Readers) -> Values:
    return readers.bench.account.spares["orders"]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving(Receiver()) as one:
        monkeypatch.setenv("READERS_WEBHOOK", one.url)
        monkeypatch.setenv("READERS_KEY", "not-a-real-key")
        yield one


# --- once for each promotion ---------------------------------------------------------------------------


def test_readers_are_told_once_of_each_promotion(readers: Readers, spare: Values) -> None:
    readers.up()
    readers.up()
    readers.rotate(spare)
    readers.up(Rollback())
    kept = readers.up()

    versions = [one["TBA_VERSION_AWS"] for one in readers.told()]
    assert len(versions) == len({*versions}) == 3
    assert versions[-1] == readers.bench.version(Stage.CURRENT)
    assert [one["TBA_PREVIOUS_VERSION_AWS"] for one in readers.told()] == ["", *versions[:2]]
    assert kept.state["untold"] == ""


def test_what_a_command_is_told(readers: Readers) -> None:
    readers.up()

    (told,) = readers.told()
    facts = {name: value for name, value in told.items() if name.startswith("TBA_")}
    assert facts == {
        "TBA_ENVIRONMENT": "test",
        "TBA_INTEGRATION": "warehouse",
        "TBA_NAME": "orders",
        "TBA_STORES": "aws",
        "TBA_SECRET_AWS": readers.bench.snapshot().location,
        "TBA_VERSION_AWS": readers.bench.version(Stage.CURRENT),
        "TBA_PREVIOUS_VERSION_AWS": "",
    }
    version = short(str(facts["TBA_VERSION_AWS"]))
    said = f"{RECORD}: readers were told of version {version}: command {sys.executable}"
    assert readers.bench.informed[-1] == said
    assert readers.bench.statuses[-1].startswith("verified as ")


def test_of_two_stores_once_after_the_last(readers: Readers) -> None:
    readers.stores = BOTH
    readers.bench.vault.failing["promote"] = StoreUnavailableError("sealed")
    half = readers.up()
    assert (half.failure is not None, readers.told()) == (True, [])
    readers.bench.vault.failing.clear()

    readers.up()
    readers.up()

    (told,) = readers.told()
    assert told["TBA_STORES"] == "aws vault"
    for kind in ("aws", "vault"):
        found = told[f"TBA_VERSION_{kind.upper()}"]
        assert found == readers.bench.version(Stage.CURRENT, kind)


@pytest.mark.parametrize("killed", ["first", "later"])
def test_a_run_that_was_killed_after_the_promotion_is_made_up_for(
    readers: Readers, spare: Values, killed: str
) -> None:
    """Nothing of that run is in state; it may have told readers already."""
    if killed == "later":
        readers.up()
        readers.bench.give(orders=spare)
    before = readers.tested
    readers.up(afterPromote=None)  # as if it had been killed right after the promotion
    readers.tested = before
    assert len(readers.told()) == (killed == "later")

    kept = readers.up()

    assert readers.told()[-1]["TBA_VERSION_AWS"] == readers.bench.version(Stage.CURRENT)
    assert len(readers.told()) == 1 + (killed == "later")
    assert readers.up() == kept


def test_a_current_version_that_is_put_back_is_told(readers: Readers) -> None:
    readers.up()
    readers.bench.write_as_another(
        stored_text(readers.bench, readers.bench.account.tokens["stock"])
    )

    readers.up()

    assert len(readers.told()) == 2


# --- what is no promotion ------------------------------------------------------------------------------


@pytest.mark.parametrize("always", [None, True])
def test_a_hook_that_is_added_or_changed_does_not_run(
    readers: Readers, always: bool | None
) -> None:
    readers.up(afterPromote=None)
    readers.up(always=always)
    readers.hook = {"command": {"argv": ["false"]}}
    readers.up(always=always)

    assert (readers.told(), readers.bench.warnings) == ([], [])


def test_what_was_adopted_is_no_promotion(readers: Readers) -> None:
    bench = readers.bench
    bench.write_as_another(stored_text(bench, bench.account.tokens["orders"]))
    readers.staged = bench.stage(adopt=True)

    kept = readers.test()

    assert kept.state["verified"] == {"aws": bench.version(Stage.CURRENT)}
    assert readers.told() == []


def test_neither_a_refused_candidate_nor_a_test_alone(readers: Readers) -> None:
    readers.up()
    readers.bench.give(orders=Values())
    refused = readers.up()
    readers.bench.new_process()
    alone = readers.test(promote=False, versions={})

    assert (refused.failure is not None, alone.failure) == (True, None)
    assert len(readers.told()) == 1


def test_nothing_but_an_update_tells(readers: Readers) -> None:
    readers.status = 3
    kept = readers.up()
    count = len(readers.told())
    bench = readers.bench
    bench.new_process()
    bench.said.clear()

    changes = bench.smoke.diff(URN, kept.inputs, kept.state, kept.inputs)
    foreseen = bench.smoke.preview(kept.state, kept.inputs)
    refreshed = bench.refresh(bench.smoke, kept)
    bench.smoke.delete(URN, kept.state)

    assert changes == [Change("untold", input=False)]
    assert [one for one in bench.informed if "readers were not told of version" in one]
    assert foreseen["untold"] is UNKNOWN
    assert refreshed is not None
    assert refreshed.state["untold"] == kept.state["untold"] != ""
    assert len(readers.told()) == count == 1


def test_retiring_leaves_it_to_the_next_update(readers: Readers, spare: Values) -> None:
    readers.up()
    readers.status = 3
    readers.rotate(spare)
    retired = readers.up(RETIRE)
    assert (len(readers.told()), retired.state["untold"] != "") == (2, True)
    readers.status = 0

    kept = readers.up()

    assert (len(readers.told()), kept.state["untold"]) == (3, "")


def test_retiring_after_a_run_that_was_killed_leaves_it_too(
    readers: Readers, spare: Values
) -> None:
    readers.up()
    before = readers.tested
    readers.bench.give(orders=spare)
    readers.up(afterPromote=None)
    readers.tested = before  # as if that run had been killed

    readers.up(RETIRE)
    assert len(readers.told()) == 1
    readers.up()

    assert len(readers.told()) == 2


# --- what fails ----------------------------------------------------------------------------------------


def test_what_fails_is_told_and_tried_again_until_it_works(readers: Readers) -> None:
    readers.status = 3
    first = readers.up()
    version = readers.bench.version(Stage.CURRENT)
    warned = readers.bench.warnings
    again = readers.up()
    readers.status = 0
    third = readers.up()
    readers.up()

    assert first.failure is again.failure is third.failure is None
    assert first.state["verified"] == {"aws": version}
    why = f"command {sys.executable}: it ended with status 3 and wrote 0 lines to standard error"
    assert warned == [
        f"{RECORD}: readers were not told of version {short(str(version))}: {why}, not shown here because it may hold "
        "secrets\n  Fix: run it by hand in the folder that holds Pulumi.yaml to see what it says; the next `pulumi up` "
        "tells them"
    ]
    assert again.state["untold"] == first.state["untold"]
    assert first.state["untold"].startswith(why)
    assert (third.state["untold"], len(readers.told())) == ("", 3)


def test_what_is_owed_survives_a_run_that_fails(readers: Readers) -> None:
    readers.status = 3
    owed = readers.up().state["untold"]
    readers.bench.give(orders=Values())

    refused = readers.up()

    assert (refused.failure is not None, refused.state["untold"], len(readers.told())) == (
        True,
        owed,
        1,
    )


def test_a_hook_that_was_taken_out_is_owed_nothing(readers: Readers) -> None:
    readers.status = 3
    owing = readers.up()

    assert readers.up(afterPromote=None) == owing, "no reason to test"
    assert readers.up(afterPromote=None, always=True).state["untold"] == ""


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["/nowhere/kubectl"], "command /nowhere/kubectl: the program does not exist"),
        ([sys.executable, "-c", "import time; time.sleep(600)"], "it did not end within 1 s"),
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], "was ended by SIGKILL"),
    ],
)
def test_a_command_that_cannot_tell(readers: Readers, argv: list[str], words: str) -> None:
    readers.hook = {"command": {"argv": argv, "timeout": 1}}

    kept = readers.up()

    assert kept.failure is None
    assert words in kept.state["untold"]
    assert readers.bench.version(Stage.CURRENT) == kept.state["verified"]["aws"]


class CancelledOnce(threading.Event):
    """A cancellation that comes once a file is there."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file

    def is_set(self) -> bool:
        return self.file.exists()


def test_a_cancelled_run_ends_the_command_and_keeps_the_promotion(readers: Readers) -> None:
    code = f"import time; open({str(readers.file)!r}, 'w').close(); time.sleep(600)"
    readers.hook = {"command": {"argv": [sys.executable, "-c", code], "timeout": 600}}
    bench = readers.bench
    readers.staged = bench.stage()
    bench.host.cancelled = CancelledOnce(readers.file)

    kept = readers.test()

    assert "the run was cancelled; it was ended" in kept.state["untold"]
    assert kept.state["verified"] == {"aws": bench.version(Stage.CURRENT)}


def test_cancelled_before_it_begins_it_does_not(readers: Readers) -> None:
    bench = readers.bench
    readers.staged = bench.stage()
    bench.host.cancelled = CancelAfter(2)  # the gate asks once, then the promotion, then this

    kept = readers.test()

    assert (kept.failure, readers.told()) == (None, [])
    assert "cancelled" in kept.state["untold"]


# --- no value ------------------------------------------------------------------------------------------


def test_a_command_gets_no_value_of_a_source(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor under another name; everything else it needs, it gets."""
    given = readers.bench.account.environment()
    monkeypatch.setenv("THE_SAME_AGAIN", given["ORDERS_TOKEN_SECRET"])
    monkeypatch.setenv("KUBECONFIG", "/etc/kube")
    readers.more = {"withheld": [*given, "NEVER_SET"]}

    readers.up()

    (told,) = readers.told()
    assert told["KUBECONFIG"] == "/etc/kube"
    assert told["PATH"]
    assert [value for value in given.values() if value in str(told)] == []
    assert not {*given, "THE_SAME_AGAIN"} & {*told}


def test_what_is_not_withheld_is_inherited(readers: Readers) -> None:
    """The broken twin: so the search above can fail."""
    readers.up()

    (told,) = readers.told()
    assert told["ORDERS_TOKEN_SECRET"] == readers.bench.account.tokens["orders"].secret


def test_what_a_command_prints_is_kept_nowhere(readers: Readers) -> None:
    canary = Values().secret
    code = f"import sys; print({canary!r}); print({canary!r}, file=sys.stderr); sys.exit(1)"
    readers.hook = {"command": {"argv": [sys.executable, "-c", code]}}

    kept = readers.up()

    assert "wrote 1 line to standard error" in kept.state["untold"]
    assert canary not in str((kept.state["untold"], readers.bench.said))


# --- a webhook -----------------------------------------------------------------------------------------


def test_what_a_webhook_is_told(readers: Readers, receiver: Receiver) -> None:
    readers.hook = WEBHOOK
    readers.up()
    said = str(readers.bench.said)
    kept = readers.up()

    ((headers, content),) = receiver.taken
    assert json.loads(content) == {
        "environment": "test",
        "integration": "warehouse",
        "name": "orders",
        "stores": [
            {
                "store": "aws",
                "secret": readers.bench.snapshot().location,
                "version": readers.bench.version(Stage.CURRENT),
                "previous": "",
            }
        ],
    }
    digest = hmac.new(b"not-a-real-key", content, "sha256").hexdigest()
    assert headers["X-Tba-Signature"] == f"sha256={digest}"
    assert ": the webhook in READERS_WEBHOOK" in said
    assert SECRET not in str((kept.state, said))


def test_a_webhook_that_does_not_take_it_is_told_again(
    readers: Readers, receiver: Receiver
) -> None:
    receiver.statuses = [404, 200]
    readers.hook = WEBHOOK
    first = readers.up()
    warned = str(readers.bench.warnings)
    second = readers.up()

    why = "the webhook in READERS_WEBHOOK did not take the message: it answered HTTP 404"
    assert (first.failure, first.state["untold"]) == (None, why)
    assert why in warned
    assert second.state["untold"] == ""
    assert len(receiver.taken) == 2
    assert SECRET not in str((first.state, second.state, warned, readers.bench.said))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "READERS_WEBHOOK is not set"),
        (f"http://example.com/{SECRET}", "an http:// address of another machine"),
    ],
)
def test_an_address_that_no_message_can_go_to(
    readers: Readers, monkeypatch: pytest.MonkeyPatch, address: str, words: str
) -> None:
    monkeypatch.setenv("READERS_WEBHOOK", address)
    readers.hook = WEBHOOK

    kept = readers.up()

    assert kept.failure is None
    assert words in kept.state["untold"]
    assert SECRET not in str((kept.state, readers.bench.said))


# --- the inputs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "property", "words"),
    [
        ({}, "afterPromote", "give exactly one of command, webhook"),
        (
            {"command": {"argv": ["true"]}, **WEBHOOK},
            "afterPromote",
            "give exactly one of command, webhook",
        ),
        ({"comand": {"argv": ["true"]}}, "afterPromote.comand", "did you mean `command`?"),
    ],
)
def test_inputs_that_are_refused(
    offline: Bench, given: Properties, property: str, words: str
) -> None:
    staged = Kept({"stores": BOTH}, {"versions": {}, "fingerprint": ""})
    inputs = wired(offline.smoke_inputs(staged, afterPromote=given))

    failures = offline.smoke.check(URN, {}, inputs).failures

    assert words in failures[property]
