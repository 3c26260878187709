"""Read identical sources once a process, for all records that declare the same source.

The provider reads from many threads. The first caller reads; the others wait for its result. An error
is a result too, so a failing command does not run once for each token.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from tba_secrets.errors import SourceError
from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.opening import SourceSettings, open_source


class SourceReader:
    """Reads sources and remembers the results."""

    def __init__(self, opener: Callable[[SourceSettings], Source] = open_source) -> None:
        self._opener = opener
        self._lock = Lock()
        self._answers: dict[SourceSettings, Future[Pair | SourceError | None]] = {}

    def read(self, settings: SourceSettings) -> Pair | None:
        """Return what the source gave when it was first read.

        Raises:
            SourceError: As `Source.read`; a new exception each time, with the same message.
        """
        with self._lock:
            answer = self._answers.get(settings)
            ours = answer is None
            if answer is None:
                answer = self._answers[settings] = Future()
        if ours:
            self._ask(settings, answer)
        result = answer.result()
        if isinstance(result, SourceError):
            raise SourceError(result.what, result.remedy)
        return result

    def _ask(self, settings: SourceSettings, answer: Future[Pair | SourceError | None]) -> None:
        try:
            answer.set_result(self._opener(settings).read())
        except SourceError as error:
            answer.set_result(error)
        except BaseException as error:
            with self._lock:  # an interrupted read is no answer: the next caller reads again
                del self._answers[settings]
            answer.set_exception(error)
