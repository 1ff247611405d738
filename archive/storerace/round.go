package storerace

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

// round is one race.
type round struct {
	*Course
	ctx    context.Context
	racers int
	size   int // of bodies
}

// store is the way that a racer goes. In each race it is another one's turn to be first.
func (r *round) store(racer int) archive.Store {
	return r.field.Stores[(racer+r.played)%len(r.field.Stores)]
}

// body is a body that nobody else writes, from its first byte to its last, so that a
// mixture of two shows.
func (r *round) body(by string) string {
	const remembered = 256
	name := fmt.Sprintf("race %d, %s. ", r.played, by)
	body := strings.Repeat(name, max(r.size/len(name), 1))
	r.wrote = append(r.wrote, maphash.String(seed, body))
	r.wrote = r.wrote[max(0, len(r.wrote)-remembered):]
	return body
}

// older reports whether a body was sent in this race or not long before.
func (r *round) older(body string) bool { return slices.Contains(r.wrote, maphash.String(seed, body)) }

func writer(i int) string { return fmt.Sprintf("writer %d", i+1) }

// author is whose body it is, for people.
func author(body string) string {
	name, _, _ := strings.Cut(body, ".")
	if len(name) > 40 {
		name = name[:40] + "…"
	}
	return fmt.Sprintf("%q", name)
}

// fresh goes on to a key under which nothing was ever stored.
func (c *Course) fresh() {
	c.keys++
	c.key = c.keyOf(c.keys)
	c.known, c.now, c.past = true, nil, nil
}

// present makes sure that there is an object, and that r.now is it.
func (r *round) present() error {
	if r.known && r.now != nil {
		return nil
	}
	if !r.known {
		r.fresh()
	}
	return r.begin(r.body("before it"))
}

// begin creates the object.
func (r *round) begin(body string) error {
	return r.alone(0, body, archive.IfAbsent())
}

// alone writes on a condition that holds, with no rival about.
func (r *round) alone(racer int, body string, cond archive.Condition) error {
	etag, err := r.put(racer, body, cond)
	if errors.Is(err, archive.ErrPreconditionFailed) || errors.Is(err, archive.ErrNotFound) {
		return storefault.Errorf(storefault.WrongRefusal, "%v, though it held, and nobody else wrote", err)
	}
	if err != nil {
		return err
	}
	return r.acknowledged(body, etag)
}

// absent makes sure that there is no object.
func (r *round) absent() error {
	if !r.known {
		r.fresh()
	}
	if r.now == nil {
		return nil
	}
	if err := r.store(0).Delete(r.ctx, r.key, archive.Condition{}); err != nil {
		return err
	}
	r.now = nil
	return nil
}

// acknowledged notes what is stored from now on. The error is that another version has the
// same ETag.
func (r *round) acknowledged(body, etag string) error {
	const remembered = 8
	for _, v := range r.past {
		if v.etag == etag && v.body != body {
			return storefault.Errorf(storefault.SharedETag, "%s has the ETag %s with the body of %s, as it had with that of %s",
				r.key, etag, author(body), author(v.body))
		}
	}
	r.now = &version{body, etag}
	r.past = append(r.past, *r.now)
	r.past = r.past[max(0, len(r.past)-remembered):]
	return nil
}

// found notes what is stored, maybe nothing.
func (r *round) found(stored *version) error {
	switch {
	case stored == nil:
		r.now = nil
	case r.now == nil || *r.now != *stored:
		return r.acknowledged(stored.body, stored.etag)
	}
	return nil
}

func (r *round) put(racer int, body string, cond archive.Condition) (etag string, err error) {
	etag, err = r.store(racer).Put(r.ctx, r.key, []byte(body), cond)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w (%s)", err, cond)
	case etag == "":
		return "", storefault.Errorf(storefault.NoETag, "put %s (%s): it was acknowledged without an ETag", r.key, cond)
	}
	return etag, nil
}

// attempt is how one of several racing writes ended.
type attempt struct {
	by, body, etag string
	err            error
}

// refused reports that the store has said that it wrote nothing, because of the condition.
func refused(err error) bool {
	return errors.Is(err, archive.ErrPreconditionFailed) || errors.Is(err, archive.ErrConflict) || errors.Is(err, archive.ErrNotFound)
}

// together lets all set out at once, and waits for all.
func together(n int, each func(i int)) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			each(i)
		})
	}
	close(start)
	all.Wait()
}

// write sends so many writes under one condition, all at once, and with them the rival,
// if there is one.
func (r *round) write(n int, cond archive.Condition, rival func()) []attempt {
	attempts := make([]attempt, n)
	for i := range attempts {
		attempts[i].by, attempts[i].body = writer(i), r.body(writer(i))
	}
	late := r.lateness()
	racers := n
	if rival != nil {
		racers++
	}
	together(racers, func(i int) {
		if i == n {
			_ = archive.WallClock{}.Sleep(r.ctx, late)
			rival()
			return
		}
		a := &attempts[i]
		a.etag, a.err = r.put(i, a.body, cond)
	})
	return attempts
}

// lateness is by how much a rival sets out later, so that it meets the others anywhere on
// their way: at most half of what a race has taken, and nothing in half of the races.
func (r *round) lateness() time.Duration {
	if r.played%2 == 0 {
		return 0
	}
	return r.upTo(r.took)
}

// upTo is any time up to half of what a race has taken.
func (r *round) upTo(took time.Duration) time.Duration {
	return time.Duration(r.rng.Int64N(int64(min(took, 200*time.Millisecond))/2 + 1))
}

// faulty reports whether an adapter has said that the store broke its word.
func faulty(err error) bool {
	_, yes := errors.AsType[*storefault.Error](err)
	return yes
}

// read returns what is stored, nil if nothing is. One that the transport has spoilt is
// made again.
func (r *round) read(racer int) (*version, error) {
	const tries = 4
	var last error
	for i := range tries {
		body, etag, err := r.store(racer+i).Get(r.ctx, r.key)
		switch {
		case err == nil && etag == "":
			return nil, storefault.Errorf(storefault.NoETag, "get %s: it was answered without an ETag", r.key)
		case err == nil:
			return &version{string(body), etag}, nil
		case errors.Is(err, archive.ErrNotFound):
			return nil, nil
		case !archive.WorthRetrying(err), faulty(err):
			return nil, err
		}
		last = err
		if err := (archive.WallClock{}).Sleep(r.ctx, waitAfter(err, i)); err != nil {
			break
		}
	}
	return nil, last
}

// settle reads what has come of a race, and judges it. What was not seen at first and is
// seen later was a stale read, and not lost.
func (r *round) settle(judge func(stored *version) error) error {
	stored, err := r.read(0)
	if err != nil {
		return err
	}
	found := judge(stored)
	fault, bad := errors.AsType[*storefault.Error](found)
	if !bad || fault.Kind != storefault.LostWrite && fault.Kind != storefault.UndoneDelete {
		return found
	}
	switch later, err := r.seenLater(judge); {
	case err != nil:
		return err
	case later:
		return storefault.Errorf(storefault.StaleRead, "%s; read again, it was right", fault.Seen)
	}
	return found
}

// seenLater looks again, some times, whether what is stored is judged right now. The error is
// that the last look told nothing: whether it was lost or only seen late is not known.
func (r *round) seenLater(judge func(stored *version) error) (right bool, unclear error) {
	const first, last = 10 * time.Millisecond, 80 * time.Millisecond
	for wait := first; wait <= last; wait *= 2 {
		if err := (archive.WallClock{}).Sleep(r.ctx, wait); err != nil {
			return false, fmt.Errorf("read %s again: %w", r.key, err)
		}
		stored, err := r.read(1)
		if err == nil {
			err = judge(stored)
		}
		if err == nil {
			return true, nil
		}
		unclear = nil
		if !faulty(err) {
			unclear = fmt.Errorf("read %s again: %w", r.key, err)
		}
	}
	return false, unclear
}
