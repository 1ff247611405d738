package scenarios

import (
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
)

// settings are some, separated by spaces.
func settings(texts string) (all []Setting) {
	for _, text := range strings.Fields(texts) {
		key, value, _ := strings.Cut(text, "=")
		all = append(all, Setting{key, value})
	}
	return all
}

func TestPartsOfAPolicyChange(t *testing.T) {
	for _, c := range []struct{ policy, sets, want string }{
		{"documented", "policy.base=25ms", "exponential(base=25ms,cap=400ms,retries=3)"},
		{"documented", "policy.kind=full policy.retries=unlimited", "full(base=50ms,cap=400ms,retries=unlimited)"},
		{"full(base=5ms,cap=1s,deadline=9s)", "policy.deadline=0s policy.cap=5ms", "full(base=5ms,cap=5ms,retries=32)"},
		{"full(base=5ms,cap=1s)", "policy.kind=none", "none(retries=32)"},
		{"none(retries=2)", "policy.base=7ms policy.kind=equal", "equal(base=7ms,cap=2s,retries=2)"},
		{"adaptive(cap=20ms,retries=5)", "policy.kind=full policy.deadline=0s", "full(base=20ms,cap=20ms,retries=5)"},
		{"adaptive(retries=5)", "policy.cap=1s policy.deadline=9s", "adaptive(cap=1s,retries=5,deadline=9s)"},
		{"default", "policy.base=1s policy.base=2s", "full(base=2s,cap=2s,retries=32,deadline=25s)"},
		{"default", "policy.cap=9s policy.base=5s", "full(base=5s,cap=9s,retries=32,deadline=25s)"},
	} {
		p, err := archive.ParsePolicy(c.policy)
		if err != nil {
			t.Fatal(err)
		}
		got, err := changePolicy(p, settings(c.sets))
		if err != nil || got.String() != c.want {
			t.Errorf("%s with %s: %s, %v; want %s", c.policy, c.sets, got, err, c.want)
		}
	}
}

// TestParametersThatAreSuggestedExist, but for the names of actors.
func TestParametersThatAreSuggestedExist(t *testing.T) {
	for _, key := range slices.Concat(PolicyParts, SettingKeys()) {
		_, err := Prepare("burst", Choice{Settings: settings(strings.Replace(key, "NAME", "writer", 1) + "=1")})
		if err != nil && (strings.Contains(err.Error(), "unknown key") || strings.Contains(err.Error(), "a policy has no")) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
