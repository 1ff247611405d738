package measure

import (
	"cmp"
	"context"
	"errors"
	"time"

	"holdfast/scenarios/profile"
)

// Profile measures how fast the store of the target is, in a sandbox that is removed. Command
// is the one that does it, and by says who. An error of the store is a [TargetError].
func (t Target) Profile(ctx context.Context, by, command string, c profile.Config) (m *profile.Measured, err error) {
	fronts, err := OpenFronts(ctx, t, FrontsConfig{Command: command})
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, fronts.Close(ctx)) }()
	return fronts.Profile(ctx, by, c)
}

// Profile measures how fast the store is, through the first front. By says who does. An error
// of the store is a [TargetError].
func (f *Fronts) Profile(ctx context.Context, by string, c profile.Config) (*profile.Measured, error) {
	settings := f.Settings()
	c.Sandbox = true
	c.Source.By, c.Source.Store, c.Source.Endpoint = by, f.targets[0].Name(), settings.Endpoint
	c.Source.At = time.Now().UTC().Format(time.RFC3339)
	if settings.SDKVersion != "" {
		c.Source.Versions = "aws-sdk-go-v2 " + settings.SDKVersion
	}
	m, err := profile.Measure(ctx, f.fronts[0].Store, c)
	var unsound *profile.UnsoundError
	if err != nil && !errors.As(err, &unsound) {
		err = &TargetError{err}
	}
	return m, err
}
