"""The Pulumi program: stacks/STACK.yaml -> components. Everything else is in tba_secrets."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pulumi

from tba_secrets.components import SHOWN, Environment, export_credentials
from tba_secrets.errors import SpecError
from tba_secrets.spec import load_stack

# When a resource fails, the language host interrupts this program; the reason has been shown.
signal.signal(signal.SIGINT, lambda *_: os._exit(SHOWN))

try:
    spec = load_stack(Path(__file__).parent, pulumi.get_stack())
except SpecError as error:
    pulumi.log.error(str(error))
    os._exit(SHOWN)

export_credentials(Environment(pulumi.get_stack(), spec))
