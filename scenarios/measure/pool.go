package measure

import (
	"errors"
	"io"

	"holdfast/archive/storefault"
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
	reports []check.Report
	windows map[*history.Event]Window // by the first event of the witness
	shown   map[check.Invariant]int   // violations that have one
	found   map[storefault.Kind]bool  // findings that have one
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
		windows: map[*history.Event]Window{}, shown: map[check.Invariant]int{}, found: map[storefault.Kind]bool{}}
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
		p.look(r)
		p.kept.add(r)
		p.reports = append(p.reports, r.report)
		if p.each != nil && !p.ended && !p.each(s.first+i, &r.report) {
			p.ended = true
		}
	}
	if p.kept != nil {
		p.kept.err = errors.Join(p.kept.err, s.lost)
	}
	p.numbers.Merge(s.numbers)
	for _, step := range s.steps {
		p.steps.add(step)
	}
	p.interrupted, p.err = p.interrupted || s.interrupted, s.err
}

// look keeps what happened around the violations and findings that will be shown.
func (p *Pool) look(r *repetition) {
	var violations []check.Violation
	for _, v := range r.report.Violations {
		if len(v.Witness) > 0 && p.shown[v.Invariant] < check.MostShown {
			p.shown[v.Invariant]++
			violations = append(violations, v)
		}
	}
	var findings []check.StoreFinding
	for _, f := range r.report.StoreFindings {
		if len(f.Witness) > 0 && !p.found[f.Kind] {
			p.found[f.Kind] = true
			findings = append(findings, f)
		}
	}
	if r.events == nil || len(violations)+len(findings) == 0 {
		return
	}
	for _, w := range Windows(p.header.Layout, violations, findings, r.events) {
		if w.Violation >= 0 {
			p.windows[&violations[w.Violation].Witness[0]] = w
		} else {
			p.windows[&findings[w.Finding].Witness[0]] = w
		}
	}
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
	verdict := check.Pool(p.header, p.reports)
	m := newMeasurement(p.header, verdict)
	m.Interrupted, m.Steps, m.Played = !p.complete() && !p.ended, p.steps, len(p.reports)
	if p.err != nil {
		m.Failure = p.err.Error()
	}
	m.Windows = p.windowsOf(&m)
	p.numbers.Fill(&m, verdict.Counts)
	p.numbers.detail(&m, p.header)
	m.Judge(p.wanted)
	return m, errors.Join(p.err, p.kept.close(&m))
}
