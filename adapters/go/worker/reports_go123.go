//go:build go1.23 && !go1.24

package main

// Threads of equal time come in the order of a Go map here, hence no "ties".
const (
	readsVersions = "[22, 23]"
	reportsWhat   = "times stacks transition-stacks reasons"
)
