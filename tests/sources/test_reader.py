"""Identical sources are read once, whoever asks and however many ask at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier, Event, Lock

import pytest

from tba_secrets.errors import SourceError
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources import Pair, Source, SourceReader, SourceSettings
from tba_secrets.spec.model import ConsumerEnv, ConsumerSource, TokenEnv, TokenSource

THREADS = 8
HANG_GUARD = 20.0


def _settings(name: str = "A") -> TokenSource:
    return TokenSource(env=TokenEnv(id=name, secret="B"))


@dataclass
class Slow(Source):
    """Answers when it is let go, and counts how often it was asked."""

    answer: Pair | BaseException | None
    go: Event = field(default_factory=Event)
    reads: int = 0
    lock: Lock = field(default_factory=Lock)

    def read(self) -> Pair | None:
        with self.lock:
            self.reads += 1
        assert self.go.wait(HANG_GUARD)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    @property
    def place(self) -> str:
        return "a slow place"


def _ask_all(reader: SourceReader, source: Slow) -> list[Pair | BaseException | None]:
    """Ask from many threads at once; the source answers only after all of them have begun."""
    begun = Barrier(THREADS + 1)

    def ask() -> Pair | BaseException | None:
        begun.wait(HANG_GUARD)
        try:
            return reader.read(_settings())
        except SourceError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(ask) for _ in range(THREADS)]
        begun.wait(HANG_GUARD)
        source.go.set()
        return [one.result(HANG_GUARD) for one in asked]


def test_threads_that_ask_together_share_one_read() -> None:
    pair = Pair(Sensitive("a"), Sensitive("b"))
    source = Slow(pair)
    answers = _ask_all(SourceReader(lambda _: source), source)
    assert all(answer is pair for answer in answers)
    assert source.reads == 1


def test_absent_is_remembered_too() -> None:
    source = Slow(None)
    reader = SourceReader(lambda _: source)
    assert _ask_all(reader, source) == [None] * THREADS
    assert reader.read(_settings()) is None
    assert source.reads == 1


def test_an_error_is_remembered_and_raised_anew_for_each() -> None:
    source = Slow(SourceError("half a pair", "set both"))
    reader = SourceReader(lambda _: source)
    answers = _ask_all(reader, source)
    assert {str(answer) for answer in answers} == {str(source.answer)}
    assert len({id(answer) for answer in answers}) == THREADS
    with pytest.raises(SourceError, match="half a pair"):
        reader.read(_settings())
    assert source.reads == 1


def test_other_settings_are_another_source() -> None:
    opened: list[SourceSettings] = []

    def opener(settings: SourceSettings) -> Source:
        opened.append(settings)
        source = Slow(None)
        source.go.set()
        return source

    reader = SourceReader(opener)
    same = [_settings(), _settings()]
    others: list[SourceSettings] = [
        _settings("C"),
        ConsumerSource(env=ConsumerEnv(key="A", secret="B")),
    ]
    for settings in [*same, *others]:
        reader.read(settings)
    assert len(opened) == 3


def test_an_interrupted_read_is_no_answer() -> None:
    source = Slow(KeyboardInterrupt())
    source.go.set()
    reader = SourceReader(lambda _: source)
    with pytest.raises(KeyboardInterrupt):
        reader.read(_settings())
    source.answer = Pair(Sensitive("a"), Sensitive("b"))
    assert reader.read(_settings()) is source.answer


def test_sources_are_opened_by_their_kind_where_nothing_else_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A", "first")
    monkeypatch.setenv("B", "second")
    pair = SourceReader().read(_settings())
    assert pair is not None
    assert pair.identifier.reveal() == "first"
