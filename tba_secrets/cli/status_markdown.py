"""`tba status --format markdown`: a table for each environment, for a pull request or the summary of a job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tba_secrets.cli.pages import markdown_safe
from tba_secrets.cli.status_report import HEADINGS, EnvironmentReport, Report, cells, summary
from tba_secrets.rotation import RotationFinding, Standing


def markdown(report: Report) -> str:
    """Render tables and findings, as GitHub and GitLab show them."""
    parts = [part for environment in report.environments for part in _parts(environment, report.at)]
    return "\n\n".join([*parts, f"{summary(report)}."]) + "\n"


def _parts(environment: EnvironmentReport, now: float) -> Iterator[str]:
    yield "### " + markdown_safe(f"{environment.name}: account {environment.account or '?'}")
    if environment.tokens:
        rows = ((t.path, t.standing.word, *cells(t, now)) for t in environment.tokens)
        rule = "|" + "---|" * len(HEADINGS)
        yield "\n".join([_row(HEADINGS), rule, *map(_row, rows)])
    findings = [
        _finding(token or environment.name, finding) for token, finding in environment.all_findings
    ]
    if findings:
        yield "\n".join(findings)
    if environment.note:
        yield markdown_safe(f"Note: {environment.note}")


def _row(values: Iterable[str]) -> str:
    """Render a row; a cell keeps its lines."""
    shown = ("<br>".join(map(markdown_safe, value.splitlines())) for value in values)
    return f"| {' | '.join(shown)} |"


def _finding(name: str, finding: RotationFinding) -> str:
    word = "note" if finding.standing is Standing.WELL else finding.standing.word
    remedy = f"<br>To do: {markdown_safe(finding.remedy)}" if finding.remedy else ""
    return f"- **{word}** {markdown_safe(f'{name}: {finding.what}')}{remedy}"
