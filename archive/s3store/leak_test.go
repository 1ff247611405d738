package s3store_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a goroutine is left when all tests have ended. Against a server of its
// own the connections of a store that lives as long as its process are kept alive, and
// their goroutines with them.
func TestMain(m *testing.M) {
	if os.Getenv("HOLDFAST_TEST_ENDPOINT") != "" {
		os.Exit(m.Run())
	}
	goleak.VerifyTestMain(m)
}
