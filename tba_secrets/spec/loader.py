"""Load stacks/STACK.yaml as an `Environment`: the first arrow of the pipeline.

Each step sees only what the step before it accepted:
1. `text` decodes the bytes; 2. `events` scans the event stream; 3. `construct` builds plain data with
positions; 4. `addresses` resolves `{env: NAME}`; 5. `shape` fits the strict models; 6. `rules` checks
what spans records. Steps 3 to 6 report all their problems together. No source, store or NetSuite
account is contacted.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from tba_secrets.errors import SpecError
from tba_secrets.spec.addresses import resolve_addresses
from tba_secrets.spec.construct import Document, construct
from tba_secrets.spec.events import scan
from tba_secrets.spec.model import Environment
from tba_secrets.spec.problem import InvalidSpecError, Position, SpecFinding
from tba_secrets.spec.rules import broken_rules
from tba_secrets.spec.shape import validate
from tba_secrets.spec.text import invisible_findings, pasted_findings, read_text
from tba_secrets.suggestions import did_you_mean, or_else


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Environment:
    """Read one environment.

    Args:
        path: The YAML file; messages name it as it is given here.
        environ: The variables that addresses given as `{env: NAME}` refer to; every address comes out resolved.

    Raises:
        InvalidSpecError: The file has problems; the error lists all of them.
    """
    environment, findings = check(read_text(path), environ)
    if environment is None or findings:
        raise InvalidSpecError(finding.within(path) for finding in findings)
    return environment


def load_stack(
    project_root: Path, stack: str, environ: Mapping[str, str] = os.environ
) -> Environment:
    """Read the environment of a Pulumi stack: `stacks/STACK.yaml` under the folder that holds Pulumi.yaml.

    Raises:
        SpecError: There is no such file; the message lists those that exist.
        InvalidSpecError: The file has problems.
    """
    folder = project_root / "stacks"
    existing = stack_names(project_root)
    if stack not in existing:
        raise _absent(folder, stack, existing)
    return load(folder / f"{stack}.yaml", environ)


def _absent(folder: Path, stack: str, existing: tuple[str, ...]) -> SpecError:
    there = ", ".join(existing) if existing else "none yet"
    create = f"`tba init {stack}` writes {folder / f'{stack}.yaml'}"
    if (folder / f"{stack}.yml").exists():
        remedy = f"rename {folder / f'{stack}.yml'}: an environment's file ends in .yaml"
    elif existing:
        remedy = or_else(did_you_mean(stack, existing), f"name one that exists, or {create}")
    else:
        remedy = f"go to the project's folder, which holds Pulumi.yaml and stacks/; or {create}"
    return SpecError(
        f"{folder}: there is no environment for the stack {stack!r} (there: {there})", remedy
    )


def stack_names(project_root: Path) -> tuple[str, ...]:
    """List the stacks that have an environment, sorted, without Pulumi's own settings files."""
    files = (project_root / "stacks").glob("*.yaml")
    return tuple(sorted(f.stem for f in files if not f.stem.startswith("Pulumi.")))


def check(
    source: str | Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> tuple[Environment | None, list[SpecFinding]]:
    """Check an environment without a file: the only way in for `tba init` and `tba import` too.

    Args:
        source: The YAML text, or the plain data that it would hold.
        environ: The variables that addresses given as `{env: NAME}` refer to.

    Returns:
        The environment if the models accept it, and all findings; a valid environment has none.
    """
    if not isinstance(source, str):
        return _checked(Document(deepcopy(dict(source))), environ)
    pasted = list(pasted_findings(source))
    if blocking := tuple(invisible_findings(source)) or scan(source):
        environment, findings = None, [*pasted, *blocking]
    else:
        environment, findings = _checked(construct(source), environ)
        at = {one.position for one in pasted}
        at |= {Position(line, column - 1) for line, column in at}  # of a value in quotes
        findings = [*pasted, *(one for one in findings if one.position not in at)]
    return environment, [_placed(finding, source) for finding in findings]


def _checked(
    document: Document, environ: Mapping[str, str]
) -> tuple[Environment | None, list[SpecFinding]]:
    addresses = resolve_addresses(document, environ)
    environment, misshapen = validate(document)
    return environment, [*document.findings, *addresses, *misshapen, *broken_rules(document)]


def _placed(finding: SpecFinding, text: str) -> SpecFinding:
    """Move a finding into the file: YAML puts the end of the text one line after the last line."""
    lines = text.rstrip("\n").split("\n")
    if finding.position.line <= len(lines):
        return finding
    return replace(finding, position=Position(len(lines), len(lines[-1]) + 1))
