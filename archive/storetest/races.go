package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"holdfast/archive"
)

var races = []spec{
	{name: "races/one-creator", run: oneCreator},
	{name: "races/one-updater", run: oneUpdater},
	{name: "races/counter", run: counter},
	{name: "races/create-and-delete", run: createAndDeleteRace},
	{name: "races/update-and-delete", run: updateAndDeleteRace,
		differences: []difference{{UpdateMayUndoDelete, updateAndDeleteAnswers}}},
	{name: "races/one-deleter", run: oneDeleter, differences: []difference{
		{DeleteIgnoresIfMatch, everyDeleter},
		{DeleteAbsentIgnoresIfMatch, someDeleter},
	}},
	{name: "races/readers", run: readersSeePairs,
		differences: []difference{{BodyUnderOlderETag, readersSeeWholeBodies}}},
}

const (
	racers = 12 // of one race
	rounds = 15 // of each race, because one may go well by chance
)

// attempt is how one of several racing writes ended.
type attempt struct {
	body string
	etag string
	err  error
}

// race sends one conditional write for each racer, all at once. The rival, if
// any, sets out with them in even rounds, and in odd ones when the first of them
// is back, so that it meets them on their way.
func race(ctx context.Context, s archive.Store, k string, round int, cond archive.Condition, rival func()) []attempt {
	attempts := make([]attempt, racers)
	start, firstBack := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	for i := range attempts {
		wg.Go(func() {
			a := &attempts[i]
			a.body = fmt.Sprintf("round %d, racer %d", round, i)
			<-start
			a.etag, a.err = put(ctx, s, k, a.body, cond)
			once.Do(func() { close(firstBack) })
		})
	}
	close(start)
	if rival != nil {
		if round%2 == 1 {
			<-firstBack
		}
		rival()
	}
	wg.Wait()
	return attempts
}

// refused reports whether the store said that it wrote nothing. Throttling
// proves nothing about conditions, and is no fault.
func refused(err error) bool {
	return errors.Is(err, archive.ErrPreconditionFailed) || errors.Is(err, archive.ErrConflict) ||
		errors.Is(err, archive.ErrThrottled) || errors.Is(err, archive.ErrUnavailable)
}

// settle finds out who won. A write of unknown outcome has won if its body is
// what is stored; then it has, and needs no acknowledgement. alsoAllowed is
// another answer that a loser may get.
func settle(ctx context.Context, s archive.Store, k string, attempts []attempt, alsoAllowed error) (winner *attempt, err error) {
	body, etag, err := s.Get(ctx, k)
	absent := errors.Is(err, archive.ErrNotFound)
	if err != nil && !absent {
		return nil, fmt.Errorf("get %s: %w", k, err)
	}
	for i := range attempts {
		a := &attempts[i]
		unknown := errors.Is(a.err, archive.ErrOutcomeUnknown)
		stored := !absent && string(body) == a.body
		switch {
		case a.err == nil || unknown && stored:
			if winner != nil {
				return nil, fmt.Errorf("%s: two writes under one condition were applied: %q and %q", k, winner.body, a.body)
			}
			winner = a
			if unknown {
				a.etag = etag
			}
		case unknown, refused(a.err), alsoAllowed != nil && errors.Is(a.err, alsoAllowed):
		default:
			return nil, fmt.Errorf("a loser must be told 412 or 409: %w", a.err)
		}
	}
	if winner != nil && !absent && (string(body) != winner.body || etag != winner.etag) {
		return nil, fmt.Errorf("%s: %q was acknowledged with ETag %s, but %q is stored with ETag %s",
			k, winner.body, winner.etag, body, etag)
	}
	return winner, nil
}

// mustWin is settle for a race in which somebody must win and stay.
func mustWin(ctx context.Context, s archive.Store, k string, attempts []attempt) (*attempt, error) {
	winner, err := settle(ctx, s, k, attempts, nil)
	switch {
	case err != nil:
		return nil, err
	case winner == nil:
		return nil, fmt.Errorf("%s: of %d racing writes none was accepted; one got: %w", k, len(attempts), attempts[0].err)
	}
	return winner, mustHold(ctx, s, k, winner.body, winner.etag)
}

func oneCreator(ctx context.Context, s archive.Store) error {
	for round := range rounds {
		k := key("one-creator", strconv.Itoa(round))
		if _, err := mustWin(ctx, s, k, race(ctx, s, k, round, archive.IfAbsent(), nil)); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

func oneUpdater(ctx context.Context, s archive.Store) error {
	k := key("one-updater.json")
	etag, err := create(ctx, s, k, "start")
	if err != nil {
		return err
	}
	for round := range rounds {
		winner, err := mustWin(ctx, s, k, race(ctx, s, k, round, archive.IfMatch(etag), nil))
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		etag = winner.etag
	}
	return nil
}

// counter is the lost update itself: everybody reads, adds one and writes under
// the ETag that was read. The sum must be the number of acknowledged writes.
func counter(ctx context.Context, s archive.Store) error {
	const each = 10
	k := key("counter.json")
	if _, err := create(ctx, s, k, "0"); err != nil {
		return err
	}
	var (
		mu                    sync.Mutex
		wg                    sync.WaitGroup
		acknowledged, unknown int
		failed                error
	)
	for range racers {
		wg.Go(func() {
			for range each {
				known, err := increment(ctx, s, k)
				mu.Lock()
				switch {
				case err != nil:
					failed = err
				case known:
					acknowledged++
				default:
					unknown++
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	sum, _, err := readCounter(ctx, s, k)
	if err == nil && (sum < acknowledged || sum > acknowledged+unknown) {
		err = fmt.Errorf("%s: it counts %d, but %d increments were acknowledged (and %d are unknown)",
			k, sum, acknowledged, unknown)
	}
	return err
}

// increment tries until it is told that it wrote, or that it may have.
func increment(ctx context.Context, s archive.Store, k string) (acknowledged bool, err error) {
	for {
		n, etag, err := readCounter(ctx, s, k)
		if err != nil {
			return false, err
		}
		_, err = put(ctx, s, k, strconv.Itoa(n+1), archive.IfMatch(etag))
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, archive.ErrOutcomeUnknown):
			return false, nil
		case !refused(err):
			return false, err
		case ctx.Err() != nil:
			return false, fmt.Errorf("%s: no increment was accepted in time: %w", k, err)
		}
	}
}

func readCounter(ctx context.Context, s archive.Store, k string) (n int, etag string, err error) {
	body, etag, err := s.Get(ctx, k)
	if err != nil {
		return 0, "", fmt.Errorf("get %s: %w", k, err)
	}
	if n, err = strconv.Atoi(string(body)); err != nil {
		return 0, "", fmt.Errorf("get %s: the body is %s, want a number", k, brief(string(body)))
	}
	return n, etag, nil
}

// createAndDeleteRace: the object is there when creators and one delete set out.
// At most one creator wins, after the delete, and then it is what remains.
func createAndDeleteRace(ctx context.Context, s archive.Store) error {
	for round := range rounds {
		k := key("create-and-delete", strconv.Itoa(round))
		if _, err := create(ctx, s, k, "old"); err != nil {
			return err
		}
		var deleteErr error
		attempts := race(ctx, s, k, round, archive.IfAbsent(), func() {
			deleteErr = s.Delete(ctx, k, archive.Condition{})
		})
		if deleteErr != nil {
			return fmt.Errorf("round %d: delete %s: %w", round, k, deleteErr)
		}
		winner, err := settle(ctx, s, k, attempts, nil)
		if err == nil && winner == nil {
			err = mustBeAbsent(ctx, s, k)
		} else if err == nil {
			err = mustHold(ctx, s, k, winner.body, winner.etag)
		}
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

// updateAndDeleteRace: updaters and one delete set out together. Whoever comes
// first, the object is gone in the end: an update must not bring it back.
func updateAndDeleteRace(ctx context.Context, s archive.Store) error {
	return updatesAndDelete(ctx, s, func(k string, attempts []attempt) error {
		if _, err := settle(ctx, s, k, attempts, archive.ErrNotFound); err != nil {
			return err
		}
		return mustBeAbsent(ctx, s, k)
	})
}

// updateAndDeleteAnswers accepts an update that survives, if it is the only one.
func updateAndDeleteAnswers(ctx context.Context, s archive.Store) error {
	return updatesAndDelete(ctx, s, func(k string, attempts []attempt) error {
		_, err := settle(ctx, s, k, attempts, archive.ErrNotFound)
		return err
	})
}

func updatesAndDelete(ctx context.Context, s archive.Store, judge func(k string, attempts []attempt) error) error {
	for round := range rounds {
		k := key("update-and-delete", strconv.Itoa(round))
		etag, err := create(ctx, s, k, "old")
		if err != nil {
			return err
		}
		var deleteErr error
		attempts := race(ctx, s, k, round, archive.IfMatch(etag), func() {
			deleteErr = s.Delete(ctx, k, archive.Condition{})
		})
		if deleteErr != nil {
			return fmt.Errorf("round %d: delete %s: %w", round, k, deleteErr)
		}
		if err := judge(k, attempts); err != nil {
			return fmt.Errorf("round %d: after a delete and racing updates: %w", round, err)
		}
	}
	return nil
}

// deleteRace returns how many of the racing conditional deletes were acknowledged.
func deleteRace(ctx context.Context, s archive.Store, k string) (acknowledged int, err error) {
	etag, err := create(ctx, s, k, "to be deleted")
	if err != nil {
		return 0, err
	}
	errs := make([]error, racers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			<-start
			errs[i] = s.Delete(ctx, k, archive.IfMatch(etag))
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		switch {
		case err == nil:
			acknowledged++
		case !refused(err) && !errors.Is(err, archive.ErrNotFound):
			return 0, fmt.Errorf("delete %s: a loser must be told 412, 404 or 409: %w", k, err)
		}
	}
	return acknowledged, mustBeAbsent(ctx, s, k)
}

func oneDeleter(ctx context.Context, s archive.Store) error {
	for round := range rounds {
		k := key("one-deleter", strconv.Itoa(round))
		n, err := deleteRace(ctx, s, k)
		if err == nil && n != 1 {
			err = fmt.Errorf("%s: %d of %d deletes under one ETag were acknowledged, want 1", k, n, racers)
		}
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

func everyDeleter(ctx context.Context, s archive.Store) error {
	k := key("one-deleter", "quirk")
	n, err := deleteRace(ctx, s, k)
	if err == nil && n != racers {
		err = fmt.Errorf("%s: %d of %d deletes under one ETag were acknowledged, but the server is declared to "+
			"ignore the condition: drop the quirk %s", k, n, racers, DeleteIgnoresIfMatch)
	}
	return err
}

func someDeleter(ctx context.Context, s archive.Store) error {
	k := key("one-deleter", "quirk")
	n, err := deleteRace(ctx, s, k)
	if err == nil && n == 0 {
		err = fmt.Errorf("%s: none of %d deletes under its ETag was acknowledged, and yet it is gone", k, racers)
	}
	return err
}
