package scenarios

import (
	"context"
	"encoding/json"
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

// grouped is a scenario of back ends that share writes.
func grouped(group, more string) string { return storedBy("group", group, more) }

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
				events, r := playedBatches(t, "production", source, seed)
				all := outcomes(events)
				if r.Verdict != check.OK || name != "impatient" && all[history.Committed] < 30 {
					t.Fatalf("seed %d: %s %v %v; ended as %v", seed, r.Verdict, r.Reasons, r.Violations, all)
				}
				if invalid := map[bool]int{true: 5}[name == "invalid"]; all[history.Failed] != invalid {
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

// TestGroupsShareWrites: up to so many appends in one, of one process only.
func TestGroupsShareWrites(t *testing.T) {
	events, _ := playedBatches(t, "production", grouped("{processes: 2, wait: 50ms, most: 4}", "actors: [{name: be, kind: backend, count: 12, load: {operations: 1}}]\n"), 1)
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

// flawed is a core whose batches go wrong.
type flawed struct {
	cores.Core
	appendAll func(core cores.Core, ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error)
}

func (f flawed) AppendAll(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
	return f.appendAll(f.Core, ctx, id, edits)
}

// TestFlawedBatchesAreFound, through a queue and through a group.
func TestFlawedBatchesAreFound(t *testing.T) {
	const actors = "actors: [{name: be, kind: backend, count: 6, load: {operations: 5, edits: own}}, {name: bad, kind: backend, load: {operations: 2, edits: invalid}}]\n"
	sources := []string{queued("{kind: standard, receives: 2, visibility: 5s}", "objects: {count: 2}\n"+actors), grouped("{processes: 1, wait: 20ms}", "objects: {count: 2}\n"+actors)}
	for _, c := range []struct {
		name      string
		appendAll func(core cores.Core, ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error)
		want      check.Invariant
	}{
		{"none", func(core cores.Core, ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			return core.AppendAll(ctx, id, edits)
		}, ""},
		{"drops the last", func(core cores.Core, ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			done, errs := core.AppendAll(ctx, id, edits[:max(1, len(edits)-1)])
			return done, append(errs, nil)[:len(edits)]
		}, check.NothingLost},
		{"tells all of one's failure", func(core cores.Core, ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			done, errs := core.AppendAll(ctx, id, edits)
			for _, err := range errs {
				if err != nil {
					return done, slices.Repeat([]error{err}, len(edits))
				}
			}
			return done, errs
		}, check.HonestAnswers},
		{"stores nothing of a batch with a failure", func(core cores.Core, ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			for i := range edits {
				if err := archive.OwnLayout().ValidateEdit(edits[i]); err != nil {
					return archive.Snapshot{}, slices.Repeat([]error{err}, len(edits))
				}
			}
			return core.AppendAll(ctx, id, edits)
		}, check.HonestAnswers},
		{"forgets a field", func(core cores.Core, ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			edits = slices.Clone(edits)
			edits[len(edits)-1].Fields = nil
			return core.AppendAll(ctx, id, edits)
		}, check.AsAsked},
		{"adds the fields of one to another", func(core cores.Core, ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			edits = slices.Clone(edits)
			edits[0].Fields = map[string]json.RawMessage{"x_other": json.RawMessage("1")}
			return core.AppendAll(ctx, id, edits)
		}, check.ForeignDataIntact},
		{"mixes two objects", func(core cores.Core, ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			if strings.HasSuffix(id, "2") && len(edits) > 1 {
				_, _ = core.AppendAll(ctx, strings.TrimSuffix(id, "2")+"1", edits[1:])
				done, errs := core.AppendAll(ctx, id, edits[:1])
				return done, append(errs, make([]error, len(edits)-1)...)
			}
			return core.AppendAll(ctx, id, edits)
		}, check.NothingInvented},
		{"appends under another id as well", func(core cores.Core, ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			again := edits[0]
			again.Modifications = slices.Clone(again.Modifications)
			again.Modifications[0].ID += "-again"
			done, errs := core.AppendAll(ctx, id, append(slices.Clone(edits), again))
			return done, errs[:len(edits)]
		}, check.NothingInvented},
	} {
		for i, source := range sources {
			spec := must(cores.Find("production"))
			production := spec.New
			spec.New = func(e cores.Environment) (cores.Core, error) {
				core, err := production(e)
				return flawed{core, c.appendAll}, err
			}
			run := must(NewRun(must(Parse("x.yaml", []byte(source))), spec))
			m := &memory{}
			if _, err := playVirtual(t.Context(), run, into(m), nil); err != nil {
				t.Fatal(err)
			}
			r := judgedRun(t, run.Header(VirtualWorld, "model"), m.events)
			if r.Found[c.want] == 0 && c.want != "" || c.want == "" && r.Verdict != check.OK {
				t.Errorf("%s, %d: %s %v, want %s", c.name, i, r.Verdict, r.Found, c.want)
			}
		}
	}
}
