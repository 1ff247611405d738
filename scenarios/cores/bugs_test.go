package cores_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// script makes the actors of a scenario and says what each of them does.
type script func(*world) []func()

var scripts = map[string]script{
	"two-users": func(w *world) []func() {
		alice, bob := w.actor("alice"), w.actor("bob")
		return []func(){
			func() { alice.load(); _ = alice.save("changeTitle", "Rotate on all load balancers") },
			func() { bob.load(); _ = bob.save("testPlan", "Probe every listener from four regions.") },
		}
	},
	"two-users-same-field": func(w *world) []func() {
		alice, bob := w.actor("alice"), w.actor("bob")
		return []func(){
			func() { alice.load(); _ = alice.save("changeTitle", "Rotate on all load balancers") },
			func() {
				bob.load()
				var mismatch *archive.ETagMismatchError
				if err := bob.save("changeTitle", "Rotate in October"); errors.As(err, &mismatch) {
					bob.load()
					_ = bob.save("changeTitle", "Rotate on all load balancers in October")
				}
			},
		}
	},
	"save-again": func(w *world) []func() {
		alice, bob := w.actor("alice"), w.actor("bob")
		return []func(){
			func() {
				alice.load()
				_ = alice.save("changeTitle", "Rotate on all load balancers", "changeReason", "They expire.")
				_ = alice.save("testPlan", "Probe every listener from four regions.")
			},
			func() { bob.load(); _ = bob.save("rollbackPlan", "Make the previous certificate the default.") },
		}
	},
	"almost-equal": func(w *world) []func() {
		alice, bob := w.actor("alice"), w.actor("bob")
		return []func(){
			func() {
				alice.load()
				_ = alice.save("changeTitle", "rotate", "changeReason", "They expire.", "rollbackPlan", "Call Ren\u00e9e.", "x_serial", json.Number("12345678901234567890"),
					"x_cut", json.RawMessage(`"\ud83d"`))
				_ = alice.save("changeTitle", "Rotate", "changeReason", "They  expire. ", "rollbackPlan", "Call Rene\u0301e.",
					"x_cut", json.RawMessage(`"\ufffd"`))
			},
			func() { bob.load(); _ = bob.save("testPlan", "Probe every listener from four regions.") },
		}
	},
	"absent-field": func(w *world) []func() {
		alice, bob := w.actor("alice"), w.actor("bob")
		return []func(){
			func() { alice.load(); _ = alice.save("x_contact", "Dana", "testPlan", nil) },
			func() { bob.load(); _ = bob.save("x_contact", "Eve") },
		}
	},
	"counting": func(w *world) []func() {
		return each(w, 3, nil, (*actor).count)
	},
	"removed-field": func(w *world) []func() {
		alice, bob := w.actor("alice"), w.actor("bob")
		return []func(){
			func() { alice.load(); _ = alice.save("testPlan", removed) },
			func() { bob.load(); _ = bob.save("testPlan", "By hand.") },
		}
	},
	"several-entries": func(w *world) []func() {
		return each(w, 2, nil, func(a *actor) { a.append(archive.MeetingScheduled, nil, archive.Processed) })
	},
	"user-vs-backend": func(w *world) []func() {
		alice, scheduler, processor := w.actor("alice"), w.actor("scheduler"), w.actor("processor")
		return []func(){
			func() { alice.load(); _ = alice.save("rollbackPlan", "Make the previous certificate the default.") },
			func() {
				scheduler.append(archive.MeetingScheduled, map[string]json.RawMessage{"meeting_metadata": json.RawMessage(`{"meeting_id": "77aa"}`)})
			},
			func() { processor.append(archive.Processed, nil) },
		}
	},
	"create-race": func(w *world) []func() {
		return each(w, 3, func(a *actor) { a.creates = true }, (*actor).create)
	},
	"three-writers": func(w *world) []func() {
		return each(w, 3, nil, func(a *actor) { a.append(archive.Processed, nil); a.append(archive.Processed, nil) })
	},
	"lost-reply": backends,
	"delete-race": func(w *world) []func() {
		w.deletion = true
		alice, backend := w.actor("alice"), w.actor("backend")
		return []func(){
			func() { alice.load(); _ = alice.save("changeTitle", "Rotate on all load balancers") },
			func() { backend.append(archive.Processed, nil) },
		}
	},
	"repeated-message": func(w *world) []func() {
		w.crashes = true
		return backends(w)
	},
	"persistent-conflict": func(w *world) []func() {
		w.policy = archive.DocumentedPolicy()
		bob, other := w.actor("bob"), w.actor("other")
		bob.beforePut = func() { other.append(archive.Processed, nil) }
		return []func(){func() { bob.load(); _ = bob.save("testPlan", "Probe every listener from four regions.") }}
	},
	"single-try": func(w *world) []func() {
		w.policy = archive.Policy{Kind: archive.None}
		return backends(w)
	},
}

func backends(w *world) []func() {
	return each(w, 2, nil, func(a *actor) { a.append(archive.Processed, nil) })
}

// each makes n actors that all do the same.
func each(w *world, n int, prepare, do func(*actor)) []func() {
	var programs []func()
	for i := range n {
		a := w.actor(fmt.Sprintf("client-%d", i+1))
		if prepare != nil {
			prepare(a)
		}
		programs = append(programs, func() { do(a) })
	}
	return programs
}

// TestBugsAreCaught looks for a schedule on which the judge catches each bug by
// the invariant, in the scenario and with the faults that it states, and makes
// sure that fewer faults would not do.
func TestBugsAreCaught(t *testing.T) {
	const most, fewer = 2000, 100
	for _, b := range cores.Bugs() {
		if b.InTime {
			continue // by the self-test, whose worlds have a queue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			s, known := scripts[b.Scenario]
			if !known || b.Fault == "" || check.Invariant(b.Invariant).Title() == "" {
				t.Fatalf("incomplete: %+v", b)
			}
			caught := func(seed uint64, faults int) bool {
				return judged(play(t, s, b.Spec, seed, faults)).Found[check.Invariant(b.Invariant)] > 0
			}
			for seed := range uint64(fewer) {
				if b.Faults > 0 && caught(seed, b.Faults-1) {
					t.Fatalf("caught with %d faults by schedule %d", b.Faults-1, seed)
				}
			}
			for seed := range uint64(most) {
				if caught(seed, b.Faults) {
					t.Logf("%s in %s by schedule %d", b.Invariant, b.Scenario, seed)
					return
				}
			}
			t.Errorf("%s was not violated in %d schedules of %s", b.Invariant, most, b.Scenario)
		})
	}
}

// TestSoundCoresAreNeverFlagged plays the schedules that catch the bugs.
func TestSoundCoresAreNeverFlagged(t *testing.T) {
	for _, name := range []string{"production", "reference"} {
		spec, err := cores.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for scenario, s := range scripts {
			t.Run(name+"/"+scenario, func(t *testing.T) {
				t.Parallel()
				for seed := range uint64(200) {
					r := judged(play(t, s, spec, seed, int(seed%3)))
					if len(r.Found) > 0 {
						t.Fatalf("schedule %d: %+v", seed, r.Violations)
					}
				}
			})
		}
	}
}

// TestReferenceIsTheProductionLoop: on the same schedule both make the same
// calls and give the same answers.
func TestReferenceIsTheProductionLoop(t *testing.T) {
	production, reference := must(cores.Find("production")), must(cores.Find("reference"))
	for scenario, s := range scripts {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(100) {
				_, want := play(t, s, production, seed, int(seed%4))
				_, got := play(t, s, reference, seed, int(seed%4))
				if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(history.Event{}, "Text")); diff != "" {
					t.Fatalf("schedule %d (-production +reference):\n%s", seed, diff)
				}
			}
		})
	}
}

func TestBugsAreFoundByName(t *testing.T) {
	seen := map[string]bool{}
	invariants := map[string]int{}
	for _, b := range cores.Bugs() {
		if spec, err := cores.Find(b.Name); err != nil || seen[b.Name] || spec.Fault != b.Fault {
			t.Errorf("%s: %v %+v", b.Name, err, spec)
		}
		seen[b.Name] = true
		invariants[b.Invariant]++
	}
	for _, i := range []string{"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11"} {
		if invariants[i] == 0 {
			t.Errorf("no bug stands for %s", i)
		}
	}
	if _, err := cores.Find("no-such-core"); err == nil {
		t.Error("found a core that there is not")
	}
	t.Logf("%d bugs: %v", len(seen), invariants)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
