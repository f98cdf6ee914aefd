//go:build go1.26

package main

const readsVersions = "[22, 23, 25, 26]"
