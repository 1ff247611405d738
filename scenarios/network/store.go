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

// Doer makes the calls of a store. To a get it answers with the body, to all but a delete
// with an ETag. Only a put has a body, only a put or a delete a condition.
//
// A call is passed in parts, as a value that has them all would be copied at each of the
// layers that it goes through.
type Doer interface {
	Do(ctx context.Context, m Method, key string, body []byte, cond archive.Condition) (read []byte, etag string, err error)
}

// Store is an [archive.Store] each of whose methods is a call that its Doer makes.
type Store struct{ Doer }

// Get implements [archive.Store].
func (s *Store) Get(ctx context.Context, key string) (body []byte, etag string, err error) {
	return s.Do(ctx, MethodGet, key, nil, archive.Condition{})
}

// Head implements [archive.Store].
func (s *Store) Head(ctx context.Context, key string) (etag string, err error) {
	_, etag, err = s.Do(ctx, MethodHead, key, nil, archive.Condition{})
	return etag, err
}

// Put implements [archive.Store].
func (s *Store) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (etag string, err error) {
	_, etag, err = s.Do(ctx, MethodPut, key, body, cond)
	return etag, err
}

// Delete implements [archive.Store].
func (s *Store) Delete(ctx context.Context, key string, cond archive.Condition) error {
	_, _, err := s.Do(ctx, MethodDelete, key, nil, cond)
	return err
}

// Do makes a call of any store, as a [Doer] does.
func Do(ctx context.Context, s archive.Store, m Method, key string, body []byte, cond archive.Condition) (read []byte, etag string, err error) {
	switch m {
	case MethodGet:
		return s.Get(ctx, key)
	case MethodHead:
		etag, err = s.Head(ctx, key)
	case MethodPut:
		etag, err = s.Put(ctx, key, body, cond)
	case MethodDelete:
		err = s.Delete(ctx, key, cond)
	}
	return nil, etag, err
}
