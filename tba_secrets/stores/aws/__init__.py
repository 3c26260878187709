"""AWS Secrets Manager as a store."""

from tba_secrets.stores.aws.store import AwsStore

__all__ = ["AwsStore"]
