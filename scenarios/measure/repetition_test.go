package measure

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// digests are those of a simulation's repetitions.
func digests(t *testing.T, s simulation) (all []history.Sum) {
	t.Helper()
	plan := Plan{[]Point{{Run: s.run}}}
	measured, err := Play(t.Context(), plan, Config{Workers: s.workers})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range measured[0].Each {
		if r.N != i+1 || r.Digest == 0 || r.Cut {
			t.Fatalf("repetition %d: %+v", i+1, r)
		}
		all = append(all, r.Digest)
	}
	if len(all) != s.run.Repetitions {
		t.Fatalf("%d of %d repetitions are there", len(all), s.run.Repetitions)
	}
	return all
}

// TestEqualSeedsHaveEqualDigests, whatever plays them, and however many repetitions there are.
func TestEqualSeedsHaveEqualDigests(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, name := range []string{"storm", "burst", "redelivery", "lost-reply", "two-users", "fifo-batches"} {
		s := simulated(t, name, "production", 7, 10, 1)
		want := digests(t, s)
		if different := slices.Compact(slices.Sorted(slices.Values(want))); len(different) < 2 {
			t.Errorf("%s: all repetitions are the same", name)
		}
		for _, processors := range []int{1, 2} {
			runtime.GOMAXPROCS(processors)
			s.workers = 3
			if diff := cmp.Diff(want, digests(t, s)); diff != "" {
				t.Errorf("%s on %d processors: %s", name, processors, diff)
			}
		}
		for _, repetitions := range []int{1, 700} { // keys without their prefix, parts of another size
			s.run.Repetitions = repetitions
			if name != "burst" && repetitions > 1 {
				continue
			}
			n := min(repetitions, len(want))
			if diff := cmp.Diff(want[:n], digests(t, s)[:n]); diff != "" {
				t.Errorf("%s, of %d repetitions: %s", name, repetitions, diff)
			}
		}
	}
}

// TestARepetitionAloneHasItsDigest among others.
func TestARepetitionAloneHasItsDigest(t *testing.T) {
	for _, name := range []string{"burst", "redelivery"} {
		s := simulated(t, name, "production", 7, 6, 1)
		want := digests(t, s)
		s.run.First, s.run.Repetitions = 5, 1
		m, events := s.play(t.Context(), t)
		for _, each := range [][]Repetition{m.Each, judged(t, events).Each} {
			if len(each) != 1 || each[0].N != 5 || each[0].Digest != want[4] {
				t.Errorf("%s: %+v, not %x", name, each, want[4])
			}
		}
	}
}

// TestAnyDifferenceShowsInDigests: of seed, core, policy and setting, to a wait that is longer
// by a nanosecond.
func TestAnyDifferenceShowsInDigests(t *testing.T) {
	plain := func() simulation {
		s := simulated(t, "burst", "production", 7, 3, 1)
		s.run.Policy = archive.Policy{Kind: archive.Constant, Base: 10_000_000, Cap: 1_000_000_000, Retries: 40}
		return s
	}
	want := digests(t, plain())
	for what, change := range map[string]func(*scenarios.Run){
		"seed":       func(r *scenarios.Run) { r.Seed++ },
		"core":       func(r *scenarios.Run) { r.Core = must(cores.Find("unlocked")) },
		"policy":     func(r *scenarios.Run) { r.Policy.Kind = archive.Full },
		"nanosecond": func(r *scenarios.Run) { r.Policy.Base++ },
		"clients":    func(r *scenarios.Run) { r.Scenario.Actors[0].Count-- },
	} {
		s := plain()
		change(&s.run)
		for i, d := range digests(t, s) {
			if d == want[i] {
				t.Errorf("another %s, and repetition %d has the same digest", what, i+1)
			}
		}
	}
}

// TestRepetitionsAddUp to the numbers of the run, and are those of its history.
func TestRepetitionsAddUp(t *testing.T) {
	for _, c := range []struct{ scenario, core string }{
		{"storm", "production"}, {"redelivery", "production"}, {"burst", "unlocked"}, {"two-users", "documented"}, {"create-race", "production"},
	} {
		s := simulated(t, c.scenario, c.core, 3, 8, 2)
		m, events := s.play(t.Context(), t)
		var sum Counts
		violated := 0
		for i, r := range m.Each {
			sum.Operations += r.Operations
			sum.Acknowledged += r.Acknowledged
			sum.Puts += r.Puts
			sum.Gets += r.Gets
			sum.Conflicts412 += r.Conflicts
			sum.Exhausted += r.GaveUp
			if r.Puts != int(m.PutsEach[i]) {
				t.Errorf("%s: repetition %d has %d writes, not %v", c.scenario, i+1, r.Puts, m.PutsEach[i])
			}
			if len(r.Violated) > 0 {
				violated++
			}
		}
		got, of := sum, m.Counts
		if got.Operations != of.Operations || got.Acknowledged != of.Acknowledged || got.Puts != of.Puts || got.Gets != of.Gets ||
			got.Conflicts412 != of.Conflicts412+of.Conflicts409 || got.Exhausted != of.GivenUp() {
			t.Errorf("%s: the repetitions have %+v, the run %+v", c.scenario, got, of)
		}
		if (violated > 0) != (m.Verdict == check.Violated) {
			t.Errorf("%s: %d repetitions are violated, the verdict is %s", c.scenario, violated, m.Verdict)
		}
		if diff := cmp.Diff(m.Each, judged(t, events).Each); diff != "" {
			t.Errorf("%s: in its history %s", c.scenario, diff)
		}
	}
}

// TestRepetitionsOfWhatIsKept: of a history that leaves some out, those that it holds.
func TestRepetitionsOfWhatIsKept(t *testing.T) {
	m, again := little(t.Context(), t, simulated(t, "repeated-message", "new-id-on-redelivery", 3, 30, 2))
	if len(again.Each) == 0 || len(again.Each) >= len(m.Each) {
		t.Fatalf("%d of %d repetitions are kept", len(again.Each), len(m.Each))
	}
	for _, r := range again.Each {
		if diff := cmp.Diff(m.Each[r.N-1], r); diff != "" {
			t.Errorf("repetition %d: %s", r.N, diff)
		}
	}
}

func TestPercentilesOfARepetition(t *testing.T) {
	for _, c := range []struct {
		n, want int
	}{{1, 0}, {2, 1}, {99, 98}, {100, 98}, {101, 99}, {200, 197}} {
		if got := rank(99, c.n); got != c.want {
			t.Errorf("the p99 of %d is the %d-th, not the %d-th", c.n, got, c.want)
		}
	}
}

// TestACutRepetitionSaysSo: what it has shown depends on when it was interrupted.
func TestACutRepetitionSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := simulated(t, "burst", "production", 3, 400, 1)
	s.each = func(n int, _ *check.Report) bool {
		if n == 30 {
			cancel()
		}
		return true
	}
	m, _ := s.play(ctx, t)
	if !m.Interrupted {
		t.Fatal("it was not interrupted")
	}
	for i, r := range m.Each {
		if r.Cut && i < len(m.Each)-1 || r.Cut == (r.Digest != 0) {
			t.Errorf("%d of %d: %+v", i+1, len(m.Each), r)
		}
	}
}

// TestRepetitionsInTheRealWorld have no digest, and are told apart there too.
func TestRepetitionsInTheRealWorld(t *testing.T) {
	s := simulated(t, "two-users", "documented", 3, 2, 1)
	all, err := Play(t.Context(), Plan{[]Point{{Run: s.run, World: scenarios.RealWorld}}}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	m := all[0]
	if len(m.Each) != 2 {
		t.Fatalf("%+v", m.Each)
	}
	for i, r := range m.Each {
		if r.N != i+1 || r.Digest != 0 || r.Acknowledged != 2 || len(r.Violated) == 0 || r.LatencyMS <= 0 || r.MakespanMS < r.P99MS {
			t.Errorf("%+v", r)
		}
	}
}

// TestRepetitionsAreReadAsTheyWereWritten, and what is cut, newer or none is refused.
func TestRepetitionsAreReadAsTheyWereWritten(t *testing.T) {
	s := simulated(t, "burst", "unlocked", 1<<63+1, 5, 1)
	point := Point{Run: s.run}
	all, err := Play(t.Context(), Plan{[]Point{point}}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := must(point.Repetitions())
	r.Each = all[0].Each
	var file bytes.Buffer
	if err := r.Write(&file); err != nil {
		t.Fatal(err)
	}
	again, err := ReadRepetitions(bytes.NewReader(file.Bytes()), "f")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, again); diff != "" || len(again.Each) != 5 || again.Settings["actors.writer.count"] != "20" {
		t.Errorf("%v %s", again.Settings, diff)
	}
	plain, err := history.Decompressed(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(plain); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(text.String(), "\n")
	for name, c := range map[string]struct{ text, want string }{
		"empty":   {"", "f:1: the file is empty or unreadable, so it holds no repetitions"},
		"garbage": {"garbage\n", "f:1: the first line is no header of repetitions"},
		"other":   {`{"a":1}` + "\n", "f:1: the first line is no header of repetitions"},
		"newer":   {strings.Replace(text.String(), "/v1", "/v2", 1), `f:1: the schema is "simulate.repetitions/v2", this program reads "simulate.repetitions/v1"`},
		"short":   {strings.Join(lines[:4], ""), "f:4: 3 of 5 repetitions are there: the file is truncated"},
		"line":    {lines[0] + lines[1] + "{\n", "f:3: the line is no repetition"},
		"zero":    {lines[0] + "{}\n", "f:2: the line is no repetition"},
		"cut":     {file.String()[:file.Len()-9], "unexpected EOF"},
	} {
		_, err := ReadRepetitions(strings.NewReader(c.text), "f")
		if _, ok := errors.AsType[*history.LineError](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenRepetitions(t.TempDir()); err == nil || !strings.Contains(err.Error(), RepetitionsFile) {
		t.Errorf("a directory without: %v", err)
	}
}
