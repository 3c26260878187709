"""One NetSuite credential in a program of your own: staged, proven by a signed call, then current."""

from __future__ import annotations

import pulumi

from tba_secrets.components import SmokeTest, StagedCredential

credential = {
    "record": "warehouse-sync/warehouse-bot",
    "account": "1234567_SB1",
    "endpoint": pulumi.Config().get("endpoint"),  # a simulator or a proxy; else the account's own
    "stores": {"aws": {"region": "us-east-1", "prefix": "netsuite/sandbox/"}},
    "secret": "warehouse-bot",
}
staged = StagedCredential(
    "warehouse-bot",
    {
        **credential,
        "consumer": {
            "env": {"key": "WAREHOUSE_CONSUMER_KEY", "secret": "WAREHOUSE_CONSUMER_SECRET"}
        },
        "token": {"env": {"id": "WAREHOUSE_TOKEN_ID", "secret": "WAREHOUSE_TOKEN_SECRET"}},
    },
)
test = SmokeTest(
    "warehouse-bot",
    {
        **credential,
        "role": {"name": "Warehouse Integration"},
        "user": {"email": "integration.bot@example.com"},
        "versions": staged.versions,
        "fingerprint": staged.fingerprint,
    },
)
pulumi.export("location", staged.locations["aws"])
pulumi.export("verifiedAs", test.verified_as)
