"""Step 6: check rules that span records, or that no pattern can state.

They run on the plain data, so a wrong type in one record does not hide a duplicate in another.
Values of the wrong shape are skipped: the models report them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, get_args

from tba_secrets.spec.addresses import ADDRESSES, readable_on_the_way
from tba_secrets.spec.certificate_rules import certificate_findings, duration_at
from tba_secrets.spec.construct import Document
from tba_secrets.spec.looks_secret import looks_secret
from tba_secrets.spec.model import (
    AfterPromote,
    CertificateFormat,
    Format,
    VaultAuth,
    VaultSettings,
)
from tba_secrets.spec.model.records import WebhookVariables
from tba_secrets.spec.model.sources import GeneratedKey, StoredClient, StoredConsumer, StoredToken
from tba_secrets.spec.problem import Path, SpecFinding, noun
from tba_secrets.spec.secret_names import secret_name_findings

_SOURCE_KINDS: Final = ("env", "file", "command")
_HALVES: Final = ("key", "id", "secret", "private_key", "certificate")
_SECRET_HOLDERS: Final = ("tokens", "certificates")
_RESERVED_TAGS: Final = ("aws:", "tba-secrets:")
_VAULT: Final = ("store", "vault")
_VAULT_CREDENTIALS: Final[tuple[Path, ...]] = (
    (*_VAULT, "auth", "token"),
    (*_VAULT, "auth", "approle", "secret_id"),
    (*_VAULT, "auth", "jwt", "jwt"),
)
"""The paths that name the place of a credential for our own login."""
_SOURCES: Final = (
    ("integrations", "consumer"),
    ("tokens", "token"),
    ("integrations", "client"),
    ("certificates", "key"),
)
_HOOKS: Final = tuple((holder, "after_promote") for holder in _SECRET_HOLDERS)
_WORDS: Final[dict[Any, tuple[str, ...]]] = {
    "consumer": get_args(get_args(StoredConsumer)[0]),
    "token": get_args(get_args(StoredToken)[0]),
    "client": get_args(get_args(StoredClient)[0]),
    "key": get_args(get_args(GeneratedKey)[0]),
}
"""What may stand in a source's place, without a value from anywhere."""


def broken_rules(document: Document) -> list[SpecFinding]:
    """Return all findings, rule by rule."""
    return [finding for rule in _RULES for finding in rule(document)]


def _within(
    document: Document, places: Iterable[tuple[str, str]]
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the mappings that records hold, with their paths: each place is a list of records, and a key of them."""
    for records, key in places:
        for path, record in document.records(records):
            if isinstance(record.get(key), dict):
                yield (*path, key), record[key]


def _duplicate_names(document: Document) -> Iterator[SpecFinding]:
    for kinds in (("integrations",), _SECRET_HOLDERS):
        first: dict[str, Path] = {}
        for path, record in (found for kind in kinds for found in document.records(kind)):
            name = record.get("name")
            if not isinstance(name, str):
                continue
            if name in first:
                line = document.position((*first[name], "name")).line
                yield document.finding(
                    (*path, "name"),
                    f"the {noun(first[name])} on line {line} has this name already",
                    f"give every {noun(path)} of the environment a name of its own",
                )
            first.setdefault(name, path)


def _one_kind_of_source(document: Document) -> Iterator[SpecFinding]:
    for path, source in _within(document, _SOURCES):
        words = _WORDS[path[-1]]
        word = f"the word {words[0]}" if len(words) == 1 else f"one of the words {', '.join(words)}"
        instead = "" if source.keys() & {*_SOURCE_KINDS} else f", or write {word} in its place"
        yield from _exactly_one(document, path, _SOURCE_KINDS, "no source is given", instead)


def _one_way_to_tell(document: Document) -> Iterator[SpecFinding]:
    none = "no way to tell readers is given"
    for path, _ in _within(document, _HOOKS):
        yield from _exactly_one(document, path, AfterPromote.model_fields, none)


def _one_login(document: Document) -> Iterator[SpecFinding]:
    return _exactly_one(document, (*_VAULT, "auth"), VaultAuth.model_fields, "nothing is given")


def _exactly_one(
    document: Document, path: Path, keys: Iterable[str], none: str, instead: str = ""
) -> Iterator[SpecFinding]:
    """Refuse a mapping that has none of some keys, or more than one.

    Args:
        document: The file.
        path: Where the mapping is.
        keys: One of them is to be there.
        none: What to say if none is.
        instead: What else may be written.
    """
    mapping = document.value(path)
    if not isinstance(mapping, dict):
        return
    there = [key for key in keys if key in mapping]
    if len(there) != 1:
        what = f"{' and '.join(there)} are given" if there else none
        yield document.finding(path, what, f"give exactly one of {', '.join(keys)}{instead}")


def _halves_differ(document: Document) -> Iterator[SpecFinding]:
    """Refuse one variable or JSON key for both halves of a pair."""
    for path, source in _within(document, _SOURCES):
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
    for path, _ in _within(document, (*_SOURCES, *_HOOKS)):
        argv = document.value((*path, "command", "argv"))
        for i, argument in enumerate(argv if isinstance(argv, list) else ()):
            if isinstance(argument, str) and (argument == "~" or argument.startswith("~/")):
                yield document.finding(
                    (*path, "command", "argv", i),
                    "a shell would replace ~, and no shell is involved",
                    "write the whole path, or one from the folder that holds Pulumi.yaml",
                )


def _at_least_one_store(document: Document) -> Iterator[SpecFinding]:
    if document.value(("store",)) == {}:
        yield document.finding(("store",), "no store is given", "give one, for example aws:")


def _names_are_no_values(document: Document) -> Iterator[SpecFinding]:
    """Find values pasted where a name belongs.

    `text` finds the 64 digits of TBA values anywhere.
    """
    for path in _name_paths(document):
        yield from _no_value(document, path, "the variable, JSON key or record")


def _no_value(document: Document, path: Path, named: str) -> Iterator[SpecFinding]:
    value = document.value(path)
    if isinstance(value, str) and looks_secret(value):
        hint = f"name {named}, never the value"
        yield document.finding(path, "this looks like a secret value", hint)


def _name_paths(document: Document) -> Iterator[Path]:
    yield from ((*path, "env") for path in ADDRESSES)
    for records in ("integrations", *_SECRET_HOLDERS):
        for path, _ in document.records(records):
            yield from ((*path, "name"), (*path, "secret"))
    for path, source in _within(document, _SOURCES):
        for kind in source:
            yield from ((*path, kind, half) for half in _HALVES)
    for path, _ in _within(document, _HOOKS):
        yield from ((*path, "webhook", "env", name) for name in WebhookVariables.model_fields)


def _places_of_logins(document: Document) -> Iterator[SpecFinding]:
    for path in _VAULT_CREDENTIALS:
        yield from _exactly_one(document, path, ("env", "file"), "nothing is given")
        yield from _no_value(document, (*path, "env"), "the variable")


def _candidates_out_of_sight(document: Document) -> Iterator[SpecFinding]:
    """Refuse candidates below the prefix.

    A reader's policy ends in a wildcard after the prefix: readers would see candidates before they
    are tested.
    """
    prefix = document.value((*_VAULT, "prefix"))
    path = (*_VAULT, "candidate_prefix")
    candidates = document.value(path)
    if candidates is None:
        path = (*_VAULT, "prefix")
        candidates = VaultSettings.model_fields["candidate_prefix"].default
    if not isinstance(prefix, str) or not isinstance(candidates, str):
        return
    if prefix and candidates.startswith(prefix):
        what = (
            "candidates would lie within the prefix, where readers see them before they are tested"
        )
        hint = "choose a candidate_prefix outside the prefix, for example tba-candidates/"
        yield document.finding(path, what, hint)


def _tags(document: Document) -> Iterator[SpecFinding]:
    tags = document.value(("store", "aws", "tags"))
    for key in tags if isinstance(tags, dict) else ():
        if key.lower().startswith(_RESERVED_TAGS):
            prefixes = " and ".join(_RESERVED_TAGS)
            yield SpecFinding(
                document.key_position(("store", "aws", "tags", key)),
                "store.aws.tags: the key of this tag has a reserved prefix",
                f"begin it otherwise: {prefixes} belong to AWS and to this tool",
            )


def _formats(document: Document) -> Iterator[SpecFinding]:
    for path in _policies(document):
        given = document.value((*path, "format"))
        if not isinstance(given, dict):
            continue
        usual = CertificateFormat() if "certificates" in path else Format()
        seen = {name for key, name in usual.model_dump().items() if key not in given}
        for key, name in given.items():
            if not isinstance(name, str):
                continue
            if name in seen:
                yield document.finding(
                    (*path, "format", key),
                    "another value is stored under this key already",
                    "give each of the values a key of its own",
                )
            seen.add(name)


def _policies(document: Document) -> Iterator[Path]:
    yield ("defaults",)
    yield from (path for holder in _SECRET_HOLDERS for path, _ in document.records(holder))


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


_RULES: Final[tuple[Callable[[Document], Iterator[SpecFinding]], ...]] = (
    _duplicate_names,
    _one_kind_of_source,
    _halves_differ,
    _one_way_to_tell,
    _arguments_for_no_shell,
    _at_least_one_store,
    _names_are_no_values,
    secret_name_findings,
    _one_login,
    _places_of_logins,
    _candidates_out_of_sight,
    _tags,
    _formats,
    _warned_in_time,
    certificate_findings,
    readable_on_the_way,
)
