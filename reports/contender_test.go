package reports

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"holdfast/scenarios/measure"
)

// keep writes a result and its repetitions as a run's directory has them.
func keep(t *testing.T, dir string, c Contender, kept *measure.Repetitions) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ResultFile), []byte(formatted(t, "json", c.Result)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(dir, RepetitionsFile), kept.Write); err != nil {
		t.Fatal(err)
	}
}

// TestWhichRepetitions are a run's: those beside its document, if they are its own, and else
// those where it was kept first.
func TestWhichRepetitions(t *testing.T) {
	c := repeated("storm", 5, nil)
	m := &c.Runs[0]
	for i := range m.Each {
		m.Counts.Gets += m.Each[i].Gets
	}
	m.Directory = filepath.Join(t.TempDir(), "recorded")
	file := func(each []measure.Repetition) *measure.Repetitions {
		return &measure.Repetitions{
			Schema: measure.RepetitionsSchema, Scenario: m.Scenario, Core: m.Core, World: m.World, Policy: m.Policy, Clients: m.Clients,
			Seed: m.Seed, Wanted: m.Repetitions, Each: each,
		}
	}
	moved := slices.Clone(m.Each)
	moved[0].P99MS = 777
	keep(t, m.Directory, c, file(m.Each))
	for name, want := range map[string]struct {
		change func(r *measure.Repetitions)
		p99    float64
	}{
		"own":               {func(*measure.Repetitions) {}, 777},
		"of another policy": {func(r *measure.Repetitions) { r.Policy = "none" }, 90},
		"of another world":  {func(r *measure.Repetitions) { r.World = "real" }, 90},
		"of more clients":   {func(r *measure.Repetitions) { r.Clients++ }, 90},
		"of other reads":    {func(r *measure.Repetitions) { r.Each = slices.Clone(r.Each); r.Each[0].Gets++ }, 90},
	} {
		dir := filepath.Join(t.TempDir(), "copied")
		r := file(moved)
		want.change(r)
		keep(t, dir, c, r)
		got, err := ReadContender(dir)
		if err != nil || len(got.Runs[0].Each) != 5 || got.Runs[0].Each[0].P99MS != want.p99 {
			t.Errorf("%s: %v, %+v", name, err, got.Runs[0].Each)
		}
	}
}
