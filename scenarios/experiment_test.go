package scenarios

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

// The experiment of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015),
// as a model with nothing in it but the experiment: N clients start at time 0, each
// updates one row once. A read and a write take two legs each, of |Normal(10,2)| ms.
// A write succeeds if the row still has the version that was read; after one that
// failed the client waits, and begins again with the read. Times are milliseconds.

const (
	base = 5.0
	most = 2000.0
)

type dumbEvent struct {
	at     float64
	client int
	// step: 0 the read arrives, 1 its answer, 2 the write arrives, 3 its answer.
	step int
}

type dumbQueue []dumbEvent

func (q dumbQueue) Len() int           { return len(q) }
func (q dumbQueue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q dumbQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *dumbQueue) Push(e any)        { *q = append(*q, e.(dumbEvent)) }
func (q *dumbQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// dumbWait waits after the n-th failure; so many clients have not succeeded yet.
func dumbWait(kind string, n, remaining int, previous *float64, rng *rand.Rand) float64 {
	v := min(most, base*math.Pow(2, float64(n)))
	switch kind {
	case "exponential":
		return v
	case "equal":
		return v/2 + rng.Float64()*v/2
	case "full":
		return rng.Float64() * v
	case "decorrelated":
		*previous = min(most, base+rng.Float64()*(3**previous-base))
		return *previous
	case "oracle": // knows what no client can: U(0, (R-1)·τ), with τ from the read to the write
		const exposure = 20
		return rng.Float64() * float64(remaining-1) * exposure
	}
	return 0
}

// dumbRun returns the writes that were sent and the time of the last answer.
func dumbRun(kind string, clients int, rng *rand.Rand) (writes, end float64) {
	leg := func() float64 { return math.Abs(10 + 2*rng.NormFloat64()) }
	version := 0
	read := make([]int, clients)       // the version that each has read
	succeeded := make([]bool, clients) // its last write
	failures := make([]int, clients)
	previous := make([]float64, clients)
	q := &dumbQueue{}
	for c := range clients {
		previous[c] = base
		heap.Push(q, dumbEvent{leg(), c, 0})
	}
	for q.Len() > 0 {
		e := heap.Pop(q).(dumbEvent)
		c := e.client
		switch e.step {
		case 0:
			read[c] = version
		case 2:
			writes++
			if succeeded[c] = read[c] == version; succeeded[c] {
				version++
			}
		case 3:
			end = e.at
			if succeeded[c] {
				continue
			}
			failures[c]++
			e.at += dumbWait(kind, failures[c], clients-version, &previous[c], rng)
		}
		heap.Push(q, dumbEvent{e.at + leg(), c, (e.step + 1) % 4})
	}
	return writes, end
}

// burst is what is noted of a repetition. Times are milliseconds.
type burst struct {
	writes, reads float64
	begin, end    float64
	latencies     map[string]float64 // by actor
}

func (b *burst) Add(e *history.Event) {
	switch {
	case e.Kind == history.Begin:
		b.begin = float64(e.At) / 1e6
	case e.Kind == history.Put && e.Op > 0:
		b.writes++
	case e.Kind == history.Get && e.Op > 0:
		b.reads++
	case e.Kind == history.Return:
		b.end = float64(e.At) / 1e6
		b.latencies[e.Actor] = b.end - b.begin
	}
}

// experimentPolicy is a kind with the settings of the experiment.
func experimentPolicy(kind string) string {
	switch kind {
	case "none":
		return "none(retries=unlimited)"
	case "adaptive":
		return "adaptive(cap=2s,retries=unlimited)"
	case "oracle":
		return "oracle(retries=unlimited)"
	}
	return kind + "(base=5ms,cap=2s,retries=unlimited)"
}

// playBursts plays the experiment with the production core in the virtual world.
func playBursts(t *testing.T, policy, latency string, clients, runs int) []*burst {
	t.Helper()
	s := must(Open("burst"))
	if err := s.Scale(clients); err != nil {
		t.Fatal(err)
	}
	legs := Latency(must(network.ParseLatency(latency)))
	s.Latency = &legs
	core := must(cores.Find("production"))
	p, own, err := cores.ParsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	if own != nil {
		core = *own
	}
	r := must(NewRun(s, core))
	r.Policy, r.Repetitions = p, runs
	bursts := make([]*burst, runs)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for first := range workers {
		wg.Go(func() {
			v := r.Virtual()
			defer v.Close()
			for n := first; n < runs; n += workers {
				bursts[n] = &burst{latencies: map[string]float64{}}
				if _, err := v.Play(t.Context(), n+1, bursts[n]); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return bursts
}

const experimentLatency = "normal(10ms,2ms)"

// playExperiment returns the writes and the makespan of each repetition.
func playExperiment(t *testing.T, kind string, clients, runs int) (writes, ends []float64) {
	t.Helper()
	for _, b := range playBursts(t, experimentPolicy(kind), experimentLatency, clients, runs) {
		writes, ends = append(writes, b.writes), append(ends, b.end-b.begin)
	}
	return writes, ends
}

// dumbExperiment returns the same of the model.
func dumbExperiment(kind string, clients, runs int) (writes, ends []float64) {
	for n := range runs {
		w, e := dumbRun(kind, clients, rand.New(rand.NewPCG(uint64(n), uint64(clients))))
		writes, ends = append(writes, w), append(ends, e)
	}
	return writes, ends
}

// apart is the difference of two means in standard errors of the difference.
func apart(a, b []float64) float64 {
	ma, sa := stat.MeanStdDev(a, nil)
	mb, sb := stat.MeanStdDev(b, nil)
	return (ma - mb) / math.Sqrt(sa*sa/float64(len(a))+sb*sb/float64(len(b)))
}

// compareExperiment holds the virtual world against the model and returns the
// larger deviation.
func compareExperiment(t *testing.T, kind string, clients, runs int) float64 {
	t.Helper()
	writes, ends := playExperiment(t, kind, clients, runs)
	wantWrites, wantEnds := dumbExperiment(kind, clients, runs)
	dw, de := apart(writes, wantWrites), apart(ends, wantEnds)
	const limit = 4 // of 190 comparisons one in 70 full experiments is further off by chance
	line := fmt.Sprintf("%-12s N=%3d  puts %8.1f, model %8.1f (%+.1f se)  makespan %8.0f ms, model %8.0f (%+.1f se)", kind, clients,
		stat.Mean(writes, nil), stat.Mean(wantWrites, nil), dw, stat.Mean(ends, nil), stat.Mean(wantEnds, nil), de)
	t.Log(line)
	if math.Abs(dw) > limit || math.Abs(de) > limit {
		t.Errorf("further apart than %d standard errors: %s", limit, line)
	}
	return max(math.Abs(dw), math.Abs(de))
}

var experimentKinds = []string{"none", "exponential", "equal", "full", "decorrelated"}

// TestBackoffExperiment pins some points of the published experiment.
func TestBackoffExperiment(t *testing.T) {
	for _, kind := range experimentKinds {
		for _, clients := range []int{10, 50, 100} {
			compareExperiment(t, kind, clients, 40)
		}
	}
	for _, kind := range []string{"full", "decorrelated", "oracle"} {
		compareExperiment(t, kind, 190, 40)
	}
	// As published: about 9.3 writes for each of 190 clients, and 7.4 s.
	writes, ends := playExperiment(t, "full", 190, 100)
	if w, e := stat.Mean(writes, nil)/190, stat.Mean(ends, nil); math.Abs(w-9.3) > 0.15 || math.Abs(e-7400) > 150 {
		t.Errorf("full jitter at 190 clients: %.2f writes for each, %.0f ms", w, e)
	}
}

// TestWholeBackoffExperiment compares all policies and sizes, 100 runs each, if
// HOLDFAST_EXPERIMENT=full is set.
func TestWholeBackoffExperiment(t *testing.T) {
	if os.Getenv("HOLDFAST_EXPERIMENT") != "full" {
		t.Skip("HOLDFAST_EXPERIMENT is not full")
	}
	start, furthest := time.Now(), 0.0
	for _, kind := range append(experimentKinds, "oracle") {
		for clients := 10; clients <= 190; clients += 10 {
			furthest = max(furthest, compareExperiment(t, kind, clients, 100))
		}
	}
	t.Logf("the furthest apart: %.1f standard errors; %v", furthest, time.Since(start))
}
