"""The Pulumi program: stacks/STACK.yaml -> components. Everything else is in tba_secrets."""

from pathlib import Path

from tba_secrets.program import run

run(Path(__file__).parent)
