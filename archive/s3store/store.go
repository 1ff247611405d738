// Package s3store is an archive.Store on S3, through aws-sdk-go-v2.
//
// It adds three things to the SDK: one request for each call, never more; an
// answer classified by its error code, so that the update loop can branch on it;
// and a deadline for each request. It holds no state but the client.
//
// # Why the SDK's retries are off
//
// The SDK's default retryer sends a write again after a reset, a timeout or a
// 5xx. If the first one had been applied, the second answers 412 to its own
// author, and the SDK cannot tell, because it cannot read back. The update loop
// can, and it retries. Retries below it would also multiply its own: three
// inside eight are twenty-four requests against a store that asks to slow down.
// So every client that a [Store] uses makes one attempt, whatever
// AWS_MAX_ATTEMPTS, AWS_RETRY_MODE or a shared config file say.
//
// Below the SDK, net/http may send a request again on another connection, but a
// write only if nothing of it had been sent.
package s3store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/archive/internal/exchange"
)

// Store keeps objects in a bucket, under a prefix. It is safe for concurrent
// use. Create one with [Open] or [New].
type Store struct {
	client  *s3.Client
	bucket  string
	prefix  string // "" or "…/"
	timeout time.Duration
	most    int64 // bytes of an object
	from    origins
}

var _ archive.Store = (*Store)(nil)

// New returns a store that uses the client's credentials, endpoint and
// transport, but never its retryer: see the package documentation. Each request
// may take [DefaultRequestTimeout]. An empty prefix is the whole bucket.
func New(client *s3.Client, bucket, prefix string) *Store {
	return &Store{
		client:  withoutRetries(client),
		bucket:  bucket,
		prefix:  asPrefix(prefix),
		timeout: DefaultRequestTimeout,
		most:    DefaultMaxObjectBytes,
	}
}

// withoutRetries returns a client that sends each request once and notes that
// it did. The options must be set here, on the client: a retryer given to the
// SDK's configuration is wrapped again if the environment sets a maximum.
func withoutRetries(client *s3.Client) *s3.Client {
	return s3.New(client.Options(), func(o *s3.Options) {
		o.Retryer = aws.NopRetryer{}
		o.RetryMaxAttempts = 0
		o.HTTPClient = sender{withoutRedirects(o.HTTPClient)}
		o.Logger = logging.Nop{} // it warns on stderr of what we return as errors
	})
}

// WithPrefix returns a store for the keys below sub, which shares the client.
func (s *Store) WithPrefix(sub string) *Store {
	t := *s
	t.prefix += asPrefix(sub)
	return &t
}

// WithRequestTimeout returns a store that shares the client and gives each request
// so much time, which must be positive.
func (s *Store) WithRequestTimeout(d time.Duration) *Store {
	t := *s
	t.timeout = d
	return &t
}

func asPrefix(p string) string {
	if p = strings.Trim(p, "/"); p == "" {
		return ""
	}
	return p + "/"
}

// Bucket returns the bucket's name.
func (s *Store) Bucket() string { return s.bucket }

// Prefix returns what stands before every key: "" or a path that ends in a slash.
func (s *Store) Prefix() string { return s.prefix }

// EventSource is where S3 events come from that tell of this store's objects.
func (s *Store) EventSource() delivery.S3Source {
	return delivery.S3Source{Bucket: s.bucket, Prefix: s.prefix}
}

// Get implements [archive.Store].
func (s *Store) Get(ctx context.Context, key string) (body []byte, etag string, err error) {
	r, ctx, err := s.begin(ctx, "get", key)
	if err != nil {
		return nil, "", err
	}
	defer r.End()
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &r.Key})
	if err != nil {
		return nil, "", r.classify(err)
	}
	defer out.Body.Close()
	body, err = exchange.ReadAll(out.Body, aws.ToInt64(out.ContentLength), s.most)
	if errors.Is(err, exchange.ErrTooLarge) { // it will be no smaller when it is read again
		return nil, "", r.Fail(err.Error(), nil, err)
	}
	if err != nil {
		return nil, "", r.classify(fmt.Errorf("reading the body: %w", err))
	}
	if aws.ToString(out.ETag) == "" {
		return nil, "", r.noETag()
	}
	return body, aws.ToString(out.ETag), nil
}

// Head implements [archive.Store]. A missing bucket looks like a missing key,
// because the answer to a HEAD carries no error code; [Store.Check] tells them apart.
func (s *Store) Head(ctx context.Context, key string) (etag string, err error) {
	r, ctx, err := s.begin(ctx, "head", key)
	if err != nil {
		return "", err
	}
	defer r.End()
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &r.Key})
	if err != nil {
		return "", r.classify(err)
	}
	if aws.ToString(out.ETag) == "" {
		return "", r.noETag()
	}
	return *out.ETag, nil
}

// Put implements [archive.Store].
func (s *Store) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (etag string, err error) {
	r, ctx, err := s.begin(ctx, "put", key)
	if err != nil {
		return "", err
	}
	defer r.End()
	in := &s3.PutObjectInput{
		Bucket:      &s.bucket,
		Key:         &r.Key,
		Body:        bytes.NewReader(body),
		ContentType: aws.String("application/json"),
	}
	if cond.IsAbsent() {
		in.IfNoneMatch = aws.String("*")
	} else if tag := cond.ETag(); tag != "" {
		in.IfMatch = &tag
	}
	out, err := s.client.PutObject(ctx, in)
	if err != nil {
		return "", r.classify(err)
	}
	if aws.ToString(out.ETag) == "" {
		return "", r.noETag()
	}
	return *out.ETag, nil
}

// Delete implements [archive.Store]. A condition must be [archive.IfMatch]:
// S3 has no delete that depends on absence.
func (s *Store) Delete(ctx context.Context, key string, cond archive.Condition) error {
	if cond.IsAbsent() {
		return fmt.Errorf("delete %s%s: %w condition %s: condition a delete on an ETag or on nothing",
			s.prefix, key, archive.ErrInvalid, cond)
	}
	r, ctx, err := s.begin(ctx, "delete", key)
	if err != nil {
		return err
	}
	defer r.End()
	in := &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &r.Key}
	if tag := cond.ETag(); tag != "" {
		in.IfMatch = &tag
	}
	if _, err := s.client.DeleteObject(ctx, in); err != nil {
		return r.classify(err)
	}
	return nil
}
