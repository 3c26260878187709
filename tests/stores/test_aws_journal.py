"""The journal on AWS: tags and staging labels, what a kill leaves, and what strangers write."""

from __future__ import annotations

from typing import Any

import pytest

from tba_secrets.errors import StoreError, StoreUnavailableError
from tba_secrets.simulator.aws import SecretsManagerServer
from tba_secrets.spec.model import MOST_TAGS
from tba_secrets.stores.aws import AwsStore
from tba_secrets.stores.aws.secret import JOURNAL_TAG, MOST_LABELS, PIN
from tba_secrets.stores.interface import VersionId
from tba_secrets.stores.journal import MOST_ENTRIES, JournalEntry, Retirement
from tba_secrets.stores.rate_limit import TokenBucket
from tests.stores.aws_bench import ONCE, QUICK, AwsBench, StrictAwsBench, settings
from tests.stores.journal_conformance import (
    closed,
    current_one,
    later,
    line_for,
    noting,
    revoked,
    waiting,
)
from tests.stores.support import NAME, candidate, claimed, promoted, refusal, seen, value_of

pytestmark = pytest.mark.long

WRITES = ("UpdateSecretVersionStage", "TagResource", "UntagResource")


@pytest.fixture
def strict(server: SecretsManagerServer) -> StrictAwsBench:
    """The strict fake, which drops versions when it is told to."""
    return StrictAwsBench(server)


def pins(bench: AwsBench) -> dict[str, str]:
    """The labels that pin versions."""
    told = bench.client.describe_secret(SecretId=NAME)["VersionIdsToStages"]
    return {label: v for v, labels in told.items() for label in labels if label.startswith(PIN)}


def tags(bench: AwsBench) -> dict[str, str]:
    """The journal's lines."""
    told = bench.client.describe_secret(SecretId=NAME).get("Tags", [])
    return {tag["Key"]: tag["Value"] for tag in told if tag["Key"].startswith(JOURNAL_TAG)}


def writes_of(server: SecretsManagerServer, call: Any) -> list[str]:
    """The writes that a call made, in order."""
    before = len(server.calls)
    call()
    made = [received.operation for received in list(server.calls)[before:]]
    return [operation for operation in made if operation in WRITES]


def test_a_line_is_a_tag_and_a_label_until_it_is_closed(strict: StrictAwsBench) -> None:
    entry, _ = waiting(strict)
    assert tags(strict) == {f"tba-secrets:journal:{entry.key}": entry.line()}
    assert pins(strict) == {f"TBA_RETIRING_{entry.key}": entry.version}
    promoted(strict.store, candidate())
    strict.store.note(NAME, closed(entry, Retirement.REVOKED))
    assert tags(strict)[f"tba-secrets:journal:{entry.key}"].endswith(" revoked")
    assert pins(strict) == {}


def test_pinned_before_the_line_and_closed_before_the_pin_is_off(
    server: SecretsManagerServer, strict: StrictAwsBench
) -> None:
    entry, _ = current_one(strict)
    done = closed(entry, Retirement.REVOKED)
    stage, tag = "UpdateSecretVersionStage", "TagResource"
    assert writes_of(server, lambda: strict.store.note(NAME, entry)) == [stage, tag]
    assert writes_of(server, lambda: strict.store.note(NAME, entry)) == []
    assert writes_of(server, lambda: strict.store.note(NAME, done)) == [tag, stage]
    assert writes_of(server, lambda: strict.store.note(NAME, done)) == []


def test_describe_asks_once(server: SecretsManagerServer, strict: StrictAwsBench) -> None:
    waiting(strict)
    before = len(server.calls)
    assert len(seen(strict.store).journal) == 1
    assert len(server.calls) == before + 1


def test_as_many_as_can_be_kept_fit_into_the_quotas(strict: StrictAwsBench) -> None:
    """20 labels and 50 tags; the fake refuses more."""
    entries = [waiting(strict, since)[0] for since in range(MOST_ENTRIES)]
    later(strict)
    assert set(pins(strict).values()) == {entry.version for entry in entries}
    assert all(strict.store.read(NAME, VersionId(entry.version)) for entry in entries)


@pytest.mark.parametrize("more", [0, 1])
def test_declared_tags_leave_room_for_a_full_journal(
    server: SecretsManagerServer, more: int
) -> None:
    """As many as the YAML may declare; with one more, which `tba check` refuses, AWS does not take the last line."""
    tags = {f"declared-{number}": "x" for number in range(MOST_TAGS + more)}
    store = store_with(server, tags)
    claimed(store)
    for number in range(MOST_ENTRIES - 1):
        store.note(NAME, revoked(number))
    if more:
        refusal(StoreError, noting(store, revoked(MOST_ENTRIES)), NAME, "50")
        return
    for number in range(MOST_ENTRIES, MOST_ENTRIES + 3):
        store.note(NAME, revoked(number))
    assert len(seen(store).journal) == MOST_ENTRIES


def store_with(server: SecretsManagerServer, tags: dict[str, str]) -> AwsStore:
    """A store whose tags the rules of the YAML have not seen."""
    unchecked = settings(server.url).model_copy(update={"tags": tags})
    return AwsStore(unchecked, transport=ONCE, patience=QUICK, bucket=TokenBucket(10_000))


def test_old_closed_lines_leave_no_tag(strict: StrictAwsBench) -> None:
    claimed(strict.store)
    for number in range(MOST_ENTRIES + 1):
        strict.store.note(NAME, revoked(number))
    assert len(tags(strict)) == MOST_ENTRIES
    assert f"{JOURNAL_TAG}{revoked(0).key}" not in tags(strict)


# --- lost replies, and kills ----------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lose_reply", "truncate", "garbage"])
@pytest.mark.parametrize("operation", WRITES)
def test_a_lost_reply_is_read_back(
    server: SecretsManagerServer, strict: StrictAwsBench, operation: str, fault: str
) -> None:
    claimed(strict.store)
    for number in range(MOST_ENTRIES):
        strict.store.note(NAME, revoked(number))
    entry, text = current_one(strict, since=999)
    getattr(server.faults, fault)(operation)
    strict.store.note(NAME, entry)
    assert server.faults.unfired() == []
    later(strict)
    assert value_of(strict.store, VersionId(entry.version)) == text
    assert len(tags(strict)) == MOST_ENTRIES


def test_killed_between_pin_and_line_then_noted_again(
    server: SecretsManagerServer, strict: StrictAwsBench
) -> None:
    entry, text = current_one(strict)
    server.faults.refuse("TagResource")
    refusal(StoreUnavailableError, lambda: strict.store.note(NAME, entry), NAME)
    assert pins(strict) == {f"{PIN}{entry.key}": entry.version}
    assert seen(strict.store).journal == ()
    strict.store.note(NAME, entry)
    later(strict)
    assert value_of(strict.store, VersionId(entry.version)) == text


def test_killed_between_pin_and_line_and_never_noted(
    server: SecretsManagerServer, strict: StrictAwsBench
) -> None:
    """The leftover may be another run's that is about to write its line: it stays until labels are needed."""
    left = []
    for _ in range(MOST_LABELS - len(("CURRENT", "PREVIOUS", "PENDING", "STAGED"))):
        entry, _ = current_one(strict)
        server.faults.refuse("TagResource")
        refusal(StoreUnavailableError, noting(strict.store, entry), NAME)
        left.append(entry.version)
    assert sorted(pins(strict).values()) == sorted(left)
    other, text = waiting(strict, since=99)
    assert pins(strict) == {f"{PIN}{other.key}": other.version}
    later(strict)
    assert value_of(strict.store, VersionId(other.version)) == text


def test_killed_between_closing_and_taking_the_pin_off(
    server: SecretsManagerServer, strict: StrictAwsBench
) -> None:
    entry, _ = waiting(strict)
    done = closed(entry, Retirement.REVOKED)
    server.faults.refuse("UpdateSecretVersionStage")
    refusal(StoreUnavailableError, lambda: strict.store.note(NAME, done), NAME)
    assert (list(pins(strict).values()), seen(strict.store).journal) == ([entry.version], (done,))
    other, text = waiting(strict, since=2)
    assert list(pins(strict).values()) == [other.version]
    later(strict)
    assert value_of(strict.store, VersionId(other.version)) == text


def test_a_pin_that_somebody_took_off_is_put_on_again(strict: StrictAwsBench) -> None:
    entry, text = waiting(strict)
    strict.client.update_secret_version_stage(
        SecretId=NAME, VersionStage=f"{PIN}{entry.key}", RemoveFromVersionId=entry.version
    )
    assert pins(strict) == {}
    strict.store.note(NAME, entry)
    later(strict)
    assert value_of(strict.store, VersionId(entry.version)) == text


def test_a_pin_without_a_line_is_not_taken_for_a_leftover(
    server: SecretsManagerServer, strict: StrictAwsBench
) -> None:
    """Another run notes a line of its own while this one is between its pin and its line."""
    entry, text = current_one(strict)
    rule = server.faults.before("TagResource", do=lambda: strict.store.note(NAME, revoked(7)))
    strict.store.note(NAME, entry)
    assert rule.fired == 1
    later(strict)
    assert value_of(strict.store, VersionId(entry.version)) == text


def test_opened_and_closed_by_one_snapshot(strict: StrictAwsBench) -> None:
    """The pin is not in the snapshot, and is taken off all the same."""
    entry, _ = current_one(strict)
    before = seen(strict.store)
    strict.store.note(NAME, entry, seen=before)
    strict.store.note(NAME, closed(entry, Retirement.REVOKED), seen=before)
    assert pins(strict) == {}
    assert seen(strict.store).journal == (closed(entry, Retirement.REVOKED),)


# --- what others write ----------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["", "theirs", "v d 1 2 unknown", "v d one 2 overlap"])
def test_a_line_of_others_is_never_overlooked(strict: StrictAwsBench, line: str) -> None:
    claimed(strict.store)
    tag = f"{JOURNAL_TAG}01234567"
    strict.client.tag_resource(SecretId=NAME, Tags=[{"Key": tag, "Value": line}])
    refusal(StoreError, lambda: strict.store.describe(NAME), tag)
    refusal(StoreError, lambda: strict.store.remove(NAME), tag)
    strict.client.untag_resource(SecretId=NAME, TagKeys=[tag])
    assert seen(strict.store).journal == ()


def test_a_version_whose_id_fits_no_tag_is_refused_before_any_call(
    server: SecretsManagerServer, strict: StrictAwsBench
) -> None:
    claimed(strict.store)
    entry = line_for(VersionId("x" * 60 + "!?"), 1)
    assert (
        writes_of(
            server,
            lambda: refusal(
                StoreError, lambda: strict.store.note(NAME, entry), entry.version, "tag"
            ),
        )
        == []
    )


def test_the_longest_line_fits() -> None:
    """A version id of 64 characters (PutSecretValue, ClientRequestToken), and a digest with its key's id."""
    entry = JournalEntry("v" * 64, "0a1b2c:" + "d" * 64, 2**40, 2**40, Retirement.OVERLAP)
    assert len(entry.line()) <= 256
    assert JournalEntry.parse(entry.line(), "a tag") == entry


def test_an_id_of_others_may_hold_spaces() -> None:
    entry = JournalEntry("made by hand", "", 1, 2, Retirement.PERSON)
    assert JournalEntry.parse(entry.line(), "a tag") == entry
