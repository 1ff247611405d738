package mutate

import (
	"go/ast"
	"go/types"
	"strings"
)

// callLeftOut puts in place of a call what went into it, where the type is the same:
// append(a, b) is a, strings.TrimSpace(s) is s, x.clone() is x.
func callLeftOut(w *walk, n ast.Node) {
	call, ok := n.(*ast.CallExpr)
	if !ok || w.makesText(call) || w.pkg.info.Types[call.Fun].IsType() {
		return
	}
	if _, alone := w.parent(1).(*ast.ExprStmt); alone {
		return // statementLeftOut does it
	}
	given := call.Args
	if method, ok := call.Fun.(*ast.SelectorExpr); ok && w.pkg.info.Types[method.X].IsValue() {
		given = append([]ast.Expr{method.X}, given...)
	}
	for _, e := range given {
		if w.pkg.info.Types[e].IsValue() && w.same(call, e) {
			w.replace(call, w.operand(e))
		}
	}
}

// argumentsExchanged exchanges neighbours of one type, but where their order means
// nothing or a capacity would become a length.
func argumentsExchanged(w *walk, n ast.Node) {
	call, ok := n.(*ast.CallExpr)
	if !ok || w.symmetric(call) {
		return
	}
	args := call.Args
	if f := w.callee(call); f != nil {
		if i := w.format(f); i >= 0 { // the format for what it formats: nobody does that
			w.exchanged(args[:i])
			args = args[i+1:]
		}
	}
	w.exchanged(args)
}

// resultsExchanged does the same to what is returned.
func resultsExchanged(w *walk, n ast.Node) {
	if r, ok := n.(*ast.ReturnStmt); ok {
		w.exchanged(r.Results)
	}
}

func (w *walk) exchanged(list []ast.Expr) {
	for i := 0; i+1 < len(list); i++ {
		a, b := list[i], list[i+1]
		if w.same(a, b) && w.text(a) != w.text(b) {
			between := string(w.Text[w.offset(a.End()):w.offset(b.Pos())])
			w.add(a.Pos(), b.End(), w.text(b)+between+w.text(a))
		}
	}
}

func (w *walk) symmetric(call *ast.CallExpr) bool {
	if id, ok := call.Fun.(*ast.Ident); ok {
		used := w.pkg.info.Uses[id]
		return used == types.Universe.Lookup("min") || used == types.Universe.Lookup("max") || used == types.Universe.Lookup("make")
	}
	f := w.callee(call)
	if f == nil || f.Pkg() == nil {
		return false
	}
	standard := !strings.Contains(strings.Split(f.Pkg().Path(), "/")[0], ".") && f.Pkg() != w.pkg.types
	switch f.Name() {
	case "Equal", "EqualFold", "DeepEqual", "Max", "Min":
		return standard
	}
	return f.FullName() == "errors.Join"
}

// errorSwallowed returns no error where there was one.
func errorSwallowed(w *walk, n ast.Node) {
	r, ok := n.(*ast.ReturnStmt)
	if !ok {
		return
	}
	results := w.results()
	if results == nil || results.Len() != len(r.Results) {
		return
	}
	for i, e := range r.Results {
		if isError(results.At(i).Type()) && !w.pkg.info.Types[e].IsNil() {
			without := w.text(r)[:e.Pos()-r.Pos()] + "nil" + w.text(r)[e.End()-r.Pos():]
			texts := []string{without}
			if used := w.used(e); used != "" {
				texts = append(texts, used+"; "+without)
			}
			w.replace(r, texts...)
		}
	}
}

// results are those of the function around the node.
func (w *walk) results() *types.Tuple {
	for i := len(w.stack) - 1; i >= 0; i-- {
		switch f := w.stack[i].(type) {
		case *ast.FuncLit:
			if s, ok := w.typeOf(f).(*types.Signature); ok {
				return s.Results()
			}
			return nil
		case *ast.FuncDecl:
			if o, ok := w.pkg.info.Defs[f.Name].(*types.Func); ok {
				return o.Signature().Results()
			}
			return nil
		}
	}
	return nil
}

// errorSwapped takes one error that a package declares for the next.
func errorSwapped(w *walk, n ast.Node) {
	id, ok := n.(*ast.Ident)
	if !ok {
		return
	}
	v, ok := w.pkg.info.Uses[id].(*types.Var)
	if ok && isError(v.Type()) {
		w.nextOf(id, v, func(o types.Object) bool {
			_, isVar := o.(*types.Var)
			return isVar
		})
	}
}

// constantSwapped takes one constant of a type with a name, or of HTTP's statuses,
// for the next.
func constantSwapped(w *walk, n ast.Node) {
	id, ok := n.(*ast.Ident)
	if !ok {
		return
	}
	c, ok := w.pkg.info.Uses[id].(*types.Const)
	if !ok || c.Pkg() == nil {
		return
	}
	if c.Pkg().Path() == "net/http" && strings.HasPrefix(c.Name(), "Status") {
		w.replace(id, "StatusTeapot")
		return
	}
	if _, named := c.Type().(*types.Named); named {
		w.nextOf(id, c, func(o types.Object) bool {
			_, isConst := o.(*types.Const)
			return isConst
		})
	}
}

// nextOf replaces a name by the next, in the order of the alphabet, that its package
// declares with the same type.
func (w *walk) nextOf(id *ast.Ident, o types.Object, like func(types.Object) bool) {
	if o.Pkg() == nil || o.Parent() != o.Pkg().Scope() {
		return
	}
	var others []string
	for _, name := range o.Pkg().Scope().Names() {
		other := o.Pkg().Scope().Lookup(name)
		if like(other) && types.Identical(other.Type(), o.Type()) && (other.Exported() || o.Pkg() == w.pkg.types) {
			others = append(others, name)
		}
	}
	for i, name := range others {
		if name == o.Name() && len(others) > 1 {
			w.replace(id, others[(i+1)%len(others)])
			return
		}
	}
}
