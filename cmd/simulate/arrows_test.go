package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestImportsPointDownward keeps the four storeys apart: command, reports,
// scenarios, archive. A package may import what stands below it, never above. So what
// plays, measures and judges can't tell, and the wall between scenarios and reports holds.
func TestImportsPointDownward(t *testing.T) {
	below := []string{
		"holdfast/archive", "holdfast/scenarios/history", "holdfast/scenarios/check", "holdfast/scenarios/compact", "holdfast/scenarios/memo",
		"holdfast/scenarios/cores", "holdfast/scenarios/network", "holdfast/scenarios/world",
	}
	playing := append(slices.Clone(below), "=holdfast/scenarios")
	measuring := []string{"holdfast/scenarios/measure", "holdfast/scenarios/sandbox", "holdfast/scenarios/doctor", "holdfast/scenarios/profile"}
	searching := []string{"holdfast/scenarios/explore", "holdfast/scenarios/tuning", "holdfast/scenarios/stores", "holdfast/scenarios/units"}
	allowed := map[string][]string{
		"holdfast/archive":                 {"holdfast/archive/notation"},
		"holdfast/archive/notation":        {},
		"holdfast/archive/delivery":        {"holdfast/archive"},
		"holdfast/archive/telemetry":       {"holdfast/archive"},
		"holdfast/archive/redact":          {},
		"holdfast/archive/storefault":      {},
		"holdfast/archive/wire":            {"holdfast/archive/redact", "=holdfast/archive", "holdfast/archive/notation"},
		"holdfast/archive/storerace":       {"holdfast/archive/redact", "holdfast/archive/storefault", "holdfast/archive/wire", "=holdfast/archive", "holdfast/archive/notation"},
		"holdfast/archive/storetest":       {"holdfast/archive"},
		"holdfast/archive/web":             {"holdfast/archive"},
		"holdfast/archive/s3store":         {"holdfast/archive"},
		"holdfast/archive/s3store/fakes3":  {"holdfast/archive"},
		"holdfast/archive/httpstore":       {"holdfast/archive"},
		"holdfast/scenarios/history":       {"holdfast/archive"},
		"holdfast/scenarios/check":         {"holdfast/archive", "holdfast/scenarios/history"},
		"holdfast/scenarios/compact":       {"holdfast/archive", "holdfast/scenarios/history"},
		"holdfast/scenarios/memo":          {"holdfast/archive", "holdfast/scenarios/history"},
		"holdfast/scenarios/cores":         {"holdfast/archive"},
		"holdfast/scenarios/network":       {"holdfast/archive"},
		"holdfast/scenarios/world":         {"holdfast/archive", "holdfast/scenarios/network"},
		"holdfast/scenarios":               below,
		"holdfast/scenarios/units":         {},
		"holdfast/scenarios/changepoint":   {},
		"holdfast/scenarios/doctor":        {"holdfast/archive"},
		"holdfast/scenarios/sandbox":       {"holdfast/archive", "holdfast/scenarios/network", "holdfast/scenarios/world"},
		"holdfast/scenarios/measure":       slices.Concat(playing, []string{"holdfast/scenarios/sandbox", "holdfast/scenarios/doctor", "holdfast/scenarios/profile"}),
		"holdfast/scenarios/profile":       {"holdfast/archive", "holdfast/scenarios/history", "holdfast/scenarios/network", "holdfast/scenarios/world"},
		"holdfast/scenarios/stores":        {"holdfast/archive"},
		"holdfast/scenarios/explore":       slices.Concat(playing, measuring, []string{"holdfast/scenarios/stores"}),
		"holdfast/scenarios/sweep":         slices.Concat(playing, measuring),
		"holdfast/scenarios/tuning":        slices.Concat(playing, measuring, []string{"holdfast/scenarios/units", "holdfast/scenarios/tuning/changes"}),
		"holdfast/scenarios/campaign":      slices.Concat(playing, measuring, searching),
		"holdfast/scenarios/campaign/load": slices.Concat(playing, measuring, searching, []string{"holdfast/scenarios/campaign"}),
		"holdfast/scenarios/simtest":       slices.Concat(playing, measuring, []string{"holdfast/scenarios/explore", "holdfast/scenarios/stores"}),
		"holdfast/reports/schema":          {},
		"holdfast/reports/compare":         {"holdfast/archive", "holdfast/scenarios"},
		"holdfast/reports/chart":           {},
		"holdfast/reports/page":            {"holdfast/reports/chart"},
		"holdfast/reports":                 {"holdfast/archive", "holdfast/scenarios", "holdfast/reports"},
		"holdfast/cmd/simulate":            {"holdfast/archive", "holdfast/scenarios", "holdfast/reports"},
		"holdfast/cmd/mutants/mutate":      {},
		"holdfast/cmd/mutants":             {"holdfast/cmd/mutants/mutate"},

		"holdfast/archive/storetest/broken":   {"holdfast/archive"},
		"holdfast/archive/internal/testclock": {},
		"holdfast/archive/internal/exchange":  {"holdfast/archive"},
		"holdfast/scenarios/tuning/changes":   {"holdfast/archive"},
		"holdfast/scenarios/doctor/worker":    {"holdfast/archive"},

		"holdfast/archive/httpstore/azureblob": {"holdfast/archive"},
		"holdfast/archive/s3store/breaker":     {"holdfast/archive/storefault", "=holdfast/archive", "holdfast/archive/notation"},
		"holdfast/cmd/breaker":                 {"holdfast/archive"},
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
				exact, only := strings.CutPrefix(root, "=") // without what is in its folder
				fine = fine || dep == exact || !only && strings.HasPrefix(dep, root+"/")
			}
			if !fine {
				t.Errorf("%s imports %s", pkg, dep)
			}
		}
	}
}

// TestReportsPlayNothing: they tell what was measured. What plays is called from above.
func TestReportsPlayNothing(t *testing.T) {
	plays := []string{
		"measure.Play", "measure.Record", "measure.FromFile", "measure.FromHistory", "measure.NewPool", "sweep.Play", "tuning.Tune", "tuning.Predict", "profile.Measure",
		"explore.Explore", "explore.Replay", ".Virtual()", ".PlayAgain(", "check.New(", "world.New",
	}
	files, err := filepath.Glob("../../reports/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range plays {
			if strings.Contains(string(text), call) {
				t.Errorf("%s has %s", file, call)
			}
		}
	}
}

// TestCoreImportsTheStandardLibraryOnly: production carries nothing of the harness.
func TestCoreImportsTheStandardLibraryOnly(t *testing.T) {
	const imports = "{{if not .Standard}}{{.ImportPath}}{{end}}"
	for _, dep := range strings.Fields(goList(t, "-deps", "-f", imports, "holdfast/archive/httpstore/azureblob")) {
		if !strings.HasPrefix(dep, "holdfast/archive") {
			t.Errorf("archive/httpstore imports %s", dep)
		}
	}
	out := goList(t, "-deps", "-f", imports, "holdfast/archive/web")
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
		for _, api := range []string{"go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/metric", "go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/codes", "go.opentelemetry.io/otel/semconv", "github.com/cespare/xxhash"} {
			fine = fine || dep == api || strings.HasPrefix(dep, api+"/")
		}
		if !fine {
			t.Errorf("archive/telemetry imports %s", dep)
		}
	}
}

// TestTheProgramIsLight: nothing exports logs, no fonts are embedded.
func TestTheProgramIsLight(t *testing.T) {
	for _, dep := range strings.Fields(goList(t, "-deps", "holdfast/cmd/simulate")) {
		for _, heavy := range []string{"go.opentelemetry.io/contrib/", "otlplog", "gonum.org/v1/plot", "go-fonts"} {
			if strings.Contains(dep, heavy) {
				t.Errorf("simulate imports %s", dep)
			}
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
