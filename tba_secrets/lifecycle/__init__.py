"""The life of a credential: look, decide, act.

`look` gathers the facts, `decide` and `settle` make plans of them without any IO, and `act` carries the plans out.
"""
