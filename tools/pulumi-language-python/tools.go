//go:build tools

// Package tools pins Pulumi's Python language host: the newest one that is part of a Go module.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
