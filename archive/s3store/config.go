package s3store

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive/internal/exchange"
	"holdfast/archive/redact"
)

// DefaultRequestTimeout is the deadline of a single request: 10 s.
const DefaultRequestTimeout = exchange.RequestTimeout

// DefaultMaxObjectBytes is 64 MiB, far above [archive.DefaultMaxBytes].
const DefaultMaxObjectBytes = exchange.MaxObjectBytes

// Config says where the objects are. What it leaves open (credentials, region,
// profile, proxy, CA bundle) comes from the SDK's own configuration: the AWS_*
// variables, the shared config files, the instance's role.
type Config struct {
	// Bucket is the bucket's name. Required; it must exist.
	Bucket string
	// Prefix stands before every key, separated by a slash. Empty is the whole
	// bucket. Leading and trailing slashes do not count.
	Prefix string
	// Endpoint is the URL of a server other than AWS, such as
	// http://127.0.0.1:9000. Empty leaves it to the SDK: AWS_ENDPOINT_URL_S3,
	// AWS_ENDPOINT_URL or the profile's, otherwise AWS. It is printed and recorded, so
	// there must be no user and password in it.
	Endpoint string
	// PathStyle says whether the bucket stands in the path or in the host name.
	// Zero is [PathStyleAuto].
	PathStyle PathStyle
	// RequestTimeout is the longest that one request may take, body included.
	// Zero is [DefaultRequestTimeout].
	RequestTimeout time.Duration
	// MaxObjectBytes is the largest object that is read; a larger one is a failure for
	// good. Zero is [DefaultMaxObjectBytes]. What is below the archive's Options.MaxBytes
	// would make documents that can be stored and not read.
	MaxObjectBytes int64
	// Transport sends the requests. Nil is a transport of the store's own, whose
	// pool keeps [IdleConnsPerHost] connections, that gives up dialling after
	// 5 s, and that honours AWS_CA_BUNDLE and the proxy variables. A Transport
	// given here is used as it is.
	Transport http.RoundTripper
	// Through, which may be nil, has requests pass through what it makes of the transport
	// that sends them: Transport, or the store's own with all that it honours.
	Through func(http.RoundTripper) http.RoundTripper
}

// IdleConnsPerHost is how many idle connections the own transport keeps to a host: 512.
const IdleConnsPerHost = exchange.IdleConnsPerHost

// anyRegion signs requests to a custom endpoint when no region is configured.
// Such servers accept any, and most name this one.
const anyRegion = "us-east-1"

// Validate reports the first field that cannot be right.
func (c Config) Validate() error {
	if err := validateBucket(c.Bucket); err != nil {
		return err
	}
	if strings.Contains(strings.Trim(c.Prefix, "/"), "//") {
		return fmt.Errorf("prefix %q: an empty path segment", c.Prefix)
	}
	if err := validateEndpoint(c.Endpoint); err != nil {
		return err
	}
	if c.PathStyle < PathStyleAuto || c.PathStyle > PathStyleOff {
		return fmt.Errorf("path style %d: want auto, on or off", c.PathStyle)
	}
	if c.RequestTimeout < 0 {
		return fmt.Errorf("request timeout %v: want 0 (the default, %v) or more", c.RequestTimeout, DefaultRequestTimeout)
	}
	if c.MaxObjectBytes < 0 {
		return fmt.Errorf("most bytes of an object %d: want 0 (the default, %d) or more", c.MaxObjectBytes, DefaultMaxObjectBytes)
	}
	return nil
}

// errUserInfo does not repeat the endpoint: what it has in it may be a password.
var errUserInfo = errors.New("the endpoint has a user or a password in it, which S3 does not use: take out all up to the @, " +
	"and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")

// errQuery does not repeat the endpoint either: signed URLs have their signature there.
var errQuery = errors.New("the endpoint has a query or a fragment, which S3 does not use: take out all from the ? or # on")

// validateEndpoint reports why a URL can't be an endpoint; none is AWS.
func validateEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	if strings.Contains(endpoint, "@") { // no host and no path of an endpoint has one
		return errUserInfo
	}
	if strings.ContainsAny(endpoint, "?#") {
		return errQuery
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("endpoint %q: want a URL such as http://127.0.0.1:9000", redact.Text(endpoint))
	}
	return nil
}

// validateBucket catches what is certainly no bucket name. The rest is the
// server's to say: not all follow the rules of AWS.
func validateBucket(name string) error {
	switch {
	case name == "":
		return errors.New("no bucket is given")
	case strings.ContainsAny(name, ":@"): // not repeated: a password may be a part of it
		return errors.New("a bucket's name has no : and no @, and nobody's user and password stand before it: want a name such as my-bucket")
	case len(name) > 255 || strings.ContainsAny(name, "/\\ \t\r\n?#%"):
		return fmt.Errorf("bucket %q: want a name such as my-bucket", redact.Text(name))
	}
	return nil
}

// ParseURL splits s3://bucket/prefix. The prefix may be empty.
func ParseURL(store string) (bucket, prefix string, err error) {
	const want = "want s3://bucket or s3://bucket/prefix"
	rest, ok := strings.CutPrefix(store, "s3://")
	if !ok {
		return "", "", fmt.Errorf("store %q: %s", redact.Text(store), want)
	}
	bucket, prefix, _ = strings.Cut(rest, "/")
	prefix = strings.Trim(prefix, "/")
	if err := (Config{Bucket: bucket, Prefix: prefix}).Validate(); err != nil {
		return "", "", fmt.Errorf("store: %w: %s", err, want)
	}
	return bucket, prefix, nil
}

// Open returns a store as configured. It reads the SDK's configuration and
// sends nothing; see [Store.Check].
func Open(ctx context.Context, c Config) (*Store, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	ambient, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(pooledClient()))
	if err != nil {
		return nil, &checkError{what: fmt.Sprintf("open s3://%s: the AWS configuration is not usable: %s",
			c.Bucket, exchange.OneLine(err.Error())), cause: err}
	}
	client := s3.NewFromConfig(ambient, c.apply)
	if client.Options().Region == "" {
		return nil, fmt.Errorf("open s3://%s: no AWS region is configured: set AWS_REGION, or give an endpoint", c.Bucket)
	}
	if err := validateEndpoint(aws.ToString(client.Options().BaseEndpoint)); err != nil { // of the environment or a profile
		return nil, fmt.Errorf("open s3://%s: %w", c.Bucket, err)
	}
	s := New(client, c.Bucket, c.Prefix)
	s.from = originsOf(c, ambient)
	if c.RequestTimeout > 0 {
		s.timeout = c.RequestTimeout
	}
	if c.MaxObjectBytes > 0 {
		s.most = c.MaxObjectBytes
	}
	return s, nil
}

// pooledClient is the SDK's own kind of client, because the SDK can add a CA
// bundle to no other.
func pooledClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(exchange.Dialer).
		WithTransportOptions(exchange.Pooled)
}

func (c Config) apply(o *s3.Options) {
	if c.Endpoint != "" {
		o.BaseEndpoint = aws.String(c.Endpoint)
	}
	custom := o.BaseEndpoint != nil
	if custom && o.Region == "" {
		o.Region = anyRegion
	}
	o.UsePathStyle = c.PathStyle == PathStyleOn || c.PathStyle == PathStyleAuto && custom
	// Checksums in trailers are unknown to many servers other than AWS, and the
	// body's hash is signed anyway.
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	if c.Transport != nil {
		o.HTTPClient = &http.Client{Transport: c.Transport}
	}
	if plain, ok := plainClient(o.HTTPClient); ok && c.Through != nil {
		through := *plain
		through.Transport = c.Through(plain.Transport)
		o.HTTPClient = &through
	}
}

// PathStyle says where a request names the bucket.
type PathStyle int

// The path styles.
const (
	PathStyleAuto PathStyle = iota // on with a custom endpoint, which seldom has a host name for each bucket
	PathStyleOn                    // http://host/bucket/key
	PathStyleOff                   // http://bucket.host/key
)

var pathStyles = [...]string{"auto", "on", "off"}

var (
	_ encoding.TextMarshaler   = PathStyle(0)
	_ encoding.TextUnmarshaler = (*PathStyle)(nil)
)

// ParsePathStyle reads auto, on or off.
func ParsePathStyle(text string) (PathStyle, error) {
	for i, name := range pathStyles {
		if text == name {
			return PathStyle(i), nil
		}
	}
	return 0, fmt.Errorf("path style %q: want auto, on or off", text)
}

// String returns auto, on or off.
func (p PathStyle) String() string {
	if p < 0 || int(p) >= len(pathStyles) {
		return fmt.Sprintf("PathStyle(%d)", int(p))
	}
	return pathStyles[p]
}

// MarshalText implements [encoding.TextMarshaler].
func (p PathStyle) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (p *PathStyle) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePathStyle(string(text))
	return err
}
