package s3store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
	"holdfast/archive/wire"
)

var _ wire.Sender = (*Store)(nil)

// Send implements [wire.Sender]: one request as it is wanted, signed with the store's
// credentials, for whoever wants to see what a server does. Directory buckets (S3 Express
// One Zone) have sessions of their own, for which it does not sign.
func (s *Store) Send(ctx context.Context, r wire.Request) (wire.Answer, error) {
	key := s.prefix + r.Key
	failed := func(err error) error {
		return fmt.Errorf("%s %s: %w", strings.ToLower(r.Method), key, err)
	}
	sending, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	answer, err := s.sendOnce(sending, r, archive.WallClock{}.Now())
	if err == nil && answer.Code() == "RequestTimeTooSkewed" {
		if now, unreadable := http.ParseTime(answer.Header.Get("Date")); unreadable == nil {
			answer, err = s.sendOnce(sending, r, now)
		}
	}
	switch {
	case errors.Is(err, wire.ErrCut):
		return answer, failed(wire.ErrCut)
	case err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return answer, failed(fmt.Errorf("no answer within %v", s.timeout))
	case err != nil:
		return answer, failed(errors.New(essence(err)))
	}
	return answer, nil
}

func (s *Store) sendOnce(ctx context.Context, r wire.Request, now time.Time) (wire.Answer, error) {
	req, err := s.request(ctx, r)
	if err != nil {
		return wire.Answer{}, err
	}
	o := s.client.Options()
	credentials, err := o.Credentials.Retrieve(ctx)
	if err != nil {
		return wire.Answer{}, err
	}
	sum := sha256.Sum256(r.Body)
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(ctx, credentials, req, hash, "s3", o.Region, now); err != nil {
		return wire.Answer{}, err
	}
	resp, err := o.HTTPClient.Do(req)
	if err != nil {
		return wire.Answer{}, err
	}
	defer resp.Body.Close()
	return wire.ReadAnswer(resp)
}

// request is the request without its signature, to where the SDK would send it.
func (s *Store) request(ctx context.Context, r wire.Request) (*http.Request, error) {
	o := s.client.Options()
	at, err := o.EndpointResolverV2.ResolveEndpoint(ctx, s3.EndpointParameters{
		Bucket: &s.bucket, Region: &o.Region, Endpoint: o.BaseEndpoint, ForcePathStyle: &o.UsePathStyle,
	})
	if err != nil {
		return nil, err
	}
	u := at.URI
	if path := strings.TrimSuffix(u.EscapedPath(), "/"); r.Bucket {
		u.RawPath = path + "/"
	} else {
		u.RawPath = path + "/" + escaped(s.prefix+r.Key)
	}
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
		return nil, err
	}
	u.RawQuery = strings.ReplaceAll(r.Query.Encode(), "+", "%20")
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), wire.BodyOf(r))
	if err != nil {
		return nil, err
	}
	req.ContentLength = int64(len(r.Body))
	if len(r.Body) == 0 {
		req.Body = http.NoBody
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	return req, nil
}

// escaped is a key as it stands in a path: S3 signs all but letters, digits and - . _ ~ /
// as escapes.
func escaped(key string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
	var b strings.Builder
	for i := range len(key) {
		if c := key[i]; strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
