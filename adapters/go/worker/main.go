// The worker puts the trace reader of one Go release behind the protocol of docs/protocol.md.
//
// It is built inside a Go SDK: `go build -overlay` lays these files over cmd/addr2line, because
// only packages of the SDK may import internal/trace. Nothing outside the SDK is imported, and
// cgo is not used. Files that fit only some releases choose themselves by build constraints.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
)

// maxStack bounds what a runaway recursion in the reader may eat before the process dies, in bytes.
const maxStack = 64 << 20

func main() {
	debug.SetMaxStack(maxStack)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	raw := len(os.Args) == 2 && os.Args[1] == "-raw"
	timed := len(os.Args) == 4 && os.Args[1] == "-time"
	if len(os.Args) > 1 && !raw && !timed {
		fmt.Fprintln(os.Stderr, "usage: worker [-raw | -time PASSES FILE]")
		fmt.Fprintln(os.Stderr, "Without arguments it speaks the reader protocol on standard input and output.")
		fmt.Fprintln(os.Stderr, "With -raw it converts between the binary and the text format instead.")
		fmt.Fprintln(os.Stderr, "With -time it reads FILE that often and prints events and nanoseconds of each pass.")
		os.Exit(2)
	}
	serve := serveReader
	if raw {
		serve = serveRaw
	}
	run := func() error { return serve(newPipe()) }
	if timed {
		run = func() error { return timeReader(os.Args[2], os.Args[3]) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}
