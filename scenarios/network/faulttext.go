package network

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const faultSyntax = "want kind(name=value,…), such as reply-lost(nth=2,actor=bob)"

// ParseFault reads kind(name=value,…): the kind, and of its parameters
//
//	rate=0.05    this share of the fitting calls, each decided by chance; or
//	nth=2        the 2nd fitting call of each actor
//	actor=bob    only of this actor, or of each of this group
//	call=get     only such calls: get, head, put, delete or any. Left out: any for
//	             503 and slow, put for the others; duplicate takes none
//	from=1s,to=5s  only between these times since the start
//	as=503       answer, required: one of [AnswerNames]
//	by=3s        slow, required: how much later the request arrives
//	answer=409   sent-twice: what the repetition is answered: 412 (the default), 409 or 503
//	when=after   crash: before (the default) the call is sent, or after it was applied
//	restart=2s   crash: the client starts again so much later; left out: never
//	retry-after=3s  503: when the store wants to be asked again
//	after=500ms  duplicate: how much later the second message is delivered
//	writes=3500,reads=5500,burst=3500,refused=0.1
//	             throttle, see [Throttle]; it takes only these, from and to
func ParseFault(text string) (Fault, error) {
	text = strings.TrimSpace(text)
	kind, rest, opened := strings.Cut(text, "(")
	spec, err := specOf(Kind(strings.TrimSpace(kind)))
	if err != nil {
		return Fault{}, err
	}
	f := Fault{Kind: spec.kind, Call: spec.call}
	switch f.Kind {
	case Crash:
		f.When = Before
	case SentTwice:
		f.Answer = http.StatusPreconditionFailed
	}
	if opened {
		args, closed := strings.CutSuffix(rest, ")")
		if !closed {
			return Fault{}, fmt.Errorf("fault %q: the closing parenthesis is missing: %s", text, faultSyntax)
		}
		if err := f.parseArgs(spec, args); err != nil {
			return Fault{}, fmt.Errorf("fault %q: %w", text, err)
		}
	}
	if err := f.Validate(); err != nil {
		return Fault{}, err
	}
	return f, nil
}

func (f *Fault) parseArgs(spec kindSpec, args string) error {
	if strings.TrimSpace(args) == "" {
		return nil
	}
	var seen []string
	for arg := range strings.SplitSeq(args, ",") {
		name, value, ok := strings.Cut(arg, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok:
			return fmt.Errorf("%q is no name=value: %s", name, faultSyntax)
		case !slices.Contains(spec.names(), name):
			return fmt.Errorf("%q is not known (%s knows: %s)", name, f.Kind, strings.Join(spec.names(), ", "))
		case slices.Contains(seen, name):
			return fmt.Errorf("%s is given twice", name)
		}
		seen = append(seen, name)
		if err := f.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

// set reads one parameter. A rate or nth of 0 means "not given" in a Fault, so
// it is refused where it is stated.
func (f *Fault) set(name, value string) (err error) {
	switch name {
	case "rate":
		f.Rate, err = strconv.ParseFloat(value, 64)
		if err != nil || f.Rate == 0 {
			return fmt.Errorf("rate must be a number above 0 and at most 1, not %q", value)
		}
	case "nth":
		f.Nth, err = strconv.Atoi(value)
		if err != nil || f.Nth == 0 {
			return fmt.Errorf("nth must be a whole number, 1 or more, not %q", value)
		}
	case "actor":
		f.Actor = value
		if value == "" {
			return fmt.Errorf("actor must be the name of an actor or a group; leave it out for all")
		}
	case "call":
		f.Call = Method(value)
	case "answer":
		f.Answer, err = strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("answer must be 412, 409 or 503, not %q", value)
		}
	case "when":
		f.When = When(value)
	case "as":
		f.As = value
	case "by":
		f.By, err = parseDuration(name, value)
	case "after":
		f.After, err = parseDuration(name, value)
	case "retry-after":
		f.RetryAfter, err = parseDuration(name, value)
	case "restart":
		f.Restarts = true
		f.Restart, err = parseDuration(name, value)
	case "from":
		f.From, err = parseDuration(name, value)
	case "to":
		f.To, err = parseDuration(name, value)
	default:
		err = f.Throttle.set(name, value)
	}
	return err
}

func parseDuration(name, value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s must be a duration such as 500ms or 3s, not %q", name, value)
	}
	return d, nil
}

// String returns the fault as [ParseFault] reads it, without what is the default.
func (f Fault) String() string {
	var args []string
	add := func(given bool, name, value string) {
		if given {
			args = append(args, name+"="+value)
		}
	}
	spec, _ := specOf(f.Kind) // of an unknown kind all is printed
	add(f.Rate != 0, "rate", strconv.FormatFloat(f.Rate, 'g', -1, 64))
	add(f.Nth != 0, "nth", strconv.Itoa(f.Nth))
	add(f.Actor != "", "actor", f.Actor)
	add(f.Call != spec.call, "call", string(f.Call))
	add(f.Throttle.Writes != 0, "writes", strconv.FormatFloat(f.Throttle.Writes, 'g', -1, 64))
	add(f.Throttle.Reads != 0, "reads", strconv.FormatFloat(f.Throttle.Reads, 'g', -1, 64))
	add(f.Throttle.Burst != 0, "burst", strconv.Itoa(f.Throttle.Burst))
	add(f.Throttle.Refused != 0, "refused", strconv.FormatFloat(f.Throttle.Refused, 'g', -1, 64))
	add(f.As != "", "as", f.As)
	add(f.By != 0, "by", f.By.String())
	add(f.RetryAfter != 0, "retry-after", f.RetryAfter.String())
	add(f.Answer != 0 && f.Answer != http.StatusPreconditionFailed, "answer", strconv.Itoa(f.Answer))
	add(f.When != "" && f.When != Before, "when", string(f.When))
	add(f.Restarts, "restart", f.Restart.String())
	add(f.After != 0, "after", f.After.String())
	add(f.From != 0, "from", f.From.String())
	add(f.To != 0, "to", f.To.String())
	return string(f.Kind) + "(" + strings.Join(args, ",") + ")"
}

// MarshalText implements encoding.TextMarshaler.
func (f Fault) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Fault) UnmarshalText(text []byte) error {
	parsed, err := ParseFault(string(text))
	if err == nil {
		*f = parsed
	}
	return err
}
