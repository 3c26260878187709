"""Rules for secret names: what AWS Secrets Manager accepts, and one record for one secret.

Source: AWS API, CreateSecret, parameter Name: 1 to 512 ASCII letters, digits and the characters
/_+=.@-, and "Do not end your secret name with a hyphen followed by six characters", because AWS
appends a hyphen and six characters in the ARN. The rule that no segment is empty, `.` or `..` is
ours: Vault paths and IAM patterns need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tba_secrets.spec.construct import Document
from tba_secrets.spec.model import Environment
from tba_secrets.spec.problem import Path, SpecFinding, noun

MAXIMUM_LENGTH: Final = 512
_PREFIX: Final[Path] = ("store", "aws", "prefix")
_VAULT: Final[Path] = ("store", "vault")
_ODD_SEGMENT: Final = ("a segment between slashes is empty, `.` or `..`", "name every segment")
_LOOKS_LIKE_ARN_SUFFIX: Final = re.compile(r"-.{6}$")


def secret_name_findings(document: Document) -> Iterator[SpecFinding]:
    """Find names that AWS refuses or misreads, and secrets that two records would write."""
    prefix = document.value(_PREFIX)
    prefix = prefix if isinstance(prefix, str) else ""
    aws = document.value(_PREFIX[:-1]) is not None or document.value(_VAULT) is None
    if odd_prefix := _has_odd_segment(prefix.split("/")[:-1]):
        yield document.finding(_PREFIX, *_ODD_SEGMENT)
    first: dict[str, Path] = {}
    for path, record in (*document.records("tokens"), *document.records("certificates")):
        key = "secret" if "secret" in record else "name"
        place, name = (*path, key), record.get(key)
        if not isinstance(name, str) or not name:
            continue
        whole = prefix + name
        for what, hint in _broken(whole, segments=not odd_prefix, aws=aws):
            yield document.finding(place, what, hint)
        if whole in first:
            line = document.position(first[whole]).line
            what = f"the {noun(first[whole][:-1])} on line {line} is already stored in this secret"
            yield document.finding(place, what, f"give each {noun(path)} a secret of its own")
        first.setdefault(whole, place)


def prefix_note(environment: Environment) -> str:
    """Say so where the prefix runs into the names behind it, which is allowed and seldom meant; else nothing."""
    prefix = environment.store.aws.prefix if environment.store.aws is not None else ""
    if not prefix or not prefix[-1].isalnum():
        return ""
    return (
        f"store.aws.prefix does not end in a slash, so a token `bot` is stored as `{prefix}bot`: write `{prefix}/` "
        "unless that is meant"
    )


def _broken(whole: str, *, segments: bool, aws: bool) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a whole name, prefix included, and what to write instead."""
    if len(whole) > MAXIMUM_LENGTH:
        yield f"prefix and name are longer than {MAXIMUM_LENGTH} characters", "shorten them"
    if aws and _LOOKS_LIKE_ARN_SUFFIX.search(whole):
        yield (
            "the name ends in a hyphen and six characters, which AWS takes for the end of an ARN",
            "write secret: with another name, for example with an underscore for the hyphen",
        )
    if whole.endswith("/"):
        yield "the name ends in a slash", "write a name behind it"
    elif segments and _has_odd_segment(whole.split("/")):
        yield _ODD_SEGMENT


def _has_odd_segment(segments: list[str]) -> bool:
    return any(segment in ("", ".", "..") for segment in segments)
