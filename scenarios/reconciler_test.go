package scenarios

import (
	"slices"
	"testing"
	"time"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// outboxRun is the scenario of that name, with settings.
func outboxRun(t *testing.T, core string, settings ...Setting) *Run {
	t.Helper()
	return identified(t, "outbox", core, settings...)
}

// played is one repetition, judged.
func (r *Run) played(t *testing.T, n int) (check.Report, []*history.Event) {
	t.Helper()
	var m memory
	if err := r.PlayAgain(t.Context(), n, &m); err != nil {
		t.Fatal(err)
	}
	judge := check.New(history.Header{Grace: r.Scenario.Queue.GraceOf().Nanoseconds()})
	for _, e := range m.events {
		judge.Add(e)
	}
	return judge.Finish(), m.events
}

// TestReconcilerTellsWhoWasForgotten: without it customers stay untold, and with it nobody
// does; it looks, and tells, in the history.
func TestReconcilerTellsWhoWasForgotten(t *testing.T) {
	const repetitions = 30
	forgotten, told := 0, 0
	without := outboxRun(t, "production")
	without.Scenario.Queue.Reconcile, without.Scenario.Queue.Grace = 0, 0
	with := outboxRun(t, "production")
	for n := 1; n <= repetitions; n++ {
		report, events := without.played(t, n)
		expectOK(t, Played{}, report)
		forgotten += report.Counts.Untold
		if slices.ContainsFunc(events, func(e *history.Event) bool { return e.Kind == history.Tell || e.Actor == Reconciler }) {
			t.Fatal("somebody reconciles unasked")
		}
		report, events = with.played(t, n)
		expectOK(t, Played{}, report)
		if report.Counts.Untold > 0 {
			t.Errorf("repetition %d: %d customers are untold", n, report.Counts.Untold)
		}
		for _, e := range events {
			if e.Kind == history.Tell {
				told += len(e.Told)
			}
		}
	}
	if forgotten < 5 || told < 5 {
		t.Errorf("%d customers were forgotten without a reconciler, and one told %d", forgotten, told)
	}
}

// TestReconcilerThatDies for good: the run ends, and who was forgotten is counted. Where it
// starts again, nobody is.
func TestReconcilerThatDies(t *testing.T) {
	untold := func(fault string) (n, crashes int) {
		r := outboxRun(t, "production", Setting{"faults", "[" + fault + ", 'crash(rate=0.3,when=after,actor=user)']"})
		for i := 1; i <= 30; i++ {
			report, events := r.played(t, i)
			expectOK(t, Played{}, report)
			n += report.Counts.Untold
			for _, e := range events {
				if e.Kind == history.Return && e.Actor == Reconciler && e.Outcome == history.Crashed {
					crashes++
				}
			}
		}
		return n, crashes
	}
	if n, crashes := untold("'crash(nth=1,call=get,actor=reconciler)'"); n == 0 || crashes != 30 {
		t.Errorf("it dies at its first read, %d times: %d untold", crashes, n)
	}
	if n, crashes := untold("'crash(rate=0.2,call=any,restart=20ms,actor=reconciler)'"); n != 0 || crashes == 0 {
		t.Errorf("it dies and starts again, %d times: %d untold", crashes, n)
	}
}

// TestReconcilerOfAStoreThatRefuses: it ends too.
func TestReconcilerOfAStoreThatRefuses(t *testing.T) {
	r := outboxRun(t, "production", Setting{"faults", "['403(rate=1,call=get,actor=reconciler)', 'crash(rate=0.3,when=after,actor=user)']"})
	untold := 0
	for n := 1; n <= 30; n++ {
		report, _ := r.played(t, n)
		if len(report.Found) > 0 {
			t.Errorf("%v", report.Violations)
		}
		untold += report.Counts.Untold
	}
	if untold == 0 {
		t.Error("nobody was forgotten, though no object could be read")
	}
}

// TestGraceOf: the default is the archive's; without a reconciler there is none.
func TestGraceOf(t *testing.T) {
	for q, want := range map[Queue]time.Duration{
		{}: 0, {Reconcile: 1}: 5 * time.Minute, {Reconcile: 1, Grace: Duration(time.Second)}: time.Second,
	} {
		if got := q.GraceOf(); got != want {
			t.Errorf("%+v: %v, want %v", q, got, want)
		}
	}
}

// TestOutboxInTheRealWorld, with goroutines.
func TestOutboxInTheRealWorld(t *testing.T) {
	t.Parallel()
	played, report, events := play(t, "outbox", "production", nil)
	expectOK(t, played, report)
	judge := check.New(history.Header{Grace: must(Open("outbox")).Queue.GraceOf().Nanoseconds()})
	for _, e := range events {
		judge.Add(e)
	}
	report = judge.Finish()
	expectOK(t, played, report)
	if report.Counts.Untold > 0 || !slices.ContainsFunc(events, func(e *history.Event) bool { return e.Kind == history.Tell && e.Text == "" }) {
		t.Errorf("%d customers are untold", report.Counts.Untold)
	}
}
