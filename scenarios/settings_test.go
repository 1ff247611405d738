package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSettingsSayWhatIsPlayed: runs that differ in one setting differ in that, and those that
// do the same have the same.
func TestSettingsSayWhatIsPlayed(t *testing.T) {
	plain := must(must(Prepare("burst", Choice{})).Settings(VirtualWorld))
	for key, want := range map[string]string{
		"core": "production", "document": "CHG-12345", "latency": DefaultLatency, "actors.writer.count": "20",
		"actors.writer.load.operations": "1", "via": "core", "request_timeout": "10s",
	} {
		if plain[key] != want {
			t.Errorf("%s is %q, not %q", key, plain[key], want)
		}
	}
	for key, c := range map[string]Choice{
		"core": {Core: "unlocked"}, "latency": {Latency: "normal(10ms,2ms)"}, "policy": {Policy: "none(retries=9)"},
		"actors.writer.count": {Clients: new(7)}, "faults.1": {Faults: []string{"409(rate=0.5)"}}, "document": {Document: "CIC-77001"},
	} {
		other := must(must(Prepare("burst", c)).Settings(VirtualWorld))
		var differ []string
		for name := range union(plain, other) {
			if plain[name] != other[name] {
				differ = append(differ, name)
			}
		}
		if diff := cmp.Diff([]string{key}, differ); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	if real := must(must(Prepare("burst", Choice{})).Settings(RealWorld)); real["latency"] != "" {
		t.Errorf("the real world has a latency of its own, not %s", real["latency"])
	}
	for _, name := range Names() {
		for key, value := range must(must(Prepare(name, Choice{})).Settings(VirtualWorld)) {
			if key == "" || value == "" {
				t.Errorf("%s: %q is %q", name, key, value)
			}
		}
	}
}

func union(a, b map[string]string) map[string]bool {
	all := map[string]bool{}
	for name := range a {
		all[name] = true
	}
	for name := range b {
		all[name] = true
	}
	return all
}
