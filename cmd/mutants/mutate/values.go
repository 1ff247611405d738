package mutate

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"
)

// number makes literals greater and smaller by one.
func number(w *walk, n ast.Node) {
	lit, ok := n.(*ast.BasicLit)
	if !ok {
		return
	}
	switch lit.Kind {
	case token.INT:
		v, err := strconv.ParseInt(lit.Value, 0, 64)
		if err != nil {
			return
		}
		w.replace(n, strconv.FormatInt(v+1, 10))
		if v > 0 {
			w.replace(n, strconv.FormatInt(v-1, 10))
		}
	case token.FLOAT:
		w.replace(n, "("+lit.Value+" + 1)")
	case token.CHAR:
		w.replace(n, "("+lit.Value+" + 1)")
		w.replace(n, "("+lit.Value+" - 1)")
	}
}

func arithmetic(w *walk, n ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		logical := n.Op == token.LAND || n.Op == token.LOR
		if !logical && !isComparison(n.Op) && w.is(n, types.IsNumeric) {
			w.swap(n.OpPos, n.Op)
		}
	case *ast.AssignStmt:
		if w.is(n.Lhs[0], types.IsNumeric) {
			w.swap(n.TokPos, n.Tok)
		}
	case *ast.IncDecStmt:
		w.swap(n.TokPos, n.Tok)
	case *ast.UnaryExpr:
		if n.Op == token.SUB {
			w.replace(n, w.text(n.X))
		}
	}
}

func truthValue(w *walk, n ast.Node) {
	id, ok := n.(*ast.Ident)
	if !ok {
		return
	}
	switch w.pkg.info.Uses[id] {
	case types.Universe.Lookup("true"):
		w.replace(n, "false")
	case types.Universe.Lookup("false"):
		w.replace(n, "true")
	}
}

// stringChanged makes another string of a name, key or header. What has spaces or
// verbs in it is worded for people.
func stringChanged(w *walk, n ast.Node) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return
	}
	if field, ok := w.parent(1).(*ast.Field); ok && field.Tag == lit {
		return
	}
	if v, err := strconv.Unquote(lit.Value); err == nil && !strings.ContainsAny(v, " %\n") {
		w.replace(n, strconv.Quote(v+"x"))
	}
}

// tagChanged gives a field another name in JSON, or writes it although it is empty.
func tagChanged(w *walk, n ast.Node) {
	field, ok := n.(*ast.Field)
	if !ok || field.Tag == nil {
		return
	}
	tag, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return
	}
	value, ok := reflect.StructTag(tag).Lookup("json")
	name, options, _ := strings.Cut(value, ",")
	if !ok || name == "-" {
		return
	}
	other := func(changed string) {
		text := strings.Replace(tag, fmt.Sprintf("json:%q", value), fmt.Sprintf("json:%q", changed), 1)
		w.replace(field.Tag, "`"+text+"`")
	}
	if name != "" {
		other(strings.Replace(value, name, name+"x", 1))
	}
	if strings.Contains(options, "omitempty") {
		other(strings.Replace(value, ",omitempty", "", 1))
	}
}

// bounds moves the bounds of slices, indices and loops by one. Where they are
// literals, number does it.
func bounds(w *walk, n ast.Node) {
	switch n := n.(type) {
	case *ast.SliceExpr:
		if n.Low != nil && !literal(n.Low) {
			w.replace(n.Low, w.operand(n.Low)+"+1")
			w.replace(n.Low, w.operand(n.Low)+"-1")
		}
		if n.High != nil && !literal(n.High) {
			w.replace(n.High, w.operand(n.High)+"+1")
			w.replace(n.High, w.operand(n.High)+"-1")
		}
	case *ast.IndexExpr:
		if _, isMap := w.typeOf(n.X).Underlying().(*types.Map); !isMap && !literal(n.Index) && w.is(n.Index, types.IsInteger) {
			w.replace(n.Index, w.operand(n.Index)+"+1")
			w.replace(n.Index, w.operand(n.Index)+"-1")
		}
	case *ast.RangeStmt:
		x := w.operand(n.X)
		if _, slice := w.typeOf(n.X).Underlying().(*types.Slice); slice {
			w.replace(n.X, x+"[min(1, len("+x+")):]")
			w.replace(n.X, x+"[:max(0, len("+x+")-1)]")
		} else if w.is(n.X, types.IsInteger) && !literal(n.X) {
			w.replace(n.X, x+"+1")
			w.replace(n.X, x+"-1")
		}
	}
}

func literal(e ast.Expr) bool {
	_, ok := e.(*ast.BasicLit)
	return ok
}
