package archive

import (
	"context"
	"time"
)

// Observer is a set of hooks that a call runs as it proceeds, in the style of
// net/http/httptrace: logs, metrics and histories are made from them. Any hook
// may be nil. Hooks run on the caller's goroutine and must not block.
type Observer struct {
	// Attempt runs when a read-modify-write pass has ended.
	Attempt func(context.Context, AttemptInfo)
	// Wait runs before the call waits for its next attempt.
	Wait func(context.Context, WaitInfo)
	// Done runs when the call ends.
	Done func(context.Context, DoneInfo)
}

// CallInfo says which call an event belongs to.
type CallInfo struct {
	Op  string // "load", "create", "append" or "save"
	Key string
	// MaxAttempts is what the policy allows, or Unlimited: "attempt 2/4".
	MaxAttempts int
}

// AttemptInfo describes an attempt that has ended.
type AttemptInfo struct {
	CallInfo
	Attempt int    // 1 first
	ETag    string // of the version that the attempt read; empty if none
	Wrote   bool   // whether a conditional write was sent
	Err     error  // nil if the attempt committed; otherwise why not
}

// WaitInfo describes a wait that is about to begin.
type WaitInfo struct {
	CallInfo
	Attempt int // the attempt that follows
	Wait    time.Duration
	Cause   error // why the previous attempt did not commit
}

// DoneInfo describes a call that has ended.
type DoneInfo struct {
	CallInfo
	Attempts int
	Elapsed  time.Duration
	ETag     string // of the version that holds the modifications, if committed
	Err      error  // classify it with [OutcomeOf]
}

func (o *Observer) attempt(ctx context.Context, info AttemptInfo) {
	if o.Attempt != nil {
		o.Attempt(ctx, info)
	}
}

func (o *Observer) wait(ctx context.Context, info WaitInfo) {
	if o.Wait != nil {
		o.Wait(ctx, info)
	}
}

func (o *Observer) done(ctx context.Context, info DoneInfo) {
	if o.Done != nil {
		o.Done(ctx, info)
	}
}
