"""Tests of the loader of environments."""
