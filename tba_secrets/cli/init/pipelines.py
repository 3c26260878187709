"""The pipeline of a repository's forge: a template, filled in with the repository's environments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from tba_secrets.cli.init.files import NewFile
from tba_secrets.errors import TbaError
from tba_secrets.records import credential_records
from tba_secrets.spec import Environment, check, load_stack, stack_names
from tba_secrets.spec.construct import yaml_text

FORGES: Final = {
    "github": Path(".github", "workflows", "tba-secrets.yml"),
    "gitlab": Path(".gitlab-ci.yml"),
}
"""Where each forge looks for its pipeline."""
_REGION: Final = "us-east-1"
_AWS_ACCOUNT: Final = "111122223333"
"""What stands there to be replaced if the YAML has none."""


@dataclass(frozen=True)
class PipelineEnvironment:
    """What the pipeline has to know of an environment."""

    name: str
    region: str
    aws_account: str
    variables: tuple[str, ...]
    """The variables that its sources read."""


def pipeline_file(project: Path, forge: str, new: Mapping[str, str]) -> NewFile:
    """Return the forge's file, for the environments that exist and new ones, whose YAML is given by name.

    Raises:
        TbaError: There is no environment, or one has problems.
    """
    environments = [_described(name, load_stack(project, name)) for name in stack_names(project)]
    for name, text in new.items():
        environment, _ = check(text)
        if environment is not None:
            environments.append(_described(name, environment))
    if not environments:
        raise TbaError("there is no environment yet", f"`tba init ENV --ci {forge}` writes both")
    return NewFile(
        project / FORGES[forge],
        _text(forge, environments),
        "the pipeline; set its backend and roles (docs/ci.md)",
        remedy=f"add the environment to it by hand, or move it away and run `tba init --ci {forge}`",
    )


def _text(forge: str, environments: list[PipelineEnvironment]) -> str:
    import jinja2  # only now: most environments are written without a pipeline

    engine = jinja2.Environment(
        autoescape=False,  # noqa: S701 - YAML, not HTML
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        line_statement_prefix="#%",
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
    )
    engine.filters["yaml"] = yaml_text
    source = files("tba_secrets.cli.init").joinpath(f"{forge}.yaml").read_text(encoding="utf-8")
    variables = dict.fromkeys(name for one in environments for name in one.variables)
    return engine.from_string(source).render(environments=environments, variables=[*variables])


def _described(name: str, environment: Environment) -> PipelineEnvironment:
    aws = environment.store.aws
    return PipelineEnvironment(
        name,
        _REGION if aws is None else aws.region,
        _AWS_ACCOUNT if aws is None or aws.account_id is None else aws.account_id,
        tuple(_variables(environment)),
    )


def _variables(environment: Environment) -> Iterator[str]:
    for record in credential_records(environment):
        for source in (record.consumer_source, record.token_source):
            if not isinstance(source, str) and source.env is not None:
                yield from source.env.model_dump().values()
