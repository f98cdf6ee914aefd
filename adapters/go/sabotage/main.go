// Command sabotage plants faults in a copy of Go's own trace reader.
//
// It exists to find out what our oracles cannot see: every rule of the reader is
// taken out in turn, every state change forgotten, every comparison moved by one, and
// each result has to be told from the clean reader. It knows Go's syntax and nothing of
// traces: whether a fault matters is for the hunt to say.
//
//	sabotage DIR              lists the faults that it can plant in the package at DIR, as JSON lines
//	sabotage DIR N OUTDIR     writes the one file that fault N changes into OUTDIR
//	sabotage DIR all OUTDIR   writes all files with all faults into OUTDIR, each asleep until the environment
//	                          variable TRACEHOUND_SABOTAGE holds its number
//
// With all faults in one program hundreds of them can be tried without building anything again.
package main

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// files are the parts of the package that read the v2 format.
var files = []string{"base.go", "batch.go", "batchcursor.go", "generation.go", "order.go", "reader.go"}

// fault is one edit: text before and behind [from, to) of File. In both texts awake stands for
// the question whether the fault is planted.
type fault struct {
	ID     int    `json:"id"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Nth tells faults of one kind at one place apart, from 0.
	Nth    int    `json:"nth"`
	Func   string `json:"func"`
	Kind   string `json:"kind"`
	Was    string `json:"was"`
	from   int
	to     int
	before string
	behind string
}

const awake = "\x00"

// helpers is what the faults call; it becomes a file of the package.
const helpers = `package trace

import (
	"os"
	"strconv"
)

var sabotage, _ = strconv.Atoi(os.Getenv("TRACEHOUND_SABOTAGE"))

func sabotaged(fault int) bool { return fault == sabotage }

// either is a if the fault is planted, else b.
func either[T any](planted bool, a, b T) T {
	if planted {
		return a
	}
	return b
}
`

func main() {
	if len(os.Args) != 2 && len(os.Args) != 4 {
		fail("usage: sabotage DIR [N|all OUTDIR]")
	}
	dir := os.Args[1]
	sources := map[string][]byte{}
	faults := []fault{}
	for _, name := range files {
		source, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) {
			continue
		}
		check(err)
		sources[name] = source
		faults = append(faults, inFile(name, source)...)
	}
	alike := map[string]int{}
	for i := range faults {
		f := &faults[i]
		// 0 is what an empty environment says.
		f.ID = i + 1
		place := fmt.Sprint(f.File, f.Line, ":", f.Column, f.Kind)
		f.Nth = alike[place]
		alike[place]++
	}
	if len(os.Args) == 2 {
		out := json.NewEncoder(os.Stdout)
		for _, f := range faults {
			check(out.Encode(f))
		}
		return
	}
	write("sabotage.go", []byte(helpers))
	if os.Args[2] == "all" {
		for name, source := range sources {
			asleep := func(f fault) string { return fmt.Sprintf("sabotaged(%d)", f.ID) }
			write(name, apply(source, in(name, faults), asleep))
		}
		return
	}
	n, err := strconv.Atoi(os.Args[2])
	check(err)
	if n < 1 || n > len(faults) {
		fail("there are faults 1 to %d", len(faults))
	}
	f := faults[n-1]
	planted := func(fault) string { return "true" }
	write(f.File, apply(sources[f.File], []fault{f}, planted))
}

// write puts a file into OUTDIR. What is there may be a link to the file of an SDK, which must stay as it is.
func write(name string, text []byte) {
	path := filepath.Join(os.Args[3], name)
	if err := os.Remove(path); !os.IsNotExist(err) {
		check(err)
	}
	check(os.WriteFile(path, text, 0o644))
}

func in(name string, faults []fault) []fault {
	var some []fault
	for _, f := range faults {
		if f.File == name {
			some = append(some, f)
		}
	}
	return some
}

// apply plants all of the faults at once. What encloses more text encloses the edits within it.
func apply(source []byte, faults []fault, question func(fault) string) []byte {
	type insertion struct {
		at, span, id int
		behind       bool
		text         string
	}
	var all []insertion
	for _, f := range faults {
		text := func(s string) string { return strings.ReplaceAll(s, awake, question(f)) }
		span := f.to - f.from
		all = append(all, insertion{f.from, span, f.ID, false, text(f.before)})
		all = append(all, insertion{f.to, span, f.ID, true, text(f.behind)})
	}
	sort.SliceStable(all, func(i, j int) bool {
		a, b := all[i], all[j]
		switch {
		case a.at != b.at:
			return a.at < b.at
		case a.behind != b.behind:
			return a.behind
		case a.span != b.span:
			return (a.span < b.span) == a.behind
		default:
			return (a.id > b.id) == a.behind
		}
	})
	var out []byte
	done := 0
	for _, i := range all {
		out = append(append(out, source[done:i.at]...), i.text...)
		done = i.at
	}
	return append(out, source[done:]...)
}

// inFile finds the faults of one file, in the order of their places.
func inFile(name string, source []byte) []fault {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, source, 0)
	check(err)
	p := &planter{set: set, name: name, source: source}
	for _, decl := range tree.Decls {
		p.declaration(decl)
	}
	sort.SliceStable(p.faults, func(i, j int) bool { return p.faults[i].from < p.faults[j].from })
	return p.faults
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "sabotage: "+format+"\n", args...)
	os.Exit(1)
}
