package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// gateFile takes a program and parts by their names; with --list it names them.
const gateFile = ".ci/gate"

// part is a part of the gate, and what it cost with the unmutated program.
type part struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// limit is how long the part may take with a mutant. A machine that others use may have
// become slower by an order of magnitude since the part was measured; ending a mutant
// that does not hang would count as a catch that is none.
func (p part) limit() time.Duration {
	return 2*time.Minute + time.Duration(10*p.Seconds*float64(time.Second))
}

// listParts asks the gate for its parts.
func (r *runner) listParts(ctx context.Context) ([]string, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(r.root, gateFile), "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("%s --list: %w", gateFile, err)
	}
	var names []string
	for l := range strings.Lines(string(out)) {
		if f := strings.Fields(l); len(f) > 0 {
			names = append(names, f[0])
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s --list names no part", gateFile)
	}
	return names, nil
}

// play runs one part of the gate over the program of a bench.
func (b bench) play(ctx context.Context, name string, limit time.Duration) (ended, error) {
	return command{
		dir: b.root, env: append(b.env(), "SIMULATE_OUT="+filepath.Join(b.dir, "out")), memory: b.memory, limit: limit, echo: b.echo,
		args: []string{filepath.Join(b.root, gateFile), b.programFile(), name},
	}.run(ctx)
}

// measure runs the gate over the unmutated program. It must pass: otherwise nothing
// that a mutant does would say anything.
func (r *runner) measure(ctx context.Context) error {
	b, err := r.bench("unmutated", nil)
	if err != nil {
		return err
	}
	defer b.close()
	built, err := b.build(ctx)
	if err == nil && built.code != 0 {
		err = fmt.Errorf("the unmutated program does not build: %s", strings.TrimSpace(built.output))
	}
	if err != nil {
		return err
	}
	if r.original, err = b.fingerprint(); err != nil {
		return err
	}
	names, err := r.listParts(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		seconds, known := r.kept.seconds(r.tree.gate, name)
		if !known {
			e, err := b.play(ctx, name, 0)
			if err != nil {
				return err
			}
			if e.code != 0 {
				return fmt.Errorf("the unmutated program fails part %s of the gate (exit %d), so mutants would show nothing: run make simulate\n%s",
					name, e.code, lastLines(e.output, 20))
			}
			seconds = e.took.Seconds()
			r.say("unmutated  %-10s passes  %.1fs", name, seconds)
			if err := r.kept.keepPart(r.tree.gate, name, seconds); err != nil {
				return err
			}
		}
		r.parts = append(r.parts, part{name, seconds})
	}
	// The gate has its own order, for people. A mutant wants to die cheaply.
	slices.SortStableFunc(r.parts, func(a, b part) int {
		switch {
		case a.Seconds < b.Seconds:
			return -1
		case a.Seconds > b.Seconds:
			return 1
		}
		return 0
	})
	return nil
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// judge plays the parts over a mutant until one fails.
func (b bench) judge(ctx context.Context, f *Fate) (ended, error) {
	for _, p := range b.parts {
		e, err := b.play(ctx, p.Name, p.limit())
		if err != nil {
			return e, err
		}
		how := verdict(e)
		if how == "" {
			continue
		}
		// A violation, a crash and a hang are the mutant's. Anything else may be a busy
		// machine's, in a part that plays in real time: what is no noise happens again.
		if !e.timedOut && !e.panicked() && e.code != 3 {
			again, err := b.play(ctx, p.Name, p.limit())
			if err != nil {
				return again, err
			}
			if verdict(again) == "" {
				f.Unsteady = append(f.Unsteady, p.Name+": "+how)
				continue
			}
			e, how = again, verdict(again)
		}
		f.Part, f.How = p.Name, how
		return e, nil
	}
	return ended{}, nil
}

// verdict is how a part failed, or nothing.
func verdict(e ended) string {
	switch {
	case e.timedOut:
		return "timeout"
	case e.code == 0:
		return ""
	case e.panicked():
		return "panic"
	case e.code == 3:
		return "violated"
	}
	return fmt.Sprintf("exit %d", e.code)
}
