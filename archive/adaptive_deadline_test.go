package archive

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestAdaptiveUsesItsDeadline: the room that is kept for another attempt is that of its last
// pass, without the waits of writes that were postponed.
func TestAdaptiveUsesItsDeadline(t *testing.T) {
	early, runs := 0, 0
	worst := time.Hour
	for seed := range uint64(50) {
		r := newRig(t, 0)
		r.policy = Policy{Kind: Adaptive, Cap: 2 * time.Second, Retries: Unlimited, Deadline: 25 * time.Second}
		r.rand = rand.New(rand.NewPCG(seed, 1))
		n := 0
		slow := func(rivals bool) fault {
			return func(do func() (string, error)) (string, error) {
				r.clock.pass(60 * time.Millisecond)
				if rivals {
					n++
					r.store.interlope(fmt.Sprint("x", n), nil)()
				}
				return do()
			}
		}
		last := r.clock.Now()
		for get := 1; get < 3000; get++ {
			r.store.onGet[get] = func(do func() (string, error)) (string, error) {
				for last.Add(66 * time.Millisecond).Before(r.clock.Now()) { // 15 commits a second by others
					last = last.Add(66 * time.Millisecond)
					if n++; n < 2000 {
						r.store.interlope(fmt.Sprint("x", n), nil)()
					}
				}
				return slow(false)(do)
			}
			r.store.onPut[get] = slow(true)
		}
		var waits time.Duration
		r.observer.Wait = func(_ context.Context, i WaitInfo) { waits += i.Wait }
		start := r.clock.Now()
		_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
		took := r.clock.Now().Sub(start)
		if OutcomeOf(err) != Exhausted {
			t.Fatal(err)
		}
		runs++
		worst = min(worst, took)
		if took < 20*time.Second {
			early++
		}
	}
	if early > 0 {
		t.Errorf("%d of %d calls gave up before 20 s of 25 s, one after %v, with requests of 60 ms", early, runs, worst)
	}
}
