//go:build go1.24 && !go1.25

package main

const (
	readsVersions = "[22, 23]"
	reportsWhat   = "times ties stacks transition-stacks reasons"
)
