package measure

import (
	"cmp"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Collector makes the numbers of a run out of its events, in one pass and with
// memory for the open operations and a number for each acknowledged one.
type Collector struct {
	counts    Counts
	histogram []int
	latencies []int64    // microseconds, of the acknowledged operations
	answered  []Answered // those operations
	actors    actors
	makespans []float64 // milliseconds
	begin     int64
	last      int64
	begun     bool
	end       int64
	open      map[int]*openOperation
	// unfinished operations of repetitions that were merged.
	unfinished int
	skipped    map[string]int // why, and how many operations
	errors     errorCounts
	delays     map[string]*delay // of each actor
	puts       []float64         // of each repetition
	each       []Repetition      // that has ended
	repetition int               // its number
	answeredIn int               // how many operations were acknowledged when it began
	sorted     []int64           // its latencies, once it has ended
	before     Counts            // when the repetition began
	givenUpIn  int               // repetitions
	calls      delay             // nanoseconds that reads and writes took
	// batched are the modifications of open operations that batches store, and how many
	// writes the last batch needed that has written it; 0: none has.
	batched map[string]int
}

type openOperation struct {
	kept  bool // a load, or a batch: nobody wants it stored
	load  bool
	start int64 // intended
	puts  int
	// batched is the first modification of an operation that a batch is to store.
	batched string
}

// latencyMostMicros is an hour; longer operations count as that long.
const latencyMostMicros = 3600 * 1000 * 1000

// NewCollector returns an empty collector.
func NewCollector() *Collector {
	return &Collector{
		open: map[int]*openOperation{}, delays: map[string]*delay{}, batched: map[string]int{}, actors: actors{numbers: map[string]int32{}},
	}
}

// Merge adds what another collector has of later repetitions, which must have
// ended. Times go on where those of the first ended.
func (c *Collector) Merge(later *Collector) {
	c.closeRepetition()
	later.closeRepetition()
	c.counts.add(&later.counts)
	for needed, n := range later.histogram {
		c.needed(needed, n)
	}
	c.latencies = append(c.latencies, later.latencies...)
	c.mergeAnswered(later)
	c.makespans = append(c.makespans, later.makespans...)
	c.end += later.end
	c.unfinished += later.unfinished
	for why, n := range later.skipped {
		c.skip(why, n)
	}
	c.errors.merge(&later.errors)
	for _, op := range later.open {
		if !op.kept {
			c.unfinished++
		}
	}
	for actor, d := range later.delays {
		delayOf(c.delays, actor).add(*d)
	}
	c.puts = append(c.puts, later.puts...)
	c.each = append(c.each, later.each...)
	c.givenUpIn += later.givenUpIn
	c.calls.add(later.calls)
}

// Latencies are those of the acknowledged operations so far, in microseconds and in the
// order of the repetitions. They are the collector's own, and not to be changed.
func (c *Collector) Latencies() []int64 { return c.latencies }

// Reset makes the collector as new.
func (c *Collector) Reset() {
	clear(c.open)
	clear(c.batched)
	clear(c.skipped)
	c.errors.reset()
	clear(c.delays)
	c.actors.reset()
	*c = Collector{
		open: c.open, histogram: c.histogram[:0], latencies: c.latencies[:0], makespans: c.makespans[:0],
		skipped: c.skipped, errors: c.errors, delays: c.delays, puts: c.puts[:0], each: c.each[:0], sorted: c.sorted,
		batched: c.batched, answered: c.answered[:0], actors: c.actors,
	}
}

// needed counts operations that needed so many attempts.
func (c *Collector) needed(attempts, operations int) {
	for len(c.histogram) <= attempts {
		c.histogram = append(c.histogram, 0)
	}
	c.histogram[attempts] += operations
}

// Add takes the next event.
func (c *Collector) Add(e *history.Event) {
	c.end = max(c.end, e.At)
	switch e.Kind {
	case history.Begin:
		c.closeRepetition()
		c.begin, c.last, c.begun, c.before = e.At, e.At, true, c.counts
		c.repetition, c.answeredIn = e.Repetition, len(c.latencies)
	case history.Invoke:
		c.invoke(e)
	case history.Skip:
		c.skip(e.Text, e.Count)
	case history.Get:
		if e.Op > 0 {
			c.counts.Gets++
			c.calls.add(delay{e.At - e.Start, 1})
		}
		c.errors.note(e)
	case history.Put:
		c.put(e)
		c.errors.note(e)
	case history.Head, history.Delete:
		c.errors.note(e)
	case history.Return:
		c.finish(e)
	case history.Queue:
		c.queue(e)
	case history.Request:
		c.counts.QueueRequests += e.Count
	}
}

func (c *Collector) skip(why string, operations int) {
	if c.skipped == nil {
		c.skipped = map[string]int{}
	}
	c.skipped[why] += operations
}

func (c *Collector) queue(e *history.Event) {
	switch {
	case e.Do == history.Sent:
		c.counts.Messages++
	case e.Do == history.Delivered && e.Attempt > 1:
		c.counts.Redelivered++
	case e.Do == history.DeadLettered:
		c.counts.DeadLettered++
	}
}

func (c *Collector) closeRepetition() {
	if !c.begun {
		return
	}
	c.begun = false
	if c.last > c.begin {
		c.makespans = append(c.makespans, float64(c.last-c.begin)/1e6)
	}
	c.puts = append(c.puts, float64(c.counts.Puts-c.before.Puts))
	if c.counts.GivenUp() > c.before.GivenUp() {
		c.givenUpIn++
	}
	c.each = append(c.each, c.ended())
}

func (c *Collector) invoke(e *history.Event) {
	op := &openOperation{load: e.Do == "load", kept: e.Do == "load" || e.Do == history.DoBatch, start: e.At}
	if e.Due > 0 {
		op.start = e.Due
	}
	c.open[e.Op] = op
	if e.Through != "" && len(e.IDs) > 0 {
		op.batched = e.IDs[0]
		c.batched[op.batched] = 0
	}
	if !op.kept {
		c.counts.Operations++
	}
}

func (c *Collector) put(e *history.Event) {
	if e.Op == 0 {
		return // the harness's own
	}
	if op := c.open[e.Op]; op != nil {
		op.puts++
		if op.kept && e.Doc != nil {
			c.writtenByBatch(op, e.Doc.Add)
		}
	}
	c.calls.add(delay{e.At - e.Start, 1})
	n := &c.counts
	n.Puts++
	switch e.Answer {
	case history.OK:
		n.Committed++
	case history.PreconditionFailed:
		n.Conflicts412++
	case history.Conflict:
		n.Conflicts409++
	case history.Throttled:
		n.Throttled++
	case history.UnknownAnswer:
		n.UnknownOutcomes++
	default:
		n.RefusedOtherwise++
	}
}

// writtenByBatch notes what a batch has written, and that it was its so-many-th write.
func (c *Collector) writtenByBatch(op *openOperation, ids []string) {
	for _, id := range ids {
		if _, open := c.batched[id]; open {
			c.batched[id] = op.puts
		}
	}
}

func (c *Collector) finish(e *history.Event) {
	op := c.open[e.Op]
	delete(c.open, e.Op)
	if op != nil && op.load && e.Outcome != history.Committed {
		c.counts.FailedLoads++
	}
	if op == nil || op.kept {
		return
	}
	if op.batched != "" {
		op.puts = c.batched[op.batched]
		delete(c.batched, op.batched)
	}
	if e.Outcome != history.Crashed { // which is no answer
		c.last = e.At
	}
	n := &c.counts
	switch e.Outcome {
	case history.Committed:
		n.Acknowledged++
		c.needed(op.puts, 1)
		micros := min(max((e.At-op.start)/1000, 1), latencyMostMicros)
		c.latencies = append(c.latencies, micros)
		c.answered = append(c.answered, Answered{c.actors.number(e.Actor), int32(min(op.puts, math.MaxInt32))})
		delayOf(c.delays, e.Actor).add(delay{micros, 1})
	case history.UserConflict:
		n.UserConflicts++
	case history.Exhausted:
		n.Exhausted++
		c.actors.gaveUp[c.actors.number(e.Actor)]++
	case history.Unavailable:
		n.Exhausted++
		c.actors.gaveUp[c.actors.number(e.Actor)]++
		n.Unavailable++
	case history.Gone:
		n.Gone++
	case history.Cancelled:
		n.Cancelled++
	case history.Unknown:
		n.EndedUnknown++
		c.actors.gaveUp[c.actors.number(e.Actor)]++
	case history.Crashed:
		n.Crashed++
	default:
		n.Failed++
	}
}

// Fill writes the numbers into a run. The judge's counts are added to them.
func (c *Collector) Fill(r *Measurement, judged check.Counts) {
	c.closeRepetition()
	r.Counts = c.counts
	r.Counts.Unfinished = c.unfinished
	for _, op := range c.open {
		if !op.kept {
			r.Counts.Unfinished++
		}
	}
	r.Counts.Lost, r.Counts.Duplicated, r.Counts.Overwritten = judged.Lost, judged.Duplicated, judged.Overwritten
	r.Counts.Untold, r.Counts.DeadLetteredProcessed, r.Counts.AcknowledgedLate = judged.Untold, judged.DeadLettersProcessed, judged.AcknowledgedLate
	r.NeverBegun = reasons(c.skipped)
	for _, reason := range r.NeverBegun {
		r.Counts.NeverBegun += reason.Count
	}
	r.Counts.Intended = r.Counts.Operations + r.Counts.NeverBegun
	r.StoreErrors = c.errors.commonest()
	r.Attempts = c.attempts()
	r.Rates = r.Counts.Rates(cmp.Or(r.Judged, r.Repetitions))
	r.Elapsed = float64(c.end) / 1e6
	r.LatencyMS, r.LatencyDistribution = latency(c.latencies)
	slices.Sort(c.makespans)
	r.PutsEach, r.MakespansMS, r.Fairness, r.GivenUpIn = c.puts, c.makespans, jain(c.delays), c.givenUpIn
	r.Each, r.Latencies = c.each, c.latencies
	r.CallTime = time.Duration(c.calls.total / max(c.calls.n, 1))
	if n := len(c.makespans); n > 0 {
		r.MakespanMS = &Makespan{
			n, stat.Mean(c.makespans, nil), stat.Quantile(0.5, stat.Empirical, c.makespans, nil), c.makespans[n-1],
		}
	}
}

// reasons lists why operations were never begun, the commonest first.
func reasons(skipped map[string]int) []Reason {
	var all []Reason
	for why, n := range skipped {
		all = append(all, Reason{why, n})
	}
	slices.SortFunc(all, func(a, b Reason) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Why, b.Why)) })
	return all
}

// latency of operations, in microseconds, with its distribution.
func latency(micros []int64) (*Latency, []Quantile) {
	n := len(micros)
	if n == 0 {
		return nil, nil
	}
	histogram := histogramOf(micros)
	at := func(percent float64) float64 {
		return float64(histogram.ValueAtPercentile(rankOf(percent, int64(n)))) / 1e3
	}
	return &Latency{n, at(50), at(90), at(99), at(99.9), float64(histogram.Max()) / 1e3}, distribution(histogram)
}

func (c *Collector) attempts() Attempts {
	a := Attempts{Histogram: slices.Clone(c.histogram)}
	if a.Histogram == nil {
		a.Histogram = []int{}
	}
	var values, weights []float64
	for needed, operations := range c.histogram {
		if operations > 0 {
			values, weights = append(values, float64(needed)), append(weights, float64(operations))
			a.Max = needed
		}
	}
	if len(values) > 0 {
		a.Mean = stat.Mean(values, weights)
		at := func(p float64) float64 { return stat.Quantile(p, stat.Empirical, values, weights) }
		a.P50, a.P90, a.P99 = at(0.5), at(0.9), at(0.99)
	}
	return a
}

// Rates are shares of the counts, as thresholds name them, and how many a repetition has.
func (c Counts) Rates(repetitions int) map[string]float64 {
	share := func(part, of int) float64 {
		if of == 0 {
			return 0
		}
		return float64(part) / float64(of)
	}
	all := map[string]float64{
		"acknowledged.rate":           share(c.Acknowledged, c.Operations+c.NeverBegun),
		"acknowledged.per_repetition": share(c.Acknowledged, repetitions),
		"user_conflict.rate":          share(c.UserConflicts, c.Operations),
		"exhausted.rate":              share(c.Exhausted, c.Operations),
		"failed.rate":                 share(c.Failed, c.Operations),
		"unknown.rate":                share(c.EndedUnknown, c.Operations),
		"conflict.rate":               share(c.Conflicts412+c.Conflicts409, c.Puts),
	}
	if c.Acknowledged > 0 {
		all["puts.per_update"] = share(c.Puts, c.Acknowledged)
	}
	if c.Committed > 0 { // without a commit it has no price
		all["puts.per_commit"] = share(c.Puts, c.Committed)
		all["cost_usd.per_1000_commits"] = c.CostPer1000(StandardPrices)
	}
	return all
}
