package s3store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive/s3store"
)

// TestEndpointPassword: endpoints are printed by Check and recorded in results, so one
// with a password is refused, by an error that does not repeat it.
func TestEndpointPassword(t *testing.T) {
	for _, c := range []struct{ given, ambient string }{
		{"http://user:sekret@127.0.0.1:9", ""}, {"user:sekret@127.0.0.1:9", ""}, {"http://user:sekret@[", ""},
		{"", "http://user:sekret@127.0.0.1:9"},
	} {
		cleanEnv(t)
		t.Setenv("AWS_ENDPOINT_URL", c.ambient)
		_, err := s3store.Open(t.Context(), s3store.Config{Bucket: "b", Endpoint: c.given})
		if err == nil || strings.Contains(err.Error(), "sekret") || !strings.Contains(err.Error(), "take out all up to the @") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestEndpointPasswordOfClient: nor does the password of a client that was made elsewhere
// get out.
func TestEndpointPasswordOfClient(t *testing.T) {
	l := listen(t)
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := s3store.New(s3.New(s3.Options{
		BaseEndpoint: aws.String("http://user:sekret@" + address), UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
	}), "b", "")
	err := s.Check(t.Context())
	if err == nil {
		t.Fatal("nobody answers, and Check is content")
	}
	texts := fmt.Sprintf("%v %+v", err, s.Settings())
	for ; err != nil; err = errors.Unwrap(err) {
		texts += " " + err.Error()
	}
	if strings.Contains(texts, "sekret") || !strings.Contains(texts, "at http://"+address) || s.Settings().Endpoint != "http://"+address {
		t.Error(texts)
	}
}
