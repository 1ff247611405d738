package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImportsPointDownward keeps the four storeys apart: command, reports,
// scenarios, archive. A package may import what stands below it, never above.
func TestImportsPointDownward(t *testing.T) {
	allowed := map[string][]string{
		"holdfast/archive":                    {"holdfast/archive/notation"},
		"holdfast/archive/notation":           {},
		"holdfast/archive/internal/testclock": {},
		"holdfast/archive/delivery":           {"holdfast/archive"},
		"holdfast/archive/telemetry":          {"holdfast/archive"},
		"holdfast/archive/storetest":          {"holdfast/archive"},
		"holdfast/archive/web":                {"holdfast/archive"},
		"holdfast/archive/s3store":            {"holdfast/archive"},
		"holdfast/archive/s3store/fakes3":     {"holdfast/archive"},
		"holdfast/scenarios/history":          {"holdfast/archive"},
		"holdfast/scenarios/check":            {"holdfast/archive", "holdfast/scenarios/history"},
		"holdfast/scenarios/compact":          {"holdfast/archive", "holdfast/scenarios/history"},
		"holdfast/scenarios/memo":             {"holdfast/archive", "holdfast/scenarios/history"},
		"holdfast/scenarios/cores":            {"holdfast/archive"},
		"holdfast/scenarios/network":          {"holdfast/archive"},
		"holdfast/scenarios/world":            {"holdfast/archive", "holdfast/scenarios/network"},
		"holdfast/scenarios/explore":          {"holdfast/archive", "holdfast/scenarios"},
		"holdfast/scenarios":                  {"holdfast/archive", "holdfast/scenarios"},
		"holdfast/reports/schema":             {},
		"holdfast/reports":                    {"holdfast/archive", "holdfast/scenarios", "holdfast/reports"},
		"holdfast/reports/chart":              {},
		"holdfast/reports/sweep":              {"holdfast/archive", "holdfast/scenarios", "holdfast/reports"},
		"holdfast/reports/tuning":             {"holdfast/archive", "holdfast/scenarios", "holdfast/reports"},
		"holdfast/cmd/simulate":               {"holdfast/archive", "holdfast/scenarios", "holdfast/reports"},
		"holdfast/cmd/mutants/mutate":         {},
		"holdfast/cmd/mutants":                {"holdfast/cmd/mutants/mutate"},
	}
	for _, pkg := range strings.Fields(goList(t, "holdfast/...")) {
		below, known := allowed[pkg]
		if !known {
			t.Errorf("%s has no storey: add it to this table and to ARCHITECTURE.md", pkg)
			continue
		}
		for _, dep := range strings.Fields(goList(t, "-deps", pkg)) {
			if dep == pkg || !strings.HasPrefix(dep, "holdfast/") {
				continue
			}
			fine := false
			for _, root := range below {
				fine = fine || dep == root || strings.HasPrefix(dep, root+"/")
			}
			if !fine {
				t.Errorf("%s imports %s", pkg, dep)
			}
		}
	}
}

// TestCoreImportsTheStandardLibraryOnly: production carries nothing of the harness.
func TestCoreImportsTheStandardLibraryOnly(t *testing.T) {
	out := goList(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "holdfast/archive/web")
	for _, dep := range strings.Fields(out) {
		if dep != "holdfast/archive" && dep != "holdfast/archive/notation" && dep != "holdfast/archive/delivery" && dep != "holdfast/archive/web" {
			t.Errorf("archive, archive/delivery or archive/web imports %s", dep)
		}
	}
	for _, imported := range strings.Fields(goList(t, "-f", "{{join .Imports \" \"}}", "holdfast/archive")) {
		if imported == "testing" {
			t.Error("archive imports testing")
		}
	}
}

// TestTelemetryNeedsTheAPIOnly: which SDK exports what it records is for the program
// to say.
func TestTelemetryNeedsTheAPIOnly(t *testing.T) {
	out := goList(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "holdfast/archive/telemetry")
	for _, dep := range strings.Fields(out) {
		fine := strings.HasPrefix(dep, "holdfast/archive")
		for _, api := range []string{"go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/metric", "github.com/cespare/xxhash"} {
			fine = fine || dep == api || strings.HasPrefix(dep, api+"/")
		}
		if !fine {
			t.Errorf("archive/telemetry imports %s", dep)
		}
	}
}

func goList(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return string(out)
}
