package reports

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/tuning"
)

// compared is a result with some architectures, all of them or a few.
func compared(all bool) tuning.Result {
	p := archive.DefaultPolicy()
	row := func(name string, p99, puts, usd float64) tuning.Architecture {
		return tuning.Architecture{
			Name: name, Policy: &p, Ordering: "none", P99: &tuning.Interval{Value: p99, Low: p99 - 10, High: p99 + 10}, Operations: 12_000,
			Puts: puts, Price: tuning.Price{Store: usd}, Carries: &tuning.Carries{Of: "clients", Most: 46, Missed: "puts.per_commit<6"},
			Change: tuning.Change{What: "something", Scenario: []string{"+queue: {kind: fifo}"}, Go: "code()\n"},
		}
	}
	a := &tuning.Architectures{Complete: all, Rows: []tuning.Architecture{
		row(tuning.BestRetries, 3170, 5.19, 28), row(tuning.FIFOBatches, 288, 0.1, 1.11), row(tuning.SplitObject, 977, 2, 10.9),
	}, Frontier: []string{tuning.FIFOBatches}, Recommended: tuning.FIFOBatches, Evidence: "p99 288 ms"}
	if all {
		lossy := row("lossy", 200, 9, 40)
		lossy.NotStored, lossy.Missed = 0.31, []string{"exhausted.rate<1e-6 (it is 31 %)"}
		lossy.Demands = "a zone"
		unstable := row("slow", 0, 9, 40)
		unstable.P99, unstable.Unstable, unstable.Missed = nil, true, []string{"stability"}
		a.Rows = append(a.Rows, lossy, unstable,
			tuning.Architecture{Name: tuning.OneZone, LeftOut: "the store is another"}, tuning.Architecture{Name: tuning.GroupCommit, LeftOut: "the store is another"})
		fast := 231.0
		a.Sensitivity = []tuning.Sensitivity{{Setting: "15 clients", Cells: []tuning.Shift{
			{Name: tuning.FIFOBatches, P99: &fast}, {Name: "lossy", P99: &fast, Missed: []string{"x"}}, {Name: "slow"},
		}}}
	}
	return tuning.Result{Scenario: "burst", Passed: true, Verdict: check.OK, Latency: "s3-standard", Clients: 30, Architectures: a, Replay: "simulate tune burst"}
}

func told(r tuning.Result) string {
	var b strings.Builder
	Tuned{&r}.Text(Text{W: &b})
	return b.String()
}

// TestEveryTuneTellsOfAnArchitecture in three lines: the best of what was played beside the
// best retries.
func TestEveryTuneTellsOfAnArchitecture(t *testing.T) {
	text := told(compared(false))
	for _, want := range []string{
		"retries     p99 3.17 s at 5.19 puts, $28.00 a million updates\n",
		"or else     FIFO with batches: p99 288 ms at 0.10 puts, $1.11 a million updates\n",
		"compare     simulate tune burst --architectures\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	r := compared(false)
	r.Architectures.Rows = []tuning.Architecture{r.Architectures.Rows[0], {Name: tuning.FIFOBatches, LeftOut: "a save has a base"}}
	if text := told(r); !strings.Contains(text, "no FIFO with batches: a save has a base") || strings.Contains(text, "retries     ") {
		t.Error(text)
	}
	r = compared(false)
	r.Architectures.Rows[0].P99, r.Architectures.Rows[0].Unstable = nil, true
	if text := told(r); !strings.Contains(text, "retries     unstable: waits grow") {
		t.Error(text)
	}
}

// TestArchitecturesAreShown: what is lost, unstable, left out and to be changed, within the width.
func TestArchitecturesAreShown(t *testing.T) {
	text := told(compared(true))
	for _, want := range []string{
		"FIFO with batches *   288 ms", "lossy † ‡             200 ms", " 31 % ", "slow †              unstable",
		"no Express One Zone, no group commit: the store is another", "choose      FIFO with batches: p99 288 ms", "231 ms †", "‡ never recommended: a zone;",
		"FIFO with batches: something", "+queue: {kind: fifo}\n", "the most clients within",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "code()\n"); n != 1 {
		t.Errorf("the code stands %d times:\n%s", n, text)
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > Width {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	r := compared(true)
	r.Architectures.Recommended = ""
	if text := told(r); !strings.Contains(text, "none of them meets the objective") {
		t.Error(text)
	}
}

// TestTheChartOfArchitectures has a point for each that has a p99.
func TestTheChartOfArchitectures(t *testing.T) {
	var b bytes.Buffer
	r := compared(true)
	if err := (Tuned{&r}).Chart(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"FIFO with batches *", "best retries", "lossy", "dollars for a million updates"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the chart lacks %q", want)
		}
	}
	if strings.Contains(b.String(), ">slow<") {
		t.Error("an unstable one has a point")
	}
}
