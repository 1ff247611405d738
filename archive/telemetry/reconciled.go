package telemetry

import (
	"context"
	"log/slog"

	"holdfast/archive"
)

// Reconciled returns what is to be [archive.ReconcilerOptions.Done]: it hands every look
// that told somebody, or failed, to all sinks. Looks at objects of which everybody knows
// are not counted: most are such.
func Reconciled(sinks ...Sink) func(context.Context, archive.Reconciled) {
	return func(ctx context.Context, r archive.Reconciled) {
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
func LogReconciled(l *slog.Logger) func(context.Context, archive.Reconciled) {
	return func(ctx context.Context, r archive.Reconciled) {
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
