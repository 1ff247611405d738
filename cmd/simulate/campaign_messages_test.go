package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive/s3store/fakes3"
	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios/campaign"
)

// TestCampaignsMistakes are told in one line that says what to do, by the names that flags have
// on one machine, and leave nothing behind.
func TestCampaignsMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "campaign", "plan", "there", "--shards", "3", "--", "sweep", "burst", "--vary", "clients=2:4:1")
	write(t, "times.txt", "5ms\n9ms\n")
	for args, want := range map[string]string{
		"plan p --shards 2 -- run burst --world virtual --latency empirical(times.txt)": "workers do not have the file times.txt",
		"plan":                                                                                  "wants one PREFIX before --",
		"plan p q --shards 2 -- run burst":                                                      "wants one PREFIX before --",
		"plan p --shards 2":                                                                     "what is to be played?",
		"plan p --shards 2 sweep burst":                                                         "what is to be played stands after --",
		"plan p -- sweep burst --vary clients=1,2":                                              "--shards must be 1 to 100000, not 0",
		"plan p --shards 2 -- doctor":                                                           "many machines can play run",
		"plan p --shards 2 -- run burst":                                                        "add --world virtual",
		"plan p --shards 2 -- sweep burst --vary x":                                             "--vary x: want NAME=A,B,C",
		"plan p --shards 2 -- sweep burst --vray x":                                             "unknown flag: --vray; did you mean --vary?",
		"plan p --shards 2 -- sweep burst --csv f":                                              "--csv is about the result, so simulate campaign merge has it",
		"plan p --shards 2 -- sweep burst --resume":                                             "flag needs an argument: --resume",
		"plan p --shards 2 -- sweep burst --resume d":                                           "simulate campaign work plays what is missing",
		"plan p --shards 2 -- sweep":                                                            "sweep wants a scenario, not 0 arguments",
		"plan p --shards 2 -- run burst --world virtual --json":                                 "--json is about the result",
		"plan p --shards 2 -- run burst --world virtual --metrics m":                            "--metrics: workers publish what repetitions have shown",
		"plan p --shards 2 -- run burst --world virtual --baseline b":                           "simulate compare FILE simulate-out/latest",
		"plan p --shards 2 -- run burst --world virtual --dry-run":                              "--dry-run: planning plays nothing",
		"plan p --shards 2 -- run burst --world virtual --runs 0":                               "--runs must be 1 or more",
		"plan there --shards 4 -- sweep burst --vary clients=2:4:1":                             "there is another plan",
		"plan there --shards 3 -- sweep burst --vary clients=2:5:1":                             "there is another plan",
		"plan p --shards 2 --endpoint http://127.0.0.1:1 -- sweep burst --vary clients=1,2":     "p is a directory",
		"plan s3:/b --shards 2 --endpoint http://127.0.0.1:1 -- sweep burst --vary clients=1,2": "is a directory",
		"work":                          "work wants a PREFIX",
		"work nowhere --index 0":        "nowhere: there is no plan",
		"status nowhere":                "nowhere: there is no plan",
		"stop nowhere":                  "nowhere: there is no plan",
		"merge nowhere":                 "nowhere: there is no plan",
		"work there":                    "which shard?",
		"work there --index 3":          "shards 0 to 2",
		"merge there --wait -1s":        "--wait must be 0 or more",
		"merge there --csv no/such.csv": "there is no directory no",
		"merge there --chart c.png":     "must end in .svg",
		"merge there --out=":            "--out wants a directory",
		"sttaus there":                  "did you mean status?",
	} {
		code, stdout, stderr := simulate(t, append([]string{"campaign"}, strings.Fields(args)...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, want %q: %s%s", args, code, want, stdout, stderr)
		}
	}
	if left, _ := filepath.Glob("*"); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
	must(t, "campaign", "plan", "of-run", "--shards", "1", "--", "run", "burst", "--world", "virtual")
	if code, _, stderr := simulate(t, "campaign", "merge", "of-run", "--csv", "f.csv"); code != exitUsage || !strings.Contains(stderr, "--csv: the plan is of simulate run") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestPlansAreOfOneProgram: another one neither plays nor merges, and an engine need not try again.
func TestPlansAreOfOneProgram(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "campaign")
	p, err := campaign.Open(t.Context(), targetOf(prefix))
	if err != nil {
		t.Fatal(err)
	}
	plan := campaign.Plan{Program: "another", Kind: "sweep", Command: []string{"sweep", "burst"}, Shards: 2, Units: 2, Job: json.RawMessage("{}")}
	if _, _, err := campaign.Write(t.Context(), p, plan); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"work", prefix, "--index", "0"}, {"merge", prefix}} {
		code, stdout, stderr := simulate(t, append([]string{"campaign"}, args...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "was planned by program another, and this is ") {
			t.Errorf("%v: exit %d: %s%s", args, code, stdout, stderr)
		}
	}
	must(t, "campaign", "status", prefix)
}

// TestExitCodesForEngines: what is to be started again, and what is not.
func TestExitCodesForEngines(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	lost := &campaign.LostError{Err: errors.New("full")}
	for _, c := range []struct {
		ctx  context.Context
		err  error
		code int
	}{
		{t.Context(), errors.New("503"), exitCouldNotRun},
		{t.Context(), lost, exitCouldNotRun},
		{ended, lost, exitCouldNotRun},
		{t.Context(), &campaign.DeterminismError{}, exitCouldNotRun},
		{t.Context(), &campaign.GarbledError{}, exitCouldNotRun},
		{ended, context.Canceled, exitInterrupted},
		{t.Context(), campaign.ErrNoPlan, exitUsage},
		{t.Context(), &campaign.ProgramError{}, exitUsage},
	} {
		if code := (&app{stderr: &strings.Builder{}}).exitCode(workError(c.ctx, &campaign.Shard{}, c.err)); code != c.code {
			t.Errorf("%v: exit %d, want %d", c.err, code, c.code)
		}
	}
}

// statusOf is the document of a campaign's status.
func statusOf(t *testing.T, prefix string) reports.Campaigned {
	t.Helper()
	text := must(t, "campaign", "status", prefix, "--json")
	validate(t, schema.Campaign, text)
	var d reports.Campaigned
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestAStoppedCampaign plays nothing until it is resumed, and no engine is to start it again.
func TestAStoppedCampaign(t *testing.T) {
	prefix := campaigned(t, 2, "sweep", "burst", "--vary", "clients=2:4:1", "--runs", "2")
	must(t, "campaign", "stop", prefix)
	if said := must(t, "campaign", "work", prefix, "--index", "all"); !strings.Contains(said, "stopped") || !strings.Contains(said, "--resume") {
		t.Error(said)
	}
	d := statusOf(t, prefix)
	if !d.Stopped || d.Published != 0 || d.Next != "simulate campaign stop "+prefix+" --resume" {
		t.Errorf("%+v", d)
	}
	must(t, "campaign", "stop", prefix, "--resume")
	must(t, "campaign", "work", prefix, "--index", "missing")
	if d := statusOf(t, prefix); !d.Passed || d.Stopped || d.Done.Index != "0-1" || d.Next != "simulate campaign merge "+prefix {
		t.Errorf("%+v", d)
	}
	if said := must(t, "campaign", "work", prefix, "--index", "missing"); !strings.Contains(said, "no shard is missing") {
		t.Error(said)
	}
}

// TestWhatIsMissingProvesNothing: it is named with the command that plays it, and a violation
// counts all the same.
func TestWhatIsMissingProvesNothing(t *testing.T) {
	sweep := []string{"sweep", "two-users", "--runs", "2", "--vary", "core=production,unlocked"}
	t.Run("sweep", func(t *testing.T) {
		prefix := campaigned(t, 4, sweep...)
		must(t, "campaign", "work", prefix, "--index", "1") // of the first point
		s, _ := mergedSweep(t, exitInconclusive, prefix)
		if want := "simulate campaign work " + prefix + " --index 0,2-3"; s.Resume != want || !strings.Contains(s.Unplayed, "3 units of shards 0, 2-3") || len(s.Points) != 0 {
			t.Errorf("%+v", s)
		}
		must(t, "campaign", "work", prefix, "--index", "3") // of the second point
		if s, _ := mergedSweep(t, exitViolated, prefix); len(s.Points) != 1 || s.Points[0].Verdict != "violated" || s.Points[0].Runs != 1 {
			t.Errorf("%+v", s)
		}
		must(t, append(words(s.Resume)[1:], "--quiet")...)
		if s, _ := mergedSweep(t, exitViolated, prefix); len(s.Points) != 2 || s.Unplayed != "" || s.Resume != "" {
			t.Errorf("%+v", s)
		}
	})
	t.Run("run", func(t *testing.T) {
		prefix := campaigned(t, 4, "run", "burst", "--world", "virtual", "--runs", "8")
		for played, wants := range []string{"8 of 8 repetitions were not played: 8 units of shards 0-3; ", "6 of 8 repetitions were not played: 6 units of shards 1-3; "} {
			if r := result(t, exitInconclusive, "campaign", "merge", prefix); len(r.Runs) != 1 || !strings.HasPrefix(r.Runs[0].Reasons[0], wants) {
				t.Errorf("%d played: %+v", played, r.Runs)
			}
			must(t, "campaign", "work", prefix, "--index", "0")
		}
		must(t, "campaign", "work", prefix, "--index", "2-3")
		r := result(t, exitInconclusive, "campaign", "merge", prefix)
		if why := r.Runs[0].Reasons[0]; r.Runs[0].Interrupted || !strings.HasPrefix(why, "2 of 8 repetitions were not played: 2 units of shard 1; simulate campaign work ") || !strings.HasSuffix(why, " --index 1") {
			t.Errorf("%+v", r.Runs[0])
		}
	})
}

// TestAGarbledResult counts as missing, and is named.
func TestAGarbledResult(t *testing.T) {
	prefix := campaigned(t, 2, "run", "burst", "--world", "virtual", "--runs", "4")
	must(t, "campaign", "work", prefix, "--index", "all")
	pieces, _ := filepath.Glob(filepath.Join(prefix, "shards", "00001", "*"))
	if len(pieces) != 1 {
		t.Fatal(pieces)
	}
	if err := os.WriteFile(pieces[0], []byte("garbled"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := result(t, exitInconclusive, "campaign", "merge", prefix)
	if why := r.Runs[0].Reasons[0]; !strings.Contains(why, "shards/00001/0000000 is cut or altered") || !strings.Contains(why, "delete it") {
		t.Error(why)
	}
	if code, _, stderr := simulate(t, "campaign", "work", prefix, "--index", "1"); code != exitCouldNotRun || !strings.Contains(stderr, "is cut or altered") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if err := os.Remove(pieces[0]); err != nil {
		t.Fatal(err)
	}
	must(t, "campaign", "work", prefix, "--index", "1")
	result(t, exitPassed, "campaign", "merge", prefix)
}

// TestAnInterruptedWorker publishes what is complete, and whoever has its index next goes on.
func TestAnInterruptedWorker(t *testing.T) {
	var command []string
	var prefix string
	for runs, patience := 1000, 200*time.Millisecond; ; {
		command = []string{"run", "burst", "--world", "virtual", "--runs", strconv.Itoa(runs), "--clients", "10"}
		prefix = campaigned(t, 1, command...)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		code, stdout, stderr := simulateIn(ctx, "campaign", "work", prefix, "--index", "0")
		cancel()
		switch {
		case code == exitPassed: // a fast machine
			runs *= 4
			continue
		case code != exitInterrupted || stdout != "" || !strings.Contains(stderr, "what was complete of shard 0 is published"):
			t.Fatalf("exit %d: %s%s", code, stdout, stderr)
		case statusOf(t, prefix).Published == 0: // a slow one
			patience *= 2
			continue
		}
		break
	}
	d := statusOf(t, prefix)
	if d.Published == 0 || d.Published == d.Units || d.Missing.Index != "0" {
		t.Errorf("%+v", d)
	}
	must(t, "campaign", "work", prefix, "--index", "0", "--attempt", "2")
	_, want, _ := simulate(t, append(command, "--json", "--out", t.TempDir())...)
	_, got, _ := simulate(t, "campaign", "merge", prefix, "--json", "--out", t.TempDir())
	if withoutMachine(t, got) != withoutMachine(t, want) {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestMergeWaits for those who are at work, and no longer than it may.
func TestMergeWaits(t *testing.T) {
	prefix := campaigned(t, 2, "run", "burst", "--world", "virtual", "--runs", "4")
	must(t, "campaign", "work", prefix, "--index", "0")
	result(t, exitInconclusive, "campaign", "merge", prefix, "--wait", "10ms")
	played := make(chan struct{})
	go func() {
		defer close(played)
		time.Sleep(100 * time.Millisecond)
		_, _, _ = simulateIn(t.Context(), "campaign", "work", prefix, "--index", "1")
	}()
	result(t, exitPassed, "campaign", "merge", prefix, "--wait", "1m")
	<-played
}

// TestACampaignOnS3 tells commands that go on with it as they stand.
func TestACampaignOnS3(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "sekret-of-the-bucket")
	t.Setenv("AWS_REGION", "us-east-1")
	prefix := []string{"s3://" + server.Bucket() + "/nightly/", "--endpoint", server.Endpoint(), "--path-style", "on"}
	of := func(command string, more ...string) []string {
		return slices.Concat([]string{"campaign", command}, prefix, more)
	}
	must(t, of("plan", "--shards", "3", "--", "sweep", "burst", "--vary", "clients=2:4:1", "--runs", "2")...)
	must(t, of("work", "--index", "1")...)
	text := must(t, of("status", "--json")...)
	validate(t, schema.Campaign, text)
	var d reports.Campaigned
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	want := "simulate campaign work s3://" + server.Bucket() + "/nightly --endpoint " + server.Endpoint() + " --path-style on --index 0,2"
	if d.Next != want || d.Published != 2 || !d.Clock {
		t.Fatalf("%+v, want %s", d, want)
	}
	must(t, words(d.Next)[1:]...)
	_, merged, _ := simulate(t, of("merge", "--json", "--out", t.TempDir())...)
	_, one := swept(t, exitPassed, "burst", "--vary", "clients=2:4:1", "--runs", "2", "--out", t.TempDir())
	if merged != one {
		t.Errorf("%s\nwant\n%s", merged, one)
	}
}

// TestACampaignOnAStoreThatCannotBeListed is played and merged; what needs a listing says so.
func TestACampaignOnAStoreThatCannotBeListed(t *testing.T) {
	var mu sync.Mutex
	objects := map[string][]byte{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		there, ok := objects[r.URL.Path]
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(append(there, body...))))
		switch {
		case r.Method == http.MethodPut && ok && r.Header.Get("If-None-Match") == "*":
			w.WriteHeader(http.StatusPreconditionFailed)
		case r.Method == http.MethodPut:
			objects[r.URL.Path] = body
			w.WriteHeader(http.StatusCreated)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write(there)
		}
	}))
	t.Cleanup(server.Close)
	prefix := server.URL + "/p/"
	must(t, "campaign", "plan", prefix, "--shards", "2", "--quiet", "--", "run", "burst", "--world", "virtual", "--runs", "2")
	must(t, "campaign", "work", prefix, "--index", "0")
	result(t, exitInconclusive, "campaign", "merge", prefix)
	for _, args := range [][]string{{"status", prefix}, {"work", prefix, "--index", "missing"}, {"merge", prefix, "--wait", "1s"}} {
		code, stdout, stderr := simulate(t, append([]string{"campaign"}, args...)...)
		if code != exitCouldNotRun || stdout != "" || !strings.Contains(stderr, "can't list what it holds") {
			t.Errorf("%v: exit %d: %s%s", args, code, stdout, stderr)
		}
	}
	must(t, "campaign", "work", prefix, "--index", "1")
	result(t, exitPassed, "campaign", "merge", prefix)
}
