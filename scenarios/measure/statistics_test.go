package measure

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// operation is what a test remembers of one, to compute the numbers anew.
type operation struct {
	load             bool
	repetition, puts int
	start, end       int64
	outcome          string // "" if it has no end
}

// randomRun makes the events of a run that never happened, and what they mean.
func randomRun(rng *rand.Rand) (events []*history.Event, ops []operation, begins []int64) {
	pick := func(all ...string) string { return all[rng.IntN(len(all))] }
	number := 0
	at := int64(rng.IntN(1e6))
	for repetition := range 1 + rng.IntN(4) {
		events = append(events, &history.Event{Kind: history.Put, Actor: history.SetupActor, At: at, Answer: history.OK})
		events = append(events, &history.Event{Kind: history.Begin, At: at, Repetition: repetition + 1})
		begins = append(begins, at)
		var open []int // indices into ops
		for range rng.IntN(200) {
			at += int64(rng.ExpFloat64() * math.Pow(10, float64(3+rng.IntN(6))))
			switch choice := rng.IntN(10); {
			case choice < 3 || len(open) == 0:
				number++
				op := operation{load: rng.IntN(4) == 0, repetition: repetition, start: at}
				e := &history.Event{Kind: history.Invoke, At: at, Op: number, Do: "append"}
				if op.load {
					e.Do = "load"
				}
				if rng.IntN(3) == 0 {
					e.Due = max(1, at-int64(rng.IntN(1e9)))
					op.start = e.Due
				}
				open, ops, events = append(open, number-1), append(ops, op), append(events, e)
			case choice < 7:
				i := open[rng.IntN(len(open))]
				kind := history.Get
				answer := pick(history.OK, history.NotFound, history.Unavailable)
				if rng.IntN(2) == 0 && !ops[i].load {
					kind, answer = history.Put, pick(history.OK, history.PreconditionFailed, history.Conflict, history.Throttled,
						history.UnknownAnswer, history.Unavailable, history.NotFound, history.OtherError)
					ops[i].puts++
				}
				events = append(events, &history.Event{Kind: kind, At: at, Op: i + 1, Answer: answer})
			case choice == 7 && rng.IntN(4) == 0:
				events = append(events, &history.Event{Kind: history.Skip, At: at, Count: 1 + rng.IntN(5), Text: pick("busy", "dead")})
			default:
				n := rng.IntN(len(open))
				i := open[n]
				open = slices.Delete(open, n, n+1)
				ops[i].end, ops[i].outcome = at, pick(history.Committed, history.Committed, history.Committed, history.UserConflict,
					history.Exhausted, history.Gone, history.Unknown, history.Failed, history.Cancelled, history.Crashed)
				events = append(events, &history.Event{Kind: history.Return, At: at, Op: i + 1, Outcome: ops[i].outcome})
			}
		}
		at += 1000
		events = append(events, &history.Event{Kind: history.Get, Actor: history.FinalActor, At: at, Answer: history.OK})
	}
	return append(events, &history.Event{Kind: history.End, At: at + 5}), ops, begins
}

// naive computes the counts by the book.
func naive(events []*history.Event, ops []operation) Counts {
	outcomes, answers := map[string]int{}, map[string]int{}
	c := Counts{}
	for _, op := range ops {
		if op.load && op.outcome != "" && op.outcome != history.Committed {
			c.FailedLoads++
		}
		if !op.load {
			outcomes[op.outcome]++
			c.Operations++
			c.Puts += op.puts
		}
	}
	for _, e := range events {
		if e.Kind == history.Skip {
			c.NeverBegun += e.Count
		}
		if e.Kind == history.Put && e.Op > 0 {
			answers[e.Answer]++
		}
		if e.Kind == history.Get && e.Op > 0 {
			c.Gets++
		}
	}
	c.Intended = c.Operations + c.NeverBegun
	c.Acknowledged, c.UserConflicts, c.Exhausted = outcomes[history.Committed], outcomes[history.UserConflict], outcomes[history.Exhausted]
	c.Gone, c.Failed, c.Cancelled = outcomes[history.Gone], outcomes[history.Failed], outcomes[history.Cancelled]
	c.EndedUnknown, c.Crashed, c.Unfinished = outcomes[history.Unknown], outcomes[history.Crashed], outcomes[""]
	c.Committed, c.Conflicts412, c.Conflicts409 = answers[history.OK], answers[history.PreconditionFailed], answers[history.Conflict]
	c.Throttled, c.UnknownOutcomes = answers[history.Throttled], answers[history.UnknownAnswer]
	c.RefusedOtherwise = answers[history.Unavailable] + answers[history.NotFound] + answers[history.OtherError]
	return c
}

// nearestRank is the smallest sample that at least this share does not exceed.
func nearestRank[T cmp.Ordered](sorted []T, percent float64) T {
	rank := int(math.Ceil(percent*float64(len(sorted))/100 - 1e-9))
	return sorted[max(rank, 1)-1]
}

func collect(events []*history.Event) *Measurement {
	c := NewCollector()
	for _, e := range events {
		c.Add(e)
	}
	r := &Measurement{}
	c.Fill(r, check.Counts{Lost: 1, Duplicated: 2, Overwritten: 3})
	return r
}

// TestCollectorAgainstNaiveRecomputation over runs of all kinds.
func TestCollectorAgainstNaiveRecomputation(t *testing.T) {
	for seed := range uint64(300) {
		events, ops, begins := randomRun(rand.New(rand.NewPCG(seed, 1)))
		r := collect(events)
		want := naive(events, ops)
		want.Lost, want.Duplicated, want.Overwritten = 1, 2, 3
		if diff := gocmp.Diff(want, r.Counts); diff != "" {
			t.Fatalf("seed %d: counts: %s", seed, diff)
		}
		if err := r.Counts.Balance(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		checkReasons(t, seed, r)
		var attempts []int
		var latency []float64
		last := slices.Clone(begins)
		for _, op := range ops {
			if op.load || op.outcome == "" {
				continue
			}
			if op.outcome != history.Crashed {
				last[op.repetition] = max(last[op.repetition], op.end)
			}
			if op.outcome == history.Committed {
				attempts = append(attempts, op.puts)
				latency = append(latency, max(float64((op.end-op.start)/1000)/1000, 0.001))
			}
		}
		checkAttempts(t, seed, r.Attempts, attempts)
		checkLatency(t, seed, r.LatencyMS, latency)
		var spans []float64
		for i := range begins {
			if last[i] > begins[i] {
				spans = append(spans, float64(last[i]-begins[i])/1e6)
			}
		}
		checkMakespan(t, seed, r.MakespanMS, spans)
		if want := float64(events[len(events)-1].At) / 1e6; r.Elapsed != want {
			t.Fatalf("seed %d: elapsed %v, want %v", seed, r.Elapsed, want)
		}
	}
}

// checkReasons: they account for every operation that was never begun.
func checkReasons(t *testing.T, seed uint64, r *Measurement) {
	t.Helper()
	because := 0
	for i, reason := range r.NeverBegun {
		because += reason.Count
		if i > 0 && reason.Count > r.NeverBegun[i-1].Count {
			t.Fatalf("seed %d: reasons out of order: %v", seed, r.NeverBegun)
		}
	}
	if because != r.Counts.NeverBegun || r.Rates["acknowledged.rate"] != float64(r.Counts.Acknowledged)/max(float64(r.Counts.Intended), 1) {
		t.Fatalf("seed %d: %v of %+v, at a rate of %v", seed, r.NeverBegun, r.Counts, r.Rates["acknowledged.rate"])
	}
}

func checkAttempts(t *testing.T, seed uint64, got Attempts, samples []int) {
	t.Helper()
	slices.Sort(samples)
	want := Attempts{Histogram: []int{}}
	sum := 0
	for _, n := range samples {
		for len(want.Histogram) <= n {
			want.Histogram = append(want.Histogram, 0)
		}
		want.Histogram[n]++
		sum += n
	}
	if len(samples) > 0 {
		want.Mean = float64(sum) / float64(len(samples))
		want.P50, want.P90 = float64(nearestRank(samples, 50)), float64(nearestRank(samples, 90))
		want.P99, want.Max = float64(nearestRank(samples, 99)), samples[len(samples)-1]
	}
	if math.Abs(got.Mean-want.Mean) < 1e-9 {
		got.Mean = want.Mean
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("seed %d: attempts of %v: %s", seed, samples, diff)
	}
}

func checkLatency(t *testing.T, seed uint64, got *Latency, samples []float64) {
	t.Helper()
	if len(samples) == 0 {
		if got != nil {
			t.Fatalf("seed %d: a latency without samples: %+v", seed, *got)
		}
		return
	}
	slices.Sort(samples)
	for name, pair := range map[string][2]float64{
		"samples": {float64(got.Samples), float64(len(samples))},
		"p50":     {got.P50, nearestRank(samples, 50)}, "p90": {got.P90, nearestRank(samples, 90)},
		"p99": {got.P99, nearestRank(samples, 99)}, "p99.9": {got.P999, nearestRank(samples, 99.9)},
		"max": {got.Max, samples[len(samples)-1]},
	} {
		// The histogram keeps three digits.
		if math.Abs(pair[0]-pair[1]) > 0.001*pair[1]+0.001 {
			t.Fatalf("seed %d: latency %s is %v, want %v of %d samples", seed, name, pair[0], pair[1], len(samples))
		}
	}
}

func checkMakespan(t *testing.T, seed uint64, got *Makespan, samples []float64) {
	t.Helper()
	if len(samples) == 0 {
		if got != nil {
			t.Fatalf("seed %d: a makespan without samples: %+v", seed, *got)
		}
		return
	}
	slices.Sort(samples)
	sum := 0.0
	for _, s := range samples {
		sum += s
	}
	mean := sum / float64(len(samples))
	want := Makespan{len(samples), mean, nearestRank(samples, 50), samples[len(samples)-1]}
	if math.Abs(got.Mean-mean) < 1e-6*mean {
		want.Mean = got.Mean
	}
	if *got != want {
		t.Fatalf("seed %d: makespan %+v, want %+v", seed, *got, want)
	}
}

// TestPercentilesOfFewSamples by nearest rank, for every small number of samples.
func TestPercentilesOfFewSamples(t *testing.T) {
	var events []*history.Event
	var samples []float64
	for n := range 300 {
		took := int64(n+1) * 1e6
		events = append(events,
			&history.Event{Kind: history.Invoke, At: 1, Op: n + 1, Do: "append"},
			&history.Event{Kind: history.Return, At: 1 + took, Op: n + 1, Outcome: history.Committed},
		)
		samples = append(samples, float64(n+1))
		checkLatency(t, uint64(n), collect(events).LatencyMS, samples)
	}
}

func TestLatencyIsBounded(t *testing.T) {
	r := collect([]*history.Event{
		{Kind: history.Invoke, At: 5, Op: 1, Do: "append"},
		{Kind: history.Return, At: 5, Op: 1, Outcome: history.Committed},
		{Kind: history.Invoke, At: 5, Op: 2, Do: "append"},
		{Kind: history.Return, At: 48 * 3600e9, Op: 2, Outcome: history.Committed},
	})
	if l := r.LatencyMS; l.Samples != 2 || l.P50 != 0.001 || math.Abs(l.Max-3600e3) > 3600 {
		t.Errorf("%+v", *l)
	}
}
