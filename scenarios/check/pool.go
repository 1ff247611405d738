package check

import (
	"maps"
	"slices"

	"holdfast/scenarios/history"
)

// Pool gives the report that one judge would give of all the histories of a run,
// one after the other, whose reports these are: as many repetitions are, judged
// each for itself. No object may be in two of them. The header is the run's; its
// contention is wanted of all together.
func Pool(h history.Header, reports []Report) Report {
	var all Pooled
	for i := range reports {
		all.Add(&reports[i])
	}
	return all.Conclude(h)
}

// Pooled is what the reports of several histories of a run come to, without a verdict. As it
// is pooled like a report, it does not matter into which groups the reports of a run are
// pooled first, as long as they are in their order. Its zero value is that of no history.
type Pooled struct {
	Report
	Histories int
}

// Add takes the report of the next history.
func (p *Pooled) Add(r *Report) { p.add(r, 1) }

// Merge takes what the next several come to.
func (p *Pooled) Merge(later *Pooled) { p.add(&later.Report, later.Histories) }

func (p *Pooled) add(r *Report, histories int) {
	if histories == 0 {
		return
	}
	ended := r.Tally.Ended && (p.Histories == 0 || p.Tally.Ended)
	p.Histories += histories
	p.Tally = p.Tally.plus(r.Tally)
	p.Tally.Ended = ended
	p.Counts = p.Counts.plus(r.Counts)
	p.StoreFindings = plusFindings(p.StoreFindings, r.StoreFindings)
	p.Excused += r.Excused
	for _, u := range r.Undetermined {
		p.Undetermined = plusOpen(p.Undetermined, u)
	}
	p.Interrupted = p.Interrupted || r.Interrupted
	uneven := 0 // waits that are unlike the policy: to be judged anew, of all
	for i := range r.Violations {
		v := &r.Violations[i]
		switch {
		case v.Anomaly == unevenWaits:
			uneven++
		case p.shown(v.Invariant) < MostShown:
			p.Violations = append(p.Violations, *v)
		}
	}
	for invariant, n := range r.Found {
		if invariant == HonestAnswers {
			n -= uneven
		}
		if n == 0 {
			continue
		}
		if p.Found == nil {
			p.Found = map[Invariant]int{}
		}
		p.Found[invariant] += n
	}
}

func (p *Pooled) shown(i Invariant) (n int) {
	for k := range p.Violations {
		if p.Violations[k].Invariant == i {
			n++
		}
	}
	return n
}

// Conclude is the report of all. The header is the run's.
func (p *Pooled) Conclude(h history.Header) Report {
	r := p.Report
	r.Found, r.Violations = maps.Clone(r.Found), slices.Clip(r.Violations) // to which a violation may be added
	r.conclude(h)
	return r
}
