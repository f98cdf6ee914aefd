//go:build go1.25 && !go1.26

package main

const readsVersions = "[22, 23, 25]"
