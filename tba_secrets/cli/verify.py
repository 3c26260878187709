"""`tba verify`: the declared checks, run on what readers get now. It writes nothing to a store."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from tba_secrets.cli import credentials
from tba_secrets.cli.exits import Exit, exit_of, worst
from tba_secrets.cli.options import AsJson, EnvironmentName, Project
from tba_secrets.cli.printing import grouped, report_console, show_table, tell, waiting
from tba_secrets.errors import AuthenticationRefusedError, CheckFailedError, TbaError
from tba_secrets.netsuite.check_context import explained
from tba_secrets.netsuite.checks import run_checks
from tba_secrets.netsuite.circumstances import NOTHING_KNOWN, Circumstances, Verdict, others
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.netsuite.evidence import Evidence, Verification
from tba_secrets.netsuite.gate import Gate
from tba_secrets.netsuite.refused_logins import mark_of
from tba_secrets.payload import AnyCredential
from tba_secrets.records import CredentialRecord

_AT_ONCE: Final = 4


@dataclass(frozen=True)
class CheckedRecord:
    """What became of one record."""

    record: CredentialRecord
    verification: Verification | None = None
    error: TbaError | None = None
    credential: Credential | None = None
    known: Circumstances = NOTHING_KNOWN

    @property
    def exit(self) -> Exit:
        """The code that this record alone would end with."""
        return exit_of(self.error)

    @property
    def verdict(self) -> Verdict | None:
        """For the others' diagnoses; None if NetSuite did not speak about the login."""
        if self.credential is None or self.exit is Exit.FAILED:
            return None
        return Verdict(self.credential, accepted=self.exit is not Exit.REFUSED)


def command(
    environment: EnvironmentName,
    tokens: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOKEN]...", help="INTEGRATION/TOKEN or TOKEN; all where absent."),
    ] = None,
    as_json: AsJson = False,
    account_probe: Annotated[
        bool,
        typer.Option(help="Settle with the account what docs/simulator.md lists as inferred."),
    ] = False,
    point: Annotated[
        list[int] | None, typer.Option(help="Only this point of the probe. Repeatable.")
    ] = None,
    allow_refused_logins: Annotated[
        int, typer.Option(min=0, max=3, help="How many the probe may cause; five lock a user out.")
    ] = 0,
    probe_restlet: Annotated[
        str | None, typer.Option(help="SCRIPT/DEPLOY that the probe may post to.")
    ] = None,
    project: Project = Path(),
) -> None:
    """Run the declared checks on what readers get now; writes nothing.

    Exit codes: 0 all proven; 1 something could not be asked; 2 usage; 3 a login was refused; 4 an answer is not the
    declared one.
    """
    if account_probe:
        from tba_secrets.cli import account_probe as probing

        options = probing.ProbeOptions(frozenset(point or []), allow_refused_logins, probe_restlet)
        probing.run(project, environment, tokens or [], options, as_json=as_json)
        return
    records = credentials.find(project, environment, tokens or [])
    with waiting(f"asking NetSuite about the tokens of {environment}"):
        found = _with_others(check(records))
    if as_json:
        report = {"environment": environment, "tokens": [_plain(one) for one in found]}
        typer.echo(json.dumps(report, indent=2))
    else:
        _show(environment, found)
    raise typer.Exit(worst(one.exit for one in found))


def check(records: tuple[CredentialRecord, ...]) -> list[CheckedRecord]:
    """Ask for every record, as many side by side as the gate lets through."""
    gate = Gate(time.time)
    at_once = max((record.most_users or _AT_ONCE for record in records), default=_AT_ONCE)
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda record: _checked(record, gate), records))


def _checked(record: CredentialRecord, gate: Gate) -> CheckedRecord:
    try:
        held = credentials.current(record)
    except TbaError as error:
        return CheckedRecord(record, error=error)
    credential = held.back.credential
    account, user = record.account, record.user.email
    done = CheckedRecord(record, credential=credential, known=Circumstances(held.passed_before))
    try:
        gate.limit(account, record.most_users)
        with gate.admit(account, user, record.path, mark_of(credential)):
            refused = bool(gate.refusals(account, user))
            done = replace(done, known=replace(done.known, recently_refused=refused))
            return replace(done, verification=_asked(record, credential, done.known))
    except TbaError as error:
        return replace(done, error=error)


def _asked(
    record: CredentialRecord, credential: AnyCredential, known: Circumstances
) -> Verification:
    expected = credentials.expected(record)
    if isinstance(credential, TbaCredential):
        client = Client(credential, record.endpoint, record=record.path)
        return run_checks(client, record.verify.checks, expected, known)
    from tba_secrets.netsuite.oauth2.checks import run_bearer_checks
    from tba_secrets.netsuite.oauth2.client import BearerClient

    bearer = BearerClient(credential, record.endpoint, known=known, record=record.path)
    return run_bearer_checks(bearer, record.verify.checks, expected, known)


def _with_others(found: list[CheckedRecord]) -> list[CheckedRecord]:
    """Return the results; the diagnosis of a refused one takes into account how the others fared."""
    verdicts = [one.verdict for one in found if one.verdict is not None]

    def again(one: CheckedRecord) -> CheckedRecord:
        if not isinstance(one.error, AuthenticationRefusedError) or one.error.diagnosis is None:
            return one
        assert one.credential is not None  # noqa: S101 - a refused login was signed with something
        more = others(one.credential, verdicts).clues
        return replace(one, error=explained(one.record.path, one.error.diagnosis.knowing(more)))

    return [again(one) for one in found]


_WORDS: Final = {
    Exit.DONE: "[green]proven[/]",
    Exit.REFUSED: "[red]refused[/]",
    Exit.OTHERWISE: "[red]failed[/]",
    Exit.FAILED: "[yellow]not asked[/]",
}
_HEADINGS: Final = "token", "result", "as", "proven", "not proven", "when (UTC)", "slowest", "clock"


def _show(environment: str, found: list[CheckedRecord]) -> None:
    rows = [[escape(one.record.path), _WORDS[one.exit], *map(escape, _cells(one))] for one in found]
    filled = [n for n in range(len(_HEADINGS)) if any(row[n] for row in rows)]
    headings = [_HEADINGS[n] for n in filled]
    told = ([row[n] for n in filled] for row in rows)
    show_table(report_console(), f"{escape(environment)}: what readers get now", headings, told)
    errors = report_console(stderr=True)
    for words in grouped((one.record.path, str(one.error)) for one in found if one.error):
        tell(errors, f"error: {escape(words)}")


def _cells(one: CheckedRecord) -> tuple[str, ...]:
    proof = one.verification
    if proof is None:
        return ("",) * 6
    skews = [skew for one in proof.evidence if (skew := _skew(one)) is not None]
    return (
        f"{proof.role_name or '?'}\nin {proof.account or '?'}",
        ", ".join(proof.proven),
        ", ".join(proof.not_proven),
        f"{datetime.fromtimestamp(proof.at, UTC):%H:%M:%S}",
        f"{max(e.latency_seconds for e in proof.evidence):.2f} s",
        f"{max(skews, key=abs):+.1f} s" if skews else "",
    )


def _skew(evidence: Evidence) -> float | None:
    """Return the clock's skew; None if the call's duration alone may explain it, and the whole seconds of a Date."""
    skew = evidence.clock_skew_seconds
    return skew if skew is not None and abs(skew) > evidence.latency_seconds / 2 + 0.5 else None


def _plain(one: CheckedRecord) -> dict[str, Any]:
    """Return the report of `--json`: words and numbers, no value."""
    proof = one.verification
    diagnosis = one.error.diagnosis if isinstance(one.error, CheckFailedError) else None
    return {
        "token": one.record.path,
        "result": _WORDS[one.exit].partition("]")[2].partition("[")[0],
        "account": proof and proof.account,
        "role": proof and proof.role_name,
        "role_id": proof and proof.role_id,
        "entity": proof and proof.entity,
        "proven": list(proof.proven) if proof else [],
        "not_proven": list(proof.not_proven) if proof else [],
        "evidence": [asdict(evidence) for evidence in proof.evidence] if proof else [],
        "error": one.error and one.error.what,
        "remedy": one.error and one.error.remedy,
        "causes": [asdict(cause) for cause in diagnosis.causes] if diagnosis else [],
    }
