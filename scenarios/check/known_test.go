package check

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// TestEveryAnomalyIsKnown: whatever the source of the judge calls an anomaly has an entry that
// says what it is, and nothing else has.
func TestEveryAnomalyIsKnown(t *testing.T) {
	used := anomaliesInSource(t)
	for name, where := range used {
		if a := anomalyNamed(name); a.Invariant == "" || !strings.HasSuffix(a.Means, ".") {
			t.Errorf("%s: nothing is known of the anomaly %q", where, name)
		}
	}
	seen := map[string]bool{}
	for _, a := range Anomalies() {
		if used[a.Name] == "" {
			t.Errorf("nobody reports %q", a.Name)
		}
		if seen[a.Name] || seen[a.Means] || a.Invariant.Title() == "" {
			t.Errorf("%+v is there twice, or of no invariant", a)
		}
		seen[a.Name], seen[a.Means] = true, true
	}
	if len(used) < 50 {
		t.Errorf("only %d anomalies were found in the source", len(used))
	}
}

// anomaliesInSource are the strings that are passed to a parameter, or given to a variable, of
// the name anomaly, and where.
func anomaliesInSource(t *testing.T) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var parsed []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	at := map[string][]int{} // of functions of a name, which of their parameters it is
	inspect := func(look func(ast.Node)) {
		for _, f := range parsed {
			ast.Inspect(f, func(n ast.Node) bool { look(n); return true })
		}
	}
	inspect(func(n ast.Node) {
		f, ok := n.(*ast.FuncDecl)
		if !ok {
			return
		}
		i := 0
		for _, field := range f.Type.Params.List {
			for _, name := range field.Names {
				if name.Name == "anomaly" {
					at[f.Name.Name] = append(at[f.Name.Name], i)
				}
				i++
			}
		}
	})
	used := map[string]string{}
	found := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			name, _ := strconv.Unquote(lit.Value)
			used[name] = files.Position(lit.Pos()).String()
		}
	}
	inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.CallExpr:
			callee := ""
			switch f := n.Fun.(type) {
			case *ast.SelectorExpr:
				callee = f.Sel.Name
			case *ast.Ident:
				callee = f.Name
			}
			for _, i := range at[callee] {
				if i < len(n.Args) {
					found(n.Args[i])
				}
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if id, ok := left.(*ast.Ident); ok && id.Name == "anomaly" && len(n.Rhs) == len(n.Lhs) {
					found(n.Rhs[i])
				}
			}
		case *ast.ValueSpec:
			if n.Names[0].Name == "unevenWaits" {
				found(n.Values[0])
			}
		}
	})
	return used
}

// TestDocsHaveTheAnomalies: the tables of docs/bugs.md are these, line by line.
func TestDocsHaveTheAnomalies(t *testing.T) {
	text, err := os.ReadFile("../../docs/bugs.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for _, a := range Anomalies() {
		row := fmt.Sprintf("| %s | %s | %s | %s |", a.Invariant, a.Name, a.KnownAs, a.Means)
		if !slices.Contains(lines, row) {
			t.Errorf("docs/bugs.md lacks\n%s", row)
		}
	}
	for _, f := range storefault.All() {
		row := fmt.Sprintf("| `%s` | %s | %s |", f.Kind, f.KnownAs, f.Means)
		if !slices.Contains(lines, row) {
			t.Errorf("docs/bugs.md lacks\n%s", row)
		}
	}
}

// TestHowAModificationIsLost: it is called a lost update only if somebody had read an older
// version.
func TestHowAModificationIsLost(t *testing.T) {
	for _, c := range []struct {
		anomaly, known string
		empty          bool // there is nothing at first
		play           func(b *book)
	}{
		{"modification vanished", "lost update, P4", false, func(b *book) {
			ann, bob := b.begin("ann", "append", "m1").get("v0"), b.begin("bob", "append", "m2").get("v0")
			ann.put("none", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			bob.put("none", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
			b.final("v2")
		}},
		{"modification vanished", "lost update, P4", false, func(b *book) { // under the ETag of what it lacks
			bob := b.begin("bob", "append", "m2").get("v0")
			b.append("ann", "m1", "v0", "v1")
			bob.put("v1", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
			b.final("v2")
		}},
		{"modification vanished", "lost update, P4", true, func(b *book) {
			ann, bob := b.begin("ann", "create", "m1").missing(), b.begin("bob", "create", "m2").missing()
			ann.put("none", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			bob.put("none", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
			b.final("v2")
		}},
		{"modification dropped", "", false, func(b *book) {
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
			b.final("v2")
		}},
		{"overwritten", "lost write", false, func(b *book) {
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m2").put("none", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
			b.final("v2")
		}},
		{"never written", "lost write", false, func(b *book) {
			b.begin("ann", "append", "m1").get("v0").end(history.Committed, "v0")
			b.final("v0")
		}},
	} {
		b := newBook()
		if !c.empty {
			b.setup(start)
		}
		c.play(b)
		found := false
		for _, v := range judged(history.Header{}, b.events).Violations {
			if v.Invariant == NothingLost {
				found = true
				if v.Anomaly != c.anomaly || v.KnownAs != c.known || v.Means == "" {
					t.Errorf("want %s (%s), got %s (%s): %s", c.anomaly, c.known, v.Anomaly, v.KnownAs, v.Summary)
				}
			}
		}
		if !found {
			t.Errorf("%s: nothing is lost", c.anomaly)
		}
	}
}
