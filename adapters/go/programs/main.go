// The programs record execution traces of real work, for the conformance checks: each workload
// drives one part of the runtime's tracer. They use only the standard library and run with
// every Go from 1.22 on.
//
//	programs [-min-bytes N] WORKLOAD OUT-FOLDER
//	programs -list
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/trace"
	"sort"
	"sync/atomic"
	"time"
)

// workload is one thing to trace. round does a bounded piece of work and may be called again
// until the trace is large enough; record, if set, does its own tracing instead.
type workload struct {
	round  func()
	record func(folder string) error
}

// workloads is filled by the files of this package.
var workloads = map[string]workload{}

func main() {
	minBytes := flag.Int64("min-bytes", 0, "repeat the work until the trace has this many bytes")
	list := flag.Bool("list", false, "print the names of the workloads")
	flag.Parse()
	if *list {
		for _, name := range names() {
			fmt.Println(name)
		}
		return
	}
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	name, folder := flag.Arg(0), flag.Arg(1)
	w, known := workloads[name]
	if !known {
		fail(fmt.Errorf("no workload %q; there are %v", name, names()))
	}
	var err error
	if w.record != nil {
		err = w.record(folder)
	} else {
		err = record(filepath.Join(folder, name+".trace"), *minBytes, w.round)
	}
	if err != nil {
		fail(err)
	}
}

func names() []string {
	var all []string
	for name := range workloads {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "programs:", err)
	os.Exit(1)
}

// must ends the program: the work itself is not supposed to fail.
func must(err error) {
	if err != nil {
		fail(err)
	}
}

// counter is a file that knows how much went into it.
type counter struct {
	file  *os.File
	bytes atomic.Int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.file.Write(p)
	c.bytes.Add(int64(n))
	return n, err
}

// record traces rounds of work into one file.
func record(path string, minBytes int64, round func()) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := &counter{file: file}
	if err := trace.Start(out); err != nil {
		return err
	}
	round()
	for out.bytes.Load() < minBytes {
		round()
	}
	trace.Stop()
	return file.Close()
}

// busy keeps a CPU occupied for about d.
func busy(d time.Duration) (sum uint64) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		for i := uint64(0); i < 1000; i++ {
			sum = sum*31 + i
		}
	}
	return sum
}
