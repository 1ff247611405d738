package main

import (
	"strings"
	"testing"

	"holdfast/reports/schema"
)

// TestMisspeltFlags: which one was meant, and which command has it.
func TestMisspeltFlags(t *testing.T) {
	for command, want := range map[string]string{
		"run --clinets 3":    "simulate: unknown flag: --clinets; did you mean --clients?\n",
		"run --faults 3":     "simulate: unknown flag: --faults; did you mean --fault? --faults is a flag of simulate explore\n",
		"run --vary x=1":     "simulate: unknown flag: --vary; --vary is a flag of simulate sweep\n",
		"list --chart x.svg": "simulate: unknown flag: --chart; --chart is a flag of simulate campaign merge, sweep and tune\n",
		"--clients 3":        "simulate: unknown flag: --clients; --clients is a flag of simulate explore, run, sweep and tune\n",
		"rum --clients 3":    "simulate: there is no command \"rum\"; did you mean run?\n",
		"frob --clinets 3":   "simulate: there is no command \"frob\"; see simulate --help\n",
		"run --xyzzy":        "simulate: unknown flag: --xyzzy\n",
		"run -x":             "simulate: unknown shorthand flag: 'x' in -x\n",
	} {
		code, stdout, stderr := simulate(t, strings.Fields(command)...)
		if code != exitUsage || stdout != "" || stderr != want {
			t.Errorf("%s: exit %d\n%s%s", command, code, stdout, stderr)
		}
	}
}

// TestUnknownNamesInTheEnvironment are refused by every command, and those of flags that
// only others have are not, nor what a cluster sets.
func TestUnknownNamesInTheEnvironment(t *testing.T) {
	for name, want := range map[string]string{
		"SIMULATE_CLINETS":          "did you mean SIMULATE_CLIENTS?",
		"SIMULATE_clients":          "did you mean SIMULATE_CLIENTS?",
		"SIMULATE_PATHSTYLE":        "did you mean SIMULATE_PATH_STYLE?",
		"SIMULATE_HELP":             "no command has such a flag",
		"SIMULATE_XYZZY":            "see simulate --help",
		"SIMULATE_VARY":             "",
		"SIMULATE_LISTEN":           "",
		"SIMULATE":                  "",
		"SIMULATE_SERVICE_HOST":     "",
		"SIMULATE_SERVICE_PORT":     "",
		"SIMULATE_PORT":             "",
		"SIMULATE_PORT_80_TCP_ADDR": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "1")
			for _, command := range []string{"list", "version", "validate two-users"} {
				code, stdout, stderr := simulate(t, strings.Fields(command)...)
				switch {
				case want == "" && (code != exitPassed || stderr != ""):
					t.Errorf("%s: exit %d: %s", command, code, stderr)
				case want != "" && (code != exitUsage || stdout != "" || !strings.Contains(stderr, "the environment has "+name) || !strings.Contains(stderr, want)):
					t.Errorf("%s: exit %d: %s%s", command, code, stdout, stderr)
				}
			}
		})
	}
	for flag := range commandsWith((&app{}).root()) {
		if name := environmentName(flag); ofCluster.MatchString(name) {
			t.Errorf("--%s can't be set by %s, which is a cluster's", flag, name)
		}
	}
}

func TestListAndVersionAsDocuments(t *testing.T) {
	for command, committed := range map[string][]byte{"list": schema.List, "version": schema.Version} {
		code, stdout, stderr := simulate(t, command, "--json")
		if code != exitPassed || stderr != "" {
			t.Fatalf("%s: exit %d: %s", command, code, stderr)
		}
		validate(t, committed, stdout)
	}
	_, asCommand, _ := simulate(t, "version")
	if code, asFlag, _ := simulate(t, "--version"); code != exitPassed || asFlag != asCommand {
		t.Errorf("exit %d: %s is not %s", code, asFlag, asCommand)
	}
}

// TestEveryMistakeOfAFileIsALine of run and of validate.
func TestEveryMistakeOfAFileIsALine(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "bad.yaml", "name: mine\nshows: Something.\nthresholds: [a<1]\nactors:\n  - {name: a, kind: backend, load: {opperations: 1}}\n")
	write(t, "good.yaml", "name: mine\nshows: Something.\nactors:\n  - {name: a, kind: backend, load: {operations: 1}}\n")
	want := `simulate: bad.yaml:3:1: unknown key "thresholds"; thresholds belongs under expect
simulate: bad.yaml:5:37: unknown key "opperations"; did you mean operations?
`
	for _, command := range []string{"run bad.yaml", "validate bad.yaml good.yaml", "explore bad.yaml"} {
		code, _, stderr := simulate(t, strings.Fields(command)...)
		if code != exitUsage || stderr != want {
			t.Errorf("%s: exit %d\n%s", command, code, stderr)
		}
	}
}
