"""The Pulumi provider `tba`: a native plugin on the raw gRPC protocol."""
