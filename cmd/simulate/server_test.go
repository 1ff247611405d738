package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/reports"
	"holdfast/scenarios"
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
}

// onServers are the servers of .ci/with-server.
var onServers = map[string]onServer{
	"minio":           {exits: []int{exitPassed}, sound: true},
	"versitygw":       {exits: []int{exitPassed, exitStoreAtFault}, sound: true}, // the next body under the older ETag
	"gofakes3-memory": {exits: []int{exitPassed}, sound: true},
	"gofakes3-file":   {exits: []int{exitPassed, exitStoreAtFault}},
	"gofakes3-bolt":   {exits: []int{exitPassed, exitStoreAtFault}},
	// It ignores conditions, and so leaves some scenarios without a conflict.
	"s3rver": {exits: []int{exitPassed, exitStoreAtFault, exitInconclusive}},
}

// TestOnServer plays every scenario on a server that .ci/with-server has started.
func TestOnServer(t *testing.T) {
	name, bucket, endpoint := os.Getenv("HOLDFAST_TEST_SERVER"), os.Getenv("HOLDFAST_TEST_BUCKET"), os.Getenv("HOLDFAST_TEST_ENDPOINT")
	if name == "" {
		t.Skip("HOLDFAST_TEST_SERVER is not set: run make test-servers")
	}
	if bucket == "" {
		t.Skip("it is no S3 server")
	}
	want, ok := onServers[name]
	if !ok {
		t.Fatalf("nothing is expected of %s: add it to onServers", name)
	}
	on := []string{"--store", "s3://" + bucket + "/some/prefix", "--endpoint", endpoint}
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

// playedOn plays production, and the core that does not lock where a sound store shows it.
func playedOn(t *testing.T, scenario string, on []string, want onServer) {
	r := runOn(t, want.exits, scenario, on)
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
	if r := runOn(t, []int{exitViolated}, scenario, append(on, "--core", "unlocked")); r.Violated["I1"] == 0 {
		t.Errorf("unlocked: I1 is not violated, but %v", r.Violated)
	}
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
