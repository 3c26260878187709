"""HashiCorp Vault as a store; the rest of this folder is its own."""

from tba_secrets.stores.vault.store import VaultStore

__all__ = ["VaultStore"]
