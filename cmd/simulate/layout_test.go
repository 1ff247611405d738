package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/reports/schema"
	"holdfast/scenarios/check"
	"holdfast/scenarios/sweep"
)

// The order has nothing in common with a change but that it is a JSON object.
func TestExploreOnOrders(t *testing.T) {
	for args, code := range map[string]int{
		"two-users --faults 1 --layout order":              exitPassed,
		"two-users --core unlocked --layout order":         exitViolated,
		"user-vs-backend --core unlocked --layout order":   exitViolated,
		"own-documents --core own-history-name --faults 1": exitViolated,
		"own-documents --core own-entry-names":             exitViolated,
	} {
		e := explored(t, code, strings.Fields(args)...)
		if e.Layout != "order" || code == exitPassed && !e.Complete || !strings.Contains(e.Replay, "--layout order") && strings.Contains(args, "--layout") {
			t.Errorf("%s: %+v", args, e)
		}
		if code != exitViolated {
			continue
		}
		want := "I1"
		if strings.Contains(args, "history") {
			want = "I2"
		}
		if !slices.ContainsFunc(e.Violations, func(v check.Violation) bool { return string(v.Invariant) == want }) {
			t.Errorf("%s: %s", args, e.Line())
		}
		if code, stdout, stderr := simulate(t, append(words(e.Replay)[1:], "--quiet", "--out", t.TempDir())...); code != exitViolated {
			t.Errorf("the replay of %s: exit %d\n%s%s", args, code, stdout, stderr)
		}
	}
}

func TestRunOnOrders(t *testing.T) {
	for _, args := range []string{
		"storm --world virtual --runs 5",
		"storm --world virtual --via api",
		"two-users user-vs-backend create-race",
		"two-users user-vs-backend redelivery bad-requests --via api",
		"large-document any-edit --world virtual",
		"burst --world virtual --codec compact",
	} {
		for _, run := range result(t, exitPassed, append(strings.Fields("run "+args), "--layout", "order")...).Runs {
			if run.Layout != "order" || run.Counts.Acknowledged == 0 || len(run.Violations) > 0 || !strings.Contains(run.Replay, "--layout order") {
				t.Errorf("%s: %+v", args, run)
			}
		}
	}
	// A saved history says by itself what its documents are like.
	out := t.TempDir()
	if code, stdout, stderr := simulate(t, "run", "redelivery", "--world", "virtual", "--layout", "order", "--quiet", "--out", out); code != exitPassed {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr := simulate(t, "check", filepath.Join(out, "latest"), "--json")
	if code != exitPassed || !strings.Contains(stdout, `"layout": "order"`) {
		t.Errorf("check: exit %d\n%s%s", code, stdout, stderr)
	}
	r := result(t, exitPassed, "run", "no-conflict", "--world", "virtual")
	if r.Runs[0].Layout != "" {
		t.Errorf("changes have the layout %q", r.Runs[0].Layout)
	}
}

// Layouts and documents of one's own, and a scenario that names them.
func TestLayoutFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("lease.json", `{"lease": "L-1", "owner": "nobody", "log": []}`)
	layout := write("lease.yaml", "name: lease\nid: [lease]\nhistory: log\nentry: {id: n, user: who}\ndocument: lease.json\nfields: {changeTitle: owner}\n")
	scenario := write("mine.yaml", "name: mine\nshows: It works.\nlayout: "+layout+"\nactors: [{name: ann, kind: user, count: 3, load: {operations: 2}}]\n")
	for _, args := range [][]string{
		{"run", scenario, "--world", "virtual"},
		{"run", "two-users", "--world", "virtual", "--layout", layout},
		{"run", "two-users", "--world", "virtual", "--layout", layout, "--document", filepath.Join(dir, "lease.json")},
	} {
		r := result(t, exitPassed, args...)
		if r.Runs[0].Layout != "lease" {
			t.Errorf("%v: %+v", args, r.Runs[0])
		}
	}
	if code, stdout, stderr := simulate(t, "validate", scenario); code != exitPassed {
		t.Errorf("%d %s%s", code, stdout, stderr)
	}
	bad := write("bad.yaml", "name: bad\nid: [lease]\nhistory: log\nentry:\n  id: n\n  user: N\n")
	bare := write("bare.yaml", "name: bare\nid: [lease]\nhistory: log\nentry: {id: n}\n")
	for want, args := range map[string][]string{
		bad + `:6:9: "N" is, but for case, the name that Entry.ID has`: {"run", "two-users", "--layout", bad},
		`there is no layout "ordre"`:                                   {"explore", "two-users", "--layout", "ordre"},
		"layout bare has no document to play on":                       {"sweep", "two-users", "--vary", "clients=1", "--layout", bare},
		"it has no lease":                                              {"run", "two-users", "--layout", layout, "--document", "CHG-12345"},
		"nobody would tell back end":                                   {"run", "redelivery", "--layout", layout},
	} {
		if code, _, stderr := simulate(t, args...); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit %d\n%s\nwant %s", args, code, stderr, want)
		}
	}
}

func TestSweepOverLayouts(t *testing.T) {
	code, stdout, stderr := simulate(t, "sweep", "burst", "--clients", "3", "--runs", "2", "--json", "--out", t.TempDir(), "--vary", "codec=json,compact", "--layout", "order")
	validate(t, schema.Sweep, stdout)
	var s sweep.Result
	if err := json.Unmarshal([]byte(stdout), &s); err != nil || code != exitPassed || s.Layout != "order" || len(s.Points) != 2 {
		t.Errorf("exit %d, %v\n%s%s", code, err, stdout, stderr)
	}
}

func TestTuneOnOrders(t *testing.T) {
	code, stdout, stderr := simulate(t, "tune", "backend-fan-in", "--clients", "2", "--evaluations", "44400", "--json", "--layout", "order", "--out", t.TempDir())
	validate(t, schema.Tune, stdout)
	if code != exitPassed || !strings.Contains(stdout, `"layout": "order"`) || !strings.Contains(stdout, "tune backend-fan-in --layout order") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestServeOrders(t *testing.T) {
	s := startServe(t, "--layout", "order")
	const path = "/api/changes/2026/11/O-77"
	if !slices.Equal(s.links, []string{s.address + path}) {
		t.Fatalf("serve printed %q", s.links)
	}
	type order struct {
		Metadata struct {
			Title  string
			Events []struct{ Kind, For, By string }
		}
		ETag string
	}
	load := func() (o order) {
		status, body := s.do("GET", path, "", "")
		if err := json.Unmarshal([]byte(body), &o); status != 200 || err != nil {
			t.Fatalf("%d %v\n%s", status, err, body)
		}
		return o
	}
	before := load()
	etag, _ := json.Marshal(before.ETag)
	status, body := s.do("POST", "/upload", "alice", `{"metadata":{"order_id":"2026/11/O-77","title":"50 crates"},"isUpdate":true,"expectedETag":`+string(etag)+`}`)
	if status != 200 {
		t.Fatalf("the save: %d %s", status, body)
	}
	processed := map[string]bool{}
	waitFor(t, "each customer's back end processes the save", func() bool {
		for _, e := range load().Metadata.Events[len(before.Metadata.Events):] {
			if e.Kind == "processed" {
				processed[e.For] = true
			}
		}
		return len(processed) == 6
	})
	after := load().Metadata
	if e := after.Events[len(before.Metadata.Events)]; after.Title != "50 crates" || e.Kind != "updated" || e.By != "alice" {
		t.Errorf("%+v", after)
	}
	if status, _ := s.do("GET", "/changes/2026/11/O-77", "", ""); status != 404 {
		t.Errorf("an edit page that can't show orders: %d", status)
	}
}
