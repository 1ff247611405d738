package profile

import (
	"os"
	"testing"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
)

// TestMeasuresRealStores: what was measured is a profile, and nothing is left behind.
func TestMeasuresRealStores(t *testing.T) {
	for name, store := range realStores(t) {
		t.Run(name, func(t *testing.T) {
			m, err := Measure(t.Context(), store, Config{})
			if err != nil {
				t.Fatal(err)
			}
			text, err := m.Profile.Encode()
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s", text)
			for _, f := range m.Fit {
				t.Logf("%-30s measured %8.2f predicted %8.2f (%.2f to %.2f) %v", f.Name, f.Measured, f.Predicted, f.Low, f.High, f.Agrees)
			}
			if sent := m.Profile.Source.Requests; sent > DefaultRequests {
				t.Errorf("%d requests", sent)
			}
			if lister, ok := store.(archive.Lister); ok {
				left, err := lister.List(t.Context(), "profile-", "")
				if err != nil || len(left) > 0 {
					t.Errorf("%v is left, %v", left, err)
				}
			}
		})
	}
}

func realStores(t *testing.T) map[string]archive.Store {
	t.Helper()
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	all := map[string]archive.Store{"embedded": server.Store()}
	if endpoint := os.Getenv("HOLDFAST_TEST_ENDPOINT"); endpoint != "" {
		store, err := s3store.Open(t.Context(), s3store.Config{Bucket: os.Getenv("HOLDFAST_TEST_BUCKET"), Endpoint: endpoint, Prefix: "measured/"})
		if err != nil {
			t.Fatal(err)
		}
		all["endpoint"] = store
	}
	return all
}
