package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios/history"
)

// simulate runs the program as a user does.
func simulate(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return simulateIn(t.Context(), args...)
}

func simulateIn(ctx context.Context, args ...string) (int, string, string) {
	var out, err bytes.Buffer
	code := run(ctx, args, &out, &err)
	return code, out.String(), err.String()
}

// result runs with --json and decodes what it prints.
func result(t *testing.T, wantCode int, args ...string) reports.Result {
	t.Helper()
	code, stdout, stderr := simulate(t, append(args, "--json", "--out", t.TempDir())...)
	if code != wantCode {
		t.Fatalf("%v: exit %d, want %d\n%s%s", args, code, wantCode, stdout, stderr)
	}
	var r reports.Result
	dec := json.NewDecoder(strings.NewReader(stdout))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v: stdout is no result document: %v\n%s", args, err, stdout)
	}
	if dec.More() {
		t.Errorf("%v: stdout holds more than one document", args)
	}
	validate(t, schema.Result, stdout)
	return r
}

// validate holds a document against a committed schema.
func validate(t *testing.T, committed []byte, document string) {
	t.Helper()
	source, err := jsonschema.UnmarshalJSON(bytes.NewReader(committed))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("result.json", source); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("result.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("the result does not match its schema: %v", err)
	}
}

func TestVerdictsAndExitCodes(t *testing.T) {
	for _, c := range []struct {
		args     []string
		code     int
		violated []string
	}{
		{[]string{"two-users"}, exitPassed, nil},
		{[]string{"two-users", "--core", "unlocked"}, exitViolated, []string{"I1"}},
		{[]string{"two-users", "--core", "documented"}, exitViolated, []string{"I2", "I6"}},
		{[]string{"two-users-same-field"}, exitPassed, nil},
		{[]string{"persistent-conflict", "--core", "documented"}, exitViolated, []string{"I10"}},
		{[]string{"create-race", "--core", "unlocked"}, exitViolated, []string{"I1", "I8"}},
		{[]string{"two-users", "--threshold", "attempts.p99<1"}, exitThreshold, nil},
		{[]string{"burst", "--clients", "1"}, exitInconclusive, nil},
		{[]string{"burst", "--clients", "1", "--core", "unlocked", "--threshold", "attempts.max<1"}, exitInconclusive, nil},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			r := result(t, c.code, append([]string{"run"}, c.args...)...)
			for _, want := range c.violated {
				if r.Runs[0].Violated[want] == 0 {
					t.Errorf("%s is not violated, but %v", want, r.Runs[0].Violated)
				}
			}
			if c.violated == nil && len(r.Runs[0].Violated) > 0 {
				t.Errorf("violated: %v", r.Runs[0].Violated)
			}
			if r.Passed != (c.code == exitPassed) {
				t.Errorf("passed is %v with exit %d", r.Passed, c.code)
			}
		})
	}
}

func TestDocumentedPolicyGivesUpWhereTheDefaultDoesNot(t *testing.T) {
	documented := result(t, exitPassed, "run", "backend-fan-in", "--policy", "documented", "--runs", "5").Runs[0]
	if documented.Counts.Exhausted == 0 || documented.Counts.Lost > 0 {
		t.Errorf("documented policy: %d gave up, %d lost", documented.Counts.Exhausted, documented.Counts.Lost)
	}
	standard := result(t, exitPassed, "run", "backend-fan-in", "--runs", "5").Runs[0]
	if standard.Counts.Exhausted != 0 || standard.Counts.Acknowledged != 150 {
		t.Errorf("default policy: %d gave up, %d acknowledged", standard.Counts.Exhausted, standard.Counts.Acknowledged)
	}
}

// TestNumbersAddUp: every operation ends in one way, every write has one answer.
func TestNumbersAddUp(t *testing.T) {
	for _, args := range [][]string{
		{"sustained-contention", "--clients", "32", "--duration", "1s"},
		{"sustained-contention", "--clients", "8", "--duration", "1s", "--policy", "none(retries=1)"},
		{"persistent-conflict"}, {"create-race"}, {"two-users-same-field"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			r := result(t, exitPassed, append([]string{"run"}, args...)...).Runs[0]
			c := r.Counts
			ends := c.Acknowledged + c.UserConflicts + c.Exhausted + c.Gone + c.Failed + c.Cancelled + c.EndedUnknown + c.Crashed + c.Unfinished
			if ends != c.Operations {
				t.Errorf("%d operations ended in %d ways: %+v", c.Operations, ends, c)
			}
			answers := c.Committed + c.Conflicts412 + c.Conflicts409 + c.Throttled + c.UnknownOutcomes + c.RefusedOtherwise
			if answers != c.Puts {
				t.Errorf("%d writes have %d answers: %+v", c.Puts, answers, c)
			}
			operations, attempts := 0, 0
			for needed, n := range r.Attempts.Histogram {
				operations, attempts = operations+n, attempts+needed*n
			}
			if operations != c.Acknowledged {
				t.Errorf("the histogram has %d operations, %d were acknowledged", operations, c.Acknowledged)
			}
			if c.Exhausted+c.UserConflicts == 0 && attempts != c.Puts {
				t.Errorf("the histogram has %d attempts, there were %d writes", attempts, c.Puts)
			}
			if l := r.LatencyMS; l != nil && !(l.P50 <= l.P90 && l.P90 <= l.P99 && l.P99 <= l.P999 && l.P999 <= l.Max) {
				t.Errorf("latency percentiles are out of order: %+v", *l)
			}
		})
	}
}

// TestBadInput: one clear line, the right exit code, nothing on stdout.
func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const valid = "name: mine\nshows: Something.\nactors:\n  - {name: a, kind: backend, load: {operations: 1}}\n"
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"unknown command":     {[]string{"rum"}, 2, []string{`"rum"`}},
		"unknown flag":        {[]string{"run", "--clint", "3"}, 2, []string{"--clint"}},
		"unknown scenario":    {[]string{"run", "two-user"}, 2, []string{`"two-user"`, "did you mean two-users?"}},
		"missing file":        {[]string{"run", "no/such.yaml"}, 2, []string{"no/such.yaml"}},
		"unknown key":         {[]string{"run", file("key.yaml", valid+"durations: 3s\n")}, 2, []string{"key.yaml:5:1:", `"durations"`, "did you mean duration?"}},
		"bad duration":        {[]string{"run", file("dur.yaml", valid+"duration: fast\n")}, 2, []string{"dur.yaml:5:11:", `"fast"`}},
		"bad metric":          {[]string{"run", file("met.yaml", valid+"expect:\n  thresholds: [attempt.p99<6]\n")}, 2, []string{"met.yaml:6:16:", "did you mean attempts.p99?"}},
		"bad policy in file":  {[]string{"run", file("pol.yaml", valid+"policy: fill(base=1s)\n")}, 2, []string{"pol.yaml:5:9:", `"fill"`}},
		"unknown actor":       {[]string{"run", file("act.yaml", "name: x\nshows: X.\nactors: [{name: a, kind: user}]\ntimeline:\n  - {at: T1, actor: b, do: load}\n")}, 2, []string{"act.yaml:5:21:", `"b"`}},
		"not YAML":            {[]string{"run", file("not.yaml", "a: [\n")}, 2, []string{"not.yaml:1:"}},
		"negative clients":    {[]string{"run", "burst", "--clients", "-3"}, 2, []string{"--clients", "-3"}},
		"fixed actors":        {[]string{"run", "two-users", "--clients", "3"}, 2, []string{"--clients", "two-users"}},
		"fixed length":        {[]string{"run", "two-users", "--duration", "3s"}, 2, []string{"--duration", "two-users"}},
		"bad policy":          {[]string{"run", "two-users", "--policy", "full(base=-1s)"}, 2, []string{"--policy", "base must be", "-1s"}},
		"bad threshold":       {[]string{"run", "two-users", "--threshold", "speed>9"}, 2, []string{"--threshold", `"speed"`}},
		"bad core":            {[]string{"run", "two-users", "--core", "perfect"}, 2, []string{`"perfect"`, "production"}},
		"real oracle":         {[]string{"run", "burst", "--policy", "oracle(retries=9)"}, 2, []string{"--core oracle", "--world virtual"}},
		"oracle and core":     {[]string{"run", "burst", "--world", "virtual", "--core", "documented", "--policy", "oracle"}, 2, []string{"--policy oracle", "--core documented"}},
		"oracle with base":    {[]string{"run", "burst", "--world", "virtual", "--policy", "oracle(retries=few)"}, 2, []string{"--policy", "retries", "few"}},
		"zero runs":           {[]string{"run", "two-users", "--runs", "0"}, 2, []string{"--runs"}},
		"unknown world":       {[]string{"run", "two-users", "--world", "dream"}, 2, []string{"--world", "dream"}},
		"virtual bucket":      {[]string{"run", "two-users", "--world", "virtual", "--store", "s3://b12/p"}, 2, []string{"--store", "virtual"}},
		"bad latency":         {[]string{"run", "two-users", "--world", "virtual", "--latency", "normal(fast)"}, 2, []string{"--latency", "normal"}},
		"unknown latency":     {[]string{"run", "two-users", "--world", "virtual", "--latency", "s3-slow"}, 2, []string{"--latency", "s3-slow", "s3-standard"}},
		"bad fault":           {[]string{"run", "two-users", "--world", "virtual", "--fault", "reply-lost(rate=2)"}, 2, []string{"--fault", "rate"}},
		"unknown fault":       {[]string{"run", "two-users", "--world", "virtual", "--fault", "meteor(rate=0.1)"}, 2, []string{"--fault", "meteor", "reply-lost"}},
		"fault for nobody":    {[]string{"run", "two-users", "--world", "virtual", "--fault", "reply-lost(nth=1,actor=carol)"}, 2, []string{"carol"}},
		"bad codec":           {[]string{"run", "two-users", "--world", "virtual", "--codec", "xml"}, 2, []string{"xml"}},
		"compact in reality":  {[]string{"run", "two-users", "--codec", "compact"}, 2, []string{"--codec", "virtual"}},
		"bad schedule":        {[]string{"run", "two-users", "--schedule", "alice!gone"}, 2, []string{"schedule", "alice!gone"}},
		"real schedule":       {[]string{"run", "two-users", "--world", "real", "--schedule", "alice"}, 2, []string{"--world", "virtual"}},
		"impossible schedule": {[]string{"run", "two-users", "--schedule", "alice carol"}, 2, []string{"move 2", "carol", "bob"}},
		"explore nothing":     {[]string{"explore"}, 2, []string{"scenario"}},
		"explore two":         {[]string{"explore", "two-users", "burst"}, 2, []string{"scenario", "2"}},
		"explore by clock":    {[]string{"explore", "sustained-contention"}, 2, []string{"sustained-contention", "--operations"}},
		"explore a queue":     {[]string{"explore", "user-vs-backend", "--via", "api"}, 2, []string{"queue", "--world virtual"}},
		"bad way":             {[]string{"run", "two-users", "--via", "http"}, 2, []string{"core or api", "http"}},
		"bad strategy":        {[]string{"explore", "two-users", "--strategy", "luck"}, 2, []string{"--strategy", "luck"}},
		"endless strategy":    {[]string{"explore", "two-users", "--strategy", "pct", "--budget", "0s"}, 2, []string{"--budget"}},
		"negative faults":     {[]string{"explore", "two-users", "--faults", "-1"}, 2, []string{"--faults"}},
		"selftest of what":    {[]string{"selftest", "two-users"}, 2, []string{"no arguments"}},
		"no seeds":            {[]string{"selftest", "--seeds", "0"}, 2, []string{"--seeds"}},
		"bad store":           {[]string{"run", "two-users", "--store", "gs://bucket"}, 2, []string{"--store", "gs://bucket"}},
		"endpoint with fake":  {[]string{"run", "two-users", "--endpoint", "http://127.0.0.1:1"}, 2, []string{"--endpoint"}},
		"unreachable":         {[]string{"run", "two-users", "--store", "s3://b12/p", "--endpoint", "http://" + closedPort(t)}, 1, []string{"127.0.0.1", "refused"}},
		"unreachable, all":    {[]string{"run", "--skip-check", "--store", "s3://b12/p", "--endpoint", "http://" + closedPort(t)}, 1, []string{"127.0.0.1", "refused"}},
		"doctor, unreachable": {[]string{"doctor", "--store", "s3://b12/p", "--endpoint", "http://" + closedPort(t), "--endpoint", "http://127.0.0.1:1"}, 1, []string{"127.0.0.1", "refused"}},
		"tune, unreachable":   {[]string{"tune", "burst", "--store", "s3://b12/p", "--endpoint", "http://" + closedPort(t)}, 1, []string{"127.0.0.1", "refused"}},
		"bad document":        {[]string{"run", "two-users", "--document", file("doc.json", "{\n \"a\": }")}, 2, []string{"doc.json", "line 2"}},
		"document without id": {[]string{"run", "two-users", "--document", file("id.json", "{}")}, 2, []string{"id.json", "changeId"}},
		"check nothing":       {[]string{"check"}, 2, []string{"history"}},
		"check missing":       {[]string{"check", "no-such-file"}, 2, []string{"no-such-file"}},
		"check empty":         {[]string{"check", file("empty", "")}, 2, []string{"empty:1:"}},
		"check other":         {[]string{"check", file("other", "{}\n")}, 2, []string{"other:1:"}},
		"validate bad":        {[]string{"validate", file("bad.yaml", valid+"x: 1\n")}, 2, []string{"bad.yaml:5:1:"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "x")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
			t.Setenv("AWS_REGION", "us-east-1")
			if c.args[0] == "run" && !strings.Contains(strings.Join(c.args, " "), "--out") {
				c.args = append(c.args, "--out", filepath.Join(dir, "out"))
			}
			code, stdout, stderr := simulate(t, c.args...)
			if code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			for _, want := range c.says {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr does not say %q:\n%s", want, stderr)
				}
			}
			if lines := strings.Count(strings.TrimRight(stderr, "\n"), "\n") + 1; lines != 1 || stdout != "" {
				t.Errorf("want one line on stderr and nothing on stdout:\n%s\n---\n%s", stderr, stdout)
			}
			if strings.Contains(stderr, "goroutine") {
				t.Errorf("a stack trace:\n%s", stderr)
			}
		})
	}
}

// closedPort is an address that refuses connections.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestInterruptReportsWhatWasDone(t *testing.T) {
	out := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	begun := time.Now()
	code, stdout, stderr := simulateIn(ctx, "run", "sustained-contention", "--duration", "1m", "--out", out)
	if code != exitInterrupted {
		t.Errorf("exit %d, want %d\n%s%s", code, exitInterrupted, stdout, stderr)
	}
	if !strings.HasPrefix(stdout, "STOPPED") || !strings.Contains(stdout, "acknowledged") {
		t.Errorf("the report does not say what was done:\n%s", stdout)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("stopping took %v", took)
	}
	code, stdout, _ = simulate(t, "check", filepath.Join(out, "latest", reports.HistoryFile))
	if code != exitInterrupted {
		t.Errorf("check: exit %d, want %d\n%s", code, exitInterrupted, stdout)
	}
}

// TestInterruptBeforeTheStoreIsOpen leaves no files: there is nothing to be kept, and so no
// directory that they could be in.
func TestInterruptBeforeTheStoreIsOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr := simulateIn(ctx, "run", "two-users", "--out", "out")
	if code != exitInterrupted || !strings.HasPrefix(stdout, "STOPPED") || strings.Contains(stdout, "saved in") || strings.Contains(stdout, "\npage ") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func TestEnvironmentSetsFlags(t *testing.T) {
	t.Setenv("SIMULATE_CLIENTS", "7")
	t.Setenv("SIMULATE_OUT", t.TempDir())
	r := result(t, exitPassed, "run", "burst", "--world", "virtual").Runs[0]
	if r.Clients != 7 {
		t.Errorf("%d clients, want the environment's 7", r.Clients)
	}
	if r := result(t, exitPassed, "run", "burst", "--world", "virtual", "--clients", "5").Runs[0]; r.Clients != 5 {
		t.Errorf("%d clients, want the flag's 5", r.Clients)
	}
	t.Setenv("SIMULATE_CLIENTS", "many")
	if code, _, stderr := simulate(t, "run", "burst"); code != exitUsage || !strings.Contains(stderr, "SIMULATE_CLIENTS") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestCheckJudgesASavedHistory: the same verdict again, and another one if an
// acknowledged append is taken out.
func TestCheckJudgesASavedHistory(t *testing.T) {
	out := t.TempDir()
	if code, stdout, _ := simulate(t, "run", "backend-fan-in", "--out", out); code != exitPassed {
		t.Fatalf("exit %d\n%s", code, stdout)
	}
	path := filepath.Join(out, "latest", reports.HistoryFile)
	if code, stdout, _ := simulate(t, "check", path); code != exitPassed || !strings.HasPrefix(stdout, "PASS") {
		t.Errorf("check: exit %d\n%s", code, stdout)
	}
	text := historyText(t, path)
	older := t.TempDir()
	write(t, filepath.Join(older, history.PlainFileName), text)
	if code, stdout, _ := simulate(t, "check", older); code != exitPassed || !strings.HasPrefix(stdout, "PASS") {
		t.Errorf("check of an older run's directory: exit %d\n%s", code, stdout)
	}
	lines := strings.SplitAfter(text, "\n")
	removed := 0
	for i, line := range lines {
		if !strings.Contains(line, `"e":"put"`) || !strings.Contains(line, `"answer":"ok"`) || strings.Contains(line, "harness") {
			continue
		}
		removed++
		edited := filepath.Join(out, "edited.ndjson")
		write(t, edited, strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), ""))
		if code, stdout, stderr := simulate(t, "check", edited); code != exitViolated {
			t.Errorf("without line %d: exit %d, want %d\n%s%s", i+1, code, exitViolated, stdout, stderr)
		}
	}
	if removed != 30 {
		t.Errorf("removed %d acknowledged appends, want 30", removed)
	}
	for name, c := range map[string]struct {
		content string
		place   string
	}{
		"truncated": {strings.Join(lines[:20], ""), "bad.ndjson:21:"},
		"cut line":  {strings.Join(lines[:20], "") + lines[20][:30], "bad.ndjson:21:"},
		"garbled":   {strings.Join(lines[:20], "") + "garbage\n" + strings.Join(lines[21:], ""), "bad.ndjson:21:"},
	} {
		bad := filepath.Join(out, "bad.ndjson")
		write(t, bad, c.content)
		code, stdout, stderr := simulate(t, "check", bad)
		if code != exitUsage || !strings.Contains(stderr, c.place) || stdout != "" {
			t.Errorf("%s: exit %d, want %d and %s\n%s%s", name, code, exitUsage, c.place, stdout, stderr)
		}
	}
}

func TestRunDirectoryHoldsEverything(t *testing.T) {
	out := t.TempDir()
	for range 2 { // latest is replaced
		if code, _, stderr := simulate(t, "run", "two-users", "--out", out); code != exitPassed {
			t.Fatalf("exit %d: %s", code, stderr)
		}
	}
	latest := filepath.Join(out, "latest")
	validate(t, schema.Result, string(read(t, filepath.Join(latest, reports.ResultFile))))
	if !strings.HasPrefix(string(read(t, filepath.Join(latest, reports.ReportFile))), "PASS") {
		t.Error("the report has no verdict")
	}
	if code, _, stderr := simulate(t, "validate", filepath.Join(latest, reports.ScenarioFile)); code != exitPassed {
		t.Errorf("the resolved scenario can't be read again: %s", stderr)
	}
	files, err := os.ReadDir(latest)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	for _, want := range []string{"history.ndjson.zst", "latency.hgrm", "repetitions.ndjson.zst", "result.json", "report.txt", "scenario.resolved.yaml"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s, but %s", want, names)
		}
	}
	runs, err := filepath.Glob(filepath.Join(out, "two-users", "*Z-*"))
	if err != nil || len(runs) != 2 {
		t.Errorf("want two run directories, found %v (%v)", runs, err)
	}
}

// TestRepetitionsMatchTheirSchema, line for line.
func TestRepetitionsMatchTheirSchema(t *testing.T) {
	for _, args := range []string{"--world virtual --core unlocked --runs 3", "--runs 2"} {
		out := t.TempDir()
		_, _, _ = simulate(t, append([]string{"run", "two-users", "--out", out}, strings.Fields(args)...)...)
		text := historyText(t, filepath.Join(out, "latest", reports.RepetitionsFile))
		if n := strings.Count(text, "\n"); n < 3 {
			t.Errorf("%s: %d lines", args, n)
		}
		for line := range strings.Lines(text) {
			validate(t, schema.Repetitions, line)
		}
	}
}

// TestLoadOfTheMachine is kept with every run, and not printed where documents are the same
// bytes for the same seed.
func TestLoadOfTheMachine(t *testing.T) {
	for _, c := range []struct {
		world   string
		printed bool
	}{{"virtual", false}, {"real", true}} {
		out := t.TempDir()
		code, printed, stderr := simulate(t, "run", "two-users", "--world", c.world, "--json", "--out", out)
		if code != exitPassed {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		saved := string(read(t, filepath.Join(out, "latest", reports.ResultFile)))
		validate(t, schema.Result, saved)
		if got := strings.Contains(printed, `"load_1min_end"`); got != c.printed || !strings.Contains(saved, `"load_1min_end"`) {
			t.Errorf("%s world: the load is printed: %v\n%s", c.world, got, saved)
		}
	}
}

func TestOwnDocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.json")
	write(t, path, `{"announcement_id":"CIC-9","content":"Hello.","x":1.50,"modifications":[]}`)
	for _, scenario := range []string{"user-vs-backend", "burst", "create-race"} {
		r := result(t, exitPassed, "run", scenario, "--document", path).Runs[0]
		if r.Counts.Acknowledged == 0 {
			t.Errorf("%s: nothing was acknowledged", scenario)
		}
	}
}

func TestQuietAndListAndVersion(t *testing.T) {
	code, stdout, stderr := simulate(t, "run", "two-users", "no-conflict", "--quiet", "--out", t.TempDir())
	if code != exitPassed || stdout != "PASS  two-users\nPASS  no-conflict\n" || stderr != "" {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, _ := simulate(t, "list"); code != exitPassed || !strings.Contains(stdout, "backend-fan-in (30 clients)") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	if code, stdout, _ := simulate(t, "version"); code != exitPassed || !strings.HasPrefix(stdout, "simulate ") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// historyText is what a compressed history says.
func historyText(t *testing.T, path string) string {
	t.Helper()
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	text, err := decoder.DecodeAll(read(t, path), nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(fmt.Errorf("write a test file: %w", err))
	}
}
