package mutate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// Candidate is a place and what could stand there instead.
type Candidate struct {
	Source   *Source
	Operator string
	Start    int // of what is replaced, in bytes
	End      int
	// Texts are spellings of the same fault. The first that compiles counts: leaving
	// something out may leave a variable unused, and then a later one uses it.
	Texts []string
}

// Mutant is a candidate that compiles.
type Mutant struct {
	Candidate
	Text string // what stands there instead
}

// Apply is the file with the mutant in it.
func (m Mutant) Apply() []byte { return m.with(m.Text) }

func (c Candidate) with(text string) []byte {
	return slices.Concat(c.Source.Text[:c.Start], []byte(text), c.Source.Text[c.End:])
}

// ID names the mutant by what it makes of its file.
func (m Mutant) ID() string {
	sum := sha256.Sum256(slices.Concat([]byte(m.Source.Path), []byte{0}, m.Apply()))
	return hex.EncodeToString(sum[:8])
}

// Line is where the change begins.
func (c Candidate) Line() int {
	start := c.Start
	for start < c.End && strings.ContainsRune(" \t\n", rune(c.Source.Text[start])) {
		start++
	}
	return 1 + bytes.Count(c.Source.Text[:start], []byte("\n"))
}

// walk goes through one file and collects candidates.
type walk struct {
	*Source
	stack []ast.Node // the node under the operators last
	found []Candidate
	// inText: what surrounds the node makes text for people, an error's or a
	// panic's, where another word or number changes nothing that is promised.
	inText bool
	name   string // of the operator at work
}

// Candidates are all that the operators find in the packages, in the order of the text.
func Candidates(pkgs []*Package) []Candidate {
	var all []Candidate
	for _, p := range pkgs {
		for _, s := range p.Sources {
			w := &walk{Source: s}
			for _, d := range s.ast.Decls {
				w.visit(d)
			}
			all = append(all, distinct(w.found)...)
		}
	}
	return all
}

// distinct orders what was found, and drops what another operator makes as well.
func distinct(found []Candidate) []Candidate {
	slices.SortStableFunc(found, func(a, b Candidate) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return a.End - b.End
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(found, func(c Candidate) bool {
		m := Mutant{c, c.Texts[0]}
		if bytes.Equal(bytes.TrimSpace(c.Source.Text[c.Start:c.End]), bytes.TrimSpace([]byte(m.Text))) {
			return true
		}
		id := m.ID()
		defer func() { seen[id] = true }()
		return seen[id]
	})
}

// visit offers a node to every operator, then goes into it.
func (w *walk) visit(n ast.Node) {
	if n == nil || w.uninteresting(n) {
		return
	}
	w.stack = append(w.stack, n)
	before := w.inText
	w.inText = before || w.makesText(n)
	for _, op := range operators {
		if !before && !w.inText || op.inText {
			w.name = op.name
			op.find(w, n)
		}
	}
	children(n, w.visit)
	w.inText = before
	w.stack = w.stack[:len(w.stack)-1]
}

// children calls visit for each direct child.
func children(n ast.Node, visit func(ast.Node)) {
	ast.Inspect(n, func(child ast.Node) bool {
		if child == nil || child == n {
			return child != nil
		}
		visit(child)
		return false
	})
}

// parent is the node above the one under the operators; n = 1 is the nearest.
func (w *walk) parent(n int) ast.Node {
	if i := len(w.stack) - 1 - n; i >= 0 {
		return w.stack[i]
	}
	return nil
}

// add notes a candidate from one position to another.
func (w *walk) add(from, to token.Pos, texts ...string) {
	w.found = append(w.found, Candidate{
		Source: w.Source, Operator: w.name, Start: w.offset(from), End: w.offset(to), Texts: texts,
	})
}

// replace notes a candidate in place of a node.
func (w *walk) replace(n ast.Node, texts ...string) { w.add(n.Pos(), n.End(), texts...) }

func (w *walk) offset(p token.Pos) int { return w.pkg.fset.Position(p).Offset }

func (w *walk) text(n ast.Node) string {
	return string(w.Text[w.offset(n.Pos()):w.offset(n.End())])
}

// operand is the node's text in a form that keeps together beside any operator.
func (w *walk) operand(n ast.Node) string {
	switch n.(type) {
	case *ast.Ident, *ast.BasicLit, *ast.SelectorExpr, *ast.CallExpr, *ast.IndexExpr, *ast.ParenExpr, *ast.SliceExpr:
		return w.text(n)
	}
	return "(" + w.text(n) + ")"
}
