package scenarios

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/network"
)

// identified is a run of a scenario with settings.
func identified(t *testing.T, name, core string, sets ...Setting) *Run {
	t.Helper()
	s, err := OpenWith(name, sets...)
	if err != nil {
		t.Fatal(err)
	}
	r := must(NewRun(s, must(cores.Find(core))))
	if s.Policy == nil {
		r.Policy = archive.DefaultPolicy()
	}
	r.Seed, r.Repetitions = 3, 3
	return r
}

// TestRunsOfOneIdentityDoTheSame: what is a default may be said or not, and what has no
// effect makes no difference.
func TestRunsOfOneIdentityDoTheSame(t *testing.T) {
	file := filepath.Join(t.TempDir(), "CHG-12345.json")
	if err := os.WriteFile(file, must(OpenDocument("CHG-12345")).Encode(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ scenario, core, key, a, b string }{
		{"burst", "production", "objects.count", "0", "1"},
		{"burst", "production", "objects.popularity", "uniform", "zipf(2)"},
		{"burst", "production", "objects.keys", "random", "hash"}, // of one document
		{"burst", "production", "actors.writer.count", "0", "1"},
		{"burst", "production", "request_timeout", "0s", "10s"},
		{"burst", "production", "latency", "s3-standard", "s3-standard"},
		{"burst", "production", "via", "core", "core"},
		{"burst", "production", "shows", "this", "that"},
		{"burst", "production", "why", "this", "that"},
		{"burst", "production", "document", "CHG-12345", file},
		{"burst", "production", "duration", "0s", "3s"},
		{"burst", "documented", "codec", "json", "compact"},
		{"storm", "production", "objects.keys", "random", "random"},
		{"redelivery", "production", "queue.receives", "0", "5"},
		{"redelivery", "production", "queue.visibility", "0s", "30s"},
		{"redelivery", "production", "codec", "json", "json"},
		{"redelivery", "production", "actors.backend.load.operations", "1", "7"},
	} {
		a, b := identified(t, c.scenario, c.core, Setting{c.key, c.a}), identified(t, c.scenario, c.core, Setting{c.key, c.b})
		if c.a == c.b { // said and not said
			a = identified(t, c.scenario, c.core)
		}
		if diff := cmp.Diff(string(must(a.Identity())), string(must(b.Identity()))); diff != "" {
			t.Errorf("%s: %s=%s and %s differ: %s", c.scenario, c.key, c.a, c.b, diff)
		}
		for n := 1; n <= 3; n++ {
			var first, second memory
			if err := a.PlayAgain(t.Context(), n, &first); err != nil {
				t.Fatal(err)
			}
			if err := b.PlayAgain(t.Context(), n, &second); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first.events, second.events); diff != "" {
				t.Errorf("%s: %s=%s and %s do not do the same: %.300s", c.scenario, c.key, c.a, c.b, diff)
			}
		}
	}
}

// TestWhatChangesTheIdentity of a run.
func TestWhatChangesTheIdentity(t *testing.T) {
	for _, c := range []struct{ scenario, key, a, b string }{
		{"burst", "name", "a", "b"}, // the streams are of the scenario's name
		{"burst", "objects.count", "1", "2"},
		{"burst", "actors.writer.count", "1", "2"},
		{"burst", "actors.writer.load.operations", "1", "2"},
		{"burst", "request_timeout", "1s", "2s"},
		{"burst", "latency", "s3-standard", "s3-express"},
		{"burst", "policy", "none", "none(retries=9)"},
		{"burst", "codec", "json", "compact"},
		{"burst", "document", "CHG-12345", "CHG-30030"},
		{"burst", "expect.min_conflicts", "1", "2"}, // of the verdict
		{"sustained-contention", "duration", "1s", "2s"},
		{"storm", "objects.keys", "random", "hash"},
		{"sustained-contention", "actors.backend.load.rate", "0", "3"},
		{"redelivery", "queue.work", "0s", "1ms"},
		{"redelivery", "queue.receives", "5", "6"},
		{"redelivery", "actors.user.load.operations", "1", "2"},
	} {
		a, b := identified(t, c.scenario, "production", Setting{c.key, c.a}), identified(t, c.scenario, "production", Setting{c.key, c.b})
		if bytes.Equal(must(a.Identity()), must(b.Identity())) {
			t.Errorf("%s: %s=%s and %s are the same", c.scenario, c.key, c.a, c.b)
		}
	}
	a, b := identified(t, "burst", "production"), identified(t, "burst", "unlocked")
	if bytes.Equal(must(a.Identity()), must(b.Identity())) {
		t.Error("two cores are the same")
	}
}

// TestAFileCountsByWhatItHolds and not by its name.
func TestAFileCountsByWhatItHolds(t *testing.T) {
	dir := t.TempDir()
	of := func(name, samples string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(samples), 0o600); err != nil {
			t.Fatal(err)
		}
		return string(must(identified(t, "burst", "production", Setting{"latency", "empirical(" + path + ")"}).Identity()))
	}
	before := of("a.txt", "1\n2\n")
	if of("a.txt", "1\n3\n") == before {
		t.Error("what the file holds makes no difference")
	}
	if of("b.txt", "# the same\n1ms\n2ms\n") != before {
		t.Error("the name of the file makes a difference")
	}
	l := network.Latency(*identified(t, "burst", "production", Setting{"latency", "constant(2ms)"}).Scenario.Latency)
	if l.Content() != "constant(2ms)" {
		t.Error(l.Content())
	}
}
