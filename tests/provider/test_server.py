"""The server with protobuf messages and no engine: what each call answers, and what an exception becomes."""

from __future__ import annotations

import time
from typing import Any, NoReturn

import grpc
import pytest
from pulumi.runtime.proto import plugin_pb2, provider_pb2, status_pb2

from tba_secrets import __version__
from tba_secrets.errors import StoreUnavailableError
from tba_secrets.provider.codec import Properties, decode, encode, outputs_of, state_of
from tba_secrets.provider.server import Provider
from tba_secrets.stores.interface import OwnerMark, Stage
from tests.provider.bench import BOTH, NAME, URN, Bench, Kept

STAGED, SMOKE = "tba:index:StagedCredential", "tba:index:SmokeTest"
KIND = provider_pb2.DiffResponse
SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class AbortedError(Exception):
    """What grpc raises in a servicer that aborts."""


class Context:
    """Remembers how a call was aborted."""

    def __init__(self) -> None:
        self.code: grpc.StatusCode | None = None
        self.details = ""
        self.trailing: tuple[tuple[str, bytes], ...] = ()

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        self.code, self.details = code, details
        raise AbortedError

    def set_trailing_metadata(self, metadata: tuple[tuple[str, bytes], ...]) -> None:
        self.trailing = metadata

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"


class Rpc:
    """A provider on a bench's stores, called as the engine calls it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.provider = Provider(None)
        self.restart()

    def restart(self) -> None:
        """A new process."""
        self.bench.new_process()
        self.provider = Provider(None)
        self.provider.host.open_stores = self.bench.host.open_stores

    def call(self, method: str, request: Any) -> Any:
        return getattr(self.provider, method)(request, Context())

    def aborted(self, method: str, request: Any) -> Context:
        context = Context()
        with pytest.raises(AbortedError):
            getattr(self.provider, method)(request, context)
        return context

    def check(self, new: Properties, old: Properties | None = None, type: str = STAGED) -> Any:
        request = provider_pb2.CheckRequest(
            urn=URN, type=type, olds=encode(old or {}), news=encode(new)
        )
        return self.call("Check", request)

    def create_request(self, new: Properties, type: str = STAGED, preview: bool = False) -> Any:
        return provider_pb2.CreateRequest(
            urn=URN, type=type, properties=encode(new), preview=preview
        )

    def created(self, **changes: Any) -> tuple[Properties, Properties]:
        """(inputs, state) of a StagedCredential that was created."""
        inputs = decode(self.check(self.bench.staged_inputs(**changes)).inputs)
        answer = self.call("Create", self.create_request(inputs))
        return inputs, state_of(inputs, decode(answer.properties))


@pytest.fixture
def rpc(bench: Bench) -> Rpc:
    return Rpc(bench)


@pytest.fixture
def far(offline: Bench) -> Rpc:
    return Rpc(offline)


# --- the process -----------------------------------------------------------------------------------------


def test_what_the_plugin_says_of_itself(far: Rpc) -> None:
    info = far.call("GetPluginInfo", None)
    shaken = far.call(
        "Handshake", provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:9")
    )
    configured = far.call("Configure", provider_pb2.ConfigureRequest())

    assert info.version == __version__
    assert shaken.accept_secrets
    assert configured.acceptSecrets
    assert configured.supportsPreview


def test_configure_takes_the_digest_key_out_of_its_wrapping(far: Rpc) -> None:
    inputs = far.bench.staged_inputs()
    plain = decode(far.check(inputs).inputs)["digests"]
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}

    args = encode({"digestKey": {**secret, "value": "obviously-fake-key"}})
    far.call("Configure", provider_pb2.ConfigureRequest(args=args))

    assert far.provider.host.digest_key == "obviously-fake-key"
    assert decode(far.check(inputs).inputs)["digests"] != plain


def test_a_configuration_without_a_key(far: Rpc) -> None:
    far.provider.host.digest_key = "from before"

    far.call("Configure", provider_pb2.ConfigureRequest(args=encode({"version": "0.1.0"})))

    assert far.provider.host.digest_key is None


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ({}, {}, []),
        ({"digestKey": "a"}, {"digestKey": "a"}, []),
        ({}, {"digestKey": "a"}, ["digestKey"]),
        ({"digestKey": "a"}, {"digestKey": "b"}, ["digestKey"]),
    ],
)
def test_diff_config(far: Rpc, old: Properties, new: Properties, changed: list[str]) -> None:
    request = provider_pb2.DiffRequest(old_inputs=encode(old), news=encode(new))

    answer = far.call("DiffConfig", request)

    assert answer.changes == (KIND.DIFF_SOME if changed else KIND.DIFF_NONE)
    assert list(answer.diffs) == changed
    assert not answer.replaces


def test_check_config_keeps_what_it_is_given(far: Rpc) -> None:
    news = encode({"digestKey": "a"})

    assert far.call("CheckConfig", provider_pb2.CheckRequest(news=news)).inputs == news


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("digestkey", "did you mean `tba:digestKey`?"),
        ("previousDigestkey", "did you mean `tba:previousDigestKey`?"),
        ("colour", "known: digestKey, previousDigestKey"),
    ],
)
def test_a_setting_that_is_misspelled_is_named(far: Rpc, key: str, words: str) -> None:
    request = provider_pb2.CheckRequest(news=encode({key: "canary", "version": "1.0.0"}))

    (failure,) = far.call("CheckConfig", request).failures

    assert failure.reason == f"there is no setting `tba:{key}`; {words}"
    assert not failure.property


def test_attaching_again_takes_a_cancellation_back(far: Rpc) -> None:
    far.call("Cancel", None)
    assert far.provider.host.cancelled.is_set()

    far.call("Attach", plugin_pb2.PluginAttach(address="127.0.0.1:9"))

    assert not far.provider.host.cancelled.is_set()


# --- Check and Diff --------------------------------------------------------------------------------------


def test_check_answers_digests(far: Rpc) -> None:
    answer = far.check(far.bench.staged_inputs(preview=True))

    inputs = decode(answer.inputs)
    assert not answer.failures
    assert set(inputs["digests"]) == {"consumer", "token"}
    assert "preview" not in inputs


def test_check_says_what_is_unknown(far: Rpc) -> None:
    far.bench.withhold()

    answer = far.check(far.bench.staged_inputs(preview=True))

    assert answer.inputs["digests"]["token"] == SENTINEL


def test_check_tells_every_failure_by_property(far: Rpc) -> None:
    far.bench.withhold()

    failures = far.check(far.bench.staged_inputs()).failures

    told = [f"{one.property}{one.reason}" for one in failures]
    assert [one.split(":")[0].split("environment")[0].strip() for one in told] == [
        "consumer",
        "token",
    ]


def diff(rpc: Rpc, old: Properties, state: Properties, new: Properties, type: str = STAGED) -> Any:
    request = provider_pb2.DiffRequest(
        urn=URN, type=type, old_inputs=encode(old), olds=encode(state), news=encode(new)
    )
    return rpc.call("Diff", request)


def test_diff_of_nothing(far: Rpc) -> None:
    answer = diff(far, {"secret": "a"}, {}, {"secret": "a"})

    assert answer.changes == KIND.DIFF_NONE
    assert answer.hasDetailedDiff
    assert not answer.detailedDiff


def test_diff_tells_inputs_from_what_was_observed(far: Rpc) -> None:
    answer = diff(far, {"secret": "a"}, {"drift": {"aws": "gone"}}, {"secret": "b"})

    assert answer.changes == KIND.DIFF_SOME
    assert list(answer.diffs) == ["secret", "drift.aws"]
    assert answer.detailedDiff["secret"].inputDiff
    assert not answer.detailedDiff["drift.aws"].inputDiff
    assert {one.kind for one in answer.detailedDiff.values()} == {provider_pb2.PropertyDiff.UPDATE}
    assert not answer.replaces


# --- Create, Update, Read, Delete ------------------------------------------------------------------------


def test_create_in_a_preview_writes_nothing_and_names_nothing(far: Rpc) -> None:
    new = decode(far.check(far.bench.staged_inputs()).inputs)

    answer = far.call("Create", far.create_request(new, preview=True))

    assert answer.id == ""
    assert answer.properties["versions"] == SENTINEL
    assert not answer.refresh_before_update
    assert far.bench.writes() == []


def test_create(rpc: Rpc) -> None:
    inputs = decode(rpc.check(rpc.bench.staged_inputs()).inputs)

    answer = rpc.call("Create", rpc.create_request(inputs))

    assert answer.id == "acme/netsuite/test/warehouse/orders"
    assert not answer.refresh_before_update
    outputs = decode(answer.properties)
    assert outputs["versions"] == {"aws": rpc.bench.version(Stage.CANDIDATE)}
    assert not outputs.keys() & inputs.keys(), "the engine keeps the inputs beside them"


def update_request(old: Properties, new: Properties, type: str = STAGED, **more: Any) -> Any:
    return provider_pb2.UpdateRequest(
        id="the-id", urn=URN, type=type, olds=encode(old), news=encode(new), **more
    )


def test_update_in_a_preview_writes_nothing(rpc: Rpc) -> None:
    inputs, state = rpc.created()
    rpc.bench.writes()

    answer = rpc.call("Update", update_request(state, {**inputs, "secret": "b"}, preview=True))

    assert answer.properties["versions"] == SENTINEL
    assert answer.properties["secret"] == "b"
    assert not answer.refresh_before_update
    assert rpc.bench.writes() == []


def test_update(rpc: Rpc) -> None:
    inputs, state = rpc.created()
    rpc.bench.writes()

    answer = rpc.call("Update", update_request(state, {**inputs, "description": "of orders"}))

    assert decode(answer.properties)["versions"] == state["versions"]
    assert not answer.refresh_before_update
    assert rpc.bench.writes() == ["aws claim"]


def read_request(inputs: Properties, state: Properties, type: str = STAGED) -> Any:
    return provider_pb2.ReadRequest(
        id="the-id", urn=URN, type=type, inputs=encode(inputs), properties=encode(state)
    )


def test_read_answers_inputs_and_state(rpc: Rpc) -> None:
    inputs, state = rpc.created()

    answer = rpc.call("Read", read_request(inputs, state))

    assert answer.id == "the-id"
    assert decode(answer.inputs) == inputs
    assert decode(answer.properties) == outputs_of(inputs, state) != state
    assert not answer.refresh_before_update


def test_a_smoke_test_with_refusals_is_read_before_any_update(rpc: Rpc) -> None:
    """The user's refusals must be known before another record of the same user is tested."""
    _, staged = rpc.created()
    inputs = rpc.bench.smoke_inputs(Kept({"stores": staged["stores"]}, staged))
    refused = {**inputs, "refusals": [{"fingerprint": "one", "at": int(time.time())}]}
    long_ago = {**inputs, "refusals": [{"fingerprint": "one", "at": 1}]}

    answers = [
        rpc.call("Read", read_request(inputs, state, SMOKE)) for state in (long_ago, refused)
    ]

    assert [answer.refresh_before_update for answer in answers] == [False, True]
    assert decode(answers[0].properties)["refusals"] == []


def test_read_of_what_is_gone_has_no_id(rpc: Rpc) -> None:
    inputs, state = rpc.created()
    rpc.bench.aws.lose(NAME)
    rpc.provider.host.records.clear()  # as another process

    assert rpc.call("Read", read_request(inputs, state)).id == ""


def test_delete_of_a_foreign_mark_leaves_it(rpc: Rpc) -> None:
    _, state = rpc.created()
    rpc.bench.aws.claim(NAME, OwnerMark("acme/other", "x/y", "theirs"))
    rpc.bench.writes()

    rpc.call("Delete", provider_pb2.DeleteRequest(urn=URN, type=STAGED, properties=encode(state)))

    assert rpc.bench.writes() == []


def test_delete_finds_the_secret_by_the_inputs(rpc: Rpc) -> None:
    inputs, state = rpc.created()
    rpc.bench.writes()
    outputs = encode(outputs_of(inputs, state))

    rpc.call(
        "Delete",
        provider_pb2.DeleteRequest(
            urn=URN, type=STAGED, properties=outputs, old_inputs=encode(inputs)
        ),
    )

    assert rpc.bench.writes() == ["aws discard", "aws remove"]


def test_the_smoke_test_over_the_wire(rpc: Rpc) -> None:
    inputs, state = rpc.created()
    new = rpc.bench.smoke_inputs(Kept(inputs, state))
    checked = decode(rpc.check(new, type=SMOKE).inputs)
    answer = rpc.call("Create", rpc.create_request(checked, SMOKE))

    kept = decode(answer.properties)
    assert kept["verified"] == state["versions"]
    assert diff(rpc, checked, kept, checked, SMOKE).changes == KIND.DIFF_NONE


# --- failures --------------------------------------------------------------------------------------------


def test_cancelled_before_a_write(rpc: Rpc) -> None:
    inputs = decode(rpc.check(rpc.bench.staged_inputs()).inputs)
    rpc.call("Cancel", None)

    context = rpc.aborted("Create", rpc.create_request(inputs))

    assert context.code is grpc.StatusCode.CANCELLED
    assert "cancelled before the next write" in context.details
    assert rpc.bench.writes() == []


def test_our_own_error_is_told_with_its_remedy(rpc: Rpc) -> None:
    inputs = decode(rpc.check(rpc.bench.staged_inputs()).inputs)
    rpc.bench.aws.failing["stage"] = StoreUnavailableError("no route", "look at the network")

    context = rpc.aborted("Create", rpc.create_request(inputs))

    assert context.code is grpc.StatusCode.UNKNOWN
    assert context.details == "no route\n  Fix: look at the network"
    assert not context.trailing


def test_an_unexpected_exception_is_a_bug_and_its_text_is_not_told(rpc: Rpc) -> None:
    inputs = decode(rpc.check(rpc.bench.staged_inputs()).inputs)
    rpc.bench.aws.failing["claim"] = ZeroDivisionError("canary-obviously-fake")  # type: ignore[assignment]

    context = rpc.aborted("Create", rpc.create_request(inputs))

    assert context.code is grpc.StatusCode.INTERNAL
    assert context.details.startswith("a bug in tba-secrets: ZeroDivisionError at support.py:")
    assert "canary" not in context.details


@pytest.mark.parametrize("method", ["Check", "Diff", "Create", "Update", "Read", "Delete"])
def test_a_type_that_we_do_not_serve(far: Rpc, method: str) -> None:
    request = getattr(provider_pb2, f"{method}Request")(urn=URN, type="tba:index:Unheard")

    context = far.aborted(method, request)

    assert context.code is grpc.StatusCode.INTERNAL


def kept_of(context: Context) -> Any:
    """What the engine is asked to keep: its own way to carry details (google.rpc.Status)."""
    ((name, data),) = context.trailing
    assert name == "grpc-status-details-bin"
    status = status_pb2.Status.FromString(data)
    assert status.code == grpc.StatusCode.UNKNOWN.value[0]
    assert status.message == context.details
    (detail,) = status.details
    kept = provider_pb2.ErrorResourceInitFailed()
    assert detail.Unpack(kept)
    return kept


def test_what_is_half_created_is_kept(rpc: Rpc) -> None:
    inputs = decode(rpc.check(rpc.bench.staged_inputs(stores=BOTH)).inputs)
    rpc.bench.vault.failing["stage"] = StoreUnavailableError("sealed", "unseal it")

    context = rpc.aborted("Create", rpc.create_request(inputs))

    kept = kept_of(context)
    assert context.code is grpc.StatusCode.UNKNOWN
    assert kept.id == "acme/netsuite/test/warehouse/orders"
    assert decode(kept.inputs) == inputs
    assert set(decode(kept.properties)["versions"]) == {"aws"}
    assert list(kept.reasons) == ["sealed\n  Fix: unseal it"]
    assert not kept.refresh_before_update


def test_what_is_half_updated_is_kept_under_its_id(rpc: Rpc) -> None:
    inputs, state = rpc.created()
    new = {**inputs, "stores": BOTH}
    rpc.bench.vault.failing["claim"] = StoreUnavailableError("sealed")

    kept = kept_of(rpc.aborted("Update", update_request(state, new)))

    assert kept.id == "the-id"
    assert decode(kept.inputs) == new
    assert decode(kept.properties)["versions"] == state["versions"]


def test_a_failed_delete_is_told(rpc: Rpc) -> None:
    _, state = rpc.created()
    rpc.bench.aws.failing["remove"] = StoreUnavailableError("no route")
    request = provider_pb2.DeleteRequest(urn=URN, type=STAGED, properties=encode(state))

    assert rpc.aborted("Delete", request).details == "no route"


def test_a_log_without_an_engine_goes_nowhere(far: Rpc) -> None:
    far.provider.host.warn(URN, "nobody hears this")
