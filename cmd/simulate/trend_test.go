package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"holdfast/reports/schema"
)

// TestTrend follows runs of other seeds, of which the last ones have another policy.
func TestTrend(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for seed := 1; seed <= 16; seed++ {
		args := []string{"run", "burst", "--world", "virtual", "--runs", "40", "--seed", strconv.Itoa(seed), "--out", dir, "--json"}
		if seed > 12 {
			args = append(args, "--policy", "full(base=25ms,cap=2s,retries=32,deadline=25s)")
		}
		code, document, stderr := simulate(t, args...)
		if code != exitPassed {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		file := filepath.Join(dir, strconv.Itoa(seed)+".json")
		if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	ordered := append([]string{"trend", "--in-order"}, files...)
	page := filepath.Join(dir, "trend.html")
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"told", append(ordered, "--html", page), exitPassed, "WORSE  burst, virtual world: attempts.mean worse +"},
		{"asked for", append(ordered, "--fail-on-change"), exitRegressed, "run 13"},
		{"too small", append(ordered, "--fail-on-change", "--min-effect", "50%"), exitPassed, "CHANGED"},
		{"by a directory", []string{"trend", filepath.Join(dir, "burst")}, exitPassed, "16 runs from"},
		{"too few", []string{"trend", "--in-order", files[0], files[1]}, exitInconclusive, "UNCLEAR"},
		{"one seed", []string{"trend", "--in-order", files[0], files[0]}, exitPassed, "STEADY"},
	} {
		code, stdout, stderr := simulate(t, c.args...)
		if code != c.code || !strings.Contains(stdout, c.want) {
			t.Errorf("%s: exit %d, want %d and %q:\n%s%s", c.name, code, c.code, c.want, stdout, stderr)
		}
	}
	if html := string(read(t, page)); !strings.Contains(html, "<svg") || !strings.Contains(html, "mean between changes") {
		t.Error("the page has no chart")
	}
	_, stdout, _ := simulate(t, append(ordered, "--json")...)
	validate(t, schema.Trend, stdout)
}

// TestTrendMistakes are told in a line.
func TestTrendMistakes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "version.json")
	_, version, _ := simulate(t, "version", "--json")
	if err := os.WriteFile(file, []byte(version), 0o600); err != nil {
		t.Fatal(err)
	}
	_, result, _ := simulate(t, "run", "no-conflict", "--world", "virtual", "--out", dir, "--json")
	timeless := filepath.Join(dir, "result.json")
	if err := os.WriteFile(timeless, []byte(result), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "wants the directories"},
		{[]string{filepath.Join(dir, "nowhere")}, "nowhere"},
		{[]string{file}, "has no runs"},
		{[]string{timeless}, "--in-order"},
		{[]string{timeless, "--in-order", "--min-effect", "200%"}, "--min-effect"},
		{[]string{timeless, "--in-order", "--html", filepath.Join(dir, "nowhere", "x.html")}, "there is no directory"},
	} {
		code, _, stderr := simulate(t, append([]string{"trend"}, c.args...)...)
		if code != exitUsage || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit %d, %s", c.args, code, stderr)
		}
	}
}
