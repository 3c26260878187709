"""Identical sources are read once a process: one command run, one answer, for all records that declare the same.

The provider asks from many threads. The first to ask reads, the others wait for its answer; an error is an answer too,
so that a command which fails is not run once for each token.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from tba_secrets.errors import SourceError
from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.opening import SourceSettings, open_source


class SourceReader:
    """Reads sources and remembers what they said.

    Args:
        opener: Makes a source of its settings.
    """

    def __init__(self, opener: Callable[[SourceSettings], Source] = open_source) -> None:
        self._opener = opener
        self._lock = Lock()
        self._answers: dict[SourceSettings, Future[Pair | SourceError | None]] = {}

    def read(self, settings: SourceSettings) -> Pair | None:
        """What the source said when it was first asked.

        Raises:
            SourceError: As `Source.read`; a new exception each time, with the same words.
        """
        with self._lock:
            answer = self._answers.get(settings)
            ours = answer is None
            if answer is None:
                answer = self._answers[settings] = Future()
        if ours:
            self._ask(settings, answer)
        said = answer.result()
        if isinstance(said, SourceError):
            raise SourceError(said.what, said.remedy)
        return said

    def _ask(self, settings: SourceSettings, answer: Future[Pair | SourceError | None]) -> None:
        try:
            answer.set_result(self._opener(settings).read())
        except SourceError as error:
            answer.set_result(error)
        except BaseException as error:
            with self._lock:  # no answer: an interrupted read is made again by whoever asks next
                del self._answers[settings]
            answer.set_exception(error)
