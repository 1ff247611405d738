package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// named are the statuses of net/http that the API's code can name.
var named = map[string]int{
	"StatusOK": http.StatusOK, "StatusNoContent": http.StatusNoContent, "StatusNotModified": http.StatusNotModified,
	"StatusBadRequest": http.StatusBadRequest, "StatusUnauthorized": http.StatusUnauthorized, "StatusForbidden": http.StatusForbidden, "StatusNotFound": http.StatusNotFound,
	"StatusMethodNotAllowed": http.StatusMethodNotAllowed, "StatusRequestTimeout": http.StatusRequestTimeout,
	"StatusConflict": http.StatusConflict, "StatusRequestEntityTooLarge": http.StatusRequestEntityTooLarge,
	"StatusUnsupportedMediaType": http.StatusUnsupportedMediaType, "StatusPreconditionRequired": http.StatusPreconditionRequired,
	"StatusInternalServerError": http.StatusInternalServerError, "StatusServiceUnavailable": http.StatusServiceUnavailable,
	"StatusGatewayTimeout": http.StatusGatewayTimeout, "StatusBadGateway": http.StatusBadGateway, "StatusUnprocessableEntity": http.StatusUnprocessableEntity,
}

// TestEveryStatusIsListed: no line of the API names a status that the table lacks, and
// the table has none that no line names.
func TestEveryStatusIsListed(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]bool{statusClientClosed: true}
	for _, f := range files {
		name := f.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name == "page.go" || name == "statuses.go" {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok || !strings.HasPrefix(s.Sel.Name, "Status") || s.Sel.Name == "StatusText" {
				return true
			}
			if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "http" {
				code, known := named[s.Sel.Name]
				if !known {
					t.Errorf("%s answers http.%s: add it to Statuses, to this test, and to a scenario that brings it about", name, s.Sel.Name)
				}
				found[code] = true
			}
			return true
		})
	}
	for _, s := range Statuses() {
		if !found[s.Code] {
			t.Errorf("no line answers %d", s.Code)
		}
		delete(found, s.Code)
	}
	for code := range found {
		if code != 0 {
			t.Errorf("%d is answered and not in Statuses", code)
		}
	}
	codes := Statuses()
	if !slices.IsSortedFunc(codes, func(a, b Status) int { return a.Code - b.Code }) {
		t.Error("they are not in order")
	}
}
