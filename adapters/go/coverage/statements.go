package main

import "internal/coverage/cfile"

// The compiler counts the reader's statements, but the hook that writes the counts at the end of a
// program is only put into a main package that is counted itself, and a file that an overlay lays over
// the SDK can not be.
func init() { cfile.InitHook(false) }
