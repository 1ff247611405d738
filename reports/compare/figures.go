package compare

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"gonum.org/v1/gonum/stat"

	"holdfast/scenarios/measure"
)

// figures are the rows of a pair's numbers.
func (c *Comparison) figures(p *Pair, old, new *Run) []Row {
	advisory := !c.WallClock && wallClock(old)
	switch p.Method {
	case Nothing:
		p.Decided, p.Verdict = false, Unclear
		return nil
	case Paired:
		olds, news := aligned(old.Each, new.Each)
		p.pair(old, new, olds, news)
		p.Decided = p.Compared > 0
		if p.Differing > 0 {
			p.least = leastPaired(p.Compared)
		}
		rows := counts(p, old, new)
		for i := range metrics {
			rows = append(rows, c.paired(&metrics[i], olds, news, p.Differing == 0))
		}
		return rows
	case Unpaired:
		olds, news := whole(old.Each), whole(new.Each)
		p.Compared = min(len(olds), len(news))
		if !advisory {
			p.least = leastUnpaired(len(olds), len(news))
		}
		var rows []Row
		for i := range metrics {
			r := c.unpaired(&metrics[i], olds, news)
			if r.Advisory = advisory; wallClock(old) {
				r.Kind = WallClock
			}
			rows = append(rows, r)
		}
		return rows
	}
	return c.totals(p, old, new, advisory)
}

// whole are the repetitions that were played to their end.
func whole(all []measure.Repetition) []measure.Repetition {
	return slices.DeleteFunc(slices.Clone(all), func(r measure.Repetition) bool { return r.Cut })
}

// aligned are the repetitions that both sides have, by their numbers, which ascend.
func aligned(old, new []measure.Repetition) (olds, news []measure.Repetition) {
	old, new = whole(old), whole(new)
	for i, k := 0, 0; i < len(old) && k < len(new); {
		switch a, b := old[i].N, new[k].N; {
		case a < b:
			i++
		case b < a:
			k++
		default:
			if old[i].Digest == new[k].Digest { // alike, but for how a baseline writes numbers down
				old[i] = new[k]
			}
			olds, news = append(olds, old[i]), append(news, new[k])
			i, k = i+1, k+1
		}
	}
	return olds, news
}

// pair finds the repetitions that went otherwise.
func (p *Pair) pair(old, new *Run, olds, news []measure.Repetition) {
	p.Compared = len(olds)
	for i := range olds {
		if olds[i].Digest == news[i].Digest {
			continue
		}
		if p.Differing++; p.First == 0 {
			p.First = news[i].N
			p.ReplayOld, p.ReplayNew = replayOne(old, p.First), replayOne(new, p.First)
		}
	}
}

// replayOne is the command that plays one repetition of a run alone.
func replayOne(m *Run, repetition int) string {
	if m.Replay == "" || m.Repetitions < 2 {
		return m.Replay
	}
	return fmt.Sprintf("%s --repetition %d", m.Replay, repetition)
}

// paired compares a metric in pairs of repetitions.
func (c *Comparison) paired(m *metric, old, new []measure.Repetition, alike bool) Row {
	olds, news := m.pairs(old, new)
	r := Row{Kind: Distribution, Metric: m.name, Gain: m.gain, OldSamples: len(olds), NewSamples: len(news), Verdict: Unclear}
	if len(olds) == 0 {
		return c.without(r, alike)
	}
	differences := make([]float64, len(olds))
	differ := 0
	for i := range olds {
		if differences[i] = news[i] - olds[i]; differences[i] != 0 {
			differ++
		}
	}
	r.means(olds, news, pairedChange(olds, news, c.Alpha))
	effect := pairedSuperiority(differences)
	r.Effect = &effect
	switch {
	case differ == 0:
		r.Verdict = Same
		r.is(0)
	case leastPaired(differ) > c.Alpha: // no order of these could show anything
		r.Verdict = c.within(&r)
		r.Note = fmt.Sprintf("only %d of %d repetitions differ in it", differ, len(olds))
	default:
		r.test(signedRank(differences), leastPaired(differ), pairedMeans(differences))
	}
	return r
}

// unpaired compares a metric in two samples of repetitions.
func (c *Comparison) unpaired(m *metric, old, new []measure.Repetition) Row {
	olds, news := m.values(old), m.values(new)
	r := Row{Kind: Distribution, Metric: m.name, Gain: m.gain, OldSamples: len(olds), NewSamples: len(news), Verdict: Unclear}
	if len(olds) == 0 || len(news) == 0 {
		return c.without(r, false)
	}
	r.means(olds, news, unpairedChange(olds, news, c.Alpha))
	effect := superiority(olds, news)
	r.Effect = &effect
	switch least := leastUnpaired(len(olds), len(news)); {
	case least > c.Alpha:
		r.Note = fmt.Sprintf("%d and %d repetitions are too few to show any difference", len(olds), len(news))
	case slices.Min(olds) == slices.Max(olds) && slices.Equal(slices.Compact(slices.Clone(olds)), slices.Compact(slices.Clone(news))):
		r.Verdict = Same // all values of both are one and the same
		r.is(0)
	default:
		r.test(differ(olds, news), least, unpairedMeans(olds, news))
	}
	return r
}

// without is a row of a metric that nothing has, on one side at least.
func (c *Comparison) without(r Row, alike bool) Row {
	r.Note = "no repetition has a value"
	if alike {
		r.Verdict = Same
	}
	return r
}

// totals compares the numbers of runs of which there is no value for each repetition.
func (c *Comparison) totals(p *Pair, old, new *Run, advisory bool) []Row {
	if !p.Exact() {
		if p.Decided = advisory; !advisory {
			p.Verdict = Unclear
		}
		return nil
	}
	rows := counts(p, old, new)
	alike := len(rows) == 0 && old.Repetitions == new.Repetitions && reflect.DeepEqual(old.Attempts, new.Attempts) &&
		reflect.DeepEqual(old.LatencyMS, new.LatencyMS) && reflect.DeepEqual(old.MakespanMS, new.MakespanMS)
	if !alike {
		p.Decided, p.Verdict = false, Unclear
	}
	return rows
}

// counts are the rows of totals that differ although the seed fixes them. That they differ is
// a fact; what is better or worse is for the distributions to say.
func counts(p *Pair, old, new *Run) (rows []Row) {
	if old.Repetitions != new.Repetitions {
		return nil
	}
	before := maps.Collect(old.Counts.All())
	for name, n := range new.Counts.All() {
		x, y := float64(before[name]), float64(n)
		if x == y {
			continue
		}
		r := Row{Kind: Count, Metric: "counts." + name, Old: &x, New: &y, OldSamples: p.Old.Repetitions, NewSamples: p.New.Repetitions, Verdict: Unclear}
		if x != 0 {
			delta := y/x - 1
			r.Delta = &delta
		}
		rows = append(rows, r)
	}
	return rows
}

// means fills in the means of both sides and how they differ.
func (r *Row) means(olds, news []float64, d *change) {
	a, b := stat.Mean(olds, nil), stat.Mean(news, nil)
	r.Old, r.New = &a, &b
	if d != nil {
		r.Delta, r.DeltaLow, r.DeltaHigh = &d.part, &d.low, &d.high
	} else if a != 0 {
		delta := b/a - 1
		r.Delta = &delta
	}
}

// test sets p, of the ranks or of the means, whichever shows more: the share of alpha that each may
// use up is known beforehand (Holm 1979, weighted). Means that are not tested are of no weight.
func (r *Row) test(ranks, least float64, means *float64) {
	if means != nil {
		ranks, least = ranks/(1-weightOfMeans), least/(1-weightOfMeans)
		if *means/weightOfMeans < ranks {
			ranks, r.byMeans = *means/weightOfMeans, true
		}
	}
	p := min(1, ranks)
	r.PUnadjusted, r.least = &p, least
}

// is says by what New differs, for certain.
func (r *Row) is(delta float64) { r.Delta, r.DeltaLow, r.DeltaHigh = &delta, &delta, &delta }
