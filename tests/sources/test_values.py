"""The rules that all sources share, and source `env`: each good case with its broken twin."""

from __future__ import annotations

import secrets

import pytest

from tba_secrets.errors import SourceError
from tba_secrets.sources import open_source
from tba_secrets.spec.model import ConsumerEnv, ConsumerSource, TokenEnv, TokenSource

CONSUMER = ConsumerSource(env=ConsumerEnv(key="KEY", secret="SECRET"))
TOKEN = TokenSource(env=TokenEnv(id="ID", secret="SECRET"))
FIRST = secrets.token_hex(32)
SECOND = secrets.token_hex(32)


def test_two_variables_are_a_pair() -> None:
    pair = open_source(CONSUMER, {"KEY": FIRST, "SECRET": SECOND}).read()
    assert pair is not None
    assert (pair.identifier.reveal(), pair.secret.reveal(), pair.warnings) == (FIRST, SECOND, ())


def test_the_place_names_the_variables() -> None:
    assert open_source(TOKEN, {}).place == "environment variables ID and SECRET"


@pytest.mark.parametrize(
    "environ",
    [{}, {"KEY": "", "SECRET": ""}, {"KEY": ""}, {"SECRET": " \n"}],
    ids=["unset", "empty", "one empty", "only white space"],
)
def test_nothing_is_absent(environ: dict[str, str]) -> None:
    assert open_source(CONSUMER, environ).read() is None


@pytest.mark.parametrize("space", ["\n", "\r\n", " ", "\t", "\u00a0"])
def test_white_space_around_a_value_is_removed_with_a_warning(space: str) -> None:
    pair = open_source(CONSUMER, {"KEY": FIRST + space, "SECRET": space + SECOND}).read()
    assert pair is not None
    assert (pair.identifier.reveal(), pair.secret.reveal()) == (FIRST, SECOND)
    assert pair.warnings == (
        "the consumer key (environment variable KEY) had white space around it, which was removed",
        "the consumer secret (environment variable SECRET) had white space around it, which was removed",
    )


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (FIRST[:-1], "has 63 characters"),
        (FIRST + "0", "has 65 characters"),
        ("A" + FIRST[1:], "has other characters"),
        ("g" + FIRST[1:], "has other characters"),
    ],
    ids=["short", "long", "upper case", "no digit"],
)
def test_an_unusual_value_is_used_with_a_warning(value: str, shape: str) -> None:
    pair = open_source(TOKEN, {"ID": value, "SECRET": SECOND}).read()
    assert pair is not None
    assert pair.identifier.reveal() == value
    (warning,) = pair.warnings
    assert warning.startswith(f"the token id (environment variable ID) {shape};")
    assert value not in warning


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({"ID": FIRST}, "the token secret is missing: environment variable SECRET"),
        ({"ID": FIRST, "SECRET": ""}, "the token secret is missing: environment variable SECRET"),
        ({"ID": "\n", "SECRET": SECOND}, "the token id is missing: environment variable ID"),
    ],
    ids=["unset", "empty", "only white space"],
)
def test_half_a_pair_is_refused_and_the_other_half_named(
    environ: dict[str, str], missing: str
) -> None:
    _refused(environ, missing)


@pytest.mark.parametrize(
    "broken",
    [
        f"{FIRST[:9]} {FIRST[9:]}",
        f"{FIRST}\n{FIRST}",
        f"{FIRST}\x00",
        f"{FIRST}\u200b",
        f"caf\u00e9{FIRST}",
    ],
    ids=["space", "two lines", "NUL", "zero-width", "accent"],
)
def test_a_value_that_no_header_carries_is_refused(broken: str) -> None:
    _refused(
        {"ID": FIRST, "SECRET": broken}, "the token secret (environment variable SECRET) holds"
    )


@pytest.mark.parametrize(
    ("before", "after"), [('"', '"'), ("'", "'"), ("`", "`"), ('"', ""), (" '", "'\n"), ("", '"')]
)
def test_a_value_in_quotation_marks_is_refused_before_netsuite_is_asked(
    before: str, after: str
) -> None:
    what = "the token secret (environment variable SECRET) has a quotation mark around it"
    _refused({"ID": SECOND, "SECRET": f"{before}{FIRST}{after}"}, what)


def test_one_value_in_both_places_is_refused() -> None:
    _refused({"ID": FIRST, "SECRET": f" {FIRST}"}, "the token id and the token secret are the same")


def test_a_source_of_no_kind_is_refused() -> None:
    with pytest.raises(SourceError, match="exactly one"):
        open_source(TokenSource())


def _refused(environ: dict[str, str], what: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(TOKEN, environ).read()
    assert caught.value.what.startswith(what)
    assert caught.value.remedy
    for value in environ.values():
        assert not value.strip() or value.strip() not in str(caught.value)
    assert FIRST[:9] not in str(caught.value)
