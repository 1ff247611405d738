package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"holdfast/archive/storefault"
	"holdfast/reports/schema"
	"holdfast/scenarios/doctor"
)

// row is one that was answered as S3 answers it.
func row(name, answer string) doctor.Row {
	return doctor.Row{Name: name, AWS: answer, Here: answer, OK: true, Seconds: 0.01}
}

// clean is a race that showed nothing.
func clean(name string, subject storefault.Subject, writers ...int) doctor.Race {
	return doctor.Race{Name: name, What: "writers under one condition", Subject: subject, Writers: writers, BodyBytes: []int{64, 100_000}, Wanted: 600, Races: 600, RateUpper95: 0.004981, Seconds: 1.2}
}

// safe is a diagnosis without any finding.
func safe() doctor.Diagnosis {
	return doctor.Diagnosis{
		Verdict: doctor.Safe, Writes: doctor.LevelSafe, Reads: doctor.LevelSafe, Deletes: doctor.LevelSafe, Store: "s3://changes/archive",
		Endpoints: []doctor.Endpoint{{Region: "eu-central-1", TLS: "TLS 1.3", Server: "AmazonS3", Versioning: "off", ClockOffsetMS: 120}},
		Rows: []doctor.Row{row("PUT If-None-Match: *, absent", "200"), row("PUT If-Match, stale", "412 PreconditionFailed"),
			row("DELETE If-Match, stale", "412 PreconditionFailed")},
		Races:    []doctor.Race{clean("update", storefault.Writes, 2, 8), clean("create", storefault.Writes, 2, 8), clean("delete", storefault.Deletes, 2, 8)},
		Requests: 9_812, Seconds: 41.27,
	}
}

// limited is one whose conditional deletes are not to be relied on.
func limited() doctor.Diagnosis {
	d := safe()
	d.Verdict, d.Deletes = doctor.SafeWithLimits, doctor.LevelWarn
	d.Endpoints = []doctor.Endpoint{
		{URL: "http://127.0.0.1:9000", PathStyle: true, Region: "us-east-1", Server: "MinIO", Versioning: "off", ClockOffsetMS: -4210},
		{URL: "http://127.0.0.1:9001", PathStyle: true, Region: "us-east-1", Server: "MinIO", Versioning: "off"},
	}
	d.Rows[2] = doctor.Row{
		Name: "DELETE If-Match, stale", AWS: "412 PreconditionFailed", Here: "204, and it is gone", Kind: storefault.IgnoredDelete,
		Means: storefault.Of(storefault.IgnoredDelete).Means,
		Reproduction: "> PUT /changes/archive/simulate-0123456789/k HTTP/1.1\n> Host: 127.0.0.1:9000\n> \n> \"one\"\n< HTTP/1.1 200 OK\n" +
			"> DELETE /archive/simulate-0123456789/k HTTP/1.1\n> Host: changes.127.0.0.1:9000\n> If-Match: \"0\"\n< HTTP/1.1 204 No Content\n" +
			"> GET /changes?prefix=archive%2Fsimulate-0123456789 HTTP/1.1\n> GET /changes HTTP/1.1\n",
	}
	d.Rows = append(d.Rows, doctor.Row{Name: "PUT If-None-Match: <etag>", AWS: "501 NotImplemented", Here: "412 PreconditionFailed",
		Means: "Nothing: the core never sends it."})
	d.Races[2] = doctor.Race{
		Name: "delete", What: "deletes under one ETag", Subject: storefault.Deletes, Writers: []int{2, 8}, BodyBytes: []int{64}, Wanted: 600, Races: 20, Bad: 20, FirstBad: 1, Kind: storefault.TwoDeleters, Kinds: []storefault.Kind{storefault.TwoDeleters}, Seen: "2 of 2 deletes were acknowledged",
		RateUpper95: 1, Means: storefault.Of(storefault.TwoDeleters).Means, Reproduction: "> DELETE /changes/archive/k HTTP/1.1\n> If-Match: \"1\"\n< HTTP/1.1 204 No Content\n```\n< HTTP/1.1 204 No Content",
	}
	d.Limits = []string{"Conditional deletes: " + storefault.Of(storefault.IgnoredDelete).Means, storefault.Of(storefault.TwoDeleters).Means,
		"Nobody looked at versions."}
	return d
}

// unsafe is one of a store that ignores every condition.
func unsafe() doctor.Diagnosis {
	d := limited()
	d.Verdict, d.Writes, d.Reads = doctor.Unsafe, doctor.LevelUnsafe, doctor.LevelInconclusive
	d.Limits, d.Reasons = nil, []string{"reads: the budget ended before a race of readers was played"}
	d.Endpoints = d.Endpoints[:1]
	for _, name := range []string{"PUT If-Match, stale", "PUT If-Match, absent", "PUT If-None-Match: *, present"} {
		d.Rows = append(d.Rows, doctor.Row{Name: name, AWS: "412 PreconditionFailed", Here: "200, and what was there is replaced by the other body",
			Kind: storefault.IgnoredCondition, Means: storefault.Of(storefault.IgnoredCondition).Means, Reproduction: "> PUT /changes/archive/k HTTP/1.1\n> If-Match: \"0\"\n< HTTP/1.1 200 OK"})
	}
	for range 8 {
		d.Rows = append(d.Rows, doctor.Row{Name: "HEAD", AWS: "200", Here: "no answer within 10s", Inconclusive: true})
	}
	d.Races = append(d.Races, doctor.Race{Name: "readers", What: "reads during writes", Subject: storefault.Reads, Writers: []int{4}, BodyBytes: []int{64}, Wanted: 600, Inconclusive: "the budget ended"})
	d.Races[0].Bad, d.Races[0].Races, d.Races[0].FirstBad, d.Races[0].RateUpper95 = 3, 41, 4, 0.1789
	d.Races[0].Kinds = []storefault.Kind{storefault.TwoWinners}
	d.Races[0].Kind, d.Races[0].Seen, d.Races[0].Means = storefault.TwoWinners, "writers 0 and 5 were acknowledged", storefault.Of(storefault.TwoWinners).Means
	return d
}

func diagnosed(d doctor.Diagnosis) Diagnosed {
	e := Environment{Version: "v1.2", Go: "go1.26.1", OS: "linux", Arch: "amd64", CPUs: 2, GOMAXPROCS: 2, Modules: map[string]string{}}
	return NewDiagnosed(Diagnosed{
		Diagnosis: d, Environment: e, Began: time.Date(2026, 11, 24, 0, 6, 50, 1, time.UTC), Processes: 1,
		Replay: "simulate doctor --store s3://changes/archive", Directory: "simulate-out/doctor/20261124T000650Z-b23bc83dca",
	})
}

func TestDiagnosedReports(t *testing.T) {
	interrupted := safe()
	interrupted.Interrupted, interrupted.Verdict = true, doctor.Inconclusive
	interrupted.Races, interrupted.Rows = nil, interrupted.Rows[:1]
	interrupted.Reasons = []string{"it was interrupted before its end"}
	both := diagnosed(unsafe())
	both.Processes, both.Server = 4, "MinIO 2026-02-12"
	for name, d := range map[string]Diagnosed{
		"diagnosed-safe": diagnosed(safe()), "diagnosed-limited": diagnosed(limited()), "diagnosed-unsafe": both, "diagnosed-interrupted": diagnosed(interrupted),
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := Formats["text"](&b, d, false); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.String())
		})
	}
}

// TestDiagnosedIssue: every deviation with its HTTP, and nothing of where the store is.
func TestDiagnosedIssue(t *testing.T) {
	d := diagnosed(unsafe())
	var b strings.Builder
	if err := Formats["markdown"](&b, d, false); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "diagnosed-issue.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("if it is meant, run go test ./reports -update: %s", diff)
	}
	for _, where := range []string{"127.0.0.1", "s3://changes", "/changes", "changes.", "archive"} {
		if strings.Contains(b.String(), where) {
			t.Errorf("it says where the store is: %s", where)
		}
	}
	if err := Formats["markdown"](&b, pageless{}, false); err == nil {
		t.Error("a document that has no Markdown was written as some")
	}
}

// pageless is a document that nobody has made a page of.
type pageless struct{}

func (pageless) Class() Class { return Passed }
func (pageless) Text(Text)    {}
func (pageless) Brief(Text)   {}

// TestDiagnosedClasses: what a diagnosis comes to, interrupted or not.
func TestDiagnosedClasses(t *testing.T) {
	for _, c := range []struct {
		verdict     doctor.Verdict
		interrupted bool
		class       Class
		word        string
	}{
		{doctor.Safe, false, Passed, "SAFE"},
		{doctor.SafeWithLimits, false, Passed, "SAFE WITH LIMITS"},
		{doctor.Unsafe, false, StoreAtFault, "UNSAFE"},
		{doctor.Unsafe, true, StoreAtFault, "UNSAFE"}, // the proof was whole
		{doctor.Inconclusive, false, Inconclusive, "INCONCLUSIVE"},
		{doctor.Inconclusive, true, Cut, "STOPPED"},
		{"", false, Inconclusive, "INCONCLUSIVE"},
	} {
		d := diagnosed(doctor.Diagnosis{Verdict: c.verdict, Interrupted: c.interrupted})
		if d.Class() != c.class || d.word() != c.word {
			t.Errorf("%s, interrupted %v: class %d, %s; want %d, %s", c.verdict, c.interrupted, d.Class(), d.word(), c.class, c.word)
		}
	}
}

// validate holds a document against a committed schema.
func validate(t testing.TB, committed, document []byte) {
	t.Helper()
	source, err := jsonschema.UnmarshalJSON(bytes.NewReader(committed))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", source); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Error(err)
	}
}

// TestDiagnosedMatchesItsSchema: all that a diagnosis can say, and every kind of fault.
func TestDiagnosedMatchesItsSchema(t *testing.T) {
	every := unsafe()
	every.Quick, every.Interrupted = true, true
	for _, f := range storefault.All() {
		every.Rows = append(every.Rows, doctor.Row{Name: string(f.Kind), Kind: f.Kind, Subject: f.Subject, Means: f.Means})
	}
	nothing := doctor.Diagnosis{
		Verdict: doctor.Inconclusive, Writes: doctor.LevelInconclusive, Reads: doctor.LevelInconclusive, Deletes: doctor.LevelInconclusive,
	}
	for _, d := range []doctor.Diagnosis{safe(), limited(), unsafe(), every, nothing} {
		var b bytes.Buffer
		if err := Formats["json"](&b, diagnosed(d), false); err != nil {
			t.Fatal(err)
		}
		validate(t, schema.Doctor, b.Bytes())
	}
}

// TestDiagnosedIssueHidesWhere: in what was answered, in errors and in the command too.
func TestDiagnosedIssueHidesWhere(t *testing.T) {
	for _, test := range []struct {
		name, store, endpoint, replay, said string
		again                               string
		hidden                              []string
	}{
		{"S3", "s3://changes/deep/down", "http://minio.internal:9000",
			"simulate doctor --store s3://changes/deep/down --endpoint http://minio.internal:9000 --budget 5m0s --quick --processes 4 --measure /home/me/store.yaml",
			`Put "http://minio.internal:9000/changes/deep/down/simulate-1/k": dial tcp 10.1.2.3:9000: refused; lookup minio.internal; put deep/down/simulate-1/k; x-minio: 1`,
			"`simulate doctor --store s3://BUCKET/PREFIX --endpoint http://HOST --budget 5m0s --quick --processes 4`",
			[]string{"minio.internal", "10.1.2.3", "changes", "deep", "/home/me"}},
		{"AWS", "s3://changes", "", "simulate doctor --store s3://changes",
			`Put "https://changes.s3.eu-central-1.amazonaws.com/k": refused`, "`simulate doctor --store s3://BUCKET`", []string{"changes"}},
		{"HTTP", "https://dav.internal/files/", "https://dav.internal/files/", "simulate doctor --store https://dav.internal/files/",
			`Put "https://dav.internal/files/simulate-1/k": refused; PUT /files/simulate-1/k`, "`simulate doctor --store https://HOST/PREFIX/`", []string{"internal", "files"}},
		{"Azure", "azblob://changes/p", "", "simulate doctor --store azblob://changes/p",
			`PUT https://mine.blob.core.windows.net/changes/p/simulate-1/k`, "`simulate doctor --store azblob://BUCKET/PREFIX`", []string{"mine", "changes", "/p/"}},
		{"Azurite", "azblob://changes/p", "http://127.0.0.1:10000/mine", "simulate doctor --store azblob://changes/p --endpoint http://127.0.0.1:10000/mine",
			`PUT http://127.0.0.1:10000/mine/changes/p/simulate-1/k`, "`simulate doctor --store azblob://BUCKET/PREFIX --endpoint http://HOST/ACCOUNT`", []string{"mine", "changes", "/p/"}},
		{"IPv6", "s3://changes/p", "http://[::1]:9000", "simulate doctor --store s3://changes/p --endpoint 'http://[::1]:9000'",
			`dial tcp [fe80::1%eth0]:9000: refused`, "--endpoint 'http://[HOST]:9000'`", []string{"::1", "fe80", "eth0", "changes"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := doctor.Diagnosis{Store: test.store, Verdict: doctor.Unsafe, Quick: true, Endpoints: []doctor.Endpoint{{URL: test.endpoint}}}
			found.Rows = []doctor.Row{{Name: "refused", Here: test.said, Kind: storefault.IgnoredCondition}, {Name: "not known", Here: test.said, Inconclusive: true}}
			found.Races = []doctor.Race{{Name: "update", Bad: 1, Races: 12, Kind: storefault.TwoWinners, Kinds: []storefault.Kind{storefault.TwoWinners}, Seen: test.said},
				{Name: "create", Races: 20, Inconclusive: test.said}}
			d := diagnosed(found)
			d.Replay = test.replay
			var b strings.Builder
			if err := Formats["markdown"](&b, d, false); err != nil {
				t.Fatal(err)
			}
			for _, where := range test.hidden {
				if strings.Contains(b.String(), where) {
					t.Errorf("it says %q", where)
				}
			}
			for _, want := range []string{test.again, "by a quick look at writes", "2 promises alone, 32 races of 2 kinds: the quick form"} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if t.Failed() {
				t.Log(b.String())
			}
		})
	}
}

// TestQuickFormIsSaid: the head must not be taken for that of the whole examination.
func TestQuickFormIsSaid(t *testing.T) {
	d := safe()
	d.Quick, d.Reads, d.Deletes = true, doctor.LevelInconclusive, doctor.LevelInconclusive
	var b strings.Builder
	if err := Formats["text"](&b, diagnosed(d), false); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "SAFE  (quick look at writes) ") || !strings.Contains(b.String(), "reads: not known; conditional deletes: not known") {
		t.Error(b.String())
	}
}
