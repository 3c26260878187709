"""Read the simulator's accounts from a YAML or JSON file, or from plain data.

No message holds a value: pydantic hides the input, and messages are built from path and type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from tba_secrets.errors import TbaError
from tba_secrets.simulator.models import Account, Record

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a known key",
    "string_type": "must be a string: put it in quotes",
    "enum": "is not one of the allowed words",
}
_PLAIN_KEY = re.compile(r"[a-z_]{1,30}")


class SimulatorConfigError(TbaError):
    """The configuration is unusable; the message names the path in it, never a value."""


class SimulatorConfig(Record):
    """All accounts by id, in the realm form (``1234567_SB1``)."""

    accounts: dict[str, Account] = Field(min_length=1)

    @classmethod
    def load(cls, path: Path) -> SimulatorConfig:
        """Read a YAML or JSON file.

        Raises:
            SimulatorConfigError: The file cannot be read or parsed, or a record in it is wrong.
        """
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SimulatorConfigError(f"{path}: cannot be read ({error.strerror})") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise SimulatorConfigError(
                f"{path}{_position(error)}: is not valid YAML or JSON"
            ) from None
        return cls.from_dict(data, source=str(path))

    @classmethod
    def from_dict(cls, data: object, source: str = "simulator config") -> SimulatorConfig:
        """Validate plain data.

        Raises:
            SimulatorConfigError: The data is wrong; the message names every path.
        """
        try:
            config = cls.model_validate(data)
        except ValidationError as error:
            problems = "\n".join(f"{source}: {line}" for line in describe(error))
            raise SimulatorConfigError(problems) from None
        for account_id in config.accounts:
            if account_id != account_id.upper().replace("-", "_"):
                raise SimulatorConfigError(
                    f"{source}: accounts.{account_id}: write the account id in upper case with underscore"
                )
        return config


def describe(error: ValidationError) -> list[str]:
    """Describe each problem in one line, from its path and type alone."""
    return [_line(item) for item in error.errors(include_input=False, include_url=False)]


def _line(item: Mapping[str, Any]) -> str:
    *parents, last = item["loc"] or ("(top)",)
    if item["type"] == "extra_forbidden" and not _PLAIN_KEY.fullmatch(str(last)):
        last = "(key not shown)"
    path = ".".join(str(part) for part in (*parents, last))
    # Only our own checks raise ValueError, and they quote names of keys, not values.
    known = {**_WORDS, "value_error": str(item.get("ctx", {}).get("error", ""))}
    return f"{path}: {known.get(item['type'], item['type'].replace('_', ' '))}"


def _position(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
