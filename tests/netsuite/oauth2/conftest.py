"""A NetSuite that knows one certificate."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.netsuite.oauth2.bench import NetSuite, serving
from tests.netsuite.oauth2.support import certified, credential


@pytest.fixture
def netsuite() -> Iterator[NetSuite]:
    with serving() as running:
        running.map(credential(), certified().certificate)
        yield running
