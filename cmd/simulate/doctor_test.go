package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios/doctor"
	"holdfast/scenarios/measure"
)

// TestMain lets the test binary be the process that doctor starts, see [workerCommand].
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerCommand {
		main()
	}
	for _, name := range []string{"GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"} { // they may run there
		_ = os.Unsetenv(name)
	}
	code := m.Run()
	if _, err := os.Stat("simulate-out"); err == nil { // a test without --out
		fmt.Fprintln(os.Stderr, "a test has left simulate-out beside the source")
		code = max(code, 1)
	}
	os.Exit(code)
}

// diagnosis runs doctor with --json and decodes what it prints.
func diagnosis(t *testing.T, wantCode int, args ...string) reports.Diagnosed {
	t.Helper()
	code, stdout, stderr := simulate(t, append([]string{"doctor", "--json", "--out", t.TempDir()}, args...)...)
	if code != wantCode {
		t.Fatalf("doctor %v: exit %d, want %d\n%s%s", args, code, wantCode, stdout, stderr)
	}
	validate(t, schema.Doctor, stdout)
	var d reports.Diagnosed
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDoctorOfTheEmbeddedS3: it can be trusted with writes and reads; the quick form says so
// in a few seconds.
func TestDoctorOfTheEmbeddedS3(t *testing.T) {
	d := diagnosis(t, exitPassed, "--quick")
	if d.Verdict == doctor.Unsafe || d.Writes != doctor.LevelSafe || !d.Quick || d.Requests == 0 || len(d.Races) == 0 || d.Seconds > doctor.QuickBudget.Seconds()+1 {
		t.Errorf("%+v", d.Diagnosis)
	}
	if d.Replay != "simulate doctor --quick" || d.Processes != 1 || d.Environment.Store == nil {
		t.Errorf("%+v", d)
	}
}

// TestDoctorFindsThatConditionsAreIgnored: exit 6, verdict first, each deviation with its
// HTTP in the issue, and nothing left behind.
func TestDoctorFindsThatConditionsAreIgnored(t *testing.T) {
	flags := deaf(t)
	code, stdout, stderr := simulate(t, append([]string{"doctor", "--quick", "--server", "Deaf 1.0"}, flags...)...)
	if code != exitStoreAtFault || !strings.HasPrefix(stdout, "UNSAFE  Deaf 1.0, s3://holdfast/p at http://127.0.0.1:") {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	text := strings.Join(strings.Fields(stdout), " ")
	for _, want := range []string{"A write was acknowledged though its condition did not hold. Whoever saves on top", "writes: unsafe", "replay simulate doctor --store s3://holdfast/p --endpoint"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, stdout)
		}
	}
	if !strings.Contains(stderr, "s3://holdfast/p/simulate-") || !strings.Contains(stderr, "access key") {
		t.Errorf("it does not say where it writes: %s", stderr)
	}
	if keys := left(t, flags); len(keys) > 0 {
		t.Errorf("it left %v", keys)
	}
	issues, err := filepath.Glob(filepath.Join(flags[len(flags)-1], "doctor", "*", reports.IssueFile))
	if err != nil || len(issues) != 1 {
		t.Fatal(issues, err)
	}
	issue := string(read(t, issues[0]))
	for _, want := range []string{"Deaf 1.0", "> PUT /BUCKET/PREFIX/simulate-", "> If-Match: ", "> Host: HOST"} {
		if !strings.Contains(issue, want) {
			t.Errorf("the issue does not have %q", want)
		}
	}
	for _, where := range []string{"127.0.0.1", "Authorization", "AWS4-HMAC"} {
		if strings.Contains(issue, where) {
			t.Errorf("the issue has %q", where)
		}
	}
}

// TestDoctorFromSeveralProcesses and through several endpoints: all see one store.
func TestDoctorFromSeveralProcesses(t *testing.T) {
	if d := diagnosis(t, exitPassed, "--quick", "--processes", "3"); d.Processes != 3 || d.Writes != doctor.LevelSafe {
		t.Errorf("%+v", d.Diagnosis)
	}
	pass := func(http.ResponseWriter, *http.Request, string, int, func()) bool { return false }
	flags := meddled(t, pass)
	d := diagnosis(t, exitPassed, append([]string{"--quick", "--processes", "2", "--endpoint", flags[3]}, flags[:6]...)...)
	if len(d.Endpoints) != 2 || d.Writes != doctor.LevelSafe {
		t.Errorf("%+v", d.Diagnosis)
	}
	if keys := left(t, flags); len(keys) > 0 {
		t.Errorf("it left %v", keys)
	}
}

// TestFrontsInOtherProcesses write to the same place, and are cleaned up after too.
func TestFrontsInOtherProcesses(t *testing.T) {
	flags := meddled(t, func(http.ResponseWriter, *http.Request, string, int, func()) bool { return false })
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	fronts, err := measure.OpenFronts(t.Context(), measure.Target{Store: flags[1], Endpoint: flags[3]}, measure.FrontsConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := fronts.Start(t.Context(), program, []string{workerCommand}, 2); err != nil {
		t.Fatal(err)
	}
	all := fronts.All()
	for i, front := range all {
		key := fmt.Sprint("k", i)
		if _, err := front.Store.Put(t.Context(), key, []byte(key), archive.IfAbsent()); err != nil {
			t.Error(err)
		}
		body, _, err := all[(i+1)%len(all)].Store.Get(t.Context(), key)
		if err != nil || string(body) != key {
			t.Errorf("%s: %s, %v", key, body, err)
		}
	}
	if keys := left(t, flags); len(all) != 3 || len(keys) != 4 { // with the manifest
		t.Errorf("%d fronts wrote %v", len(all), keys)
	}
	if err := fronts.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if keys := left(t, flags); len(keys) > 0 {
		t.Errorf("they left %v", keys)
	}
	if err := fronts.Start(t.Context(), "/nonexistent/program", nil, 1); err == nil {
		t.Error("a program that is not there was started")
	}
}

// TestInterruptedDoctor gives what was found, and leaves nothing.
func TestInterruptedDoctor(t *testing.T) {
	flags := meddled(t, func(http.ResponseWriter, *http.Request, string, int, func()) bool { return false })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	began := time.Now()
	code, stdout, stderr := simulateIn(ctx, append([]string{"doctor", "--processes", "2"}, flags...)...)
	if code != exitInterrupted || !strings.HasPrefix(stdout, "STOPPED") || !strings.Contains(stdout, "as S3 does  ") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	if keys := left(t, flags); len(keys) > 0 {
		t.Errorf("it left %v", keys)
	}
}

// TestDoctorWithoutAStore says why, in one line.
func TestDoctorWithoutAStore(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	out := t.TempDir()
	code, stdout, stderr := simulate(t, "doctor", "--store", "s3://b", "--endpoint", "http://127.0.0.1:1", "--out", out)
	if code != exitCouldNotRun || stdout != "" || strings.Count(stderr, "simulate: ") != 1 || !strings.Contains(stderr, "simulate: check s3://b at http://127.0.0.1:1: ") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if made, err := os.ReadDir(out); err != nil || len(made) > 0 {
		t.Errorf("it made %v (%v)", made, err)
	}
}

func TestMistakesInDoctorsFlags(t *testing.T) {
	for args, want := range map[string]string{
		"--budget 0s":                      "--budget must be more than 0",
		"--budget -1s":                     "--budget must be more than 0",
		"--processes 0":                    "--processes must be 1 to 64",
		"--processes 65":                   "--processes must be 1 to 64",
		"--format xml":                     "--format is text, json or markdown",
		"--json --format markdown":         "want one of them",
		"--endpoint http://127.0.0.1:9000": "--endpoint needs --store",
		"--store ftp://x":                  "--store",
		"--dry-run":                        "are for a real store",
		"--max-requests -1":                "--max-requests must be 0",
		"--store s3://b --endpoint http://u:p@127.0.0.1:9000": "has a user or a password in it",
		"--progress loud": "--progress is",
		"extra":           "doctor wants flags only",
	} {
		code, stdout, stderr := simulate(t, append([]string{"doctor"}, strings.Fields(args)...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, want) || strings.Contains(stderr, "u:p") {
			t.Errorf("%s: exit %d, want %q\n%s%s", args, code, want, stdout, stderr)
		}
	}
}

// TestDoctorsRequests: with --dry-run none is sent, and with --max-requests no more than so
// many, which prove nothing.
func TestDoctorsRequests(t *testing.T) {
	var sent atomic.Int64
	flags := meddled(t, func(_ http.ResponseWriter, r *http.Request, _ string, _ int, _ func()) bool {
		if r.Method != http.MethodDelete && !strings.Contains(r.URL.RawQuery, "list-type") {
			sent.Add(1)
		}
		return false
	})
	code, stdout, stderr := simulate(t, append([]string{"doctor", "--dry-run"}, flags...)...)
	if code != exitPassed || sent.Load() != 0 || !strings.Contains(stdout, "requests") || !strings.Contains(stdout, flags[3]) {
		t.Errorf("exit %d, %d requests\n%s%s", code, sent.Load(), stdout, stderr)
	}
	code, stdout, stderr = simulate(t, append([]string{"doctor", "--max-requests", "100"}, flags...)...)
	if code != exitInconclusive || !strings.Contains(strings.Join(strings.Fields(stdout), " "), "as many requests were sent as are allowed") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if n := sent.Load(); n > 110 { // with the look whether the store is there, and versions
		t.Errorf("%d requests were sent", n)
	}
	if keys := left(t, flags); len(keys) > 0 {
		t.Errorf("it left %v", keys)
	}
}

// TestDoctorsFormats: each is what it says, also beside --quiet.
func TestDoctorsFormats(t *testing.T) {
	for args, begins := range map[string]string{
		"--format markdown": "# Conditional requests: ", "--format json": "{\n", "--quiet": "SAFE", "--quiet --json": "{\n", "--quiet --format markdown": "# Cond",
	} {
		code, stdout, stderr := simulate(t, append([]string{"doctor", "--quick", "--out", t.TempDir()}, strings.Fields(args)...)...)
		if code != exitPassed || !strings.HasPrefix(stdout, begins) || args == "--quiet" && strings.Count(stdout, "\n") != 1 {
			t.Errorf("%s: exit %d\n%s%s", args, code, stdout, stderr)
		}
	}
}
