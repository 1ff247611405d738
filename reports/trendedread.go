package reports

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast/scenarios/measure"
)

// ReadRuns reads the runs of results: of a run's directory, of a file, or of all directories
// of runs in a directory, or in those in it. In a directory of many, what has no runs or can't
// be told is left out. Each run comes once.
func ReadRuns(paths []string) (runs []KeptRun, left []LeftOut, err error) {
	seen := map[string]bool{}
	for _, path := range paths {
		inside := within(path)
		for _, dir := range inside {
			d, err := Read(dir)
			if err == nil {
				if _, isResult := d.(Result); !isResult {
					err = &UnreadableError{dir, "is " + kindOf(d) + ", which has no runs"}
				}
			}
			unreadable, isMistake := errors.AsType[*UnreadableError](err)
			switch {
			case isMistake && dir != path:
				left = append(left, LeftOut{dir, unreadable.Why})
				continue
			case err != nil:
				return nil, nil, err
			}
			for _, run := range runsOf(dir, d.(Result)) {
				if id := run.id(); id == "" || !seen[id] {
					seen[id] = true
					runs = append(runs, run)
				}
			}
		}
	}
	return runs, left, nil
}

// runsOf are the runs of a document that was read from a place.
func runsOf(path string, r Result) []KeptRun {
	var runs []KeptRun
	var written time.Time
	for _, file := range []string{path, filepath.Join(path, ResultFile)} {
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			written = info.ModTime()
		}
	}
	for i := range r.Runs {
		run := KeptRun{Name: path, Environment: r.Environment, Run: r.Runs[i], written: written}
		run.repetitions = func() []measure.Repetition {
			c := Contender{Result: r, Settings: make([]map[string]string, len(r.Runs))}
			c.Runs = slices.Clone(c.Runs)
			if err := c.addRepetitions(i, path); err != nil { // then its totals are all that is known
				return nil
			}
			return c.Runs[i].Each
		}
		if own := run.Run.Directory; own != "" && len(r.Runs) > 1 {
			run.Name = own
		}
		run.When = cmp.Or(timeOf(run.Run.Directory), timeOf(path))
		runs = append(runs, run)
	}
	return runs
}

// id tells a run from all others, wherever its document is read.
func (p *KeptRun) id() string {
	if p.Run.Directory == "" {
		return ""
	}
	return p.Run.Scenario + " " + filepath.Base(p.Run.Directory)
}

// timeOf is when a run began whose directory has a name as [NewDirectory] gives; zero: it
// has another.
func timeOf(dir string) time.Time {
	began, _, _ := strings.Cut(filepath.Base(dir), "-")
	t, _ := time.Parse(directoryTime, began)
	return t
}

// InTime sorts runs by when they began, and those of the same second by when their documents
// were written. It fails if nobody says when one began.
func InTime(runs []KeptRun) error {
	for i := range runs {
		if runs[i].When.IsZero() {
			return fmt.Errorf("%s does not say when it was run: name the runs in their order, with --in-order", runs[i].Name)
		}
	}
	slices.SortStableFunc(runs, func(a, b KeptRun) int { return cmp.Or(a.When.Compare(b.When), a.written.Compare(b.written)) })
	return nil
}

// within are the directories of runs in a directory of such, or in those in it, in the order
// of their names; of anything else, itself alone.
func within(path string) []string {
	if holds(path, ResultFile) {
		return []string{path}
	}
	var found []string
	for _, dir := range directories(path) {
		if holds(dir, ResultFile) {
			found = append(found, dir)
			continue
		}
		for _, inner := range directories(dir) {
			if holds(inner, ResultFile) {
				found = append(found, inner)
			}
		}
	}
	if len(found) == 0 {
		return []string{path}
	}
	return found
}

// directories are those in a directory; links, such as to the latest run, are none.
func directories(path string) []string {
	entries, _ := os.ReadDir(path) // of what is none, there are none
	var all []string
	for _, e := range entries {
		if e.IsDir() {
			all = append(all, filepath.Join(path, e.Name()))
		}
	}
	return all
}
