"""Cases as data: YAML in, problems or values out.

A case file holds a list of cases. Each is the environment below (with `base: oauth2` the other one) with some of its
text replaced (`replace:`), or a text of its own (`text:`), and what has to come out: `problems:`, each as `LINE:COLUMN
the words that it begins with`, all of them and in order, or `expect:`, values by dotted path. Words of the input with
"canary" in them must never come out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CASES = Path(__file__).parent / "cases"

BASE = """\
version: 1
account: "1234567_SB1"
store:
  aws:
    region: us-east-1
    prefix: netsuite/sandbox/
defaults:
  rotate_every: 90d
integrations:
  - name: warehouse-sync
    auth: tba
    consumer: {env: {key: CONSUMER_KEY, secret: CONSUMER_SECRET}}
    role: {name: Warehouse}
    tokens:
      - name: bot
        user: bot@example.com
        token: {env: {id: TOKEN_ID, secret: TOKEN_SECRET}}
"""

OAUTH2_BASE = """\
version: 1
account: "1234567_SB1"
store:
  aws:
    region: us-east-1
    prefix: netsuite/sandbox/
integrations:
  - name: warehouse-sync
    auth: oauth2
    client: {env: {id: CLIENT_ID}}
    role: {name: Warehouse, id: "1042"}
    certificates:
      - name: bot
        user: {email: bot@example.com, entity: "38"}
        rotate_every: 90d
        retire_after: 7d
"""


@dataclass(frozen=True)
class Case:
    """One case of a case file."""

    name: str
    text: str
    environ: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    expect: dict[str, Any] = field(default_factory=dict)
    in_schema: bool = False
    """The JSON Schema refuses it too."""

    @property
    def canaries(self) -> list[str]:
        """What must not come out again."""
        return canaries(self.text + " ".join(self.environ.values()))


def canaries(text: str) -> list[str]:
    """Words that were planted to see whether they come out again."""
    return re.findall(r"(?i)\w*canary\w*", text)


def cases(file: str) -> list[Case]:
    """All cases of one file under cases/."""
    return [_case(entry) for entry in yaml.safe_load((CASES / file).read_text(encoding="utf-8"))]


def _case(entry: dict[str, Any]) -> Case:
    base = OAUTH2_BASE if entry.get("base") == "oauth2" else BASE
    text = entry.get("text", base)
    for old, new in entry.get("replace", {}).items():
        assert text.count(old) == 1, f"{entry['name']}: {old!r} must stand there once"
        text = text.replace(old, new)
    kept = {k: v for k, v in entry.items() if k not in ("text", "base", "replace", "problems")}
    return Case(text=text, problems=tuple(entry.get("problems", ())), **kept)
