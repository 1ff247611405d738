package measure

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Fairness compares the actors that were acknowledged, of which it takes two.
type Fairness struct {
	Actors int `json:"actors"`
	// Starved are actors beside these, all of whose operations gave up.
	Starved int `json:"starved"`
	// Jain is Jain's index (Σx)²/(n·Σx²) of the actors' mean latencies: 1 if all have the
	// same, 1/n if one of n waits and the others don't.
	Jain float64 `json:"jain"`
	// P99 of the latency of the actor for whom it is worst, and of the median actor: by nearest
	// rank, so of an actor with fewer than a hundred samples it is the maximum.
	Worst       string  `json:"worst"`
	WorstP99MS  float64 `json:"worst_p99_ms"`
	MedianP99MS float64 `json:"median_p99_ms"`
	// Each are the actors, from the best p99 to the worst; of more than 100 a hundred of them
	// at even distances, the best and the worst among them.
	Each []ActorLatency `json:"each"`
}

// ActorLatency is what one actor met with.
type ActorLatency struct {
	Actor   string  `json:"actor"`
	Samples int     `json:"samples"` // acknowledged operations
	GaveUp  int     `json:"gave_up"`
	P50MS   float64 `json:"p50_ms"`
	P99MS   float64 `json:"p99_ms"`
}

// mostActors are named in a result.
const mostActors = 100

// fairness is nil if fewer than two actors were acknowledged.
func (c *Collector) fairness() *Fairness {
	of := c.latenciesOfActors()
	f := &Fairness{}
	var each []ActorLatency
	var means []float64
	for n, name := range c.actors.names {
		latencies := of[n]
		if len(latencies) == 0 {
			f.Starved++
			continue
		}
		total := int64(0)
		for _, l := range latencies {
			total += l
		}
		means = append(means, float64(total)/float64(len(latencies)))
		slices.Sort(latencies)
		at := func(percent int) float64 { return float64(latencies[(len(latencies)*percent+99)/100-1]) / 1e3 }
		each = append(each, ActorLatency{name, len(latencies), c.actors.gaveUp[n], at(50), at(99)})
	}
	if len(each) < 2 {
		return nil
	}
	slices.SortFunc(each, func(a, b ActorLatency) int {
		return cmp.Or(cmp.Compare(a.P99MS, b.P99MS), cmp.Compare(a.P50MS, b.P50MS), strings.Compare(a.Actor, b.Actor))
	})
	worst := each[len(each)-1]
	f.Actors, f.Jain, f.Each = len(each), jain(means), each
	f.Worst, f.WorstP99MS, f.MedianP99MS = worst.Actor, worst.P99MS, each[(len(each)-1)/2].P99MS
	if len(each) > mostActors {
		f.Each = make([]ActorLatency, mostActors)
		for i := range f.Each {
			f.Each[i] = each[int(math.Round(float64(i)*float64(len(each)-1)/(mostActors-1)))]
		}
	}
	return f
}

// latenciesOfActors are those of each, in microseconds.
func (c *Collector) latenciesOfActors() [][]int64 {
	counts := make([]int, len(c.actors.names))
	for _, a := range c.answered {
		counts[a.Actor]++
	}
	all := make([]int64, len(c.answered))
	of := make([][]int64, len(counts))
	for n, count := range counts {
		of[n], all = all[:0:count], all[count:]
	}
	for i, a := range c.answered {
		of[a.Actor] = append(of[a.Actor], c.latencies[i])
	}
	return of
}

// jain is Jain's fairness index. The values are added in ascending order, so that it is the
// same whatever order they come in.
func jain(of []float64) float64 {
	slices.Sort(of)
	sum, squares := 0.0, 0.0
	for _, x := range of {
		sum, squares = sum+x, squares+x*x
	}
	return min(sum*sum/(float64(len(of))*squares), 1) // rounding can take it above
}
