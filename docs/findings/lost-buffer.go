// Command lost-buffer crashes, or makes a trace that lacks events: run it as
//
//	GODEBUG=traceallocfree=1,traceadvanceperiod=2000000 go run lost-buffer.go trace.out
//
// a few times. Each goroutine grows its stack while it allocates, so that sooner or later a stack grows where the
// runtime takes a new trace buffer in the middle of an event (runtime/tracebuf.go, traceWriter.refill).
package main

import (
	"os"
	"runtime/trace"
	"sync"
)

var kept [8]*[16]byte

//go:noinline
func deeper(n, at int) int {
	var frame [40]byte
	kept[n%len(kept)] = new([16]byte)
	if n == 0 {
		return int(frame[at%len(frame)])
	}
	return deeper(n-1, at) + int(frame[n%len(frame)])
}

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := trace.Start(f); err != nil {
		panic(err)
	}
	for range 40 {
		var all sync.WaitGroup
		for i := range 50 {
			all.Add(1)
			go func() {
				defer all.Done()
				deeper(10+i, i)
			}()
		}
		all.Wait()
	}
	trace.Stop()
	f.Close()
}
