"""The Pulumi provider `tba`: a native plugin on the raw gRPC protocol."""

STAGED_CREDENTIAL = "tba:index:StagedCredential"
SMOKE_TEST = "tba:index:SmokeTest"
LOOK_AHEAD = "tba:index:lookAhead"
"""The function by which a program announces the secrets that are to be looked at, or only wants the provider there."""
