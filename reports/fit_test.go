package reports

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

func lookedAt(d Document, look Look) string {
	var b strings.Builder
	d.Text(Text{W: &b, Look: look})
	return b.String()
}

// TestReportsFitAScreen, whatever a run has shown: the verdict is first, the command that plays
// it again last.
func TestReportsFitAScreen(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	kinds := []func() measure.Measurement{passed, small, brokenRun, inconclusive, interrupted, storeAtFault, withMissed}
	for range 3000 {
		r := kinds[rng.IntN(len(kinds))]()
		burden(rng, &r)
		report := lookedAt(NewResult(Environment{}, r), Look{})
		lines := strings.Split(strings.TrimSuffix(report, "\n"), "\n")
		if len(lines) > mostLines {
			t.Fatalf("%d lines:\n%s", len(lines), report)
		}
		if !strings.HasPrefix(lines[0], word(&r)+"  ") {
			t.Fatalf("the verdict is not first:\n%s", report)
		}
		if last := lines[len(lines)-1]; last != "replay      "+r.Replay && !strings.HasPrefix(last, "            (the real world's") {
			t.Fatalf("the last line is %q:\n%s", last, report)
		}
		for _, line := range lines {
			if text.StringWidth(line) > Width && !copied(line) {
				t.Fatalf("%d columns: %s", text.StringWidth(line), line)
			}
		}
	}
}

// burden gives a run much to tell.
func burden(rng *rand.Rand, r *measure.Measurement) {
	words := func(most int) string { return strings.TrimSpace(strings.Repeat("many words of it ", rng.IntN(most)+1)) }
	for range rng.IntN(6) {
		r.Reasons, r.Notes = append(r.Reasons, words(20)), append(r.Notes, words(20))
		r.StoreErrors = append(r.StoreErrors, measure.StoreError{Call: "put", Error: words(12), Count: 7})
		r.NeverBegun = append(r.NeverBegun, measure.Reason{Why: words(12), Count: 7})
		r.Thresholds = append(r.Thresholds, measure.ThresholdResult{Expression: "attempts.p99<6", Value: 7})
	}
	r.Counts.NeverBegun, r.Counts.Messages, r.Counts.AcknowledgedLate, r.Counts.Untold = rng.IntN(2), rng.IntN(2), rng.IntN(2), rng.IntN(2)
	r.Counts.Gone, r.Counts.Failed, r.Counts.EndedUnknown, r.Counts.Crashed = rng.IntN(9), rng.IntN(9), rng.IntN(9), rng.IntN(9)
	if rng.IntN(2) == 0 {
		r.Failure, r.Store = words(30), "s3://"+strings.Repeat("bucket/", rng.IntN(6)+1)
	}
	for i := range r.Violations {
		v := &r.Violations[i]
		v.KnownAs, v.Summary = "lost update, P4", v.Summary+" "+words(20)
		for k := range rng.IntN(40) {
			v.Witness = append(v.Witness, history.Event{
				Kind: history.Put, Actor: "backend-07", At: int64(k) * 1e6, Answer: history.OK, ETag: fmt.Sprint("e", k), Doc: &history.Doc{Add: []string{words(3)}},
			})
		}
	}
	if r.Verdict == check.Violated {
		for _, i := range []check.Invariant{check.ExactlyOnce, check.ArchiveFirst, check.AsAsked, check.RealTime, check.ForeignDataIntact} {
			r.Violated[string(i)] = 1 + rng.IntN(1000)
			r.Violations = append(r.Violations, check.Violation{Invariant: i, Anomaly: "stale field written", Summary: words(9)})
		}
	}
}

// copied: it is there to be copied.
func copied(line string) bool {
	for _, name := range []string{"replay ", "saved in ", "page ", "next ", "policy "} {
		if strings.HasPrefix(line, name) {
			return true
		}
	}
	return false
}

// TestVerboseLeavesNothingOut of what a screen has no room for.
func TestVerboseLeavesNothingOut(t *testing.T) {
	r := brokenRun()
	r.Violations[1].Means, r.Violations[3].Summary = "Somebody wrote on top of an older version.", "alice and bob both replaced a version, you see"
	r.Alarms = []measure.Alarm{{Metric: "ETagMismatchCount / ArchiveUpdateCount", Threshold: "> 10", Unit: "%", Note: "no back end updated anything"}}
	r.Cost = &measure.Cost{Prices: "S3 Standard (us-east-1, November 2026)", PerMillionCommits: 21.96}
	r.Spent = &measure.Spent{Samples: 2, CallsMS: 3.06}
	short, long := lookedAt(NewResult(Environment{}, r), Look{}), lookedAt(NewResult(Environment{}, r), Look{Verbose: true})
	for _, want := range []string{
		"Somebody wrote on top of an older version.", "told only once", "alice and bob both replaced a version, you see",
		"bob was told failed and it was exhaustion", "wants to save changeTitle", "is told: exhausted", "1 ████", "3.06 in calls of the store",
		"$21.96 for a million commits", "unknown: no back",
	} {
		if !strings.Contains(long, want) {
			t.Errorf("--verbose lacks %q", want)
		}
		if strings.Contains(short, want) {
			t.Errorf("the short report has %q", want)
		}
	}
	if !strings.Contains(short, "4 more events (--verbose, or the page)") || strings.Contains(long, "more event") {
		t.Errorf("what is left out:\n%s\n%s", short, long)
	}
}

// TestStoriesKeepTheirHeart: however little room there is, who was overwritten and who
// overwrote stay longest.
func TestStoriesKeepTheirHeart(t *testing.T) {
	v := brokenRun().Violations[1]
	for room := 12; room <= 40; room++ {
		story := strings.Join(linesOf(Text{}.storyIn(v, "title", room)), "\n")
		if !strings.Contains(story, "writes version v2") || !strings.Contains(story, "writes version v3") {
			t.Errorf("in %d lines:\n%s", room, story)
		}
		if n := strings.Count(story, "\n") + 1; n > room {
			t.Errorf("%d lines in a room of %d", n, room)
		}
	}
}

// TestStoriesKeepWhatHappened: a write that changes much is cut, rather than the setup kept in
// its place, and numbers give way to it.
func TestStoriesKeepWhatHappened(t *testing.T) {
	sets := make([]history.Set, 9)
	for i := range sets {
		sets[i] = history.Set{Field: fmt.Sprintf("field%d", i), Was: `"what it was before that"`, Now: `"what became of it then"`}
	}
	put := func(actor, etag, of, id string, at int64) history.Event {
		return history.Event{Kind: history.Put, Actor: actor, ETag: etag, At: at, Answer: history.OK, If: history.IfMatch, IfETag: of, Doc: &history.Doc{Of: of, N: 6, Add: []string{id}, Set: sets}}
	}
	for anomaly, of := range map[string]check.Invariant{appendedAgain: check.ExactlyOnce, "edit applied again": check.ExactlyOnce, "value altered": check.AsAsked} {
		v := check.Violation{Invariant: of, Anomaly: anomaly, Summary: "bob wrote e3, in which m-1 stands twice; bob had written it before", Witness: []history.Event{
			{Kind: history.Put, Actor: history.SetupActor, ETag: "e1", Answer: history.OK, If: history.IfAbsent, Doc: &history.Doc{N: 5}},
			put("bob", "e2", "e1", "m-1", 1), put("bob", "e3", "e2", "m-1", 2),
		}}
		for room := leastStory - 1; room < 16; room++ {
			story := strings.Join(linesOf(Text{}.storyIn(v, "title", room)), "\n")
			if !strings.Contains(story, "writes version v2") || !strings.Contains(story, "writes version v3") {
				t.Errorf("%s, in %d lines:\n%s", anomaly, room, story)
			}
			if n := strings.Count(story, "\n") + 1; n > room {
				t.Errorf("%s: %d lines in a room of %d", anomaly, n, room)
			}
		}
	}
}

func linesOf(parts []part) (all []string) {
	for _, p := range parts {
		all = append(all, p.lines...)
	}
	return all
}

// TestCommitsAreDrawn in proportion: what is nothing is not a low block, and the scale is said.
func TestCommitsAreDrawn(t *testing.T) {
	drawn := func(line *measure.Timeline, look Look) string {
		var b strings.Builder
		Text{W: &b, Look: look}.commits(line)
		return b.String()
	}
	for _, c := range []struct {
		line *measure.Timeline
		want string
	}{
		{&measure.Timeline{WidthMS: 100, Repetitions: 1, Commits: []int{80, 40, 0, 10, 1, 0, 20, 80}}, "commits     █▄·▁▁·▂█ 0–800 ms, at most 800/s\n"},
		{&measure.Timeline{WidthMS: 1000, Repetitions: 4, Commits: []int{8, 8, 8, 8, 8, 8, 8, 8}}, "commits     ████████ 0–8 s, at most 2/s, mean of 4 runs\n"},
		{&measure.Timeline{WidthMS: 100, Repetitions: 1, Commits: []int{8, 8, 8}}, ""},
		{&measure.Timeline{WidthMS: 100, Repetitions: 1, Commits: []int{1, 1, 1, 1, 1, 1, 1, 1}}, ""},
		{nil, ""},
	} {
		if got := drawn(c.line, Look{}); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		if got := drawn(c.line, Look{NoBlocks: true}); got != "" {
			t.Errorf("a terminal without blocks gets %q", got)
		}
	}
	wide := &measure.Timeline{WidthMS: 123.4, Repetitions: 1000, Commits: slices.Repeat([]int{123}, 2*mostBlocks)}
	for line := range strings.Lines(drawn(wide, Look{})) {
		if text.StringWidth(line) > Width+1 { // its end
			t.Errorf("%d columns: %s", text.StringWidth(line), line)
		}
	}
	long := &measure.Timeline{WidthMS: 60000, Repetitions: 1, Commits: make([]int, 100)}
	long.Commits[99] = 600
	if got := drawn(long, Look{}); got != "commits     "+strings.Repeat("·", 24)+"█ 0–100 min, at most 2.50/s\n" {
		t.Errorf("%q", got)
	}
}

// TestFairnessIsToldIfItSaysSomething, and so are alarms.
func TestFairnessIsToldIfItSaysSomething(t *testing.T) {
	r := passed()
	r.Fairness = &measure.Fairness{Actors: 16, Jain: 0.99, Worst: "backend-03", WorstP99MS: 199, MedianP99MS: 100}
	r.Alarms = []measure.Alarm{{Metric: "A / B", Samples: 3, Value: 1, Unit: "%"}, {Metric: "C / D", Note: "unknown"}}
	if report := lookedAt(NewResult(Environment{}, r), Look{}); strings.Contains(report, "fairness") || strings.Contains(report, "alarms") {
		t.Errorf("nothing is to be told:\n%s", report)
	}
	r.Fairness.WorstP99MS, r.Fairness.Starved = 200, 2
	for _, name := range []string{"A", "C", "E", "F"} {
		r.Alarms = append(r.Alarms, measure.Alarm{Metric: name + " / B", Samples: 3, Value: 12.5, Unit: "%", Threshold: "> 5", Fires: true})
	}
	report := strings.Join(strings.Fields(lookedAt(NewResult(Environment{}, r), Look{})), " ")
	for _, want := range []string{
		"fairness p99 200 ms of backend-03, of the median of 16 actors 100 ms; Jain's index 0.99 (1: all alike); 2 more actors never acknowledged",
		"alarms would fire: A 12.5 % (> 5, n = 3), C 12.5 % (> 5, n = 3), and 2 more",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("no %q in\n%s", want, report)
		}
	}
}

// TestFewSamplesHaveNoP99: of an actor with one it is called what it is, the longest.
func TestFewSamplesHaveNoP99(t *testing.T) {
	r := passed()
	r.Fairness = &measure.Fairness{
		Actors: 2, Jain: 0.5, Worst: "bob", WorstP99MS: 80, MedianP99MS: 1,
		Each: []measure.ActorLatency{{Actor: "alice", Samples: 100, P99MS: 1}, {Actor: "bob", Samples: 1, P99MS: 80}},
	}
	if report := lookedAt(NewResult(Environment{}, r), Look{}); !strings.Contains(report, "\nfairness    longest 80 ms of bob, of the median") {
		t.Errorf("%s", report)
	}
}

// TestAStoryComesBeforeNumbers: what the store answered beside gives way to what happened.
func TestAStoryComesBeforeNumbers(t *testing.T) {
	r := brokenRun()
	for range mostStoreErrors {
		r.StoreErrors = append(r.StoreErrors, measure.StoreError{Call: "put", Error: strings.Repeat("a long answer ", 8), Count: 7})
	}
	r.Violations = []check.Violation{{Invariant: check.NothingLost, Anomaly: "modification vanished", Summary: "bob did it"}}
	v := &r.Violations[0]
	for k := range 20 {
		v.Witness = append(v.Witness, history.Event{Kind: history.Put, Actor: "bob", At: int64(k) * 1e6, Answer: history.OK, ETag: fmt.Sprint("e", k), Doc: &history.Doc{}})
	}
	report := lookedAt(NewResult(Environment{}, r), Look{})
	if n := strings.Count(report, "  bob  "); n < 6 {
		t.Errorf("%d events:\n%s", n, report)
	}
	if strings.Contains(report, "a long answer") || !strings.Contains(report, "\nmore        with --verbose\n") {
		t.Errorf("what gives way is not said:\n%s", report)
	}
	v.Witness = v.Witness[:1]
	if report := lookedAt(NewResult(Environment{}, r), Look{}); !strings.Contains(report, "a long answer") {
		t.Errorf("there was room:\n%s", report)
	}
}

// TestThePageIsNamedOnce, by whatever has one.
func TestThePageIsNamedOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, PageFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, d := range everyDocument(t) {
		in, kept := d.(interface{ In(dir string) Document })
		if !kept {
			continue
		}
		if n := strings.Count(lookedAt(in.In(dir), Look{}), "\npage  "); n > 1 {
			t.Errorf("%s names its page %d times", name, n)
		}
	}
}

// TestThePageIsNamedIfThereIsOne.
func TestThePageIsNamedIfThereIsOne(t *testing.T) {
	r := passed()
	r.Directory = t.TempDir()
	if report := lookedAt(NewResult(Environment{}, r), Look{}); !strings.Contains(report, "\nsaved in    "+r.Directory+"\n") {
		t.Errorf("without a page:\n%s", report)
	}
	if err := os.WriteFile(filepath.Join(r.Directory, PageFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if report := lookedAt(NewResult(Environment{}, r), Look{}); !strings.Contains(report, "\npage        "+filepath.Join(r.Directory, PageFile)+"\n") {
		t.Errorf("with one:\n%s", report)
	}
}
