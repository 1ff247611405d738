package cores_test

import (
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/cores"
)

// TestParsePolicy: the oracle is asked for as if it were a policy, with its bounds.
func TestParsePolicy(t *testing.T) {
	unlimited := archive.Policy{Kind: archive.None, Retries: archive.Unlimited}
	for text, want := range map[string]struct {
		core   string
		policy archive.Policy
		fails  bool
	}{
		"oracle":                      {"oracle", archive.Policy{Kind: archive.None, Retries: archive.DefaultPolicy().Retries}, false},
		" oracle(retries=unlimited) ": {"oracle", unlimited, false},
		"oracle(retries=few)":         {"oracle", archive.Policy{}, true},
		"none(retries=unlimited)":     {"", unlimited, false},
		"oracles":                     {"", archive.Policy{}, true},
	} {
		p, core, err := cores.ParsePolicy(text)
		name := ""
		if core != nil {
			name = core.Name
		}
		if p != want.policy || name != want.core || (err != nil) != want.fails {
			t.Errorf("%q: policy %v, core %q, %v", text, p, name, err)
		}
	}
}
