package manifests

import (
	"os"
	"os/exec"
	"slices"
	"testing"
)

// understood holds the arguments of a manifest against the program: it knows the command and its
// flags. SIMULATE names the program.
func understood(t *testing.T, args []string) {
	t.Helper()
	program := os.Getenv("SIMULATE")
	if program == "" {
		t.Log("SIMULATE names no program: commands are not tried")
		return
	}
	if out, err := exec.Command(program, append(slices.Clone(args), "--help")...).CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", args, err, out)
	}
}
