"""Ask the provider plugin its version: start it as the engine does, ask, and end it."""

from __future__ import annotations

import os
import select
import subprocess
from typing import Final

import grpc
from google.protobuf import empty_pb2

from tba_secrets.provider.protocol import provider_pb2_grpc

_START_SECONDS: Final = 30.0


def plugin_version(path: str) -> str | None:
    """Return the plugin's answer to GetPluginInfo, or None if it does not start or answer.

    Args:
        path: The program.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the project's own plugin
            [path],
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    with process:
        try:
            return _asked(_port(process))
        except (ValueError, grpc.RpcError):
            return None
        finally:
            process.kill()


def _port(process: subprocess.Popen[bytes]) -> int:
    """Read the port, which it prints as its first line.

    Raises:
        ValueError: It printed no port.
    """
    assert process.stdout is not None  # noqa: S101 - it was asked for
    ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    return int(process.stdout.readline() if ready else b"")


def _asked(port: int) -> str:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        info = stub.GetPluginInfo(empty_pb2.Empty(), timeout=_START_SECONDS)
    return str(info.version)
