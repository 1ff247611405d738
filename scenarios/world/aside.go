package world

import (
	"context"
	"fmt"

	"holdfast/archive"
)

// aside is the model store as the harness reaches it: beside the network, so that its
// calls take no time, meet no fault and use up nothing of what the store can serve.
type aside struct{ model *Model }

// Get implements [archive.Store].
func (s aside) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := unsent(ctx); err != nil {
		return nil, "", err
	}
	return s.model.Object(key).Get()
}

// Head implements [archive.Store].
func (s aside) Head(ctx context.Context, key string) (string, error) {
	if err := unsent(ctx); err != nil {
		return "", err
	}
	_, etag, err := s.model.Object(key).Get()
	return etag, err
}

// Put implements [archive.Store].
func (s aside) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if err := unsent(ctx); err != nil {
		return "", err
	}
	return s.model.Object(key).Put(body, cond)
}

// Delete implements [archive.Store].
func (s aside) Delete(ctx context.Context, key string, cond archive.Condition) error {
	if err := unsent(ctx); err != nil {
		return err
	}
	return s.model.Object(key).Delete(cond)
}

// unsent is the error of a call whose client had given up before.
func unsent(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w before the request was sent", err)
	}
	return nil
}
