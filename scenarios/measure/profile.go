package measure

import (
	"cmp"
	"context"
	"errors"
	"time"

	"holdfast/scenarios/profile"
)

// Profile measures how fast the store of the target is, on keys of its own, which it removes.
// By says who measures. An error of the store is a [TargetError].
func (t Target) Profile(ctx context.Context, by string, c profile.Config) (m *profile.Measured, err error) {
	kind, err := t.kind()
	if err != nil {
		return nil, err
	}
	store, err := kind.open(ctx, t, wire{})
	if err != nil {
		return nil, &TargetError{err}
	}
	defer func() {
		if closed := store.Close(); closed != nil && err == nil {
			m, err = nil, &TargetError{closed}
		}
	}()
	if err := checkStore(ctx, store); err != nil {
		return nil, &TargetError{err}
	}
	settings := store.settings()
	c.Source.By, c.Source.Store, c.Source.Endpoint = by, t.Name(), settings.Endpoint
	c.Source.At = time.Now().UTC().Format(time.RFC3339)
	if settings.SDKVersion != "" {
		c.Source.Versions = "aws-sdk-go-v2 " + settings.SDKVersion
	}
	m, err = profile.Measure(ctx, store.at("simulate-"+cmp.Or(t.ID, NewID())+"/"), c)
	var unsound *profile.UnsoundError
	if err != nil && !errors.As(err, &unsound) {
		err = &TargetError{err}
	}
	return m, err
}
