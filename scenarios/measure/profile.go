package measure

import (
	"context"
	"errors"
	"time"

	"holdfast/scenarios/network"
	"holdfast/scenarios/profile"
	"holdfast/scenarios/sandbox"
)

// ProfileEstimate is for the measurement of a store, which a test counts.
var ProfileEstimate = Estimate{Puts: 370, Gets: 290, Deletes: 30}

// Profile measures how fast the store of the target is, in a sandbox that is removed. Command
// is the one that does it, and by says who; allowance, which may be nil, bounds its requests. An
// error of the store is a [TargetError].
func (t Target) Profile(ctx context.Context, by, command string, allowance *sandbox.Allowance, c profile.Config) (m *profile.Measured, err error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	fronts, err := OpenFronts(ctx, t, FrontsConfig{Command: command, Allowance: allowance, Ended: end})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fronts.Close(ctx)) }()
	return fronts.Profile(ctx, by, c)
}

// Profile measures how fast the store is, through the first front. By says who does. An error
// of the store is a [TargetError].
func (f *Fronts) Profile(ctx context.Context, by string, c profile.Config) (*profile.Measured, error) {
	settings := f.Settings()
	c.Sandbox, c.Source = true, source(by, f.targets[0], settings)
	m, err := profile.Measure(ctx, f.fronts[0].Store, c)
	var unsound *profile.UnsoundError
	if err != nil && !errors.As(err, &unsound) {
		err = &TargetError{err}
	}
	return m, err
}

func source(by string, t Target, settings Settings) network.Source {
	s := network.Source{By: by, Store: t.Name(), Endpoint: settings.Endpoint, At: time.Now().UTC().Format(time.RFC3339)}
	if settings.SDKVersion != "" {
		s.Versions = "aws-sdk-go-v2 " + settings.SDKVersion
	}
	return s
}

// ProfileOf is how fast the store of a point was, by the history of its calls, which is in a
// file. Nil: the store is not one to be known, or something else decided how long they took, or
// there were too few.
func ProfileOf(p *Point, m *Measurement, file string) (*network.Profile, error) {
	s := p.Run.Scenario
	if !p.real() || p.Target.Name() == Embedded || m.Settings == nil || s.Latency != nil || len(s.Faults) > 0 {
		return nil, nil
	}
	return profile.FromHistory(file, source("simulate run", p.Target, *m.Settings))
}
