"""Tests of OAuth 2.0 client credentials."""
