package s3store

import (
	"context"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive/internal/exchange"
	"holdfast/archive/wire"
)

// request is one request under way.
type request struct{ *exchange.Exchange }

// begin returns the context to send with. Its error is that of a context which
// had ended before anything was sent.
func (s *Store) begin(ctx context.Context, op, key string) (request, context.Context, error) {
	x, ctx, err := exchange.Begin(ctx, op, s.prefix+key, op == "put" || op == "delete", s.timeout)
	return request{x}, ctx, err
}

// sender is the HTTP client below the SDK.
type sender struct {
	next interface {
		Do(*http.Request) (*http.Response, error)
	}
}

func (s sender) Do(req *http.Request) (*http.Response, error) {
	x := exchange.HandOver(req.Context())
	if x != nil {
		x.Sends(req)
	}
	resp, err := wire.Do(s.next, req)
	if err != nil {
		if x != nil {
			x.Lost(err)
		}
		return resp, err
	}
	if err := exchange.Redirected(req, resp); err != nil {
		return nil, err
	}
	switch {
	case resp.StatusCode >= 300:
		resp.Body = exchange.Limit(resp.Body, exchange.MaxErrorBytes)
	case x != nil && x.Op != "get": // Get has a limit of its own
		resp.Body = exchange.Limit(resp.Body, mostAnswerBytes)
	}
	return resp, nil
}

// mostAnswerBytes is what is read of an answer that is no object. The longest is a listing,
// of a thousand keys with 1,024 bytes each, and what is written about each.
const mostAnswerBytes = 16 << 20

// withoutRedirects keeps net/http's client, and the SDK's own, from following them.
func withoutRedirects(client s3.HTTPClient) s3.HTTPClient {
	if plain, ok := plainClient(client); ok {
		return exchange.WithoutRedirects(plain)
	}
	return client // sender refuses what such a one finds elsewhere
}

// plainClient is net/http's client, or that of the SDK's own as it is configured.
func plainClient(client s3.HTTPClient) (plain *http.Client, ok bool) {
	if own, ok := client.(*awshttp.BuildableClient); ok {
		client = own.Freeze()
	}
	plain, ok = client.(*http.Client)
	return plain, ok
}
