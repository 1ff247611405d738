package mutate

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatPeopleReadIsLeftAlone(t *testing.T) {
	all := Candidates(load(t, map[string]string{
		"p/p.go": `package p

import (
	"errors"
	"fmt"
	"log/slog"
)

var _ fmt.Stringer = (*T)(nil)
var errMissing = errors.New("missing")

type T struct{ n int }

func (t *T) String() string { return "" + fmt.Sprint(t.n) } // read back, so it counts
func (t *T) Error() string  { return fmt.Sprint("failed", t.n+1) }

func invalid(format string, args ...any) error { return fmt.Errorf(format, args...) }

func f(l *slog.Logger, t *T) (int, error) {
	l.Info("done", slog.Int("n", t.n+1))
	made := make([]int, 0, t.n+7)
	known := make(map[int]int, 7)
	_ = 7
	_, _ = made, known
	if t == nil {
		panic("f: " + "impossible")
	}
	if t.n == 1 {
		return 0, invalid("name %d of %d", t.n, 7)
	}
	return 0, fmt.Errorf("f: %d of %d", t.n, 7)
}
`,
		"p/p_test.go":       "package p\n\nfunc g() bool { return true }\n",
		"apparatus/a.go":    "package apparatus\n\nfunc g() bool { return true }\n",
		"apparatus/b/b.go":  "package b\n\nfunc g() bool { return true }\n",
		"apparatusnot/a.go": "package apparatusnot\n\nfunc g() bool { return true }\n",
	}))
	var got []string
	for _, c := range all {
		m, err := c.compile()
		if err == nil {
			got = append(got, change(m))
		}
	}
	want := []string{
		`return true`,
		`func (t *T) String() string`,
		`if t == nil {`,
		`if t.n == 1 {`,
		`func invalid(format string`,
		`return 0, invalid("name %d of %d", t.n, 7) => return 0, nil`,
		`made := make([]int, 0, t.n+7) => made := make([]int, 1, t.n+7)`,
		`return 0, fmt.Errorf("f: %d of %d", t.n, 7) => return 0, nil`,
	}
	for _, g := range got {
		if !slices.ContainsFunc(want, func(w string) bool { return strings.Contains(g, w) }) {
			t.Errorf("a mutant of what nobody relies on: %s", g)
		}
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, w) }) {
			t.Errorf("no mutant of %s", w)
		}
	}
}
