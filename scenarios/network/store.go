package network

import (
	"context"

	"holdfast/archive"
)

// Method is which of a store's methods is called.
type Method string

// The methods. AnyMethod is for a [Fault] only.
const (
	MethodGet    Method = "get"
	MethodHead   Method = "head"
	MethodPut    Method = "put"
	MethodDelete Method = "delete"
	AnyMethod    Method = "any"
)

// Writes reports whether a call changes what is stored.
func (m Method) Writes() bool { return m == MethodPut || m == MethodDelete }

// Call is a call of a store as a value.
type Call struct {
	Method    Method
	Key       string
	Body      []byte            // of a put
	Condition archive.Condition // of a put or a delete
}

// Conditional reports whether the call is to be refused unless its condition holds.
func (c *Call) Conditional() bool { return c.Condition != archive.Condition{} }

// Reply is what a store answers to a call: the body to a get, an ETag to all but a delete.
type Reply struct {
	Body []byte
	ETag string
	Err  error
}

// On makes the call on a store.
func (c *Call) On(ctx context.Context, s archive.Store) (r Reply) {
	switch c.Method {
	case MethodGet:
		r.Body, r.ETag, r.Err = s.Get(ctx, c.Key)
	case MethodHead:
		r.ETag, r.Err = s.Head(ctx, c.Key)
	case MethodPut:
		r.ETag, r.Err = s.Put(ctx, c.Key, c.Body, c.Condition)
	case MethodDelete:
		r.Err = s.Delete(ctx, c.Key, c.Condition)
	}
	return r
}

// Doer makes the calls of a store.
type Doer interface {
	Do(ctx context.Context, c Call) Reply
}

// Store is an [archive.Store] each of whose methods is a call that its Doer makes.
type Store struct{ Doer }

// Get implements [archive.Store].
func (s Store) Get(ctx context.Context, key string) ([]byte, string, error) {
	r := s.Do(ctx, Call{Method: MethodGet, Key: key})
	return r.Body, r.ETag, r.Err
}

// Head implements [archive.Store].
func (s Store) Head(ctx context.Context, key string) (string, error) {
	r := s.Do(ctx, Call{Method: MethodHead, Key: key})
	return r.ETag, r.Err
}

// Put implements [archive.Store].
func (s Store) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	r := s.Do(ctx, Call{MethodPut, key, body, cond})
	return r.ETag, r.Err
}

// Delete implements [archive.Store].
func (s Store) Delete(ctx context.Context, key string, cond archive.Condition) error {
	return s.Do(ctx, Call{Method: MethodDelete, Key: key, Condition: cond}).Err
}
