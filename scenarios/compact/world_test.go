package compact

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/memo"

	"github.com/google/go-cmp/cmp"
)

// kind is a way to store documents.
type kind struct {
	codec    archive.Codec
	from     func(*archive.Change) archive.Document
	describe func() history.Describer
}

var (
	jsonKind    = kind{archive.JSONCodec, func(c *archive.Change) archive.Document { return c }, history.NewJSONDescriber}
	compactKind = kind{Codec, FromChange, NewDescriber}
	// memoKind remembers earlier runs.
	shared   = memo.New()
	memoKind = kind{shared.Codec, jsonKind.from, func() history.Describer { return shared }}
)

// world is a store and clients that take turns at random, without goroutines:
// before a call of one, others do whole operations.
type world struct {
	kind
	rng     *rand.Rand
	now     time.Time
	bodies  map[string][]byte
	etags   map[string]string
	writes  int
	rec     *history.Recorder
	log     events
	clients []*client
}

type events struct{ all []*history.Event }

func (l *events) Add(e *history.Event) { l.all = append(l.all, e.Clone()) }

func (w *world) Now() time.Time { w.now = w.now.Add(time.Millisecond); return w.now }

func (w *world) Sleep(_ context.Context, d time.Duration) error { w.now = w.now.Add(d); return nil }

func (w *world) Get(_ context.Context, key string) ([]byte, string, error) {
	w.interfere()
	switch {
	case w.rng.IntN(20) == 0:
		return nil, "", archive.ErrUnavailable
	case w.etags[key] == "":
		return nil, "", archive.ErrNotFound
	}
	return w.bodies[key], w.etags[key], nil
}

func (w *world) Put(_ context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	w.interfere()
	fault := w.rng.IntN(16)
	switch {
	case fault == 0:
		return "", archive.ErrThrottled
	case fault == 1:
		return "", archive.ErrOutcomeUnknown
	case cond.IsAbsent() && w.etags[key] != "", cond.ETag() != "" && cond.ETag() != w.etags[key]:
		return "", archive.ErrPreconditionFailed
	}
	w.writes++
	w.bodies[key], w.etags[key] = body, fmt.Sprint("v", w.writes)
	if fault == 2 {
		return "", archive.ErrOutcomeUnknown
	}
	return w.etags[key], nil
}

func (w *world) Head(context.Context, string) (string, error) { panic("not used") }

func (w *world) Delete(_ context.Context, key string, _ archive.Condition) error {
	delete(w.etags, key)
	return nil
}

func (w *world) interfere() {
	for w.rng.IntN(4) == 0 {
		if c := w.clients[w.rng.IntN(len(w.clients))]; !c.busy && c.todo > 0 {
			c.operate()
		}
	}
}

// client does operations with the production core.
type client struct {
	*world
	*history.Client
	name     string
	archive  *archive.Archive
	busy     bool
	todo     int
	last     intent
	base     archive.Snapshot
	outcomes []string
}

// behaviours are what can be wrong between a core and the store.
var behaviours = map[string]func(archive.Store) archive.Store{
	"correct":       func(s archive.Store) archive.Store { return s },
	"unconditional": func(s archive.Store) archive.Store { return unconditional{s} },
	"stale content": func(s archive.Store) archive.Store { return &stale{Store: s} },
}

type unconditional struct{ archive.Store }

func (u unconditional) Put(ctx context.Context, key string, body []byte, _ archive.Condition) (string, error) {
	return u.Store.Put(ctx, key, body, archive.Condition{})
}

// stale keeps giving out the content that it read first under the newest ETag, so
// that what others appended is dropped.
type stale struct {
	archive.Store
	first []byte
}

func (s *stale) Get(ctx context.Context, key string) ([]byte, string, error) {
	body, etag, err := s.Store.Get(ctx, key)
	if err == nil && s.first == nil {
		s.first = body
	}
	return s.first, etag, err
}

func newWorld(k kind, seed uint64, broken string) *world {
	w := &world{
		kind: k, rng: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1_700_000_000, 0),
		bodies: map[string][]byte{}, etags: map[string]string{},
	}
	w.rec = history.NewRecorderWith(&w.log, w, k.describe())
	for i := range 3 {
		c := &client{world: w, name: fmt.Sprint("c", i), todo: 4}
		c.Client = w.rec.Client(c.name, "r1/", w)
		behaviour := behaviours["correct"]
		if i == 0 {
			behaviour = behaviours[broken]
		}
		c.archive = must(archive.New(archive.Options{
			Store: behaviour(c.Client), Clock: w, Codec: k.codec, Observer: c.Observer(),
			Rand:   rand.New(rand.NewPCG(seed, uint64(i))),
			Policy: archive.Policy{Kind: archive.Full, Base: time.Millisecond, Cap: time.Second, Retries: 3},
		}))
		w.clients = append(w.clients, c)
	}
	return w
}

const worldDocument = `{"changeId": "C", "title": "A", "modifications": [{"old": 1}, {"modification_id": "m0"}], "status": "x"}`

// play lets all clients finish and returns the verdict.
func (w *world) play() check.Report {
	ctx := context.Background()
	if w.rng.IntN(4) > 0 {
		body := w.from(must(archive.ParseChange([]byte(worldDocument)))).Encode()
		for w.etags["archive/C.json"] == "" {
			_, _ = w.rec.Client(history.SetupActor, "r1/", w).Put(ctx, "archive/C.json", body, archive.IfAbsent())
		}
	}
	for _, c := range w.clients {
		for c.todo > 0 {
			c.operate()
		}
	}
	final := w.rec.Client(history.FinalActor, "r1/", w)
	for range 10 {
		_, _, _ = final.Get(ctx, "archive/C.json")
	}
	w.rec.End(false)
	j := check.New(history.Header{})
	for _, e := range w.log.all {
		j.Add(e)
	}
	return j.Finish()
}

// operate does one operation, a repetition of the last one now and then.
func (c *client) operate() {
	c.busy = true
	c.todo--
	ctx := context.Background()
	if c.last.do == "" || c.rng.IntN(4) > 0 {
		c.last = c.intend(ctx)
	}
	in := c.last
	o := history.Operation{Do: in.do, ID: "C", Base: in.base.ETag}
	var done archive.Snapshot
	var err error
	switch in.do {
	case "create":
		doc := must(archive.ParseChange([]byte(worldDocument)))
		o.WantsDocument(doc, true, in.edit.Modifications...)
		c.Begin(o)
		done, err = c.archive.Create(ctx, "C", c.from(doc), in.edit.Modifications...)
	case "save":
		o.Wants(in.edit, in.base.Document)
		c.Begin(o)
		done, err = c.archive.Save(ctx, "C", in.base, in.edit)
		c.base = done
	default:
		o.Wants(in.edit, nil)
		c.Begin(o)
		done, err = c.archive.Append(ctx, "C", in.edit)
	}
	c.Finish(done, err)
	c.outcomes = append(c.outcomes, fmt.Sprintf("%s %s: %v", o.Do, in.edit.Modifications[0].ID, err))
	c.busy = false
}

// intent is what a client wants, the same whenever it is repeated.
type intent struct {
	do   string
	edit archive.Edit
	base archive.Snapshot
}

func (c *client) intend(ctx context.Context) intent {
	m := archive.Modification{
		ID: fmt.Sprintf("%s-%d", c.name, c.todo), UserID: c.name, Type: archive.Updated, Timestamp: c.now.UTC().Format(time.RFC3339),
	}
	in := intent{do: "append", edit: archive.Edit{Modifications: []archive.Modification{m}}}
	field := []string{"title", "status", "new"}[c.rng.IntN(3)]
	value := map[string]json.RawMessage{field: fmt.Appendf(nil, "%d", c.rng.IntN(3))}
	switch c.rng.IntN(6) {
	case 0:
		in.do = "create"
	case 1, 2:
		if c.base.Document == nil {
			c.Begin(history.Operation{Do: "load", ID: "C"})
			var err error
			c.base, err = c.archive.Load(ctx, "C")
			c.Finish(c.base, err)
		}
		in.do, in.base, in.edit.Fields = "save", c.base, value
	case 3:
		in.edit.Fields = value
	}
	return in
}

// TestSameRunWithAllKinds: the production core does the same, the recorder
// writes the same and the judge finds the same with real, remembered and compact
// documents, with clients that keep the rules and with one that does not.
func TestSameRunWithAllKinds(t *testing.T) {
	for _, broken := range []string{"correct", "unconditional", "stale content"} {
		t.Run(broken, func(t *testing.T) {
			verdicts := map[check.Verdict]int{}
			for seed := range uint64(120) {
				want := newWorld(jsonKind, seed, broken)
				report := want.play()
				verdicts[report.Verdict]++
				for name, k := range map[string]kind{"compact": compactKind, "memo": memoKind, "memo again": memoKind} {
					got := newWorld(k, seed, broken)
					r := got.play()
					sameRun(t, fmt.Sprintf("%s, seed %d", name, seed), want, got)
					if r.Verdict != report.Verdict || !cmp.Equal(r.Found, report.Found) || r.Counts != report.Counts {
						t.Fatalf("%s, seed %d: JSON %v %v, %v %v", name, seed, report.Verdict, report.Found, r.Verdict, r.Found)
					}
				}
			}
			if correct := broken == "correct"; verdicts[check.OK] < 100 && correct || correct != (verdicts[check.Violated] == 0) {
				t.Errorf("verdicts: %v", verdicts)
			}
		})
	}
}

func sameRun(t *testing.T, name string, want, got *world) {
	t.Helper()
	if diff := cmp.Diff(lines(want.log.all), lines(got.log.all)); diff != "" {
		t.Fatalf("%s, recorded: %s", name, diff)
	}
	for i, c := range want.clients {
		if diff := cmp.Diff(c.outcomes, got.clients[i].outcomes); diff != "" {
			t.Fatalf("%s, answered: %s", name, diff)
		}
	}
}

// lines are the events with their checksums numbered in order of appearance.
func lines(all []*history.Event) []string {
	numbers := map[string]history.Sum{}
	number := func(what string, s history.Sum) history.Sum {
		name := fmt.Sprint(what, uint64(s))
		if numbers[name] == 0 {
			numbers[name] = history.Sum(len(numbers) + 1)
		}
		return numbers[name]
	}
	var file bytes.Buffer
	enc := json.NewEncoder(&file)
	for _, e := range all {
		e := e.Clone()
		if e.Doc != nil {
			e.Doc.Sum, e.Doc.Fields = number("sum", e.Doc.Sum), number("fields", e.Doc.Fields)
		}
		_ = enc.Encode(e)
	}
	return strings.SplitAfter(file.String(), "\n")
}

// WithTimeout implements [archive.Clock]: nothing here lasts so long.
func (*world) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}
