"""What a fork server has imported and read before it forks, so that no run of the provider has to.

Without it nine tenths of a run's processor time are the libraries of the stores, and the models of all of AWS.
"""

from __future__ import annotations

import boto3
import hvac

from tba_secrets.netsuite import oauth2
from tba_secrets.stores import aws, vault
from tests import conftest
from tests.faults import provider_run

__all__ = ["aws", "conftest", "hvac", "oauth2", "provider_run", "vault"]

_session = boto3.Session("obviously-fake", "obviously-fake", region_name="us-east-1")
for _service in ("secretsmanager", "sts"):
    _session.client(_service)
