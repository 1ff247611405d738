package check

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// A real history, recorded from the production core, from which lines are
// removed by hand.

const document = `{"changeId": "C", "title": "A", "modifications": [{"old": 1}], "status": "x"}`

// store is a small store; before runs ahead of each write of a client.
type store struct {
	body   []byte
	etag   int
	before func()
}

func (s *store) Get(context.Context, string) ([]byte, string, error) {
	if s.etag == 0 {
		return nil, "", archive.ErrNotFound
	}
	return s.body, fmt.Sprint("v", s.etag), nil
}

func (s *store) Head(ctx context.Context, key string) (string, error) {
	_, etag, err := s.Get(ctx, key)
	return etag, err
}

func (s *store) Put(_ context.Context, _ string, body []byte, cond archive.Condition) (string, error) {
	if f := s.before; f != nil {
		s.before = nil
		f()
	}
	if cond.IsAbsent() != (s.etag == 0) || !cond.IsAbsent() && cond.ETag() != fmt.Sprint("v", s.etag) {
		return "", archive.ErrPreconditionFailed
	}
	s.body, s.etag = body, s.etag+1
	return fmt.Sprint("v", s.etag), nil
}

func (s *store) Delete(context.Context, string, archive.Condition) error { return nil }

// ticks is a clock that goes on by itself and never waits.
type ticks struct{ now *time.Time }

func (t ticks) Now() time.Time { *t.now = t.now.Add(time.Millisecond); return *t.now }

func (t ticks) Sleep(context.Context, time.Duration) error { return nil }

// recorded is the file of three actors that append four times each, each time
// in the way of another, who therefore meets a 412 and tries again. In the end
// one with no retries is refused.
var recorded = sync.OnceValue(func() string {
	var file bytes.Buffer
	w, err := history.NewWriter(&file, history.Header{MinConflicts: 3})
	must(err)
	now := time.Unix(0, 0)
	clock := ticks{&now}
	rec, s, ctx := history.NewRecorder(w, clock), &store{}, context.Background()
	_, err = rec.Client(history.SetupActor, "", s).Put(ctx, "archive/C.json", []byte(document), archive.IfAbsent())
	must(err)
	rec.Begin(1)
	var appends []func(string) error
	for n, retries := range []int{3, 3, 3, 0} {
		c := rec.Client(fmt.Sprint("actor-", n), "", s)
		core, err := archive.New(archive.Options{
			Store: c, Clock: clock, Rand: rand.New(rand.NewPCG(1, uint64(n))), Observer: c.Observer(),
			Policy: archive.Policy{Kind: archive.Constant, Base: time.Millisecond, Cap: time.Millisecond, Retries: retries},
		})
		must(err)
		appends = append(appends, func(id string) error {
			c.Begin(history.Operation{Do: "append", ID: "C", IDs: []string{id}})
			done, err := core.Append(ctx, "C", archive.Edit{Modifications: []archive.Modification{
				{ID: id, UserID: "u", Type: archive.Processed, Timestamp: "2026-01-02T03:04:05Z"},
			}})
			c.Finish(done, err)
			return err
		})
	}
	for round := range 2 {
		for n := range 3 {
			s.before = func() { must(appends[(n+1)%3](fmt.Sprintf("m%d-%d-first", round, n))) }
			must(appends[n](fmt.Sprintf("m%d-%d-second", round, n)))
		}
	}
	s.before = func() { rec.Note("in the way"); must(appends[0]("m9")) }
	if err := appends[3]("refused"); archive.OutcomeOf(err) != archive.Exhausted {
		panic(err)
	}
	_, _, err = rec.Client(history.FinalActor, "", s).Get(ctx, "archive/C.json")
	must(err)
	rec.End(false)
	must(w.Close())
	return file.String()
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// judgeFile judges a file as the command does.
func judgeFile(text string) (Report, error) {
	r, err := history.NewReader(strings.NewReader(text), "h")
	if err != nil {
		return Report{}, err
	}
	j := New(r.Header)
	for e, err := range r.Events() {
		if err != nil {
			return Report{}, err
		}
		j.Add(e)
	}
	return j.Finish(), nil
}

func recordedLines() []string {
	lines := strings.SplitAfter(recorded(), "\n")
	return lines[:len(lines)-1]
}

// parsed returns the event of a line, nil for the header.
func parsed(t *testing.T, lines []string, n int) *history.Event {
	t.Helper()
	if n == 0 {
		return nil
	}
	e := new(history.Event)
	if err := json.Unmarshal([]byte(lines[n]), e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestRecordedHistoryIsGood(t *testing.T) {
	r, err := judgeFile(recorded())
	if err != nil || r.Verdict != OK || r.Counts.Committed != 13 {
		t.Fatalf("%v %+v", err, r)
	}
}

// TestEveryLineRemoved says what each line is worth.
func TestEveryLineRemoved(t *testing.T) {
	lines := recordedLines()
	for n := range lines {
		e := parsed(t, lines, n)
		r, err := judgeFile(strings.Join(slices.Delete(slices.Clone(lines), n, n+1), ""))
		var damage *history.LineError
		if e == nil || e.Kind == history.End || e.Kind == history.Invoke {
			if !errors.As(err, &damage) {
				t.Errorf("without line %d: %v, want a LineError", n+1, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		want := worth(e)
		if r.Verdict != want {
			t.Errorf("without line %d: %s, want %s: %s%v", n+1, r.Verdict, want, lines[n], r.Reasons)
		}
	}
}

// worth is the verdict without an event.
func worth(e *history.Event) Verdict {
	switch e.Kind {
	case history.Put:
		if e.Answer == history.OK {
			return Violated // a version is missing from the chain
		}
	case history.Return:
		return Inconclusive // what was its client told?
	case history.Get:
		if e.Actor == history.FinalActor {
			return Inconclusive
		}
	}
	return OK
}

// TestAcknowledgedAppendsRemoved takes out of the history, for each
// acknowledged append, its id and all lines of its operation.
func TestAcknowledgedAppendsRemoved(t *testing.T) {
	lines := recordedLines()
	removed := 0
	for n := range lines {
		e := parsed(t, lines, n)
		if e == nil || e.Kind != history.Put || e.Answer != history.OK || e.Op == 0 {
			continue
		}
		removed++
		id := e.Doc.Add[0]
		without := slices.Clone(lines)
		without[n] = strings.Replace(lines[n], fmt.Sprintf(`,"add":[%q]`, id), "", 1)
		without[n] = strings.Replace(without[n], fmt.Sprintf(`,"entries":["%016x"]`, uint64(e.Doc.Entries[0])), "", 1)
		if len(lines[n])-len(without[n]) != len(id)+42 {
			t.Fatalf("no %s in %s", id, lines[n])
		}
		r, err := judgeFile(strings.Join(without, ""))
		if err != nil || r.Found[NothingLost] != 1 || r.Counts.Lost != 1 {
			t.Errorf("without %s in its write: %v, found %v", id, err, r.Found)
		}
		without = slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
			return strings.Contains(line, fmt.Sprintf(`"op":%d,`, e.Op))
		})
		want := Violated
		if removed == 13 {
			want = StoreAtFault // nobody knows of the last version, and the last read is of it
		}
		if r, err = judgeFile(strings.Join(without, "")); err != nil || r.Verdict != want {
			t.Errorf("without operation %d: %v %s, want %s", e.Op, err, r.Verdict, want)
		}
	}
	if removed != 13 {
		t.Errorf("removed %d appends", removed)
	}
}

// TestRefusedOperationRemoved: nothing is missing without it.
func TestRefusedOperationRemoved(t *testing.T) {
	kept := slices.DeleteFunc(recordedLines(), func(line string) bool { return strings.Contains(line, "actor-3") })
	if r, err := judgeFile(strings.Join(kept, "")); err != nil || r.Verdict != OK {
		t.Errorf("%v %+v", err, r)
	}
}

func TestFileCutAnywhere(t *testing.T) {
	text := recorded()
	for n := 0; n < len(text)-1; n += 7 {
		_, err := judgeFile(text[:n])
		var damage *history.LineError
		line := strings.Count(text[:n], "\n") + 1
		if strings.HasPrefix(text[n:], "\n") && line > 1 {
			line++ // all of the line is there
		}
		if !errors.As(err, &damage) || damage.Line != line {
			t.Fatalf("cut at %d, in line %d: %v", n, line, err)
		}
	}
}

// TestWrongChecksums: a checksum of every write and read, changed by hand.
func TestWrongChecksums(t *testing.T) {
	lines := recordedLines()
	for n := range lines {
		e := parsed(t, lines, n)
		if e == nil || e.Doc == nil || e.Kind == history.Put && e.Answer != history.OK {
			continue
		}
		without := slices.Clone(lines)
		old := fmt.Sprintf(`"sum":"%016x"`, uint64(e.Doc.Sum))
		without[n] = strings.Replace(lines[n], old, `"sum":"0123456789abcdef"`, 1)
		wanted := OneChain // or it is the store's, if all that was ever written is there
		if e.Kind == history.Return {
			wanted = AsAsked // its client was answered something else than what stands there
		}
		if r, err := judgeFile(strings.Join(without, "")); err != nil || r.Found[wanted] == 0 && (e.Kind == history.Return || r.Verdict != StoreAtFault) {
			t.Errorf("line %d: %v, found %v %v", n+1, err, r.Found, r.StoreFindings)
		}
	}
}

// TestLinesTwice: a line that is there twice is no evidence of anything, and where it
// can be told from something that happened twice, it is refused.
func TestLinesTwice(t *testing.T) {
	lines := recordedLines()
	for n := 1; n < len(lines)-1; n++ {
		e := parsed(t, lines, n)
		r, err := judgeFile(strings.Join(slices.Insert(slices.Clone(lines), n, lines[n]), ""))
		if e.Kind == history.Invoke || e.Kind == history.Return || e.Kind == history.Put && e.Answer == history.OK {
			var damage *history.LineError
			if !errors.As(err, &damage) || damage.Line != n+2 {
				t.Errorf("line %d twice: %v: %s", n+1, err, lines[n])
			}
		} else if err != nil || r.Verdict != OK {
			t.Errorf("line %d twice: %v %s %v: %s", n+1, err, r.Verdict, r.Found, lines[n])
		}
	}
}

// FuzzJudge: no file makes the judge panic, or accuse nobody of nothing.
func FuzzJudge(f *testing.F) {
	f.Add(recorded())
	b := newBook()
	b.setup(start)
	b.save("ann", "m1", "v0", "v0", "v1", "title", "B")
	b.begin("bob", "append", "m2").get("v1").put("none", history.UnknownAnswer, "v2", start.plus("m1", "m2")).get("v2").end(history.Committed, "v2")
	b.final("v2")
	var file bytes.Buffer
	w, err := history.NewWriter(&file, history.Header{})
	must(err)
	for _, e := range b.events {
		w.Add(e)
	}
	must(w.Close())
	f.Add(file.String())
	f.Fuzz(func(t *testing.T, text string) {
		r, err := judgeFile(text)
		var damage *history.LineError
		if err != nil && !errors.As(err, &damage) {
			t.Fatalf("not a LineError: %v", err)
		}
		if err == nil && (r.Verdict == Violated) != (len(r.Violations) > 0) || err == nil && r.Verdict == "" {
			t.Fatalf("%+v", r)
		}
	})
}

// WithTimeout implements [archive.Clock]: nothing here lasts so long.
func (ticks) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}
