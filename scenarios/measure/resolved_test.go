package measure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios"
	"holdfast/scenarios/history"
)

// TestResolvedScenariosPlayTheSame: each of the library, as it is and with what is chosen over
// it. The seed and the number of repetitions are not of the scenario.
func TestResolvedScenariosPlayTheSame(t *testing.T) {
	played := 0
	for _, name := range scenarios.Names() {
		for _, c := range []scenarios.Choice{
			{}, {Core: "unlocked", Policy: "equal(base=3ms,cap=9ms,retries=2,deadline=9s)", Latency: "lognormal(10ms,50ms)"},
		} {
			c.Seed, c.Repetitions = 7, 2
			if s, err := scenarios.Open(name); err == nil && s.Duration > 0 {
				c.Duration = new(time.Second)
			}
			run, err := scenarios.Prepare(name, c)
			if err != nil {
				continue // a setting that is not for it
			}
			played++
			point := Point{Run: *run}
			file := filepath.Join(t.TempDir(), ScenarioFile)
			text := must(point.Resolved())
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			again, err := scenarios.Prepare(file, scenarios.Choice{Seed: 7, Repetitions: 2})
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, text)
				continue
			}
			want, got := digestsOf(t, point), digestsOf(t, Point{Run: *again})
			if diff := cmp.Diff(want, got); diff != "" || len(want) != 2 {
				t.Errorf("%s, %s core: %s\n%s", name, run.Core.Name, diff, text)
			}
			if twice := must((&Point{Run: *again}).Resolved()); string(twice) != string(text) {
				t.Errorf("%s is written as\n%s\nand then as\n%s", name, text, twice)
			}
		}
	}
	if all := 2 * len(scenarios.Names()); played < all*3/4 {
		t.Errorf("%d of %d were played", played, all)
	}
}

func digestsOf(t *testing.T, p Point) (all []history.Sum) {
	t.Helper()
	measured, err := Play(t.Context(), Plan{[]Point{p}}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range measured[0].Each {
		all = append(all, r.Digest)
	}
	return all
}

// TestResolvedSaysHowItIsPlayed, in its first line.
func TestResolvedSaysHowItIsPlayed(t *testing.T) {
	s := simulated(t, "two-users", "production", 7, 3, 1)
	for _, c := range []struct {
		point Point
		want  string
	}{
		{Point{Run: s.run}, "simulate run scenario.resolved.yaml --world virtual --runs 3 --seed 7\n"},
		{Point{Run: s.run, World: scenarios.RealWorld}, "simulate run scenario.resolved.yaml --world real --runs 3 --seed 7\n"},
		{Point{Run: s.run, World: scenarios.RealWorld, Target: Target{Store: "s3://b/p", Endpoint: "http://127.0.0.1:9"}},
			"simulate run scenario.resolved.yaml --world real --store s3://b/p --endpoint http://127.0.0.1:9 --runs 3 --seed 7\n"},
	} {
		text := string(must(c.point.Resolved()))
		if first, _, _ := strings.Cut(text, "name:"); !strings.HasPrefix(first, "# ") || !strings.HasSuffix(first, c.want) {
			t.Errorf("it begins with %q, not with %q", first, c.want)
		}
		if real := c.point.World == scenarios.RealWorld; strings.Contains(text, "latency:") == real {
			t.Errorf("latency in the world %s:\n%s", c.point.World, text)
		}
	}
}
