package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// manualCommand finds commands in the README's tables and in the examples of
// the help texts.
var manualCommand = regexp.MustCompile("(?m)(?:`|^  |\\$ bin/)(simulate (?:run|sweep|check|list|validate|version)[^`\n]*)")

// TestManualsCommandsWork runs every command that the README and the help texts
// show, and holds its exit code against what they say.
func TestManualsCommandsWork(t *testing.T) {
	readme := string(read(t, filepath.Join("..", "..", "README.md")))
	_, runHelp, _ := simulate(t, "run", "--help")
	_, checkHelp, _ := simulate(t, "check", "--help")
	_, exploreHelp, _ := simulate(t, "explore", "--help")
	_, sweepHelp, _ := simulate(t, "sweep", "--help")
	document, err := filepath.Abs(filepath.Join("..", "..", "archive", "testdata", "CHG-12345.json"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	write(t, "change.json", string(read(t, document)))
	seen := map[string]bool{}
	for _, m := range manualCommand.FindAllStringSubmatch(readme+runHelp+checkHelp+exploreHelp+sweepHelp, -1) {
		command := strings.TrimSpace(m[1])
		if seen[command] || strings.Contains(command, "s3://") || strings.Contains(command, "[") {
			continue
		}
		seen[command] = true
		t.Run(command, func(t *testing.T) {
			want := exitPassed
			if strings.Contains(command, "--core") {
				want = exitViolated
			}
			sooner := strings.NewReplacer("--duration 10s", "--duration 1s", "--duration 1h", "--duration 2s", "--runs 20", "--runs 2",
				"--runs 1000", "--runs 10", "--budget 20s", "--budget 1s", "clients=10:190:10", "clients=10:20:5", "selftest", "selftest --seeds 20 --schedules 3000").Replace(command)
			code, stdout, stderr := simulate(t, words(sooner)[1:]...)
			if strings.Contains(command, "--threshold") && code == exitThreshold {
				return // a slow machine may miss it; that is what it is for
			}
			if code != want {
				t.Errorf("exit %d, want %d\n%s%s", code, want, stdout, stderr)
			}
			if _, err := os.Stat("simulate-out/latest"); err != nil && strings.Contains(command, "simulate run") {
				t.Error(err)
			}
		})
	}
	if len(seen) < 12 {
		t.Errorf("found only %d commands: %v", len(seen), seen)
	}
}

// words splits a command as a shell does, single quotes included.
func words(command string) (all []string) {
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}
