package measure

import (
	"cmp"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"holdfast/archive/telemetry"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Collector makes the numbers of a run out of its events, in one pass and with
// memory for the open operations and a few numbers for each that has ended.
type Collector struct {
	counts    Counts
	histogram []int
	latencies []int64    // microseconds, of the acknowledged operations
	answered  []Answered // those operations
	actors    actors
	begin     int64
	last      int64
	begun     bool
	end       int64
	open      openOperations
	// unfinished operations of repetitions that were merged.
	unfinished int
	skipped    map[string]int // why, and how many operations
	errors     errorCounts
	each       []Repetition // that has ended
	repetition int          // its number
	answeredIn int          // how many operations were acknowledged when it began
	sorted     []int64      // its latencies, once it has ended
	before     Counts       // when the repetition began
	calls      delay        // nanoseconds that reads and writes took
	timeline   timeline
	spent      spending
	watch      telemetry.Watch
	ran        int64 // nanoseconds of the repetitions, from their starts to their last answers
	// batched are the modifications of open operations that batches store, and how many
	// writes the last batch needed that has written it; 0: none has.
	batched map[string]int
}

// delay sums up durations.
type delay struct {
	total int64
	n     int64
}

func (d *delay) add(e delay) { d.total, d.n = d.total+e.total, d.n+e.n }

// latencyMostMicros is an hour; longer operations count as that long.
const latencyMostMicros = 3600 * 1000 * 1000

// NewCollector returns an empty collector.
func NewCollector() *Collector {
	return &Collector{batched: map[string]int{}, actors: actors{numbers: map[string]int32{}}}
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
	c.end += later.end
	c.unfinished += later.unfinished
	for why, n := range later.skipped {
		c.skip(why, n)
	}
	c.errors.merge(&later.errors)
	for op := range later.open.all() {
		if !op.kept {
			c.unfinished++
		}
	}
	c.timeline.merge(&later.timeline)
	c.spent.add(later.spent)
	c.watch.Merge(&later.watch)
	c.ran += later.ran
	c.each = append(c.each, later.each...)
	c.calls.add(later.calls)
}

// Latencies are those of the acknowledged operations so far, in microseconds and in the
// order of the repetitions. They are the collector's own, and not to be changed.
func (c *Collector) Latencies() []int64 { return c.latencies }

// Reset makes the collector as new.
func (c *Collector) Reset() {
	c.open.reset()
	clear(c.batched)
	clear(c.skipped)
	c.errors.reset()
	c.actors.reset()
	c.timeline.reset()
	c.watch.Reset()
	*c = Collector{
		open: c.open, histogram: c.histogram[:0], latencies: c.latencies[:0],
		skipped: c.skipped, errors: c.errors, each: c.each[:0], sorted: c.sorted,
		batched: c.batched, answered: c.answered[:0], actors: c.actors,
		timeline: c.timeline, watch: c.watch,
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
			c.called(e)
		}
		c.errors.note(e)
	case history.Put:
		c.put(e)
		c.errors.note(e)
	case history.Head, history.Delete:
		c.called(e)
		c.errors.note(e)
	case history.Wait:
		if op := c.open.get(e.Op); op != nil {
			op.wait(e.At)
		}
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
		c.ran += c.last - c.begin
		c.timeline.at(c.last - c.begin) // to which nothing may have happened
	}
	c.each = append(c.each, c.ended())
}

func (c *Collector) invoke(e *history.Event) {
	op := c.open.begin(e.Op)
	op.load, op.start, op.begun = e.Do == "load", e.At, e.At
	op.kept = op.load || e.Do == history.DoBatch
	op.service = serviceOf(e)
	if e.Due > 0 {
		op.start = e.Due
	}
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
	op := c.open.get(e.Op)
	if op != nil {
		op.puts++
		op.call(e)
		if op.kept && e.Doc != nil {
			c.writtenByBatch(op, e.Doc.Add)
		}
	}
	c.calls.add(delay{e.At - e.Start, 1})
	n, now := &c.counts, c.timeline.at(e.At-c.begin)
	n.Puts++
	if op != nil && op.puts > 1 {
		now.retries++
	}
	switch e.Answer {
	case history.OK:
		n.Committed++
		now.commits++
	case history.PreconditionFailed:
		n.Conflicts412++
		c.conflicted(op, now)
	case history.Conflict:
		n.Conflicts409++
		c.conflicted(op, now)
	case history.Throttled:
		n.Throttled++
		now.throttled++
	case history.UnknownAnswer:
		n.UnknownOutcomes++
		now.unknown++
	default:
		n.RefusedOtherwise++
	}
}

// conflicted: a write was refused, of an operation that may not be known.
func (c *Collector) conflicted(op *openOperation, now *moment) {
	now.conflicts++
	if op != nil {
		op.refused++
	}
}

// called notes a call of the store for an operation, if that is open.
func (c *Collector) called(e *history.Event) {
	if op := c.open.get(e.Op); op != nil {
		op.call(e)
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
	op := c.open.end(e.Op)
	if op == nil {
		return
	}
	op.resume(e.At)
	c.watched(op, e)
	if op.load && e.Outcome != history.Committed {
		c.counts.FailedLoads++
	}
	if op.kept {
		return
	}
	batched := op.batched != ""
	if batched {
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
		if !batched {
			c.spent.add(spending{1, op.begun - op.start, op.calls, op.waited, e.At - op.start})
		}
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
	for op := range c.open.all() {
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
	r.LatencyMS, r.Distribution = latency(c.latencies)
	r.Each, r.Latencies = c.each, c.latencies
	r.CallTime = time.Duration(c.calls.total / max(c.calls.n, 1))
	r.PutsEach, r.MakespansMS, r.GivenUpIn = make([]float64, 0, len(c.each)), make([]float64, 0, len(c.each)), 0
	for i := range c.each {
		one := &c.each[i]
		r.PutsEach = append(r.PutsEach, float64(one.Puts))
		if one.MakespanMS > 0 {
			r.MakespansMS = append(r.MakespansMS, one.MakespanMS)
		}
		if one.GaveUp > 0 {
			r.GivenUpIn++
		}
	}
	slices.Sort(r.MakespansMS)
	if n := len(r.MakespansMS); n > 0 {
		r.MakespanMS = &Makespan{
			n, stat.Mean(r.MakespansMS, nil), stat.Quantile(0.5, stat.Empirical, r.MakespansMS, nil), r.MakespansMS[n-1],
		}
	}
}

// detail writes what the numbers do not say into a run whose numbers are filled in: when, for
// whom, for how much, and what production would have rung for.
func (c *Collector) detail(r *Measurement, h history.Header) {
	prices := pricesNamed(h.Prices)
	if r.Cost = r.Counts.costBy(prices); r.Cost != nil { // without a commit it has no price
		r.Rates[costPer1000] = r.Counts.CostPer1000(prices.list)
	}
	r.Fairness = c.fairness()
	r.Alarms = c.watch.Alarms(time.Duration(c.ran))
	if !h.Untimed {
		r.Timeline, r.Spent = c.timeline.shown(len(c.each)), c.spent.shown()
	}
}

// costPer1000 is a metric whose value depends on the store.
const costPer1000 = "cost_usd.per_1000_commits"

// reasons lists why operations were never begun, the commonest first.
func reasons(skipped map[string]int) []Reason {
	var all []Reason
	for why, n := range skipped {
		all = append(all, Reason{why, n})
	}
	slices.SortFunc(all, func(a, b Reason) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Why, b.Why)) })
	return all
}
