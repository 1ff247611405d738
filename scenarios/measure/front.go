package measure

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	wires "holdfast/archive/wire"
	"holdfast/scenarios/doctor"
	"holdfast/scenarios/doctor/worker"
)

// Fronts are the ways to one store, below a prefix that nobody else uses, for an
// examination. Close them when done.
type Fronts struct {
	target  Target    // the first
	opened  []*opened // one for each endpoint; the first knows what was written
	workers []*worker.Store
	fronts  []doctor.Front
}

// OpenFronts opens the store through each of the endpoints, or through the target's own if
// none is given. A request may take so long; 0 is what S3's adapter allows.
func OpenFronts(ctx context.Context, t Target, endpoints []string, timeout time.Duration) (*Fronts, error) {
	t.ID = cmp.Or(t.ID, NewID())
	f := &Fronts{target: t}
	for _, endpoint := range endpoints {
		t.Endpoint = endpoint
		if err := f.open(ctx, t, timeout); err != nil {
			return nil, errors.Join(err, f.Close(ctx))
		}
	}
	if len(endpoints) == 0 {
		if err := f.open(ctx, t, timeout); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *Fronts) open(ctx context.Context, t Target, timeout time.Duration) error {
	o := &opened{name: t.Name()}
	if err := o.connect(ctx, t, wire{timeout: cmp.Or(timeout, s3store.DefaultRequestTimeout)}); err != nil {
		return &TargetError{err}
	}
	f.opened = append(f.opened, o)
	settings := o.settings()
	front := doctor.Front{
		Store: f.tracking(o.at(o.prefix)),
		At:    &doctor.Endpoint{URL: settings.Endpoint, Region: settings.Region, PathStyle: settings.PathStyle},
	}
	if sender, ok := o.at(o.prefix).(wires.Sender); ok {
		front.Raw = trackedSender{sender, f.opened[0]}
	}
	f.fronts = append(f.fronts, front)
	return nil
}

// tracking is a store whose keys are deleted when the fronts are closed.
func (f *Fronts) tracking(store archive.Store) archive.Store {
	return f.opened[0].tracking(store, "")
}

// trackedSender is [tracked] for requests of any kind.
type trackedSender struct {
	wires.Sender
	target *opened
}

func (s trackedSender) Send(ctx context.Context, r wires.Request) (wires.Answer, error) {
	if r.Method == http.MethodPut && !r.Bucket {
		s.target.note(r.Key)
	}
	return s.Sender.Send(ctx, r)
}

// All are the fronts, those in other processes last.
func (f *Fronts) All() []doctor.Front { return f.fronts }

// Settings is what decides how requests are sent, through the first.
func (f *Fronts) Settings() Settings { return f.opened[0].settings() }

// Prefix is what stands before every key, below the target's own prefix. The embedded S3
// has none.
func (f *Fronts) Prefix() string { return f.opened[0].prefix }

// setup is what a worker is to open.
type setup struct {
	Target Target
	Prefix string
	// TimeoutMS is of each request.
	TimeoutMS int64
}

// Start adds fronts in processes of their own, which run a program that calls [ServeFront].
// They take turns over the endpoints.
func (f *Fronts) Start(ctx context.Context, program string, args []string, n int) error {
	for i := range n {
		o := f.opened[i%len(f.opened)]
		s := setup{f.target, o.prefix, o.settings().RequestTimeoutMS}
		s.Target.Endpoint = o.settings().Endpoint
		env := os.Environ()
		if embedded, ok := o.backing.(embeddedBacking); ok {
			s.Target.Store, s.Target.PathStyle = "s3://"+embedded.Bucket(), s3store.PathStyleOn
			env = embeddedEnvironment(env)
		}
		text, err := json.Marshal(s)
		if err != nil {
			return err
		}
		w, err := worker.Start(ctx, program, args, env, text)
		if err != nil {
			return &TargetError{err}
		}
		f.workers = append(f.workers, w)
		f.fronts = append(f.fronts, doctor.Front{Store: f.tracking(w), At: f.fronts[i%len(f.opened)].At})
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
	return worker.Serve(ctx, in, out, func(ctx context.Context, text []byte) (archive.Store, error) {
		var s setup
		decode := json.NewDecoder(bytes.NewReader(text))
		decode.DisallowUnknownFields()
		if err := decode.Decode(&s); err != nil {
			return nil, fmt.Errorf("worker: what it is to open: %w", err)
		}
		kind, err := s.Target.kind()
		if err != nil {
			return nil, err
		}
		store, err := kind.open(ctx, s.Target, wire{timeout: time.Duration(s.TimeoutMS) * time.Millisecond})
		if err != nil {
			return nil, err
		}
		return store.at(s.Prefix), nil
	})
}

// Close ends the processes and deletes exactly the keys that were written, also when ctx has
// ended.
func (f *Fronts) Close(ctx context.Context) error {
	var failed error
	for _, w := range f.workers {
		failed = errors.Join(failed, w.Close())
	}
	for _, o := range f.opened {
		failed = errors.Join(failed, o.close(ctx))
	}
	return failed
}
