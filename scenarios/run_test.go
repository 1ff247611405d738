package scenarios

import (
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/world"
)

// TestNewRun: document and layout are the scenario's, the policy too, unless it has none or
// the core uses no other than its own.
func TestNewRun(t *testing.T) {
	mine := archive.Policy{Kind: archive.None, Retries: 3}
	for name, c := range map[string]struct {
		core   string
		policy *Policy
		layout string
		want   archive.Policy
		doc    string
	}{
		"the core's policy":     {core: "documented", want: archive.DocumentedPolicy(), doc: "CHG-12345"},
		"the scenario's policy": {core: "documented", policy: &Policy{Policy: mine}, want: mine, doc: "CHG-12345"},
		"the layout's document": {core: "production", layout: "order", want: archive.DefaultPolicy(), doc: "2026/11/O-77"},
	} {
		t.Run(name, func(t *testing.T) {
			s := must(Open("two-users"))
			s.Policy, s.Layout, s.Document = c.policy, c.layout, ""
			r := must(NewRun(s, must(cores.Find(c.core))))
			if r.Policy != c.want || r.Document.ID() != c.doc || r.Layout.String() != c.layout || r.Core.Name != c.core {
				t.Errorf("policy %s, document %s, layout %q, core %s", r.Policy, r.Document.ID(), r.Layout, r.Core.Name)
			}
			if err := r.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
	s := must(Open("two-users"))
	s.Document = "no-such-document"
	if _, err := NewRun(s, must(cores.Find("production"))); err == nil || !strings.Contains(err.Error(), "no-such-document") {
		t.Errorf("without its document: %v", err)
	}
}

// TestARunLacksNothing: what lacks something is refused with a sentence wherever it is
// played.
func TestARunLacksNothing(t *testing.T) {
	for want, without := range map[string]func(*Run){
		"needs a scenario":                  func(r *Run) { r.Scenario = nil },
		"needs a document":                  func(r *Run) { r.Document = nil },
		"needs a core":                      func(r *Run) { r.Core = cores.Spec{} },
		"needs 1 repetition or more, not 0": func(r *Run) { r.Repetitions = 0 },
		`needs a retry policy: policy kind "" is not known`: func(r *Run) { r.Policy = archive.Policy{} },
	} {
		r := must(NewRun(must(Open("two-users")), must(cores.Find("production"))))
		without(r)
		m := &memory{}
		_, inReal := r.Play(t.Context(), nil, m)
		_, inVirtual := r.Virtual().Play(t.Context(), 1, m)
		_, _, player := r.VirtualPlayer().Play(t.Context(), 1, world.NewReal(newLeaping(), nil, nil), m)
		for _, err := range []error{r.Validate(), inReal, inVirtual, player} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want that it %s", err, want)
			}
		}
	}
}
