"""Whose file a source may read: judged from what the system says of the file."""

from __future__ import annotations

import os
import stat

import pytest

from tba_secrets.errors import SourceError
from tba_secrets.sources.file import require_private

OURS = os.geteuid()
ANOTHER = 4711 if OURS != 4711 else 4712


def _status(mode: int, owner: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))


@pytest.mark.parametrize("owner", [OURS, 0])
def test_a_file_of_ours_or_of_root_is_read(owner: int) -> None:
    require_private("file x", _status(stat.S_IFREG | 0o600, owner))


def test_a_file_of_another_user_is_refused() -> None:
    with pytest.raises(SourceError, match=r"file x: it belongs to another user \(uid 471"):
        require_private("file x", _status(stat.S_IFREG | 0o600, ANOTHER))


def test_a_device_is_refused() -> None:
    with pytest.raises(SourceError, match="not a regular file"):
        require_private("file x", _status(stat.S_IFCHR | 0o600, OURS))
