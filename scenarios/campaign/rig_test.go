package campaign

import (
	"path/filepath"
	"testing"

	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/storetest/broken"
	"holdfast/scenarios/measure"
)

// onPrefixes runs a test on each kind of prefix.
func onPrefixes(t *testing.T, test func(t *testing.T, p *Prefix)) {
	t.Run("memory", func(t *testing.T) { test(t, In(broken.NewMemory(), "mem://x")) })
	t.Run("directory", func(t *testing.T) {
		test(t, openAt(t, measure.Target{Store: filepath.Join(t.TempDir(), "a", "campaign")}))
	})
	t.Run("s3", func(t *testing.T) {
		server, err := fakes3.Start()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
		t.Setenv("AWS_ACCESS_KEY_ID", "test")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-test")
		t.Setenv("AWS_REGION", "us-east-1")
		test(t, openAt(t, measure.Target{Store: "s3://" + server.Bucket() + "/some/campaign/", Endpoint: server.Endpoint()}))
	})
}

func openAt(t *testing.T, target measure.Target) *Prefix {
	t.Helper()
	p, err := Open(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}
