package cores_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// world plays a few actors against a store in memory. Its random stream decides
// who makes the next call to the store and which calls go wrong, so a seed is a
// schedule.
type world struct {
	t       testing.TB
	spec    cores.Spec
	policy  archive.Policy
	rng     *rand.Rand
	now     time.Time
	rec     *history.Recorder
	doc     *archive.Change // that there is
	events  []*history.Event
	actors  []*actor
	objects map[string]version
	writes  int
	late    []func() // writes that arrive after their authors were told of a timeout
	faults  int      // that may still happen
	// What may go wrong beside the calls to the store.
	crashes, deletion bool
}

type version struct {
	body []byte
	etag string
}

var change, order = library(nil, "CHG-12345"), library(&archive.Layout{
	Prefix: "orders/", Slashes: true, ID: []string{"order_id"}, History: "events", Entry: archive.EntryLayout{ID: "event_id", Type: "kind"},
}, "order")

func library(l *archive.Layout, name string) *archive.Change {
	return must(l.Parse(must(os.ReadFile("../library/documents/" + name + ".json"))))
}

// holds makes w a world of another document, before it has actors.
func (w *world) holds(doc *archive.Change) {
	w.doc, w.rec = doc, history.NewRecorderWith(w, w, history.NewJSONDescriber(doc.Layout()))
}

func (w *world) key() string { return must(w.doc.Layout().Key(w.doc.ID())) }

// Add implements [history.Sink].
func (w *world) Add(e *history.Event) { w.events = append(w.events, e.Clone()) }

// Now implements [archive.Clock]. Nobody waits: the order of the calls is
// chosen, not the time.
func (w *world) Now() time.Time { return w.now }

// Sleep implements [archive.Clock].
func (w *world) Sleep(ctx context.Context, d time.Duration) error {
	w.now = w.now.Add(d)
	return ctx.Err()
}

// play runs a schedule of a scenario and returns the policy and the history.
func play(t testing.TB, s script, spec cores.Spec, seed uint64, faults int) (string, []*history.Event) {
	w := &world{
		t: t, spec: spec, rng: rand.New(rand.NewPCG(seed, 0)), now: time.Unix(1_700_000_000, 0),
		objects: map[string]version{}, policy: archive.Policy{Kind: archive.None, Retries: 16},
	}
	w.holds(change)
	programs := s(w)
	if !slices.ContainsFunc(w.actors, func(a *actor) bool { return a.creates }) {
		setup := w.rec.Client(history.SetupActor, "", w.server())
		if _, err := setup.Put(t.Context(), w.key(), w.doc.Encode(), archive.IfAbsent()); err != nil {
			t.Fatal(err)
		}
	}
	w.rec.Begin(1)
	w.faults = faults
	w.run(programs)
	w.faults = 0
	for _, arrive := range w.late {
		arrive()
	}
	_, _, _ = w.rec.Client(history.FinalActor, "", w.server()).Get(t.Context(), w.key())
	w.rec.End(false)
	return w.policy.String(), w.events
}

// run lets one actor after the other go on until its next call to the store.
func (w *world) run(programs []func()) {
	var ready []func() (struct{}, bool)
	for i, program := range programs {
		next, stop := iter.Pull(func(yield func(struct{}) bool) {
			w.actors[i].pause = func() { yield(struct{}{}) }
			program()
		})
		defer stop()
		if _, more := next(); more {
			ready = append(ready, next)
		}
	}
	for len(ready) > 0 {
		if len(w.late) > 0 && w.rng.IntN(4) == 0 {
			w.late[0]()
			w.late = w.late[1:]
		}
		if w.deletion && w.faulty(8) {
			_ = w.rec.Client("outside", "", w.server()).Delete(w.t.Context(), w.key(), archive.Condition{})
		}
		n := w.rng.IntN(len(ready))
		if _, more := ready[n](); !more {
			ready = slices.Delete(ready, n, n+1)
		}
	}
}

// faulty decides whether a fault happens now, once in so many times.
func (w *world) faulty(in int) bool {
	if w.faults == 0 || w.rng.IntN(in) > 0 {
		return false
	}
	w.faults--
	return true
}

func judged(policy string, events []*history.Event) check.Report {
	j := check.New(history.Header{Policy: policy, World: "virtual", Untimed: true})
	for _, e := range events {
		j.Add(e)
	}
	return j.Finish()
}

// server is the store. Calls take a millisecond each way.
func (w *world) server() archive.Store { return server{w} }

type server struct{ *world }

func (s server) travel() { s.now = s.now.Add(time.Millisecond) }

func (s server) Get(_ context.Context, key string) ([]byte, string, error) {
	s.travel()
	defer s.travel()
	if s.faulty(16) {
		return nil, "", archive.ErrThrottled
	}
	v, there := s.objects[key]
	if !there {
		return nil, "", archive.ErrNotFound
	}
	return v.body, v.etag, nil
}

func (s server) Head(ctx context.Context, key string) (string, error) {
	_, etag, err := s.Get(ctx, key)
	return etag, err
}

func (s server) Put(_ context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.travel()
	defer s.travel()
	if s.faulty(3) {
		switch s.rng.IntN(6) {
		case 0: // the request is lost
			return "", archive.ErrOutcomeUnknown
		case 1: // the reply is lost, or a 500 after it was applied
			_, _ = s.apply(key, body, cond)
			return "", archive.ErrOutcomeUnknown
		case 2:
			s.world.late = append(s.world.late, func() { _, _ = s.apply(key, body, cond) })
			return "", archive.ErrOutcomeUnknown
		case 3:
			return "", archive.ErrThrottled
		case 4: // it is sent twice, and the second is answered
			if _, err := s.apply(key, body, cond); err != nil {
				return "", err
			}
			return "", echo{[]error{archive.ErrPreconditionFailed, archive.ErrConflict, archive.ErrThrottled}[s.rng.IntN(3)]}
		}
		return "", archive.ErrConflict
	}
	return s.apply(key, body, cond)
}

// echo is a refusal that does not say that nothing was applied.
type echo struct{ error }

func (e echo) Unwrap() error { return e.error }

// Injected implements [history.Injected].
func (echo) Injected() {}

func (s server) apply(key string, body []byte, cond archive.Condition) (string, error) {
	v, there := s.objects[key]
	switch {
	case cond.ETag() != "" && !there:
		return "", archive.ErrNotFound
	case cond.IsAbsent() && there, cond.ETag() != "" && cond.ETag() != v.etag:
		return "", archive.ErrPreconditionFailed
	}
	s.writes++
	s.objects[key] = version{body, fmt.Sprintf(`"v%d"`, s.writes)}
	return s.objects[key].etag, nil
}

func (s server) Delete(_ context.Context, key string, _ archive.Condition) error {
	s.travel()
	defer s.travel()
	delete(s.objects, key)
	return nil
}

// WithTimeout implements [archive.Clock]: nothing here lasts so long.
func (*world) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}
