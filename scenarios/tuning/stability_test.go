package tuning

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios"
)

// rated are ten back ends that update one document at a rate for half a minute.
func rated(t testing.TB, perSecond float64, latency string) scenarios.Run {
	t.Helper()
	return written(t, fmt.Sprintf(`
name: rated
shows: Ten back ends that append at a rate.
why: For tests.
duration: 30s
actors:
  - {name: backend, kind: backend, count: 10, load: {rate: %g}}
`, perSecond/10), latency)
}

// weighed is a search that has compared what is offered with what can be carried.
func weighed(t testing.TB, r scenarios.Run) *search {
	t.Helper()
	c := Config{Run: r, Objective: objective(t, DefaultObjective), Incumbents: DefaultIncumbents(), Workers: 2}
	s := &search{Config: c, player: c.player(), result: &Result{}}
	var err error
	if s.scale, err = s.measureScale(t.Context(), c.Objective); err != nil {
		t.Fatal(err)
	}
	if err := s.measureStability(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStability at half of what is carried, near it, and beyond.
func TestStability(t *testing.T) {
	numbers(t)
	most := weighed(t, rated(t, 1, standard)).result.Stability
	if c := most.Carried; most.Ceiling < 15 || most.Ceiling > 15.5 || c.Value < 0.75*most.Ceiling || c.Low > most.Ceiling {
		t.Fatalf("the store commits %.1f a second, and %+v are carried", most.Ceiling, c)
	}
	for _, of := range []struct {
		share          float64
		unstable, near bool
	}{{0.5, false, false}, {0.95, false, true}, {1.2, true, false}} {
		t.Run(fmt.Sprint(of.share), func(t *testing.T) {
			s := weighed(t, rated(t, of.share*most.Carried.Value, standard))
			st := s.result.Stability
			if st.Unstable != of.unstable || of.unstable != (len(s.result.Missed) > 0) {
				t.Fatalf("%+v, missed: %v", st, s.result.Missed)
			}
			if overload := slices.ContainsFunc(s.result.Advice, func(a Advice) bool { return a.Rule == "overload" }); overload != of.unstable {
				t.Errorf("%+v", s.result.Advice)
			}
			if of.unstable {
				return
			}
			s.promised = s.measure(st.Policy)
			s.result.Recommendation = &Recommendation{Validated: &Policy{Meets: true}}
			if err := s.endure(t.Context()); err != nil {
				t.Fatal(err)
			}
			if near := slices.ContainsFunc(s.result.Advice, func(a Advice) bool { return a.Rule == "near-capacity" }); near != of.near || near != (st.Growth != nil) {
				t.Errorf("%+v, growth %+v", s.result.Advice, st.Growth)
			}
		})
	}
}

// TestAPolicyThatCarriesLess than another, and less than is offered, is seen to grow; one
// that carries it is not.
func TestAPolicyThatCarriesLess(t *testing.T) {
	numbers(t)
	for text, unstable := range map[string]bool{
		"full(base=89ms,cap=360ms,retries=300,deadline=25s)": false,
		"full(base=10s,cap=20s,retries=300,deadline=10m)":    true, // it sleeps while there is room
	} {
		s := weighed(t, rated(t, 12, standard))
		s.promised = s.measure(policy(t, text))
		s.result.Passed, s.result.Recommendation = true, &Recommendation{Validated: &Policy{Meets: true}}
		if err := s.endure(t.Context()); err != nil {
			t.Fatal(err)
		}
		st := s.result.Stability
		if s.result.Passed == unstable || unstable != (len(s.result.Missed) > 0) || s.result.Recommendation.Validated.Meets == unstable {
			t.Errorf("%s: carries %+v, growth %+v, missed %v", text, st.Recommended, st.Growth, s.result.Missed)
		}
	}
}

// TestAnUnstableLoadIsSaidFirst and nothing is searched.
func TestAnUnstableLoadIsSaidFirst(t *testing.T) {
	numbers(t)
	c := Config{Run: rated(t, 40, standard), Objective: objective(t, DefaultObjective), Incumbents: DefaultIncumbents(), Workers: 2, Evaluations: 1}
	r, err := Tune(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Passed || r.Recommendation != nil || len(r.Missed) != 1 || len(r.Advice) != 1 || r.Plan.Candidates != 0 || r.Plan.Evaluations < 1 {
		t.Fatalf("%+v", r)
	}
	for _, want := range []string{"4 parts", "5 updates or more in one write", "group commit"} {
		if !strings.Contains(r.Advice[0].Text, want) {
			t.Errorf("it does not speak of %s: %s", want, r.Advice[0].Text)
		}
	}
}

// TestClientsCanBeTooFew: one that does an update after the other in 80 ms does not do 15 a
// second, though its object would take them; and a stall is no sign of what can be carried.
func TestClientsCanBeTooFew(t *testing.T) {
	alone := func(rate int, faults string) *search {
		return weighed(t, written(t, fmt.Sprintf(`
name: alone
shows: A back end that appends at a rate.
why: For tests.
duration: 10s
faults: [%s]
actors:
  - {name: backend, kind: backend, load: {rate: %d}}
`, faults, rate), "constant(20ms)"))
	}
	s := alone(15, "")
	if st := s.result.Stability; !st.Unstable || math.Abs(st.Carried.Value-12.5) > 0.5 {
		t.Fatalf("%+v", st)
	}
	if text := s.result.Advice[0].Text; !strings.Contains(text, "2 clients instead of 1") || strings.Contains(text, "split") {
		t.Error(text)
	}
	if text := alone(40, "").result.Advice[0].Text; !strings.Contains(text, "4 clients instead of 1") || !strings.Contains(text, "split into 2 parts") {
		t.Error(text)
	}
	if st := alone(5, "'slow(nth=20,by=8s)'").result.Stability; st.Unstable || st.Carried.Value < 12 {
		t.Errorf("%+v", st)
	}
}

// TestWhatIsOffered counts loads with a rate, and of each object its share.
func TestWhatIsOffered(t *testing.T) {
	for yaml, want := range map[string][2]float64{
		"actors: [{name: a, kind: backend, count: 4, load: {rate: 0.5}}]":                                                                {2, 2},
		"actors: [{name: a, kind: backend, count: 4, load: {operations: 3}}]":                                                            {0, 0},
		"actors: [{name: a, kind: backend, count: 4, load: {rate: 0.5, operations: 3}}]":                                                 {0, 0}, // it ends
		"objects: {count: 4}\nactors: [{name: a, kind: backend, count: 4, load: {rate: 1}}, {name: b, kind: user, load: {think: 10ms}}]": {4, 1},
		"objects: {count: 2, popularity: zipf(2)}\nactors: [{name: u, kind: user, count: 2, load: {rate: 1, saves: 5}}]":                 {10, 8}, // 1 to 1/4
		"objects: {count: 3, keys: hash}\nactors: [{name: a, kind: backend, count: 1, load: {rate: 3}}]":                                 {3, 3},  // one client has one document
	} {
		r := written(t, "name: offered\nshows: A load.\nwhy: For tests.\nduration: 10s\n"+yaml+"\n", standard)
		if got := [2]float64{offered(r.Scenario), offeredToOne(r.Scenario)}; math.Abs(got[0]-want[0]) > 1e-9 || math.Abs(got[1]-want[1]) > 1e-9 {
			t.Errorf("%s: %v, want %v", yaml, got, want)
		}
	}
}

// TestNWritersAreNotSaidOfRates: a text about a load with a rate says the rate.
func TestNWritersAreNotSaidOfRates(t *testing.T) {
	r := rated(t, 12, standard)
	f := &facts{writers: 10, offered: offeredToOne(r.Scenario), commit: commitTime(&r)}
	if text := f.demand(); !strings.Contains(text, "12.0 updates a second") || strings.Contains(text, "writers") {
		t.Error(text)
	}
	if text := f.load(); text != "12.0 updates a second" {
		t.Error(text)
	}
	f.offered = 0
	if text := f.demand(); !strings.Contains(text, "10 writers") {
		t.Error(text)
	}
}

// TestAQueueIsPredictedByAnUpdatesOwnTime: thirty updates one after the other take as long
// as thirty that meet nobody, whatever a crowd would have made of them.
func TestAQueueIsPredictedByAnUpdatesOwnTime(t *testing.T) {
	r := run(t, "backend-fan-in", 30, exact) // an update takes four legs of 10 ms
	c := Config{Run: r, Objective: objective(t, DefaultObjective), Workers: 2}
	s := &search{Config: c, player: c.player(), scale: scale{batch: 4}}
	s.promised = s.measure(archive.DefaultPolicy())
	for _, v := range s.variants() {
		if v.serial == 0 {
			continue
		}
		text, err := s.predict(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "p99 1.20 s") {
			t.Error(text)
		}
		return
	}
	t.Error("no queue was predicted")
}

// TestAQueueOfARateIsPlayed: at half of what one writer can do, an update waits for less
// than ten others.
func TestAQueueOfARateIsPlayed(t *testing.T) {
	numbers(t)
	r := rated(t, 12.5, exact)
	c := Config{Run: r, Objective: objective(t, DefaultObjective), Workers: 2}
	s := &search{Config: c, player: c.player(), scale: scale{batch: 4}}
	i := slices.IndexFunc(s.variants(), func(v variant) bool { return strings.Contains(v.name, "queue") })
	v := s.variants()[i]
	if v.serial != 0 || v.scenario.Actors[0].Count != 1 || v.scenario.Actors[0].Load.Rate != 12.5 || r.Scenario.Actors[0].Load.Rate != 1.25 {
		t.Fatalf("%+v", v)
	}
	p := *s.player
	p.run.Scenario = v.scenario
	m := p.measure(archive.DefaultPolicy())
	if err := p.batches(t.Context(), m, streamAdvice, 4, 4); err != nil {
		t.Fatal(err)
	}
	if p99 := m.value(latencyP99); p99 < 80 || p99 > 400 || m.contended() {
		t.Errorf("p99 %.0f ms", p99)
	}
}
