package check_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"holdfast/archive"
	"holdfast/archive/storetest/broken"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// recordedTogether is a load that so many shards have played on one store, and the final state.
func recordedTogether(t *testing.T, core string, shards int) apart {
	t.Helper()
	const source = `name: t
shows: T.
actors:
  - {name: backend, kind: backend, count: 8, load: {operations: 25}}
  - {name: user, kind: user, count: 4, load: {operations: 10, edits: any}}
`
	s, err := scenarios.Parse(t.Name(), []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := cores.Find(core)
	if err != nil {
		t.Fatal(err)
	}
	run, err := scenarios.NewRun(s, spec)
	if err != nil {
		t.Fatal(err)
	}
	run.Policy = archive.Policy{Kind: archive.None, Retries: 1000}
	store := broken.NewMemory()
	w := world.NewReal(archive.WallClock{}, store, nil)
	sinks := make([]kept, shards+1)
	var met, all sync.WaitGroup
	met.Add(shards)
	for k := range shards {
		shard := *run
		shard.Shard = &scenarios.Shard{Number: k, Attempt: 1, Of: shards, Meet: func(context.Context, func() int64) error {
			met.Done()
			met.Wait()
			return nil
		}}
		all.Go(func() {
			if _, err := shard.Play(t.Context(), func(int) world.World { return w }, &sinks[k]); err != nil {
				t.Errorf("shard %d: %v", k, err)
			}
		})
	}
	all.Wait()
	keys := map[string]bool{}
	for _, e := range sinks[0].events {
		if e.Kind == history.Put {
			keys[e.Key] = true
		}
	}
	if err := run.ReadFinal(t.Context(), w, slices.Sorted(maps.Keys(keys)), &sinks[shards]); err != nil {
		t.Fatal(err)
	}
	a := apart{header: run.Header(scenarios.RealWorld, "memory")}
	a.header.Recorders = shards + 1
	for k := range sinks {
		a.header.Shards = append(a.header.Shards, history.Shard{Number: k, Attempt: 1})
		for _, e := range sinks[k].events {
			if e.Clock = k; e.Op > 0 {
				e.Op = e.Op*len(sinks) + k
			}
			a.events = append(a.events, e)
		}
	}
	return a
}

// TestRealRecordersOverGaps: what recorders of a real load say is enough to follow its versions
// over those that are missing or died; entries that nobody is seen to submit are explained by
// the ids of their clients.
func TestRealRecordersOverGaps(t *testing.T) {
	t.Parallel()
	const shards = 4
	tell := func(what string, r check.Report) {
		t.Helper()
		t.Errorf("%s: %s %v %v, left open %+v", what, r.Verdict, r.Reasons, r.Violations, r.Undetermined)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	sound := recordedTogether(t, "production", shards)
	open := func(r check.Report, what check.Invariant) bool { // but for what is a question of clocks
		return slices.ContainsFunc(r.Undetermined, func(u check.Undetermined) bool {
			return u.Because == check.Unrecorded && (what == "" || u.Invariant == what)
		})
	}
	if r := judge(sound); r.Verdict != check.OK || open(r, "") {
		tell("whole", r)
	}
	for k := range shards {
		r := judge(sound.without(k))
		if r.Verdict != check.Inconclusive || len(r.Reasons) != 1 || r.Tally.Unfollowed > 0 || open(r, check.NothingInvented) {
			tell("one missing", r)
		}
		if r := judge(sound.cut(k, sound.of(k)/2+rng.IntN(sound.of(k)/2))); r.Verdict != check.OK || len(r.Notes) == 0 {
			tell("one died", r)
		}
	}
	unlocked := recordedTogether(t, "unlocked", shards)
	for k := range shards {
		if r := judge(unlocked.without(k)); r.Found[check.NothingLost] == 0 {
			tell("unlocked, and one missing", r)
		}
		if r := judge(unlocked.cut(k, unlocked.of(k)/2)); r.Found[check.NothingLost] == 0 {
			tell("unlocked, and one died", r)
		}
	}
}
