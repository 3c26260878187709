"""Step 6: check rules that span records, or that no pattern can state.

They run on the plain data, so a wrong type in one record does not hide a duplicate in another.
Values of the wrong shape are skipped: the models report them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, Final, get_args

from tba_secrets.spec.addresses import readable_on_the_way
from tba_secrets.spec.certificate_rules import certificate_findings
from tba_secrets.spec.construct import Document
from tba_secrets.spec.looks_secret import looks_secret
from tba_secrets.spec.model import AfterPromote, CertificateFormat, Format, parse_duration
from tba_secrets.spec.model.records import WebhookVariables
from tba_secrets.spec.model.sources import GeneratedKey, StoredClient, StoredConsumer, StoredToken
from tba_secrets.spec.problem import Path, SpecFinding
from tba_secrets.spec.secret_names import secret_name_findings
from tba_secrets.spec.vault_rules import vault_findings

_SOURCE_KINDS: Final = ("env", "file", "command")
_HALVES: Final = ("key", "id", "secret", "private_key", "certificate")
_SECRET_HOLDERS: Final = ("tokens", "certificates")
_RESERVED_TAGS: Final = ("aws:", "tba-secrets:")


def broken_rules(document: Document) -> list[SpecFinding]:
    """Return all findings, rule by rule."""
    return [finding for rule in _RULES for finding in rule(document)]


def records(document: Document, key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the integrations, or the tokens of all integrations, with their paths."""
    integrations = list(_items(document, ("integrations",)))
    if key == "integrations":
        yield from integrations
        return
    for path, _ in integrations:
        yield from _items(document, (*path, key))


def _items(document: Document, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    found = document.value(path)
    for i, item in enumerate(found if isinstance(found, list) else ()):
        if isinstance(item, dict):
            yield (*path, i), item


def _duplicate_names(document: Document) -> Iterator[SpecFinding]:
    for kinds in (("integrations",), _SECRET_HOLDERS):
        first: dict[str, Path] = {}
        for path, record in (found for key in kinds for found in records(document, key)):
            name = record.get("name")
            if not isinstance(name, str):
                continue
            if name in first:
                line = document.position((*first[name], "name")).line
                yield document.finding(
                    (*path, "name"),
                    f"the {_noun(first[name])} on line {line} has this name already",
                    f"give every {_noun(path)} of the environment a name of its own",
                )
            first.setdefault(name, path)


def _noun(path: Path) -> str:
    """Return what a record is, by the list that it stands in."""
    return str(path[-2]).removesuffix("s")


def _one_kind_of_source(document: Document) -> Iterator[SpecFinding]:
    for path, source in _sources(document):
        words = _WORDS[path[-1]]
        word = f"the word {words[0]}" if len(words) == 1 else f"one of the words {', '.join(words)}"
        instead = "" if source.keys() & {*_SOURCE_KINDS} else f", or write {word} in its place"
        none = "no source is given"
        yield from _exactly_one(document, iter([(path, source)]), _SOURCE_KINDS, none, instead)


def _one_way_to_tell(document: Document) -> Iterator[SpecFinding]:
    none = "no way to tell readers is given"
    return _exactly_one(document, _hooks(document), AfterPromote.model_fields, none)


def _exactly_one(
    document: Document,
    mappings: Iterator[tuple[Path, dict[str, Any]]],
    keys: Iterable[str],
    none: str,
    instead: str = "",
) -> Iterator[SpecFinding]:
    """Refuse mappings that have none of some keys, or more than one.

    Args:
        document: The file.
        mappings: What to look at, and where it is.
        keys: One of them is to be there.
        none: What to say if none is.
        instead: What else may be written.
    """
    for path, mapping in mappings:
        there = [key for key in keys if key in mapping]
        if len(there) != 1:
            what = f"{' and '.join(there)} are given" if there else none
            yield document.finding(path, what, f"give exactly one of {', '.join(keys)}{instead}")


def _halves_differ(document: Document) -> Iterator[SpecFinding]:
    """Refuse one variable or JSON key for both halves of a pair."""
    for path, source in _sources(document):
        for kind, settings in source.items():
            if not isinstance(settings, dict):
                continue
            named = [settings[half] for half in _HALVES if isinstance(settings.get(half), str)]
            if len(named) != len(set(named)):
                yield document.finding(
                    (*path, kind, "secret" if "secret" in settings else "certificate"),
                    "both halves of the pair are read from one place",
                    "name the place of each half",
                )


def _arguments_for_no_shell(document: Document) -> Iterator[SpecFinding]:
    for path, source in (*_sources(document), *_hooks(document)):
        command = source.get("command")
        argv = command.get("argv") if isinstance(command, dict) else None
        for i, argument in enumerate(argv if isinstance(argv, list) else ()):
            if isinstance(argument, str) and (argument == "~" or argument.startswith("~/")):
                yield document.finding(
                    (*path, "command", "argv", i),
                    "a shell would replace ~, and no shell is involved",
                    "write the whole path, or one from the folder that holds Pulumi.yaml",
                )


def _sources(document: Document) -> Iterator[tuple[Path, dict[str, Any]]]:
    for collection, key in _SOURCES:
        for path, record in records(document, collection):
            if isinstance(record.get(key), dict):
                yield (*path, key), record[key]


def _hooks(document: Document) -> Iterator[tuple[Path, dict[str, Any]]]:
    for key in _SECRET_HOLDERS:
        for path, record in records(document, key):
            if isinstance(record.get("after_promote"), dict):
                yield (*path, "after_promote"), record["after_promote"]


_SOURCES: Final = (
    ("integrations", "consumer"),
    ("tokens", "token"),
    ("integrations", "client"),
    ("certificates", "key"),
)


_WORDS: Final[dict[Any, tuple[str, ...]]] = {
    "consumer": get_args(get_args(StoredConsumer)[0]),
    "token": get_args(get_args(StoredToken)[0]),
    "client": get_args(get_args(StoredClient)[0]),
    "key": get_args(get_args(GeneratedKey)[0]),
}
"""What may stand in a source's place, without a value from anywhere."""


def _at_least_one_store(document: Document) -> Iterator[SpecFinding]:
    if document.value(("store",)) == {}:
        yield document.finding(("store",), "no store is given", "give one, for example aws:")


def _names_are_no_values(document: Document) -> Iterator[SpecFinding]:
    """Find values pasted where a name belongs.

    `text` finds the 64 digits of TBA values anywhere.
    """
    for path in _name_paths(document):
        value = document.value(path)
        if isinstance(value, str) and looks_secret(value):
            hint = "name the variable, JSON key or record, never the value"
            yield document.finding(path, "this looks like a secret value", hint)


def _name_paths(document: Document) -> Iterator[Path]:
    yield ("endpoint", "env")
    yield ("store", "aws", "endpoint", "env")
    yield ("store", "vault", "address", "env")
    for collection in ("integrations", *_SECRET_HOLDERS):
        for path, _ in records(document, collection):
            yield from ((*path, "name"), (*path, "secret"))
    for path, source in _sources(document):
        for kind in source:
            yield from ((*path, kind, half) for half in _HALVES)
    for path, _ in _hooks(document):
        yield from ((*path, "webhook", "env", name) for name in WebhookVariables.model_fields)


def _tags(document: Document) -> Iterator[SpecFinding]:
    tags = document.value(("store", "aws", "tags"))
    for key in tags if isinstance(tags, dict) else ():
        if key.lower().startswith(_RESERVED_TAGS):
            path = ("store", "aws", "tags", key)
            prefixes = " and ".join(_RESERVED_TAGS)
            yield SpecFinding(
                document.key_position(path),
                "store.aws.tags: the key of this tag has a reserved prefix",
                f"begin it otherwise: {prefixes} belong to AWS and to this tool",
            )


def _formats(document: Document) -> Iterator[SpecFinding]:
    for path in _policies(document):
        given = document.value((*path, "format"))
        given = given if isinstance(given, dict) else {}
        usual = CertificateFormat() if "certificates" in path else Format()
        seen = {name for key, name in usual.model_dump().items() if key not in given}
        for key, name in given.items():
            if isinstance(name, str) and name in seen:
                yield document.finding(
                    (*path, "format", key),
                    "another value is stored under this key already",
                    "give each of the values a key of its own",
                )
            if isinstance(name, str):
                seen.add(name)


def _policies(document: Document) -> Iterator[Path]:
    yield ("defaults",)
    yield from (path for key in _SECRET_HOLDERS for path, _ in records(document, key))


def _warned_in_time(document: Document) -> Iterator[SpecFinding]:
    """Compare durations that one record gives, or that it shares with the defaults."""
    for path in _policies(document):
        own = [key for key in ("warn_before", "rotate_every") if document.value((*path, key))]
        warn = duration_at(document, path, "warn_before")
        rotate = duration_at(document, path, "rotate_every")
        if own and warn is not None and rotate is not None and warn >= rotate:
            yield document.finding(
                (*path, own[0]),
                "the warning would be due before the token is issued",
                "make warn_before shorter than rotate_every",
            )


def duration_at(document: Document, path: Path, key: str) -> timedelta | None:
    """Return the duration that applies to the record at `path`."""
    text = document.value((*path, key)) or document.value(("defaults", key))
    return parse_duration(text) if isinstance(text, str) else None


def _secret_names(document: Document) -> Iterator[SpecFinding]:
    holders = [found for key in _SECRET_HOLDERS for found in records(document, key)]
    return secret_name_findings(document, holders)


def _certificates(document: Document) -> Iterator[SpecFinding]:
    for path, integration in records(document, "integrations"):
        if integration.get("auth") == "oauth2":
            mine = list(_items(document, (*path, "certificates")))
            yield from certificate_findings(document, path, mine, duration_at)


_RULES: Final[tuple[Callable[[Document], Iterator[SpecFinding]], ...]] = (
    _duplicate_names,
    _one_kind_of_source,
    _halves_differ,
    _one_way_to_tell,
    _arguments_for_no_shell,
    _at_least_one_store,
    _names_are_no_values,
    _secret_names,
    vault_findings,
    _tags,
    _formats,
    _warned_in_time,
    _certificates,
    readable_on_the_way,
)
