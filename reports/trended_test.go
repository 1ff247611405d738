package reports

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// measuredRuns are runs of burst with 40 repetitions, as the gate plays it, each with another
// seed: what they differ by is the noise between runs.
var measuredRuns = sync.OnceValues(func() ([]measure.Measurement, error) {
	const seeds, repetitions = 60, 40
	var plan measure.Plan
	for seed := range uint64(seeds) {
		run, err := scenarios.Prepare("burst", scenarios.Choice{Seed: seed + 1, Repetitions: repetitions})
		if err != nil {
			return nil, err
		}
		plan.Points = append(plan.Points, measure.Point{Run: *run, Replay: fmt.Sprint("simulate run burst --world virtual --runs 40 --seed ", seed+1)})
	}
	measured, err := measure.Play(context.Background(), plan, measure.Config{Workers: 2})
	var all []measure.Measurement
	for _, m := range measured {
		all = append(all, m.Measurement)
	}
	return all, err
})

var trendBegan = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

// madeRuns are so many runs that differ as measured ones do. From a run on, operations need
// as many attempts as a factor says.
func madeRuns(t testing.TB, seed uint64, n, from int, factor float64) []KeptRun {
	t.Helper()
	measured, err := measuredRuns()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 0))
	var runs []KeptRun
	for i := range n {
		m := measured[r.IntN(len(measured))]
		m.Seed = uint64(i) // or the same one twice would be compared exactly
		version := "aaaaaaaaaaaa"
		if i >= from {
			version = "bbbbbbbbbbbb"
			m.Attempts.Mean *= factor
			m.Rates = maps.Clone(m.Rates)
			m.Rates["puts.per_update"] *= factor
			m.Rates["cost_usd.per_1000_commits"] *= factor
		}
		runs = append(runs, KeptRun{
			Name: fmt.Sprint("run-", i), When: trendBegan.Add(time.Duration(i) * time.Hour), Environment: Environment{Version: version}, Run: m,
		})
	}
	return runs
}

// allTrended are trends of every word.
func allTrended(t testing.TB) map[string]Trended {
	all := map[string]Trended{
		"trend-worse": trend(madeRuns(t, 3, 40, 30, 1.05)), "trend-steady": trend(madeRuns(t, 3, 40, 40, 1)), "trend-unclear": trend(madeRuns(t, 3, 4, 4, 1)),
	}
	all["trend-left-out"] = NewTrended(nil, []LeftOut{{"a", "b"}}, NewTrendRules())
	return all
}

func trend(runs []KeptRun) Trended { return NewTrended(runs, nil, NewTrendRules()) }

// followed is a metric of the only series.
func followed(t *testing.T, trended Trended, name string) *TrendMetric {
	t.Helper()
	if len(trended.Series) != 1 {
		t.Fatalf("%d series", len(trended.Series))
	}
	for i := range trended.Series[0].Metrics {
		if m := &trended.Series[0].Metrics[i]; m.Metric == name {
			return m
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

// TestFivePercentAreFound in 190 of 200 series of runs that differ as measured ones do: not
// more than two runs from their place, and as soon as two runs have them.
func TestFivePercentAreFound(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector is twenty times slower here, and sees no other code")
	}
	const series = 200
	for _, after := range []int{2, 10} {
		found, sum := 0, 0.0
		for i := range uint64(series) {
			m := followed(t, trend(madeRuns(t, i, 30+after, 30, 1.05)), "attempts.mean")
			if c := m.latest(); c != nil && c.Verdict == Worse && c.At >= 28 && c.At <= 32 {
				found++
			}
			if m.Noise != nil {
				sum += *m.Noise
			}
		}
		t.Logf("of 30 runs and %d after the change: %d of %d; noise %.2g %%", after, found, series, 100*sum/series)
		if found < 190 {
			t.Errorf("%d runs after it a change of 5 %% is found in %d of %d series", after, found, series)
		}
	}
}

// TestNoChangeIsNone: of 200 series in which nothing has changed, in any of the metrics, at
// most four seem to.
func TestNoChangeIsNone(t *testing.T) {
	const series = 200
	alarms := 0
	for i := range uint64(series) {
		trended := trend(madeRuns(t, 1000+i, 40, 40, 1))
		if word, _ := trended.word(); word != wordSteady {
			alarms++
		}
	}
	t.Logf("%d of %d", alarms, series)
	if alarms > 4 {
		t.Errorf("in %d of %d series something seems to have changed", alarms, series)
	}
}

// TestOneSeedIsExact: runs of one seed that are the same differ nowhere, and the least
// difference is told at once, but is no regression.
func TestOneSeedIsExact(t *testing.T) {
	runs := madeRuns(t, 1, 3, 2, 1)
	for i := range runs {
		runs[i].Run = runs[0].Run
	}
	trended := trend(runs)
	if word, _ := trended.word(); word != wordSteady || !trended.Series[0].Exact || trended.Class() != Passed {
		t.Errorf("three times the same is %s: %+v", word, trended)
	}
	runs[2].Run.Attempts.Mean *= 1.0001
	rules := NewTrendRules()
	rules.FailOnChange = true
	trended = NewTrended(runs, nil, rules)
	m := followed(t, trended, "attempts.mean")
	if len(m.Changes) != 1 || m.Changes[0].At != 2 || m.Changes[0].Verdict != Slight || m.Changes[0].P != nil || trended.Class() != Passed {
		t.Errorf("changed by a hundredth of a percent: %+v, class %v", m.Changes, trended.Class())
	}
	runs[2].Run.Attempts.Mean *= 1.05
	trended = NewTrended(runs, nil, rules)
	if trended.Class() != Regressed || trended.Passed {
		t.Errorf("changed by five percent: class %v", trended.Class())
	}
	want := []Difference{{2, "version", "aaaaaaaaaaaa", "bbbbbbbbbbbb"}}
	if m := followed(t, trended, "attempts.mean"); !slices.Equal(m.Changes[0].Differs, want) {
		t.Errorf("differs %+v, want %+v", m.Changes[0].Differs, want)
	}
}

// TestTooFewRunsAreUnclear, and never steady.
func TestTooFewRunsAreUnclear(t *testing.T) {
	for _, n := range []int{1, 2, 9} {
		trended := trend(madeRuns(t, 1, n, n, 1))
		if m := followed(t, trended, "attempts.mean"); m.State != Unclear || m.Why == "" || trended.Class() != Inconclusive || trended.Passed {
			t.Errorf("%d runs: %+v, class %v", n, m, trended.Class())
		}
	}
	if trended := trend(nil); trended.Class() != Inconclusive {
		t.Errorf("no runs: class %v", trended.Class())
	}
	// A run in which nothing was acknowledged has no latency.
	runs := madeRuns(t, 1, 12, 12, 1)
	runs[3].Run.LatencyMS = nil
	trended := trend(runs)
	if m := followed(t, trended, "latency_ms.p99"); m.State != Steady || m.Values[3] != nil || m.Values[4] == nil {
		t.Errorf("latency with a gap: %+v", m)
	}
	for i := 4; i < 7; i++ {
		runs[i].Run.LatencyMS = nil
	}
	trended = trend(runs)
	if m := followed(t, trended, "latency_ms.p99"); m.State != Unclear || !strings.Contains(m.Why, "4 runs of 12 without a value") {
		t.Errorf("latency of eight runs: %+v", m)
	}
	if m := followed(t, trended, "attempts.mean"); m.State != Steady {
		t.Errorf("attempts beside it: %+v", m)
	}
}

// TestWhatFails: a recent change for the worse, if it is asked for; of real runs only if
// those count.
func TestWhatFails(t *testing.T) {
	long := madeRuns(t, 3, 41, 30, 1.05) // the change came eleven runs ago
	back := madeRuns(t, 3, 40, 20, 1.05)
	for i := 32; i < 40; i++ {
		back[i].Run = long[i-30].Run
		back[i].Run.Seed = uint64(i)
	}
	wallClock := madeRuns(t, 3, 40, 36, 1.05)
	for i := range wallClock {
		wallClock[i].Run.World = scenarios.RealWorld
	}
	fail, all := NewTrendRules(), NewTrendRules()
	fail.FailOnChange, all.FailOnChange, all.WallClock = true, true, true
	violated := madeRuns(t, 3, 40, 40, 1)
	violated[39].Run.Verdict = check.Violated
	recovered := madeRuns(t, 3, 40, 40, 1)
	recovered[38].Run.Verdict = check.Violated
	for _, tt := range []struct {
		name  string
		runs  []KeptRun
		rules TrendRules
		want  Class
	}{
		{"worse, nobody minds", madeRuns(t, 3, 40, 36, 1.05), NewTrendRules(), Passed},
		{"worse", madeRuns(t, 3, 40, 36, 1.05), fail, Regressed},
		{"better", madeRuns(t, 3, 40, 36, 0.95), fail, Passed},
		{"slightly worse", madeRuns(t, 3, 40, 30, 1.015), fail, Passed},
		{"worse long ago", long, fail, Passed},
		{"worse, and back", back, fail, Passed},
		{"real", wallClock, fail, Passed},
		{"real, which count", wallClock, all, Regressed},
		{"the last is violated", violated, fail, Violated},
		{"one before is violated", recovered, fail, Passed},
	} {
		trended := NewTrended(tt.runs, nil, tt.rules)
		if got := trended.Class(); got != tt.want {
			t.Errorf("%s: class %v, want %v: %s", tt.name, got, tt.want, trended.lead())
		}
	}
}

// TestSettingsThatGoToAndFro tell series apart; one that was changed once is told where the
// figures changed.
func TestSettingsThatGoToAndFro(t *testing.T) {
	runs := madeRuns(t, 5, 40, 40, 1)
	for i := range runs {
		if i%2 == 1 {
			runs[i].Run.Clients = 100
		}
		runs[i].Run.Replay = fmt.Sprintf("simulate run burst --latency 'normal(10ms,2ms)' --seed %d", i)
	}
	trended := trend(runs)
	for _, s := range trended.Series {
		if about := s.about(); !strings.Contains(about, "policy "+runs[0].Run.Policy) || strings.Count(about, "clients ") != 1 || !strings.Contains(about, "latency normal(10ms,2ms)") {
			t.Errorf("figures without the settings that they are of: %s", about)
		}
	}
	if len(trended.Series) != 2 || len(trended.Series[0].Runs) != 20 || !slices.Contains(trended.Series[1].Settings, Setting{"clients", "100"}) {
		t.Fatalf("clients to and fro: %+v", trended.Series)
	}
	runs = madeRuns(t, 5, 40, 20, 1.05)
	for i := range runs {
		runs[i].Run.Replay = "simulate run burst --latency 'normal(10ms,2ms)' --seed 1"
		if i >= 20 {
			runs[i].Run.Replay = "simulate run burst --latency 'normal(20ms,2ms)' --fault '503(rate=0.1)' --seed 1"
		}
	}
	want := []Difference{
		{20, "version", "aaaaaaaaaaaa", "bbbbbbbbbbbb"}, {20, "latency", "normal(10ms,2ms)", "normal(20ms,2ms)"}, {20, "fault", "", "503(rate=0.1)"},
	}
	m := followed(t, trend(runs), "attempts.mean")
	if len(m.Changes) != 1 || !slices.Equal(m.Changes[0].Differs, want) {
		t.Errorf("%+v, want %+v", m.Changes, want)
	}
}

// TestUnusableRunsAreLeftOut, and told.
func TestUnusableRunsAreLeftOut(t *testing.T) {
	runs := madeRuns(t, 5, 14, 14, 1)
	runs[1].Run.Interrupted = true
	runs[2].Run.Failure = "the disk is full"
	runs[3].Run.Counts = measure.Counts{}
	trended := trend(runs)
	if len(trended.Series[0].Runs) != 11 || len(trended.LeftOut) != 3 || trended.LeftOut[1] != (LeftOut{"run-2", "it could not go on: the disk is full"}) {
		t.Errorf("%d runs, left out %+v", len(trended.Series[0].Runs), trended.LeftOut)
	}
}

// TestTrendIsTold within the lines of a terminal, and the same each time.
func TestTrendIsTold(t *testing.T) {
	runs := madeRuns(t, 3, 40, 30, 1.05)
	text := formatted(t, "text", trend(runs))
	for _, want := range []string{"WORSE  burst, virtual world: attempts.mean worse +5", "since run 31 of 40", "version aaaaaaaaaaaa → bbbbbbbbbbbb", "none shown"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if lines := strings.Count(text, "\n"); lines > 25 {
		t.Errorf("%d lines:\n%s", lines, text)
	}
	many := NewTrended(nil, []LeftOut{{"run-x", "it was interrupted"}}, NewTrendRules())
	for i := range 30 {
		one := trend(madeRuns(t, uint64(i), 40, 30, []float64{1, 1.05, 1.01}[i%3])).Series[0]
		one.Scenario = fmt.Sprint("scenario-", i)
		many.Series = append(many.Series, one)
	}
	text = formatted(t, "text", many)
	if lines := strings.Count(text, "\n"); lines > 25 || !strings.HasPrefix(text, "WORSE  scenario-1,") || !strings.Contains(text, "27 other series are") {
		t.Errorf("of 30 series %d lines:\n%s", lines, text)
	}
	for _, format := range []string{"json", "html", "markdown"} {
		if once, again := formatted(t, format, trend(runs)), formatted(t, format, trend(runs)); once != again {
			t.Errorf("the %s differs each time", format)
		}
	}
	for i := range runs {
		runs[i].Environment.Version = "aaaaaaaaaaaa+changes"
	}
	if text := formatted(t, "text", trend(runs)); !strings.Contains(text, "changes that no commit has") {
		t.Errorf("it does not say that the version keeps something to itself:\n%s", text)
	}
}

// TestReadRuns: the runs of directories, of directories of such, and of documents of several
// runs, each once and in the order of their time.
func TestReadRuns(t *testing.T) {
	out := t.TempDir()
	runs := madeRuns(t, 5, 3, 3, 1)
	var dirs []string
	for i := range runs {
		dir := must(NewDirectory(out, "burst [1]", fmt.Sprint(i), trendBegan.Add(time.Duration(3-i)*time.Hour)))
		runs[i].Run.Directory = dir
		write(t, filepath.Join(dir, ResultFile), formatted(t, "json", NewResult(Environment{Version: "v"}, runs[i].Run)))
		dirs = append(dirs, dir)
	}
	if err := PointLatest(out, dirs[0]); err != nil {
		t.Fatal(err)
	}
	both := filepath.Join(t.TempDir(), "both.json")
	write(t, both, formatted(t, "json", NewResult(Environment{}, runs[0].Run, runs[1].Run)))
	swept := must(NewDirectory(out, "sweep", "x", trendBegan))
	write(t, filepath.Join(swept, ResultFile), `{"schema": "simulate.version/v1"}`)
	for _, paths := range [][]string{{out}, {filepath.Dir(dirs[0])}, dirs, {both, out}} {
		read, _, err := ReadRuns(paths)
		if err == nil {
			err = InTime(read)
		}
		if err != nil || len(read) != 3 {
			t.Fatalf("%s: %d runs, %v", paths, len(read), err)
		}
		for i := range read {
			if read[i].Name != dirs[2-i] || !read[i].When.Equal(trendBegan.Add(time.Duration(i+1)*time.Hour)) {
				t.Errorf("%s: run %d is %s of %s", paths, i, read[i].Name, read[i].When)
			}
		}
	}
	if _, left, err := ReadRuns([]string{out}); err != nil || len(left) != 1 || !strings.Contains(left[0].Why, "has no runs") {
		t.Errorf("left out %+v, %v", left, err)
	}
	if _, _, err := ReadRuns([]string{swept}); err == nil {
		t.Error("a document without runs, by its name, is no error")
	}
	if _, _, err := ReadRuns([]string{filepath.Join(out, "nothing")}); err == nil {
		t.Error("what is not there is no error")
	}
	runs[0].When = time.Time{}
	if err := InTime(runs); err == nil || !strings.Contains(err.Error(), "--in-order") {
		t.Errorf("a run without a time: %v", err)
	}
}

// TestShellWords: what ShellWord has put together.
func TestShellWords(t *testing.T) {
	got := shellWords(`simulate  run 'it'\''s' --policy 'full(base=5ms)' ''`)
	want := []string{"simulate", "run", "it's", "--policy", "full(base=5ms)", ""}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, word := range []string{"", "a b", "it's", `$x "y" \z`, "plain"} {
		if got := shellWords(ShellWord(word)); !slices.Equal(got, []string{word}) {
			t.Errorf("%q is read as %q", word, got)
		}
	}
}
