"""Nothing that holds a value shows it: not when printed, formatted, copied, pickled, serialised, or in a traceback."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import pickle
import pprint
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from tba_secrets.errors import TbaError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse, render
from tba_secrets.provider.host import Host
from tba_secrets.read_back import ReadBack
from tba_secrets.sensitive import Fingerprint, Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.sources.json_object import strings
from tba_secrets.sources.opening import EnvSource
from tba_secrets.sources.reader import SourceReader
from tba_secrets.sources.values import TOKEN_HALVES, make_pair
from tba_secrets.spec.model import Format, TokenSource
from tba_secrets.stores.interface import Candidate, SecretName, StoredVersion, VersionId
from tba_secrets.stores.vault.secret import KvPath, Paths
from tba_secrets.stores.vault.unversioned import _Look
from tests.leaks.canaries import odd, usual
from tests.leaks.scanner import Canary, Scanner, text
from tests.provider.bench import unheard
from tests.stores.memory import MemoryStore

VALUES: Final = (odd(), usual(), odd(), usual())
SCANNER: Final = Scanner(Canary(f"value {number}", one) for number, one in enumerate(VALUES))

_CREDENTIAL: Final = TbaCredential("1234567_SB1", *map(Sensitive, VALUES))
_TOKEN: Final = partial(make_pair, TOKEN_HALVES)
_STORED: Final = render(_CREDENTIAL, Format())
HOLDERS: Final[dict[str, Any]] = {
    "Sensitive": Sensitive(VALUES[0]),
    "Pair": Pair(Sensitive(VALUES[0]), Sensitive(VALUES[1])),
    "TbaCredential": _CREDENTIAL,
    "Candidate": Candidate(_STORED, Fingerprint("f")),
    "StoredVersion": StoredVersion(VersionId("v"), _STORED),
    "ReadBack": ReadBack(_CREDENTIAL, {}, {}),
    "Host": Host(unheard, digest_key=VALUES[0]),
}
WAYS: Final[dict[str, Callable[[Any], str]]] = {
    "repr": repr,
    "str": str,
    "format": lambda held: f"{held} {held!s} {held!r} {held!a}",
    "percent": lambda held: "%s %r" % (held, held),  # noqa: UP031 - logging's way
    "pprint": pprint.pformat,
    "rich": lambda held: pretty_repr(held, expand_all=True),
    "in a container": lambda held: repr(([held], {"a": held})),
    "dataclasses": lambda held: repr([(f.name, getattr(held, f.name)) for f in _fields(held)]),
    "an exception": lambda held: repr(ValueError(held)) + str(ValueError(held)),
    "JSON with a default": lambda held: json.dumps(held, default=repr),
}
REFUSING: Final[dict[str, Callable[[Any], Any]]] = {
    "pickle": pickle.dumps,
    "copy": lambda held: copy.deepcopy(held),
    "asdict": dataclasses.asdict,
    "JSON": json.dumps,
    "JSON of its fields": lambda held: json.dumps(vars(held)),
}
"""What gives a TypeError rather than a copy."""


def _fields(held: Any) -> tuple[dataclasses.Field[Any], ...]:
    return (
        tuple(f for f in dataclasses.fields(held) if f.repr)
        if dataclasses.is_dataclass(held)
        else ()
    )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("holder", HOLDERS)
def test_what_holds_a_value_does_not_show_it(holder: str, way: str) -> None:
    shown = WAYS[way](HOLDERS[holder])

    assert SCANNER.find([text("shown", shown)]) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_look_at_a_secret_of_kv_version_1_does_not_show_it(way: str) -> None:
    paths = Paths(KvPath("a"), KvPath("candidates/a"))
    look = _Look(paths, Sensitive(VALUES[0]), {"tba_key": VALUES[1]}, {"value": VALUES[0]})

    assert SCANNER.find([text("shown", WAYS[way](look))]) == []


@pytest.mark.parametrize("way", WAYS)
def test_the_broken_twin_shows_it(way: str) -> None:
    @dataclasses.dataclass
    class Careless:
        value: str

    assert SCANNER.find([text("shown", WAYS[way](Careless(VALUES[0])))])


@pytest.mark.parametrize("way", REFUSING)
@pytest.mark.parametrize("holder", HOLDERS)
def test_what_holds_a_value_is_not_copied_out(holder: str, way: str) -> None:
    with pytest.raises((TypeError, pickle.PicklingError)) as caught:
        REFUSING[way](HOLDERS[holder])

    assert SCANNER.find([text("the refusal", repr(caught.value) + str(caught.value))]) == []


def test_a_copy_of_a_value_is_refused_and_says_why() -> None:
    with pytest.raises(TypeError, match="not pickled or copied"):
        copy.copy(HOLDERS["Sensitive"])


# --- tracebacks that show local variables -----------------------------------------------------------


def _too_large() -> None:
    store = MemoryStore()
    large = Sensitive(VALUES[0] * 2000)
    store.stage(SecretName("a"), Candidate(large, Fingerprint("f")), None)


def _not_claimed() -> None:
    MemoryStore().stage(SecretName("a"), HOLDERS["Candidate"], None)


def _in_a_message() -> None:
    credential = _CREDENTIAL
    raise TbaError(f"{credential} is refused", "see")


def _half_a_pair() -> None:
    pair = EnvSource(_TOKEN, ("A", "B"), {"A": VALUES[0], "B": ""})
    SourceReader(lambda _: pair).read(TokenSource())


def _no_json() -> None:
    class Careless(EnvSource):
        def read(self) -> Pair | None:
            strings(VALUES[0].encode(), ("a", "b"), "the file")
            raise AssertionError

    SourceReader(lambda _: Careless(_TOKEN, ("A", "B"), {})).read(TokenSource())


FAILURES: Final[dict[str, Callable[[], None]]] = {
    "a value too large for a store": _too_large,
    "a secret that was not claimed": _not_claimed,
    "a credential in a message": _in_a_message,
    "half a pair": _half_a_pair,
    "no JSON": _no_json,
}


def _told_with_locals(error: BaseException) -> str:
    captured = traceback.TracebackException.from_exception(error, capture_locals=True)
    file = io.StringIO()
    Console(file=file, width=400).print(
        Traceback.from_exception(
            type(error),
            error,
            error.__traceback__,
            show_locals=True,
            locals_max_string=1000,
            locals_max_length=1000,
        )
    )
    return "".join(captured.format()) + file.getvalue()


@pytest.mark.parametrize("failure", FAILURES)
def test_a_traceback_with_local_variables_shows_no_value(failure: str) -> None:
    with pytest.raises(TbaError) as caught:
        FAILURES[failure]()

    assert SCANNER.find([text("the traceback", _told_with_locals(caught.value))]) == []


def test_a_traceback_of_a_missing_key_shows_no_value() -> None:
    with pytest.raises(TbaError) as caught:
        parse(_STORED, Format(token_secret="another"), "the secret")

    assert SCANNER.find([text("the traceback", _told_with_locals(caught.value))]) == []


def test_the_broken_twin_of_a_traceback_shows_its_local_variables() -> None:
    def careless() -> None:
        value = VALUES[0]
        raise TbaError(f"a value of {len(value)} characters")

    with pytest.raises(TbaError) as caught:
        careless()

    assert SCANNER.find([text("the traceback", _told_with_locals(caught.value))])
