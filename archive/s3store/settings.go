package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Settings is what decides how requests are sent. A result records it, because
// the SDK's defaults change between versions.
type Settings struct {
	SDKVersion       string `json:"sdk_version"`        // of aws-sdk-go-v2
	S3Version        string `json:"s3_version"`         // of its module service/s3
	Retryer          string `json:"retryer"`            // the SDK's, by its type
	MaxAttempts      int    `json:"max_attempts"`       // requests that the SDK makes for one call
	RequestTimeoutMS int64  `json:"request_timeout_ms"` // of each request
	Checksums        string `json:"checksums"`          // of requests: when_required or when_supported
	Region           string `json:"region"`             // that requests are signed for
	Endpoint         string `json:"endpoint"`           // "" is AWS
	PathStyle        bool   `json:"path_style"`         // in effect
}

// Settings returns what is in effect.
func (s *Store) Settings() Settings {
	o := s.client.Options()
	checksums := "when_supported"
	if o.RequestChecksumCalculation == aws.RequestChecksumCalculationWhenRequired {
		checksums = "when_required"
	}
	return Settings{
		SDKVersion:       aws.SDKVersion,
		S3Version:        s3Version(),
		Retryer:          fmt.Sprintf("%T", o.Retryer),
		MaxAttempts:      o.Retryer.MaxAttempts(),
		RequestTimeoutMS: s.timeout.Milliseconds(),
		Checksums:        checksums,
		Region:           o.Region,
		Endpoint:         withoutUser(aws.ToString(o.BaseEndpoint)),
		PathStyle:        o.UsePathStyle,
	}
}

// withoutUser is an endpoint as it may be printed: that of a client made elsewhere may
// have a password.
func withoutUser(endpoint string) string {
	if at := strings.LastIndexByte(endpoint, '@'); at >= 0 {
		scheme, _, _ := strings.Cut(endpoint, "//")
		return scheme + "//" + endpoint[at+1:]
	}
	return endpoint
}

// s3Version reads the module's version from the User-Agent of a request that is
// never sent. The module does not export it, and the build information of a
// test binary lists no modules.
var s3Version = sync.OnceValue(func() string {
	var found string
	client := s3.New(s3.Options{
		Region:     anyRegion,
		Retryer:    aws.NopRetryer{},
		HTTPClient: captured(func(r *http.Request) { found = r.UserAgent() }),
	})
	_, _ = client.HeadBucket(context.Background(), &s3.HeadBucketInput{Bucket: aws.String("none")})
	if _, after, ok := strings.Cut(found, "api/s3#"); ok {
		version, _, _ := strings.Cut(after, " ")
		return version
	}
	return "unknown"
})

type captured func(*http.Request)

func (f captured) Do(r *http.Request) (*http.Response, error) {
	f(r)
	return nil, errors.New("captured")
}
