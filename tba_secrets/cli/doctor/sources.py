"""Check the sources of one environment: which values exist. No command runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tba_secrets.cli.doctor.finding import DoctorFinding, ok, warning, wrong
from tba_secrets.cli.doctor.programs import found_program
from tba_secrets.cli.status_state import TokenState
from tba_secrets.errors import SourceError
from tba_secrets.records import CredentialRecord
from tba_secrets.sources import Pair, SourceSettings, open_source


def look(
    records: Iterable[CredentialRecord], states: Mapping[str, TokenState] | None
) -> Iterator[DoctorFinding]:
    """Report each source once, even if several tokens share it.

    A record whose credential has passed, as the stack's state says, needs no value; None if that is not known.
    """
    users: dict[tuple[SourceSettings, bool], list[CredentialRecord]] = {}
    for record in records:
        sources: tuple[SourceSettings, ...] = (record.consumer_source, record.token_source)
        for settings in sources:
            users.setdefault((settings, record.certificate is not None), []).append(record)
    for (settings, _), sharing in users.items():
        try:
            yield from _look(settings, sharing, states)
        except SourceError as error:
            others = f" and {len(sharing) - 1} more" if len(sharing) > 1 else ""
            yield wrong(f"{sharing[0].path}{others}: {error.what}", error.remedy)


def _look(
    settings: SourceSettings,
    records: list[CredentialRecord],
    states: Mapping[str, TokenState] | None,
) -> Iterator[DoctorFinding]:
    source = open_source(settings)
    passed = None if states is None else {path for path, state in states.items() if state.verified}
    needing = [r.path for r in records if passed is not None and r.path not in passed]
    if isinstance(settings, str):
        certified = records[0].certificate is not None
        yield (_certified if certified else _stored)(settings, ", ".join(needing))
        return
    if settings.command is not None:
        program = settings.command.argv[0]
        yield found_program(source.place, program, wrong, "install it, or put it on PATH")
        return
    pair = source.read()
    if pair is not None:
        _require_fit(pair, settings, records, source.place)
        yield ok(f"{source.place}: the value is there")
        yield from (warning(f"{source.place}: {words}") for words in pair.warnings)
        return
    strict = [r.path for r in records if r.require_values]
    if strict or needing:
        why = "`require_values` is set for" if strict else "no credential has passed yet for"
        what = f"{source.place}: no value, and {why} {', '.join(strict or needing)}"
        yield wrong(what, "give the value, for example from your password manager")
    elif states is None:
        yield warning(f"{source.place}: no value", "give one to tokens that are not stored yet")
    else:
        yield ok(f"{source.place}: no value; the stored one is kept")


def _require_fit(
    pair: Pair, settings: SourceSettings, records: list[CredentialRecord], place: str
) -> None:
    """Refuse a key that cannot sign with what a certificate declares."""
    for record in records:
        if record.certificate is not None and settings == record.token_source:
            from tba_secrets.netsuite.oauth2.parts import require_algorithm

            require_algorithm(pair, record.certificate.algorithm, place)


def _stored(word: str, needing: str) -> DoctorFinding:
    found = f"{word}: the store is the source"
    if needing:
        what = f"{found}, and no credential has passed yet for {needing}"
        return warning(what, "`tba rotate ENV TOKEN` brings a first token in")
    return ok(found)


def _certified(word: str, needing: str) -> DoctorFinding:
    if word == "generated":
        found, joint = f"{word}: keys are made in memory, and kept in the store alone", ";"
        remedy = "`tba up ENV` makes it, and says what a person uploads (`tba certificate`)"
    else:
        found, joint = f"{word}: the store is the source of the client id", ", and"
        remedy = "declare where the client id comes from until it has passed"
    if needing:
        return warning(f"{found}{joint} no certificate has passed yet for {needing}", remedy)
    return ok(found)
