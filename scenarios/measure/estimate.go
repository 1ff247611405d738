package measure

import (
	"context"
	"math"
	"time"

	"holdfast/scenarios"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

// Estimate is what a point will send to a real store, at most, about.
type Estimate struct {
	Puts, Gets int // with lists, which cost as much as a PUT, and with HEAD
	Deletes    int // which clean up; of a bucket with versions, as many as there were PUTs
}

// Requests are all of them.
func (e Estimate) Requests() int { return e.Puts + e.Gets + e.Deletes }

// Add adds those of another point.
func (e *Estimate) Add(o Estimate) {
	e.Puts, e.Gets, e.Deletes = e.Puts+o.Puts, e.Gets+o.Gets, e.Deletes+o.Deletes
}

// Cost is what they cost, in US dollars. Deletions are free.
func (e Estimate) Cost(p Prices) float64 {
	return (float64(e.Puts)*p.Put + float64(e.Gets)*p.Get) / 1000
}

// CheckEstimate is for the check of a store before it is played on, which a test counts.
var CheckEstimate = Estimate{Puts: 80, Gets: 40, Deletes: 30}

const (
	// fastCall is faster than any store answers over a network, so that clients who work
	// against the clock send no more than is estimated.
	fastCall = time.Millisecond
	// mostEstimated are the requests that are played at most; what is larger is scaled up.
	mostEstimated = 10_000
	// estimateMargin is for what a real store does otherwise than the model: what it
	// answers more slowly it is asked again.
	estimateMargin = 1.5
)

// Estimate plays a repetition on the model of a fast store, and counts. It sends nothing.
func (p *Point) Estimate(ctx context.Context) (Estimate, error) {
	run, share := p.Run, 1.0
	s := *run.Scenario
	run.Scenario, run.Repetitions = &s, 1
	if s.Latency == nil {
		l, err := network.ParseLatency("constant(" + (fastCall / 2).String() + ")")
		if err != nil {
			return Estimate{}, err
		}
		s.Latency = (*scenarios.Latency)(&l)
	}
	if s.Duration > 0 {
		whole := time.Duration(s.Duration)
		fits := time.Duration(mostEstimated/max(s.Clients(), 1)) * fastCall
		if played := min(whole, max(fits, 10*fastCall)); played < whole {
			s.Duration, share = scenarios.Duration(played), float64(played)/float64(whole)
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	count := requestCount{stop: stop, keys: map[string]bool{}}
	player := run.Virtual()
	defer player.Close()
	if _, err := player.Play(ctx, 1, &count); err != nil {
		return Estimate{}, err
	}
	if all := s.Operations(); count.requests() > mostEstimated && all > 0 {
		share *= min(float64(max(count.operations, 1))/float64(all), 1)
	}
	total := func(n int) int {
		return int(math.Ceil(float64(n) * float64(p.Run.Repetitions) * estimateMargin / share))
	}
	// The manifest: as it begins, for each key that is new, every ten seconds.
	manifest := 2 + len(count.keys) + int(time.Duration(s.Duration).Seconds()/share)*p.Run.Repetitions/10
	return Estimate{
		Puts: total(count.puts+count.deletes) + manifest + 4, // lists
		Gets: total(count.gets) + 3, Deletes: total(len(count.keys)) + 1,
	}, nil
}

// requestCount counts what a repetition asks the store.
type requestCount struct {
	stop                            func()
	puts, gets, deletes, operations int
	keys                            map[string]bool // written
}

func (c *requestCount) requests() int { return c.puts + c.gets + c.deletes }

// Add implements [history.Sink].
func (c *requestCount) Add(e *history.Event) {
	switch e.Kind {
	case history.Put:
		c.puts++
		c.keys[e.Key] = true
	case history.Delete:
		c.deletes++
		c.keys[e.Key] = true
	case history.Get, history.Head:
		c.gets++
	case history.Return:
		c.operations++
	}
	if c.requests() > mostEstimated {
		c.stop()
	}
}
