package sandbox

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"holdfast/archive"
)

// part is the store of one part.
type part struct {
	archive.Store // of all parts
	box           *Sandbox
	number        int
	dir           string
}

func (p *part) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := p.box.take(); err != nil {
		return nil, "", err
	}
	return p.Store.Get(ctx, p.dir+key)
}

func (p *part) Head(ctx context.Context, key string) (string, error) {
	if err := p.box.take(); err != nil {
		return "", err
	}
	return p.Store.Head(ctx, p.dir+key)
}

func (p *part) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if err := p.write(key); err != nil {
		return "", err
	}
	return p.Store.Put(ctx, p.dir+key, body, cond)
}

// Delete claims the key too: a bucket with versions keeps a marker of what was deleted,
// even if nothing was there.
func (p *part) Delete(ctx context.Context, key string, cond archive.Condition) error {
	if err := p.write(key); err != nil {
		return err
	}
	return p.Store.Delete(ctx, p.dir+key, cond)
}

func (p *part) write(key string) error {
	if err := p.box.claim(p, key); err != nil {
		return err
	}
	return p.box.take()
}

// listing is a part of a store that can list.
type listing struct {
	*part
	lister archive.Lister
}

// List implements [archive.Lister].
func (l listing) List(ctx context.Context, prefix, after string) ([]archive.Listed, error) {
	if err := l.box.take(); err != nil {
		return nil, err
	}
	if after != "" {
		after = l.dir + after
	}
	found, err := l.lister.List(ctx, l.dir+prefix, after)
	for i := range found {
		found[i].Key = strings.TrimPrefix(found[i].Key, l.dir)
	}
	return found, err
}

// ErrSpent says that as many requests were sent as are allowed, and that this one was not.
// It is no refusal that is over the next time.
var ErrSpent = errors.New("as many requests were sent as are allowed")

// Allowance is a number of requests that may be sent, by one run or several. It is safe
// for concurrent use.
type Allowance struct {
	most int64
	sent atomic.Int64
}

// NewAllowance allows so many requests.
func NewAllowance(requests int) *Allowance { return &Allowance{most: int64(requests)} }

// Most is how many are allowed.
func (a *Allowance) Most() int { return int(a.most) }

// Spend takes one; [ErrSpent]: there is none. Of nil there is always one.
func (a *Allowance) Spend() error {
	if a == nil || a.sent.Add(1) <= a.most {
		return nil
	}
	return ErrSpent
}

// Spent reports whether none is left.
func (a *Allowance) Spent() bool { return a != nil && a.sent.Load() >= a.most }

// take takes a request from the allowance. If there is none, the run ends.
func (s *Sandbox) take() error {
	err := s.Allowance.Spend()
	if errors.Is(err, ErrSpent) {
		return s.end(err)
	}
	return nil
}
