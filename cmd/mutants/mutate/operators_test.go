package mutate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// operatorCases: what each operator makes of a small source. A change is shown as the
// lines that go, "=>", and the lines that come.
var operatorCases = []struct {
	operator, source string
	want             []string
}{
	{"condition negated", `func f(a, b int, ok bool) int { // == is the comparison's, ! the not's
	if a < b {
		return 1
	}
	if a == b || ok {
		return 2
	}
	switch {
	case a == b:
		return 3
	case ok:
		return 4
	}
	return 0
}`, []string{
		"if a < b { => if !(a < b) {",
		"if a == b || ok { => if !(a == b || ok) {",
		"case ok: => case !ok:",
	}},
	{"condition always true", `func f(m map[int]int) int {
	if v, ok := m[1]; ok {
		return v
	}
	for len(m) > 9 {
		delete(m, 9)
	}
	return 0
}`, []string{"if v, ok := m[1]; ok { => if v, ok := m[1]; true || ok {"}},
	{"condition always false", `func f(g func() error, n int) error {
	if err := g(); err != nil {
		return err
	}
	for n < 9 {
		n++
	}
	return nil
}`, []string{
		"if err := g(); err != nil { => if err := g(); false {",
		"for n < 9 { => for false {",
	}},
	{"and for or", `func f(a, b, c bool) bool { return a && b || c }`, []string{
		"func f(a, b, c bool) bool { return a && b || c } => func f(a, b, c bool) bool { return a || b || c }",
		"func f(a, b, c bool) bool { return a && b || c } => func f(a, b, c bool) bool { return a && b && c }",
	}},
	{"operand left out", `func f(m map[string]bool, key, prefix string) bool {
	v, ok := m[prefix+key]
	return ok && v
}`, []string{
		"v, ok := m[prefix+key] => v, ok := m[prefix]",
		"v, ok := m[prefix+key] => v, ok := m[key]",
		"return ok && v => return (ok && (true || v))",
		"return ok && v => return ((true || ok) && v)",
	}},
	{"comparison", `func f(a, b int) bool {
	return a < b ||
		a >= b ||
		a != b
}`, []string{
		"return a < b || => return a <= b ||",
		"a >= b || => a > b ||",
		"a != b => a == b",
	}},
	{"not left out", `func f(ok bool) bool {
	return !ok
}`, []string{"return !ok => return ok"}},
	{"number", `const limit = 64 << 10
func f(b []byte) bool {
	return b[0] == 'e'
}`, []string{
		"const limit = 64 << 10 => const limit = 65 << 10",
		"const limit = 64 << 10 => const limit = 63 << 10",
		"const limit = 64 << 10 => const limit = 64 << 11",
		"const limit = 64 << 10 => const limit = 64 << 9",
		"return b[0] == 'e' => return b[1] == 'e'",
		"return b[0] == 'e' => return b[0] == ('e' + 1)",
		"return b[0] == 'e' => return b[0] == ('e' - 1)",
	}},
	{"arithmetic", `func f(a, b int) int {
	a += b
	a++
	return a*b - -b
}`, []string{
		"a += b => a -= b",
		"a++ => a--",
		"return a*b - -b => return a/b - -b",
		"return a*b - -b => return a*b + -b",
		"return a*b - -b => return a*b - b",
	}},
	{"truth value", `func f() bool {
	return true
}`, []string{"return true => return false"}},
	{"string", `import "fmt"

func f(get func(string) string) string {
	fmt.Println("two words are for people")
	return get("If-Match")
}`, []string{`return get("If-Match") => return get("If-Matchx")`}},
	{"field's tag", "type T struct {\n\tID string `json:\"id,omitempty\"`\n\tHidden string `json:\"-\"`\n}", []string{
		"ID string `json:\"id,omitempty\"` => ID string `json:\"idx,omitempty\"`",
		"ID string `json:\"id,omitempty\"` => ID string `json:\"id\"`",
	}},
	{"bounds", `func f(b []byte, i, n int) []byte {
	for range n {
		b[i] = 1
	}
	for range b {
		i++
	}
	return b[i:]
}`, []string{
		"for range n { => for range n+1 {",
		"for range n { => for range n-1 {",
		"b[i] = 1 => b[i+1] = 1",
		"b[i] = 1 => b[i-1] = 1",
		"for range b { => for range b[min(1, len(b)):] {",
		"for range b { => for range b[:max(0, len(b)-1)] {",
		"return b[i:] => return b[i+1:]",
		"return b[i:] => return b[i-1:]",
	}},
	{"statement left out", `func f(close func(), c chan int, n int) (m int) {
	defer close()
	m = n
	c <- n
	close()
	go close()
	k := n
	m = k
	return
}`, []string{
		"defer close() =>",
		"m = n =>",
		"c <- n =>",
		"close() =>",
		"go close() =>",
		"m = k => _, _ = m, k", // or k would be unused
		"return =>",            // at the end nothing else happens, but that does not compile
	}},
	{"case left out", `func f(c, d chan int, n int) int {
	select {
	case n = <-c:
	case <-d:
	}
	switch n {
	case 1, 2:
		return 1
	default:
		return 2
	}
}`, []string{
		"case n = <-c: =>",
		"case <-d: =>",
		"case 1, 2: return 1 =>",
		"case 1, 2: => case 2:",
		"case 1, 2: => case 1:",
		"default: return 2 =>",
	}},
	{"element left out", `type T struct{ A, B int }
var t = T{A: 1, B: 2}
var only = T{A: 1}
var unkeyed = T{1, 2}
var l = []string{"a", "b"}
`, []string{
		"var t = T{A: 1, B: 2} => var t = T{B: 2}",
		"var t = T{A: 1, B: 2} => var t = T{A: 1}",
		"var only = T{A: 1} => var only = T{}",
		`var l = []string{"a", "b"} => var l = []string{"b"}`,
		`var l = []string{"a", "b"} => var l = []string{"a"}`,
	}},
	{"call left out", `import "strings"
type T struct{}
func (t T) with(n int) T { return t }
func f(s string, l []int, t T) (string, []int, T) {
	s = strings.ToLower(s)
	s = strings.Repeat(s, 2)
	l = append(l, 1)
	_ = make([]int, 2)
	return string(s), l, t.with(1)
}`, []string{
		"s = strings.ToLower(s) => s = s",
		"s = strings.Repeat(s, 2) => s = s",
		"l = append(l, 1) => l = l",
		"return string(s), l, t.with(1) => return string(s), l, t",
	}},
	{"break for continue", `func f(n int) {
	for {
		if n > 1 {
			break
		}
		continue
	}
}`, []string{"break => continue", "continue => break"}},
	{"arguments exchanged", `import (
	"errors"
	"fmt"
)
func g(a, b string, n int) {}
func f(a, b string, err, other error) bool {
	g(a, b, 1)
	g(a, a, 1)
	_ = max(1, len(a))
	_ = errors.Join(err, other)
	a = fmt.Sprintf("%s/%s", a, b)
	return errors.Is(err, other)
}`, []string{
		"g(a, b, 1) => g(b, a, 1)",
		`a = fmt.Sprintf("%s/%s", a, b) => a = fmt.Sprintf("%s/%s", b, a)`,
		"return errors.Is(err, other) => return errors.Is(other, err)",
	}},
	{"results exchanged", `func f(a, b string) (string, string, error) {
	return a, b, nil
}`, []string{"return a, b, nil => return b, a, nil"}},
	{"error swallowed", `func f(g func() (int, error)) (int, error) {
	h := func() error {
		_, err := g()
		return err
	}
	if n, err := g(); err != nil {
		return n, err
	}
	return 0, h()
}`, []string{
		"return err => _ = err; return nil",
		"return n, err => return n, nil",
		"return 0, h() => _ = h; return 0, nil",
	}},
	{"error swapped", `import (
	"errors"
	"fmt"
	"io"
)
var ErrA, ErrB, other = errors.New("a"), errors.New("b"), 1
func f(err error) error {
	if errors.Is(err, ErrA) {
		return io.EOF
	}
	return fmt.Errorf("f: %w", ErrB)
}`, []string{
		"if errors.Is(err, ErrA) { => if errors.Is(err, ErrB) {",
		"return io.EOF => return io.ErrClosedPipe",
		`return fmt.Errorf("f: %w", ErrB) => return fmt.Errorf("f: %w", ErrA)`,
	}},
	{"constant swapped", `import "net/http"
type Kind string
const (
	First Kind = "first"
	Second Kind = "second"
)
func f(k Kind) int {
	if k == Second {
		return http.StatusConflict
	}
	return 0
}`, []string{
		"if k == Second { => if k == First {",
		"return http.StatusConflict => return http.StatusTeapot",
	}},
}

func TestEachOperatorMakesItsFaults(t *testing.T) {
	files := map[string]string{}
	for i, c := range operatorCases {
		files[fmt.Sprintf("p%02d/p.go", i)] = "package p\n\n" + c.source + "\n"
	}
	all := Candidates(load(t, files))
	tested := map[string]bool{}
	for i, c := range operatorCases {
		tested[c.operator] = true
		var got []string
		for _, cand := range all {
			if cand.Source.Path != fmt.Sprintf("p%02d/p.go", i) || cand.Operator != c.operator {
				continue
			}
			m, err := cand.compile()
			if err != nil {
				t.Logf("%s: %s: %v", c.operator, change(m), err)
			}
			got = append(got, change(m))
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.operator, d)
		}
	}
	for _, o := range operators {
		if !tested[o.name] {
			t.Errorf("operator %q has no case here", o.name)
		}
	}
}

// change is what a mutant changes, on one line.
func change(m Mutant) string {
	var old, replaced []string
	for _, l := range m.hunk().lines {
		switch text := strings.TrimSpace(l[1:]); {
		case l[0] == '-':
			old = append(old, text)
		case l[0] == '+' && text != "":
			replaced = append(replaced, text)
		}
	}
	return strings.TrimSpace(strings.Join(old, " ") + " => " + strings.Join(replaced, " "))
}

// load makes a module of some files and loads its packages.
func load(t *testing.T, files map[string]string) []*Package {
	t.Helper()
	root := t.TempDir()
	files["go.mod"] = "module m\n\ngo 1.26\n"
	for name, text := range files {
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pkgs, err := Load(context.Background(), "go", root, "./...", []string{"apparatus"})
	if err != nil {
		t.Fatal(err)
	}
	return pkgs
}
