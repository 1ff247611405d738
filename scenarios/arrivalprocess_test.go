package scenarios

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"holdfast/scenarios/history"
)

// arriving are the times within a duration at which so many clients of a load begin, each by
// itself, and of how many clients there are.
func arriving(t *testing.T, load string, clients int, seed uint64) (of [][]time.Duration) {
	t.Helper()
	s := must(Parse("t", fmt.Appendf(nil, "name: t\nshows: T.\nduration: 100s\nactors: [{name: be, kind: backend, count: %d, load: %s}]\n", clients, load)))
	actor := &s.Actors[0]
	p := &repetition{compiled: &compiled{Run: &Run{Scenario: s, Seed: seed}}, number: 1, start: time.Unix(1000, 0)}
	end := p.start.Add(time.Duration(s.Duration))
	for n := range clients {
		f := performer{repetition: p, actor: actor, name: actor.memberName(n)}
		f.rng = stream(seed, s.Name, 1, f.name)
		a := f.arrivals()
		var all []time.Duration
		for at := a.next(); at.Before(end); at = a.next() {
			all = append(all, at.Sub(p.start))
		}
		of = append(of, all)
		f.rng = stream(seed, s.Name, 1, f.name)
		if again := f.arrivals(); again.left(end) != len(all) {
			t.Fatalf("%s: of %d arrivals %d are left at first", load, len(all), again.left(end))
		}
	}
	return of
}

// TestArrivalsHaveTheirRate, and the dispersion of their process: the variance of the number
// that all clients begin in a repetition by its mean. It is 1 of Poisson processes, however
// their rate varies, the number of clients of bursts, and nothing where it is always the same.
func TestArrivalsHaveTheirRate(t *testing.T) {
	const clients, repetitions, perSecond, seconds = 4, 3000, 0.3, 100
	for _, test := range []struct {
		load       string
		mean       float64 // of all clients together
		dispersion float64
	}{
		{"{rate: 0.3}", clients * perSecond * seconds, 1},
		{"{rate: 0.3, arrivals: poisson}", clients * perSecond * seconds, 1},
		{"{rate: 0.3, after: 50s}", clients * perSecond * seconds / 2, 1},
		{"{rate: 0.3, arrivals: bursts}", clients * perSecond * seconds, clients},
		{"{rate: 0.3, arrivals: periodic}", clients * perSecond * seconds, 0},
		{"{rate: 0.3, arrivals: periodic, after: 50s}", clients * perSecond * seconds / 2, 0},
		{"{rate: 0.3, arrivals: day}", clients * perSecond * seconds, 1},
		{"{rate: 0.3, arrivals: day, after: 50s}", clients * perSecond * seconds / 2, 1},
		{"{rate: 0.3, arrivals: 'curve(1,0,7)'}", clients * perSecond * seconds, 1},
		{"{rate: 0.3, arrivals: 'curve(3)', after: 50s}", clients * perSecond * seconds / 2, 1},
	} {
		var sum, squares float64
		for seed := range uint64(repetitions) {
			n := 0.0
			for _, all := range arriving(t, test.load, clients, seed) {
				if !slices.IsSorted(all) {
					t.Fatalf("%s: %v", test.load, all)
				}
				n += float64(len(all))
			}
			sum, squares = sum+n, squares+n*n
		}
		mean := sum / repetitions
		dispersion := (squares/repetitions - mean*mean) / mean
		// Five standard errors: of a mean, and of a variance of what is nearly normal.
		if off := 5*math.Sqrt(test.mean*test.dispersion/repetitions) + 1e-9; math.Abs(mean-test.mean) > off {
			t.Errorf("%s: %.2f arrivals, want %.2f ± %.2f", test.load, mean, test.mean, off)
		}
		if off := 5*test.dispersion*math.Sqrt(2./repetitions) + 1e-9; math.Abs(dispersion-test.dispersion) > off {
			t.Errorf("%s: the dispersion is %.3f, want %.3f ± %.3f", test.load, dispersion, test.dispersion, off)
		}
	}
}

// TestArrivalsComeTogether where they should: bursts and periods are those of all clients of an
// actor, whoever else there is.
func TestArrivalsComeTogether(t *testing.T) {
	for load, together := range map[string]bool{
		"{rate: 0.3}": false, "{rate: 0.3, arrivals: day}": false, "{rate: 0.3, arrivals: bursts}": true, "{rate: 0.3, arrivals: periodic}": true,
	} {
		for seed := range uint64(20) {
			of := arriving(t, load, 3, seed)
			if slices.Equal(of[0], of[1]) != together || slices.Equal(of[1], of[2]) != together {
				t.Errorf("%s: %v", load, of)
			}
		}
	}
	every := arriving(t, "{rate: 0.25, arrivals: periodic, after: 2s}", 1, 1)[0]
	for i, at := range every {
		if at != 2*time.Second+time.Duration(i)*4*time.Second {
			t.Errorf("period %d begins at %v", i+1, at)
		}
	}
	if len(every) != 25 {
		t.Errorf("%d periods", len(every))
	}
}

// TestRatesThatVaryFollowTheirCurve: the share of arrivals in each of twelve parts of the
// duration, by a χ² test at 0.1 %, and the integral by which those are counted that are not
// drawn any more.
func TestRatesThatVaryFollowTheirCurve(t *testing.T) {
	const parts = 12
	for _, arrivals := range []string{"day", "curve(1,0,7)", "curve(5,1,1,0.5)", "curve(2)"} {
		curve := must(parseArrivals(arrivals))
		hits, total := make([]float64, parts), 0.0
		for seed := range uint64(300) {
			for _, at := range arriving(t, "{rate: 1, arrivals: '"+arrivals+"'}", 1, seed)[0] {
				hits[int(at*parts/(100*time.Second))]++
				total++
			}
		}
		chi2, freedom := 0.0, -1.0
		for i := range parts {
			want := total * (curve.until(float64(i+1)/parts) - curve.until(float64(i)/parts))
			if want == 0 {
				if hits[i] > 0 {
					t.Errorf("%s: %v arrivals in part %d, where the rate is 0", arrivals, hits[i], i)
				}
				continue
			}
			chi2, freedom = chi2+(hits[i]-want)*(hits[i]-want)/want, freedom+1
		}
		if limit := freedom + 3.1*math.Sqrt(2*freedom) + 6; chi2 > limit {
			t.Errorf("%s: %v, χ² = %.1f with %v degrees of freedom", arrivals, hits, chi2, freedom)
		}
		sum, steps := 0.0, 12_000
		for i := range steps {
			x := (float64(i) + 0.5) / float64(steps)
			if r := curve.relative(x); r > curve.highest()+1e-12 || r < 0 {
				t.Errorf("%s: the rate at %v is %v, the highest %v", arrivals, x, r, curve.highest())
			}
			sum += curve.relative(x) / float64(steps)
			if i%1000 == 999 {
				if until := curve.until(float64(i+1) / float64(steps)); math.Abs(until-sum) > 1e-3 {
					t.Errorf("%s: until %v it is %v, want %v", arrivals, x, until, sum)
				}
			}
		}
		if curve.until(0) != 0 || math.Abs(curve.until(1)-1) > 1e-12 || curve.until(3) != curve.until(1) {
			t.Errorf("%s: %v until the end", arrivals, curve.until(1))
		}
	}
}

// TestArrivalsThatAreNotDrawn are counted by their mean.
func TestArrivalsThatAreNotDrawn(t *testing.T) {
	for _, arrivals := range []string{"poisson", "bursts", "periodic", "day", "curve(1,3)"} {
		l := &Load{Rate: 50_000, Arrivals: must(parseArrivals(arrivals))}
		p := &repetition{compiled: &compiled{Run: &Run{Scenario: &Scenario{Name: "t", Duration: Duration(100 * time.Second)}}}, number: 1, start: time.Unix(1000, 0)}
		f := performer{repetition: p, actor: &Actor{Name: "be", Load: l}, rng: stream(1, "t", 1, "be")}
		a := f.arrivals()
		if n := a.left(p.start.Add(100 * time.Second)); math.Abs(float64(n)-5_000_000) > 10_000 {
			t.Errorf("%s: %d are left, want 5,000,000", arrivals, n)
		}
	}
}

// TestArrivalsAreBegunOrCounted: an operation that was due and not begun is counted as never
// begun, in any process, and latency counts from the burst.
func TestArrivalsAreBegunOrCounted(t *testing.T) {
	for _, arrivals := range []string{"bursts", "periodic", "day", "curve(1,2)"} {
		source := "name: t\nshows: T.\nduration: 100s\nactors: [{name: be, kind: backend, count: 3, load: {rate: 0.3, arrivals: '" + arrivals + "'}}]\n"
		_, events := inMemory(t, source, func(_ *Run, s *plain) { s.takes = 2 * time.Second })
		want := 0
		for _, all := range arriving(t, "{rate: 0.3, arrivals: '"+arrivals+"'}", 3, 1) {
			want += len(all)
		}
		n, _ := skipped(events)
		if arrivals == "bursts" || arrivals == "periodic" { // of streams that nothing else draws on
			if b := begun(events); b+n != want || b == 0 || n == 0 {
				t.Errorf("%s: %d begun and %d not, want %d", arrivals, b, n, want)
			}
		} else if n == 0 {
			t.Errorf("%s: nothing is left of a load that is too high", arrivals)
		}
		first := slices.IndexFunc(events, func(e *history.Event) bool { return e.Kind == history.Invoke && e.Due > 0 })
		if arrivals != "periodic" && first < 0 {
			t.Errorf("%s: no operation says when it was due", arrivals)
		}
	}
}

func TestParseArrivals(t *testing.T) {
	for _, text := range []string{"poisson", "bursts", "periodic", "day", "curve(1,2.5,0)"} {
		a, err := parseArrivals(text)
		if err != nil || a.String() != text {
			t.Errorf("%s: %v, %v", text, a, err)
		}
	}
	for _, text := range []string{"", "curve", "curve()", "curve(0,0)", "curve(1,-1)", "curve(1,NaN)", "curve(1,+Inf)", "curve(1", "day(2)", "bursts(3)", "Poisson"} {
		if a, err := parseArrivals(text); err == nil {
			t.Errorf("%q is read as %v", text, a)
		}
	}
}
