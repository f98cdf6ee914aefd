// Laid over Go's own runtime/testdata/testprog when it is built: every program of it then traces
// itself if it is asked to. The name makes its init the last one, after all programs are registered.

package main

import (
	"fmt"
	"os"
	"runtime/trace"
	"sort"
)

func init() {
	if os.Getenv("TRACEHOUND_LIST") != "" {
		var names []string
		for name := range cmds {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			fmt.Println(name)
		}
		os.Exit(0)
	}
	path := os.Getenv("TRACEHOUND_TRACE")
	if path == "" {
		return
	}
	for name, program := range cmds {
		cmds[name] = func() { traced(path, program) }
	}
}

// traced runs a program between the start and the stop of a trace. The file gets its name when it is
// complete: programs that die by design leave none. A panic that is not recovered unwinds through here.
func traced(path string, program func()) {
	file, err := os.Create(path + ".part")
	if err != nil {
		panic(err)
	}
	if err := trace.Start(file); err != nil {
		panic(err)
	}
	defer func() {
		trace.Stop()
		file.Close()
		os.Rename(path+".part", path)
	}()
	program()
}
