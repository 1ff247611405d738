package network

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Kind says what befalls a call, or an operation.
type Kind string

// The kinds. For a read "the outcome is unknown" means that it has no answer.
const (
	RequestLost  Kind = "request-lost"  // never arrives, and the client learns nothing
	ReplyLost    Kind = "reply-lost"    // applied; the answer is lost
	Error500     Kind = "500"           // applied, then answered 500 InternalError
	Throttled503 Kind = "503"           // answered 503 SlowDown; not applied
	Denied403    Kind = "403"           // answered 403 AccessDenied, which no retry mends; not applied
	SentTwice    Kind = "sent-twice"    // a conditional write that is applied, sent once more by a layer below the client, and answered as the repetition is
	Conflict409  Kind = "409"           // a conditional write, answered 409 ConditionalRequestConflict; not applied
	NoAnswer     Kind = "no-answer"     // applied; then nothing comes until the client gives up
	NoConnection Kind = "no-connection" // refused before anything is sent; not applied
	Answer       Kind = "answer"        // answered as As says, whatever is right
	Slow         Kind = "slow"          // the request arrives By later; a client that times out meanwhile doesn't know the outcome
	Crash        Kind = "crash"         // the client dies
	Duplicate    Kind = "duplicate"     // a queue delivers a back end's message twice
	Delete       Kind = "delete"        // somebody outside deletes the object just before the call
	ByLoad       Kind = "throttle"      // the store answers 503 SlowDown to what comes too fast; no single call is picked
)

// When says at which point of its call a client crashes.
type When string

// The points. Before is before the call is sent, After is after it was applied
// and before its answer is seen.
const (
	Before When = "before"
	After  When = "after"
)

// Fault is one thing that goes wrong, and where. It is comparable. Use
// [ParseFault], or fill every field that the kind has and call [Fault.Validate].
type Fault struct {
	Kind Kind
	// Actor is an actor's name, or the name of a group: backend stands for
	// backend-07. Empty: every actor.
	Actor string
	// Call is what the fault befalls: the fitting calls are those of that kind
	// (with a condition, for 409) in the window. Empty for duplicate, which
	// befalls operations, and for throttle, which is what the store is like.
	Call Method
	// Rate is the share of the fitting calls, above 0 and up to 1. Nth is the
	// one fitting call of each actor, from 1. One of the two is given, the other 0;
	// neither for throttle.
	Rate float64
	Nth  int
	// As names the answer, one of [AnswerNames].
	As string
	// By is how much later a slow request arrives; positive. This and the other
	// delays are at most 24 h.
	By time.Duration
	// After is how much later a duplicate is delivered. 0: at once.
	After time.Duration
	// RetryAfter is when a store that is too busy wants to be asked again; at most 24 h.
	// 0: it does not say.
	RetryAfter time.Duration
	// Restarts says that a crashed client starts again, Restart later. A back
	// end then gets its message again, with the same modification id.
	Restart  time.Duration
	Restarts bool
	// Answer is the HTTP status that the repetition of a write which was sent twice gets:
	// 412, as its condition holds no more; or 409 or 503, if the store had not finished
	// with the first or was too busy for a second.
	Answer int
	// When is the point of a crash.
	When When
	// Throttle is how much a store bears that throttles.
	Throttle Throttle
	// From and To are the window, as times since the start: From counts, To
	// doesn't. 0: unbounded.
	From, To time.Duration
}

// longestDelay is more than a run lasts; sums of times must not overflow.
const longestDelay = 24 * time.Hour

// kindSpec is what a kind knows.
type kindSpec struct {
	kind   Kind
	call   Method   // the default; empty: it befalls operations
	calls  []Method // that it can befall
	params []string // of its own
	// store: it is what the store is like, for everybody, so it picks neither calls nor
	// actors.
	store bool
}

var (
	allCalls   = []Method{MethodGet, MethodHead, MethodPut, MethodDelete, AnyMethod}
	writeCalls = []Method{MethodPut, MethodDelete, AnyMethod}
)

var kinds = []kindSpec{
	{RequestLost, MethodPut, allCalls, nil, false},
	{ReplyLost, MethodPut, allCalls, nil, false},
	{Error500, MethodPut, allCalls, nil, false},
	{Throttled503, AnyMethod, allCalls, []string{"retry-after"}, false},
	{Conflict409, MethodPut, writeCalls, nil, false},
	{Denied403, MethodPut, allCalls, nil, false},
	{SentTwice, MethodPut, []Method{MethodPut}, []string{"answer"}, false},
	{NoAnswer, MethodPut, allCalls, nil, false},
	{NoConnection, MethodPut, allCalls, nil, false},
	{Answer, MethodPut, allCalls, []string{"as"}, false},
	{Slow, AnyMethod, allCalls, []string{"by"}, false},
	{Crash, MethodPut, allCalls, []string{"when", "restart"}, false},
	{Duplicate, "", nil, []string{"after"}, false},
	{Delete, MethodPut, allCalls, nil, false},
	{ByLoad, "", nil, []string{"writes", "reads", "burst", "refused"}, true},
}

func specOf(k Kind) (kindSpec, error) {
	for _, s := range kinds {
		if s.kind == k {
			return s, nil
		}
	}
	return kindSpec{}, fmt.Errorf("fault kind %q is not known (known: %s)", k, join(kinds, func(s kindSpec) string { return string(s.kind) }))
}

// names are the parameters of the kind, in the order in which they are printed.
func (s kindSpec) names() []string {
	if s.store {
		return append(slices.Clone(s.params), "from", "to")
	}
	names := []string{"rate", "nth", "actor"}
	if s.call != "" {
		names = append(names, "call")
	}
	return append(append(names, s.params...), "from", "to")
}

// Validate reports what makes the fault unusable.
func (f Fault) Validate() error {
	spec, err := specOf(f.Kind)
	if err != nil {
		return err
	}
	if reason := f.misplaced(spec); reason != "" {
		return fmt.Errorf("fault %s: %s", f.Kind, reason)
	}
	if reason := f.misshapen(); reason != "" {
		return fmt.Errorf("fault %s: %s", f.Kind, reason)
	}
	return nil
}

// misplaced says what is wrong with where the fault strikes.
func (f Fault) misplaced(spec kindSpec) string {
	fits := spec.call == "" && f.Call == "" // of duplicate and throttle
	for _, c := range spec.calls {
		fits = fits || f.Call == c
	}
	switch {
	case spec.store && (f.Rate != 0 || f.Nth != 0 || f.Actor != "" || f.Call != ""):
		return "it is what the store is like for everybody, so it takes neither rate, nth, actor nor call"
	case !spec.store && f.Rate == 0 && f.Nth == 0:
		return "say which: rate=0.05 for a share of them, or nth=2 for the 2nd"
	case f.Rate != 0 && f.Nth != 0:
		return "give rate or nth, not both"
	case f.Rate != 0 && !(f.Rate > 0 && f.Rate <= 1):
		return fmt.Sprintf("rate must be above 0 and at most 1, not %v", f.Rate)
	case f.Nth < 0:
		return fmt.Sprintf("nth must be 1 or more, not %d", f.Nth)
	case strings.ContainsFunc(f.Actor, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("(),=", r) }):
		return fmt.Sprintf("%q is no actor's name", f.Actor)
	case !fits && spec.call == "":
		return "it befalls operations, so it takes no call"
	case !fits:
		return fmt.Sprintf("call must be one of %s, not %q", join(spec.calls, func(c Method) string { return string(c) }), f.Call)
	case f.From < 0 || f.To < 0:
		return "from and to must be 0 (unbounded) or more"
	case f.To != 0 && f.To <= f.From:
		return fmt.Sprintf("to %v is not after from %v", f.To, f.From)
	}
	return ""
}

// misshapen says what is wrong with what the fault does.
func (f Fault) misshapen() string {
	as := answerNamed(f.As)
	switch {
	case f.Kind == ByLoad && f.Throttle.unusable() != "":
		return f.Throttle.unusable()
	case f.Kind != ByLoad && f.Throttle != Throttle{}:
		return "writes, reads, burst and refused are for throttle only"
	case f.Kind == Answer && f.As == "":
		return "say how, such as as=503"
	case f.Kind == Answer && as == nil:
		return fmt.Sprintf("answer %q is not known (known: %s)", f.As, strings.Join(AnswerNames(), ", "))
	case f.Kind != Answer && f.As != "":
		return "as is for answer only"
	case f.Kind == Answer && f.Call != AnyMethod && as.told(f.Call) == nil:
		return fmt.Sprintf("a %s can't be answered as %s", f.Call, f.As)
	case f.Kind == Slow && f.By <= 0:
		return "say how much later the request arrives, such as by=3s"
	case f.Kind != Slow && f.By != 0:
		return "by is for slow only"
	case f.Kind != Throttled503 && f.RetryAfter != 0:
		return "retry-after is for 503 only"
	case f.RetryAfter < 0:
		return fmt.Sprintf("retry-after must be 0 or more, not %v", f.RetryAfter)
	case f.Kind != Duplicate && f.After != 0:
		return "after is for duplicate only"
	case f.After < 0:
		return fmt.Sprintf("after must be 0 or more, not %v", f.After)
	case f.Kind != SentTwice && f.Answer != 0:
		return "answer is for sent-twice only"
	case f.Kind == SentTwice && f.Answer != http.StatusPreconditionFailed && f.Answer != http.StatusConflict && f.Answer != http.StatusServiceUnavailable:
		return fmt.Sprintf("answer must be 412, 409 or 503, not %d", f.Answer)
	case f.Kind == Crash && f.When != Before && f.When != After:
		return fmt.Sprintf("when must be before or after, not %q", f.When)
	case f.Kind != Crash && (f.When != "" || f.Restarts || f.Restart != 0):
		return "when and restart are for crash only"
	case f.Restart < 0 || !f.Restarts && f.Restart != 0:
		return fmt.Sprintf("restart must be 0 or more, and stated, not %v", f.Restart)
	case max(f.By, f.After, f.Restart, f.RetryAfter) > longestDelay:
		return fmt.Sprintf("a delay of %v is too long: want at most 24h", max(f.By, f.After, f.Restart, f.RetryAfter))
	}
	return ""
}

func join[T any](all []T, text func(T) string) string {
	var b strings.Builder
	for i, each := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(text(each))
	}
	return b.String()
}
