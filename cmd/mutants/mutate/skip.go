package mutate

import (
	"go/ast"
	"go/types"
	"slices"
)

// uninteresting says of what nothing in it is worth a mutant, as syntax alone shows:
// text for people, capacities, assertions for the compiler.
func (w *walk) uninteresting(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok.String() == "import"
	case *ast.CommentGroup, *ast.Comment:
		return true
	case *ast.FuncDecl:
		// The text of an error is promised to nobody.
		return n.Name.Name == "Error" && n.Recv != nil
	case *ast.ValueSpec: // var _ Store = (*store)(nil)
		return allBlank(n.Names)
	case *ast.AssignStmt: // _ = x
		for _, l := range n.Lhs {
			if id, ok := l.(*ast.Ident); !ok || id.Name != "_" {
				return false
			}
		}
		return true
	case *ast.CallExpr:
		return w.logs(n)
	case *ast.ExprStmt:
		call, ok := n.X.(*ast.CallExpr)
		return ok && w.logs(call)
	}
	return w.capacity(n) || w.besideError(n)
}

// besideError says whether n is a literal that is returned with an error: nobody may
// look at it.
func (w *walk) besideError(n ast.Node) bool {
	if len(w.stack) == 0 {
		return false
	}
	r, ok := w.stack[len(w.stack)-1].(*ast.ReturnStmt)
	if !ok || len(r.Results) < 2 {
		return false
	}
	last := r.Results[len(r.Results)-1]
	results := w.results()
	if n == last || results == nil || !isError(results.At(results.Len()-1).Type()) || w.pkg.info.Types[last].IsNil() {
		return false
	}
	e, ok := n.(ast.Expr)
	return ok && w.pkg.info.Types[e].Value != nil
}

func allBlank(names []*ast.Ident) bool {
	return !slices.ContainsFunc(names, func(id *ast.Ident) bool { return id.Name != "_" })
}

// logs says whether a call writes a log record or makes a part of one.
func (w *walk) logs(call *ast.CallExpr) bool {
	f := w.callee(call)
	return f != nil && f.Pkg() != nil && (f.Pkg().Path() == "log/slog" || f.Pkg().Path() == "log") &&
		f.Name() != "Enabled"
}

// capacity says whether n is how much is allocated in advance.
func (w *walk) capacity(n ast.Node) bool {
	if len(w.stack) == 0 {
		return false
	}
	call, ok := w.stack[len(w.stack)-1].(*ast.CallExpr)
	if !ok || len(call.Args) == 0 || n == call.Fun {
		return false
	}
	if f := w.callee(call); f != nil && f.Name() == "Grow" && f.Pkg() != nil && f.Pkg().Name() != w.pkg.types.Name() {
		return n == call.Args[len(call.Args)-1]
	}
	if id, ok := call.Fun.(*ast.Ident); !ok || w.pkg.info.Uses[id] != types.Universe.Lookup("make") {
		return false
	}
	if len(call.Args) == 3 {
		return n == call.Args[2]
	}
	_, isMap := w.typeOf(call.Args[0]).Underlying().(*types.Map)
	return isMap && len(call.Args) == 2 && n == call.Args[1]
}

// makesText says whether n is a call that words an error or a panic.
func (w *walk) makesText(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	if id, ok := call.Fun.(*ast.Ident); ok && w.pkg.info.Uses[id] == types.Universe.Lookup("panic") {
		return true
	}
	if w.calls(call, "fmt.Errorf", "errors.New") {
		return true
	}
	// A function of our own that words an error as fmt.Errorf does.
	f := w.callee(call)
	if f == nil || w.format(f) < 0 || f.Pkg() != w.pkg.types {
		return false
	}
	results := f.Signature().Results()
	return results.Len() == 1 && types.Implements(results.At(0).Type(), errorType)
}

var errorType = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)

// format is the number of the parameter that words what follows it, as that of
// fmt.Sprintf; -1 if there is none.
func (w *walk) format(f *types.Func) int {
	params := f.Signature().Params()
	if !f.Signature().Variadic() || params.Len() < 2 {
		return -1
	}
	rest := params.At(params.Len() - 1).Type().(*types.Slice)
	if i, ok := rest.Elem().Underlying().(*types.Interface); !ok || !i.Empty() {
		return -1
	}
	words := params.At(params.Len() - 2).Type()
	if !types.Identical(words, types.Typ[types.String]) {
		return -1
	}
	return params.Len() - 2
}

// calls says whether a call is to one of some functions, by their full names.
func (w *walk) calls(call *ast.CallExpr, names ...string) bool {
	f := w.callee(call)
	return f != nil && slices.Contains(names, f.FullName())
}

// callee is the function or method that is called by its name.
func (w *walk) callee(call *ast.CallExpr) *types.Func {
	fun := ast.Unparen(call.Fun)
	if index, ok := fun.(*ast.IndexExpr); ok {
		fun = index.X
	}
	var id *ast.Ident
	switch fun := fun.(type) {
	case *ast.Ident:
		id = fun
	case *ast.SelectorExpr:
		id = fun.Sel
	default:
		return nil
	}
	f, _ := w.pkg.info.Uses[id].(*types.Func)
	return f
}

// typeOf is never nil: what has no type is invalid.
func (w *walk) typeOf(e ast.Expr) types.Type {
	if t := w.pkg.info.TypeOf(e); t != nil {
		return t
	}
	return types.Typ[types.Invalid]
}

func (w *walk) same(a, b ast.Expr) bool {
	t := w.typeOf(a)
	return t != types.Typ[types.Invalid] && types.Identical(t, w.typeOf(b))
}

func (w *walk) is(e ast.Expr, kind types.BasicInfo) bool {
	b, ok := w.typeOf(e).Underlying().(*types.Basic)
	return ok && b.Info()&kind != 0
}

func isError(t types.Type) bool {
	return t != nil && types.Identical(t, types.Universe.Lookup("error").Type())
}
