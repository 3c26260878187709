"""`make demo`: the main job on one machine, with a NetSuite simulator and a local store. Not used in production."""
