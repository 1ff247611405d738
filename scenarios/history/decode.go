package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// decode reads an event strictly: what the format does not know is an error, so
// that a damaged history is never judged as something else.
func (r *lineReader) decode(line []byte) (*Event, error) {
	e := r.read(line)
	if e == nil {
		var err error
		if e, err = decodeAny(line); err != nil {
			return nil, err
		}
	}
	return e, e.validate()
}

// decodeAny reads an event in whatever way it is written.
func decodeAny(line []byte) (*Event, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	e := new(Event)
	if err := dec.Decode(e); err != nil {
		return nil, fmt.Errorf("the line is no event: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("the line holds more than one event")
	}
	return e, nil
}

var (
	answers = []string{
		OK, NotFound, PreconditionFailed, Conflict, Throttled, Unavailable, UnknownAnswer, OtherError,
	}
	outcomes   = []string{Committed, UserConflict, Exhausted, Gone, Unknown, Failed, Unavailable, Contradiction, Cancelled, Crashed}
	conditions = []string{IfMatch, IfAbsent, IfNone}
	requests   = []string{SendRequest, ReceiveRequest, DeleteRequest}
	fates      = []string{Sent, Delivered, Acknowledged, DeadLettered, Left}
)

func (e *Event) validate() error {
	switch e.Kind {
	case Invoke, Return, Wait:
		if e.Op <= 0 || e.Actor == "" || e.Key == "" {
			return fmt.Errorf("%s event without operation, actor or key", e.Kind)
		}
		if err := e.validateBatch(); err != nil {
			return err
		}
		if e.Kind == Return && !slices.Contains(outcomes, e.Outcome) {
			return fmt.Errorf("return event of unknown outcome %q", e.Outcome)
		}
	case Get, Head, Put, Delete:
		if e.Key == "" || !slices.Contains(answers, e.Answer) {
			return fmt.Errorf("%s event without key, or of unknown answer %q", e.Kind, e.Answer)
		}
		if e.Means != "" && !slices.Contains(answers, e.Means) {
			return fmt.Errorf("%s event that means the unknown answer %q", e.Kind, e.Means)
		}
		if e.Kind == Put && !slices.Contains(conditions, e.If) {
			return fmt.Errorf("put event of unknown condition %q", e.If)
		}
		if e.Doc == nil && (e.Kind == Put || e.Kind == Get && e.Answer == OK) && !e.OfTrigger() {
			return fmt.Errorf("%s event without its document", e.Kind)
		}
	case Queue:
		if _, _, ok := (*Layout)(nil).SplitTrigger(e.Trigger); !ok || !slices.Contains(fates, e.Do) {
			return fmt.Errorf("queue event without a trigger, or of unknown kind %q", e.Do)
		}
	case Tell:
		if e.Actor == "" || e.Key == "" || len(e.Told) != len(e.IDs) {
			return errors.New("tell event without actor or key, or without an upload for each customer who was told")
		}
	case Request:
		if !slices.Contains(requests, e.Do) || e.Count <= 0 {
			return fmt.Errorf("request event of unknown kind %q, or without a count", e.Do)
		}
	case Skip:
		if e.Actor == "" || e.Count <= 0 {
			return errors.New("skip event without an actor or a count")
		}
	case Step:
		if e.Do == "" || e.Expected == nil {
			return errors.New("step event without the step, or without what it wants")
		}
	case Omit:
		if o := e.Omitted; o == nil || o.Repetitions < 1 || o.Updates < 0 || o.Acknowledged < 0 || o.Refusals < 0 {
			return errors.New("omit event without what is left out, or with a negative number")
		}
	case Begin, Note, End:
	default:
		return fmt.Errorf("event of unknown kind %q", e.Kind)
	}
	return e.validateNumbers()
}

// validateBatch: a batch is for others and wants nothing, and what it stores are appends.
func (e *Event) validateBatch() error {
	switch {
	case e.Kind != Invoke:
		if e.Through != "" || e.Invalid {
			return fmt.Errorf("%s event that says through what its operation goes, or that it is invalid", e.Kind)
		}
	case e.Do == DoBatch && (e.Through == "" || len(e.IDs)+len(e.Sets) > 0 || e.Invalid):
		return errors.New("batch that wants something itself, or that is through nothing")
	case e.Do != DoBatch && e.Through != "" && e.Do != "append":
		return fmt.Errorf("%s through %s, where only an append can be batched", e.Do, e.Through)
	}
	return nil
}

func (e *Event) validateNumbers() error {
	if e.Op < 0 || e.Op > math.MaxInt32 {
		return fmt.Errorf("operation number %d is out of range", e.Op)
	}
	if e.Count < 0 {
		return fmt.Errorf("count %d is out of range", e.Count)
	}
	if e.Start > e.At {
		return fmt.Errorf("%s event that ends before it starts", e.Kind)
	}
	if len(e.Entries) > 0 && len(e.Entries) != len(e.IDs) || len(e.Values) > 0 && len(e.Values) != len(e.Sets) {
		return fmt.Errorf("%s event with %d ids and %d entries, %d fields and %d values", e.Kind, len(e.IDs), len(e.Entries), len(e.Sets), len(e.Values))
	}
	if d := e.Doc; d != nil && len(d.Entries) > 0 && len(d.Entries) != len(d.Add) {
		return fmt.Errorf("document that adds %d entries and describes %d", len(d.Add), len(d.Entries))
	}
	if e.Asked > e.Start || e.GiveUp < 0 || e.Wait < 0 {
		return fmt.Errorf("%s event that was asked for after it started, or with a time below zero", e.Kind)
	}
	if d := e.Doc; d != nil && (d.N < 0 || d.N > math.MaxInt32 || d.Keep < 0 || d.Keep > math.MaxInt32) {
		return fmt.Errorf("document with a count out of range: n %d, keep %d", d.N, d.Keep)
	}
	return nil
}
