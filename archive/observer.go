package archive

import (
	"context"
	"time"
)

// Observer is a set of hooks that a call runs as it proceeds, in the style of
// net/http/httptrace: logs, metrics and histories are made from them. Any hook
// may be nil. Hooks run on the caller's goroutine and must not block.
type Observer struct {
	// Start runs before the call reaches the store. The context that it returns, made
	// from the one that it gets, is that of the call: of its requests, waits and hooks.
	// It is where a trace begins a span, which Done ends.
	Start func(context.Context, CallInfo) context.Context
	// Attempt runs when a read-modify-write pass has ended.
	Attempt func(context.Context, AttemptInfo)
	// Wait runs before the call waits for its next attempt; under [Adaptive] also
	// before it waits on, because it has read and postponed the attempt's write.
	Wait func(context.Context, WaitInfo)
	// Done runs when the call ends. A call that is refused for its input
	// ([ErrInvalid]) before it reaches the store is not seen.
	Done func(context.Context, DoneInfo)
}

// CallInfo says which call an event belongs to.
type CallInfo struct {
	Op  string // "load", "create", "append", "save" or "update"
	Key string
	// Edits is how many the call is to store: of [Archive.AppendAll] those that were not
	// refused for their input, of a load none.
	Edits int
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
	Attempt int // the attempt that follows, or whose write is postponed
	Wait    time.Duration
	Cause   error // why the previous attempt did not commit
}

// DoneInfo describes a call that has ended.
type DoneInfo struct {
	CallInfo
	Attempts int
	// Mismatches is the number of attempts whose write the store refused because
	// another got in between: it answered 412 or 409.
	Mismatches int
	Elapsed    time.Duration
	ETag       string // of the version that holds the modifications, if committed
	// Bytes is the size of that version, or of the one that was loaded, and MaxBytes
	// the most that is allowed.
	Bytes, MaxBytes int
	// Err says why the call did not commit; classify it with [OutcomeOf]. A call of several
	// edits commits if one of them is stored, and ends for all that are left.
	Err error
}

// Observers joins observers: each hook runs those of all of them, in their order.
func Observers(all ...Observer) Observer {
	var joined Observer
	for _, o := range all {
		joined.Start = startInOrder(joined.Start, o.Start)
		joined.Attempt = inOrder(joined.Attempt, o.Attempt)
		joined.Wait = inOrder(joined.Wait, o.Wait)
		joined.Done = inOrder(joined.Done, o.Done)
	}
	return joined
}

func inOrder[T any](first, second func(context.Context, T)) func(context.Context, T) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context, info T) {
		first(ctx, info)
		second(ctx, info)
	}
}

func startInOrder(first, second func(context.Context, CallInfo) context.Context) func(context.Context, CallInfo) context.Context {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context, info CallInfo) context.Context { return second(first(ctx, info), info) }
}

func (o *Observer) start(ctx context.Context, info CallInfo) context.Context {
	if o.Start != nil {
		return o.Start(ctx, info)
	}
	return ctx
}

// tell runs a hook, if there is one.
func tell[T any](ctx context.Context, hook func(context.Context, T), info T) {
	if hook != nil {
		hook(ctx, info)
	}
}
