package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios/sweep"
)

// swept runs a sweep with --json, holds it against its schema and decodes it.
func swept(t *testing.T, wantCode int, args ...string) (sweep.Result, string) {
	t.Helper()
	code, stdout, stderr := simulate(t, append([]string{"sweep", "--json"}, args...)...)
	if code != wantCode {
		t.Fatalf("%v: exit %d, want %d\n%s%s", args, code, wantCode, stdout, stderr)
	}
	validate(t, schema.Sweep, stdout)
	var s sweep.Result
	dec := json.NewDecoder(strings.NewReader(stdout))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil || dec.More() {
		t.Fatalf("stdout is not one document: %v\n%s", err, stdout)
	}
	if s.Passed != (wantCode == exitPassed) {
		t.Errorf("passed is %v with exit %d", s.Passed, wantCode)
	}
	return s, stdout
}

// smallSweep is a sweep of many small points.
var smallSweep = []string{
	"burst", "--latency", "normal(10ms,2ms)", "--runs", "13", "--vary", "clients=2:8:2",
	"--vary", "policy=none(retries=unlimited),full(base=5ms,cap=2s,retries=unlimited),documented",
}

func TestSweepPlaysTheProduct(t *testing.T) {
	s, _ := swept(t, exitPassed, append([]string{"--out", t.TempDir()}, smallSweep...)...)
	if len(s.Points) != 12 || s.Planned != 12 || s.Core != "production" || s.Policy != "" || s.Latency != "normal(10ms,2ms)" {
		t.Errorf("%d points of %d, core %q, policy %q, latency %q", len(s.Points), s.Planned, s.Core, s.Policy, s.Latency)
	}
	var order []string
	for _, p := range s.Points[:4] {
		order = append(order, p.Params.String())
		if p.Runs != 13 || p.PutsCI95 == nil || p.PutsMean < float64(p.Clients) || p.Jain == nil || p.CostUSD == nil {
			t.Errorf("%+v", p)
		}
	}
	want := "clients=2 policy=none(retries=unlimited)|clients=2 policy=full(base=5ms,cap=2s,retries=unlimited)|clients=2 policy=documented|clients=4 policy=none(retries=unlimited)"
	if got := strings.Join(order, "|"); got != want {
		t.Errorf("the order is %s", got)
	}
}

// TestSweepIsTheSameOnAnyNumberOfCores to the byte.
func TestSweepIsTheSameOnAnyNumberOfCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first string
	for _, cores := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(cores)
		_, stdout := swept(t, exitPassed, append([]string{"--out", t.TempDir()}, smallSweep...)...)
		if first == "" {
			first = stdout
		}
		if stdout != first {
			t.Errorf("on %d cores it differs:\n%s", cores, stdout)
		}
	}
}

// TestSweepAgreesWithRun: a point is what its replay shows.
func TestSweepAgreesWithRun(t *testing.T) {
	for _, args := range [][]string{
		smallSweep,
		{"storm", "--runs", "3", "--vary", "actors.backend.count=2,3", "--fault", "reply-lost(rate=0.2)", "--seed", "5"},
		{"queue-redelivers", "--runs", "4", "--vary", "queue.visibility=100ms,1s", "--vary", "latency=s3-express,constant(2ms)"},
	} {
		s, _ := swept(t, exitPassed, append([]string{"--out", t.TempDir()}, args...)...)
		for _, i := range []int{0, len(s.Points) - 1} {
			p := s.Points[i]
			r := result(t, exitPassed, words(p.Replay)[1:]...).Runs[0]
			near := func(what string, got, want float64) {
				if math.Abs(got-want) > 1e-9*math.Abs(want) {
					t.Errorf("%s: %s is %v in the sweep, %v in the run", p.Params, what, got, want)
				}
			}
			n := float64(r.Repetitions)
			near("runs", float64(p.Runs), n)
			near("puts", p.PutsMean, float64(r.Counts.Puts)/n)
			near("gets", p.GetsMean, float64(r.Counts.Gets)/n)
			near("puts/commit", *p.PutsPerCommit, float64(r.Counts.Puts)/float64(r.Counts.Committed))
			near("makespan", *p.MakespanMean, r.MakespanMS.Mean)
			near("attempts", *p.AttemptsMean, r.Attempts.Mean)
			near("attempts.p99", *p.AttemptsP99, r.Attempts.P99)
			near("exhausted", p.ExhaustedRate, r.Rates["exhausted.rate"])
			near("conflicts", p.ConflictRate, r.Rates["conflict.rate"])
			if *p.LatencyMS != *r.LatencyMS || p.Verdict != r.Verdict || p.Clients != r.Clients {
				t.Errorf("%s: %+v %s, in the run %+v %s", p.Params, p.LatencyMS, p.Verdict, r.LatencyMS, r.Verdict)
			}
		}
	}
}

// TestSweepGoesOnAfterAnInterrupt at any moment, by the command that it prints, and
// ends as if nothing had happened.
func TestSweepGoesOnAfterAnInterrupt(t *testing.T) {
	args := []string{"sweep", "burst", "--vary", "clients=10:70:20", "--vary", "policy=default,none(retries=unlimited)", "--runs", "40", "--latency", "normal(10ms,2ms)"}
	code, want, _ := simulate(t, append(args, "--json", "--out", t.TempDir())...)
	if code != exitPassed {
		t.Fatal(code)
	}
	for _, delay := range []time.Duration{0, time.Duration(20+rand.IntN(200)) * time.Millisecond} {
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(delay, stop)
		if delay == 0 {
			stop()
		}
		code, report, stderr := simulateIn(ctx, append(args, "--out", t.TempDir())...)
		if code == exitPassed {
			t.Logf("it was done before %v", delay)
			continue
		}
		if code != exitInterrupted || !strings.HasPrefix(report, "STOPPED  burst: ") {
			t.Fatalf("exit %d\n%s%s", code, report, stderr)
		}
		_, next, found := strings.Cut(report, "go on       simulate ")
		if stderr != "" {
			t.Errorf("stderr repeats it: %s", stderr)
		}
		if !found {
			t.Fatalf("it does not say how to go on:\n%s", report)
		}
		next, _, _ = strings.Cut(next, "\n")
		code, again, stderr := simulate(t, append(words(next), "--json")...)
		if code != exitPassed || again != want {
			t.Errorf("after %v: exit %d, want the same as without an interrupt\n%s%s", delay, code, again, stderr)
		}
	}
}

// TestAnInterruptedSweepSaysHowToGoOn on stderr, where the report does not.
func TestAnInterruptedSweepSaysHowToGoOn(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, flag := range []string{"--json", "--quiet"} {
		out := t.TempDir()
		code, stdout, stderr := simulateIn(stopped, "sweep", "burst", "--vary", "clients=2,4", flag, "--no-color=false", "--out", out)
		dir := sweepDirectory(t, out)
		flags := map[string]string{"--json": "--json --no-color=false", "--quiet": "--no-color=false --quiet"}[flag]
		want := "simulate: points are missing; go on with: simulate sweep burst " + flags + " --vary clients=2,4 --resume " + dir + "\n"
		if code != exitInterrupted || stderr != want || strings.Contains(stdout, "go on") {
			t.Errorf("%s: exit %d, stderr\n%swant\n%s%s", flag, code, stderr, want, stdout)
		}
		if saved := string(read(t, filepath.Join(dir, reports.ReportFile))); !strings.Contains(saved, "go on       simulate sweep burst ") {
			t.Errorf("the saved report does not:\n%s", saved)
		}
	}
}

// TestSweepGoesOnWithATornFile: wherever a kill left off.
func TestSweepGoesOnWithATornFile(t *testing.T) {
	out := t.TempDir()
	_, want := swept(t, exitPassed, append([]string{"--out", out}, smallSweep...)...)
	dir := sweepDirectory(t, out)
	path := filepath.Join(dir, reports.PointsFile)
	whole := read(t, path)
	first := bytes.IndexByte(whole, '\n') + 1
	for range 5 {
		write(t, path, string(whole[:first+rand.IntN(len(whole)-first)]))
		if _, got := swept(t, exitPassed, append([]string{"--resume", dir}, smallSweep...)...); got != want {
			t.Errorf("it differs:\n%s", got)
		}
		if lines := bytes.Count(read(t, path), []byte("\n")); lines != 13 {
			t.Errorf("the file has %d lines", lines)
		}
	}
	for name, c := range map[string]struct {
		content string
		args    []string
		want    string
	}{
		"seed":        {string(whole), []string{"--seed", "2"}, "its seed is 1, not 2"},
		"runs":        {string(whole), []string{"--runs", "14"}, "it has 13 runs for each point, not 14"},
		"parameters":  {string(whole), []string{"--vary", "operations=1"}, "it varies clients, policy, not clients, policy, operations"},
		"scenario":    {string(whole), []string{"--set", "request_timeout=1s"}, "its scenario, document or other flags were different"},
		"empty":       {"", nil, "nothing was measured: start anew"},
		"broken":      {string(whole[:first]) + "{\n" + string(whole[first:]), nil, "line 2 of its points"},
		"other point": {strings.Replace(string(whole), `"point":0,`, `"point":1,`, 1), nil, "of its points: point 1 is"},
	} {
		write(t, path, c.content)
		code, _, stderr := simulate(t, append(append([]string{"sweep", "--resume", dir}, smallSweep...), c.args...)...)
		if code != exitUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit %d, %s", name, code, stderr)
		}
	}
}

func sweepDirectory(t *testing.T, out string) string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(out, "sweep-*", "*"))
	if err != nil || len(dirs) != 1 {
		t.Fatal(dirs, err)
	}
	return dirs[0]
}

// TestSweepFindsMistakesBeforeItRuns: one line, that names the flag.
func TestSweepFindsMistakesBeforeItRuns(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"burst", "say what to vary"},
		{"burst --vary clients", "--vary clients: want NAME=A,B,C"},
		{"burst --vary clients=1,0", "--vary clients=0: the number of clients must be from 1"},
		{"burst --vary clients=2,many", `--vary clients=many: want a whole number, not "many"`},
		{"burst --vary clients=1:5", "--vary clients: 1:5: a range is FROM:TO:STEP"},
		{"burst --vary policy=none,ful", `--vary policy=ful: policy kind "ful" is not known`},
		{"burst --vary latency=s3-standard,slow", "--vary latency=slow: "},
		{"burst --vary fault=none,rain", "--vary fault=rain: "},
		{"burst --vary core=production,unlokced", `--vary core=unlokced: `},
		{"burst --vary codec=json,xml", `--vary codec=xml: documents are json or compact, not "xml"`},
		{"burst --vary document=nothing", `--vary document=nothing: there is no document "nothing"`},
		{"burst --vary duration=1s,2s", "--vary duration=1s: scenario burst does a fixed number of operations"},
		{"burst --vary duration=soon", `--vary duration=soon: want a duration`},
		{"burst --vary objects.count=1,x", "--vary objects.count=x: want a whole number here"},
		{"burst --vary client=1", "--vary client: there is no such parameter; did you mean clients?"},
		{"burst --vary retries=4", "--vary retries: there is no such parameter; did you mean policy.retries?"},
		{"burst --vary visibility=1s", "did you mean queue.visibility?"},
		{"burst --vary zzzzzzzz=1s", "--vary zzzzzzzz: there is no such parameter; see simulate sweep --help"},
		{"burst --vary policy.bse=1s", "--vary policy.bse=1s: a policy has no bse, it has kind, base, cap, retries and deadline"},
		{"burst --vary policy.base=10ms,5s", "--vary policy.base=5s: policy full: cap 2s is below base 5s"},
		{"burst --vary policy.base=0s", "--vary policy.base=0s: policy full: base must be positive"},
		{"burst --vary policy.base=1s --vary policy.cap=2s,20ms", "--vary policy.base=1s --vary policy.cap=20ms: policy full: cap 20ms is below base 1s"},
		{"burst --vary clients=1,2 --vary policy.cap=20ms --vary policy.retries=1", "--vary policy.cap=20ms: policy full: cap 20ms is below base 50ms"},
		{"burst --vary policy.base=soon", `--vary policy.base=soon: want a duration such as 50ms or 2s, not "soon"`},
		{"burst --vary policy.retries=2,many", `--vary policy.retries=many: want a whole number or unlimited, not "many"`},
		{"burst --vary policy.retries=-1", "--vary policy.retries=-1: policy full: retries must be 0 or more"},
		{"burst --vary policy.kind=full,fulll", `--vary policy.kind=fulll: policy kind "fulll" is not known`},
		{"burst --vary policy.kind=full,documented", "--vary policy.kind=documented: documented is no kind but a whole policy: vary policy"},
		{"burst --vary policy=full,none --vary policy.base=5ms", "--vary policy.base=5ms: policy none has no base"},
		{"burst --vary clients=1,2 --set policy.base=5s", "--set policy.base=5s: policy full: cap 2s is below base 5s"},
		{"burst --vary policy=none,full --vary policy.retries=4,04", "are the same: each value must make a difference"},
		{"burst --vary objects.cuont=1,2", `--vary objects.cuont=1: unknown key "cuont"; did you mean count?`},
		{"burst --vary actors.reader.count=1,2", `--vary actors.reader.count=1: there is no actor "reader"`},
		{"burst --vary queue.visibility=1s", "--vary queue.visibility=1s: there is a queue only with via: api"},
		{"burst --vary clients=1,2 --vary clients=3", "--vary clients is given twice"},
		{"burst --vary clients=1,2,1", "--vary clients: 1 is given twice"},
		{"burst --vary clients=2,02", `the points "clients=2" and "clients=02" are the same`},
		{"burst --vary operations=1,2", `the points "operations=1" and "operations=2" are the same`},
		{"burst --vary clients=1:101:1 --vary objects.count=1:100:1", "10100 points are too many: a sweep has at most 10000"},
		{"burst --vary clients=1,2 --clients 3", "--clients and --vary clients: give one of the two"},
		{"burst --vary seed=1,2", "--vary seed: all points play the same seed"},
		{"burst --vary clients=1,2 --runs 0", "--runs must be 1 or more"},
		{"burst --vary policy=none,default --vary latency=s3-standard,s3-express --chart c.svg", "policy × latency is none: vary another too, such as clients, or use --csv"},
		{"burst --vary clients=1,2 --chart c.png", "--chart c.png: a chart is SVG, so its file must end in .svg"},
		{"burst --vary clients=1,2 --csv ./c.svg --chart c.svg", "--csv and --chart both write ./c.svg: name two files"},
		{"burst --vary objects.count=1:5:1 --vary clients=1:25:1 --chart c.svg", "--chart: 25 lines over objects.count can't be told apart"},
		{"burst --vary clients=1,2 --chart nowhere/c.svg", "--chart nowhere/c.svg: there is no directory nowhere"},
		{"burst --vary clients=1,2 --csv .", "--csv . is a directory"},
		{"burst --vary clients=1,2 --set count", "--set wants KEY=VALUE"},
		{"burst --vary clients=1,2 --resume nowhere", "--resume nowhere: open nowhere"},
		{"burst --vary clients=1,2 --resume . --out x", "leave out --out"},
		{"brst --vary clients=1,2", "did you mean burst"},
		{"--vary clients=1,2", "sweep wants a scenario"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Chdir(t.TempDir())
			code, stdout, stderr := simulate(t, append([]string{"sweep"}, strings.Fields(c.args)...)...)
			if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d, want %q in one line\n%s%s", code, c.want, stdout, stderr)
			}
			if left, err := filepath.Glob("*"); err != nil || len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}

// TestSweepSaysWhichPointViolates, and its replay shows it.
func TestSweepSaysWhichPointViolates(t *testing.T) {
	s, _ := swept(t, exitViolated, "burst", "--vary", "core=production,unlocked", "--runs", "3", "--out", t.TempDir())
	if s.Points[0].Verdict != "ok" || s.Points[1].Verdict != "violated" || s.Points[1].Violated["I1"] == 0 || s.Core != "" {
		t.Fatalf("%+v", s.Points)
	}
	code, report, _ := simulate(t, "sweep", "burst", "--vary", "core=production,unlocked", "--runs", "3", "--out", t.TempDir())
	if code != exitViolated || !strings.HasPrefix(report, "FAIL  burst: 2 points of 3 runs; 1 violate an invariant") ||
		!strings.Contains(report, "– core=unlocked violates I1 nothing lost (") || !strings.Contains(report, s.Points[1].Replay) {
		t.Errorf("exit %d\n%s", code, report)
	}
	r := result(t, exitViolated, words(s.Points[1].Replay)[1:]...).Runs[0]
	if r.Violated["I1"] != s.Points[1].Violated["I1"] {
		t.Errorf("the replay violates %v, the point %v", r.Violated, s.Points[1].Violated)
	}
}

func TestSweepIsInconclusiveOnlyIfAllPointsAre(t *testing.T) {
	out := t.TempDir()
	s, _ := swept(t, exitPassed, "burst", "--vary", "clients=1,5", "--out", out)
	if s.Points[0].Verdict != "inconclusive" || len(s.Points[0].Reasons) != 1 || s.Points[1].Verdict != "ok" {
		t.Errorf("%+v", s.Points)
	}
	s, _ = swept(t, exitInconclusive, "burst", "--clients", "1", "--runs", "1", "--vary", "policy=none,default", "--out", out)
	if p := s.Points[0]; p.PutsCI95 != nil || p.Jain != nil {
		t.Errorf("a single repetition has an interval, or a single client a fairness: %+v", p)
	}
}

// TestSweepWritesItsFiles: CSV with quoted values, a chart, and a directory.
func TestSweepWritesItsFiles(t *testing.T) {
	dir := t.TempDir()
	table, chart := filepath.Join(dir, "points.csv"), filepath.Join(dir, "chart.svg")
	args := append([]string{"--out", dir, "--csv", table, "--chart", chart}, smallSweep...)
	s, document := swept(t, exitPassed, args...)
	lines, err := csv.NewReader(bytes.NewReader(read(t, table))).ReadAll()
	if err != nil || len(lines) != 13 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i, line := range lines[1:] {
		p := s.Points[i]
		if line[0] != p.Params[0].Value || line[1] != p.Params[1].Value || line[len(line)-1] != p.Replay {
			t.Errorf("line %d is %q", i, line)
		}
	}
	if header := strings.Join(lines[0], ","); !strings.HasPrefix(header, "clients,policy,runs,verdict,") {
		t.Error(header)
	}
	if svg := string(read(t, chart)); !strings.Contains(svg, ">makespan (s)</text>") || !strings.Contains(svg, ">documented</text>") || strings.Contains(svg, "NaN") {
		t.Error("the chart lacks something")
	}
	saved := sweepDirectory(t, dir)
	saidToo := regexp.MustCompile(`,\n  "took_ms": [0-9.]+`) // the clock's, so it is left out of what can be compared
	if got := saidToo.ReplaceAllString(string(read(t, filepath.Join(saved, reports.ResultFile))), ""); got != document {
		t.Errorf("the saved result is another:\n%s", got)
	}
	for _, name := range []string{reports.TableFile, reports.ReportFile, reports.ScenarioFile} {
		if _, err := os.Stat(filepath.Join(saved, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestRunTakesSettings, so that a point can be replayed.
func TestRunTakesSettings(t *testing.T) {
	r := result(t, exitPassed, "run", "burst", "--world", "virtual", "--set", "actors.writer.count=7").Runs[0]
	if r.Clients != 7 || !strings.Contains(r.Replay, "--set actors.writer.count=7") {
		t.Errorf("%d clients, %s", r.Clients, r.Replay)
	}
	code, _, stderr := simulate(t, "run", "burst", "--set", "actors.writer.count=x", "--out", t.TempDir())
	if code != exitUsage || !strings.Contains(stderr, "--set actors.writer.count=x: want a whole number here") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// TestSweepStatesWhatWasPlayed, also where parts of a policy were set.
func TestSweepStatesWhatWasPlayed(t *testing.T) {
	code, stdout, stderr := simulate(t, "sweep", "burst", "--runs", "2", "--vary", "policy=none,documented", "--set", "policy.retries=7", "--out", t.TempDir())
	for _, want := range []string{"none = none(retries=7)", "documented = exponential(base=50ms,cap=400ms,retries=7)"} {
		if code != exitPassed || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, no %q:\n%s%s", code, want, stdout, stderr)
		}
	}
	code, _, stderr = simulate(t, "sweep", "burst", "--core", "oracle", "--policy", "full", "--vary", "policy.kind=none,full", "--out", t.TempDir())
	if code != exitUsage || !strings.Contains(stderr, "are the same") {
		t.Errorf("exit %d: the oracle waits as it sees fit, whatever the kind\n%s", code, stderr)
	}
}

// TestSweepHoldsPoliciesAgainstTheOracle in one sweep: the goal of the adaptive policy
// on two points of the published experiment, as docs/adaptive.md states it.
func TestSweepHoldsPoliciesAgainstTheOracle(t *testing.T) {
	s, _ := swept(t, exitPassed, "burst", "--latency", "normal(10ms,2ms)", "--runs", "100", "--vary", "clients=20,50", "--out", t.TempDir(),
		"--vary", "policy=full(base=5ms,cap=2s,retries=unlimited),adaptive(retries=unlimited),oracle(retries=unlimited)")
	if s.Core != "" || s.Policy != "" || s.Latency != "normal(10ms,2ms)" {
		t.Errorf("core %q, policy %q", s.Core, s.Policy)
	}
	for n := 0; n < len(s.Points); n += 3 {
		full, adaptive, oracle := s.Points[n], s.Points[n+1], s.Points[n+2]
		if adaptive.PutsMean >= full.PutsMean || *adaptive.MakespanMean >= *full.MakespanMean {
			t.Errorf("%s is no better than %s", adaptive.Params, full.Params)
		}
		if adaptive.PutsMean > 1.25*oracle.PutsMean || *adaptive.MakespanMean > 1.25*(*oracle.MakespanMean) {
			t.Errorf("%s: %.1f puts, %.0f ms; the oracle %.1f, %.0f", adaptive.Params, adaptive.PutsMean, *adaptive.MakespanMean, oracle.PutsMean, *oracle.MakespanMean)
		}
	}
	replay := s.Points[2].Replay
	if want := "--policy 'oracle(retries=unlimited)'"; !strings.Contains(replay, want) {
		t.Errorf("%q has no %q", replay, want)
	}
}
