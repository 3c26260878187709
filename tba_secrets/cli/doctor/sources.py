"""Check the sources of one environment: which values exist. No command runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from tba_secrets.cli.doctor.finding import DoctorFinding, found_program, ok, warning, wrong
from tba_secrets.errors import SourceError
from tba_secrets.records import CredentialRecord
from tba_secrets.sources import Pair, SourceSettings, open_source


def look(
    records: Iterable[CredentialRecord], proven: Collection[str] | None
) -> Iterator[DoctorFinding]:
    """Report each source once, even if several tokens share it.

    Args:
        records: The environment's.
        proven: The records whose credential has passed before, for which an `up` needs no value; None if
            that is not known.
    """
    users: dict[tuple[SourceSettings, bool], list[CredentialRecord]] = {}
    for record in records:
        sources: tuple[SourceSettings, ...] = (record.consumer_source, record.token_source)
        for settings in sources:
            users.setdefault((settings, record.certificate is not None), []).append(record)
    for (settings, _), sharing in users.items():
        try:
            yield from _look(settings, sharing, proven)
        except SourceError as error:
            yield wrong(f"{_whose(sharing)}: {error.what}", error.remedy)


def _require_fit(
    pair: Pair, settings: SourceSettings, records: list[CredentialRecord], place: str
) -> None:
    """Refuse a key that cannot sign with what a certificate declares."""
    for record in records:
        if record.certificate is not None and settings == record.token_source:
            from tba_secrets.netsuite.oauth2.parts import require_algorithm

            require_algorithm(pair, record.certificate.algorithm, place)


def _whose(records: list[CredentialRecord]) -> str:
    others = len(records) - 1
    return f"{records[0].path} and {others} more" if others else records[0].path


def _look(
    settings: SourceSettings, records: list[CredentialRecord], proven: Collection[str] | None
) -> Iterator[DoctorFinding]:
    source = open_source(settings)
    needing = [r.path for r in records if proven is not None and r.path not in proven]
    if isinstance(settings, str):
        certified = records[0].certificate is not None
        yield (_certified if certified else _stored)(settings, needing)
        return
    if settings.command is not None:
        yield found_program(
            source.place, settings.command.argv[0], wrong, "install it, or put it on PATH"
        )
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
    elif proven is None:
        yield warning(f"{source.place}: no value", "give one to tokens that are not stored yet")
    else:
        yield ok(f"{source.place}: no value; the stored one is kept")


def _stored(word: str, needing: list[str]) -> DoctorFinding:
    if needing:
        what = f"{word}: the store is the source, and no credential has passed yet for {', '.join(needing)}"
        return warning(what, "`tba rotate ENV TOKEN` brings a first token in")
    return ok(f"{word}: the store is the source")


def _certified(word: str, needing: list[str]) -> DoctorFinding:
    names = ", ".join(needing)
    if word == "generated":
        made = f"{word}: keys are made in memory, and kept in the store alone"
        if needing:
            return warning(
                f"{made}; no certificate has passed yet for {names}",
                "`tba up ENV` makes it, and says what a person uploads (`tba certificate`)",
            )
        return ok(made)
    if needing:
        what = f"{word}: the store is the source of the client id, and no certificate has passed yet for {names}"
        return warning(what, "declare where the client id comes from until it has passed")
    return ok(f"{word}: the store is the source of the client id")
