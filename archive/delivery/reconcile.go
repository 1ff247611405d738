package delivery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/archive"
)

// Reconciler finds customers who were forgotten and has them told: a server died
// between the archive object and its triggers, a trigger could not be written, the
// outcome of an upload was unknown to its front end, the notification of a trigger got
// lost, or its message became a dead letter. In all these cases the history holds an
// upload that no "processed" entry of the customer covers (see [FindUntold]), and
// the reconciler writes its trigger again, with the content that the upload gives it.
//
// On a bucket whose ETags are made of the content, the message is therefore the one that
// the upload would have sent, or has: it is processed once. Under KMS, where the same
// content has another ETag each time, a message that was only late is processed again
// (see [Message]).
//
// Who was told and has not processed it is told again whenever Grace has passed: a message
// that fails for good becomes a dead letter each time, until somebody mends it.
//
// Any number of reconcilers may run at the same time, at the cost of doing the same.
type Reconciler struct {
	core     archive.Core
	lister   archive.Lister
	grace    time.Duration
	interval time.Duration
	since    time.Time
	done     func(context.Context, Reconciled)
	triggerWriter
	sweep sweepState
}

// What a [Reconciler] does unless its options say otherwise.
const (
	DefaultGrace    = 5 * time.Minute
	DefaultInterval = time.Minute
)

// ReconcilerOptions configure a [Reconciler].
type ReconcilerOptions struct {
	Core  archive.Core  // required: what the archive objects are read by
	Store archive.Store // required: where the triggers are written
	// Lister lists the archive objects for Sweep. Nil: the Store, if it is one.
	Lister archive.Lister
	// Policy is that of the triggers and the listing, as [UploaderOptions.Policy]. Its
	// deadline counts for all triggers of an object together. Zero: archive.DefaultPolicy.
	Policy archive.Policy
	Clock  archive.Clock // nil: archive.WallClock
	// Rand is where jitter comes from. It must be nobody else's. Nil: an own generator
	// with a random seed.
	Rand *rand.Rand
	// Parallel writes the triggers of an object. Nil: Goroutines(8).
	Parallel Parallel
	// Grace is how old an upload's entry must be before a customer whom it has not
	// reached counts as forgotten, and how long after that the customer is told once
	// more. It should exceed the time from a save until its messages are processed or
	// dead letters: what is told sooner costs writes and deliveries for nothing.
	// 0: DefaultGrace.
	//
	// The age is that of the entry's timestamp. One that is further in the future than
	// Grace is a wrong clock's, and old enough.
	Grace time.Duration
	// Interval is the pause between two sweeps of Run. 0: DefaultInterval.
	Interval time.Duration
	// Since bounds the first sweep: objects that were modified before are not read. Zero:
	// it reads all there are.
	Since time.Time
	// Done, which may be nil, is told what became of an object that was looked at. It
	// must not block.
	Done func(context.Context, Reconciled)
	// Observer sees every trigger, as that of [UploaderOptions].
	Observer Observer
}

// Reconciled is what a look at an object came to.
type Reconciled struct {
	ObjectID string // empty if Err is about a sweep as a whole
	ETag     string // of the version that was looked at; empty: none could be read
	// Told are the triggers that were written: each is a customer who had been forgotten.
	Told []Trigger
	// Err says why a forgotten customer may not have been told.
	Err error
}

// NewReconciler checks the options and returns a Reconciler.
func NewReconciler(o ReconcilerOptions) (*Reconciler, error) {
	switch {
	case o.Core == nil || o.Store == nil:
		return nil, errors.New("delivery: ReconcilerOptions.Core and Store are required")
	case o.Grace < 0 || o.Interval < 0:
		return nil, errors.New("delivery: ReconcilerOptions.Grace and Interval must not be negative")
	}
	l := o.Core.Layout().Resolved()
	for _, name := range []struct{ field, name string }{
		{"Customers", l.Customers}, {"Entry.Timestamp", l.Entry.Timestamp}, {"Entry.Type", l.Entry.Type},
		{"Entry.Customer", l.Entry.Customer}, {"Entry.Notify", l.Entry.Notify}, {"Entry.Covers", l.Entry.Covers},
	} {
		if name.name == "" {
			return nil, &archive.LayoutError{Field: name.field, Reason: "it is empty; without it nobody can tell who was forgotten"}
		}
	}
	r := &Reconciler{core: o.Core, lister: o.Lister, grace: o.Grace, interval: o.Interval, since: o.Since, done: o.Done}
	if r.lister == nil {
		r.lister, _ = o.Store.(archive.Lister)
	}
	if r.grace == 0 {
		r.grace = DefaultGrace
	}
	if r.interval == 0 {
		r.interval = DefaultInterval
	}
	r.layout, r.observer = l, o.Observer
	r.sweep = sweepState{from: o.Since, later: map[string]lookAgain{}}
	if err := r.setUp(o.Store, o.Policy, o.Clock, o.Rand, o.Parallel); err != nil {
		return nil, err
	}
	return r, nil
}

// Reconcile looks at one object, writes the triggers of the customers who were
// forgotten, and returns those that it has written. An object that no upload has made,
// or whose customers all know of it, costs one read.
//
// The error says which could not be written, and why; it wraps [archive.ErrNotFound] if there is
// no such object and [archive.ErrInvalid] if it does not tell who its customers are. It is safe
// for concurrent use.
func (r *Reconciler) Reconcile(ctx context.Context, id string) ([]Trigger, error) {
	done, _ := r.look(ctx, id)
	r.report(ctx, done)
	return done.Told, done.Err
}

// look is Reconcile, which also says when to look again: never (the zero time), if
// nothing is left that a customer does not know.
func (r *Reconciler) look(ctx context.Context, id string) (done Reconciled, again time.Time) {
	done.ObjectID = id
	if done.Told, done.ETag, again, done.Err = r.tell(ctx, id); done.Err != nil {
		done.Err = fmt.Errorf("reconcile %s: %w", id, done.Err)
	}
	return done, again
}

func (r *Reconciler) report(ctx context.Context, done Reconciled) {
	if r.done != nil {
		r.done(ctx, done)
	}
}

func (r *Reconciler) tell(ctx context.Context, id string) (told []Trigger, etag string, again time.Time, err error) {
	archived, err := r.core.Load(ctx, id)
	now := r.clock.Now()
	switch {
	case errors.Is(err, archive.ErrInvalid):
		return nil, "", time.Time{}, err // until somebody mends it
	case err != nil:
		return nil, "", now, err
	}
	doc := archived.Change()
	if doc == nil {
		return nil, archived.ETag, time.Time{}, fmt.Errorf("%w document: its history can't be read", archive.ErrInvalid)
	}
	untold, err := FindUntold(doc)
	if err != nil {
		return nil, archived.ETag, time.Time{}, err // likewise
	}
	triggers, again := r.forgotten(id, untold, now)
	var failed []error
	for i, err := range r.writeAll(ctx, triggers) {
		switch {
		case err == nil:
			told = append(told, triggers[i])
			continue
		case !errors.Is(err, archive.ErrInvalid):
			again = now
		}
		failed = append(failed, err)
	}
	return told, archived.ETag, again, errors.Join(failed...)
}

// forgotten are the triggers of those who were: for each the latest upload that is old
// enough, since its message covers those before. It says when to look again: when one
// that is too young comes of age, or what is told now should be processed.
func (r *Reconciler) forgotten(id string, untold []Untold, now time.Time) (triggers []Trigger, again time.Time) {
	if len(untold) > 0 {
		again = now.Add(r.grace)
	}
	for _, u := range untold {
		for i := len(u.Uploads) - 1; i >= 0; i-- {
			upload := &u.Uploads[i]
			age := now.Sub(madeAt(upload))
			if age >= r.grace || age < -r.grace {
				triggers = append(triggers, Trigger{Customer: u.Customer, ObjectID: id, ModificationID: upload.ID})
				break
			}
			if ofAge := now.Add(r.grace - max(age, 0)); ofAge.Before(again) {
				again = ofAge
			}
		}
	}
	return triggers, again
}
