"""The base of the models, and the types of single fields, each with the remedy for a value that does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, StringConstraints, Tag

TEXT_TAG: Final = "<text>"
"""Marks the scalar member of a union in pydantic's error locations; it cannot be a YAML key."""
MAPPING_TAG: Final = "<mapping>"
NUMBER_TAG: Final = "<number>"
TBA_TAG: Final = "<tba>"
OAUTH2_TAG: Final = "<oauth2>"
TAGS: Final = frozenset({TEXT_TAG, MAPPING_TAG, NUMBER_TAG, TBA_TAG, OAUTH2_TAG})
"""All that pydantic's locations hold and no file does."""


@dataclass(frozen=True)
class Remedy:
    """What to write instead, for an error in the field that carries it."""

    text: str
    meant: Callable[[str], str | None] = lambda _text: None
    """Returns the right spelling where a text is a known wrong one."""


class Model(BaseModel):
    """A frozen, strict and closed model that never shows a value it refuses."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_default=False,
    )


class ExactlyOne(Model):
    """A record of which exactly one key is given; `rules.py` checks it."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})


def _member_tag(value: object) -> str:
    return MAPPING_TAG if isinstance(value, dict | BaseModel) else TEXT_TAG


_Record = TypeVar("_Record")
_Word = TypeVar("_Word")
RecordOrWord = Annotated[
    Annotated[_Record, Tag(MAPPING_TAG)] | Annotated[_Word, Tag(TEXT_TAG)],
    Discriminator(_member_tag),
]
"""A record or, in its place, a text: the value's shape says which is meant, so only that one's errors are told."""
# Variables of its own: `typing` caches unions and holds those that differ in order for one.
_OtherRecord = TypeVar("_OtherRecord")
_OtherWord = TypeVar("_OtherWord")
WordOrRecord = Annotated[
    Annotated[_OtherWord, Tag(TEXT_TAG)] | Annotated[_OtherRecord, Tag(MAPPING_TAG)],
    Discriminator(_member_tag),
]
"""The same, with the text first in the JSON Schema."""


def _without_slash(url: str) -> str:
    return url.rstrip("/")


Name = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100),
    Remedy("begin with a letter or digit and use letters, digits, dots, hyphens and underscores"),
]
"""A record's name: part of Pulumi URNs, secret names and tags."""
EnvironmentVariable = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=255),
    Remedy("name the variable, never the value: letters, digits and underscores"),
]
URL_PATTERN: Final = r"^https?://[^/\s?#@]+/?$"
Url = Annotated[
    str,
    StringConstraints(pattern=URL_PATTERN),
    AfterValidator(_without_slash),
    Remedy('write "https://HOST" or "https://HOST:PORT", with no path and no credentials'),
]
"""Scheme, host and optional port, without path or credentials. A trailing slash is removed."""
JsonKey = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", max_length=100),
    Remedy("name the JSON key, never the value: letters, digits, dots, hyphens and underscores"),
]
"""A key of a flat JSON object."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
PathText = Annotated[
    str,
    StringConstraints(pattern="^[^~]", max_length=2048),
    Remedy("write the whole path, or one from the folder that holds Pulumi.yaml; ~ is the shell's"),
]
"""A file's path; a relative one starts from the folder that holds Pulumi.yaml."""
Description = Annotated[str, StringConstraints(max_length=2048)]
Argument = Annotated[str, StringConstraints(max_length=32768)]
"""An argument of a program; it may be empty."""
InternalId = Annotated[
    str,
    StringConstraints(pattern=r"^-?[0-9]{1,18}$"),
    Remedy('write the internal id that NetSuite shows, digits in quotes: "1234"'),
]
"""A record's internal id in NetSuite; system entities have negative ids."""
Duration = Annotated[
    str,
    StringConstraints(pattern=r"^[1-9][0-9]{0,4}[smhdw]$"),
    Remedy("write a whole number and one of s, m, h, d, w, for example 90d or 12h"),
]
"""A length of time, parsed by `parse_duration`."""
DurationOrZero = Annotated[
    str,
    StringConstraints(pattern=r"^(0|[1-9][0-9]{0,4})[smhdw]$"),
    Remedy("write a whole number and one of s, m, h, d, w, for example 7d or 0d"),
]
AwsRegion = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]+$"),
    Remedy("write the region's code, for example us-east-1"),
]
SECRET_CHARACTERS: Final = Remedy("use ASCII letters, digits and / _ + = . @ - only")
SecretPath = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9/_+=.@-]+$", max_length=512),
    SECRET_CHARACTERS,
]
"""Part of a secret's name (AWS API CreateSecret, Name); `secret_names.py` checks the whole name."""
Email = Annotated[
    str,
    StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254),
    Remedy("write the e-mail address that the user logs in to NetSuite with"),
]


def _named_segments(path: str) -> str:
    """Refuse empty and dot segments: clients normalize them, so the secret would be elsewhere."""
    if any(segment in ("", ".", "..") for segment in path.removesuffix("/").split("/")):
        raise ValueError("a segment is empty, `.` or `..`")
    return path


VaultMount = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", max_length=255),
    AfterValidator(_named_segments),
    Remedy(
        "write it without a slash at either end, for example secret or team/kv; no segment is . or .."
    ),
]
"""The path of a mount or a namespace."""
VaultPrefix = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Za-z0-9_+=.@-]+/)+$", max_length=255),
    AfterValidator(_named_segments),
    Remedy(
        "write one or more names, each followed by a slash, for example netsuite/sandbox/; none is . or .."
    ),
]
"""A folder under a mount, with its trailing slash."""
_ACCOUNT_WRITTEN_OTHERWISE: Final = re.compile(r"((?:TSTDRV|TD)?[0-9]{3,12})[-_]([A-Z]{2}[0-9]*)")


def _account_meant(text: str) -> str | None:
    """Return an account id in lower case, or with a hyphen as in host names, as NetSuite writes it."""
    found = _ACCOUNT_WRITTEN_OTHERWISE.fullmatch(text.strip().upper())
    return None if found is None else f"{found[1]}_{found[2]}"


AccountId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z0-9]+(_[A-Z]+[0-9]*)?$", max_length=64),
    Remedy(
        "write it as Setup > Company > Company Information shows it: upper case, an underscore "
        'and no hyphen, in quotes, for example "1234567" or "1234567_SB1"',
        meant=_account_meant,
    ),
]
"""The account id as NetSuite writes it; also the OAuth realm."""


class FromEnvironment(Model):
    """An address that the file does not fix, such as the demo's free ports."""

    env: EnvironmentVariable
    """The variable that holds the address; unset is an error. `load` replaces it by the address."""


Address = WordOrRecord[Url, FromEnvironment]
"""A URL, or the variable that holds one. In a loaded `Environment` it is always the URL."""


def loaded_address(address: Url | FromEnvironment | None) -> str | None:
    """Return a resolved address; an unresolved one is a mistake of the caller."""
    if isinstance(address, FromEnvironment):
        raise TypeError(
            "the address was not resolved: environments come from tba_secrets.spec.load"
        )
    return address


_DURATION: Final = re.compile(r"(0|[1-9][0-9]{0,4})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_duration(text: str) -> timedelta | None:
    """Parse a duration. Return None if it is malformed; the models refuse it."""
    match = _DURATION.fullmatch(text)
    return None if match is None else timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
