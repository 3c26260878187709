"""The program that a Pulumi user would write by hand: one dynamic resource for each credential."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pulumi
from credential import Credential

for one in json.loads((Path(__file__).parent / "credentials.json").read_text()):
    consumer, token = one["consumer"], one["token"]
    Credential(
        one["name"],
        secret=one["secret"],
        account=one["account"],
        value=pulumi.Output.secret(
            json.dumps(
                {
                    "account": one["account"],
                    "consumer_key": os.environ[f"{consumer}_KEY"],
                    "consumer_secret": os.environ[f"{consumer}_SECRET"],
                    "token_id": os.environ[f"{token}_ID"],
                    "token_secret": os.environ[f"{token}_SECRET"],
                }
            )
        ),
    )
