package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"holdfast/archive"
)

// Spans returns an observer that makes a span of each call that reaches the store, such as
// "archive append", with a span in it for each attempt and each wait. The call's context holds its
// span, so that what the store's client makes of its requests stands in it.
//
// Attributes, besides those that are given for all calls: holdfast.key; of a call that has
// ended holdfast.attempts and holdfast.outcome; of an attempt holdfast.attempt, from 1, and
// holdfast.wrote. What did not commit has the status Error, and as error.type (OpenTelemetry's
// semantic conventions) its outcome.
//
// Times are those of a clock, nil: archive.WallClock. It must be that of the calls.
func Spans(tracer trace.Tracer, clock archive.Clock, attributes ...attribute.KeyValue) archive.Observer {
	if clock == nil {
		clock = archive.WallClock{}
	}
	s := spans{tracer, clock, attributes}
	return archive.Observer{Start: s.start, Attempt: s.attempt, Wait: s.wait, Done: s.done}
}

type spans struct {
	tracer     trace.Tracer
	clock      archive.Clock
	attributes []attribute.KeyValue
}

// spanning is a call's span, and what is under way in it. Its hooks run on one goroutine.
type spanning struct {
	call trace.Span
	// since is when the attempt began that is under way, or the wait before it.
	since   time.Time
	waiting time.Duration // how long that wait is to be; 0: there is none
}

type spanningKey struct{}

func (s spans) start(ctx context.Context, i archive.CallInfo) context.Context {
	now := s.clock.Now()
	ctx, span := s.tracer.Start(ctx, "archive "+i.Op, trace.WithTimestamp(now), trace.WithAttributes(s.attributes...),
		trace.WithAttributes(attribute.String("holdfast.key", i.Key)))
	return context.WithValue(ctx, spanningKey{}, &spanning{call: span, since: now})
}

// under returns the call that a hook's context is of; nil: it began before there were spans.
func under(ctx context.Context) *spanning {
	c, _ := ctx.Value(spanningKey{}).(*spanning)
	return c
}

func (s spans) attempt(ctx context.Context, i archive.AttemptInfo) {
	c := under(ctx)
	if c == nil {
		return
	}
	now := s.clock.Now()
	s.endWait(ctx, c, now)
	_, span := s.tracer.Start(ctx, "attempt", trace.WithTimestamp(c.since), trace.WithAttributes(
		attribute.Int("holdfast.attempt", i.Attempt), attribute.Bool("holdfast.wrote", i.Wrote)))
	failed(span, i.Err)
	span.End(trace.WithTimestamp(now))
	c.since = now
}

// wait begins one, which ends with whatever comes next: a wait may be cut short.
func (s spans) wait(ctx context.Context, i archive.WaitInfo) {
	if c := under(ctx); c != nil {
		now := s.clock.Now()
		s.endWait(ctx, c, now)
		c.since, c.waiting = now, i.Wait
	}
}

func (s spans) endWait(ctx context.Context, c *spanning, now time.Time) {
	if c.waiting == 0 {
		return
	}
	end := c.since.Add(c.waiting)
	if end.After(now) {
		end = now
	}
	_, span := s.tracer.Start(ctx, "wait", trace.WithTimestamp(c.since))
	span.End(trace.WithTimestamp(end))
	c.since, c.waiting = end, 0
}

func (s spans) done(ctx context.Context, i archive.DoneInfo) {
	c := under(ctx)
	if c == nil {
		return
	}
	now := s.clock.Now()
	s.endWait(ctx, c, now)
	c.call.SetAttributes(attribute.Int("holdfast.attempts", i.Attempts), attribute.String(outcomeAttribute, string(archive.OutcomeOf(i.Err))))
	failed(c.call, i.Err)
	c.call.End(trace.WithTimestamp(now))
}

// failed says of a span why it did not commit.
func failed(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, cause(err))
		span.SetAttributes(attribute.String("error.type", string(archive.OutcomeOf(err))))
	}
}
