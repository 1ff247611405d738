package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/doctor"
	"holdfast/scenarios/measure"
)

// onServer is what is expected on a server.
type onServer struct {
	// exits are those of the production core, whatever the scenario. A violation is never
	// among them: what a server does is not the core's fault.
	exits []int
	// sound: the server keeps its promises about writes, so that a core that does not lock is
	// found out on it.
	sound bool
	// refused: run finds out by itself that it can't be trusted.
	refused bool
	// verdicts are what doctor may say; and of what the server surely does wrong, its level.
	verdicts               []doctor.Verdict
	writes, reads, deletes []doctor.Level
}

var (
	fine    = []doctor.Level{doctor.LevelSafe}
	warned  = []doctor.Level{doctor.LevelWarn}
	perhaps = []doctor.Level{doctor.LevelSafe, doctor.LevelWarn} // by chance
	bad     = []doctor.Level{doctor.LevelUnsafe}
	bounded = []doctor.Verdict{doctor.SafeWithLimits}
	unsafe  = []doctor.Verdict{doctor.Unsafe}
)

// onServers are the servers of .ci/with-server.
var onServers = map[string]onServer{
	"minio": {exits: []int{exitPassed}, sound: true,
		verdicts: bounded, writes: fine, reads: fine, deletes: warned},
	"versitygw": {exits: []int{exitPassed, exitStoreAtFault}, sound: true, // the next body under the older ETag
		verdicts: bounded, writes: fine, reads: perhaps, deletes: warned},
	"gofakes3-memory": {exits: []int{exitPassed}, sound: true,
		verdicts: bounded, writes: fine, reads: fine, deletes: warned},
	"gofakes3-file": {exits: []int{exitPassed, exitStoreAtFault}, // a PUT that is cut off replaces what is there, which no quick look tries
		verdicts: unsafe, deletes: warned},
	"gofakes3-bolt": {exits: []int{exitPassed, exitStoreAtFault},
		verdicts: unsafe, reads: bad, deletes: warned},
	// It ignores conditions, and so leaves some scenarios without a conflict.
	"s3rver": {exits: []int{exitPassed, exitStoreAtFault, exitInconclusive}, refused: true,
		verdicts: unsafe, writes: bad, reads: bad, deletes: warned},
	"lighttpd": {exits: []int{exitPassed}, sound: true,
		verdicts: []doctor.Verdict{doctor.Safe, doctor.SafeWithLimits}, writes: fine, reads: fine, deletes: perhaps},
	"azurite": {exits: []int{exitPassed}, sound: true,
		verdicts: []doctor.Verdict{doctor.Safe, doctor.SafeWithLimits}, writes: fine, reads: fine, deletes: perhaps},
	"nginx": {refused: true, verdicts: unsafe, writes: bad}, // it ignores conditions, and answers no PUT with an ETag
}

// TestOnServer plays every scenario on a server that .ci/with-server has started.
func TestOnServer(t *testing.T) {
	want, on := expected(t)
	bucket, endpoint := os.Getenv("HOLDFAST_TEST_BUCKET"), os.Getenv("HOLDFAST_TEST_ENDPOINT")
	if bucket == "" {
		t.Skip("it is no S3 server")
	}
	bystander(t, endpoint, bucket)
	before := objects(t, endpoint, bucket)
	if len(before) == 0 {
		t.Fatal("the bystander is not in the bucket")
	}
	unchanged := func(t *testing.T) {
		t.Helper()
		if after := objects(t, endpoint, bucket); !slices.Equal(before, after) {
			t.Errorf("the bucket has changed:\nbefore %v\nafter  %v", before, after)
		}
	}
	t.Run("scenarios", func(t *testing.T) {
		for _, scenario := range scenarios.Names() {
			t.Run(scenario, func(t *testing.T) {
				t.Parallel() // most of them wait most of the time
				playedOn(t, scenario, on, want)
			})
		}
	})
	unchanged(t)
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		args := append([]string{"run", "sustained-contention", "--duration", "1m", "--out", t.TempDir()}, on...)
		code, stdout, stderr := simulateIn(ctx, args...)
		if code != exitInterrupted && (want.sound || code != exitStoreAtFault) {
			t.Errorf("exit %d, want %d\n%s%s", code, exitInterrupted, stdout, stderr)
		}
		unchanged(t)
	})
}

// expected is what is expected of the server that the environment names, and the flags that
// lead to it.
func expected(t *testing.T) (want onServer, on []string) {
	t.Helper()
	name := os.Getenv("HOLDFAST_TEST_SERVER")
	if name == "" {
		t.Skip("HOLDFAST_TEST_SERVER is not set: run make test-servers")
	}
	want, ok := onServers[name]
	if !ok {
		t.Fatalf("nothing is expected of %s: add it to onServers", name)
	}
	store := os.Getenv("HOLDFAST_TEST_STORE")
	if !strings.HasPrefix(store, "http://") { // where a folder must have been made
		store += "/some/prefix"
	}
	on = []string{"--store", store}
	if endpoint := os.Getenv("HOLDFAST_TEST_ENDPOINT"); endpoint != "" {
		on = append(on, "--endpoint", endpoint)
	}
	return want, on
}

// playedOn plays production, and the core that does not lock where a sound store shows it.
func playedOn(t *testing.T, scenario string, on []string, want onServer) {
	flags := on
	if !want.sound {
		flags = append(slices.Clone(on), "--skip-check") // which would end it
	}
	r := runOn(t, want.exits, scenario, flags)
	c := r.Counts
	t.Logf("%s: %d operations, %d writes, %d × 412, %d × 409, %d gave up, attempts max %d",
		r.Verdict, c.Operations, c.Puts, c.Conflicts412, c.Conflicts409, c.Exhausted, r.Attempts.Max)
	s, err := scenarios.Open(scenario)
	if err != nil {
		t.Fatal(err)
	}
	if !want.sound || !slices.Contains(s.Expect.Violations["unlocked"], "I1") {
		return
	}
	// One repetition may go well by chance: every seventh of group-commit does.
	const tries = 6
	for range tries {
		if runOn(t, []int{exitViolated, exitPassed}, scenario, append(slices.Clone(on), "--core", "unlocked")).Violated["I1"] > 0 {
			return
		}
	}
	t.Errorf("unlocked: I1 is not violated in %d repetitions", tries)
}

func runOn(t *testing.T, exits []int, scenario string, flags []string) measure.Measurement {
	t.Helper()
	args := slices.Concat([]string{"run", scenario, "--json", "--out", t.TempDir()}, flags)
	code, stdout, stderr := simulate(t, args...)
	if !slices.Contains(exits, code) {
		t.Fatalf("%v: exit %d, want one of %d\n%s%s", args, code, exits, stdout, stderr)
	}
	var r reports.Result
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || len(r.Runs) != 1 {
		t.Fatalf("%v: no result document (%v):\n%s", args, err, stdout)
	}
	return r.Runs[0]
}

// bystander puts an object beside the runs' prefix that they must leave alone.
func bystander(t *testing.T, endpoint, bucket string) {
	t.Helper()
	store, err := s3store.Open(t.Context(), s3store.Config{Bucket: bucket, Endpoint: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	const key = "some/prefix/archive/CHG-12345.json"
	if _, err := store.Put(t.Context(), key, []byte("not yours"), archive.Condition{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Delete(context.WithoutCancel(t.Context()), key, archive.Condition{}); err != nil {
			t.Error(err)
		}
	})
}

// objects lists everything in the bucket, with ETags.
func objects(t *testing.T, endpoint, bucket string) []string {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle = aws.String(endpoint), true
	})
	var all []string
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			all = append(all, fmt.Sprintf("%s %s", aws.ToString(o.Key), aws.ToString(o.ETag)))
		}
	}
	return all
}

// TestRefusedOnServer: a run trusts nothing to a server that is seen at once to break promises.
func TestRefusedOnServer(t *testing.T) {
	want, on := expected(t)
	if !want.refused {
		t.Skip("it is seen under load only, if at all")
	}
	code, stdout, stderr := simulate(t, append([]string{"run", "two-users", "--out", t.TempDir()}, on...)...)
	if code != exitStoreAtFault || !strings.Contains(stderr, "can't be trusted") {
		t.Errorf("exit %d, want %d\n%s%s", code, exitStoreAtFault, stdout, stderr)
	}
}

// TestDoctorOnServer: what can be trusted to it, in a minute, and in five seconds what must not.
func TestDoctorOnServer(t *testing.T) {
	want, on := expected(t)
	d := diagnosed(t, on)
	t.Logf("%s in %.1f s, %d requests: writes %s, reads %s, deletes %s", d.Verdict, d.Seconds, d.Requests, d.Writes, d.Reads, d.Deletes)
	if d.Verdict == doctor.Inconclusive && want.sound && d.Seconds > doctor.DefaultBudget.Seconds() {
		t.Logf("the machine is too busy to tell: %q", d.Reasons)
		return
	}
	if !slices.Contains(want.verdicts, d.Verdict) {
		t.Errorf("%s, want one of %s: limits %q, reasons %q", d.Verdict, want.verdicts, d.Limits, d.Reasons)
	}
	for _, level := range []struct {
		of   string
		is   doctor.Level
		want []doctor.Level
	}{{"writes", d.Writes, want.writes}, {"reads", d.Reads, want.reads}, {"deletes", d.Deletes, want.deletes}} {
		if len(level.want) > 0 && !slices.Contains(level.want, level.is) {
			t.Errorf("%s are %s, want one of %s", level.of, level.is, level.want)
		}
	}
	if d.Seconds > doctor.DefaultBudget.Seconds()+1 {
		t.Errorf("it took %.1f s", d.Seconds)
	}
}

func TestQuickDoctorOnServer(t *testing.T) {
	want, on := expected(t)
	d := diagnosed(t, append(on, "--quick"))
	t.Logf("%s in %.1f s, %d requests: writes %s", d.Verdict, d.Seconds, d.Requests, d.Writes)
	if len(want.writes) > 0 && !slices.Contains(want.writes, d.Writes) || d.Seconds > doctor.QuickBudget.Seconds()+1 {
		t.Errorf("writes are %s, want %s, after %.1f s: %q", d.Writes, want.writes, d.Seconds, d.Reasons)
	}
}

func diagnosed(t *testing.T, on []string) reports.Diagnosed {
	t.Helper()
	args := slices.Concat([]string{"doctor", "--json", "--out", t.TempDir()}, on)
	code, stdout, stderr := simulate(t, args...)
	var d reports.Diagnosed
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatalf("%v: exit %d, no document (%v):\n%s%s", args, code, err, stdout, stderr)
	}
	exits := map[doctor.Verdict]int{
		doctor.Safe: exitPassed, doctor.SafeWithLimits: exitPassed, doctor.Unsafe: exitStoreAtFault, doctor.Inconclusive: exitInconclusive,
	}
	if code != exits[d.Verdict] {
		t.Errorf("exit %d of %s", code, d.Verdict)
	}
	return d
}
