"""`tba status --notify-env` with a real HTTP server: what is sent, once a day, and how it fails."""

from __future__ import annotations

import hmac
import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tba_secrets.cli.notify import Notified, notify
from tba_secrets.cli.notify.news import news
from tba_secrets.cli.notify.shapes import MessageShape, body, shape_for
from tba_secrets.cli.status import ending
from tba_secrets.cli.status_report import EnvironmentReport, Report
from tba_secrets.errors import TbaError
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.rotation import RotationFinding, Standing
from tba_secrets.webhook import Webhook, webhook
from tests.cli.conftest import Tba, World
from tests.cli.status_bench import DAY, NOW, report, token
from tests.webhooks import SECRET, Receiver, receiving

VARIABLE = "TBA_WEBHOOK"
ODD = RotationFinding(Standing.ATTENTION, "<!channel> & [odd](x)", "mend `it`")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as one:
        yield one


@dataclass
class Machine:
    """Notifies, without waiting, and remembers like one machine."""

    folder: Path
    pauses: list[float] = field(default_factory=list)

    def tell(
        self, found: Report, to: Receiver, shape: MessageShape | None = None, key: str = ""
    ) -> str:
        where, told = target(to.url, key), Notified(self.folder)
        return notify(found, where, told, shape, sleep=self.pauses.append)


def target(url: str, key: str) -> Webhook:
    found = webhook(VARIABLE, "KEY", {VARIABLE: f"{url}\n", "KEY": key})
    assert found is not None
    return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "notified")


def troubled(at: float = NOW) -> Report:
    broken = EnvironmentReport("dev", findings=(RotationFinding(Standing.FAILING, "wrong YAML"),))
    found = report(token("a/b", 101), token("a/c", 5, findings=(ODD,)), broken=(broken,))
    return replace(found, at=at)


# --- what there is to tell ----------------------------------------------------------------------------


def test_every_finding_that_calls_for_somebody_the_worst_first() -> None:
    assert [(one.state, one.about) for one in news(troubled())] == [
        ("failing", "dev"),
        ("attention", "prod a/c"),
        ("overdue", "prod a/b"),
    ]


def test_what_is_only_mentioned_is_not_told() -> None:
    mentioned = RotationFinding(Standing.WELL, "still valid", "revoke it")
    assert news(report(token("a/b", 5, findings=(mentioned,)))) == ()


@pytest.mark.parametrize(("hours", "told"), [(0, True), (23, True), (24, False), (900, False)])
def test_a_rotation_is_told_for_a_day(hours: int, told: bool) -> None:
    found = report(token("a/b", hours / 24))
    assert [one.state for one in news(found)] == ["rotated"] * told


def test_the_first_credential_is_no_rotation() -> None:
    one = token("a/b", 0)
    first = replace(one, stores=tuple(replace(store, previous=None) for store in one.stores))
    assert news(report(first)) == ()


def test_a_key_stands_for_a_finding_and_its_day() -> None:
    """The overdue token is 11 days over, then 12: another finding of the same thing."""
    first, later = news(troubled()), news(troubled(NOW + 60))
    assert [one.key for one in first] == [one.key for one in later]
    assert len({one.key for one in first}) == len(first)
    next_day = news(troubled(NOW + DAY))
    assert not {one.key for one in first} & {one.key for one in next_day}


def test_a_length_of_time_does_not_change_a_key() -> None:
    words = ("overdue by 23 hours: was due then", "overdue by 1 day: was due then")
    keys = {
        news(report(token("a/b", 5, findings=(RotationFinding(Standing.OVERDUE, what),))))[0].key
        for what in words
    }
    assert len(keys) == 1
    other = RotationFinding(Standing.OVERDUE, "overdue by 1 day: was due before")
    assert news(report(token("a/b", 5, findings=(other,))))[0].key not in keys


def test_a_rotation_keeps_its_key() -> None:
    fresh = report(token("a/b", 0.1))
    keys = {news(replace(fresh, at=NOW + hours * 3600))[0].key for hours in (0, 20)}
    assert len(keys) == 1


# --- what is sent -------------------------------------------------------------------------------------


def test_the_message_for_programs(machine: Machine, receiver: Receiver) -> None:
    said = machine.tell(troubled(), receiver)

    assert said == f"{VARIABLE}: 3 findings sent"
    (message,) = receiver.messages
    assert {name: message[name] for name in ("at", "state", "exit_code")} == {
        "at": "2026-11-23T17:46:40+00:00",
        "state": "failing",
        "exit_code": 13,
    }
    assert message["findings"][1] == {
        "environment": "prod",
        "token": "a/c",
        "state": "attention",
        "what": ODD.what,
        "remedy": ODD.remedy,
        "key": news(troubled())[1].key,
    }
    assert message["findings"][0]["token"] is None
    assert "X-Tba-Signature" not in receiver.taken[0][0]


def test_with_a_key_the_receiver_can_check_who_wrote(machine: Machine, receiver: Receiver) -> None:
    machine.tell(troubled(), receiver, key="not-a-real-key\n")

    ((headers, content),) = receiver.taken
    digest = hmac.new(b"not-a-real-key", content, "sha256").hexdigest()
    assert headers["X-Tba-Signature"] == f"sha256={digest}"
    assert hmac.new(b"another", content, "sha256").hexdigest() != digest


def test_a_key_that_is_no_text_signs_with_its_bytes(machine: Machine, receiver: Receiver) -> None:
    machine.tell(
        troubled(), receiver, key="not-a-real-key\udcff"
    )  # as the environment gives byte 255

    ((headers, content),) = receiver.taken
    digest = hmac.new(b"not-a-real-key\xff", content, "sha256").hexdigest()
    assert headers["X-Tba-Signature"] == f"sha256={digest}"


def test_slack_gets_text_in_which_nothing_is_a_mention(
    machine: Machine, receiver: Receiver
) -> None:
    machine.tell(troubled(), receiver, shape=MessageShape.SLACK)

    (message,) = receiver.messages
    assert list(message) == ["text"]
    assert message["text"].splitlines() == [
        "*NetSuite credentials of dev, prod: failing*",
        "• *failing* dev: wrong YAML",
        "• *attention* prod a/c: &lt;!channel&gt; &amp; [odd](x)",
        "    To do: mend `it`",
        "• *overdue* prod a/b: overdue by 11 days: was due 2026-11-12 17:46 UTC",
        "    To do: rotate it: `tba rotate ENV TOKEN`",
    ]


def test_teams_gets_a_card_without_markdown(machine: Machine, receiver: Receiver) -> None:
    machine.tell(troubled(), receiver, shape=MessageShape.TEAMS)

    (message,) = receiver.messages
    (attachment,) = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    runs = [[run["text"] for run in block["inlines"]] for block in card["body"]]
    assert runs[2] == ["attention", f" prod a/c: {ODD.what}. To do: {ODD.remedy}"]


@pytest.mark.parametrize("shape", [MessageShape.SLACK, MessageShape.TEAMS])
def test_a_chat_gets_a_message_that_it_takes(shape: MessageShape) -> None:
    long = RotationFinding(Standing.FAILING, "x" * 2000, "y" * 2000)
    found = report(*(token(f"a/t{number}", 5, findings=(long,)) for number in range(50)))

    written = body(shape, found, news(found))

    assert len(written) < 28 * 1024, "the limit of Teams; Slack takes 40,000 characters"
    assert b"and 30 more: see `tba status`" in written
    everything = body(MessageShape.JSON, found, news(found))
    assert len(json.loads(everything)["findings"]) == 50


@pytest.mark.parametrize(
    ("url", "shape"),
    [
        ("https://hooks.slack.com/services/x", "slack"),
        ("https://acme.webhook.office.com/x", "teams"),
        ("https://prod-1.westeurope.logic.azure.com:443/workflows/x", "teams"),
        ("https://x.1.environment.api.powerplatform.com/x", "teams"),
        ("https://example.com/hooks.slack.com", "json"),
        ("https://notslack.com/x", "json"),
    ],
)
def test_the_host_names_the_shape(url: str, shape: str) -> None:
    assert shape_for(url) == shape


# --- once a day ---------------------------------------------------------------------------------------


def test_nothing_to_tell_sends_nothing(machine: Machine, receiver: Receiver) -> None:
    assert (
        machine.tell(report(token("a/b", 5)), receiver) == f"{VARIABLE}: there is nothing to tell"
    )
    assert receiver.taken == []


def test_the_second_run_of_a_day_tells_what_is_new_and_the_next_day_all(
    machine: Machine, receiver: Receiver
) -> None:
    machine.tell(troubled(), receiver)
    again = machine.tell(troubled(NOW + 3600), receiver)
    assert again == f"{VARIABLE}: all of it has been told today"

    more = replace(report(token("a/b", 101), token("a/d", 101)), at=NOW + 7200)
    machine.tell(more, receiver)
    machine.tell(troubled(NOW + DAY), receiver)

    told = [[one["token"] for one in message["findings"]] for message in receiver.messages]
    assert told == [[None, "a/c", "a/b"], ["a/d"], [None, "a/c", "a/b"]]


def test_another_webhook_and_another_machine_are_told_too(
    machine: Machine, receiver: Receiver, tmp_path: Path
) -> None:
    machine.tell(troubled(), receiver)
    with receiving(Receiver()) as other:
        machine.tell(troubled(), other)
        assert len(other.taken) == 1
    Machine(tmp_path / "another").tell(troubled(), receiver)

    first, second = receiver.messages
    assert first["key"] == second["key"], "so the receiver can tell"


def test_what_was_not_taken_is_told_again(machine: Machine, receiver: Receiver) -> None:
    receiver.statuses = [404, 200]
    with pytest.raises(TbaError, match="HTTP 404"):
        machine.tell(troubled(), receiver)
    assert machine.tell(troubled(), receiver) == f"{VARIABLE}: 3 findings sent"


def test_old_marks_go_and_none_names_the_webhook(machine: Machine, receiver: Receiver) -> None:
    machine.tell(troubled(), receiver)
    assert len(list(machine.folder.iterdir())) == 3
    assert not any(SECRET in path.name + path.read_text() for path in machine.folder.iterdir())
    machine.tell(replace(report(token("a/z", 101)), at=NOW + 4 * DAY), receiver)
    assert len(list(machine.folder.iterdir())) == 1


def test_a_machine_that_keeps_nothing_tells_each_time(receiver: Receiver) -> None:
    nowhere = Machine(Path("/dev/null/notified"))
    for _ in range(2):
        assert nowhere.tell(troubled(), receiver) == f"{VARIABLE}: 3 findings sent"
    assert len(receiver.taken) == 2


# --- failing deliveries -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_receiver_that_is_busy_is_tried_again(
    machine: Machine, receiver: Receiver, status: int
) -> None:
    receiver.statuses, receiver.headers = [status, 202], {"Retry-After": "7"}
    machine.tell(troubled(), receiver)
    assert machine.pauses == [7]
    assert len({content for _, content in receiver.taken}) == 1


def test_one_that_stays_so_is_given_up(machine: Machine, receiver: Receiver) -> None:
    receiver.statuses, receiver.headers = [500], {"Retry-After": "99999"}
    with pytest.raises(TbaError) as caught:
        machine.tell(troubled(), receiver)
    assert (len(receiver.taken), machine.pauses) == (3, [30, 30])
    assert str(caught.value).startswith(
        f"the webhook in {VARIABLE} did not take the message: it answered HTTP 500\n  Fix: "
    )
    assert not machine.folder.exists()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(machine: Machine, receiver: Receiver, status: int) -> None:
    with receiving(Receiver()) as elsewhere:
        receiver.statuses, receiver.headers = [status], {"Location": elsewhere.url}
        with pytest.raises(TbaError, match="a redirect") as caught:
            machine.tell(troubled(), receiver)
        assert elsewhere.taken == []
    assert len(receiver.taken) == 1
    assert SECRET not in str(caught.value)


def test_nobody_there(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = Receiver(f"http://127.0.0.1:{port}/{SECRET}")
    with pytest.raises(TbaError, match="no connection") as caught:
        machine.tell(troubled(), gone)
    assert machine.pauses == [1, 4]
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"http://example.com/{SECRET}", "an http:// address of another machine"),
        (f"http://localhost.example.com/{SECRET}", "an http:// address of another machine"),
        (f"ftp://example.com/{SECRET}", "no address of a webhook"),
        (f"https:///{SECRET}", "no address of a webhook"),
        (f"https://example.com:port/{SECRET}", "no address of a webhook"),
        (f"https://[::1/{SECRET}", "no address of a webhook"),
        (f"https://example.com/a b{SECRET}", "no address of a webhook"),
        (f"https://example.com/a\n{SECRET}", "no address of a webhook"),
        (SECRET, "no address of a webhook"),
    ],
)
def test_an_address_that_no_message_may_go_to(address: str, words: str) -> None:
    with pytest.raises(TbaError, match=words) as caught:
        webhook(VARIABLE, None, {VARIABLE: address})
    assert VARIABLE in str(caught.value)
    assert SECRET not in f"{caught.value!r}"


@pytest.mark.parametrize("variables", [{}, {VARIABLE: ""}, {VARIABLE: " \n"}])
def test_a_variable_that_is_not_set_is_no_webhook(variables: dict[str, str]) -> None:
    assert webhook(VARIABLE, None, variables) is None


def test_only_where_all_is_well_a_failing_delivery_is_the_exit_code() -> None:
    well, overdue = report(token("a/b", 0.1)), report(token("a/b", 101))
    assert [news(one)[0].state for one in (well, overdue)] == ["rotated", "overdue"]
    assert [ending(well, told=told) for told in (True, False)] == [0, 1]
    assert [ending(overdue, told=told) for told in (True, False)] == [11, 11]


def test_no_log_names_the_address(
    machine: Machine, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("tests").debug("a line, so that lines are seen")
    machine.tell(troubled(), receiver)
    assert "a line, so that lines are seen" in caplog.text
    assert SECRET not in caplog.text


# --- the command --------------------------------------------------------------------------------------


@pytest.fixture
def world(empty_world: World) -> World:
    for name in ("orders", "stock", "invoices"):
        empty_world.put(name)
    return empty_world


def test_the_command_tells_once_and_keeps_its_exit_code(
    world: World, tba: Tba, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, receiver.url)
    where = ("--project", str(world.project), "--notify-env", VARIABLE)

    first, second = tba("status", *where, "--json"), tba("status", *where)

    assert (first.status, second.status) == (13, 13)  # its state cannot be read
    assert json.loads(first.out)["exit_code"] == 13
    assert first.err == f"{VARIABLE}: 4 findings sent\n"
    assert second.err == f"{VARIABLE}: all of it has been told today\n"
    assert len(receiver.taken) == 1
    sent = receiver.taken[0][1].decode()
    shown = "".join(one.out + one.err for one in (first, second))
    assert not any(secret in sent + shown for secret in world.secrets)
    assert SECRET not in shown
    kept = Path(str(RefusedLogins.at_home())).with_name("notified")
    assert {path.stat().st_mode & 0o777 for path in kept.iterdir()} == {0o600}


def test_a_failing_delivery_is_told_and_the_worse_code_stays(
    world: World, tba: Tba, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.statuses = [410]
    monkeypatch.setenv(VARIABLE, receiver.url)
    ended = tba("status", "--project", str(world.project), "--notify-env", VARIABLE)
    assert ended.status == 13
    assert f"error: the webhook in {VARIABLE} did not take the message: it answered HTTP 410" in (
        ended.err
    )
    assert "its state cannot be read" in ended.out
    assert SECRET not in ended.err + ended.out


def test_a_variable_that_is_not_set_fails_nothing(world: World, tba: Tba) -> None:
    ended = tba("status", "--project", str(world.project), "--notify-env", VARIABLE)
    assert (ended.status, ended.err) == (13, f"{VARIABLE} is not set: nobody is notified\n")


def test_an_address_that_cannot_be_used_ends_it_before_anything_is_read(
    world: World, tba: Tba, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"http://example.com/{SECRET}")
    ended = tba("status", "--project", str(world.project), "--notify-env", VARIABLE)
    assert (ended.status, ended.out) == (1, "")
    assert "Fix: put the webhook's whole address" in ended.err
    assert SECRET not in ended.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--notify-env", f"https://example.com/{SECRET}"], "the name of a variable"),
        (["--notify-env", "A", "--notify-key-env", f"{SECRET}="], "the name of a variable"),
        (["--notify-env", "A", "--notify-as", "irc"], "slack, teams, json"),
        (["--notify-as", "slack"], "--notify-env"),
        (["--notify-key-env", "KEY"], "--notify-env"),
    ],
)
def test_options_that_are_wrong(tba: Tba, options: list[str], words: str) -> None:
    ended = tba("status", *options)
    assert ended.status == 2
    assert words in " ".join(ended.err.replace("│", " ").split())
    assert SECRET not in ended.err
