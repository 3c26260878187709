"""Whatever goes wrong inside the provider, what crosses the wire to the engine and what it logs hold no value."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import grpc
import pytest
from botocore.exceptions import ClientError
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc
from pydantic import BaseModel
from requests import HTTPError, Request, Response

from tba_secrets.errors import StoreError, TbaError
from tba_secrets.provider.codec import Properties
from tba_secrets.provider.handler import Change, Checked, Handler, PartialFailureError, Wire
from tba_secrets.provider.host import CancelledError
from tba_secrets.provider.server import Provider, serve
from tests.leaks.canaries import odd, usual
from tests.leaks.scanner import Canary, Scanner, text

VALUE: Final = odd()
HEXADECIMAL: Final = usual()
SCANNER: Final = Scanner([Canary("the value", VALUE), Canary("a usual value", HEXADECIMAL)])
TYPE: Final = "tba:index:Bomb"
SECONDS: Final = 20


class Bomb(Handler):
    """A resource whose every method does what the test says."""

    token = TYPE
    description = "For tests."
    inputs = Wire
    outputs = Wire

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act

    def check(self, urn: str, old: Properties, new: Properties) -> Checked:
        self.act()
        return Checked(new, {})

    def diff(
        self, urn: str, old_inputs: Properties, old_state: Properties, new: Properties
    ) -> list[Change]:
        self.act()
        return []

    def preview(self, old_state: Properties, new: Properties) -> Properties:
        return {"state": self.act()}

    def id(self, new: Properties) -> str:
        return "id"

    def update(self, urn: str, old_state: Properties, new: Properties) -> Properties:
        return {"state": self.act()}

    def read(
        self, urn: str, id: str, inputs: Properties, state: Properties
    ) -> tuple[Properties, Properties] | None:
        return {"state": self.act()}, {}

    def delete(self, urn: str, state: Properties) -> None:
        self.act()


class IdBomb(Bomb):
    """Fails in the middle of reporting a failure: its id cannot be told."""

    def id(self, new: Properties) -> str:
        return str(self.act())

    def update(self, urn: str, old_state: Properties, new: Properties) -> Properties:
        raise PartialFailureError(StoreError("half done"), {})


@dataclass
class Wired:
    """The provider behind a real channel."""

    provider: Provider
    stub: Any

    def bomb(self, handler: Handler) -> None:
        """Serve this handler as `TYPE`."""
        self.provider._handlers[TYPE] = handler


@pytest.fixture(scope="module")
def served() -> Iterator[Wired]:
    provider = Provider(None)
    server, port = serve(provider)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Wired(provider, provider_pb2_grpc.ResourceProviderStub(channel))
    server.stop(0).wait()


@pytest.fixture
def loud(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


METHODS: Final[dict[str, Callable[[Any], Any]]] = {
    "Check": lambda stub: stub.Check(provider_pb2.CheckRequest(type=TYPE), timeout=SECONDS),
    "Diff": lambda stub: stub.Diff(provider_pb2.DiffRequest(type=TYPE), timeout=SECONDS),
    "Create": lambda stub: stub.Create(provider_pb2.CreateRequest(type=TYPE), timeout=SECONDS),
    "Create in a preview": lambda stub: stub.Create(
        provider_pb2.CreateRequest(type=TYPE, preview=True), timeout=SECONDS
    ),
    "Update": lambda stub: stub.Update(provider_pb2.UpdateRequest(type=TYPE), timeout=SECONDS),
    "Update in a preview": lambda stub: stub.Update(
        provider_pb2.UpdateRequest(type=TYPE, preview=True), timeout=SECONDS
    ),
    "Read": lambda stub: stub.Read(provider_pb2.ReadRequest(type=TYPE), timeout=SECONDS),
    "Delete": lambda stub: stub.Delete(provider_pb2.DeleteRequest(type=TYPE), timeout=SECONDS),
}


class Careless(BaseModel):
    """A model that quotes what it refuses, as pydantic does by default."""

    number: int


class UnspeakableError(Exception):
    """Fails even while it is told."""

    def __str__(self) -> str:
        raise ValueError(VALUE)

    __repr__ = __str__


def _raise(error: BaseException) -> NoReturn:
    raise error


def _noted() -> NoReturn:
    error = ValueError("an error with a note")
    error.add_note(VALUE)
    raise error


def _http() -> NoReturn:
    response = Response()
    response._content, response.status_code, response.reason = VALUE.encode(), 500, VALUE
    response.url = f"https://example.invalid/?token={VALUE}"
    response.request = Request("POST", response.url, data=VALUE).prepare()
    response.raise_for_status()
    raise AssertionError


def _from_a_careless_cause() -> NoReturn:
    try:
        _raise(ValueError(VALUE))
    except ValueError as error:
        raise StoreError("our own words") from error


def _while_another_is_handled() -> NoReturn:
    try:
        _raise(HTTPError(VALUE))
    except HTTPError:
        raise TbaError("our own words", "do this") from None


_CLIENT_ERROR: Final[Any] = {"Error": {"Code": VALUE, "Message": VALUE}, "SecretString": VALUE}
EXPLOSIONS: Final[dict[str, Callable[[], NoReturn]]] = {
    "ValueError": lambda: _raise(ValueError(VALUE)),
    "KeyError": lambda: _raise(KeyError(VALUE)),
    "StopIteration": lambda: _raise(StopIteration(VALUE)),
    "AssertionError": lambda: _raise(AssertionError({"value": VALUE})),
    "OSError with a file's name": lambda: _raise(OSError(2, "no such file", VALUE)),
    "UnicodeEncodeError": lambda: _raise(UnicodeEncodeError("ascii", VALUE, 0, 1, VALUE)),
    "JSONDecodeError": lambda: json.loads(VALUE),
    "botocore ClientError": lambda: _raise(ClientError(_CLIENT_ERROR, VALUE)),
    "requests HTTPError": _http,
    "pydantic ValidationError": lambda: _raise(_validation_error()),
    "ExceptionGroup": lambda: _raise(ExceptionGroup(VALUE, [ValueError(VALUE)])),
    "an error with a note": _noted,
    "an error that cannot be told": lambda: _raise(UnspeakableError(VALUE)),
    "a grpc error of ours": lambda: _raise(grpc.RpcError(VALUE)),
    "our error, from a careless cause": _from_a_careless_cause,
    "our error, while another is handled": _while_another_is_handled,
    "cancelled": lambda: _raise(CancelledError("cancelled")),
}


def _validation_error() -> Exception:
    try:
        Careless.model_validate({"number": VALUE})
    except ValueError as error:
        return error
    raise AssertionError


def _heard(
    call: Callable[[Any], Any],
    stub: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> tuple[str, str]:
    """The details of the failure, and everything that anybody could read of it."""
    with pytest.raises(grpc.RpcError) as caught:
        call(stub)
    error: Any = caught.value
    metadata = repr(list(error.trailing_metadata() or ()))
    formatter = logging.Formatter("%(message)s")
    logged = "\n".join(formatter.format(record) for record in caplog.records)
    printed = "".join(capfd.readouterr())
    return error.details(), "\n".join(
        [repr(error), str(error.code()), error.details(), metadata, logged, printed]
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("explosion", EXPLOSIONS)
def test_no_exception_tells_a_value(
    explosion: str,
    method: str,
    served: Wired,
    loud: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    served.bomb(Bomb(EXPLOSIONS[explosion]))

    details, everything = _heard(METHODS[method], served.stub, loud, capfd)

    assert SCANNER.find([text("heard", everything)]) == []
    assert details.startswith(("a bug in tba-secrets: ", "our own words", "cancelled"))


@pytest.mark.parametrize(
    "state",
    [{VALUE: object()}, {"a": ValueError(VALUE)}, {"a": VALUE.encode()}, {"a": {VALUE}}],
    ids=["an object", "an exception", "bytes", "a set"],
)
@pytest.mark.parametrize("method", ["Create", "Update", "Create in a preview", "Read"])
def test_a_state_that_cannot_be_sent_is_not_told(
    method: str,
    state: Properties,
    served: Wired,
    loud: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    served.bomb(Bomb(lambda: state))

    details, everything = _heard(METHODS[method], served.stub, loud, capfd)

    assert SCANNER.find([text("heard", everything)]) == []
    assert details.startswith("a bug in tba-secrets: ")


@pytest.mark.parametrize("method", ["Create", "Update"])
def test_a_half_done_state_that_cannot_be_sent_is_not_told(
    method: str,
    served: Wired,
    loud: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    half_done = PartialFailureError(StoreError("half done"), {"a": ValueError(VALUE)})
    served.bomb(Bomb(lambda: _raise(half_done)))

    details, everything = _heard(METHODS[method], served.stub, loud, capfd)

    assert SCANNER.find([text("heard", everything)]) == []
    assert details.startswith("a bug in tba-secrets: ")


def test_an_id_that_cannot_be_told_is_not_told(
    served: Wired, loud: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    served.bomb(IdBomb(lambda: _raise(ValueError(VALUE))))

    details, everything = _heard(METHODS["Create"], served.stub, loud, capfd)

    assert SCANNER.find([text("heard", everything)]) == []
    assert details.startswith("a bug in tba-secrets: ")


@pytest.mark.parametrize("method", METHODS)
def test_a_type_that_is_unknown_is_a_bug_like_any_other(
    method: str,
    served: Wired,
    loud: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    served.provider._handlers.pop(TYPE, None)

    details, everything = _heard(METHODS[method], served.stub, loud, capfd)

    assert details.startswith("a bug in tba-secrets: KeyError")
    assert "Traceback" not in everything


def test_the_broken_twin_without_the_boundary_is_heard(
    loud: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    class Careless(Provider):
        def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
            raise ValueError(VALUE)

    server, port = serve(Careless(None))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        _, everything = _heard(METHODS["Check"], stub, loud, capfd)
    server.stop(0).wait()

    assert SCANNER.find([text("heard", everything)])


MISPLACED: Final[dict[str, tuple[str, str, Any]]] = {
    "a list for a text": ("StagedCredential", "account", [VALUE]),
    "a variable": ("StagedCredential", "token", {"env": {"id": VALUE, "secret": VALUE}}),
    "a kind of source": ("StagedCredential", "consumer", {VALUE: {"key": VALUE}}),
    "a region": ("StagedCredential", "stores", {"aws": {"region": VALUE}}),
    "a property": ("StagedCredential", VALUE, VALUE),
    "a property of hexadecimal digits": ("StagedCredential", HEXADECIMAL, "a"),
    "a role": ("SmokeTest", "role", VALUE),
    "a check": ("SmokeTest", "checks", [VALUE]),
    "a key for a text": ("SmokeTest", "user", {"email": {VALUE: 1}}),
    "a store's kind": ("SmokeTest", "versions", {VALUE: 1}),
}


@pytest.mark.parametrize("place", MISPLACED)
def test_a_value_in_the_place_of_a_reference_is_refused_and_not_told(
    place: str, served: Wired
) -> None:
    kind, property_, value = MISPLACED[place]
    news = struct_pb2.Struct()
    news.update({property_: value})

    answer = served.stub.Check(
        provider_pb2.CheckRequest(type=f"tba:index:{kind}", news=news), timeout=SECONDS
    )

    told = "\n".join(failure.reason for failure in answer.failures)
    assert told
    assert SCANNER.find([text("the failures", told)]) == []
    # The engine prints a property's whole value beside a failure that names it (GetResourcePropertyInvalidValueError).
    assert {failure.property for failure in answer.failures} == {""}
