package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// storedBy is a scenario of back ends whose updates others store, by a group or a queue.
func storedBy(key, spec, more string) string {
	return "name: t\nshows: T.\npolicy: full(base=50ms,cap=2s,retries=16,deadline=25s)\nlatency: s3-standard\n" + key + ": " + spec + "\n" + more
}

// queued is a scenario of senders and a queue.
func queued(queue, more string) string { return storedBy("queue", queue, more) }

// playedBatches plays a scenario in a virtual world, and returns the events, which are consistent, and
// the verdict.
func playedBatches(t *testing.T, core, source string, seed uint64) ([]*history.Event, check.Report) {
	t.Helper()
	s, err := Parse("x.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	run := must(NewRun(s, must(cores.Find(core))))
	run.Seed = seed
	m := &memory{}
	if _, err := playVirtual(t.Context(), run, into(m), nil); err != nil {
		t.Fatal(err)
	}
	return m.events, judgedRun(t, run.Header(VirtualWorld, "model"), m.events)
}

func judgedRun(t *testing.T, h history.Header, events []*history.Event) check.Report {
	t.Helper()
	var consistent history.Consistency
	j := check.New(h)
	for _, e := range events {
		if err := consistent.Check(e); err != nil {
			t.Fatal(err)
		}
		j.Add(e)
	}
	return j.Finish()
}

// outcomes counts the ends of what actors wanted, but for batches.
func outcomes(events []*history.Event) map[string]int {
	all, batch := map[string]int{}, map[int]bool{}
	for _, e := range events {
		switch {
		case e.Kind == history.Invoke && e.Do == history.DoBatch:
			batch[e.Op] = true
		case e.Kind == history.Return && !batch[e.Op]:
			all[e.Outcome]++
		}
	}
	return all
}

const sixSenders = "actors: [{name: be, kind: backend, count: 6, load: {operations: 5, edits: own%s}}]\n"

// TestQueuesLoseNothing: of either kind, with several consumers and objects, in bad weather.
func TestQueuesLoseNothing(t *testing.T) {
	for name, source := range map[string]string{
		"fifo":                queued("{kind: fifo}", fmt.Sprintf(sixSenders, "")),
		"fifo, open":          queued("{kind: fifo}", fmt.Sprintf(sixSenders, ", rate: 50")),
		"fifo, objects":       queued("{kind: fifo, concurrency: 3}", "objects: {count: 4}\n"+fmt.Sprintf(sixSenders, ", rate: 50")),
		"standard":            queued("{kind: standard, concurrency: 3, batch: 4}", fmt.Sprintf(sixSenders, ", rate: 50")),
		"window":              queued("{kind: standard, concurrency: 2, window: 300ms, batch: 20}", fmt.Sprintf(sixSenders, ", rate: 20")),
		"short visibility":    queued("{kind: standard, concurrency: 3, visibility: 100ms, receives: 50}", fmt.Sprintf(sixSenders, ", rate: 50")),
		"fresh documents":     queued("{kind: fifo, delay: 30ms}", "objects: {count: 2, fresh_after: 4}\n"+fmt.Sprintf(sixSenders, ", rate: 50")),
		"faults":              queued("{kind: fifo, visibility: 2s, receives: 20}", "faults: ['reply-lost(rate=0.2)', 'request-lost(rate=0.1)', '503(rate=0.1)', '409(rate=0.1)', '500(rate=0.1)']\n"+fmt.Sprintf(sixSenders, ", rate: 50")),
		"standard and faults": queued("{kind: standard, concurrency: 3, visibility: 2s, receives: 20}", "faults: ['reply-lost(rate=0.2)', '503(rate=0.1)', 'sent-twice(rate=0.1)']\n"+fmt.Sprintf(sixSenders, ", rate: 50")),
		"crashes":             queued("{kind: fifo, visibility: 2s, receives: 20}", "faults: ['crash(rate=0.2,actor=consumer,when=after,restart=500ms)']\n"+fmt.Sprintf(sixSenders, ", rate: 50")),
		"sent twice":          queued("{kind: standard, concurrency: 2, batch: 3}", "faults: ['duplicate(rate=0.5,after=20ms,actor=be)']\n"+fmt.Sprintf(sixSenders, ", rate: 50")),
		"write through":       queued("{kind: fifo, write_through: true, visibility: 2s, receives: 20}", "objects: {count: 2, fresh_after: 9}\nfaults: ['reply-lost(rate=0.2)', '503(rate=0.1)', '409(rate=0.1)', 'crash(rate=0.1,actor=consumer,when=after,restart=500ms)']\n"+fmt.Sprintf(sixSenders, ", rate: 50")),
		"wrong guesses":       queued("{kind: standard, write_through: true, concurrency: 3, batch: 4}", fmt.Sprintf(sixSenders, ", rate: 50")),
		"beside others":       queued("{kind: fifo}", "actors: [{name: be, kind: backend, count: 6, load: {operations: 5}}, {name: ann, kind: user, count: 2, load: {operations: 5, edits: any}}]\n"),
	} {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 5; seed++ {
				events, r := playedBatches(t, "production", source, seed)
				if r.Verdict != check.OK {
					t.Fatalf("seed %d: %s %v %v", seed, r.Verdict, r.Reasons, r.Violations)
				}
				all := outcomes(events)
				if ok := all[history.Committed]; ok < 30 || len(all) > 1 && all[history.UserConflict] == 0 {
					t.Errorf("seed %d: ended as %v", seed, all)
				}
				again, _ := playedBatches(t, "production", source, seed)
				if diff := cmp.Diff(events, again); diff != "" {
					t.Fatalf("seed %d played twice: %.500s", seed, diff)
				}
			}
		})
	}
}

// TestFIFOKeepsTheOrder of what was sent, in batches that are full, one at a time.
func TestFIFOKeepsTheOrder(t *testing.T) {
	events, _ := playedBatches(t, "production", queued("{kind: fifo, batch: 7, concurrency: 3}", fmt.Sprintf(sixSenders, ", rate: 100")), 1)
	var sent, stored []string
	open, most := 0, 0
	for _, e := range events {
		switch {
		case e.Kind == history.Invoke && e.Do == history.DoBatch:
			if open++; open > 1 {
				t.Fatal("two consumers have the one object")
			}
		case e.Kind == history.Return && strings.HasPrefix(e.Actor, Consumer):
			open--
		case e.Kind == history.Invoke:
			sent = append(sent, e.IDs...)
		case e.Kind == history.Put && e.Op > 0 && e.Answer == history.OK:
			stored, most = append(stored, e.Doc.Add...), max(most, len(e.Doc.Add))
		}
	}
	if !slices.Equal(sent, stored) || most != 7 {
		t.Errorf("batches of up to %d; sent\n%v, stored\n%v", most, sent, stored)
	}
}

// TestWriteThroughReadsOnce: an only writer reads the object before its first write.
func TestWriteThroughReadsOnce(t *testing.T) {
	for through, want := range map[bool]int{true: 1, false: 3} {
		events, _ := playedBatches(t, "production", queued(fmt.Sprintf("{kind: fifo, batch: 2, write_through: %v}", through),
			"actors: [{name: be, kind: backend, count: 6, load: {operations: 1}}]\n"), 1)
		reads := 0
		for _, e := range events {
			if e.Kind == history.Get && strings.HasPrefix(e.Actor, Consumer) {
				reads++
			}
		}
		if reads != want {
			t.Errorf("write through %v: %d reads, want %d", through, reads, want)
		}
	}
}

// TestInvalidMessagesEndAlone, as dead letters, and nobody is told of their failure.
func TestInvalidMessagesEndAlone(t *testing.T) {
	const actors = "actors: [{name: be, kind: backend, count: 4, load: {operations: 3, rate: 50}}, {name: bad, kind: backend, load: {operations: 2, rate: 50, edits: invalid}}]\n"
	for _, kind := range []QueueKind{Standard, FIFO} {
		events, r := playedBatches(t, "production", queued(fmt.Sprintf("{kind: %s, visibility: 1s, receives: 3}", kind), actors), 1)
		all := outcomes(events)
		// What follows an invalid message in a FIFO queue comes again with it, and ends as a
		// dead letter with it, stored though it is.
		stored := all[history.Committed]
		if kind == FIFO {
			stored += all[history.Unknown]
		}
		if r.Verdict != check.OK || stored != 12 || all[history.Failed] != 2 {
			t.Errorf("%s: %s %v %v; ended as %v", kind, r.Verdict, r.Reasons, r.Violations, all)
		}
	}
}

// TestQueueRequests are counted as they are billed.
func TestQueueRequests(t *testing.T) {
	events, _ := playedBatches(t, "production", queued("{kind: fifo}", "actors: [{name: be, kind: backend, count: 25, load: {operations: 1}}]\n"), 1)
	got := map[string]int{}
	for _, e := range events {
		if e.Kind == history.Request {
			got[e.Do] += e.Count
		}
	}
	if diff := cmp.Diff(map[string]int{"send": 25, "receive": 3, "delete": 3}, got); diff != "" {
		t.Error(diff)
	}
	// Nobody sends for an hour: SQS answers a receive in vain after 20 s.
	events, _ = playedBatches(t, "production", queued("{kind: fifo}", "actors: [{name: be, kind: backend, load: {operations: 1, after: 1h}}]\n"), 1)
	for _, e := range events {
		if e.Kind == history.Request && e.Do == history.ReceiveRequest && e.Count != 181 {
			t.Errorf("%d receives", e.Count)
		}
	}
}

// TestWindowAndDelay: a window collects, up to a full batch, and a delay is waited for.
func TestWindowAndDelay(t *testing.T) {
	const three = "actors: [{name: be, kind: backend, count: 3, load: {operations: 1}}, {name: later, kind: backend, load: {operations: 1, after: 500ms}}]\n"
	for _, c := range []struct {
		queue string
		at    []int64
		sizes []int
	}{
		{"{kind: standard}", []int64{20, 520}, []int{3, 1}},
		{"{kind: standard, window: 400ms}", []int64{420, 920}, []int{3, 1}},
		{"{kind: standard, window: 700ms}", []int64{720}, []int{4}},
		{"{kind: standard, window: 700ms, batch: 4}", []int64{520}, []int{4}},
		{"{kind: standard, delay: 100ms}", []int64{120, 620}, []int{3, 1}},
		{"{kind: standard, batch: 2}", []int64{20, 60, 520}, []int{2, 1, 1}},
	} {
		source := strings.Replace(queued(c.queue, three), "s3-standard", "constant(10ms)", 1)
		events, _ := playedBatches(t, "production", source, 1)
		var at []int64
		var sizes []int
		begin := int64(0)
		for _, e := range events {
			switch {
			case e.Kind == history.Begin:
				begin = e.At
			case e.Kind == history.Put && e.Op > 0:
				at, sizes = append(at, (e.Start-begin)/ms), append(sizes, len(e.Doc.Add))
			}
		}
		if !slices.Equal(at, c.at) || !slices.Equal(sizes, c.sizes) {
			t.Errorf("%s: writes of %v at %v ms, want %v at %v", c.queue, sizes, at, c.sizes, c.at)
		}
	}
}

// TestInterruptedQueues: what was sent and is not stored by then has an end too, which
// proves nothing.
func TestInterruptedQueues(t *testing.T) {
	s := must(Parse("x.yaml", []byte(queued("{kind: fifo, batch: 1}", "actors: [{name: be, kind: backend, count: 6, load: {operations: 200, rate: 1000}}]\n"))))
	run := must(NewRun(s, must(cores.Find("production"))))
	ctx, cancel := context.WithCancel(t.Context())
	m := &cancelling{after: 400, cancel: cancel}
	if _, err := playVirtual(ctx, run, into(m), nil); err != nil {
		t.Fatal(err)
	}
	r := judgedRun(t, run.Header(VirtualWorld, "model"), m.events)
	cut := 0
	for _, e := range m.events {
		if e.Kind == history.Return && e.Interrupted {
			cut++
		}
	}
	if len(r.Found) > 0 || !r.Interrupted || r.Tally.Open > 0 || cut == 0 {
		t.Errorf("%v %v; %d operations were cut off, %d are open", r.Verdict, r.Violations, cut, r.Tally.Open)
	}
}

// cancelling ends the run after so many events.
type cancelling struct {
	memory
	after  int
	cancel func()
}

func (c *cancelling) Add(e *history.Event) {
	c.memory.Add(e)
	if c.after--; c.after == 0 {
		c.cancel()
	}
}

// TestQueuesOfTheRealWorld are consumed by goroutines.
func TestQueuesOfTheRealWorld(t *testing.T) {
	for _, queue := range []string{"{kind: fifo, concurrency: 3}", "{kind: standard, concurrency: 3, batch: 4, window: 5ms, visibility: 40ms, receives: 100}"} {
		s := must(Parse("x.yaml", []byte(queued(queue, "objects: {count: 2, fresh_after: 40}\n"+fmt.Sprintf(sixSenders, ", rate: 200")))))
		run := must(NewRun(s, must(cores.Find("production"))))
		run.Policy = archive.Policy{Kind: archive.Full, Base: time.Millisecond, Cap: 10 * time.Millisecond, Retries: 50}
		m := &memory{}
		store := newPlain(archive.WallClock{})
		store.takes = time.Millisecond
		if _, err := run.Play(t.Context(), func(int) world.World { return world.NewReal(archive.WallClock{}, store, nil) }, m); err != nil {
			t.Fatal(err)
		}
		r := judgedRun(t, run.Header(RealWorld, "memory"), m.events)
		if all := outcomes(m.events); r.Verdict != check.OK || all[history.Committed] != 30 || len(all) > 1 {
			t.Errorf("%s: %s %v %v; ended as %v", queue, r.Verdict, r.Reasons, r.Violations, all)
		}
	}
}
