package reports

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"holdfast/reports/compare"
	"holdfast/scenarios/measure"
)

// Contender is a result that is compared, with what is known of its repetitions.
type Contender struct {
	Source string
	Result
	// Settings of each run, as [scenarios.Run.Settings] lists them; nil: they are not known.
	Settings []map[string]string
	// Partial: what it lacks of the other was not asked for.
	Partial bool
}

// ReadContender reads a run's directory, the file of a result, or a baseline. Errors are those
// of [Read] and [measure.OpenRepetitions].
func ReadContender(path string) (Contender, error) {
	d, err := Read(path)
	if err != nil {
		return Contender{}, err
	}
	switch d := d.(type) {
	case Baseline:
		return d.Contender(path)
	case Result:
		c := Contender{Source: path, Result: d, Settings: make([]map[string]string, len(d.Runs))}
		for i := range c.Runs {
			if err := c.addRepetitions(i, path); err != nil {
				return c, err
			}
		}
		return c, nil
	}
	return Contender{}, &UnreadableError{path, "is " + kindOf(d) + "; what can be compared are results of simulate run, and baselines"}
}

// addRepetitions adds those of a run, if they are kept beside the document or, else, where it
// says that the run is kept.
func (c *Contender) addRepetitions(i int, path string) error {
	run := &c.Runs[i]
	beside := path
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		beside = filepath.Dir(path)
	}
	for _, dir := range []string{beside, c.RunDirectory(i)} {
		if dir == "" {
			continue
		}
		kept, err := measure.OpenRepetitions(filepath.Join(dir, RepetitionsFile))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return err
		}
		if ofRun(kept, run) {
			run.Each, c.Settings[i] = kept.Each, kept.Settings
			return nil
		}
	}
	return nil
}

// ofRun reports whether repetitions are a run's: a directory may have been given to another.
func ofRun(r *measure.Repetitions, m *measure.Measurement) bool {
	acknowledged, puts, gets := 0, 0, 0
	for i := range r.Each {
		acknowledged, puts, gets = acknowledged+r.Each[i].Acknowledged, puts+r.Each[i].Puts, gets+r.Each[i].Gets
	}
	return r.Scenario == m.Scenario && r.Core == m.Core && r.World == m.World && r.Policy == m.Policy && r.Clients == m.Clients &&
		r.Seed == m.Seed && r.Wanted == m.Repetitions &&
		acknowledged == m.Counts.Acknowledged && puts == m.Counts.Puts && gets == m.Counts.Gets
}

func (c *Contender) program() compare.Program {
	e := &c.Environment
	return compare.Program{Version: e.Version, Go: e.Go, OS: e.OS, Arch: e.Arch, CPUs: e.CPUs}
}

func (c *Contender) side() compare.Side {
	s := compare.Side{Program: c.program(), Partial: c.Partial}
	for i := range c.Runs {
		run := compare.Run{Measurement: c.Runs[i]}
		if i < len(c.Settings) {
			run.Settings = c.Settings[i]
		}
		s.Runs = append(s.Runs, run)
	}
	return s
}

func (c *Contender) opponent() Opponent {
	return Opponent{Source: c.Source, Program: c.program(), Outcome: outcomes[c.own()], NotReached: c.NotReached}
}
