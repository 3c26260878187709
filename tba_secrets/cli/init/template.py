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
_TBA: Final = """\
defaults:  # for every token
  verify: {checks: [tokeninfo, rest]}  # must pass before readers get a credential; also: soap, suiteql
  rotate_every: 90d  # how old a token may become before `tba status` complains
  warn_before: 14d  # how long before that `tba status` says so, and `tba rotate --due` rotates it
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
_OAUTH2: Final = """\
defaults:  # for every certificate
  rotate_every: 90d  # how old a certificate may become before `tba rotate --due` replaces it
  retire_after: 7d  # how long a superseded certificate stays valid
integrations:
  - name: $integration  # the integration record in NetSuite
    auth: oauth2  # client credentials: we keep a private key, NetSuite has its certificate
    client:  # the variable with its client id; its client secret is not needed
      env:
        id: $client_id
      # or a file of mode 0600:  file: {path: secrets/client.json}
      # or a command's output:   command: {argv: [sops, -d, secrets/client.json]}
    role:  # the role that its certificates are mapped to
      name: $role
      id: $role_id  # the internal id, in quotes: Home > Set Preferences > Show Internal IDs
      permissions:
        - REST Web Services
        - Log in using OAuth 2.0 Access Tokens
        - Manage own OAuth 2.0 Client Credentials Certificates
    certificates:
      - name: $certificate  # also the secret's name, after the prefix
        user:  # the user that it is mapped to
          email: $user
          entity: $entity  # the internal id too
        algorithm: ES256  # fixes the kind of key, which is made in memory; also: PS256 for RSA
        valid_for: 365d  # 730d at most
        scopes: [rest_webservices]  # also: restlets, suite_analytics
        by: api  # the current certificate uploads the next one; or person
        verify: {checks: [rest]}  # must pass before readers get a credential; also: suiteql
"""
_STORES: Final = {"aws": _AWS, "vault": _VAULT}
_RECORDS: Final = {"tba": _TBA, "oauth2": _OAUTH2}
_PLACE: Final = re.compile(r"(?<!\$)\$(\w+)")
_ALWAYS_QUOTED: Final = ("account", "aws_account")
_WIDEST: Final = 50


def environment_text(answers: Mapping[str, str]) -> str:
    """Return the file's text, with the comments in one column unless an answer is too long.

    Without an answer to `aws_account` its line is left out.
    """
    quoted = {name: _scalar(name, text) for name, text in answers.items()}
    lines = [
        Template(line).substitute({**quoted, "env": answers["env"]}) for line in _lines(answers)
    ]
    return "\n".join(_aligned(lines)) + "\n"


def answer_on_line(answers: Mapping[str, str], number: int) -> str | None:
    """Return the name of the answer on a line of the text, counted from 1, or None."""
    lines = _lines(answers)
    place = _PLACE.search(lines[number - 1]) if 0 < number <= len(lines) else None
    return None if place is None or place[1] == "env" else place[1]


def _lines(answers: Mapping[str, str]) -> list[str]:
    lines = (_HEAD + _STORES[answers["store"]] + _RECORDS[answers["auth"]]).splitlines()
    return [line for line in lines if answers.get("aws_account") or "$aws_account" not in line]


def _scalar(name: str, text: str) -> str:
    return json.dumps(text) if name in _ALWAYS_QUOTED else yaml_text(text)


def _aligned(lines: list[str]) -> list[str]:
    parts = [line.partition("  # ") for line in lines]
    width = min(max(len(code) for code, sign, _ in parts if sign), _WIDEST)
    return [code.ljust(width) + sign + comment if sign else code for code, sign, comment in parts]
