"""Readers against the NetSuite simulator and the strict fake of AWS, over HTTP."""
