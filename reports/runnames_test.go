package reports

import (
	"slices"
	"strings"
	"testing"

	"holdfast/reports/page"
	"holdfast/scenarios/measure"
)

// TestRunsOfOneScenarioAreToldApart, by what is different between them alone.
func TestRunsOfOneScenarioAreToldApart(t *testing.T) {
	run := func(scenario, world, via string) measure.Measurement {
		m := passed()
		m.Scenario, m.World, m.Via = scenario, world, via
		return m
	}
	runs := []measure.Measurement{run("burst", "real", "core"), run("burst", "virtual", "core"), run("burst", "virtual", "api"), run("storm", "real", "core"), run("burst", "real", "core")}
	want := []string{"burst (real)", "burst (virtual)", "burst (virtual, via the API)", "storm", "burst (real) #2"}
	if got := runNames(runs); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	runs[1].Policy = "documented" // which nobody needs to know to tell it from the others
	if got := runNames(runs); !slices.Equal(got, want) {
		t.Errorf("too much is told: %q", got)
	}
	r := NewResult(Environment{}, runs...)
	report := lookedAt(r, Look{})
	if !strings.HasPrefix(report, "PASS  5 of 5 runs passed") || r.Page().Title != "5 runs" {
		t.Errorf("they are no five scenarios:\n%s", report)
	}
	if !strings.Contains(report, "\nburst (virtual)  ") || !strings.Contains(report, "\nstorm  ") {
		t.Errorf("%s", report)
	}
	var titles []string
	for _, s := range r.Page().Sections[1:] {
		titles = append(titles, s.Title)
	}
	if !slices.Equal(titles, want) {
		t.Errorf("on the page they are %q", titles)
	}
}

// TestPagesSayWhoPlayedWhichRuns, where results of several machines were put together.
func TestPagesSayWhoPlayedWhichRuns(t *testing.T) {
	r := NewResult(Environment{Version: "v1", Go: "go1.26"}, passed(), passed())
	more := NewResult(Environment{Version: "v2", Go: "go1.27"}, passed())
	pooled, err := Pool([]Document{r, more})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := page.Markdown(&b, pooled.(Result).Page()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"runs 1 to 2", "run 3", "v1", "v2", "go1.27"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
