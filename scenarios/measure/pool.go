package measure

import (
	"errors"
	"io"
	"maps"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Pool puts together what the parts of a point have shown. They may come in any order,
// each once: they count in the order of their repetitions.
type Pool struct {
	header  history.Header
	wanted  []scenarios.Threshold
	kept    *kept // nil: nobody needs the history
	each    func(repetition int, r *check.Report) (goOn bool)
	next    int // the first repetition that has not been added
	last    int
	early   map[int]*Sample
	numbers *Collector
	pooled  check.Pooled
	windows map[*history.Event]Window // by the first event of the witness
	steps   steps

	interrupted bool
	err         error // why a repetition could not go on; what comes after it does not count
	ended       bool  // each has ended it, so that nothing that is still to come counts
}

// NewPool returns a pool of a point's parts. The history goes to w, if that is not nil: of
// many repetitions the first ones, up to so many bytes (0: [DefaultKeep]), and those that
// violate an invariant. The seed makes every other one again.
func NewPool(p *Point, w io.Writer, keep int64) (*Pool, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	pool := &Pool{header: p.Header(), early: map[int]*Sample{}, numbers: NewCollector(),
		windows: map[*history.Event]Window{}}
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
	for i := range s.repetitions {
		r := &s.repetitions[i]
		p.kept.add(r)
		if p.each != nil && !p.ended && !p.each(s.first+i, &r.report) {
			p.ended = true
		}
	}
	if p.kept != nil {
		p.kept.err = errors.Join(p.kept.err, s.lost)
	}
	p.pooled.Merge(&s.pooled)
	maps.Copy(p.windows, s.windows)
	p.numbers.Merge(s.numbers)
	for _, step := range s.steps {
		p.steps.add(step)
	}
	p.interrupted, p.err = p.interrupted || s.interrupted, s.err
}

// windowsOf are those of what a measurement shows.
func (p *Pool) windowsOf(m *Measurement) (all []Window) {
	for i := range m.Violations {
		if w, ok := p.windowOf(m.Violations[i].Witness); ok {
			w.Violation = i
			all = append(all, w)
		}
	}
	for i := range m.StoreFindings {
		if w, ok := p.windowOf(m.StoreFindings[i].Witness); ok {
			w.Finding = i
			all = append(all, w)
		}
	}
	return all
}

func (p *Pool) windowOf(witness []history.Event) (Window, bool) {
	if len(witness) == 0 {
		return Window{}, false
	}
	w, ok := p.windows[&witness[0]]
	return w, ok
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
	verdict := p.pooled.Conclude(p.header)
	m := newMeasurement(p.header, verdict)
	m.Interrupted, m.Steps, m.Played = !p.complete() && !p.ended, p.steps, p.pooled.Histories
	if p.err != nil {
		m.Failure = p.err.Error()
	}
	m.Windows = p.windowsOf(&m)
	p.numbers.Fill(&m, verdict.Counts)
	p.numbers.detail(&m, p.header)
	m.Judge(p.wanted)
	return m, errors.Join(p.err, p.kept.close(&m))
}
