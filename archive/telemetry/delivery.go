package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// Delivered returns an observer that hands every trigger, message and dead letter to all
// sinks.
func Delivered(sinks ...Sink) delivery.Observer {
	record := func(ctx context.Context, op string, err error, took time.Duration) {
		for _, s := range sinks {
			s.Record(ctx, Update{Service: Delivery, Op: op, Outcome: archive.OutcomeOf(err), Elapsed: took})
		}
	}
	return delivery.Observer{
		Trigger:    func(ctx context.Context, i delivery.TriggerInfo) { record(ctx, opTrigger, i.Err, i.Elapsed) },
		Message:    func(ctx context.Context, i delivery.MessageInfo) { record(ctx, opMessage, i.Err, i.Elapsed) },
		DeadLetter: func(ctx context.Context, _ delivery.Message) { record(ctx, opDeadLetter, nil, 0) },
	}
}

// LogDelivered returns an observer that writes to a logger what was given up, or comes
// again: at warn, and dead letters at error, with the attributes object and customer.
func LogDelivered(l *slog.Logger) delivery.Observer {
	h := logs{l}
	return delivery.Observer{Trigger: h.trigger, Message: h.message, DeadLetter: h.deadLetter}
}

// trigger tells of a customer who is not told.
func (l logs) trigger(ctx context.Context, i delivery.TriggerInfo) {
	if i.Err != nil {
		what := "trigger given up: its customer is not told yet"
		if errors.Is(i.Err, archive.ErrOutcomeUnknown) {
			what = "trigger given up: it is not known whether its customer is told"
		}
		l.LogAttrs(ctx, slog.LevelWarn, what,
			slog.String("object", i.Trigger.ObjectID), slog.String("customer", i.Trigger.Customer),
			slog.Int("attempt", i.Attempts), slog.Float64("elapsed_ms", milliseconds(i.Elapsed)), slog.String("cause", cause(i.Err)))
	}
}

// message tells of a delivery that failed.
func (l logs) message(ctx context.Context, i delivery.MessageInfo) {
	if i.Err != nil {
		l.LogAttrs(ctx, slog.LevelWarn, "message not processed: it comes again",
			slog.String("object", i.Message.ObjectID), slog.String("customer", i.Message.Customer),
			slog.Float64("elapsed_ms", milliseconds(i.Elapsed)), slog.String("cause", cause(i.Err)))
	}
}

func (l logs) deadLetter(ctx context.Context, m delivery.Message) {
	l.LogAttrs(ctx, slog.LevelError, "message given up: it was delivered as often as the queue allows",
		slog.String("object", m.ObjectID), slog.String("customer", m.Customer))
}

// Reconciled returns what is to be [delivery.ReconcilerOptions.Done]: it hands every look
// that told somebody, or failed, to all sinks. Looks at objects of which everybody knows
// are not counted: most are such.
func Reconciled(sinks ...Sink) func(context.Context, delivery.Reconciled) {
	return func(ctx context.Context, r delivery.Reconciled) {
		if len(r.Told) == 0 && r.Err == nil {
			return
		}
		u := Update{Service: Reconciler, Op: "reconcile", Outcome: archive.OutcomeOf(r.Err), Told: len(r.Told)}
		for _, s := range sinks {
			s.Record(ctx, u)
		}
	}
}

// LogReconciled is likewise: it writes to a logger, at warn, who was forgotten and told,
// with the attributes object, customers and modifications (the uploads' entries, in the
// customers' order), and what failed, with object (empty: the sweep as a whole) and cause.
func LogReconciled(l *slog.Logger) func(context.Context, delivery.Reconciled) {
	return func(ctx context.Context, r delivery.Reconciled) {
		if len(r.Told) > 0 {
			customers, mods := make([]string, len(r.Told)), make([]string, len(r.Told))
			for i, t := range r.Told {
				customers[i], mods[i] = t.Customer, t.ModificationID
			}
			l.LogAttrs(ctx, slog.LevelWarn, "customers were forgotten, and told now: a server died, or messages got lost or failed",
				slog.String("object", r.ObjectID), slog.Any("customers", customers), slog.Any("modifications", mods))
		}
		if r.Err != nil {
			l.LogAttrs(ctx, slog.LevelWarn, "customers may be untold: the next sweep tries again",
				slog.String("object", r.ObjectID), slog.String("cause", cause(r.Err)))
		}
	}
}
