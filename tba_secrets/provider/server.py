"""The gRPC server: the engine's ResourceProvider protocol over the handlers.

Model: Pulumi's guide "Implement a provider in Python".
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from pathlib import Path
from traceback import walk_tb
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2

from tba_secrets import __version__
from tba_secrets.errors import StoreError, TbaError
from tba_secrets.provider import LOOK_AHEAD
from tba_secrets.provider.codec import Properties, decode, encode, outputs_of, state_of
from tba_secrets.provider.handler import Change, Handler, PartialFailureError, input_changes
from tba_secrets.provider.host import CancelledError, Host, LogSeverity
from tba_secrets.provider.properties import LookAhead
from tba_secrets.provider.protocol import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)
from tba_secrets.provider.schema import package_schema, unknown_settings
from tba_secrets.provider.smoke_test import SmokeTestHandler
from tba_secrets.provider.staged_credential import StagedCredentialHandler

_MOST_WORKERS = 10_000
"""More than the engine ever has calls under way, so that Cancel need not wait for one of them to end. Threads are made
when they are needed."""
_STATUS_DETAILS = "grpc-status-details-bin"


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Pulumi's provider `tba`."""

    def __init__(self, engine_address: str | None) -> None:
        self._engine: Any = None
        self._attached: str | None = None
        """The connection that has attached last; None in a process that the engine started."""
        if engine_address:
            self._connect(engine_address)
        self.host = Host(log=self._log)
        every: tuple[Handler, ...] = (
            StagedCredentialHandler(self.host),
            SmokeTestHandler(self.host),
        )
        self._handlers = {handler.token: handler for handler in every}

    def schema(self) -> str:
        """Return the package schema, as JSON text."""
        return package_schema(self._handlers.values())

    # --- the process ------------------------------------------------------------------------------

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._connect(request.address)
        # The engine attaches twice in an update, to read and then to update, and cancels what it lets go: before the
        # second time, or after it where the provider's configuration has changed. So only the last one may cancel.
        self._attached = context.peer()
        self.host.cancelled.clear()
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=__version__)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.GetSchemaResponse(schema=self.schema())

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with self._errors(context):
            refused = unknown_settings(decode(request.news))
        return provider_pb2.CheckResponse(
            inputs=request.news,
            failures=[provider_pb2.CheckFailure(reason=reason) for reason in refused],
        )

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return _difference(input_changes(decode(request.old_inputs), decode(request.news)))

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with self._errors(context):
            settings = decode(request.args)
            self.host.digest_key = settings.get("digestKey")
            self.host.previous_digest_key = settings.get("previousDigestKey")
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True
        )

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        if self._attached in (None, context.peer()):
            self.host.cancelled.set()
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Look ahead, as the component `Environment` asks; errors surface where the look is needed."""
        with self._errors(context):
            if request.tok != LOOK_AHEAD:
                raise TbaError(f"there is no function {request.tok}")
            if not request.args.fields:  # a program that only wants us to be there soon
                return provider_pb2.InvokeResponse()
            asked = LookAhead.model_validate(decode(request.args))
            with suppress(StoreError):
                self.host.look_ahead(asked.stores, asked.secrets)
        return provider_pb2.InvokeResponse()

    # --- the resources ----------------------------------------------------------------------------

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with self._errors(context):
            checked = self._handler(request).check(
                request.urn, decode(request.olds), decode(request.news)
            )
            return provider_pb2.CheckResponse(
                inputs=encode(checked.inputs),
                failures=[
                    # Without `property`, whose whole value the engine would print.
                    provider_pb2.CheckFailure(reason=f"{name}: {reason}")
                    for name, reason in checked.failures.items()
                ],
            )

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with self._errors(context):
            old = decode(request.old_inputs)
            state = state_of(old, decode(request.olds))
            return _difference(
                self._handler(request).diff(request.urn, old, state, decode(request.news))
            )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with self._errors(context):
            new = decode(request.properties)
            id = "" if request.preview else self._handler(request).id(new)
            return provider_pb2.CreateResponse(id=id, **self._updated(request, id, {}, new))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with self._errors(context):
            old = state_of(decode(request.old_inputs), decode(request.olds))
            updated = self._updated(request, request.id, old, decode(request.news))
            return provider_pb2.UpdateResponse(**updated)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with self._errors(context):
            handler, kept = self._handler(request), decode(request.inputs)
            found = handler.read(
                request.urn, request.id, kept, state_of(kept, decode(request.properties))
            )
            if found is None:
                return provider_pb2.ReadResponse(id="")
            inputs, state = found
            return provider_pb2.ReadResponse(
                id=request.id,
                inputs=encode(inputs),
                properties=encode(outputs_of(inputs, state)),
                refresh_before_update=handler.read_first(state),
            )

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with self._errors(context):
            state = state_of(decode(request.old_inputs), decode(request.properties))
            self._handler(request).delete(request.urn, state)
            return empty_pb2.Empty()

    # --- inside -----------------------------------------------------------------------------------

    def _handler(self, request: Any) -> Handler:
        return self._handlers[request.type]

    def _updated(self, request: Any, id: str, old: Properties, new: Properties) -> dict[str, Any]:
        """Return what Create and Update answer: what is to be kept, or in a preview what can be told of it."""
        handler = self._handler(request)
        if request.preview:
            handler.foresee(request.urn, new)
            kept = state = handler.preview(old, new)
        else:
            try:
                state = handler.update(request.urn, old, new)
            except PartialFailureError as error:
                read_first = handler.read_first(error.state)
                status = _status(id, new, error, read_first=read_first)
                raise _HalfDoneError(str(error), status) from None
            kept = outputs_of(new, state)
        read_first = handler.read_first(state)
        return {"properties": encode(kept), "refresh_before_update": read_first}

    def _connect(self, address: str) -> None:
        # The engine listens on this machine: a proxy of the environment could not reach it.
        channel = grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
        self._engine = engine_pb2_grpc.EngineStub(channel)

    def _log(self, severity: LogSeverity, message: str, urn: str, ephemeral: bool) -> None:
        if self._engine is not None:
            self._engine.Log(
                engine_pb2.LogRequest(
                    severity=engine_pb2.LogSeverity.ValueType(severity.value),
                    message=message,
                    urn=urn,
                    ephemeral=ephemeral,
                )
            )

    @contextmanager
    def _errors(self, context: grpc.ServicerContext) -> Iterator[None]:
        """Turn exceptions into the engine's words, here alone: gRPC would send and log their text."""
        try:
            yield
        except _HalfDoneError as error:
            context.set_trailing_metadata(((_STATUS_DETAILS, error.status),))
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except CancelledError as error:
            context.abort(grpc.StatusCode.CANCELLED, str(error))
        except TbaError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:
            context.abort(grpc.StatusCode.INTERNAL, _bug(error))


def _difference(changes: list[Change]) -> Any:
    kind = provider_pb2.DiffResponse
    return kind(
        changes=kind.DIFF_SOME if changes else kind.DIFF_NONE,
        diffs=[change.property for change in changes],
        detailedDiff={
            change.property: provider_pb2.PropertyDiff(
                kind=provider_pb2.PropertyDiff.UPDATE, inputDiff=change.input
            )
            for change in changes
        },
        hasDetailedDiff=True,
    )


class _HalfDoneError(Exception):
    """A failure that leaves something to be kept in state: a google.rpc.Status carries that, serialised."""

    def __init__(self, words: str, status: bytes) -> None:
        super().__init__(words)
        self.status = status


def _status(id: str, inputs: Properties, error: PartialFailureError, *, read_first: bool) -> bytes:
    """Return what the engine keeps of a half-done update; within `_errors`, for this can fail too."""
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=id,
            properties=encode(error.state),
            inputs=encode(inputs),
            reasons=[str(error)],
            refresh_before_update=read_first,
        )
    )
    code = grpc.StatusCode.UNKNOWN.value[0]
    status = status_pb2.Status(code=code, message=str(error), details=[detail])
    return bytes(status.SerializeToString())


def _bug(error: Exception) -> str:
    trace = walk_tb(error.__traceback__)
    frames = [f"{Path(frame.f_code.co_filename).name}:{line}" for frame, line in trace]
    where = " < ".join(reversed(frames))
    return f"a bug in tba-secrets: {type(error).__name__} at {where}; please report it"


def serve(provider: Provider) -> tuple[grpc.Server, int]:
    """Serve on a free loopback port; returns the running server and its port.

    From now on this process holds values: no core file may ever hold one, and the engine's secret configuration is not
    for the commands of sources to inherit.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ.pop("PULUMI_CONFIG", None)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=_MOST_WORKERS))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
