package httpstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"holdfast/archive/internal/exchange"
	"holdfast/archive/redact"
	"holdfast/archive/wire"
)

var _ wire.Sender = (*Store)(nil)

// Send implements [wire.Sender]: one request as it is wanted, signed as the store's own. There
// is none to a bucket.
func (s *Store) Send(ctx context.Context, r wire.Request) (wire.Answer, error) {
	if r.Bucket || len(r.Query) > 0 {
		return wire.Answer{}, fmt.Errorf("%s to a bucket: %w", strings.ToLower(r.Method), errors.ErrUnsupported)
	}
	key := s.prefix + r.Key
	failed := func(err error) (wire.Answer, error) {
		return wire.Answer{}, fmt.Errorf("%s %s: %w", strings.ToLower(r.Method), exchange.OneLine(key), err)
	}
	if err := validatePath(key); err != nil {
		return failed(err)
	}
	if err := s.needCollection(ctx, parent(key)); err != nil {
		return wire.Answer{}, err
	}
	sending, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req, err := s.request(sending, &call{method: r.Method, body: r.Body, header: r.Header}, key)
	if err != nil {
		return failed(err)
	}
	if r.Cut > 0 {
		req.Body = io.NopCloser(wire.BodyOf(r))
	}
	resp, err := s.send(req)
	if err == nil {
		var answer wire.Answer
		if answer, err = wire.ReadAnswer(resp); err == nil {
			return answer, nil
		}
	}
	switch {
	case errors.Is(err, wire.ErrCut):
		return failed(wire.ErrCut)
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return failed(fmt.Errorf("no answer within %v", s.timeout))
	}
	return failed(errors.New(exchange.OneLine(err.Error(), redact.Request(req)...)))
}
