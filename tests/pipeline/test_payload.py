"""What is stored: one canonical text for one credential, and errors that name keys."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from tba_secrets.errors import StoreError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse, render, same_content
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import Format
from tests.pipeline.support import ACCOUNT, credential

NAMES = Format()
OTHER = Format(account="NS_ACCOUNT", token_id="a", token_secret="Z")
CANARY = "canary-obviously-fake"


def test_the_text_is_compact_sorted_and_utf_8() -> None:
    text = render(credential("\u00e9"), NAMES).reveal()

    assert text == (
        '{"account":"1234567_SB1","consumer_key":"consumer-key","consumer_secret":"consumer-secret",'
        '"token_id":"token-id","token_secret":"\u00e9"}'
    )


def test_other_names_are_sorted_as_well() -> None:
    keys = list(json.loads(render(credential(), OTHER).reveal()))

    assert keys == ["NS_ACCOUNT", "Z", "a", "consumer_key", "consumer_secret"]


text = st.text(min_size=1, max_size=20).filter(lambda t: t.isprintable())


@given(text, st.tuples(text, text, text, text))
def test_what_is_rendered_is_parsed(account: str, values: tuple[str, str, str, str]) -> None:
    wanted = TbaCredential(account, *map(Sensitive, values))

    for names in (NAMES, OTHER):
        assert parse(render(wanted, names), names, "aws secret x") == wanted


@given(text, text)
def test_one_text_for_one_content(one: str, other: str) -> None:
    texts = render(credential(one), NAMES), render(credential(other), NAMES)

    assert (texts[0] == texts[1]) == (one == other)


def test_others_white_space_and_order_make_no_difference() -> None:
    ours = render(credential(), NAMES)
    theirs = json.dumps(dict(reversed(json.loads(ours.reveal()).items())), indent=4)

    assert same_content(ours, Sensitive(theirs))
    assert not same_content(ours, Sensitive(theirs.replace("token-secret-a", "token-secret-b")))
    assert not same_content(ours, render(credential(), OTHER))


NOT_FLAT = {
    "text": CANARY,
    "cut off": '{"token_secret": "' + CANARY,
    "a list": f'["{CANARY}"]',
    "a string": f'"{CANARY}"',
    "null": "null",
    "a number in it": f'{{"a": "{CANARY}", "b": 1}}',
    "nested": f'{{"a": {{"b": "{CANARY}"}}}}',
    "nested too deep": "[" * 60_000,
    "half a surrogate pair in it": f'{{"a": "{CANARY}\\ud800"}}',
    "half a surrogate pair": f"{CANARY}\ud800",
}


@pytest.mark.parametrize("kind", NOT_FLAT)
def test_what_is_no_flat_object_is_refused_without_its_text(kind: str) -> None:
    with pytest.raises(StoreError, match=r"^aws secret x: .* flat JSON object") as caught:
        parse(Sensitive(NOT_FLAT[kind]), NAMES, "aws secret x")

    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None, "a JSONDecodeError holds the whole text"


@pytest.mark.parametrize("kind", NOT_FLAT)
def test_what_is_no_flat_object_equals_itself_alone(kind: str) -> None:
    value = Sensitive(NOT_FLAT[kind])

    assert same_content(value, Sensitive(NOT_FLAT[kind]))
    assert not same_content(value, render(credential(), NAMES))
    assert not same_content(value, Sensitive("also no object"))


def test_missing_keys_are_named_and_no_value_is() -> None:
    held = Sensitive(json.dumps({"account": ACCOUNT, "token_id": CANARY, "NS_KEY": CANARY}))

    with pytest.raises(StoreError) as caught:
        parse(held, NAMES, "aws secret x")

    assert "lacks consumer_key, consumer_secret, token_secret" in str(caught.value)
    assert "format:" in str(caught.value)
    assert CANARY not in str(caught.value)


def test_more_keys_than_needed_are_let_be() -> None:
    content = {**json.loads(render(credential(), NAMES).reveal()), "realm": "another"}

    assert parse(Sensitive(json.dumps(content)), NAMES, "x") == credential()
