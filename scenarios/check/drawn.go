package check

import (
	"fmt"
	"time"

	"holdfast/scenarios/history"

	"gonum.org/v1/gonum/stat/distuv"
)

// Drawn counts waits that a policy draws evenly from a range, by the tenth of the range
// in which each lies. No single wait tells a policy that halves its waits, or forgets
// the one before, from one that is followed; many do.
type Drawn [10]int

// fewestDrawn waits are worth a test: ten in each tenth, as the χ² approximation wants.
const fewestDrawn = 100

// lucky is the probability below which a spread is no chance: a gate that plays a
// thousand runs a day would accuse a sound core once in three thousand years.
const lucky = 1e-9

// note counts a wait out of a range.
func (d *Drawn) note(wait, shortest, longest int64) {
	const coarse = 1000 // a range of few nanoseconds has no tenths
	if longest-shortest < coarse || wait < shortest || wait > longest {
		return
	}
	share := float64(wait-shortest) / float64(longest-shortest)
	d[min(int(share*float64(len(d))), len(d)-1)]++
}

func (d Drawn) plus(e Drawn) Drawn {
	for i := range d {
		d[i] += e[i]
	}
	return d
}

// uneven says how the waits differ from evenly drawn ones, by Pearson's χ² test; "" if
// they don't, or if they are too few to tell.
func (d Drawn) uneven() string {
	all, low := 0, 0
	for i, n := range d {
		all += n
		if i < len(d)/2 {
			low += n
		}
	}
	if all < fewestDrawn {
		return ""
	}
	expected, sum := float64(all)/float64(len(d)), 0.0
	for _, n := range d {
		off := float64(n) - expected
		sum += off * off / expected
	}
	if (distuv.ChiSquared{K: float64(len(d) - 1)}).Survival(sum) >= lucky {
		return ""
	}
	return d.tell(100*float64(low)/float64(all), sum)
}

func (d Drawn) tell(low, sum float64) string {
	return fmt.Sprintf("%.1f %% of them lie in the lower half of what was possible there; by tenths: %v (χ² %.0f, by chance p < %.0e)", low, d[:], sum, lucky)
}

// unevenWaits is the anomaly of a whole run.
const unevenWaits = "waits unlike the policy"

// checkDrawn looks at all waits of a run together.
func (r *Report) checkDrawn(h history.Header) {
	how := r.Tally.Drawn.uneven()
	if how == "" {
		return
	}
	if r.Found == nil {
		r.Found = map[Invariant]int{}
	}
	r.Found[HonestAnswers]++
	witness := []history.Event{} // it takes all of them
	r.Violations = append(r.Violations, violation(HonestAnswers, unevenWaits,
		fmt.Sprintf("the calls do not wait as policy %s says: %s", h.Policy, how), witness))
}

// draw counts a wait that the policy has drawn. One that is only begun because it is
// short enough, for the deadline or for the cap, says nothing about the others.
func (p *patrol) draw(b *beat, e *history.Event) {
	if !p.clocked || p.ownWaits || e.Attempt < 2 || b.hint > 0 || unserved(e.Answer) {
		return
	}
	shortest, longest, evenly := drawnFrom(p.policy, e.Attempt-1, time.Duration(b.drew))
	b.drew = e.Wait
	if !evenly {
		return
	}
	if p.policy.Deadline > 0 && e.At+int64(longest)-b.began > int64(p.policy.Deadline) {
		return
	}
	p.drawn.note(e.Wait, int64(shortest), int64(longest))
}
