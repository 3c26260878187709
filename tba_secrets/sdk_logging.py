"""Keeps the DEBUG records of SDKs out of every log: they hold requests and answers, secret values included.

`botocore.endpoint` logs the parameters of each request and `botocore.parsers` the body of each answer; urllib3 logs
every URL, and the query of NetSuite's `/rest/revoketoken` holds a consumer key and a token id. A filter on the
logger `botocore` alone would not do: records go to the handlers of the loggers above, past their filters.
"""

from __future__ import annotations

import logging
from typing import Final

SDK_LOGGERS: Final = ("boto3", "botocore", "hvac", "requests", "urllib3")


class DropDebug(logging.Filter):
    """Lets INFO and above through."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG


_DROP_DEBUG: Final = DropDebug()


def silence_sdk_debug() -> None:
    """Install the filter on every logger of the SDKs that exists now. Cheap, and safe to call again."""
    for name in [*SDK_LOGGERS, *logging.root.manager.loggerDict]:
        if name.partition(".")[0] in SDK_LOGGERS:
            logging.getLogger(name).addFilter(_DROP_DEBUG)
