"""At DEBUG the AWS SDK logs requests and answers whole; ours lets none of that through."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from tba_secrets.sdk_logging import SDK_LOGGERS, DropDebug, silence_sdk_debug
from tba_secrets.stores.interface import Stage
from tests.stores.aws_bench import AwsBench
from tests.stores.support import CANARY, NAME, candidate, claimed, promoted, value_of


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that is logged, by the most talkative set-up there is."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    loggers = [logging.getLogger(name) for name in ("", *SDK_LOGGERS)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield text
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def leaking() -> Iterator[None]:
    """The SDK's loggers without our filter."""
    filtered = [
        (logger, found)
        for logger in map(logging.getLogger, list(logging.root.manager.loggerDict))
        for found in list(logger.filters)
        if isinstance(found, DropDebug)
    ]
    for logger, found in filtered:
        logger.removeFilter(found)
    yield
    for logger, found in filtered:
        logger.addFilter(found)


def test_nothing_of_a_value_is_logged(aws: AwsBench, logged: io.StringIO) -> None:
    claimed(aws.store)
    promoted(aws.store, candidate())
    assert CANARY in (value_of(aws.store, Stage.CURRENT) or "")
    logging.getLogger("ours").debug("still heard")
    assert "still heard" in logged.getvalue()
    assert CANARY not in logged.getvalue()


def test_without_the_filter_it_is(aws: AwsBench, logged: io.StringIO, leaking: None) -> None:
    """The twin: the same SDK, called past our store."""
    aws.client.create_secret(Name=NAME, SecretString=CANARY)
    assert CANARY in logged.getvalue()


def test_loggers_that_come_later_are_silenced_by_the_next_call(
    aws: AwsBench, logged: io.StringIO
) -> None:
    claimed(aws.store)
    late = logging.getLogger("botocore.made.later")
    late.debug("heard once")
    aws.store.describe(NAME)
    late.debug(CANARY)
    late.warning("a warning is let through")
    assert "heard once" in logged.getvalue()
    assert CANARY not in logged.getvalue()
    assert "a warning is let through" in logged.getvalue()


def test_the_filter_is_installed_once() -> None:
    logger = logging.getLogger("botocore")
    silence_sdk_debug()
    silence_sdk_debug()
    assert [type(found) for found in logger.filters].count(DropDebug) == 1
