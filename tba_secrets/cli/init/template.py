"""The text of a new environment: a template with one line for each answer, and a reason for each line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from string import Template
from typing import Final

from tba_secrets.spec.construct import yaml_text

_HEAD: Final = """\
# yaml-language-server: $$schema=../schema/environment.schema.json
# The NetSuite credentials of the stack $env. This file holds no values, only where each comes from.
# `tba check $env` finds every mistake; `tba checklist $env` lists what to click in NetSuite.
version: 1
account: $account  # as Setup > Company > Company Information shows it, in quotes
store:
"""
_AWS: Final = """\
  aws:
    region: $region
    account_id: $aws_account  # any other AWS account is refused
    prefix: $prefix  # prepended to every secret's name
"""
_VAULT: Final = """\
  vault:
    address: $address  # VAULT_TOKEN logs in; `auth:` chooses another way
    mount: $mount  # a KV engine, version 2
    prefix: $prefix  # prepended to every secret's name
"""
_RECORDS: Final = """\
defaults:  # for every token
  verify: {checks: [tokeninfo, rest]}  # must pass before readers get a credential; also: soap, suiteql
  rotate_every: 90d  # how old a token may become before `tba status` complains
  retire_after: 7d  # how long a superseded token stays valid
integrations:
  - name: $integration  # the integration record in NetSuite
    consumer:  # variables with its consumer key and secret
      env:
        key: $consumer_key
        secret: $consumer_secret
      # or a file of mode 0600:  file: {path: secrets/consumer.json}
      # or a command's output:   command: {argv: [sops, -d, secrets/consumer.json]}
    role:  # the role that its tokens must act in
      name: $role
      permissions: [REST Web Services, Log in using Access Tokens, User Access Tokens]
    tokens:
      - name: $token  # also the secret's name, after the prefix
        user: $user  # the user it acts as
        token:  # variables with its token id and secret
          env:
            id: $token_id
            secret: $token_secret
"""
_STORES: Final = {"aws": _AWS, "vault": _VAULT}
_PLACE: Final = re.compile(r"(?<!\$)\$(\w+)")
_ALWAYS_QUOTED: Final = ("account", "aws_account")
_WIDEST: Final = 50


def environment_text(answers: Mapping[str, str]) -> str:
    """Return the file's text, with the comments in one column unless an answer is too long.

    Args:
        answers: Every answer by name; without `aws_account` its line is left out.
    """
    quoted = {name: _scalar(name, text) for name, text in answers.items()}
    lines = [
        Template(line).substitute({**quoted, "env": answers["env"]})
        for line in _lines(answers["store"], answers)
    ]
    return "\n".join(_aligned(lines)) + "\n"


def answer_on_line(store: str, answers: Mapping[str, str], number: int) -> str | None:
    """Return the name of the answer on a line of the text, counted from 1, or None."""
    lines = _lines(store, answers)
    place = _PLACE.search(lines[number - 1]) if 0 < number <= len(lines) else None
    return None if place is None or place[1] == "env" else place[1]


def _lines(store: str, answers: Mapping[str, str]) -> list[str]:
    left_out = [] if answers.get("aws_account") else ["$aws_account"]
    lines = (_HEAD + _STORES[store] + _RECORDS).splitlines()
    return [line for line in lines if not any(place in line for place in left_out)]


def _scalar(name: str, text: str) -> str:
    return json.dumps(text) if name in _ALWAYS_QUOTED else yaml_text(text)


def _aligned(lines: list[str]) -> list[str]:
    parts = [line.partition("  # ") for line in lines]
    width = min(max(len(code) for code, sign, _ in parts if sign), _WIDEST)
    return [code.ljust(width) + sign + comment if sign else code for code, sign, comment in parts]
