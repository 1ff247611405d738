package measure

import (
	"math"
	"slices"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// ended is the repetition that has just ended, by its numbers.
func (c *Collector) ended() Repetition {
	now, then := &c.counts, &c.before
	r := Repetition{
		N: c.repetition, Operations: now.Operations - then.Operations, Acknowledged: now.Acknowledged - then.Acknowledged,
		GaveUp: now.GivenUp() - then.GivenUp(), Puts: now.Puts - then.Puts, Gets: now.Gets - then.Gets,
		Conflicts:  now.Conflicts412 + now.Conflicts409 - then.Conflicts412 - then.Conflicts409,
		MakespanMS: float64(c.last-c.begin) / 1e6,
	}
	r.LatencyMS, r.P99MS = c.latency(c.latencies[c.answeredIn:])
	return r
}

// latency is the mean and the p99 of a repetition, in milliseconds; 0: nothing was
// acknowledged.
func (c *Collector) latency(micros []int64) (mean, p99 float64) {
	if len(micros) == 0 {
		return 0, 0
	}
	total := int64(0)
	for _, m := range micros {
		total += m
	}
	c.sorted = append(c.sorted[:0], micros...)
	slices.Sort(c.sorted)
	return float64(total) / float64(len(micros)) / 1e3, float64(c.sorted[rank(99, len(micros))]) / 1e3
}

// rank is the index, by nearest rank, of a percentile of so many numbers in ascending order.
func rank(percent float64, n int) int {
	return max(int(math.Ceil(percent*float64(n)/100-1e-9)), 1) - 1
}

// conclude adds to the only repetition of c what is no number. There may be none: it was
// ended before its actors began.
func (c *Collector) conclude(r *check.Report, digest history.Sum, cut bool) {
	c.closeRepetition()
	if len(c.each) == 1 {
		c.each[0].conclude(r, digest, cut)
	}
}

func (r *Repetition) conclude(report *check.Report, digest history.Sum, cut bool) {
	if r.Cut = cut; !cut {
		r.Digest = digest
	}
	for _, invariant := range report.Proved() {
		r.Violated = append(r.Violated, string(invariant))
	}
}

// judges judge each repetition of a history for itself, as they are judged when they are
// played in virtual worlds.
type judges struct {
	header history.Header
	judge  *check.Judge
	print  *history.Fingerprint // nil: what the seed does not fix has none
	number int                  // of the repetition; 0: not known yet
	ops    int                  // the highest number
	at     int64
	done   []judgedRepetition
}

type judgedRepetition struct {
	number int
	report check.Report
	digest history.Sum
}

func newJudges(h history.Header) *judges {
	j := &judges{header: h, judge: check.New(h)}
	if h.World == scenarios.VirtualWorld {
		j.print = &history.Fingerprint{}
	}
	return j
}

// Add implements [history.Sink].
func (j *judges) Add(e *history.Event) {
	if n := begins(e); n > 0 && n != j.number {
		if j.number > 0 {
			j.judge.Add(&history.Event{Kind: history.End, At: j.at})
			j.next()
		}
		j.number = n
	}
	j.judge.Add(e)
	if j.print != nil {
		j.print.Add(e)
	}
	j.ops, j.at = max(j.ops, e.Op), e.At
}

// begins is the repetition that an event is of, if it can be its first: its document is
// stored, or its actors start. 0: it can't, or does not say.
func begins(e *history.Event) int {
	switch {
	case e.Kind == history.Begin:
		return e.Repetition
	case e.Actor == history.SetupActor:
		n, _ := history.PartOf(e.Key)
		return n
	}
	return 0
}

// next ends a repetition and begins another.
func (j *judges) next() {
	done := judgedRepetition{number: j.number, report: j.judge.Finish()}
	j.judge.Reset(j.header)
	if j.print != nil {
		done.digest = j.print.Sum()
		j.print.Reset(j.ops)
	}
	j.done = append(j.done, done)
}

// finish gives the verdict on all, and adds to the repetitions what is no number.
func (j *judges) finish(each []Repetition, cut bool) check.Report {
	j.next()
	reports := make([]check.Report, len(j.done))
	for i := range j.done {
		reports[i] = j.done[i].report
	}
	for i, k := 0, 0; i < len(each); i++ {
		for k < len(j.done) && j.done[k].number != each[i].N {
			k++
		}
		if k < len(j.done) {
			each[i].conclude(&j.done[k].report, j.done[k].digest, cut && k == len(j.done)-1)
		}
	}
	if len(reports) == 1 {
		return reports[0]
	}
	return check.Pool(j.header, reports)
}
