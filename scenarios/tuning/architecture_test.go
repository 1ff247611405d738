package tuning

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
)

// compared is a search that has compared architectures, with a policy as the best retries.
func compared(t testing.TB, r scenarios.Run, all bool, workers int) *search {
	t.Helper()
	r.Policy = archive.DefaultPolicy()
	c := Config{Run: r, Objective: objective(t, DefaultObjective), Incumbents: DefaultIncumbents(), Workers: workers, Architectures: all}
	s := &search{Config: c, player: c.player(), result: &Result{}}
	var err error
	if s.scale, err = s.measureScale(t.Context(), c.Objective); err != nil {
		t.Fatal(err)
	}
	if err := s.measureStability(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !s.result.unstable() {
		s.promised = s.measure(policy(t, "full(base=90ms,cap=1s,retries=60,deadline=25s)"))
	}
	if err := s.compareArchitectures(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestArchitectures of thirty writers at once: none is left out, what is known of them comes
// out, and twice the same.
func TestArchitectures(t *testing.T) {
	numbers(t)
	s := compared(t, run(t, "backend-fan-in", 30, standard), true, 2)
	a := s.result.Architectures
	names := []string{}
	for i := range a.Rows {
		row := &a.Rows[i]
		names = append(names, row.Name)
		if row.LeftOut != "" || row.P99 == nil || row.Operations < validOperations || row.NotStored > 0 || row.Carries == nil || row.Carries.Of != "clients" {
			t.Errorf("%+v", row)
		}
	}
	if want := []string{AsIs, BestRetries, AdaptiveWaits, Capped, FIFOSingles, Batches, FIFOBatches, SplitObject, GroupCommit, OneProcess, OneZone}; !slices.Equal(names, want) {
		t.Errorf("rows %v", names)
	}
	batches, singles, retries := a.Of(FIFOBatches), a.Of(FIFOSingles), a.Of(BestRetries)
	if batches.P99.High > 320 || batches.P99.Value > 300 || batches.Puts > 0.11 || batches.Price.Queue <= 0 || batches.Price.Total() > 1.5 {
		t.Errorf("FIFO with batches of ten: p99 %+v, %.3f puts, %+v", batches.P99, batches.Puts, batches.Price)
	}
	if singles.Puts != 1 || singles.P99.Value < 5*batches.P99.Value || retries.P99.Value < singles.P99.Value || retries.Puts < 3 {
		t.Errorf("FIFO: %+v; retries: %+v", singles, retries)
	}
	if batches.Carries.Most < 10*30 || retries.Carries.Most > 100 || retries.Carries.Missed == "" {
		t.Errorf("carried: %+v, and with retries %+v", batches.Carries, retries.Carries)
	}
	if a.Recommended != FIFOBatches || !slices.Contains(a.Frontier, FIFOBatches) || !slices.Contains(a.Frontier, OneProcess) || slices.Contains(a.Frontier, BestRetries) {
		t.Errorf("recommended %s, frontier %v", a.Recommended, a.Frontier)
	}
	if len(a.Sensitivity) != 4 || len(a.Sensitivity[0].Cells) != len(a.Rows) {
		t.Fatalf("%+v", a.Sensitivity)
	}
	for i, grows := range []bool{false, true, true, false} { // half and twice the clients, half and twice the commits
		at := a.Sensitivity[i].Cells[6]
		if at.Name != FIFOBatches || at.P99 == nil || *at.P99 > batches.P99.Value != grows {
			t.Errorf("%s: %+v, as it is %.0f", a.Sensitivity[i].Setting, at, batches.P99.Value)
		}
	}
	again := compared(t, run(t, "backend-fan-in", 30, standard), true, 1)
	if one, other := encoded(t, a), encoded(t, again.result.Architectures); one != other {
		t.Errorf("one worker finds\n%s\nand two\n%s", other, one)
	}
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAnOverloadedArchitectureHasNoP99: where retries can't carry the load a batch can, and
// that is said though nothing was searched.
func TestAnOverloadedArchitectureHasNoP99(t *testing.T) {
	numbers(t)
	a := compared(t, rated(t, 40, standard), false, 2).result.Architectures
	if retries := a.Of(BestRetries); !retries.Unstable || retries.P99 != nil || retries.Meets() {
		t.Errorf("%+v", retries)
	}
	if batches := a.Of(FIFOBatches); batches.Unstable || batches.P99 == nil || batches.P99.Value > 1000 || !batches.Meets() {
		t.Errorf("%+v", batches)
	}
	if a.Complete || a.Recommended != FIFOBatches || len(a.Rows) != 3 || len(a.Sensitivity) > 0 {
		t.Errorf("%+v", a)
	}
}

// TestWhatIsLeftOut, and why.
func TestWhatIsLeftOut(t *testing.T) {
	queues := []string{Capped, FIFOSingles, Batches, FIFOBatches, GroupCommit, OneProcess}
	for _, c := range []struct {
		scenario, latency string
		out               []string
		why               string
	}{
		{"backend-fan-in", standard, nil, ""},
		{"backend-fan-in", "normal(10ms,2ms)", []string{OneZone}, "not s3-standard"},
		{"backend-fan-in", "s3-express", []string{OneZone}, "what the scenario has"},
		{"two-users", standard, append(queues, SplitObject), "timeline"},
		{"create-race", standard, append(queues, SplitObject), "all but one"},
		{"", standard, append(queues, SplitObject), "edit"},
	} {
		r := written(t, "name: t\nshows: T.\nactors: [{name: ann, kind: user, count: 3, load: {operations: 2}}]\n", c.latency)
		if c.scenario != "" {
			r = run(t, c.scenario, 0, c.latency)
		}
		conf := Config{Run: r, Workers: 1}
		s := &search{Config: conf, player: conf.player(), result: &Result{}}
		s.attempt, s.window, s.patience, s.bounds = r.Latency().Attempt(), time.Second, Patience(r.Scenario), archive.Policy{Retries: 100}
		s.promised = s.measure(archive.DefaultPolicy())
		var out []string
		for _, a := range s.architectures() {
			if a.leftOut == "" {
				continue
			}
			if out = append(out, a.name); !strings.Contains(a.leftOut, c.why) {
				t.Errorf("%s: no %s: %s", c.scenario, a.name, a.leftOut)
			}
		}
		slices.Sort(out)
		slices.Sort(c.out)
		if !slices.Equal(out, c.out) {
			t.Errorf("%s with %s leaves out %v, want %v", c.scenario, c.latency, out, c.out)
		}
	}
}

// TestChangesAreAsPlayed: the lines that a user is to write are what was played.
func TestChangesAreAsPlayed(t *testing.T) {
	r := run(t, "backend-fan-in", 30, standard)
	conf := Config{Run: r, Workers: 1}
	s := &search{Config: conf, player: conf.player(), result: &Result{}}
	s.attempt, s.window, s.patience, s.bounds = r.Latency().Attempt(), time.Second, Patience(r.Scenario), archive.Policy{Retries: 100}
	s.promised = s.measure(archive.DefaultPolicy())
	played := 0
	for _, a := range s.architectures() {
		for _, o := range a.options {
			want, err := o.of(r)
			if err != nil {
				t.Fatalf("%s: %v", a.name, err)
			}
			source := "name: t\nshows: T.\nactors: [{name: be, kind: backend, count: 30, load: {operations: 1}}]\n"
			for _, line := range o.diff(&r) {
				if added, ok := strings.CutPrefix(line, "+"); ok {
					source += added + "\n"
				}
			}
			got, err := scenarios.Parse("x.yaml", []byte(source))
			if err != nil {
				t.Fatalf("%s: %v\n%s", a.name, err, source)
			}
			if got.Queue != want.Scenario.Queue || got.Group != want.Scenario.Group || got.Objects != want.Scenario.Objects && o.parts > 0 {
				t.Errorf("%s: written is %+v %+v %+v, played %+v %+v %+v", a.name, got.Queue, got.Group, got.Objects, want.Scenario.Queue, want.Scenario.Group, want.Scenario.Objects)
			}
			if got.Policy != nil && got.Policy.Policy != o.policy {
				t.Errorf("%s: written is %v, played %v", a.name, got.Policy, o.policy)
			}
			played++
		}
	}
	if played < 50 {
		t.Errorf("%d settings", played)
	}
}

// TestLargest load, wherever it is.
func TestLargest(t *testing.T) {
	for _, most := range []float64{0, 1, 2, 29, 30, 31, 100, 1000, 5000} {
		plays := 0
		low, missed, err := largest(30, 1024, 1, func(n float64) (string, error) {
			if plays++; n > most {
				return "it is too much", nil
			}
			return "", nil
		})
		want := min(most, 960) // the last of the doublings
		if err != nil || low > want || low < want*0.94 || (missed == "") != (most >= 960) || plays > 20 {
			t.Errorf("%v is found as %v, %q, %v with %d plays", most, low, missed, err, plays)
		}
	}
}

// TestChoice: of those that meet the objective the best, and of equals the cheapest; who
// loses updates is not on the frontier, however fast.
func TestChoice(t *testing.T) {
	r := run(t, "backend-fan-in", 3, "normal(10ms,2ms)")
	conf := Config{Run: r, Workers: 1, Objective: objective(t, DefaultObjective)}
	s := &search{Config: conf, player: conf.player(), result: &Result{}}
	s.patience = Patience(r.Scenario)
	c := &comparison{search: s, best: map[string]*trial{}}
	fit := policy(t, "full(base=90ms,cap=1s,retries=60,deadline=25s)")
	m := playedBy(t, r, fit, 1, 20) // any: p99 is taken from the trial
	a := &Architectures{}
	for _, row := range []struct {
		name            string
		p99, usd, stray float64
		missed          []string
	}{
		{BestRetries, 3000, 30, 0, nil}, {"lossy", 100, 1, 0.2, []string{"exhausted.rate<1e-6"}},
		{OneZone, 80, 0.5, 0, nil}, {"dear", 290, 9, 0, nil}, {"cheap", 300, 2, 0, nil}, {"cheapest", 900, 1, 0, nil},
	} {
		a.Rows = append(a.Rows, Architecture{
			Name: row.name, Policy: &fit, P99: &Interval{Value: row.p99, Low: row.p99, High: row.p99}, NotStored: row.stray, Price: Price{Store: row.usd}, Missed: row.missed,
		})
		if row.name == OneZone {
			a.Rows[len(a.Rows)-1].Demands = "one zone"
		}
		c.best[row.name] = &trial{measured: m}
	}
	s.Objective = objective(t, "min latency_ms.p99")
	c.choose(a)
	if want := []string{OneZone, "dear", "cheap", "cheapest"}; !slices.Equal(a.Frontier, want) {
		t.Errorf("frontier %v, want %v", a.Frontier, want)
	}
	if a.Recommended != "cheapest" || a.Evidence == "" { // all have the p99 of the one measurement
		t.Errorf("recommended %q: %s", a.Recommended, a.Evidence)
	}
}
