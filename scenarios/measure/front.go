package measure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"holdfast/archive"
	"holdfast/archive/s3store"
	wires "holdfast/archive/wire"
	"holdfast/scenarios/doctor"
	"holdfast/scenarios/doctor/worker"
	"holdfast/scenarios/sandbox"
)

// Fronts are the ways to one store, in a sandbox, for an examination. Close them when done.
type Fronts struct {
	targets  []Target         // one for each endpoint
	box      *sandbox.Sandbox // nil: all of the store is the examination's
	backings []backing        // of the targets
	workers  []*worker.Store
	fronts   []doctor.Front
}

// onlyPart is the one of the sandbox of an examination.
const onlyPart = 1

// FrontsConfig says how to get to a store. The zero value is the target's own way.
type FrontsConfig struct {
	// Endpoints are front ends of the store, in place of the target's own.
	Endpoints []string
	// Command does the same again: for whoever finds what was left behind.
	Command string
	// Allowance bounds the requests; nil: there may be any number. Ended, which may be nil, is
	// told when nothing more can be written.
	Allowance *sandbox.Allowance
	Ended     func(error)
}

// OpenFronts opens the store and makes a sandbox in it.
func OpenFronts(ctx context.Context, t Target, c FrontsConfig) (*Fronts, error) {
	f := &Fronts{}
	if len(c.Endpoints) == 0 {
		c.Endpoints = []string{t.Endpoint}
	}
	for _, endpoint := range c.Endpoints {
		t.Endpoint = endpoint
		if err := f.open(ctx, t, &c); err != nil {
			return nil, &TargetError{errors.Join(err, f.Close(ctx))}
		}
	}
	return f, nil
}

func (f *Fronts) open(ctx context.Context, t Target, c *FrontsConfig) error {
	kind, err := t.kind()
	if err != nil {
		return err
	}
	b, err := kind.open(ctx, t, wire{timeout: s3store.DefaultRequestTimeout})
	if err != nil {
		return err
	}
	f.targets, f.backings = append(f.targets, t), append(f.backings, b)
	if !kind.ours {
		if err := checkStore(ctx, b, c.Allowance); err != nil {
			return err
		}
	}
	if !kind.ours && f.box == nil {
		f.box, err = sandbox.Open(ctx, b.at(""), sandbox.Config{
			Where: t.Name(), ID: t.ID, Program: t.Program, Command: c.Command, Parts: onlyPart, Unconditional: true,
			Allowance: c.Allowance, Ended: c.Ended,
		})
		if err != nil {
			return err
		}
	}
	settings := b.settings()
	if f.box != nil && len(f.fronts) > 0 { // all is removed through the first
		if err := f.box.Check(ctx, b.at("")); err != nil {
			return fmt.Errorf("endpoint %s, beside %s: %w", settings.Endpoint, f.Settings().Endpoint, err)
		}
	}
	front := doctor.Front{
		Store: f.through(b.at("")),
		At:    &doctor.Endpoint{URL: settings.Endpoint, Region: settings.Region, PathStyle: settings.PathStyle},
	}
	if sender, ok := b.at(f.Prefix()).(wires.Sender); ok {
		front.Raw = claiming{sender, f.box}
	}
	f.fronts = append(f.fronts, front)
	return nil
}

// through is the place of the examination as it is reached in another way.
func (f *Fronts) through(way archive.Store) archive.Store {
	if f.box == nil {
		return way
	}
	return f.box.PartThrough(onlyPart, way)
}

// Prefix is what stands before every key, below the target's own prefix.
func (f *Fronts) Prefix() string {
	if f.box == nil {
		return ""
	}
	return f.box.PartPrefix(onlyPart)
}

// Place is where all is written, for messages; empty: in a store of the examination's own.
func (f *Fronts) Place() string {
	if f.box == nil {
		return ""
	}
	return f.box.Place()
}

// claiming has the sandbox know of what is written by requests of any kind.
type claiming struct {
	wires.Sender
	box *sandbox.Sandbox
}

func (s claiming) Send(ctx context.Context, r wires.Request) (wires.Answer, error) {
	var err error
	switch {
	case s.box == nil:
	case r.Bucket, r.Method == http.MethodGet, r.Method == http.MethodHead:
		err = s.box.Allowance.Spend()
	default:
		err = s.box.Claim(onlyPart, r.Key)
	}
	if err != nil {
		return wires.Answer{}, err
	}
	return s.Sender.Send(ctx, r)
}

// All are the fronts, those in other processes last.
func (f *Fronts) All() []doctor.Front { return f.fronts }

// Settings is what decides how requests are sent, through the first.
func (f *Fronts) Settings() Settings { return f.backings[0].settings() }

// Start adds fronts in processes of their own, which run a program that calls [ServeFront].
// They take turns over the endpoints.
func (f *Fronts) Start(ctx context.Context, program string, args []string, n int) error {
	for i := range n {
		t, env := f.targets[i%len(f.targets)], os.Environ()
		if embedded, ok := f.backings[0].(embeddedBacking); ok {
			t = Target{Store: "s3://" + embedded.Bucket(), Endpoint: embedded.settings().Endpoint}
			env = embeddedEnvironment(env)
		}
		setup, err := json.Marshal(t)
		if err != nil {
			return err
		}
		w, err := worker.Start(ctx, program, args, env, setup)
		if err != nil {
			return &TargetError{err}
		}
		f.workers = append(f.workers, w)
		f.fronts = append(f.fronts, doctor.Front{Store: f.through(w)})
	}
	return nil
}

// embeddedEnvironment lets the SDK find credentials, which the embedded S3 does not look at,
// and nothing of the user's.
func embeddedEnvironment(env []string) []string {
	ours := []string{"AWS_ACCESS_KEY_ID=holdfast", "AWS_SECRET_ACCESS_KEY=holdfast", "AWS_REGION=us-east-1"}
	for _, pair := range env {
		if !strings.HasPrefix(pair, "AWS_") {
			ours = append(ours, pair)
		}
	}
	return ours
}

// ServeFront is the whole of a worker that [Fronts.Start] has started.
func ServeFront(ctx context.Context, in io.Reader, out io.Writer) error {
	return worker.Serve(ctx, in, out, func(ctx context.Context, setup []byte) (archive.Store, error) {
		var t Target
		if err := json.Unmarshal(setup, &t); err != nil {
			return nil, fmt.Errorf("worker: what it is to open: %w", err)
		}
		kind, err := t.kind()
		if err != nil {
			return nil, err
		}
		store, err := kind.open(ctx, t, wire{timeout: s3store.DefaultRequestTimeout})
		if err != nil {
			return nil, err
		}
		return store.at(""), nil
	})
}

// Close ends the processes and removes exactly what was written, also when ctx has ended.
func (f *Fronts) Close(ctx context.Context) error {
	var failed error
	for _, w := range f.workers {
		failed = errors.Join(failed, w.Close())
	}
	if f.box != nil {
		failed = errors.Join(failed, f.box.Close(ctx))
	}
	for _, b := range f.backings {
		failed = errors.Join(failed, b.Close())
	}
	if failed != nil {
		return &TargetError{failed}
	}
	return nil
}
