package main

import (
	"fmt"
	"runtime"
	"strings"
)

// hello is the first frame: who answers, and what it can tell.
func hello() string {
	version := runtime.Version()
	release := releaseOf(version)
	return fmt.Sprintf(
		`{"protocol": 1, "name": "go internal/trace", "version": %q, "release": %q, "reads": %s, "reports": [%s]}`,
		version, release, readsVersions, `"`+strings.Join(strings.Fields(reportsWhat), `", "`)+`"`,
	)
}

// releaseOf finds the "1.N" in a version such as go1.27.3 or "devel go1.28-5f3a11".
func releaseOf(version string) string {
	_, rest, found := strings.Cut(version, "go1.")
	if !found {
		return ""
	}
	digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(rest)
	}
	return "1." + rest[:digits]
}
