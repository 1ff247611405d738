package check

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// million writes the history of n acknowledged appends to one object, one event
// at a time. Every second write has an unknown outcome and is settled by a read.
func million(n int, add func(*history.Event)) {
	const key = "archive/CHG-12345.json"
	now := int64(0)
	at := func() int64 { now += 1000; return now }
	etag := func(i int) string { return fmt.Sprintf("\"%032x\"", i) }
	doc := func(i int) history.Doc { return history.Doc{N: i, Sum: history.Sum(i), Fields: 7} }
	first := doc(0)
	add(&history.Event{Kind: history.Put, Start: at(), At: at(), Actor: history.SetupActor, Key: key,
		If: history.IfAbsent, Answer: history.OK, ETag: etag(0), Doc: &first})
	for i := 1; i <= n; i++ {
		actor, id := fmt.Sprintf("backend-%02d", i%30), fmt.Sprintf("mod-%020d", i)
		add(&history.Event{Kind: history.Invoke, At: at(), Actor: actor, Op: i, Key: key, Do: "append", IDs: []string{id}, Entries: []history.Sum{history.Sum(i)}})
		read := doc(i - 1)
		add(&history.Event{Kind: history.Get, Start: at(), At: at(), Actor: actor, Op: i, Key: key,
			Answer: history.OK, ETag: etag(i - 1), Doc: &read})
		written := doc(i)
		written.Of, written.Keep, written.Add, written.Entries = etag(i-1), i-1, []string{id}, []history.Sum{history.Sum(i)}
		answered := doc(i)
		put := &history.Event{Kind: history.Put, Start: at(), At: at(), Actor: actor, Op: i, Key: key,
			If: history.IfMatch, IfETag: etag(i - 1), Answer: history.OK, ETag: etag(i), Doc: &written}
		if i%2 == 0 {
			put.Answer, put.ETag = history.UnknownAnswer, ""
		}
		add(put)
		if i%2 == 0 {
			settled := doc(i)
			add(&history.Event{Kind: history.Get, Start: at(), At: at(), Actor: actor, Op: i, Key: key,
				Answer: history.OK, ETag: etag(i), Doc: &settled})
		}
		add(&history.Event{Kind: history.Return, At: at(), Actor: actor, Op: i, Key: key, Outcome: history.Committed, ETag: etag(i), Doc: &answered})
	}
	last := doc(n)
	add(&history.Event{Kind: history.Get, Start: at(), At: at(), Actor: history.FinalActor, Key: key,
		Answer: history.OK, ETag: etag(n), Doc: &last})
	add(&history.Event{Kind: history.End, At: at()})
}

// BenchmarkJudge judges a million acknowledged modifications. The events are
// generated in batches that are not kept, and only judging them is timed. What
// is held at the peak depends on how much garbage the collector lets lie.
func BenchmarkJudge(b *testing.B) {
	const n, batch = 1_000_000, 10_000
	for _, of := range []struct{ percent, clocks int }{{25, 1}, {50, 1}, {100, 1}, {25, 4}, {25, 100}} {
		name := fmt.Sprintf("GOGC=%d", of.percent)
		h := history.Header{World: "real", Policy: archive.DefaultPolicy().String()}
		if of.clocks > 1 {
			name += fmt.Sprintf("/clocks=%d", of.clocks)
			for k := range of.clocks {
				h.Shards = append(h.Shards, history.Shard{Number: k, Attempt: 1})
			}
		}
		b.Run(name, func(b *testing.B) {
			defer debug.SetGCPercent(debug.SetGCPercent(of.percent))
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for b.Loop() {
				runtime.GC()
				before := held()
				peak, took, computed := before, time.Duration(0), time.Duration(0)
				timed := func(f func()) {
					begun, used := time.Now(), threadTime()
					f()
					took, computed = took+time.Since(begun), computed+threadTime()-used
					peak = max(peak, held())
				}
				j := New(h)
				events := make([]*history.Event, 0, batch)
				judge := func() {
					for _, e := range events {
						j.Add(e)
					}
					events = events[:0]
				}
				million(n, func(e *history.Event) {
					e.Clock = e.Op % of.clocks // each is as far ahead as its number in milliseconds
					e.Start, e.At = e.Start+int64(e.Clock)*1e6, e.At+int64(e.Clock)*1e6
					if events = append(events, e); len(events) == batch {
						timed(judge)
					}
				})
				timed(judge)
				var r Report
				timed(func() { r = j.Finish() })
				if r.Verdict != OK || r.Counts.Committed != n {
					b.Fatalf("%s, %d committed, %v", r.Verdict, r.Counts.Committed, r.Violations)
				}
				for _, u := range r.Undetermined {
					b.Logf("%d %s, within %.3g ms", u.Count, u.Anomaly, u.WithinMS)
				}
				b.ReportMetric(float64(took.Nanoseconds())/n, "ns/modification")
				b.ReportMetric(float64(took.Milliseconds()), "ms/judge")
				b.ReportMetric(float64(computed.Milliseconds()), "cpu-ms/judge")
				b.ReportMetric(float64((peak-before)>>20), "MB-peak")
			}
		})
	}
}

// threadTime is the processor time of this thread: what a busy machine does not
// add to.
func threadTime() time.Duration {
	const rusageThread = 1 // Linux; an error leaves zeros
	var use syscall.Rusage
	_ = syscall.Getrusage(rusageThread, &use)
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// held is the memory that the program holds, garbage included.
func held() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64() + sample[1].Value.Uint64()
}

// BenchmarkBrokenHistory judges histories full of violations, which need more
// searching than good ones.
func BenchmarkBrokenHistory(b *testing.B) {
	for _, c := range []struct {
		name             string
		objects, updates int
		stale            int // how old the version is that a write is built on
		locked           bool
	}{
		{"unlocked/many objects", 2000, 100, 3, false},
		{"unlocked/one object", 1, 20_000, 3, false},
		{"unlocked/one large object", 1, 200_000, 3, false},
		{"two lines of history", 1, 20_000, 2, true},
		{"two long lines of history", 1, 200_000, 2, true},
		{"always on the first version", 1, 200_000, 1 << 30, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				j := New(history.Header{})
				for o := range c.objects {
					stale(j, fmt.Sprintf("archive/C%d.json", o), c.updates, c.stale, c.locked, o*c.updates)
				}
				j.Add(&history.Event{Kind: history.End})
				if r := j.Finish(); r.Verdict != Violated {
					b.Fatal(r.Verdict)
				}
			}
		})
	}
}

// stale writes updates that are built on a version that is several updates old,
// without a condition or with one that names the current version all the same.
func stale(j *Judge, key string, updates, age int, locked bool, firstOp int) {
	history0 := []*history.Doc{{}}
	etag := func(i int) string { return fmt.Sprintf("v%d", i) }
	now := int64(1)
	j.Add(&history.Event{Kind: history.Put, At: now, Actor: history.SetupActor, Key: key, If: history.IfAbsent,
		Answer: history.OK, ETag: etag(0), Doc: history0[0]})
	for i := 1; i <= updates; i++ {
		op, id, of := firstOp+i, fmt.Sprintf("m%d", i), max(0, i-age)
		if !locked {
			of = i - 1 - (i-1)%age
		}
		base := history0[of]
		d := &history.Doc{N: base.N + 1, Sum: history.Sum(i), Of: etag(of), Keep: base.N, Add: []string{id}}
		history0 = append(history0, d)
		put := &history.Event{Kind: history.Put, Start: now, At: now + 1, Actor: "a", Op: op, Key: key,
			If: history.IfNone, Answer: history.OK, ETag: etag(i), Doc: d}
		if locked {
			put.If, put.IfETag = history.IfMatch, etag(i-1)
		}
		j.Add(&history.Event{Kind: history.Invoke, At: now, Actor: "a", Op: op, Key: key, Do: "append", IDs: []string{id}})
		j.Add(put)
		j.Add(&history.Event{Kind: history.Return, At: now + 1, Actor: "a", Op: op, Key: key, Outcome: history.Committed, ETag: etag(i)})
		now += 10
	}
	last := *history0[updates]
	j.Add(&history.Event{Kind: history.Get, Start: now, At: now + 1, Actor: history.FinalActor, Key: key,
		Answer: history.OK, ETag: etag(updates), Doc: &last})
}

// twoUsers is the history of two users who save different fields at once: the
// second meets a 412 and saves on top of the first. The answer to his last write
// is lost if it is not ok.
func twoUsers(last string) []*history.Event {
	b := newBook()
	b.setup(start)
	b.add(history.Event{Kind: history.Begin, Repetition: 1})
	for _, actor := range []string{"alice", "bob"} {
		b.begin(actor, "load").get("v0").end(history.Committed, "v0")
	}
	alice := b.begin("alice", "save", "m-alice").on("v0").wants("title", "A", "B").get("v0")
	bob := b.begin("bob", "save", "m-bob").on("v0").wants("plan", "", "Q").get("v0")
	alice.put("v0", history.OK, "v1", start.plus("m-alice").set("title", "B")).end(history.Committed, "v1")
	bob.put("v0", history.PreconditionFailed, "", start.plus("m-bob").set("plan", "Q")).get("v1")
	bob.put("v1", last, "v2", b.versions["v1"].plus("m-bob").set("plan", "Q"))
	if last != history.OK {
		bob.get("v2")
	}
	bob.end(history.Committed, "v2")
	b.final("v2")
	return b.events
}

// BenchmarkJudgeSmall judges one short schedule after another, as exploring them does.
func BenchmarkJudgeSmall(b *testing.B) {
	for _, last := range []string{history.OK, history.UnknownAnswer} {
		b.Run(last, func(b *testing.B) {
			events := twoUsers(last)
			h := history.Header{MinConflicts: 1}
			j := New(h)
			b.ReportAllocs()
			for b.Loop() {
				j.Reset(h)
				for _, e := range events {
					j.Add(e)
				}
				if r := j.Finish(); r.Verdict != OK {
					b.Fatal(r.Verdict, r.Violations)
				}
			}
			b.ReportMetric(float64(len(events)), "events")
		})
	}
}
