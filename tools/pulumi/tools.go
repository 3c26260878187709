//go:build tools

// Package tools pins the Pulumi CLI for machines that have Go but no pulumi on PATH.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
