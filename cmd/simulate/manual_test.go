package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// manualCommand finds commands in Markdown and in the examples of help texts.
	manualCommand = regexp.MustCompile("(?m)(?:`|^ {2,4}|\\$ )(simulate (?:[a-z]+|--version)[^`\n]*)")
	// played are those that take no longer than tests may.
	played = regexp.MustCompile(`^simulate (run|sweep|campaign|check|report|list|validate|version|--version)\b`)
	// mention is a command that is spoken of, and synopsis what stands for several.
	mention  = regexp.MustCompile(`^simulate (run|sweep|tune|explore|check|clean|validate|report|compare|campaign( (plan|work|status|stop|merge))?)( --(json|help))?$`)
	synopsis = regexp.MustCompile(`[[…]|[ =][A-Z]{2,}\b`)
)

// manual is a file of the project's that people copy commands from, without the breaks in
// them.
func manual(t *testing.T, path ...string) string {
	t.Helper()
	text := string(read(t, filepath.Join(append([]string{"..", ".."}, path...)...)))
	return regexp.MustCompile(`\\\n +`).ReplaceAllString(text, "")
}

// manuals are the README, the documentation and the help texts.
func manuals(t *testing.T) string {
	t.Helper()
	text := manual(t, "README.md") + manual(t, "ARCHITECTURE.md")
	for _, name := range []string{"simulate.md", "bugs.md", "library.md", "scenarios.md", "tuning.md", "stores.md", "adaptive.md", "bucket.md", "compare.md", "trend.md", "ci.md", "campaigns.md"} {
		text += manual(t, "docs", name)
	}
	for _, cmd := range everyCommand((&app{}).root()) {
		_, help, _ := simulate(t, append(strings.Fields(nameOf(cmd)), "--help")...)
		text += help
	}
	return text
}

// commandsOf are the commands in a text, each once and as they stand.
func commandsOf(text string) (all []string) {
	seen := map[string]bool{}
	for _, m := range manualCommand.FindAllStringSubmatch(text, -1) {
		command := strings.TrimSpace(m[1])
		if seen[command] || mention.MatchString(command) || synopsis.MatchString(command) {
			continue
		}
		seen[command] = true
		all = append(all, command)
	}
	return all
}

// TestManualsCommandsAreUnderstood: there is such a command, with such flags and so many
// arguments.
func TestManualsCommandsAreUnderstood(t *testing.T) {
	all := commandsOf(manuals(t))
	if len(all) < 80 {
		t.Errorf("found only %d commands: %q", len(all), all)
	}
	for _, command := range all {
		command, _, _ = strings.Cut(command, " >")
		root := (&app{}).root()
		cmd, args, err := root.Find(words(command)[1:])
		if err == nil {
			err = cmd.ParseFlags(args)
		}
		if err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// TestManualsCommandsWork plays commands that the README, the documentation and the help
// texts show, and holds their exit codes against what they say.
func TestManualsCommandsWork(t *testing.T) {
	if raceDetector {
		t.Skip("what they play, other tests play under the race detector, in a fraction of the time")
	}
	all := commandsOf(manuals(t))
	document := string(read(t, filepath.Join("..", "..", "archive", "testdata", "CHG-12345.json")))
	minio := string(read(t, filepath.Join("..", "..", "docs", "stores", "minio.json")))
	mine := string(read(t, filepath.Join("..", "..", "scenarios", "testdata", "reference", "loads.yaml")))
	t.Chdir(t.TempDir())
	for _, dir := range []string{"archive/testdata", "docs/stores"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	_, ran, _ := simulate(t, "run", "two-users", "--json", "--world", "virtual")
	write(t, "before.json", ran)
	write(t, "after.json", ran)
	write(t, "docs/stores/minio.json", minio)
	write(t, "archive/testdata/CHG-12345.json", document)
	write(t, "mine.yaml", mine)
	for _, file := range shardFiles(t, "production", 3, 0, 6) {
		write(t, filepath.Base(file), string(read(t, file)))
	}
	n := 0
	for _, command := range all {
		if !played.MatchString(command) || strings.Contains(command, "s3://") {
			continue
		}
		n++
		t.Run(command, func(t *testing.T) {
			want := exitPassed
			if strings.Contains(command, "--core") {
				want = exitViolated
			}
			sooner := strings.NewReplacer("--duration 10s", "--duration 1s", "--duration 1h", "--duration 2s", "--runs 20", "--runs 2",
				"--runs 10000", "--runs 10", "--runs 1000", "--runs 10", "sweep burst --runs 100 ", "sweep burst --runs 2 ",
				"clients=10:190:10", "clients=10:20:5").Replace(command)
			sooner, _, _ = strings.Cut(sooner, " >")           // the shell's
			if strings.HasPrefix(command, "simulate check ") { // of what somebody has just played
				_, _, _ = simulate(t, "run", "two-users")
			}
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
	if n < 60 {
		t.Errorf("played only %d commands", n)
	}
}

// TestReferencesExamplesPass: what docs/scenarios.md shows shows what it says.
func TestReferencesExamplesPass(t *testing.T) {
	examples, err := filepath.Abs(filepath.Join("..", "..", "scenarios", "testdata", "reference"))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"loads.yaml"}, {"service.yaml"}, {"timeline.yaml"}, {"schedule.yaml"}, {"burst", "--layout", "layout.yaml"}} {
		args[len(args)-1] = filepath.Join(examples, args[len(args)-1])
		code, stdout, stderr := simulate(t, append([]string{"run", "--world", "virtual", "--out", t.TempDir()}, args...)...)
		if code != exitPassed {
			t.Errorf("%v: exit %d\n%s%s", args, code, stdout, stderr)
		}
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
