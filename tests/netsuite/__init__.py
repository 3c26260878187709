"""Tests of the NetSuite package."""
