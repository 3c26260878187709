"""`tba status --format` and `--output`: metrics that parsers of others read, Markdown, a file replaced whole."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import parser as prometheus
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser as openmetrics

from tba_secrets.cli.status import StatusFormat, rendered, survey
from tba_secrets.cli.status_metrics import METRICS, exposition
from tba_secrets.cli.status_report import EnvironmentReport, Report, StoreReport, TokenReport
from tba_secrets.rotation import RotationFinding, Standing
from tests.cli.conftest import Tba, World
from tests.cli.status_bench import DAY, NOW, report, smoke_test, state_of, token

pytestmark = pytest.mark.long

PARSERS = {
    "OpenMetrics": openmetrics.text_string_to_metric_families,
    "Prometheus": prometheus.text_string_to_metric_families,
}
WHO = {"environment": "prod", "integration": "a", "name": "b", "kind": "token"}


def parsed(text: str, parser: str = "OpenMetrics") -> dict[str, Metric]:
    """The families by name, as others read them."""
    return {family.name: family for family in PARSERS[parser](text)}


def samples(found: Report, name: str) -> list[tuple[dict[str, str], float]]:
    return [(one.labels, one.value) for one in parsed(exposition(found))[name].samples]


def troubled() -> Report:
    """Every state, a certificate, two stores, an environment that cannot be read, and odd names."""
    odd = RotationFinding(Standing.ATTENTION, "[odd] | <b>", "mend *it*")
    certificate = replace(
        token("m2m/cert", 3),
        kind="certificate",
        valid_until="2026-12-31",
        stores=(StoreReport("aws", 'a"\\b'), StoreReport("vault", "kv/b\nc")),
    )
    broken = EnvironmentReport("dev", findings=(RotationFinding(Standing.FAILING, "wrong YAML"),))
    return report(
        token("a/b", 101),
        token("a/c", 80, findings=(odd,)),
        TokenReport("prod", "a/d", findings=(RotationFinding(Standing.FAILING, "none"),)),
        certificate,
        broken=(broken,),
    )


@pytest.mark.parametrize("parser", PARSERS)
def test_both_formats_read_the_same_families_samples_and_help(parser: str) -> None:
    families = parsed(exposition(troubled()), parser)

    assert set(families) == {metric.name for metric in METRICS}
    for metric in METRICS:
        family = families[metric.name]
        assert (family.type, family.documentation) == ("gauge", metric.help)
        assert [(one.name, one.timestamp) for one in family.samples] == (
            [(metric.name, None)] * len(family.samples)
        )
        assert family.samples, "a sample of each is among them"


def test_openmetrics_has_units_and_its_end() -> None:
    text = exposition(troubled())
    for name, family in parsed(text).items():
        assert family.unit == ("seconds" if name.endswith("_seconds") else "")
    assert text.endswith("\n# EOF\n")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("\n# EOF\n", "\n"),
        (" gauge\n", " gouge\n"),
        ("# UNIT tba_credential_age_seconds seconds", "# UNIT tba_credential_age_seconds days"),
        ('state="well"', 'state="we"ll"'),
    ],
)
def test_what_is_not_right_is_refused_by_the_parser(right: str, wrong: str) -> None:
    text = exposition(troubled())
    assert right in text
    with pytest.raises(ValueError):  # noqa: PT011 - the parser's own words are not ours
        parsed(text.replace(right, wrong, 1))


def test_each_time_is_the_one_of_the_report() -> None:
    found = report(token("a/b", 101))

    assert samples(found, "tba_credential_age_seconds") == [(WHO, 101 * DAY)]
    assert samples(found, "tba_credential_due_timestamp_seconds") == [(WHO, NOW - 11 * DAY)]
    proof = datetime(2026, 11, 20, 8, 15, tzinfo=UTC).timestamp()
    assert samples(found, "tba_credential_verified_timestamp_seconds") == [(WHO, proof)]
    assert samples(found, "tba_environment_status_timestamp_seconds") == [
        ({"environment": "prod"}, NOW)
    ]


def test_a_certificate_is_valid_to_the_end_of_its_last_day() -> None:
    ((who, end),) = samples(troubled(), "tba_credential_valid_until_timestamp_seconds")
    assert who["kind"] == "certificate"
    assert end == datetime(2027, 1, 1, tzinfo=UTC).timestamp()


def test_what_is_not_known_has_no_sample() -> None:
    blank = TokenReport("prod", "a/b", findings=(RotationFinding(Standing.FAILING, "none"),))
    families = parsed(exposition(report(blank)))
    assert [name for name, family in families.items() if family.samples] == [
        "tba_credential_state",
        "tba_environment_state",
        "tba_environment_status_timestamp_seconds",
    ]


def test_one_state_of_each_is_1() -> None:
    found = troubled()
    states = [
        (labels["environment"], labels["integration"], labels["name"], labels["state"])
        for labels, value in samples(found, "tba_credential_state")
        if value
    ]
    assert states == [(t.environment, *t.path.split("/"), t.standing.word) for t in found.tokens]
    assert len(samples(found, "tba_credential_state")) == len(found.tokens) * len(Standing)
    assert [
        (labels["environment"], labels["state"])
        for labels, value in samples(found, "tba_environment_state")
        if value
    ] == [("prod", "failing"), ("dev", "failing")]


def test_a_credential_in_two_stores_is_one_credential_with_two_secrets() -> None:
    infos = [
        labels
        for labels, value in samples(troubled(), "tba_credential_info")
        if labels["kind"] == "certificate" and value == 1
    ]
    assert [(one["store"], one["secret"]) for one in infos] == [
        ("aws", 'a"\\b'),
        ("vault", "kv/b\nc"),
    ]


def test_two_files_of_two_environments_share_no_series() -> None:
    """The textfile collector refuses a series that two files have."""
    both = [exposition(report(token("a/b", 1, environment=name))) for name in ("dev", "prod")]
    series = [line.rpartition(" ")[0] for text in both for line in text.splitlines() if "{" in line]
    assert len(series) == len(set(series))
    assert len(series) > 10


def test_markdown_is_a_table_and_nothing_in_a_name_is_markup() -> None:
    text = rendered(troubled(), StatusFormat.MARKDOWN)
    lines = text.splitlines()

    assert lines[0] == "### prod: account 1234567"
    assert lines[2:4] == [
        "| token | state | age and due date | current and previous | last proof |",
        "|---|---|---|---|---|",
    ]
    rows = [line for line in lines if line.startswith("| ")]
    assert {len(row.replace("\\|", "").split("|")) for row in rows} == {7}
    assert "| a/b | overdue | 101 days<br>due 2026-11-12 |" in text
    assert "- **attention** a/c: \\[odd\\] \\| \\<b\\><br>To do: mend \\*it\\*" in lines
    assert "- **failing** dev: wrong YAML" in lines
    assert lines[-1] == (
        "4 tokens: 1 failing, 1 attention, 1 overdue, 1 well, 1 environment not read completely; "
        "exit code 13."
    )


@pytest.fixture
def world(empty_world: World) -> World:
    for name in ("orders", "stock", "invoices"):
        empty_world.put(name)
    return empty_world


def test_no_format_shows_a_value(world: World) -> None:
    state = [smoke_test("warehouse/orders", {"aws": "tba-x"})]
    found = survey(world.project, [], state_of(test=state), NOW)
    for format in StatusFormat:
        text = rendered(found, format)
        assert "orders" in text
        assert not any(secret in text for secret in world.secrets)


FORMATS = [
    (["--output", "{}/status.prom"], "# EOF"),
    (["--output", "{}/status.md"], "exit code 13."),
    (["--output", "{}/status.json"], "}"),
    (["--output", "{}/status"], "exit code 13"),
    (["--output", "{}/status.md", "--json"], "}"),
    (["--output", "{}/status.txt", "--format", "openmetrics"], "# EOF"),
]


@pytest.mark.parametrize(("options", "last"), FORMATS)
def test_the_file_s_ending_or_the_option_names_the_format(
    world: World, tba: Tba, tmp_path: Path, options: list[str], last: str
) -> None:
    given = [one.format(tmp_path) for one in options]

    ended = tba("status", "--project", str(world.project), *given)

    written = Path(given[1])
    assert ended.status == 13  # no stack has been deployed
    assert ended.out.startswith(f"{written}: 3 tokens: ")
    assert written.read_text().endswith(f"{last}\n")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_json_is_format_json(world: World, tba: Tba) -> None:
    where = ("--project", str(world.project))
    alias, format = tba("status", "--json", *where), tba("status", "--format", "json", *where)
    found, same = json.loads(alias.out), json.loads(format.out)
    assert {**found, "at": ""} == {**same, "at": ""}
    assert alias.status == format.status == 13


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "xml"], "text, json, openmetrics, markdown"),
        (["--format", "text", "--json"], "take one of --json and --format"),
    ],
)
def test_a_format_that_is_none_is_refused(
    world: World, tba: Tba, options: list[str], words: str
) -> None:
    ended = tba("status", "--project", str(world.project), *options)
    assert ended.status == 2
    assert words in " ".join(ended.err.replace("│", " ").split())


def test_a_file_is_replaced_whole_and_readable_by_the_collector(
    world: World, tba: Tba, tmp_path: Path
) -> None:
    old = tmp_path / "status.prom"
    old.write_text("old\n")
    link = tmp_path / "link.prom"
    link.symlink_to(old)
    with old.open() as reader:
        tba("status", "--project", str(world.project), "--output", str(link))
        assert reader.read() == "old\n", "who has the old file open reads it to its end"
    assert old.read_text().endswith("# EOF\n")
    assert link.is_symlink()
    assert old.stat().st_mode & 0o777 == 0o644


def test_a_file_that_cannot_be_written(world: World, tba: Tba, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "status.prom"
    ended = tba("status", "--project", str(world.project), "--output", str(target))
    assert ended.status == 1
    assert f"error: {target}: cannot be written" in ended.err
    assert "Fix: name another file" in ended.err


def test_what_is_no_file_is_written_to(world: World, tba: Tba, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR)
    ended = tba("status", "--project", str(world.project), "--output", str(pipe))
    assert ended.status == 13
    assert b"; exit code 13\n" in os.read(reader, 1 << 16)
    assert pipe.is_fifo()
    os.close(reader)
