//go:build tools

// Package tools pins HashiCorp Vault for machines that have Go but no vault on PATH.
package tools

import _ "github.com/hashicorp/vault"
