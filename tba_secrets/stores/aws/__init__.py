"""AWS Secrets Manager as a store."""

from __future__ import annotations

from tba_secrets.stores.aws.store import AwsStore

__all__ = ["AwsStore"]
