"""The JSON Schema: what editors are told is what the models say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from tba_secrets.spec import schema
from tests.spec.harness import Case, cases

PROJECT = Path(__file__).parents[2]
BAD = [case for file in ("shape.yaml", "rules.yaml", "certificates.yaml") for case in cases(file)]
STATED_BY_THE_SCHEMA = [case for case in BAD if case.in_schema]
LEFT_TO_THE_LOADER = [case for case in BAD if not case.in_schema]


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    return Draft7Validator(schema.json_schema())


def test_it_is_a_draft_07_schema() -> None:
    Draft7Validator.check_schema(schema.json_schema())
    assert schema.json_schema()["$schema"] == schema.DRAFT_07


def test_it_uses_no_keyword_that_editors_do_not_know() -> None:
    known = set(Draft7Validator.VALIDATORS) | {
        "$schema",
        "title",
        "description",
        "default",
        "definitions",
    }
    assert set(_keywords(schema.json_schema())) <= known


def test_the_committed_file_is_what_the_models_say() -> None:
    assert schema.main(["--check", "--file", str(PROJECT / schema.SCHEMA_FILE)]) == 0


def test_check_fails_where_the_file_differs_or_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    assert schema.main(["--check", "--file", str(file)]) == 1
    assert schema.main(["--file", str(file)]) == 0
    assert schema.main(["--check", "--file", str(file)]) == 0
    file.write_text(file.read_text().replace("draft-07", "draft-08"))
    assert schema.main(["--check", "--file", str(file)]) == 1


def test_every_key_is_described() -> None:
    bare = {"EnvNames", "FilePlace"}
    definitions = schema.json_schema()["definitions"]
    kinds = {
        "ClientSource",
        "ConsumerSource",
        "KeySource",
        "TokenSource",
        "Stores",
        "CertificateFormat",
        "Format",
    }
    missing = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key, stated in definition["properties"].items()
        if name not in kinds | bare and "description" not in json.dumps(stated)
    ]
    referring = {
        "AwsReplica.region",
        "AwsSettings.region",
        "Integration.role",
        "RestletCheck.restlet",
    }
    assert set(missing) <= referring | {
        "TokenPolicy.verify",
        "TokenPolicy.format",
        "Token.verify",
        "Token.format",
    }


@pytest.mark.parametrize("case", cases("valid.yaml"), ids=lambda case: case.name)
def test_good_environments_validate(case: Case, validator: Draft7Validator) -> None:
    assert [error.message for error in validator.iter_errors(yaml.safe_load(case.text))] == []


@pytest.mark.parametrize("case", STATED_BY_THE_SCHEMA, ids=lambda case: case.name)
def test_what_a_schema_can_state_it_refuses(case: Case, validator: Draft7Validator) -> None:
    assert not validator.is_valid(yaml.safe_load(case.text))


@pytest.mark.parametrize("case", LEFT_TO_THE_LOADER, ids=lambda case: case.name)
def test_the_cases_say_truly_what_only_the_loader_refuses(
    case: Case, validator: Draft7Validator
) -> None:
    assert validator.is_valid(yaml.safe_load(case.text))


def _keywords(node: Any) -> Iterator[str]:
    """Every keyword of a schema; the keys under `properties` and `definitions` are names."""
    if isinstance(node, list):
        for item in node:
            yield from _keywords(item)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        yield key
        if key in ("properties", "definitions"):
            for inner in value.values():
                yield from _keywords(inner)
        elif key != "default":
            yield from _keywords(value)
