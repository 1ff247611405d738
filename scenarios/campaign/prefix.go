package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/redact"
	"holdfast/archive/s3store"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/world"
)

// store is what a [Prefix] needs of a store. [archive.Store] has it, and a directory.
type store interface {
	Get(ctx context.Context, key string) (body []byte, etag string, err error)
	Put(ctx context.Context, key string, body []byte, cond archive.Condition) (etag string, err error)
}

// Prefix is where the objects of a campaign are. Its calls are repeated while the store asks
// for that or gives no usable answer, within bounds; their errors are one line that names the
// object, and hold no secrets. It may be used by many goroutines.
type Prefix struct {
	name  string
	store store
	close func() error
	clock archive.Clock
}

// Open opens a prefix: the directory t.Store, made when it is first written to, or what is
// below t.Store in a store of any kind that [measure.Target] knows, if it has a ":/".
func Open(ctx context.Context, t measure.Target) (*Prefix, error) {
	if t.Store == "" {
		return nil, errors.New("no prefix was named: want a directory or s3://bucket/prefix")
	}
	if !strings.Contains(t.Store, ":/") { // with which a misspelt s3:/ is no directory
		return &Prefix{t.Store, directory(t.Store), func() error { return nil }, archive.WallClock{}}, nil
	}
	s, closed, err := t.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &Prefix{redact.Text(strings.TrimRight(t.Store, "/")), s, closed, archive.WallClock{}}, nil
}

// In is the prefix of all that is in a store, by the name it has in messages.
func In(s archive.Store, name string) *Prefix {
	return &Prefix{redact.Text(name), s, func() error { return nil }, archive.WallClock{}}
}

// Name is the prefix as its users named it, without secrets.
func (p *Prefix) Name() string { return p.name }

// Close releases what the prefix holds open.
func (p *Prefix) Close() error { return p.close() }

// at is where an object is, for messages.
func (p *Prefix) at(key string) string { return p.name + "/" + key }

// ErrExists says that [Prefix.Create] has found an object with other content.
var ErrExists = errors.New("there is one already, with other content")

// Get returns an object. [archive.ErrNotFound]: there is none.
func (p *Prefix) Get(ctx context.Context, key string) (body []byte, err error) {
	err = p.insist(ctx, "read "+p.at(key), world.InsistFor, func(ctx context.Context) error {
		body, _, err = p.store.Get(ctx, key)
		return err
	})
	return body, err
}

// Create stores an object of which there is none yet: of all who create it one succeeds, and
// from then on it is there, whole. The same content again is no error, since a create whose
// reply was lost can't be told from another's. Other content is [ErrExists].
func (p *Prefix) Create(ctx context.Context, key string, body []byte) error {
	err := p.claim(ctx, key, body, world.InsistFor)
	if !errors.Is(err, archive.ErrPreconditionFailed) {
		return err
	}
	there, err := p.Get(ctx, key)
	switch {
	case err != nil:
		return err
	case !bytes.Equal(there, body):
		return fmt.Errorf("create %s: %w", p.at(key), ErrExists)
	}
	return nil
}

// claim creates an object, within a time. [archive.ErrPreconditionFailed]: there is one, maybe of
// an earlier try whose reply was lost; only reading it tells.
func (p *Prefix) claim(ctx context.Context, key string, body []byte, within time.Duration) error {
	return p.insist(ctx, "create "+p.at(key), within, func(ctx context.Context) error {
		_, err := p.store.Put(ctx, key, body, archive.IfAbsent())
		return err
	})
}

// Put stores an object, whatever is there.
func (p *Prefix) Put(ctx context.Context, key string, body []byte) error {
	return p.insist(ctx, "write "+p.at(key), world.InsistFor, func(ctx context.Context) error {
		_, err := p.store.Put(ctx, key, body, archive.Condition{})
		return err
	})
}

// ErrNoListing says that a kind of store can't tell what it holds.
var ErrNoListing = errors.New("this kind of store can't list what it holds: use a directory, s3:// or azblob://")

// List returns the objects whose keys begin with a prefix, in the order of their keys.
func (p *Prefix) List(ctx context.Context, prefix string) (all []archive.Listed, err error) {
	for page, err := range p.pages(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
	}
	return all, nil
}

// pages are those of a listing, each one request.
func (p *Prefix) pages(ctx context.Context, prefix string) iter.Seq2[[]archive.Listed, error] {
	return func(yield func([]archive.Listed, error) bool) {
		lister, ok := p.store.(archive.Lister)
		if !ok {
			yield(nil, fmt.Errorf("list %s: %w", p.at(prefix), ErrNoListing))
			return
		}
		for after := ""; ; {
			var page []archive.Listed
			err := p.insist(ctx, "list "+p.at(prefix), world.InsistFor, func(ctx context.Context) (err error) {
				page, err = lister.List(ctx, prefix, after)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 || !yield(page, nil) {
				return
			}
			after = page[len(page)-1].Key
		}
	}
}

// Now is the time by the clock that [archive.Listed.Modified] is told by; zero: the store does not
// tell it. It costs a request.
func (p *Prefix) Now(ctx context.Context) (now time.Time, err error) {
	switch s := p.store.(type) {
	case directory:
		return s.now()
	case interface {
		Folders(context.Context, string, bool) iter.Seq2[s3store.Folder, error]
	}:
		err = p.insist(ctx, "list "+p.at(""), world.InsistFor, func(ctx context.Context) error {
			for folder, err := range s.Folders(ctx, "", false) {
				now = folder.At
				return err
			}
			return nil
		})
	}
	return now, err
}

// anew is the pause before a call that was given up is made anew.
const anew = time.Second

// insist makes a call until it succeeds, fails for good or has taken too long.
func (p *Prefix) insist(ctx context.Context, what string, within time.Duration, call func(context.Context) error) error {
	begin := p.clock.Now()
	for {
		err := world.Insist(ctx, p.clock, what, call)
		passes := archive.WorthRetrying(err) && !errors.Is(err, archive.ErrPreconditionFailed) ||
			errors.Is(err, context.DeadlineExceeded) // of world.Insist
		if err == nil || !passes || p.clock.Now().Sub(begin) >= within || p.clock.Sleep(ctx, anew) != nil {
			return err
		}
	}
}
