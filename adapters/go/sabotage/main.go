// Command sabotage plants one fault at a time in a copy of Go's own trace reader.
//
// It exists to find out what our oracles cannot see: every rule of the reader is
// taken out in turn, every state change forgotten, every comparison moved by one, and
// each result has to be told from the clean reader. It knows Go's syntax and nothing of
// traces: whether a fault matters is for the hunt to say.
//
//	sabotage DIR              lists the faults that it can plant in the package at DIR, as JSON lines
//	sabotage DIR N OUTDIR     writes the one file that fault N changes into OUTDIR
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"sort"
	"strconv"
)

// files are the parts of the package that read the v2 format.
var files = []string{"base.go", "batch.go", "batchcursor.go", "generation.go", "order.go", "reader.go"}

// fault is one edit: the bytes [from, to) of File are put between two texts, or replaced by
// the first where the second is empty.
type fault struct {
	ID    int    `json:"id"`
	File  string `json:"file"`
	Line  int    `json:"line"`
	Func  string `json:"func"`
	Kind  string `json:"kind"`
	Was   string `json:"was"`
	from  int
	to    int
	text  string
	close string
}

func main() {
	if len(os.Args) != 2 && len(os.Args) != 4 {
		fail("usage: sabotage DIR [N OUTDIR]")
	}
	dir := os.Args[1]
	faults := []fault{}
	for _, name := range files {
		path := filepath.Join(dir, name)
		source, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		check(err)
		faults = append(faults, inFile(name, source)...)
	}
	for i := range faults {
		faults[i].ID = i
	}
	if len(os.Args) == 2 {
		out := json.NewEncoder(os.Stdout)
		for _, f := range faults {
			check(out.Encode(f))
		}
		return
	}
	n, err := strconv.Atoi(os.Args[2])
	check(err)
	if n < 0 || n >= len(faults) {
		fail("there are faults 0 to %d", len(faults)-1)
	}
	f := faults[n]
	source, err := os.ReadFile(filepath.Join(dir, f.File))
	check(err)
	check(os.WriteFile(filepath.Join(os.Args[3], f.File), f.apply(source), 0o644))
}

func (f fault) apply(source []byte) []byte {
	out := append([]byte{}, source[:f.from]...)
	out = append(out, f.text...)
	if f.close != "" {
		out = append(append(out, source[f.from:f.to]...), f.close...)
	}
	return append(out, source[f.to:]...)
}

// inFile finds the faults of one file, in the order of their places.
func inFile(name string, source []byte) []fault {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, source, 0)
	check(err)
	var faults []fault
	for _, decl := range tree.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || function.Body == nil || function.Name.Name == "String" {
			continue
		}
		plant := func(kind string, from, to token.Pos, text, closing string) {
			a, b := set.Position(from), set.Position(to)
			was := string(source[a.Offset:b.Offset])
			faults = append(faults, fault{File: name, Line: a.Line, Func: function.Name.Name, Kind: kind, Was: was,
				from: a.Offset, to: b.Offset, text: text, close: closing})
		}
		ast.Inspect(function.Body, func(node ast.Node) bool {
			visit(node, plant)
			return true
		})
	}
	sort.SliceStable(faults, func(i, j int) bool { return faults[i].from < faults[j].from })
	return faults
}

type planter func(kind string, from, to token.Pos, text, closing string)

func visit(node ast.Node, plant planter) {
	switch n := node.(type) {
	case *ast.IfStmt:
		switch outcome(n.Body) {
		case "error":
			plant("rule-deleted", n.Cond.Pos(), n.Cond.End(), "false && (", ")")
		case "wait":
			plant("wait-deleted", n.Cond.Pos(), n.Cond.End(), "false && (", ")")
		case "":
			plant("branch-never", n.Cond.Pos(), n.Cond.End(), "false && (", ")")
			if n.Else == nil {
				plant("branch-always", n.Cond.Pos(), n.Cond.End(), "true || (", ")")
			}
		}
	case *ast.AssignStmt:
		if n.Tok == token.ASSIGN && len(n.Lhs) == 1 && len(n.Rhs) == 1 {
			if _, local := n.Lhs[0].(*ast.Ident); !local {
				plant("change-forgotten", n.Lhs[0].Pos(), n.TokPos+1, "_ =", "")
			} else {
				plant("change-forgotten", n.Pos(), n.TokPos+1, "_ =", "")
			}
		}
	case *ast.ExprStmt:
		if call, ok := n.X.(*ast.CallExpr); ok {
			if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "panic" {
				return
			}
			plant("call-forgotten", n.Pos(), n.End(), "_ = func() { ", " }")
		}
	case *ast.BinaryExpr:
		if text, ok := neighbours[n.Op]; ok {
			plant("compare-by-one", n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), text, "")
		}
	}
}

var neighbours = map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}

// outcome says what a branch is for: "error" if it ends with an error, "wait" if it ends
// by putting the event off, "" otherwise.
func outcome(body *ast.BlockStmt) string {
	if len(body.List) == 0 {
		return ""
	}
	ret, ok := body.List[len(body.List)-1].(*ast.ReturnStmt)
	if !ok || len(ret.Results) == 0 {
		return ""
	}
	switch last := ret.Results[len(ret.Results)-1].(type) {
	case *ast.CallExpr:
		return "error"
	case *ast.Ident:
		if last.Name == "err" {
			return "error"
		}
		if len(ret.Results) > 1 && last.Name == "nil" {
			if put, ok := ret.Results[len(ret.Results)-2].(*ast.Ident); ok && put.Name == "false" {
				return "wait"
			}
		}
	}
	return ""
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
