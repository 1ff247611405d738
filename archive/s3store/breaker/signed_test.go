package breaker_test

import (
	"crypto/rand"
	"errors"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"

	"holdfast/archive"
	"holdfast/archive/s3store/breaker"
)

// TestSignedOnServer: before a server that verifies signatures, a condition can't be taken
// away but by who can sign.
func TestSignedOnServer(t *testing.T) {
	verifies := map[string]bool{"minio": true, "versitygw": true}
	if !verifies[os.Getenv("HOLDFAST_TEST_SERVER")] {
		t.Skip("HOLDFAST_TEST_SERVER names no server that verifies signatures: run make test-servers")
	}
	ambient, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := breaker.Config{Upstream: os.Getenv("HOLDFAST_TEST_ENDPOINT"), Fault: "ignored-condition"}
	for _, signs := range []bool{true, false} {
		if c.Sign = nil; signs {
			c.Sign = breaker.Signer(ambient.Credentials, ambient.Region)
		}
		s, proxy := as(t, ambient.Credentials, c)
		key := "breaker-test-" + rand.Text()
		if _, err := s.Put(t.Context(), key, []byte("first"), archive.Condition{}); err != nil {
			t.Fatalf("unchanged: %v", err)
		}
		_, err := s.Put(t.Context(), key, []byte("second"), archive.IfAbsent())
		if signs != (err == nil) || errors.Is(err, archive.ErrPreconditionFailed) || proxy.Broken() != 1 {
			t.Errorf("signs: %t: %d broken: %v", signs, proxy.Broken(), err)
		}
		if err := s.Delete(t.Context(), key, archive.Condition{}); err != nil {
			t.Error(err)
		}
	}
}
