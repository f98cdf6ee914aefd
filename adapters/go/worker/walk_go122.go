//go:build !go1.24

package main

func walk(s Stack, visit func(StackFrame) bool) { s.Frames(visit) }
