package storetest

import (
	"context"
	"fmt"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

var conditions = []spec{
	{name: "conditions/if-absent-on-absent", run: ifAbsentOnAbsent},
	{name: "conditions/if-absent-on-present", run: ifAbsentOnPresent},
	{name: "conditions/if-absent-after-delete", run: ifAbsentAfterDelete},
	{name: "conditions/if-match-current", run: ifMatchCurrent},
	{name: "conditions/if-match-stale", run: ifMatchStale},
	{name: "conditions/if-match-missing", run: ifMatchMissing(archive.ErrNotFound),
		differences: []difference{{IfMatchMissingIs412, ifMatchMissing(archive.ErrPreconditionFailed)}}},
	{name: "conditions/if-match-after-delete", run: ifMatchAfterDelete(archive.ErrNotFound),
		differences: []difference{{IfMatchMissingIs412, ifMatchAfterDelete(archive.ErrPreconditionFailed)}}},
	{name: "conditions/delete-if-match-current", run: deleteIfMatchCurrent},
	{name: "conditions/delete-if-match-stale", run: deleteIfMatchStale,
		differences: []difference{{DeleteIgnoresIfMatch, deleteIfMatchStaleDeletes}}},
	{name: "conditions/delete-if-match-absent", run: deleteIfMatchAbsent(archive.ErrNotFound),
		differences: []difference{
			{DeleteIgnoresIfMatch, deleteIfMatchAbsentIsFine(DeleteIgnoresIfMatch)},
			{DeleteAbsentIgnoresIfMatch, deleteIfMatchAbsentIsFine(DeleteAbsentIgnoresIfMatch)},
			{DeleteIfMatchMissingIs412, deleteIfMatchAbsent(archive.ErrPreconditionFailed)},
		}},
}

func ifAbsentOnAbsent(ctx context.Context, s archive.Store) error {
	k := key("if-absent-on-absent.json")
	etag, err := create(ctx, s, k, "created")
	if err != nil {
		return err
	}
	return mustHold(ctx, s, k, "created", etag)
}

func ifAbsentOnPresent(ctx context.Context, s archive.Store) error {
	k := key("if-absent-on-present.json")
	etag, err := create(ctx, s, k, "first")
	if err != nil {
		return err
	}
	_, err = create(ctx, s, k, "second")
	if err := mustFail(storefault.IgnoredCondition, "create "+k+" a second time", err, archive.ErrPreconditionFailed); err != nil {
		return err
	}
	return mustHold(ctx, s, k, "first", etag)
}

func ifAbsentAfterDelete(ctx context.Context, s archive.Store) error {
	k := key("if-absent-after-delete.json")
	if _, err := createAndDelete(ctx, s, k); err != nil {
		return err
	}
	etag, err := create(ctx, s, k, "again")
	if err != nil {
		return err
	}
	return mustHold(ctx, s, k, "again", etag)
}

func ifMatchCurrent(ctx context.Context, s archive.Store) error {
	k := key("if-match-current.json")
	first, err := create(ctx, s, k, "first")
	if err != nil {
		return err
	}
	second, err := put(ctx, s, k, "second", archive.IfMatch(first))
	if err != nil {
		return err
	}
	if err := mustHold(ctx, s, k, "second", second); err != nil {
		return err
	}
	// The ETag that a read returns must do as well as the one of the write.
	_, read, err := s.Get(ctx, k)
	if err != nil {
		return fmt.Errorf("get %s: %w", k, err)
	}
	third, err := put(ctx, s, k, "third", archive.IfMatch(read))
	if err != nil {
		return err
	}
	return mustHold(ctx, s, k, "third", third)
}

func ifMatchStale(ctx context.Context, s archive.Store) error {
	k := key("if-match-stale.json")
	stale, err := create(ctx, s, k, "first")
	if err != nil {
		return err
	}
	current, err := put(ctx, s, k, "second", archive.IfMatch(stale))
	if err != nil {
		return err
	}
	_, err = put(ctx, s, k, "lost update", archive.IfMatch(stale))
	if err := mustFail(storefault.IgnoredCondition, "put "+k+" under a stale ETag", err, archive.ErrPreconditionFailed); err != nil {
		return err
	}
	return mustHold(ctx, s, k, "second", current)
}

func ifMatchMissing(want error) func(context.Context, archive.Store) error {
	return func(ctx context.Context, s archive.Store) error {
		other, err := create(ctx, s, key("if-match-missing-other.json"), "other")
		if err != nil {
			return err
		}
		k := key("if-match-missing.json")
		_, err = put(ctx, s, k, "resurrected", archive.IfMatch(other))
		if err := mustFail(storefault.IgnoredCondition, "put "+k+" with If-Match, which is absent", err, want); err != nil {
			return err
		}
		return mustBeAbsent(ctx, s, k)
	}
}

func ifMatchAfterDelete(want error) func(context.Context, archive.Store) error {
	return func(ctx context.Context, s archive.Store) error {
		k := key("if-match-after-delete.json")
		etag, err := createAndDelete(ctx, s, k)
		if err != nil {
			return err
		}
		_, err = put(ctx, s, k, "resurrected", archive.IfMatch(etag))
		if err := mustFail(storefault.IgnoredCondition, "put "+k+" with If-Match, which was deleted", err, want); err != nil {
			return err
		}
		return mustBeAbsent(ctx, s, k)
	}
}

func deleteIfMatchCurrent(ctx context.Context, s archive.Store) error {
	k := key("delete-if-match-current.json")
	etag, err := create(ctx, s, k, "first")
	if err != nil {
		return err
	}
	if err := s.Delete(ctx, k, archive.IfMatch(etag)); err != nil {
		return fmt.Errorf("delete %s under its ETag: %w", k, err)
	}
	return mustBeAbsent(ctx, s, k)
}

func deleteIfMatchStale(ctx context.Context, s archive.Store) error {
	k := key("delete-if-match-stale.json")
	stale, current, err := twoVersions(ctx, s, k)
	if err != nil {
		return err
	}
	err = s.Delete(ctx, k, archive.IfMatch(stale))
	if err := mustFail(storefault.IgnoredDelete, "delete "+k+" under a stale ETag", err, archive.ErrPreconditionFailed); err != nil {
		return err
	}
	return mustHold(ctx, s, k, "second", current)
}

func deleteIfMatchStaleDeletes(ctx context.Context, s archive.Store) error {
	k := key("delete-if-match-stale.json")
	stale, _, err := twoVersions(ctx, s, k)
	if err != nil {
		return err
	}
	if err := s.Delete(ctx, k, archive.IfMatch(stale)); err != nil {
		return notIgnored("delete "+k+" under a stale ETag", err, DeleteIgnoresIfMatch)
	}
	return mustBeAbsent(ctx, s, k)
}

func deleteIfMatchAbsent(want error) func(context.Context, archive.Store) error {
	return func(ctx context.Context, s archive.Store) error {
		k := key("delete-if-match-absent.json")
		etag, err := createAndDelete(ctx, s, k)
		if err != nil {
			return err
		}
		err = s.Delete(ctx, k, archive.IfMatch(etag))
		return mustFail(storefault.IgnoredDelete, "delete "+k+" with If-Match, which is absent", err, want)
	}
}

func deleteIfMatchAbsentIsFine(quirk Quirk) func(context.Context, archive.Store) error {
	return func(ctx context.Context, s archive.Store) error {
		k := key("delete-if-match-absent.json")
		etag, err := createAndDelete(ctx, s, k)
		if err != nil {
			return err
		}
		if err := s.Delete(ctx, k, archive.IfMatch(etag)); err != nil {
			return notIgnored("delete "+k+" with If-Match, which is absent", err, quirk)
		}
		return nil
	}
}

// notIgnored: the server has got better than its quirk says.
func notIgnored(what string, err error, quirk Quirk) error {
	return fmt.Errorf("%s: got %w, but the server is declared to ignore the condition: drop the quirk %s", what, err, quirk)
}

// createAndDelete returns the ETag that the object had.
func createAndDelete(ctx context.Context, s archive.Store, k string) (etag string, err error) {
	etag, err = create(ctx, s, k, "gone")
	if err != nil {
		return "", err
	}
	if err := s.Delete(ctx, k, archive.Condition{}); err != nil {
		return "", fmt.Errorf("delete %s: %w", k, err)
	}
	return etag, nil
}

// twoVersions leaves "second" behind.
func twoVersions(ctx context.Context, s archive.Store, k string) (stale, current string, err error) {
	stale, err = create(ctx, s, k, "first")
	if err != nil {
		return "", "", err
	}
	current, err = put(ctx, s, k, "second", archive.Condition{})
	return stale, current, err
}
