"""NetSuite TBA credentials as infrastructure: staged, proven by a signed call, then promoted."""

__version__ = "0.1.0"
