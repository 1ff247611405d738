package mutate

import (
	"go/ast"
	"go/token"
	"go/types"
)

// conditions are what a node branches on.
func (w *walk) conditions(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.IfStmt:
		return []ast.Expr{n.Cond}
	case *ast.ForStmt:
		if n.Cond != nil {
			return []ast.Expr{n.Cond}
		}
	case *ast.CaseClause: // of a switch without a tag
		if s, ok := w.parent(2).(*ast.SwitchStmt); ok && s.Tag == nil {
			return n.List
		}
	}
	return nil
}

func conditionNegated(w *walk, n ast.Node) {
	for _, c := range w.conditions(n) {
		switch c := c.(type) {
		case *ast.UnaryExpr:
			if c.Op == token.NOT {
				continue // notLeftOut does it
			}
		case *ast.BinaryExpr:
			if c.Op == token.EQL || c.Op == token.NEQ {
				continue // comparison does it
			}
		}
		w.replace(c, "!"+w.operand(c))
	}
}

func conditionTrue(w *walk, n ast.Node) {
	if _, loop := n.(*ast.ForStmt); loop {
		return // would only cost the time until it is stopped
	}
	for _, c := range w.conditions(n) {
		w.replace(c, "true", "true || "+w.operand(c))
	}
}

func conditionFalse(w *walk, n ast.Node) {
	for _, c := range w.conditions(n) {
		w.replace(c, "false", "false && "+w.operand(c))
	}
}

func andForOr(w *walk, n ast.Node) {
	if b, ok := n.(*ast.BinaryExpr); ok && (b.Op == token.LAND || b.Op == token.LOR) {
		w.swap(b.OpPos, b.Op)
	}
}

func operandLeftOut(w *walk, n ast.Node) {
	b, ok := n.(*ast.BinaryExpr)
	if !ok {
		return
	}
	x, y := w.operand(b.X), w.operand(b.Y)
	switch {
	case b.Op == token.LAND:
		w.replace(n, w.text(b.X), "("+x+" && (true || "+y+"))")
		w.replace(n, w.text(b.Y), "((true || "+x+") && "+y+")")
	case b.Op == token.LOR:
		w.replace(n, w.text(b.X), "("+x+" || (false && "+y+"))")
		w.replace(n, w.text(b.Y), "((false && "+x+") || "+y+")")
	case b.Op == token.ADD && w.is(b, types.IsString):
		w.replace(n, w.text(b.X))
		w.replace(n, w.text(b.Y))
	}
}

// swaps are operators taken one for the other.
var swaps = map[token.Token]token.Token{
	token.LAND: token.LOR, token.LOR: token.LAND,
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LSS: token.LEQ, token.LEQ: token.LSS,
	token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.ADD: token.SUB, token.SUB: token.ADD,
	token.MUL: token.QUO, token.QUO: token.MUL, token.REM: token.MUL,
	token.AND: token.OR, token.OR: token.AND, token.XOR: token.AND, token.AND_NOT: token.AND,
	token.SHL: token.SHR, token.SHR: token.SHL,
	token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN,
	token.MUL_ASSIGN: token.QUO_ASSIGN, token.QUO_ASSIGN: token.MUL_ASSIGN, token.REM_ASSIGN: token.MUL_ASSIGN,
	token.AND_ASSIGN: token.OR_ASSIGN, token.OR_ASSIGN: token.AND_ASSIGN,
	token.XOR_ASSIGN: token.AND_ASSIGN, token.AND_NOT_ASSIGN: token.AND_ASSIGN,
	token.SHL_ASSIGN: token.SHR_ASSIGN, token.SHR_ASSIGN: token.SHL_ASSIGN,
	token.INC: token.DEC, token.DEC: token.INC,
}

func (w *walk) swap(pos token.Pos, op token.Token) {
	if other, ok := swaps[op]; ok {
		w.add(pos, pos+token.Pos(len(op.String())), other.String())
	}
}

func comparison(w *walk, n ast.Node) {
	if b, ok := n.(*ast.BinaryExpr); ok && isComparison(b.Op) {
		w.swap(b.OpPos, b.Op)
	}
}

func isComparison(op token.Token) bool {
	switch op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return true
	}
	return false
}

func notLeftOut(w *walk, n ast.Node) {
	if u, ok := n.(*ast.UnaryExpr); ok && u.Op == token.NOT {
		w.replace(n, w.text(u.X))
	}
}
