"""The life of a credential: look, decide, act.

`look` gathers the facts; `decide`, `settle`, `superseded` and `leaving` make plans of them without any IO; `act`
carries the plans out.
"""
