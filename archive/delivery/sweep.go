package delivery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"holdfast/archive"
)

// sweepState is what one sweep leaves for the next.
type sweepState struct {
	number int
	// from is when an object must have been modified to be worth a look.
	from time.Time
	// later are the objects that are to be looked at again whether they are modified or
	// not, by their ids. It has at most mostLater of them; full says that there were more.
	later map[string]lookAgain
	full  bool
}

type lookAgain struct {
	due  time.Time
	seen int // the last sweep whose listing had the object
}

const (
	// mostLater bounds the memory, to some 10 MB. With more objects than that waiting,
	// a sweep reads all there are.
	mostLater = 100_000
	// clockSkew is by how much the clocks of the store and of this machine may differ
	// for an object that was modified to be noticed.
	clockSkew = 5 * time.Minute
)

// Swept is what a sweep came to.
type Swept struct {
	Looked int // at so many objects
	Told   int // triggers written
	Failed int // objects that could not be read, or not all of whose customers be told
}

// Sweep goes over the archive and looks, as Reconcile does, at the objects that were
// modified since the sweep before began, and at those where a customer was not told yet
// or has not answered. The first sweep looks at all, so that what was forgotten before
// this process started is found; see [ReconcilerOptions.Since]. A look is a read of the
// object; a listing of a thousand objects is one request.
//
// An object that fails is reported to Done and looked at again by the next sweep. The
// error says why the archive could not be listed to its end: the next sweep begins
// where this one did. Sweep and Run must not be called while one of them is running.
func (r *Reconciler) Sweep(ctx context.Context) (Swept, error) {
	var done Swept
	if r.lister == nil {
		return done, errors.New("sweep: ReconcilerOptions.Lister is missing, and the Store is none")
	}
	s := &r.sweep
	s.number++
	s.full = false
	began := r.clock.Now()
	for after := ""; ; {
		page, err := r.list(ctx, after)
		if err != nil {
			return done, fmt.Errorf("sweep: list %s: %w", r.layout.Prefix, err)
		}
		if len(page) == 0 {
			break
		}
		for _, o := range page {
			if id, ok := r.layout.ParseKey(o.Key); ok && s.worthALook(id, o.Modified, r.clock.Now()) {
				r.visit(ctx, id, &done)
			}
			if err := ctx.Err(); err != nil {
				return done, fmt.Errorf("sweep: %w", err)
			}
		}
		last := page[len(page)-1].Key
		if last <= after {
			return done, fmt.Errorf("sweep: list %s: the store answers with %s to what comes after %s: it ignores where to begin", r.layout.Prefix, last, after)
		}
		after = last
	}
	// Objects that are gone need no look.
	maps.DeleteFunc(s.later, func(_ string, l lookAgain) bool { return l.seen != s.number })
	if s.from = began.Add(-clockSkew); s.full {
		s.from = r.since
	}
	return done, nil
}

// Run sweeps, at once and then with a pause of Interval, until ctx ends, whose error it
// returns. A sweep that fails is reported to Done.
func (r *Reconciler) Run(ctx context.Context) error {
	for {
		if _, err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			r.report(ctx, Reconciled{Err: err})
		}
		if err := r.clock.Sleep(ctx, r.interval); err != nil {
			return err
		}
	}
}

// visit looks at an object, and keeps in mind when to do it again.
func (r *Reconciler) visit(ctx context.Context, id string, done *Swept) {
	looked, again := r.look(ctx, id)
	if errors.Is(looked.Err, archive.ErrNotFound) {
		again, looked.Err = time.Time{}, nil // it was deleted since it was listed
	}
	r.report(ctx, looked)
	done.Looked++
	done.Told += len(looked.Told)
	if looked.Err != nil {
		done.Failed++
	}
	s := &r.sweep
	if _, known := s.later[id]; !again.IsZero() && (known || len(s.later) < mostLater) {
		s.later[id] = lookAgain{again, s.number}
		return
	}
	delete(s.later, id)
	s.full = s.full || !again.IsZero()
}

// worthALook reports whether something may have to be told of an object.
func (s *sweepState) worthALook(id string, modified, now time.Time) bool {
	l, waits := s.later[id]
	if !waits {
		return !modified.Before(s.from)
	}
	s.later[id] = lookAgain{l.due, s.number}
	return !l.due.After(now)
}

// list is one page of the listing.
func (r *Reconciler) list(ctx context.Context, after string) (page []archive.Listed, err error) {
	err = r.retry(ctx, r.clock.Now(), func(ctx context.Context) (err error) {
		page, err = r.lister.List(ctx, r.layout.Prefix, after)
		return err
	})
	return page, err
}
