package delivery

import (
	"context"
	"time"
)

// Observer is a set of hooks about what is told to whom, as [archive.Observer] is about
// calls. Any hook may be nil. They must not block.
type Observer struct {
	// Trigger runs when an [Uploader] or a [Reconciler] has written a trigger, or given
	// it up.
	Trigger func(context.Context, TriggerInfo)
	// Message runs when a [Backend] has processed a message, or failed to.
	Message func(context.Context, MessageInfo)
	// DeadLetter runs when a [MemoryQueue] gives a message up. Whoever drains the dead
	// letter queue of SQS calls it by themselves.
	DeadLetter func(context.Context, Message)
}

// TriggerInfo describes a trigger that was written, or given up.
type TriggerInfo struct {
	Trigger  Trigger
	Attempts int
	Elapsed  time.Duration // of its attempts and the waits between them
	Err      error         // why it was given up
}

// MessageInfo describes the end of a message's processing.
type MessageInfo struct {
	Message Message
	// Repeated: it had been processed by an earlier delivery, and nothing was stored.
	Repeated bool
	// Elapsed is the time of load, work and append; of a batch, of all that is about its
	// object.
	Elapsed time.Duration
	Err     error // why it was not processed: it comes again
}

// Observers joins observers: each hook runs those of all of them, in their order.
func Observers(all ...Observer) Observer {
	return Observer{
		Trigger: func(ctx context.Context, i TriggerInfo) {
			for _, o := range all {
				tell(ctx, o.Trigger, i)
			}
		},
		Message: func(ctx context.Context, i MessageInfo) {
			for _, o := range all {
				tell(ctx, o.Message, i)
			}
		},
		DeadLetter: func(ctx context.Context, m Message) {
			for _, o := range all {
				tell(ctx, o.DeadLetter, m)
			}
		},
	}
}

// tell runs a hook, if there is one.
func tell[T any](ctx context.Context, hook func(context.Context, T), info T) {
	if hook != nil {
		hook(ctx, info)
	}
}
