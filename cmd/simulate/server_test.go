package main

import (
	"context"
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
	"holdfast/scenarios"
)

// TestOnServer plays every scenario against a real server, which
// HOLDFAST_TEST_ENDPOINT and HOLDFAST_TEST_BUCKET name; credentials come from
// the environment. `make test-servers` starts MinIO for it.
func TestOnServer(t *testing.T) {
	endpoint, bucket := os.Getenv("HOLDFAST_TEST_ENDPOINT"), os.Getenv("HOLDFAST_TEST_BUCKET")
	if endpoint == "" {
		t.Skip("HOLDFAST_TEST_ENDPOINT is not set: run make test-servers")
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
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			r := result(t, exitPassed, append([]string{"run", name}, on...)...)
			c := r.Runs[0].Counts
			t.Logf("%d operations, %d writes, %d × 412, %d × 409, %d gave up, attempts max %d",
				c.Operations, c.Puts, c.Conflicts412, c.Conflicts409, c.Exhausted, r.Runs[0].Attempts.Max)
			unchanged(t)
		})
		s, err := scenarios.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(s.Expect.Violations["unlocked"], "I1") {
			continue
		}
		t.Run(name+" unlocked", func(t *testing.T) {
			r := result(t, exitViolated, append([]string{"run", name, "--core", "unlocked"}, on...)...)
			if r.Runs[0].Violated["I1"] == 0 {
				t.Errorf("I1 is not violated, but %v", r.Runs[0].Violated)
			}
			unchanged(t)
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		args := append([]string{"run", "sustained-contention", "--duration", "1m", "--out", t.TempDir()}, on...)
		if code, stdout, stderr := simulateIn(ctx, args...); code != exitInterrupted {
			t.Errorf("exit %d, want %d\n%s%s", code, exitInterrupted, stdout, stderr)
		}
		unchanged(t)
	})
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
