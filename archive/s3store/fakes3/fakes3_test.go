package fakes3_test

import (
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
)

// TestEnvironmentIsIgnored: a run against the embedded server can never reach a
// real bucket.
func TestEnvironmentIsIgnored(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL":      "http://127.0.0.1:1",
		"AWS_ENDPOINT_URL_S3":   "http://127.0.0.1:1",
		"AWS_PROFILE":           "nonsense",
		"AWS_REGION":            "nowhere",
		"AWS_ACCESS_KEY_ID":     "somebody's",
		"AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_CONFIG_FILE":       os.DevNull,
		"AWS_CA_BUNDLE":         "/nonsense",
		"AWS_MAX_ATTEMPTS":      "9",
		"HTTP_PROXY":            "http://127.0.0.1:1",
		"http_proxy":            "http://127.0.0.1:1",
		"ALL_PROXY":             "http://127.0.0.1:1",
		"NO_PROXY":              "",
	} {
		t.Setenv(name, value)
	}
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s := server.Store()
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "k", []byte("body"), archive.IfAbsent()); err != nil {
		t.Error(err)
	}
	_, err = server.Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(server.Bucket()), Key: aws.String("k")})
	if err != nil {
		t.Error(err)
	}
	got := s.Settings()
	if got.Endpoint != server.Endpoint() || got.Region != "us-east-1" || got.MaxAttempts != 1 || !got.PathStyle {
		t.Errorf("settings: %+v", got)
	}
}

func TestServersAreApart(t *testing.T) {
	one, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	if _, err := one.Store().Put(t.Context(), "k", nil, archive.IfAbsent()); err != nil {
		t.Error(err)
	}
	if _, err := two.Store().Put(t.Context(), "k", nil, archive.IfAbsent()); err != nil {
		t.Error(err)
	}
}

func TestClose(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := server.Store().Check(t.Context()); err == nil {
		t.Error("a closed server answers")
	}
}
