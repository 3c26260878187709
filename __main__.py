"""The Pulumi program: stacks/STACK.yaml -> components. Everything else is in tba_secrets."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pulumi

from tba_secrets.components import Environment
from tba_secrets.errors import SpecError
from tba_secrets.spec import load_stack

# When a resource fails, the language host interrupts this program; 32 says that the reason has been shown.
signal.signal(signal.SIGINT, lambda *_: os._exit(32))

try:
    spec = load_stack(Path(__file__).parent, pulumi.get_stack())
except SpecError as error:
    pulumi.log.error(str(error))
    os._exit(32)

environment = Environment(pulumi.get_stack(), spec)
pulumi.export("credentials", environment.credentials)
