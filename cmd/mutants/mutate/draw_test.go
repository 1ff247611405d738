package mutate

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
)

const small = `package p

import "errors"

var ErrA, ErrB = errors.New("a"), errors.New("b")

func f(n int, l []string) (string, error) {
	if n < 0 || n >= len(l) {
		return "", ErrA
	}
	for i := range n {
		if l[i] == "" {
			return "", ErrB
		}
	}
	return l[n], nil
}
`

func TestSameSeedSameMutants(t *testing.T) {
	draw := func(seed uint64) (ids []string) {
		for m := range Draw(Candidates(load(t, map[string]string{"p/p.go": small})), seed) {
			ids = append(ids, m.ID())
		}
		return ids
	}
	one := draw(1)
	if !slices.Equal(one, draw(1)) {
		t.Error("seed 1 drew two different lists from the same text")
	}
	two := draw(2)
	if slices.Equal(one, two) {
		t.Error("seeds 1 and 2 drew the same list")
	}
	slices.Sort(one)
	slices.Sort(two)
	if len(one) < 20 || !slices.Equal(one, two) || len(slices.Compact(one)) != len(two) {
		t.Errorf("seeds should order the same %d distinct candidates", len(one))
	}
}

func TestDiffNamesTheLines(t *testing.T) {
	for _, c := range Candidates(load(t, map[string]string{"p/p.go": small})) {
		m, err := c.compile()
		if err != nil || change(m) != "if n < 0 || n >= len(l) { => if n < 0 || n > len(l) {" {
			continue
		}
		want := `--- a/p/p.go
+++ b/p/p.go
@@ -5,7 +5,7 @@
 var ErrA, ErrB = errors.New("a"), errors.New("b")
 
 func f(n int, l []string) (string, error) {
-	if n < 0 || n >= len(l) {
+	if n < 0 || n > len(l) {
 		return "", ErrA
 	}
 	for i := range n {
`
		if m.Diff() != want || m.Line() != 8 {
			t.Errorf("line %d\n%s", m.Line(), m.Diff())
		}
		return
	}
	t.Error("no such mutant")
}

const sound = `A comment.

## p/p.go
Whoever calls f knows
that n is no index.
@@ -8,1 +8,1 @@ pasted
-	if n < 0 || n >= len(l) {
+	if n < 0 || n > len(l) {

## p/p.go
The same text, in another place.
@@
 	for i := range n {
-		if l[i] == "" {
+		if l[i] != "" {
`

func TestEquivalentsAreKnownByWhatTheyChange(t *testing.T) {
	list, err := ParseEquivalents("list", []byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Reason != "Whoever calls f knows that n is no index." {
		t.Fatalf("%+v", list)
	}
	// Lines above do not matter.
	moved := strings.Replace(small, "\nfunc f", "\n// More text.\n\nfunc g() {}\n\nfunc f", 1)
	for _, text := range []string{small, moved} {
		all := Candidates(load(t, map[string]string{"p/p.go": text}))
		if bad := Misfits("list", list, all); bad != nil {
			t.Error(bad)
		}
		matched := 0
		for _, c := range all {
			if m, err := c.compile(); err == nil && (list[0].Matches(m) || list[1].Matches(m)) {
				matched++
			}
		}
		if matched != 2 {
			t.Errorf("%d mutants match the two entries", matched)
		}
	}
}

func TestEntriesThatFitNothingOrTooMuchAreTold(t *testing.T) {
	list, err := ParseEquivalents("list", []byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	all := Candidates(load(t, map[string]string{"p/p.go": strings.Replace(small, "n >= len(l)", "len(l) <= n", 1)}))
	bad := Misfits("list", list, all)
	if len(bad) != 1 || !strings.Contains(bad[0], "list:3: p/p.go has no such mutant any more") {
		t.Error(bad)
	}
	twice := small + strings.ReplaceAll(small[max(strings.Index(small, "func f"), 0):], "func f", "func g")
	bad = Misfits("list", list, Candidates(load(t, map[string]string{"p/p.go": twice})))
	if len(bad) != 2 || !strings.Contains(bad[0], "describes 2 mutants") {
		t.Error(bad)
	}
}

func TestEntriesGiveAReasonAndAChange(t *testing.T) {
	for text, want := range map[string]string{
		"## a.go\n@@\n-a\n+b\n":    "list:1: the entry gives no reason",
		"\n## a.go\nwhy\n@@\n a\n": "list:2: the entry changes nothing",
		"\n## a.go\nwhy\n-a\n+b\n": "list:2: the entry changes nothing",
	} {
		if _, err := ParseEquivalents("list", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestListedEquivalentsExist: an entry that fits no mutant of this tree hides nothing
// today and may hide something else tomorrow.
func TestListedEquivalentsExist(t *testing.T) {
	text, err := os.ReadFile("../equivalent.txt")
	if err != nil {
		t.Fatal(err)
	}
	list, err := ParseEquivalents("cmd/mutants/equivalent.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	pkgs, err := Load(context.Background(), "go", "../../..", "./archive/...", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range Misfits("cmd/mutants/equivalent.txt", list, Candidates(pkgs)) {
		t.Error(bad)
	}
}
