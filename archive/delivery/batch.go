package delivery

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"holdfast/archive"
)

// ProcessAll is [Backend.Process] of many messages. What those of one object come to is
// stored by one conditional write, in the order of the messages, by the core's AppendAll. Each
// message is answered for itself, nil if it was processed: one whose work fails, or whose
// result the core refuses, takes no other with it, and if nothing of a write is stored the
// results are stored one after the other. A message that is there twice is worked on once.
//
// All works on an object are done before the first result is stored. If the process dies
// in between, all of them come again.
func (b *Backend) ProcessAll(ctx context.Context, messages []Message) []error {
	items := make([]item, len(messages))
	for i, m := range messages {
		items[i].message = m
	}
	b.newProcessing(ctx).process(items)
	errs := make([]error, len(items))
	for i := range items {
		errs[i] = items[i].err
	}
	return errs
}

// HandleBatch is [Backend.Handle] of deliveries that a queue gave out together, processed as
// by [Backend.ProcessAll]. In a FIFO group (see [Delivery]) those that follow one that failed
// are not worked on, and not acknowledged.
func (b *Backend) HandleBatch(ctx context.Context, deliveries []Delivery) {
	items := make([]item, len(deliveries))
	for i, d := range deliveries {
		items[i] = item{message: d.Message, group: d.Group}
	}
	b.newProcessing(ctx).process(items)
	for i, d := range deliveries {
		b.conclude(ctx, d, items[i].err)
	}
}

// errBehind is the error of a message that follows one that failed, in its FIFO group.
var errBehind = errors.New("a message before it in its FIFO group failed, and it must not overtake that one")

// item is a message of a batch.
type item struct {
	message  Message
	group    string // of a FIFO queue; empty: a standard one
	twin     *item  // the same message, earlier in the batch
	edit     archive.Edit
	repeated bool  // it was processed by an earlier delivery
	err      error // why it was not processed
}

// processing is that of several messages.
type processing struct {
	*Backend
	// working is the context of loads and works, storing that of what comes after them.
	working, storing context.Context
	catches          bool            // panics become errors
	stopped          map[string]bool // the FIFO groups in which a message failed
}

func (b *Backend) newProcessing(ctx context.Context) *processing {
	return &processing{Backend: b, working: ctx, storing: ctx, stopped: map[string]bool{}}
}

func (b *processing) process(items []item) {
	for _, run := range runs(items) {
		start := b.o.Clock.Now()
		if b.stopped[run[0].group] {
			for _, it := range run {
				it.err = errBehind
			}
		} else if b.processRun(run); run[0].group != "" {
			b.stopped[run[0].group] = slices.ContainsFunc(run, func(it *item) bool { return it.err != nil })
		}
		for _, it := range run {
			tell(b.storing, b.o.Observer.Message, MessageInfo{
				Message: it.message, Repeated: it.repeated, Elapsed: b.o.Clock.Now().Sub(start), Err: it.err,
			})
		}
	}
}

// runs are the items of one object each, which are stored together. Of a FIFO group a run
// ends where another object comes, so that none overtakes another.
func runs(items []item) [][]*item {
	var all [][]*item
	open := map[[2]string]int{} // the run that goes on, by group, or without one by object
	for i := range items {
		it := &items[i]
		by := [2]string{it.group, ""}
		if it.group == "" {
			by[1] = it.message.ObjectID
		}
		n, found := open[by]
		if !found || all[n][0].message.ObjectID != it.message.ObjectID {
			n = len(all)
			open[by], all = n, append(all, nil)
		}
		all[n] = append(all[n], it)
	}
	return all
}

// processRun loads an object once, works on its messages and stores what that comes to. In
// a FIFO group it stops at the first that fails.
func (b *processing) processRun(run []*item) {
	isFIFO := run[0].group != ""
	var current loaded
	var pending []*item
	for i, it := range run {
		if it.twin = twinOf(it, run[:i]); it.twin != nil {
			continue
		}
		if it.err = b.caught(it.message, func() error { return b.work(it, &current) }); it.err == nil && !it.repeated {
			pending = append(pending, it)
		}
		if isFIFO && it.err != nil {
			break
		}
	}
	b.storeAll(pending, current.left)
	behind := false
	for _, it := range run {
		if it.twin != nil {
			it.err = it.twin.err
		}
		if behind && it.err == nil { // also if it is stored: it comes again, and is found
			it.err = errBehind
		}
		behind = behind || isFIFO && it.err != nil
		if it.err == nil && it.twin == nil {
			b.deleteTrigger(b.storing, it.message)
		}
	}
}

// twinOf is the same message among earlier ones.
func twinOf(it *item, earlier []*item) *item {
	for _, e := range earlier {
		if e.message == it.message && e.twin == nil {
			return e
		}
	}
	return nil
}

// loaded is the version that a run works on.
type loaded struct {
	done     bool
	archived archive.Snapshot
	left     time.Duration // of the deadline
	err      error
}

// work makes the edit of a message, unless it was processed before.
func (b *processing) work(it *item, current *loaded) error {
	if _, err := b.triggerKey(it.message); err != nil {
		return err
	}
	if !current.done {
		current.archived, current.left, current.err = b.load(b.working, it.message)
		current.done = true
	}
	if current.err != nil {
		return current.err
	}
	if it.repeated = processed(it.message, current.archived); it.repeated {
		return nil
	}
	if err := b.working.Err(); err != nil {
		return fmt.Errorf("the time was up before the work on %s for %s: %w", it.message.ObjectID, it.message.Customer, err)
	}
	var err error
	it.edit, err = b.edit(b.working, Job{it.message, current.archived})
	return err
}

// storeAll stores the edits of one object, for which there is so much time left. If nothing is
// stored, and not because of other writers or of the store, one edit may be to blame, or
// all of them together: then each is stored by itself.
func (b *processing) storeAll(items []*item, left time.Duration) {
	if len(items) == 0 {
		return
	}
	ctx, cancel := b.o.Clock.WithTimeout(b.storing, left)
	defer cancel()
	if len(items) > 1 {
		edits := make([]archive.Edit, len(items))
		for i, it := range items {
			edits[i] = it.edit
		}
		var errs []error
		err := b.caught(items[0].message, func() error {
			_, errs = b.o.Core.AppendAll(ctx, items[0].message.ObjectID, edits)
			return nil
		})
		if err == nil && !allRefused(errs) {
			for i, it := range items {
				it.err = errs[i]
			}
			return
		}
	}
	for i, it := range items {
		it.err = b.caught(it.message, func() error {
			_, err := b.o.Core.Append(ctx, it.message.ObjectID, it.edit)
			return err
		})
		if it.err != nil && it.group != "" {
			for _, it := range items[i+1:] {
				it.err = errBehind
			}
			return
		}
	}
}

// allRefused reports whether each edit ended as one that can't be stored.
func allRefused(errs []error) bool {
	return !slices.ContainsFunc(errs, func(err error) bool { return archive.OutcomeOf(err) != archive.Failed })
}

// caught makes an error of a panic, where one would end the function and let the whole
// batch come again, and with it what had panicked.
func (b *processing) caught(m Message, do func() error) (err error) {
	if b.catches {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("process %s for %s: panic: %s\n%s", m.ObjectID, m.Customer, panicText(p), debug.Stack())
			}
		}()
	}
	return do()
}

// panicText says what a panic was about. A value of the work's own may hold what users
// wrote, which is not for logs, at any length; the runtime's say what is wrong.
func panicText(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a value of type %T", p)
}
