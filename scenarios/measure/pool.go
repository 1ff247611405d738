package measure

import (
	"errors"
	"io"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Pool puts together what the parts of a point have shown. They may come in any order,
// each once: they count in the order of their repetitions, however the point was cut.
type Pool struct {
	point   *Point
	header  history.Header
	wanted  []scenarios.Threshold
	kept    *kept // nil: nobody needs the history
	windows bool  // are wanted of what will be shown
	each    func(repetition int, r *check.Report) (goOn bool)
	next    int // the first repetition that has not been added
	last    int
	early   map[int]*Sample
	numbers *Collector
	found   found
	steps   steps

	interrupted bool
	err         error // why a repetition could not go on; what comes after it does not count
	ended       bool  // each has ended it, so that nothing that is still to come counts
}

// NewPool returns a pool of a point's parts. The history goes to w, if that is not nil: of
// many repetitions the first ones, up to so many bytes (0: [DefaultKeep]), and those that
// violate an invariant. The seed makes every other one again. What samples do not have of
// what is to be kept, the pool plays.
func NewPool(p *Point, w io.Writer, keep int64) (*Pool, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	pool := &Pool{point: p, header: p.Header(), windows: true, early: map[int]*Sample{}, numbers: NewCollector()}
	pool.next, pool.last = p.Run.Numbers()
	var err error
	if pool.wanted, err = thresholds(pool.header); err == nil && w != nil {
		pool.kept, err = newKept(w, pool.header, keep)
	}
	return pool, err
}

// Add takes what a part has shown.
func (p *Pool) Add(s *Sample) {
	p.early[s.first] = s
	for s := p.early[p.next]; s != nil; s = p.early[p.next] {
		delete(p.early, p.next)
		p.next = s.last + 1
		p.take(s)
	}
}

// take adds the next sample in the order of repetitions.
func (p *Pool) take(s *Sample) {
	if p.over() {
		return
	}
	p.found.merge(&s.found)
	p.kept.take(p.point, s)
	for i := range s.each {
		if p.each != nil && !p.ended && !p.each(s.first+i, &s.each[i].report) {
			p.ended = true
		}
	}
	p.numbers.Merge(s.numbers)
	for _, step := range s.steps {
		p.steps.add(step)
	}
	p.interrupted, p.err = p.interrupted || s.interrupted, s.err
}

// over reports whether nothing that is still to come counts.
func (p *Pool) over() bool { return p.err != nil || p.ended }

// complete reports whether all repetitions were added, and were played to their end.
func (p *Pool) complete() bool {
	return p.next > p.last && !p.interrupted && p.err == nil
}

// Measurement is what the parts have shown together. After an error it is what was
// played before that, if anything was.
func (p *Pool) Measurement() (Measurement, error) {
	verdict := p.found.Conclude(p.header)
	m := newMeasurement(p.header, verdict)
	m.Interrupted, m.Steps, m.Played = !p.complete() && !p.ended, p.steps, p.found.Histories
	if p.err != nil {
		m.Failure = p.err.Error()
	}
	if p.windows {
		m.Windows = p.found.windowsOf(m.Violations, m.StoreFindings)
	}
	p.numbers.Fill(&m, verdict.Counts)
	p.numbers.detail(&m, p.header)
	m.Judge(p.wanted)
	return m, errors.Join(p.err, p.kept.close(&m))
}
