package storerace

import (
	"fmt"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

// raceUpdatesAndDelete: whoever comes first, the object is gone in the end, as an update
// that comes after the delete finds nothing to replace.
func raceUpdatesAndDelete(r *round) error {
	if err := r.present(); err != nil {
		return err
	}
	before := r.now
	attempts, deleted := r.updatesAndDelete(archive.Condition{})
	if err := r.twoWinners(attempts, storefault.TwoWinners); err != nil {
		return err
	}
	if deleted != nil {
		return deleted
	}
	return r.settle(func(stored *version) error {
		if _, err := r.winner(attempts, before, stored, storefault.TwoWinners); err != nil {
			return err
		}
		if stored != nil {
			return storefault.Errorf(storefault.UndoneDelete, "a delete of %s was acknowledged while %d updated it; then %s",
				r.key, len(attempts), r.tell(stored))
		}
		r.now = nil
		return nil
	})
}

func (r *round) updatesAndDelete(cond archive.Condition) (attempts []attempt, deleted error) {
	attempts = r.write(r.racers-1, archive.IfMatch(r.now.etag), func() {
		deleted = r.store(r.racers-1).Delete(r.ctx, r.key, cond)
	})
	return attempts, deleted
}

// raceConditionalDelete: of updates and a delete under one If-Match at most one can be
// acknowledged.
func raceConditionalDelete(r *round) error {
	if err := r.present(); err != nil {
		return err
	}
	before := r.now
	attempts, deleted := r.updatesAndDelete(archive.IfMatch(before.etag))
	if err := r.twoWinners(attempts, storefault.TwoWinners); err != nil {
		return err
	}
	if deleted != nil && !refused(deleted) {
		return fmt.Errorf("%w (%s)", deleted, archive.IfMatch(before.etag))
	}
	return r.settle(func(stored *version) error {
		won, err := r.winner(attempts, before, stored, storefault.TwoWinners)
		updated := won != nil && won.err == nil
		switch {
		case err != nil:
			return err
		case deleted == nil && updated && stored == nil:
			return storefault.Errorf(storefault.IgnoredDelete, "under %s an update by %s and a delete of %s were both acknowledged; then %s",
				archive.IfMatch(before.etag), won.by, r.key, r.tell(nil))
		case deleted == nil && stored != nil:
			return storefault.Errorf(storefault.UndoneDelete, "a delete of %s under %s was acknowledged; then %s",
				r.key, archive.IfMatch(before.etag), r.tell(stored))
		case updated && stored != nil && stored.body != won.body:
			return storefault.Errorf(storefault.LostWrite, "%s was acknowledged, and a delete of %s refused; then %s", won.by, r.key, r.tell(stored))
		case deleted != nil && stored == nil:
			return storefault.Errorf(storefault.LostWrite, "a delete of %s under %s was refused; then %s",
				r.key, archive.IfMatch(before.etag), r.tell(nil))
		case deleted != nil && won == nil:
			return fmt.Errorf("delete %s (%s), and all updates: %w", r.key, archive.IfMatch(before.etag), deleted)
		}
		return r.found(stored)
	})
}

func raceDeletes(r *round) error {
	if err := r.present(); err != nil {
		return err
	}
	cond := archive.IfMatch(r.now.etag)
	answers := make([]error, r.racers)
	together(r.racers, func(i int) { answers[i] = r.store(i).Delete(r.ctx, r.key, cond) })
	acknowledged := 0
	var unclear error
	for _, err := range answers {
		switch {
		case err == nil:
			acknowledged++
		case !refused(err):
			unclear = err
		}
	}
	switch {
	case acknowledged > 1:
		return storefault.Errorf(storefault.TwoDeleters, "of %d deletes of %s under %s, %d were acknowledged", r.racers, r.key, cond, acknowledged)
	case unclear != nil:
		return fmt.Errorf("%w (%s)", unclear, cond)
	case acknowledged == 0:
		return fmt.Errorf("delete %s (%s): all of %d were refused: %w", r.key, cond, r.racers, answers[0])
	}
	return r.settle(func(stored *version) error {
		if stored != nil {
			return storefault.Errorf(storefault.UndoneDelete, "a delete of %s under %s was acknowledged; then %s", r.key, cond, r.tell(stored))
		}
		r.now = nil
		return nil
	})
}
