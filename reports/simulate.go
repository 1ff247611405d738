package reports

import (
	"cmp"
	"context"
	"io"
	"runtime/debug"
	"sync"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Simulation is a run in virtual worlds, with what is to be kept of it.
type Simulation struct {
	Run    scenarios.Run
	Header history.Header
	// Workers play repetitions at the same time; the result does not depend on
	// their number.
	Workers int
	// History takes the history; nil: nobody needs it. Of many repetitions it gets
	// the first ones, up to Keep bytes, and those that violate an invariant: the
	// seed makes every other one again.
	History io.Writer
	// Keep bounds what is kept of repetitions that prove nothing new, in bytes.
	// 0: DefaultKeep.
	Keep int64
	// Progress, which may be nil, is told after each repetition how many are done.
	Progress func(done int, counts Counts)
	// Numbers, which may be nil, takes the numbers of all repetitions as well.
	Numbers *Collector
}

// DefaultKeep is some hundred thousand events, enough to look at.
const DefaultKeep = 64 << 20

// VirtualGCPercent is for virtual worlds, which hold little and throw much away. With Go's
// default a third of the time would be spent on collecting it.
const VirtualGCPercent = 400

// Simulate plays a run in virtual worlds, judges each repetition by itself and
// pools the verdicts and the numbers. After an error the run is what was played before
// it, if anything was.
func Simulate(ctx context.Context, s Simulation) (Run, scenarios.Played, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(VirtualGCPercent))
	wanted, err := thresholds(s.Header)
	if err != nil {
		return Run{}, scenarios.Played{}, err
	}
	keeper, err := newKeeper(s.History, s.Header, cmp.Or(s.Keep, DefaultKeep))
	if err != nil {
		return Run{}, scenarios.Played{}, err
	}
	total := NewCollector()
	var verdicts []check.Report
	var taken steps
	spare := sync.Pool{New: func() any { return &witness{judge: check.New(s.Header), numbers: NewCollector()} }}
	played, err := s.Run.PlayVirtual(ctx, s.Workers, scenarios.Repetitions{
		Open: func(int) history.Sink {
			w := spare.Get().(*witness)
			w.reset(s.Header, keeper.wants())
			return w
		},
		Done: func(n int, sink history.Sink) {
			played := sink.(*witness)
			w, verdict := keeper.keep(ctx, &s.Run, s.Header, n, played)
			total.Merge(w.numbers)
			verdicts = append(verdicts, verdict)
			for _, step := range w.steps {
				taken.add(step)
			}
			if s.Progress != nil {
				s.Progress(n, total.counts)
			}
			spare.Put(played)
		},
	})
	verdict := check.Pool(s.Header, verdicts)
	r := newRun(s.Header, verdict)
	r.Interrupted, r.Steps = played.Interrupted || err != nil, taken
	if err != nil {
		r.Failure = err.Error()
	}
	total.Fill(&r, verdict.Counts)
	r.Judge(wanted)
	if closeErr := keeper.close(&r); err == nil {
		err = closeErr
	}
	if err != nil && len(verdicts) == 0 {
		return Run{}, played, err
	}
	if s.Numbers != nil {
		s.Numbers.Merge(total)
	}
	return r, played, err
}

// witness watches one repetition.
type witness struct {
	judge   *check.Judge
	numbers *Collector
	steps   steps
	copying bool
	events  []*history.Event
}

func (w *witness) reset(h history.Header, copying bool) {
	w.judge.Reset(h)
	w.numbers.Reset()
	w.steps = w.steps[:0]
	w.copying, w.events = copying, w.events[:0]
}

// Add implements [history.Sink].
func (w *witness) Add(e *history.Event) {
	w.judge.Add(e)
	w.numbers.Add(e)
	w.steps.Add(e)
	if w.copying {
		w.events = append(w.events, e.Clone())
	}
}
