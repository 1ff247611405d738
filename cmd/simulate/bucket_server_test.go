package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"holdfast/archive"
	"holdfast/archive/s3store"
)

// TestBucketOfOthersOnServer: whatever the server is, and whatever becomes of runs, what others
// have in the bucket is there after clean, and nothing else.
func TestBucketOfOthersOnServer(t *testing.T) {
	endpoint := os.Getenv("HOLDFAST_TEST_ENDPOINT")
	if os.Getenv("HOLDFAST_TEST_SERVER") == "" {
		t.Skip("HOLDFAST_TEST_SERVER is not set: run make test-servers")
	}
	if store := os.Getenv("HOLDFAST_TEST_STORE"); !strings.HasPrefix(store, "s3://") {
		t.Skipf("%s is no bucket", store)
	}
	for bucket, status := range map[string]types.BucketVersioningStatus{
		"plain-bucket": "", "versioned-bucket": types.BucketVersioningStatusEnabled, "suspended-bucket": types.BucketVersioningStatusSuspended,
	} {
		t.Run(bucket, func(t *testing.T) {
			s := bucketOfOthers(t, endpoint, bucket, status)
			flags := []string{"--store", "s3://" + bucket + "/some/prefix", "--endpoint", endpoint}
			playing := append(slices.Clone(flags), "--skip-check", "--out", t.TempDir())
			before := held(t, s)
			unchanged := func(after string) {
				t.Helper()
				if now := held(t, s); !slices.Equal(before, now) {
					t.Fatalf("%s has changed the bucket:\nbefore %v\nafter  %v", after, before, now)
				}
			}
			for _, args := range []string{"two-users --core unlocked", "create-race --runs 3", "delete-race", "redelivery", "sustained-contention --max-requests 300"} {
				if code, _, stderr := simulate(t, slices.Concat([]string{"run"}, strings.Fields(args), playing)...); code == exitCouldNotRun {
					t.Errorf("%s: exit %d: %s", args, code, stderr)
				}
				unchanged(args)
			}
			code, output := interrupted(t, time.Second, slices.Concat([]string{"run", "sustained-contention", "--duration", "1m"}, playing)...)
			unchanged("an interrupt")
			if !strings.Contains(output, "interrupted: removing") {
				t.Errorf("exit %d; it does not say that it cleans up:\n%s", code, output)
			}
			for range 3 {
				now := len(held(t, s))
				killed(t, func() bool { return len(held(t, s)) > now+1 }, slices.Concat([]string{"run", "sustained-contention", "--duration", "1m"}, playing)...)
			}
			if c := cleaned(t, exitPassed, append(flags, "--yes", "--force")...); len(c.Runs) < 3 {
				t.Errorf("found %+v", c)
			}
			unchanged("clean")
		})
	}
}

// bucketOfOthers makes a bucket with objects of others, some of them twice.
func bucketOfOthers(t *testing.T, endpoint, bucket string, status types.BucketVersioningStatus) *s3store.Store {
	t.Helper()
	ambient, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := s3.NewFromConfig(ambient, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = aws.String(endpoint), true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	if status != "" {
		_, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: status}})
		if refused, ok := errors.AsType[smithy.APIError](err); ok {
			t.Skipf("the server keeps no versions: %s", refused.ErrorCode())
		} else if err != nil {
			t.Fatal(err)
		}
	}
	s := s3store.New(client, bucket, "")
	for _, key := range []string{"some/prefix/archive/CHG-12345.json", "some/prefix/simulate-0123456789/hers", "some/prefix/simulate-latest", "other", "other"} {
		if _, err := s.Put(t.Context(), key, []byte("not yours"), archive.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}
