"""A team with a repository, a NetSuite account and an AWS account, on GitHub or on GitLab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci.github import GitHub
from tests.ci.gitlab import GitLab, packages
from tests.ci.shop import Forge, Shop, open_shop
from tests.newcomer import newcomer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with newcomer() as person:
        yield open_shop(tmp_path, person)


@pytest.fixture
def github(shop: Shop) -> GitHub:
    return GitHub(shop)


@pytest.fixture(params=["github", "gitlab"])
def forge(shop: Shop, request: pytest.FixtureRequest) -> Iterator[Forge]:
    """Each forge in turn."""
    if request.param == "github":
        yield GitHub(shop)
    else:
        with packages() as server:
            yield GitLab(shop, server)
