package measure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/scenarios"
	"holdfast/scenarios/network"
	"holdfast/scenarios/sandbox"
	"holdfast/scenarios/world"
)

// Target is the store of the real world. Its zero value is the embedded S3.
type Target struct {
	Store     string            `json:"store,omitempty"`      // empty or "fake": the embedded S3; else s3://bucket/prefix or another of kinds
	Endpoint  string            `json:"endpoint,omitempty"`   // of s3: URL of a server other than AWS, empty: AWS; of azblob: of the account
	PathStyle s3store.PathStyle `json:"path_style,omitempty"` // of s3
	// ID tells the keys of the run from those of others: they are in a [sandbox.Sandbox].
	// Empty: one that nobody else has.
	ID string `json:"id,omitempty"`
	// Program is the version of who plays, for whoever finds what a killed run has left.
	Program string `json:"program,omitempty"`
}

// Embedded is the name of the embedded S3.
const Embedded = "fake"

// Name is what results call the store.
func (t Target) Name() string { return cmp.Or(t.Store, Embedded) }

// TargetError is a store that could not be opened, or left as it was.
type TargetError struct{ err error }

func (e *TargetError) Error() string { return e.err.Error() }
func (e *TargetError) Unwrap() error { return e.err }

// Validate reports what is wrong with the target without asking the store.
func (t Target) Validate() error {
	_, err := t.kind()
	return err
}

// opened is the store that a run plays against, and how to leave it as it was.
type opened struct {
	backing
	name    string             // as results state it
	clock   archive.Clock      // of those who play
	network *network.Transport // what befalls the requests; nil: nothing
	box     *sandbox.Sandbox   // nil: all of the store is the run's
	keeper  backing            // the store as the sandbox reaches it for itself
}

// open starts the embedded S3 or connects to the store that was asked for, where the run
// gets a sandbox. Ended is told why it can't go on.
func (c *Config) open(ctx context.Context, i int, p *Point, ended func(error)) (*opened, error) {
	o := &opened{name: p.Target.Name(), clock: archive.WallClock{}}
	if err := o.connect(ctx, &p.Target, &p.Run, ended); err != nil {
		return nil, &TargetError{err}
	}
	if o.keeper == nil {
		return o, nil
	}
	err := checkStore(ctx, o.keeper, c.Allowance)
	if err == nil {
		err = o.begin(ctx, c, i, p, ended)
	}
	if err != nil {
		return nil, &TargetError{errors.Join(err, o.disconnect())}
	}
	return o, nil
}

// Open connects to the target, for who looks after what runs have left there. Closed, which is
// never nil, closes it.
func (t *Target) Open(ctx context.Context) (store archive.Store, closed func() error, err error) {
	closed = func() error { return nil }
	kind, err := t.kind()
	if err != nil {
		return nil, closed, err
	}
	b, err := kind.open(ctx, *t, wire{})
	if err == nil {
		closed = b.Close
		err = checkStore(ctx, b, nil)
	}
	if err != nil {
		return nil, closed, &TargetError{err}
	}
	return b.at(""), closed, nil
}

// Reach asks the store for an object that is not there, and says why it can't be played on. It
// writes nothing.
func (t *Target) Reach(ctx context.Context, allowance *sandbox.Allowance) error {
	kind, err := t.kind()
	if err != nil || kind.ours {
		return err
	}
	b, err := kind.open(ctx, *t, wire{})
	if err == nil {
		err = errors.Join(checkStore(ctx, b, allowance), b.Close())
	}
	if err != nil {
		return &TargetError{err}
	}
	return nil
}

// Account says where the target is and on whose behalf it is asked, as far as its kind of
// store knows of that; else nil. It sends nothing to the store.
func (t *Target) Account(ctx context.Context) (*s3store.Account, error) {
	kind, err := t.kind()
	if err != nil {
		return nil, err
	}
	b, err := kind.open(ctx, *t, wire{})
	if err != nil {
		return nil, &TargetError{err}
	}
	s3, ok := b.(s3Backing)
	if !ok {
		return nil, b.Close()
	}
	a := s3.Account(ctx)
	return &a, b.Close()
}

func (o *opened) connect(ctx context.Context, t *Target, run *scenarios.Run, ended func(error)) error {
	kind, err := t.kind()
	if err != nil {
		return err
	}
	plain := wire{timeout: run.RequestTimeout()}
	if !kind.ours {
		plain.through = network.NewVigil(network.OutageAfter, func(gone *network.OutageError) { ended(gone) }).Over
	}
	w, disturbed := plain, run.Scenario.Latency != nil || len(run.Scenario.Faults) > 0
	w.through = func(base http.RoundTripper) http.RoundTripper {
		if plain.through != nil {
			base = plain.through(base)
		}
		return network.Counting(base)
	}
	if disturbed {
		w.through = func(base http.RoundTripper) http.RoundTripper {
			if plain.through != nil {
				base = plain.through(base)
			}
			o.network = network.NewTransport(base, run.AddedLatency(), run.TransportStream())
			if limit := run.Scenario.Throttle(); limit.Kind != "" {
				o.network.Limit(limit.Throttle)
			}
			return o.network
		}
	}
	if o.backing, err = kind.open(ctx, *t, w); err != nil || kind.ours {
		return err
	}
	if _, lists := o.at("").(archive.Lister); !lists && run.Scenario.Queue.Reconcile > 0 {
		return errors.Join(fmt.Errorf("play %s on %s: its reconciler looks through all that is stored (queue.reconcile), and this kind of store can't be listed",
			run.Scenario.Name, t.Name()), o.backing.Close())
	}
	if o.keeper = o.backing; !disturbed {
		return nil
	}
	if o.keeper, err = kind.open(ctx, *t, plain); err != nil {
		return errors.Join(err, o.backing.Close())
	}
	return nil
}

// begin makes the sandbox.
func (o *opened) begin(ctx context.Context, c *Config, i int, p *Point, ended func(error)) error {
	keys, err := p.Run.Keys()
	if err != nil {
		return err
	}
	config := sandbox.Config{
		Where: p.Target.Name(), ID: p.Target.ID, Program: p.Target.Program, Command: p.Replay,
		Through: o.at(""), Parts: p.Run.Repetitions, Keys: keys, Allowance: c.Allowance, Ended: ended, Shared: c.shared,
	}
	if c.Cleaning != nil {
		config.Cleaning = func(where string, objects int, within time.Duration) { c.Cleaning(i, where, objects, within) }
	}
	o.box, err = sandbox.Open(ctx, o.keeper.at(""), config)
	return err
}

// checkStore asks again while the store is only too busy to answer. One that can't be
// reached is mostly a wrong address, and nobody wants to wait to be told so.
func checkStore(ctx context.Context, store backing, allowance *sandbox.Allowance) error {
	var refused error
	err := world.Insist(ctx, patience, "connect", func(ctx context.Context) error {
		if err := allowance.Spend(); err != nil {
			return err
		}
		if refused = store.Check(ctx); errors.Is(refused, archive.ErrThrottled) {
			return refused
		}
		return nil
	})
	return cmp.Or(err, refused)
}

// patience is the time of the calls that are made around a run.
var patience = world.NewReal(archive.WallClock{}, nil, nil)

// world returns a world with an empty store for the n-th repetition of the run.
func (o *opened) world(n int) world.World {
	return world.NewReal(o.clock, o.repetition(n), o.settle)
}

// settle waits for the writes whose clients have given up.
func (o *opened) settle() {
	if o.network != nil {
		o.network.Wait()
	}
}

func (o *opened) repetition(n int) archive.Store {
	if o.box != nil {
		return o.box.Part(n)
	}
	return o.at(fmt.Sprintf("r%05d/", n))
}

// close removes what the run has written, also when ctx has ended, and closes the store. Its
// error is a [TargetError].
func (o *opened) close(ctx context.Context) error {
	var err error
	if o.network != nil { // what is late arrives before it is removed
		err = o.network.Close()
	}
	if o.box != nil {
		err = errors.Join(err, o.box.Close(ctx))
	}
	if err = errors.Join(err, o.disconnect()); err != nil {
		return &TargetError{err}
	}
	return nil
}

func (o *opened) disconnect() error {
	err := o.backing.Close()
	if o.keeper != nil && o.keeper != o.backing {
		err = errors.Join(err, o.keeper.Close())
	}
	return err
}
