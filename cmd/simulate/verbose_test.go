package main

import (
	"strings"
	"testing"
)

// TestVerbose tells what a screen has no room for: by flag, by variable, and of a run that was
// kept; what it says is not what is printed for a program.
func TestVerbose(t *testing.T) {
	out := t.TempDir()
	run := []string{"run", "two-users", "--core", "unlocked", "--world", "virtual", "--out", out}
	_, short, _ := simulate(t, run...)
	if n := strings.Count(short, "\n"); n > 25 || strings.Contains(short, "would fire") {
		t.Errorf("%d lines\n%s", n, short)
	}
	_, long, _ := simulate(t, append(run, "--verbose")...)
	if !strings.Contains(long, "Somebody wrote on top of an older version") || !strings.Contains(long, "ConcurrentModificationErrorCount") {
		t.Errorf("--verbose:\n%s", long)
	}
	body := func(report string) string { before, _, _ := strings.Cut(report, "\npage "); return before }
	if _, again, _ := simulate(t, "report", out+"/latest", "--verbose"); body(again) != body(long) {
		t.Errorf("of the run that was kept:\n%s", again)
	}
	_, brief, _ := simulate(t, append(run, "--verbose", "--quiet")...)
	if brief != "FAIL  two-users\n" {
		t.Errorf("--quiet --verbose: %s", brief)
	}
	t.Setenv("SIMULATE_VERBOSE", "true")
	if _, by, _ := simulate(t, run...); body(by) != body(long) {
		t.Errorf("by the environment:\n%s", by)
	}
}

// TestBlocksAreForTerminalsThatHaveThem: one that is said to have other characters gets none.
func TestBlocksAreForTerminalsThatHaveThem(t *testing.T) {
	for _, c := range []struct {
		all, lang, term string
		want            bool
	}{
		{"", "", "xterm", true}, {"", "de_DE.UTF-8", "xterm", true}, {"C", "de_DE.UTF-8", "xterm", false},
		{"", "C.utf8", "xterm", true}, {"", "en_US.ISO-8859-1", "xterm", false}, {"", "en_US.UTF-8", "linux", false},
	} {
		t.Setenv("LC_ALL", c.all)
		t.Setenv("LC_CTYPE", "")
		t.Setenv("LANG", c.lang)
		t.Setenv("TERM", c.term)
		if got := hasBlocks(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
