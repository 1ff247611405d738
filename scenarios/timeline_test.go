package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios/history"
)

// TestTimelinesPlayInExactlyTheirOrder: what is recorded is the script, call by call.
func TestTimelinesPlayInExactlyTheirOrder(t *testing.T) {
	const actors = "name: t\nshows: T.\nactors:\n  - {name: ann, kind: user}\n  - {name: bob, kind: user}\n  - {name: cyd, kind: backend}\n"
	for _, c := range []struct{ name, source, script string }{
		{
			"one after the other", actors + `
timeline:
  - {at: T1, actor: ann, do: load}
  - {at: T2, actor: bob, do: load}
  - {at: T3, actor: ann, do: save, set: {changeTitle: A}, expect: committed}
  - {at: T4, actor: bob, do: save, set: {testPlan: B}, expect: committed}
`, `
ann load
ann get ok
ann committed
bob load
bob get ok
bob committed
ann save
ann get ok
ann put ok
ann committed
bob save
bob get ok
bob put ok
bob committed`,
		}, {
			"held before the write", actors + `
timeline:
  - {at: T1, actor: cyd, do: append, hold: put}
  - {at: T2, actor: ann, do: load}
  - {at: T3, actor: ann, do: save, set: {changeTitle: A}, expect: committed}
  - {at: T4, actor: cyd, do: resume, expect: committed}
`, `
cyd append
cyd get ok
ann load
ann get ok
ann committed
ann save
ann get ok
ann put ok
ann committed
cyd put 412
cyd get ok
cyd put ok
cyd committed`,
		}, {
			"held twice in one operation", actors + `
timeline:
  - {at: T1, actor: cyd, do: append, hold: get}
  - {at: T2, actor: bob, do: load}
  - {at: T3, actor: cyd, do: resume, hold: put}
  - {at: T4, actor: bob, do: save, set: {testPlan: B}, expect: committed}
  - {at: T5, actor: cyd, do: resume, expect: committed}
`, `
cyd append
bob load
bob get ok
bob committed
cyd get ok
bob save
bob get ok
bob put ok
bob committed
cyd put 412
cyd get ok
cyd put ok
cyd committed`,
		}, {
			"two held at once", actors + `
timeline:
  - {at: T1, actor: cyd, do: append, hold: put}
  - {at: T2, actor: bob, do: load, hold: get}
  - {at: T3, actor: cyd, do: resume, expect: committed}
  - {at: T4, actor: bob, do: resume}
  - {at: T5, actor: bob, do: save, set: {testPlan: B}, expect: committed}
`, `
cyd append
cyd get ok
bob load
cyd put ok
cyd committed
bob get ok
bob committed
bob save
bob get ok
bob put ok
bob committed`,
		}, {
			"a conflict for the user", actors + `
timeline:
  - {at: T1, actor: ann, do: load}
  - {at: T2, actor: bob, do: load}
  - {at: T3, actor: ann, do: save, set: {changeTitle: A}, expect: committed}
  - {at: T4, actor: bob, do: save, set: {changeTitle: B}, expect: conflict, conflicts: [changeTitle]}
`, `
ann load
ann get ok
ann committed
bob load
bob get ok
bob committed
ann save
ann get ok
ann put ok
ann committed
bob save
bob get ok
bob conflict`,
		}, {
			"interference before each write", `
name: t
shows: T.
actors:
  - {name: ann, kind: user}
  - {name: imp, kind: backend, interferes: {with: ann, before: put, times: 2}}
timeline:
  - {at: T1, actor: ann, do: load}
  - {at: T2, actor: ann, do: save, set: {changeTitle: A}, expect: committed}
`, `
ann load
ann get ok
ann committed
ann save
ann get ok
imp append
imp get ok
imp put ok
imp committed
ann put 412
ann get ok
imp append
imp get ok
imp put ok
imp committed
ann put 412
ann get ok
ann put ok
ann committed`,
		}, {
			"interference with who interferes", `
name: t
shows: T.
actors:
  - {name: cyd, kind: backend}
  - {name: imp, kind: backend, interferes: {with: cyd, before: get, times: 1}}
  - {name: elf, kind: backend, interferes: {with: imp, before: put, times: 1}}
timeline:
  - {at: T1, actor: cyd, do: append, expect: committed}
`, `
cyd append
imp append
imp get ok
elf append
elf get ok
elf put ok
elf committed
imp put 412
imp get ok
imp put ok
imp committed
cyd get ok
cyd put ok
cyd committed`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			played, events := inMemory(t, c.source, nil)
			if diff := cmp.Diff(strings.Split(strings.TrimSpace(c.script), "\n"), strings.Split(script(events), "\n")); diff != "" {
				t.Error(diff)
			}
			for _, s := range played.Steps {
				if !s.AsAsked {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

// TestStepsThatGoOtherwise: what a step did instead is reported, and a timeline
// that can't go on ends.
func TestStepsThatGoOtherwise(t *testing.T) {
	const actors = "name: t\nshows: T.\nactors: [{name: ann, kind: user}, {name: bob, kind: user}]\ntimeline:\n"
	for _, c := range []struct {
		name, steps string
		want        []StepResult
		last        string // line of the script
	}{
		{
			"another outcome", "  - {at: T1, actor: ann, do: load, expect: gone}\n  - {at: T2, actor: bob, do: load, expect: committed}\n",
			[]StepResult{{"T1 ann load", "gone", "committed", false}, {"T2 bob load", "committed", "committed", true}},
			"bob committed",
		}, {
			"a hold that never comes", "  - {at: T1, actor: ann, do: load, hold: put}\n  - {at: T2, actor: bob, do: load}\n  - {actor: ann, do: resume}\n",
			[]StepResult{{"T1 ann load", "held before its put", "ended without one: committed", false}},
			"ann committed",
		}, {
			"other fields in conflict", `
  - {at: T1, actor: ann, do: load}
  - {at: T2, actor: bob, do: load}
  - {at: T3, actor: ann, do: save, set: {changeTitle: A, testPlan: A}}
  - {at: T4, actor: bob, do: save, set: {changeTitle: B, testPlan: B}, expect: conflict, conflicts: [changeTitle]}
`,
			[]StepResult{{"T4 bob save", "conflict on changeTitle", "conflict on changeTitle, testPlan", false}},
			"bob conflict",
		}, {
			"a failure is explained", "  - {actor: ann, do: append, set: {modifications: []}, expect: committed}\n",
			[]StepResult{{"ann append", "committed", "failed (append archive/CHG-12345.json: invalid edit: modifications can't be set, only appended to)", false}},
			"ann failed",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			played, events := inMemory(t, actors+c.steps, nil)
			if diff := cmp.Diff(c.want, played.Steps); diff != "" {
				t.Error(diff)
			}
			if lines := strings.Split(script(events), "\n"); lines[len(lines)-1] != c.last {
				t.Errorf("the last line is %q, want %q", lines[len(lines)-1], c.last)
			}
		})
	}
}

// TestOperationsNameTheirStep: an operation of a timeline by its label, or without one by its
// number; what another actor does in between is no step.
func TestOperationsNameTheirStep(t *testing.T) {
	_, events := inMemory(t, `
name: t
shows: T.
actors:
  - {name: ann, kind: user}
  - {name: bob, kind: backend}
  - {name: imp, kind: backend, interferes: {with: bob, before: put, times: 1}}
timeline:
  - {at: T1, actor: ann, do: load}
  - {actor: bob, do: append, hold: put}
  - {at: T3, actor: ann, do: save, set: {changeTitle: A}}
  - {at: T4, actor: bob, do: resume}
`, nil)
	var got []string
	for _, e := range events {
		if e.Kind == history.Invoke {
			got = append(got, e.Actor+" "+e.Do+" "+e.Step)
		}
	}
	want := []string{"ann load T1", "bob append 2", "imp append ", "ann save T3"}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
