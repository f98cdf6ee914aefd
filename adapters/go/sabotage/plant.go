package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// planter collects the faults of one file.
type planter struct {
	set    *token.FileSet
	name   string
	source []byte
	within string
	faults []fault
}

// words are functions that only make error texts.
var words = []string{"String", "dumpOrdering", "dumpFrontier", "evName"}

func (p *planter) declaration(decl ast.Decl) {
	if values, ok := decl.(*ast.GenDecl); ok && values.Tok == token.VAR {
		p.within = "var"
		ast.Inspect(values, func(node ast.Node) bool {
			if n, ok := node.(*ast.KeyValueExpr); ok {
				p.requirement(n)
			}
			return true
		})
		return
	}
	function, ok := decl.(*ast.FuncDecl)
	if !ok || function.Body == nil || slices.Contains(words, function.Name.Name) {
		return
	}
	p.within = function.Name.Name
	ast.Inspect(function.Body, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.BlockStmt:
			p.statements(n.List)
		case *ast.CaseClause:
			p.statements(n.Body)
		case *ast.IfStmt:
			p.branch(n)
		case *ast.SwitchStmt:
			p.choice(n)
		case *ast.BinaryExpr:
			p.operation(n)
		case *ast.ReturnStmt:
			p.context(n)
		case *ast.KeyValueExpr:
			p.requirement(n)
		case *ast.CallExpr:
			// What is only said in an error does not matter.
			return !isError(n)
		}
		return true
	})
}

func isError(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && (f.Sel.Name == "Errorf" || f.Sel.Name == "New")
}

func (p *planter) plant(kind string, node ast.Node, before, behind string) {
	a, b := p.set.Position(node.Pos()), p.set.Position(node.End())
	p.faults = append(p.faults, fault{File: p.name, Line: a.Line, Column: a.Column, Func: p.within, Kind: kind, Was: p.text(node),
		from: a.Offset, to: b.Offset, before: before, behind: behind})
}

func (p *planter) text(node ast.Node) string {
	return string(p.source[p.set.Position(node.Pos()).Offset:p.set.Position(node.End()).Offset])
}

// branch takes a rule out, or has the branch taken always or never.
func (p *planter) branch(n *ast.IfStmt) {
	never := func(kind string) { p.plant(kind, n.Cond, "!"+awake+" && (", ")") }
	switch outcome(n.Body) {
	case "error":
		never("rule-deleted")
	case "wait":
		never("wait-deleted")
	default:
		never("branch-never")
		if n.Else == nil {
			p.plant("branch-always", n.Cond, awake+" || (", ")")
		}
	}
}

// choice takes a case out of a switch over conditions.
func (p *planter) choice(n *ast.SwitchStmt) {
	if n.Tag != nil {
		return
	}
	for _, clause := range n.Body.List {
		for _, cond := range clause.(*ast.CaseClause).List {
			p.plant("branch-never", cond, "!"+awake+" && (", ")")
		}
	}
}

// statements has statements forgotten.
func (p *planter) statements(list []ast.Stmt) {
	for _, statement := range list {
		kind := ""
		switch n := statement.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE && n.Tok != token.ASSIGN || n.Tok == token.ASSIGN && len(n.Lhs) == 1 {
				kind = "change-forgotten"
			}
			if status, ok := n.Rhs[0].(*ast.SelectorExpr); ok && n.Tok == token.ASSIGN {
				p.status(status)
			}
		case *ast.IncDecStmt:
			kind = "change-forgotten"
		case *ast.BranchStmt:
			if n.Label == nil && n.Tok != token.FALLTHROUGH {
				kind = "jump-forgotten"
			}
		case *ast.ExprStmt:
			if call, ok := n.X.(*ast.CallExpr); ok && p.text(call.Fun) != "panic" {
				kind = "call-forgotten"
			}
		}
		if kind != "" {
			p.plant(kind, statement, "if !"+awake+" { ", " }")
		}
	}
}

// status has another status set.
func (p *planter) status(n *ast.SelectorExpr) {
	others := map[string]string{
		"GoRunnable": "GoWaiting", "GoWaiting": "GoRunnable", "GoRunning": "GoRunnable", "GoSyscall": "GoRunning",
		"ProcIdle": "ProcRunning", "ProcRunning": "ProcIdle", "ProcSyscall": "ProcRunning", "ProcSyscallAbandoned": "ProcSyscall",
	}
	if other, ok := others[n.Sel.Name]; ok {
		p.plant("wrong-status", n, "either("+awake+", "+p.text(n.X)+"."+other+", ", ")")
	}
}

// operation moves a comparison by one, drops half of a condition, or forgets a one.
func (p *planter) operation(n *ast.BinaryExpr) {
	switch n.Op {
	case token.LSS, token.GTR:
		p.plant("compare-by-one", n, "(", " || "+awake+" && ("+p.text(n.X)+") == ("+p.text(n.Y)+"))")
	case token.LEQ, token.GEQ:
		p.plant("compare-by-one", n, "(", " && !("+awake+" && ("+p.text(n.X)+") == ("+p.text(n.Y)+")))")
	case token.LAND:
		for _, half := range []ast.Expr{n.X, n.Y} {
			p.plant("half-forgotten", half, "("+awake+" || (", "))")
		}
	case token.LOR:
		for _, half := range []ast.Expr{n.X, n.Y} {
			p.plant("half-forgotten", half, "(!"+awake+" && (", "))")
		}
	case token.ADD, token.SUB:
		if one, ok := n.Y.(*ast.BasicLit); ok && one.Value == "1" {
			p.plant("one-forgotten", n, "either("+awake+", "+p.text(n.X)+", ", ")")
		}
	}
}

// context keeps the thread's old context.
func (p *planter) context(n *ast.ReturnStmt) {
	if len(n.Results) == 3 && p.text(n.Results[0]) == "newCtx" {
		p.plant("context-kept", n.Results[0], "either("+awake+", curCtx, ", ")")
	}
}

// requirement drops what an event needs of its thread.
func (p *planter) requirement(n *ast.KeyValueExpr) {
	if value := p.text(n.Value); strings.HasPrefix(value, "must") {
		p.plant("need-dropped", n.Value, "either("+awake+", mayHave, ", ")")
	}
}

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
