"""The AWS store under lost replies, throttling, server errors, stale reads and strangers at work.

A fault that is survived leaves what an undisturbed run leaves; one that is not is a typed error after which running
again converges. The fault is shown to have taken place, and the default read never shows an unproven value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tba_secrets.errors import ConflictError, StoreUnavailableError
from tba_secrets.simulator.aws import AccountState, AwsFaults, FaultRule, SecretsManagerServer
from tba_secrets.simulator.aws.errors import ResourceNotFoundException
from tba_secrets.stores.aws.session import Transport
from tba_secrets.stores.interface import Candidate, Stage, VersionId
from tba_secrets.stores.versions import PLACEHOLDER
from tests.stores.aws_bench import AwsBench
from tests.stores.support import (
    CANARY,
    MARK,
    NAME,
    candidate,
    claimed,
    current,
    promoted,
    refusal,
    seen,
    value_of,
)

pytestmark = pytest.mark.long

RETRYING = Transport(connect_timeout=2.0, read_timeout=5.0, total_max_attempts=3)
Inject = Callable[..., FaultRule]

AFTER_THE_EFFECT: dict[str, Callable[[AwsFaults], Inject]] = {
    "lost reply": lambda faults: faults.lose_reply,
    "half a reply": lambda faults: faults.truncate,
    "garbage for a reply": lambda faults: faults.garbage,
}
BEFORE_THE_EFFECT: dict[str, Callable[[AwsFaults], Inject]] = {
    "connection reset": lambda faults: faults.refuse,
    "throttled": lambda faults: faults.throttle,
    "server error": lambda faults: faults.internal_error,
    "a proxy's page": lambda faults: faults.html,
}
ALL_FAULTS = AFTER_THE_EFFECT | BEFORE_THE_EFFECT
WRITES = ("CreateSecret", "PutSecretValue", "UpdateSecretVersionStage")


@dataclass
class Run:
    """The way of one credential, from nothing to current and back."""

    bench: AwsBench
    staged: Candidate

    def __call__(self) -> VersionId:
        """Claim, stage and promote; safe to call again."""
        store = self.bench.store
        claimed_now = store.claim(NAME, MARK, seen=store.describe(NAME))
        replacing = claimed_now.stages[Stage.CURRENT]
        if value_of(store, Stage.CURRENT) == self.staged.value.reveal():
            return replacing
        version = store.stage(NAME, self.staged, replacing, seen=claimed_now)
        assert value_of(store, version) == self.staged.value.reveal()
        store.promote(NAME, version, replacing, seen=claimed_now)
        return version

    def check(self, version: VersionId) -> None:
        """What an undisturbed run leaves: two versions, the placeholder the previous one."""
        assert current(self.bench.store) == version
        assert set(seen(self.bench.store).stages) == {Stage.CURRENT, Stage.PREVIOUS}
        assert value_of(self.bench.store, Stage.CURRENT) == self.staged.value.reveal()
        assert self.bench.default_read(NAME) == self.staged.value.reveal()
        assert len(self.bench.client.list_secret_version_ids(SecretId=NAME)["Versions"]) == 2


@pytest.fixture
def run(aws: AwsBench) -> Run:
    return Run(aws, candidate())


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("fault", AFTER_THE_EFFECT.values(), ids=AFTER_THE_EFFECT.keys())
def test_a_write_whose_reply_is_lost_is_read_back(
    server: SecretsManagerServer,
    run: Run,
    operation: str,
    fault: Callable[[AwsFaults], Inject],
) -> None:
    fault(server.faults)(operation)
    run.check(run())
    assert server.faults.unfired() == []


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("fault", BEFORE_THE_EFFECT.values(), ids=BEFORE_THE_EFFECT.keys())
def test_a_write_that_was_not_done_is_an_error_and_runs_again(
    server: SecretsManagerServer,
    run: Run,
    operation: str,
    fault: Callable[[AwsFaults], Inject],
) -> None:
    """The twin of the test above: success without the effect would be a lie."""
    fault(server.faults)(operation)
    refusal(StoreUnavailableError, run, operation, NAME)
    assert server.faults.unfired() == []
    assert run.bench.default_read(NAME) in (None, PLACEHOLDER)
    run.check(run())


@pytest.mark.parametrize(
    ("kind", "operation"),
    [*[("lose_reply", operation) for operation in WRITES], ("throttle", "PutSecretValue")],
)
def test_the_sdk_asks_again(server: SecretsManagerServer, kind: str, operation: str) -> None:
    """A retry after a lost reply meets its own effect: the label has left the holder that the request names."""
    run = Run(AwsBench(server.url, transport=RETRYING), candidate())
    getattr(server.faults, kind)(operation)
    run.check(run())
    assert server.faults.unfired() == []


def test_the_promotion_is_read_back_too(server: SecretsManagerServer, run: Run) -> None:
    server.faults.lose_reply("UpdateSecretVersionStage", nth=2)
    run.check(run())
    assert server.faults.unfired() == []


def test_pending_on_the_current_version_is_no_candidate(run: Run) -> None:
    """A legal end of a rotation: the promotion leaves AWSPENDING where it is, and the next candidate takes it."""
    version = run()
    described = run.bench.client.describe_secret(SecretId=NAME)["VersionIdsToStages"]
    assert {"AWSCURRENT", "AWSPENDING"} <= set(described[version])
    assert Stage.CANDIDATE not in seen(run.bench.store).stages
    assert run.bench.store.read(NAME, Stage.CANDIDATE) is None
    following = run.bench.store.stage(NAME, candidate(), version)
    assert seen(run.bench.store).stages[Stage.CANDIDATE] == following


@pytest.mark.parametrize(
    "operation", ["TagResource", "DeleteSecret", "RestoreSecret", "UpdateSecret"]
)
def test_other_writes_are_read_back(
    server: SecretsManagerServer, aws: AwsBench, operation: str
) -> None:
    aws.write_as_another(NAME, "{}", Stage.CURRENT)
    server.faults.lose_reply(operation)
    aws.store.claim(NAME, MARK, "warehouse")
    aws.store.remove(NAME)
    aws.store.restore(NAME)
    assert server.faults.unfired() == []
    secret = server.state.secret(NAME)
    assert secret is not None
    assert secret.deleted is None
    assert secret.description == "warehouse"
    assert seen(aws.store).owner == MARK


def test_throttled_for_good(server: SecretsManagerServer, aws: AwsBench) -> None:
    replacing = claimed(aws.store)
    server.faults.throttle("PutSecretValue", times=None)
    refusal(
        StoreUnavailableError,
        lambda: aws.store.stage(NAME, candidate(), replacing),
        "throttles secretsmanager:PutSecretValue",
        NAME,
        "writes_per_second",
    )
    assert Stage.CANDIDATE not in seen(aws.store).stages


# --- stale reads ----------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", WRITES)
def test_stale_reads_after_a_write_are_waited_out(
    server: SecretsManagerServer, run: Run, operation: str
) -> None:
    server.faults.after(operation, do=lambda: server.faults.stale(NAME, reads=4))
    run.check(run())
    assert server.faults.unfired() == []


def test_stale_reads_after_a_discard_and_a_stage(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    replacing = claimed(aws.store)
    staged = candidate()
    version = aws.store.stage(NAME, staged, replacing)
    server.faults.after(
        "UpdateSecretVersionStage", times=2, do=lambda: server.faults.stale(NAME, reads=3)
    )
    aws.store.discard(NAME, version)
    assert aws.store.stage(NAME, staged, replacing) == version
    assert seen(aws.store).stages[Stage.CANDIDATE] == version


def test_a_retry_is_refused_and_the_reads_are_stale(server: SecretsManagerServer) -> None:
    """The SDK's second attempt meets the effect of the first: refused, and done. A plain refusal is believed sooner."""
    run = Run(AwsBench(server.url, transport=RETRYING), candidate())
    server.faults.after("UpdateSecretVersionStage", do=lambda: server.faults.stale(NAME, reads=12))
    server.faults.lose_reply("UpdateSecretVersionStage")
    run.check(run())
    assert server.faults.unfired() == []


def test_a_staged_version_is_read_when_it_can_be(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    replacing = claimed(aws.store)
    staged = candidate()
    version = aws.store.stage(NAME, staged, replacing)
    server.faults.fail(ResourceNotFoundException(), "GetSecretValue", times=4)
    assert value_of(aws.store, version) == staged.value.reveal()


def test_a_version_of_others_is_absent_at_the_first_look(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    """The twin: absence is not waited for, but for what this process staged."""
    claimed(aws.store)
    theirs = aws.write_as_another(NAME, "{}", Stage.CURRENT)
    server.faults.stale(NAME, reads=1)
    assert aws.store.read(NAME, theirs) is None
    assert value_of(aws.store, theirs) == "{}"


def test_a_look_waits_until_it_shows_what_was_written(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    replacing = claimed(aws.store)
    version = aws.store.stage(NAME, candidate(), replacing)
    server.faults.stale(NAME, reads=4)
    assert seen(aws.store).stages[Stage.CANDIDATE] == version


def test_a_look_waits_for_a_secret_that_was_made(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    made = aws.store.claim(NAME, MARK, seen=None)
    server.faults.stale(NAME, reads=4)
    assert aws.store.describe(NAME) == made


def test_a_look_does_not_wait_for_what_others_wrote(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    """The twin: a stale sight of another's write cannot be told from a fresh one."""
    claimed(aws.store)
    seen(aws.store)
    aws.write_as_another(NAME, "{}", Stage.CANDIDATE)
    server.faults.stale(NAME, reads=1)
    assert Stage.CANDIDATE not in seen(aws.store).stages
    assert Stage.CANDIDATE in seen(aws.store).stages


def test_what_others_undo_is_believed_in_the_end(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    """A label that somebody moved back looks like a stale sight: it is waited for, and not for good."""
    replacing = claimed(aws.store)
    version = aws.store.stage(NAME, candidate(), replacing)
    aws.client.update_secret_version_stage(
        SecretId=NAME, VersionStage="AWSPENDING", RemoveFromVersionId=version
    )
    assert Stage.CANDIDATE not in seen(aws.store).stages
    asked = len(server.calls)
    assert Stage.CANDIDATE not in seen(aws.store).stages
    assert len(server.calls) == asked + 1


def test_a_write_that_is_never_seen_cannot_be_read(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    """The answer is believed, and no proof comes of it: what cannot be read is not promoted."""
    replacing = claimed(aws.store)
    server.faults.fail(ResourceNotFoundException(), "GetSecretValue", times=None)
    staged = candidate()
    version = aws.store.stage(NAME, staged, replacing)
    assert aws.store.read(NAME, version) is None
    server.faults.clear()
    assert value_of(aws.store, version) == staged.value.reveal()


# --- strangers ------------------------------------------------------------------------------------


def test_current_moved_while_staging(server: SecretsManagerServer, aws: AwsBench) -> None:
    replacing = claimed(aws.store)
    server.faults.after(
        "PutSecretValue", do=lambda: aws.put_as_another(NAME, '{"a": "theirs"}', Stage.CURRENT)
    )
    before = seen(aws.store)
    version = aws.store.stage(NAME, candidate(), replacing, seen=before)
    refusal(ConflictError, lambda: aws.store.promote(NAME, version, replacing, seen=before), NAME)
    assert aws.default_read(NAME) == '{"a": "theirs"}'
    aws.store.discard(NAME, version, seen=before)
    assert Stage.CANDIDATE not in seen(aws.store).stages


def test_current_moved_before_the_promotion(server: SecretsManagerServer, aws: AwsBench) -> None:
    replacing = claimed(aws.store)
    version = aws.store.stage(NAME, candidate(), replacing)
    moved: list[str] = []
    server.faults.before(
        "UpdateSecretVersionStage",
        do=lambda: moved.append(aws.write_as_another(NAME, '{"a": "theirs"}', Stage.CURRENT)),
    )
    error = refusal(ConflictError, lambda: aws.store.promote(NAME, version, replacing), NAME)
    assert moved[0] in str(error)
    assert aws.default_read(NAME) == '{"a": "theirs"}'
    assert server.faults.unfired() == []


def test_current_moved_right_after_it_was_read(server: SecretsManagerServer, aws: AwsBench) -> None:
    """The holder that the label is taken from is the one that was decided upon, not whatever holds it by then."""
    replacing = claimed(aws.store)
    version = aws.store.stage(NAME, candidate(), replacing)
    server.faults.after(
        "DescribeSecret",
        do=lambda: aws.put_as_another(NAME, '{"a": "theirs"}', Stage.CURRENT),
    )
    refusal(ConflictError, lambda: aws.store.promote(NAME, version, replacing), NAME)
    assert aws.default_read(NAME) == '{"a": "theirs"}'
    assert server.faults.unfired() == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_foreign_candidate_that_comes_in_between_keeps_its_label(
    server: SecretsManagerServer, aws: AwsBench, moment: str
) -> None:
    """A put with AWSPENDING would take the label off it."""
    claimed(aws.store)
    before = seen(aws.store)
    theirs: list[VersionId] = []

    def come_in_between() -> None:
        if not theirs:
            theirs.append(aws.put_as_another(NAME, "{}", Stage.CANDIDATE))

    getattr(server.faults, moment)("PutSecretValue", do=come_in_between)
    refusal(
        ConflictError,
        lambda: aws.store.stage(NAME, candidate(), before.stages[Stage.CURRENT], seen=before),
        NAME,
        "another rotation is in progress",
    )
    assert seen(aws.store).stages[Stage.CANDIDATE] == theirs[0]
    assert seen(aws.store).foreign_candidate


def test_candidate_replaced_right_after_the_put(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    replacing = claimed(aws.store)
    server.faults.after(
        "PutSecretValue", do=lambda: aws.write_as_another(NAME, "{}", Stage.CANDIDATE)
    )
    refusal(ConflictError, lambda: aws.store.stage(NAME, candidate(), replacing), NAME)
    assert current(aws.store) == replacing


# --- what readers see -----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ALL_FAULTS.values(), ids=ALL_FAULTS.keys())
def test_readers_never_see_an_unproven_value(
    server: SecretsManagerServer, run: Run, fault: Callable[[AwsFaults], Inject]
) -> None:
    """After every change of the secret: current is the placeholder, or a value that was promoted on purpose."""
    proven = {PLACEHOLDER}
    shown: list[str] = []

    def look(state: AccountState, action: str, name: str) -> None:
        secret = state.secret(name)
        value = None if secret is None or (now := secret.current()) is None else now.value
        if value is not None and value.string is not None:
            shown.append(value.string)

    server.observers.append(look)
    fault(server.faults)("PutSecretValue")
    fault(server.faults)("UpdateSecretVersionStage")
    for _ in range(3):
        try:
            store = run.bench.store
            store.claim(NAME, MARK)
            replacing = current(store)
            version = store.stage(NAME, run.staged, replacing)
            assert set(shown) <= proven
            proven.add(run.staged.value.reveal())
            store.promote(NAME, version, replacing)
        except StoreUnavailableError:
            continue
        break
    assert set(shown) == proven
    assert any(CANARY in value for value in shown)


def test_the_reader_of_that_test_would_see_it(server: SecretsManagerServer, aws: AwsBench) -> None:
    """The twin: a put without AWSPENDING, as a store without stages makes it, is seen at once."""
    claimed(aws.store)
    aws.write_as_another(NAME, f'{{"a": "{CANARY}"}}', Stage.CURRENT)
    assert CANARY in (aws.default_read(NAME) or "")


# --- how many calls -------------------------------------------------------------------------------


def writes(server: SecretsManagerServer) -> list[str]:
    """The writes since the last call of this, in order."""
    made = [c.operation for c in server.calls if not c.operation.startswith(("Get", "Describe"))]
    server.calls.clear()
    return made


def test_no_more_writes_than_needed(server: SecretsManagerServer, aws: AwsBench) -> None:
    replacing = claimed(aws.store)
    assert writes(server) == ["CreateSecret"]
    claimed(aws.store)
    assert writes(server) == []
    staged = candidate()
    version = aws.store.stage(NAME, staged, replacing)
    assert writes(server) == ["PutSecretValue", "UpdateSecretVersionStage"]
    aws.store.stage(NAME, staged, replacing)
    assert writes(server) == []
    aws.store.discard(NAME, version)
    assert writes(server) == ["UpdateSecretVersionStage"]
    aws.store.stage(NAME, staged, replacing)
    assert writes(server) == ["PutSecretValue", "UpdateSecretVersionStage"]
    aws.store.promote(NAME, version, replacing)
    assert writes(server) == ["UpdateSecretVersionStage"]
    aws.store.promote(NAME, version, replacing)
    assert writes(server) == []


def test_refusals_before_any_call(server: SecretsManagerServer, aws: AwsBench) -> None:
    too_large = candidate("x" * 65537)
    with pytest.raises(Exception, match="65537 bytes"):
        aws.store.stage(NAME, too_large, None)
    assert list(server.calls) == []


def test_promoted_values_stay_apart(aws: AwsBench) -> None:
    """Two secrets with one value: ids are of the name too, and neither disturbs the other."""
    staged = candidate()
    other = type(NAME)(NAME + "-other")
    claimed(aws.store)
    claimed(aws.store, other)
    assert promoted(aws.store, staged) != promoted(aws.store, staged, other)
