package delivery

import (
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
)

// Trigger is a transient object that tells the back end of one customer that a
// change wants processing. It says nothing of the change itself: that is read from
// the archive.
type Trigger struct {
	Customer string `json:"customer"`
	ObjectID string `json:"object_id"`
	// ModificationID is that of the upload which the trigger follows. It makes the
	// triggers of two uploads differ, and so their ETags.
	ModificationID string `json:"modification_id"`
}

// TriggerKey returns the key of a customer's trigger for an object of a layout: of it
// depends which ids there can be. A nil layout is the archive's own. The error wraps
// [archive.ErrInvalid].
func TriggerKey(l *archive.Layout, customer, id string) (string, error) {
	if err := archive.ValidateKeyPart("customer code", customer); err != nil {
		return "", err
	}
	if err := l.ValidateID(id); err != nil {
		return "", err
	}
	return archive.TriggerPrefix + customer + "/" + id + ".json", nil
}

// ParseTriggerKey is the inverse of [TriggerKey]; ok is false for any other key.
func ParseTriggerKey(l *archive.Layout, key string) (customer, id string, ok bool) {
	rest, isTrigger := strings.CutPrefix(key, archive.TriggerPrefix)
	customer, id, _ = strings.Cut(rest, "/")
	id, isJSON := strings.CutSuffix(id, ".json")
	if !isTrigger || !isJSON || archive.ValidateKeyPart("customer code", customer) != nil || l.ValidateID(id) != nil {
		return "", "", false
	}
	return customer, id, true
}

// Message says that a trigger was written: it names the version by its ETag. S3
// sends one for each write, and a queue delivers it at least once. Triggers of one customer
// and change share a key, so a newer one takes the place of an older one, and whether a
// trigger is there says nothing of a message.
//
// A trigger that is written again with the same content has the same ETag, so both
// messages are one and are processed once. That is so while an ETag is the MD5 of the
// content: not in a bucket whose default encryption is by KMS, where the second is
// processed again.
type Message struct {
	Customer    string
	ObjectID    string
	TriggerETag string
}

// ModificationID is the id of a modification that the message asks for: always the
// same for the same message and purpose, whoever processes it and however often,
// and another for every other message.
func (m Message) ModificationID(purpose string) string {
	return archive.DerivedModificationID(purpose, m.Customer, m.ObjectID, m.TriggerETag)
}

// triggerWriter writes triggers without conditions, and tries again as a policy says.
type triggerWriter struct {
	store    archive.Store
	clock    archive.Clock
	policy   archive.Policy
	parallel Parallel
	layout   *archive.Layout
	observer Observer

	randMu sync.Mutex
	rand   *rand.Rand
}

// setUp sets what is given, or else the defaults.
func (w *triggerWriter) setUp(store archive.Store, policy archive.Policy, clock archive.Clock, rng *rand.Rand, parallel Parallel) error {
	if policy == (archive.Policy{}) {
		policy = archive.DefaultPolicy()
	}
	if err := policy.Validate(); err != nil {
		return fmt.Errorf("delivery: %w", err)
	}
	if clock == nil {
		clock = archive.WallClock{}
	}
	if rng == nil {
		var seed [32]byte
		crand.Read(seed[:]) // never fails: crypto/rand ends the program instead
		rng = rand.New(rand.NewChaCha8(seed))
	}
	if parallel == nil {
		parallel = Goroutines(defaultParallel)
	}
	w.store, w.policy, w.clock, w.rand, w.parallel = store, policy, clock, rng, parallel
	return nil
}

// writeAll writes the triggers and returns the error of each. The policy's deadline
// counts for all of them together.
func (w *triggerWriter) writeAll(ctx context.Context, triggers []Trigger) []error {
	errs := make([]error, len(triggers))
	start := w.clock.Now()
	w.parallel(len(triggers), func(i int) { errs[i] = w.writeTrigger(ctx, triggers[i], start) })
	return errs
}

// writeTrigger stores a trigger: writing it twice does no harm.
func (w *triggerWriter) writeTrigger(ctx context.Context, t Trigger, start time.Time) error {
	key, err := TriggerKey(w.layout, t.Customer, t.ObjectID)
	if err != nil {
		return err
	}
	body, err := json.Marshal(t)
	attempts, began := 0, w.clock.Now()
	inDoubt := false // a write whose answer was lost may be stored, whatever later ones are answered
	if err == nil {
		err = w.retry(ctx, start, func(ctx context.Context) error {
			attempts++
			_, err := w.store.Put(ctx, key, body, archive.Condition{})
			inDoubt = inDoubt || archive.MayBeApplied(err)
			return err
		})
	}
	switch {
	case err != nil && inDoubt:
		err = fmt.Errorf("write trigger %s: it is not known whether it was written, and it may yet be: %w", key, unknown(err))
	case err != nil:
		err = fmt.Errorf("write trigger %s: %w", key, err)
	}
	tell(ctx, w.observer.Trigger, TriggerInfo{Trigger: t, Attempts: attempts, Elapsed: w.clock.Now().Sub(began), Err: err})
	return err
}

// unknown makes errors.Is(err, archive.ErrOutcomeUnknown) true.
func unknown(err error) error {
	if errors.Is(err, archive.ErrOutcomeUnknown) {
		return err
	}
	return fmt.Errorf("%w: %w", archive.ErrOutcomeUnknown, err)
}

// retry calls do until it succeeds, or the policy ends it, whose deadline counts from
// start. It returns the last error.
func (w *triggerWriter) retry(ctx context.Context, start time.Time, do func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err // nothing is sent for somebody who has left
	}
	if w.policy.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = w.clock.WithTimeout(ctx, w.policy.Deadline-w.clock.Now().Sub(start))
		defer cancel()
	}
	var wait time.Duration
	for attempt := 1; ; attempt++ {
		err := do(ctx)
		if err == nil || !archive.WorthRetrying(err) || attempt >= w.policy.MaxAttempts() {
			return err
		}
		wait = w.wait(attempt, wait)
		pause := max(wait, w.floor(attempt, err), archive.RetryAfter(err))
		if left := w.policy.Deadline - w.clock.Now().Sub(start); w.policy.Deadline > 0 && pause >= left {
			return err
		}
		if w.clock.Sleep(ctx, pause) != nil {
			return err
		}
	}
}

// wait is how long to wait before the next attempt.
func (w *triggerWriter) wait(attempt int, previous time.Duration) time.Duration {
	w.randMu.Lock()
	defer w.randMu.Unlock()
	return w.policy.Wait(attempt, previous, w.rand)
}

// floor is the shortest wait after so many attempts of which the store served none.
func (w *triggerWriter) floor(attempt int, err error) time.Duration {
	if errors.Is(err, archive.ErrPreconditionFailed) || errors.Is(err, archive.ErrConflict) {
		return 0 // it served this one
	}
	w.randMu.Lock()
	defer w.randMu.Unlock()
	least, most := archive.OutageWait(attempt)
	return least + time.Duration(w.rand.Float64()*float64(most-least))
}
