//go:build !browser

package web

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a goroutine is left when all tests have ended. Those in a browser
// have a TestMain of their own.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
