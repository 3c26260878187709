"""A secret value is shown by `reveal` alone; errors and digests are built without it."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import pytest

from tba_secrets.digest import DigestKey, DigestKeys, hkdf
from tba_secrets.errors import TbaError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.sensitive import REDACTED, Sensitive, fingerprint, redact
from tba_secrets.sources.interface import Pair
from tests.pipeline.support import credential

VALUE = "canary-obviously-fake"

SHOWN: dict[str, Callable[[Sensitive], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda s: f"{s}",
    "format with a width": lambda s: f"{s:>60}",
    "percent": lambda s: "%s %r" % (s, s),  # noqa: UP031
    "in a list": lambda s: repr([s]),
    "in a dataclass": lambda s: repr(Pair(s, s)),
    "in an exception": lambda s: repr(TbaError(f"{s}", f"{s}")),
}


@pytest.mark.parametrize("way", SHOWN)
def test_a_value_is_never_shown(way: str) -> None:
    shown = SHOWN[way](Sensitive(VALUE))

    assert VALUE not in shown
    assert REDACTED in shown


def test_it_is_revealed_by_name() -> None:
    assert Sensitive(VALUE).reveal() == VALUE


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_neither_pickled_nor_copied(way: Callable[[Sensitive], object]) -> None:
    with pytest.raises(TypeError, match="not pickled or copied"):
        way(Sensitive(VALUE))


def test_it_is_no_json() -> None:
    with pytest.raises(TypeError) as caught:
        json.dumps({"a": Sensitive(VALUE)})

    assert VALUE not in str(caught.value)


def test_it_compares_by_value_and_only_with_its_kind() -> None:
    assert Sensitive(VALUE) == Sensitive(VALUE)
    assert Sensitive(VALUE) != Sensitive(VALUE + "x")
    assert Sensitive(VALUE) != VALUE
    assert len({Sensitive(VALUE), Sensitive(VALUE)}) == 1
    assert not Sensitive("")


def test_a_credential_shows_its_account_alone() -> None:
    shown = repr(credential())

    assert "1234567_SB1" in shown
    assert not any(secret.reveal() in shown for secret in credential().secrets)


def test_a_credential_names_all_four_of_its_secrets() -> None:
    fields = {name for name in TbaCredential.__dataclass_fields__ if name != "account"}

    assert len(credential().secrets) == len(fields)


def test_redact_blots_out_the_longest_first() -> None:
    text = redact("abc-def abc", [Sensitive("abc"), Sensitive("abc-def"), Sensitive("")])

    assert text == f"{REDACTED} {REDACTED}"


def test_an_error_says_what_and_what_to_do() -> None:
    assert str(TbaError("it is wrong", "put it right")) == "it is wrong\n  Fix: put it right"
    assert str(TbaError("it is wrong")) == "it is wrong"


# --- digests ---------------------------------------------------------------------------------------

RFC_5869 = [
    # RFC 5869, Appendix A: (IKM, salt, info, OKM). A.1 and A.3 ask for 42 bytes and A.2 for 82; ours gives the first
    # block of 32, T(1) in section 2.3, which is how every longer output begins.
    pytest.param(
        b"\x0b" * 22,
        bytes(range(0x00, 0x0D)),
        bytes(range(0xF0, 0xFA)),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        id="A.1",
    ),
    pytest.param(
        bytes(range(0x00, 0x50)),
        bytes(range(0x60, 0xB0)),
        bytes(range(0xB0, 0x100)),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        "cc30c58179ec3e87c14c01d5c1f3434f1d87",
        id="A.2",
    ),
    pytest.param(
        b"\x0b" * 22,
        b"",
        b"",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        id="A.3",
    ),
]


@pytest.mark.parametrize(("material", "salt", "info", "output"), RFC_5869)
def test_hkdf_gives_the_rfc_s_first_block(
    material: bytes, salt: bytes, info: bytes, output: str
) -> None:
    assert hkdf(material, salt, info) == bytes.fromhex(output)[:32]
    assert hkdf(material, salt, info + b"x") != bytes.fromhex(output)[:32]


PAIR = Pair(Sensitive("identifier"), Sensitive("secret"))
NAMES = {"configured": None, "account": "1234567", "record": "warehouse/orders"}


def _key(**other: str | None) -> DigestKey:
    return DigestKey.derive(**(NAMES | other))  # type: ignore[arg-type]


def test_a_lost_state_gives_the_same_digests() -> None:
    assert _key() == _key()
    assert _key().pair(PAIR) == _key().pair(PAIR)
    assert _key(configured="") == _key()


@pytest.mark.parametrize(
    "other",
    [{"configured": "a-long-random-key"}, {"account": "1234567_SB1"}, {"record": "x"}],
)
def test_another_key_has_another_id_and_other_digests(other: dict[str, str | None]) -> None:
    assert _key(**other).id != _key().id
    assert _key(**other).pair(PAIR) != _key().pair(PAIR)


def test_a_configured_key_is_one_for_each_record() -> None:
    one = _key(configured="a-long-random-key")
    other = _key(configured="a-long-random-key", record="warehouse/stock")

    assert one.id != other.id


def test_a_digest_counts_under_the_key_that_made_it_alone() -> None:
    """Digests of different keys cannot be compared; the default key is always at hand."""
    ours = DigestKeys.of("a-long-random-key", None, "1234567", "warehouse/orders")
    default, other = _key(), _key(configured="another-long-random-key")
    moved = Pair(Sensitive("identifiers"), Sensitive("ecret"))

    assert ours.same(ours.writing.pair(PAIR), PAIR) is True
    assert ours.same(default.pair(PAIR), PAIR) is True
    assert ours.same(default.pair(PAIR), moved) is False
    assert ours.same(other.pair(PAIR), PAIR) is None
    assert ours.same(None, PAIR) is None


def test_the_previous_key_compares_what_it_made() -> None:
    before = DigestKeys.of("the-long-random-old-key", None, "1234567", "warehouse/orders")
    now = DigestKeys.of(
        "a-long-random-key", "the-long-random-old-key", "1234567", "warehouse/orders"
    )

    assert now.writing != before.writing
    assert now.same(before.writing.pair(PAIR), PAIR) is True
    assert now.same_text(before.writing.text(Sensitive("text")), Sensitive("text")) is True
    assert now.same_text(before.writing.text(Sensitive("text")), Sensitive("other")) is False


def test_a_digest_is_the_key_s_id_and_16_digits() -> None:
    digest = _key().pair(PAIR)

    key_id, _, digits = digest.partition(":")
    assert key_id == _key().id
    assert len(digits) == 16
    assert digits == fingerprint(_key().key, "identifier\0secret")
    assert _key().text(Sensitive("text")) == f"{key_id}:{fingerprint(_key().key, 'text')}"


def test_where_the_halves_meet_matters() -> None:
    moved = Pair(Sensitive("identifiers"), Sensitive("ecret"))

    assert _key().pair(moved) != _key().pair(PAIR)


def test_a_warning_is_no_part_of_a_digest() -> None:
    assert _key().pair(Pair(PAIR.identifier, PAIR.secret, ("odd",))) == _key().pair(PAIR)


def test_a_digest_key_is_not_shown() -> None:
    key = DigestKey(b"obviously-fake-key")

    assert "obviously-fake-key" not in repr(key)
