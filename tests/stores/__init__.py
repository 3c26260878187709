"""Every store keeps one contract."""
