//go:build !browser

package web

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a goroutine is left when all tests have ended. The tests with a
// browser have a TestMain of their own, which ends it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
