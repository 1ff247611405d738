package tuning

import (
	"bytes"
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"holdfast/archive"
)

// playClock is a clock that goes on while repetitions are played.
type playClock struct {
	archive.WallClock
	now    time.Time
	each   time.Duration
	played int
}

func (c *playClock) Now() time.Time { return c.now }

func (c *playClock) progress(p Progress) {
	c.now = c.now.Add(time.Duration(p.Played-c.played) * c.each)
	c.played = p.Played
}

// TestABudgetIsKept though the speed changes: by a half when the race has ended, and by
// more when only the validation can make up for it.
func TestABudgetIsKept(t *testing.T) {
	const each = time.Millisecond
	for _, slower := range []struct{ opening, race, finals, promise float64 }{
		{1, 1, 1, 1}, {3, 1, 1, 1}, {1, 1, 1.5, 1.5}, {1, 1.2, 1, 1}, {1, 1, 0.9, 0.85}, {1, 1, 1, 1.3}, {1, 1, 1.2, 0.9},
	} {
		for budget := 2.; budget < 60; budget *= 1.17 { // as multiples of the smallest plan
			clock := &playClock{now: time.Unix(0, 0)}
			s := &search{player: &player{}, result: &Result{}, scale: scale{batch: 17, candidates: make([]archive.Policy, 50)}}
			asked := time.Duration(budget * float64(s.least()) * float64(each))
			s.pace = newPace(clock, asked)
			play := func(share, slower float64) {
				n := int(share * float64(s.effort))
				s.played += n
				clock.now = clock.now.Add(time.Duration(slower * float64(n) * float64(each)))
			}
			s.effort = s.least()
			play(partSearch*2/5, slower.opening)
			s.pace.lap(s.played)
			play(partSearch/10, slower.race)
			if err := s.chooseEffort(); err != nil {
				t.Fatal(err)
			}
			play(partSearch-float64(s.played)/float64(s.effort), slower.race)
			s.pace.lap(s.played)
			play(partFinal, slower.finals)
			play(partPromise, slower.promise)
			s.chooseEvaluations()
			play(float64(s.left()*s.batch)/float64(s.effort), slower.promise)
			play(partAdvice, slower.promise)
			if took := clock.now.Sub(time.Unix(0, 0)); took < asked*3/4 || took > asked*5/4 {
				t.Errorf("%+v: it took %v, the budget is %v", slower, took, asked)
			}
		}
	}
}

// TestTheSamePlanGivesTheSameBytes, also if a budget chose it, whatever the number of
// workers.
func TestTheSamePlanGivesTheSameBytes(t *testing.T) {
	numbers(t)
	c := six(t)
	clock := &playClock{now: time.Unix(0, 0), each: time.Millisecond}
	c.Run.Seed, c.Workers = 7, 2
	c.Budget, c.Clock, c.Progress = time.Duration(leastOf(t, c))*clock.each*6/5, clock, clock.progress
	first, err := Tune(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if took := clock.now.Sub(time.Unix(0, 0)); took < c.Budget*3/4 || took > c.Budget*5/4 {
		t.Errorf("it took %v, the budget is %v; %+v", took, c.Budget, first.Plan)
	}
	again := six(t)
	again.Run.Seed, again.Workers, again.Evaluations = 7, 1, first.Plan.Evaluations
	previous := runtime.GOMAXPROCS(1)
	second := tuned(t, again)
	runtime.GOMAXPROCS(previous)
	if !bytes.Equal(document(t, first), document(t, second)) {
		t.Errorf("%d evaluations with one worker give another document", again.Evaluations)
	}
	if asked, played := again.Evaluations, second.Plan.Played; played < asked*4/5 || played > asked*6/5 {
		t.Errorf("%d were asked for, %d played", asked, played)
	}
}

// TestABudgetBelowTheSmallestPlanIsCalledOverrun; one that is kept is not, and what comes on
// top of it does not count.
func TestABudgetBelowTheSmallestPlanIsCalledOverrun(t *testing.T) {
	numbers(t)
	for share, overrun := range map[float64]bool{0.5: true, 1.2: false} {
		c := six(t)
		clock := &playClock{now: time.Unix(0, 0), each: time.Millisecond}
		c.Budget, c.Clock, c.Progress = scaled(time.Duration(leastOf(t, c))*clock.each, share), clock, clock.progress
		c.Capacity = !overrun
		r, err := Tune(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		over := r.Plan.Overrun
		if over != nil != overrun {
			t.Fatalf("with %.1f of the time that the smallest plan takes: %+v", share, over)
		}
		if overrun && (!over.Smallest || over.BudgetMS != ms(c.Budget) || over.TookMS < 1.5*over.BudgetMS) {
			t.Errorf("%+v", over)
		}
	}
}

func document(t *testing.T, r *Result) []byte {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
