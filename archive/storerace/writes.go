package storerace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

func raceUpdates(r *round) error {
	if err := r.present(); err != nil {
		return err
	}
	before := r.now
	attempts := r.write(r.racers, archive.IfMatch(before.etag), nil)
	if err := r.twoWinners(attempts, storefault.TwoWinners); err != nil {
		return err
	}
	return r.settle(func(stored *version) error {
		winner, err := r.oneWinner(attempts, before, stored, storefault.TwoWinners)
		if err != nil {
			return err
		}
		return r.acknowledged(winner.body, winner.etag)
	})
}

func raceCreates(r *round) error {
	if err := r.absent(); err != nil {
		return err
	}
	attempts := r.write(r.racers, archive.IfAbsent(), nil)
	if err := r.twoWinners(attempts, storefault.TwoCreators); err != nil {
		return err
	}
	return r.settle(func(stored *version) error {
		winner, err := r.oneWinner(attempts, nil, stored, storefault.TwoCreators)
		if err != nil {
			return err
		}
		return r.acknowledged(winner.body, winner.etag)
	})
}

// raceCreatesAndDelete: an object is there, and one deletes it. Whoever creates it came
// after that, so that it stays.
func raceCreatesAndDelete(r *round) error {
	if err := r.present(); err != nil {
		return err
	}
	before := r.now
	var deleted error
	attempts := r.write(r.racers-1, archive.IfAbsent(), func() {
		deleted = r.store(r.racers-1).Delete(r.ctx, r.key, archive.Condition{})
	})
	if err := r.twoWinners(attempts, storefault.TwoCreators); err != nil {
		return err
	}
	if deleted != nil {
		return deleted
	}
	return r.settle(func(stored *version) error {
		winner, err := r.winner(attempts, before, stored, storefault.TwoCreators)
		switch {
		case err != nil:
			return err
		case winner != nil && winner.err == nil && (stored == nil || stored.body != winner.body):
			return storefault.Errorf(storefault.LostWrite, "%s created %s while one deleted what was there before, and was acknowledged; then %s",
				winner.by, r.key, r.tell(stored))
		case winner == nil && stored != nil && stored.body == before.body:
			return storefault.Errorf(storefault.UndoneDelete, "a delete of %s was acknowledged, and all creates refused; then %s", r.key, r.tell(stored))
		}
		return r.found(stored)
	})
}

// twoWinners needs no look at what is stored.
func (r *round) twoWinners(attempts []attempt, two storefault.Kind) error {
	var won []string
	for i := range attempts {
		if attempts[i].err == nil {
			won = append(won, attempts[i].by)
		}
		if fault, bad := errors.AsType[*storefault.Error](attempts[i].err); bad {
			return fault
		}
	}
	if len(won) < 2 {
		return nil
	}
	return storefault.Errorf(two, "of %d writers of %s under %s, %s were all acknowledged",
		len(attempts), r.key, condition(two, r.now), strings.Join(won, ", "))
}

func condition(two storefault.Kind, before *version) string {
	if two == storefault.TwoCreators || before == nil {
		return archive.IfAbsent().String()
	}
	return archive.IfMatch(before.etag).String()
}

// winner is whose write was applied, as far as the answers and what is stored tell: nil if
// nobody's was. A write of unknown outcome has won if its body is stored.
func (r *round) winner(attempts []attempt, before, stored *version, two storefault.Kind) (*attempt, error) {
	var won *attempt
	told, unknown := 0, 0
	for i := range attempts {
		a := &attempts[i]
		kept := stored != nil && stored.body == a.body
		switch {
		case a.err == nil:
		case archive.MayBeApplied(a.err):
			if unknown++; !kept {
				continue
			}
			a.etag = stored.etag
		case kept:
			return nil, storefault.Errorf(storefault.RefusedAndKept, "%s was refused (%v), and its body is stored", a.by, a.err)
		case refused(a.err):
			told++
			continue
		case errors.Is(a.err, archive.ErrThrottled), errors.Is(a.err, archive.ErrUnavailable):
			continue
		default:
			return nil, a.err
		}
		if won != nil {
			return nil, storefault.Errorf(two, "of %d writers of %s under %s, the writes of %s and of %s were both applied",
				len(attempts), r.key, condition(two, before), won.by, a.by)
		}
		won = a
		told++
	}
	if err := r.strange(attempts, before, stored); err != nil {
		return nil, err
	}
	if unknown > 0 {
		r.known = false // it may arrive yet, and must not meet the next race
	}
	switch {
	case won == nil && unknown > 0:
		return nil, fmt.Errorf("the outcome of %d of %d writes of %s is not known", unknown, len(attempts), r.key)
	case told < len(attempts) && told < 2:
		return nil, fmt.Errorf("of %d writes of %s %d were answered: %w", len(attempts), r.key, told, firstError(attempts))
	}
	return won, nil
}

// strange reports a body that nobody has written to the key, or not in this race.
func (r *round) strange(attempts []attempt, before, stored *version) error {
	if stored == nil || before != nil && stored.body == before.body {
		return nil
	}
	for i := range attempts {
		if attempts[i].body == stored.body {
			return nil
		}
	}
	if r.older(stored.body) {
		return storefault.Errorf(storefault.LostWrite, "%s has the body of %s again, which had been replaced", r.key, author(stored.body))
	}
	return storefault.Errorf(storefault.StrangeBody, "%s has %d bytes that nobody wrote: %.60q", r.key, len(stored.body), stored.body)
}

// oneWinner is winner of a race in which somebody must win, and stay.
func (r *round) oneWinner(attempts []attempt, before, stored *version, two storefault.Kind) (*attempt, error) {
	won, err := r.winner(attempts, before, stored, two)
	switch {
	case err != nil:
		return nil, err
	case won != nil && (stored == nil || stored.body != won.body):
		return nil, storefault.Errorf(storefault.LostWrite, "%s was acknowledged, alone of %d; then %s", won.by, len(attempts), r.tell(stored))
	case won != nil && stored.etag != won.etag:
		return nil, storefault.Errorf(storefault.UnstableETag, "the write of %s was answered with ETag %s, and a read of it with %s", won.by, won.etag, stored.etag)
	case won == nil && before != nil && stored == nil:
		return nil, storefault.Errorf(storefault.LostWrite, "all %d writes of %s were refused; then %s", len(attempts), r.key, r.tell(nil))
	case won == nil && allRefused(attempts):
		return nil, storefault.Errorf(storefault.WrongRefusal, "all %d writes of %s under %s were refused, though it held: %v",
			len(attempts), r.key, condition(two, before), attempts[0].err)
	case won == nil:
		return nil, fmt.Errorf("of %d writes of %s none was accepted: %w", len(attempts), r.key, firstError(attempts))
	}
	return won, nil
}

// allRefused: for good, so that a store which asks to come again is not meant.
func allRefused(attempts []attempt) bool {
	for i := range attempts {
		if err := attempts[i].err; !errors.Is(err, archive.ErrPreconditionFailed) && !errors.Is(err, archive.ErrNotFound) {
			return false
		}
	}
	return true
}

func firstError(attempts []attempt) error {
	for i := range attempts {
		if err := attempts[i].err; err != nil && !errors.Is(err, archive.ErrPreconditionFailed) {
			return err
		}
	}
	return attempts[0].err
}

func (r *round) tell(stored *version) string {
	if stored == nil {
		return "there is no object"
	}
	return "the body is that of " + author(stored.body)
}

// raceCounter is the lost update itself: everybody reads, adds one and writes under the
// ETag that was read.
func raceCounter(r *round) error {
	if !r.known {
		r.fresh()
		if err := r.begin(r.count(0)); err != nil {
			return err
		}
	}
	before := counted(r.now.body)
	var mu sync.Mutex
	acknowledged, unknown := 0, 0
	var failed error
	together(r.racers, func(i int) {
		known, err := r.increment(i)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			failed = err
		case known:
			acknowledged++
		default:
			unknown++
		}
	})
	if failed != nil {
		return failed
	}
	return r.settle(func(stored *version) error {
		if stored == nil {
			return storefault.Errorf(storefault.LostWrite, "%s was written to %d times; then %s", r.key, acknowledged, r.tell(nil))
		}
		sum := counted(stored.body)
		least := before + acknowledged
		switch {
		case sum < 0:
			return storefault.Errorf(storefault.StrangeBody, "%s has %d bytes that nobody wrote: %.60q", r.key, len(stored.body), stored.body)
		case sum < least:
			return storefault.Errorf(storefault.LostWrite, "%s counts %d, but with %d before, %d increments were acknowledged", r.key, sum, before, acknowledged)
		case sum > least+unknown:
			return storefault.Errorf(storefault.RefusedAndKept, "%s counts %d, but with %d before, %d increments were acknowledged and of %d the outcome is not known",
				r.key, sum, before, acknowledged, unknown)
		case unknown > 0:
			return fmt.Errorf("the outcome of %d of %d increments of %s is not known", unknown, r.racers, r.key)
		}
		return r.acknowledged(stored.body, stored.etag)
	})
}

// increment tries until it is told that it wrote, or that it may have.
func (r *round) increment(racer int) (acknowledged bool, err error) {
	lost := 8 + 4*r.racers // of which the others take at most one each
	for waits := 0; lost > 0; {
		stored, err := r.read(racer)
		if err != nil {
			return false, err
		}
		if stored == nil {
			return false, storefault.Errorf(storefault.LostWrite, "%s was a counter; now %s", r.key, r.tell(nil))
		}
		if counted(stored.body) < 0 {
			return false, storefault.Errorf(storefault.StrangeBody, "%s was a counter; now %d bytes that nobody wrote: %.60q", r.key, len(stored.body), stored.body)
		}
		_, err = r.put(racer, r.count(counted(stored.body)+1), archive.IfMatch(stored.etag))
		switch {
		case err == nil:
			return true, nil
		case archive.MayBeApplied(err):
			return false, nil
		case errors.Is(err, archive.ErrPreconditionFailed), errors.Is(err, archive.ErrNotFound):
			lost--
		case archive.WorthRetrying(err):
			const most = 20
			if waits++; waits > most {
				return false, err
			}
			if err := (archive.WallClock{}).Sleep(r.ctx, waitAfter(err, min(waits, 6))); err != nil {
				return false, err
			}
		default:
			return false, err
		}
	}
	return false, storefault.Errorf(storefault.WrongRefusal, "put %s: again and again refused, while %d others wrote once each", r.key, r.racers-1)
}

// count is the body of a counter, and counted what it says, or -1.
func (r *round) count(n int) string {
	digits := strconv.Itoa(n) + " "
	return strings.Repeat(digits, max(r.size/len(digits), 1))
}

func counted(body string) int {
	digits, _, _ := strings.Cut(body, " ")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || strings.Count(body, digits+" ")*(len(digits)+1) != len(body) {
		return -1
	}
	return n
}
