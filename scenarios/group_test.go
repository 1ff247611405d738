package scenarios

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// grouped is a scenario of back ends that share writes.
func grouped(group, more string) string {
	return "name: t\nshows: T.\npolicy: full(base=50ms,cap=2s,retries=16,deadline=25s)\nlatency: s3-standard\ngroup: " + group + "\n" + more
}

// TestGroupsLoseNothing: in one process or several, with several objects, in bad weather.
func TestGroupsLoseNothing(t *testing.T) {
	for name, source := range map[string]string{
		"one":       grouped("{processes: 1}", fmt.Sprintf(sixSenders, "")),
		"two":       grouped("{processes: 2, wait: 5ms, most: 2}", fmt.Sprintf(sixSenders, ", rate: 20")),
		"objects":   grouped("{processes: 2, wait: 5ms}", "objects: {count: 4, fresh_after: 5}\n"+fmt.Sprintf(sixSenders, "")),
		"faults":    grouped("{processes: 2, wait: 5ms}", "faults: ['reply-lost(rate=0.2)', 'request-lost(rate=0.1)', '503(rate=0.1)', '409(rate=0.1)', 'sent-twice(rate=0.1)']\n"+fmt.Sprintf(sixSenders, "")),
		"twice":     grouped("{processes: 2, wait: 5ms}", "faults: ['duplicate(rate=0.5,after=20ms,actor=be)']\n"+fmt.Sprintf(sixSenders, "")),
		"impatient": grouped("{processes: 1, wait: 100ms}", "faults: ['reply-lost(rate=0.1)']\n"+fmt.Sprintf(sixSenders, ", give_up_after: 600ms")),
		"invalid":   grouped("{processes: 1, wait: 100ms}", "actors: [{name: be, kind: backend, count: 6, load: {operations: 5}}, {name: bad, kind: backend, load: {operations: 5, edits: invalid}}]\n"),
	} {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 5; seed++ {
				events, r := playedQueue(t, "production", source, seed)
				all := outcomes(events)
				if r.Verdict != check.OK || name != "impatient" && all[history.Committed] < 30 {
					t.Fatalf("seed %d: %s %v %v; ended as %v", seed, r.Verdict, r.Reasons, r.Violations, all)
				}
				if invalid := map[bool]int{true: 5}[name == "invalid"]; all[history.Failed] != invalid {
					t.Errorf("seed %d: ended as %v", seed, all)
				}
				again, _ := playedQueue(t, "production", source, seed)
				if diff := cmp.Diff(events, again); diff != "" {
					t.Fatalf("seed %d played twice: %.500s", seed, diff)
				}
			}
		})
	}
}

// TestGroupsShareWrites: up to so many appends in one, of one process only.
func TestGroupsShareWrites(t *testing.T) {
	events, _ := playedQueue(t, "production", grouped("{processes: 2, wait: 50ms, most: 4}", "actors: [{name: be, kind: backend, count: 12, load: {operations: 1}}]\n"), 1)
	by := map[string]string{} // the process of a modification
	sizes := map[int]int{}
	for _, e := range events {
		switch {
		case e.Kind == history.Invoke && e.Do != history.DoBatch:
			by[e.IDs[0]] = e.Through
		case e.Kind == history.Put && e.Op > 0:
			for _, id := range e.Doc.Add {
				if by[id] != e.Actor {
					t.Errorf("%s writes for %s", e.Actor, by[id])
				}
			}
			if e.Answer == history.OK {
				sizes[len(e.Doc.Add)]++
			}
		}
	}
	if diff := cmp.Diff(map[int]int{4: 2, 2: 2}, sizes); diff != "" {
		t.Error(diff)
	}
}

// TestGroupsOfTheRealWorld share writes among goroutines.
func TestGroupsOfTheRealWorld(t *testing.T) {
	s := must(Parse("x.yaml", []byte(grouped("{processes: 2, wait: 2ms}", "objects: {count: 2, fresh_after: 40}\n"+fmt.Sprintf(sixSenders, "")))))
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
		t.Errorf("%s %v %v; ended as %v", r.Verdict, r.Reasons, r.Violations, all)
	}
}
