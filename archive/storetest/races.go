package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/archive/storerace"
)

var races = []spec{
	{name: "races/one-creator", run: race("create")},
	{name: "races/one-updater", run: race("update")},
	{name: "races/counter", run: race("counter")},
	{name: "races/create-and-delete", run: race("create-and-delete")},
	{name: "races/update-and-delete", run: race("update-and-delete"),
		differences: []difference{{UpdateMayUndoDelete, race("update-and-delete", storefault.UndoneDelete)}}},
	{name: "races/one-deleter", run: race("delete-and-delete"), differences: []difference{
		{DeleteIgnoresIfMatch, everyDeleter},
		{DeleteAbsentIgnoresIfMatch, race("delete-and-delete", storefault.TwoDeleters)},
	}},
	{name: "races/update-and-conditional-delete", run: race("conditional-delete"), differences: []difference{
		{DeleteIgnoresIfMatch, race("conditional-delete", storefault.IgnoredDelete, storefault.UndoneDelete)},
		{DeleteAbsentIgnoresIfMatch, race("conditional-delete", storefault.IgnoredDelete, storefault.UndoneDelete)},
	}},
	{name: "races/readers", run: race("readers"),
		differences: []difference{{BodyUnderOlderETag, race("readers", storefault.BodyUnderOlder)}}},
	{name: "races/read-after-write", run: race("read-after-write")},
}

// plan has few races with many racers: a suite is for what a store does often. Whoever has
// to know what it does in one race of a hundred plays more of them (package storerace).
var plan = storerace.Plan{Races: 30, Racers: []int{12}, BodyBytes: []int{40, 40_000}, AfterUnsafe: -1}

func play(ctx context.Context, s archive.Store, kind string) storerace.Tally {
	return storerace.Named(kind).On(storerace.Field{Stores: []archive.Store{s}, Prefix: key("races", "")}).Play(ctx, plan, nil)
}

// race plays a kind of race, in which a store may have faults that happen by chance.
func race(kind string, allowed ...storefault.Kind) func(context.Context, archive.Store) error {
	return func(ctx context.Context, s archive.Store) error {
		return judge(ctx, play(ctx, s, kind), allowed...)
	}
}

func judge(ctx context.Context, t storerace.Tally, allowed ...storefault.Kind) error {
	for _, fault := range t.Faults {
		if !slices.Contains(allowed, fault.Kind) {
			return fmt.Errorf("%d of %d races: %w", t.Bad, t.Judged, fault)
		}
	}
	if t.Judged < plan.Races {
		return fmt.Errorf("%d of %d races were judged: %w", t.Judged, plan.Races, errors.Join(t.Why, ctx.Err()))
	}
	return nil
}

// everyDeleter: where the condition is ignored, all that race are acknowledged.
func everyDeleter(ctx context.Context, s archive.Store) error {
	t := play(ctx, s, "delete-and-delete")
	if err := judge(ctx, t, storefault.TwoDeleters); err != nil {
		return err
	}
	if t.Bad < t.Judged {
		return fmt.Errorf("of %d races of deletes under one ETag %d had one winner, but the server is declared to ignore the condition: drop the quirk %s",
			t.Judged, t.Judged-t.Bad, DeleteIgnoresIfMatch)
	}
	return nil
}
