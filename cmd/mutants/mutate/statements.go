package mutate

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// statementLeftOut leaves out what does something and declares nothing. An if is left
// out by its condition.
func statementLeftOut(w *walk, n ast.Node) {
	switch w.parent(1).(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
	default:
		return // of an if, a for or a switch: syntax wants it
	}
	if clause, ok := w.parent(1).(*ast.CommClause); ok && clause.Comm == n {
		return
	}
	switch n := n.(type) {
	case *ast.ExprStmt:
		if call, ok := n.X.(*ast.CallExpr); ok && w.makesText(call) {
			return // a panic that says what can't be
		}
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE {
			return
		}
	case *ast.ReturnStmt:
		if len(n.Results) > 0 {
			return
		}
	case *ast.IncDecStmt, *ast.SendStmt, *ast.GoStmt, *ast.DeferStmt, *ast.BranchStmt, *ast.RangeStmt:
	default:
		return
	}
	texts := []string{""}
	if used := w.used(n); used != "" {
		texts = append(texts, used)
	}
	w.replace(n, texts...)
}

// used is a statement that uses what a node uses, and does nothing.
func (w *walk) used(n ast.Node) string {
	var names []string
	note := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	declared := map[types.Object]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if def := w.pkg.info.Defs[n]; def != nil {
				declared[def] = true
			}
			v, ok := w.pkg.info.Uses[n].(*types.Var)
			if ok && !v.IsField() && v.Parent() != w.pkg.types.Scope() && !declared[v] {
				note(n.Name)
			}
		case *ast.SelectorExpr:
			id, ok := n.X.(*ast.Ident)
			if !ok {
				return true
			}
			if _, imported := w.pkg.info.Uses[id].(*types.PkgName); imported {
				if _, isType := w.pkg.info.Uses[n.Sel].(*types.TypeName); !isType {
					note(w.text(n))
				}
				return false
			}
		}
		return true
	})
	if len(names) == 0 {
		return ""
	}
	return strings.Repeat("_, ", len(names)-1) + "_ = " + strings.Join(names, ", ")
}

// caseLeftOut removes a clause of a switch or a select.
func caseLeftOut(w *walk, n ast.Node) {
	switch n := n.(type) {
	case *ast.CaseClause:
		if s, ok := w.parent(2).(*ast.SwitchStmt); !ok || s.Tag != nil || n.List == nil {
			w.replace(n, "") // otherwise conditionFalse does it
		}
		if len(n.List) > 1 {
			w.eachLeftOut(n.List)
		}
	case *ast.CommClause:
		w.replace(n, "")
	}
}

// elementLeftOut removes an element of a composite literal: of a struct, a field that
// keeps its zero value.
func elementLeftOut(w *walk, n ast.Node) {
	lit, ok := n.(*ast.CompositeLit)
	if !ok || len(lit.Elts) == 0 {
		return
	}
	if _, isStruct := w.typeOf(lit).Underlying().(*types.Struct); isStruct {
		if _, keyed := lit.Elts[0].(*ast.KeyValueExpr); !keyed {
			return // all or none
		}
	}
	w.eachLeftOut(lit.Elts)
}

// eachLeftOut removes each item of a list, with the comma that is its own.
func (w *walk) eachLeftOut(list []ast.Expr) {
	for i, e := range list {
		switch {
		case i+1 < len(list):
			w.add(e.Pos(), list[i+1].Pos(), "")
		case i > 0:
			w.add(list[i-1].End(), e.End(), "")
		default:
			w.replace(e, "")
			// A single element on a line of its own has a comma after it.
			last := &w.found[len(w.found)-1]
			if last.End < len(w.Text) && w.Text[last.End] == ',' {
				last.End++
			}
		}
	}
}

func breakForContinue(w *walk, n ast.Node) {
	b, ok := n.(*ast.BranchStmt)
	if !ok {
		return
	}
	other := map[token.Token]string{token.BREAK: "continue", token.CONTINUE: "break"}[b.Tok]
	if other != "" {
		w.add(b.TokPos, b.TokPos+token.Pos(len(b.Tok.String())), other)
	}
}
