package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"holdfast/cmd/mutants/mutate"
)

// equivalentsFile lists mutants that were shown to change nothing.
const equivalentsFile = "cmd/mutants/equivalent.txt"

// runner is one run.
type runner struct {
	options
	stderr io.Writer
	sayMu  sync.Mutex

	temp     string
	tree     tree
	kept     *kept
	parts    []part // the cheapest first
	original string // the unmutated program's fingerprint

	candidates []mutate.Candidate
	known      []mutate.Equivalent
	misfits    []string

	mu          sync.Mutex // guards what follows
	drawn       []*drawn
	uncompiled  int // candidates that the type checker refused
	unbuildable int // … and the compiler
}

// drawn is a mutant that counts.
type drawn struct {
	mutate.Mutant
	number int
	listed *mutate.Equivalent
	fate   Fate
	done   bool
}

func (r *runner) run(ctx context.Context) (err error) {
	if r.temp, err = os.MkdirTemp("", "mutants-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.temp)
	if r.kept, err = openKept(r.out, r.fresh); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.kept.file.Close()) }()
	if r.tree, err = hashTree(ctx, r.root, r.goTool); err != nil {
		return err
	}
	if err := r.find(ctx); err != nil {
		return err
	}
	if err := r.measure(ctx); err != nil {
		return err
	}
	if r.tests {
		if err := r.testsPass(ctx); err != nil {
			return err
		}
	}
	return r.work(ctx)
}

// find reads the packages and the list of equivalents.
func (r *runner) find(ctx context.Context) error {
	pkgs, err := mutate.Load(ctx, r.goTool, r.root, r.packages, r.except)
	if err != nil {
		return err
	}
	files := 0
	for _, p := range pkgs {
		files += len(p.Sources)
	}
	r.candidates = mutate.Candidates(pkgs)
	if len(r.candidates) == 0 {
		return fmt.Errorf("-packages %s: nothing in it can be mutated", r.packages)
	}
	r.say("%d candidates in %d files of %s", len(r.candidates), files, r.packages)
	text, err := os.ReadFile(filepath.Join(r.root, equivalentsFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if r.known, err = mutate.ParseEquivalents(equivalentsFile, text); err != nil {
		return err
	}
	r.misfits = mutate.Misfits(equivalentsFile, r.known, r.candidates)
	for _, m := range r.misfits {
		r.say("%s", m)
	}
	return nil
}

// work draws mutants and sees what becomes of them, jobs at a time.
func (r *runner) work(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next, stop := iter.Pull2(mutate.Draw(r.candidates, r.seed))
	defer stop()
	var drawing sync.Mutex
	r.drawn = []*drawn{}
	var workers sync.WaitGroup
	for range r.jobs {
		workers.Go(func() {
			for ctx.Err() == nil {
				drawing.Lock()
				d := r.draw(next)
				drawing.Unlock()
				if d == nil {
					return
				}
				if r.only != 0 && d.number != r.only {
					continue
				}
				if err := r.settle(ctx, d); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// draw takes the next mutant that compiles, or nil if there are enough.
func (r *runner) draw(next func() (mutate.Mutant, error, bool)) *drawn {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.drawn)-r.unbuildable < r.n {
		m, err, ok := next()
		if !ok {
			return nil
		}
		if err != nil {
			r.uncompiled++
			continue
		}
		d := &drawn{Mutant: m, number: len(r.drawn) + 1}
		for i := range r.known {
			if r.known[i].Matches(m) {
				d.listed = &r.known[i]
			}
		}
		r.drawn = append(r.drawn, d)
		return d
	}
	return nil
}

// settle finds out what becomes of a mutant, or remembers it.
func (r *runner) settle(ctx context.Context, d *drawn) error {
	f, known := r.kept.fate(r.tree.gate, d.ID())
	known = known && r.only == 0
	fromTests := known && f.undecided() && r.tests && f.Tested != r.tree.tests
	if !known || fromTests {
		var err error
		if f, err = r.try(ctx, d, f, fromTests); err != nil {
			return err
		}
		if now, err := hashTree(ctx, r.root, r.goTool); err != nil {
			return err
		} else if now.gate != r.tree.gate || r.tests && now.tests != r.tree.tests {
			return errors.New("the tree was changed while mutants of it were running: run it again, on a tree that rests")
		}
		if err := r.kept.keepFate(r.tree.gate, d.ID(), f); err != nil {
			return err
		}
	}
	r.mu.Lock()
	d.fate, d.done = f, true
	if f.Unbuildable != "" {
		r.unbuildable++
	}
	r.mu.Unlock()
	again := ""
	if known && !fromTests {
		again = ", as before"
	}
	r.say("%3d of %d  %s:%d  %s: %s  %.1fs%s", d.number, r.n, d.Source.Path, d.Line(), d.Operator, d.story(), f.Seconds, again)
	return nil
}

// undecided: no part of the gate and no test has seen it.
func (f Fate) undecided() bool {
	return f.Unbuildable == "" && !f.SameObject && f.Part == "" && f.Test == ""
}

// try builds a mutant and plays the gate over it, and the tests if they are wanted;
// only the latter if the gate has played before.
func (r *runner) try(ctx context.Context, d *drawn, before Fate, testsOnly bool) (f Fate, err error) {
	start := time.Now()
	defer func() { f.Seconds += time.Since(start).Seconds() }()
	b, err := r.bench(d.ID(), &d.Mutant)
	if err != nil {
		return f, err
	}
	defer b.close()
	if r.only != 0 {
		b.echo = r.stderr
		r.say("mutant %d, %s\n%s", d.number, d.Operator, d.Diff())
	}
	var last ended
	if testsOnly {
		f = before
	} else if last, err = b.gate(ctx, d, &f); err != nil {
		return f, err
	}
	if f.undecided() && r.tests {
		f.Tested = r.tree.tests
		if last, err = b.test(ctx, d.Source.PackagePath(), &f); err != nil {
			return f, err
		}
	}
	if last.output != "" {
		err = os.WriteFile(filepath.Join(r.out, d.ID()+".log"), []byte(d.Diff()+"\n"+last.output), 0o644)
	}
	return f, err
}

// gate builds the mutant and plays the parts over it.
func (b bench) gate(ctx context.Context, d *drawn, f *Fate) (ended, error) {
	built, err := b.build(ctx)
	if err != nil {
		return built, err
	}
	if built.code != 0 || built.timedOut {
		f.Unbuildable = lastLines(built.output, 3)
		return built, nil
	}
	program, err := b.fingerprint()
	if err != nil {
		return built, err
	}
	if program == b.original {
		f.SameProgram = true
		f.SameObject, err = b.sameObject(ctx, d.Source.PackagePath())
		return ended{}, err
	}
	return b.judge(ctx, f)
}

func (r *runner) say(format string, args ...any) {
	r.sayMu.Lock()
	defer r.sayMu.Unlock()
	fmt.Fprintf(r.stderr, "mutants: %s\n", strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}
