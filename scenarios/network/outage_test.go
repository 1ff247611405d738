package network_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/scenarios/network"
)

// TestVigil: what a server answers, and when, and whether it is gone.
func TestVigil(t *testing.T) {
	refused := errors.New("connection refused")
	type step struct {
		wait, takes time.Duration
		status      int // 0: refused
		gone        bool
	}
	for name, steps := range map[string][]step{
		"a restart":                       {{0, 0, 200, false}, {0, 0, 0, false}, {19 * time.Second, 0, 0, false}, {0, 0, 200, false}, {15 * time.Second, 0, 0, false}},
		"gone":                            {{0, 0, 200, false}, {5 * time.Second, 0, 0, false}, {20 * time.Second, 0, 0, true}, {0, 0, 0, true}},
		"it was idle, not gone":           {{0, 0, 200, false}, {time.Hour, 0, 0, false}, {time.Second, 0, 0, false}},
		"back":                            {{0, 0, 0, false}, {20 * time.Second, 0, 0, true}, {0, 0, 404, false}, {time.Second, 0, 0, false}},
		"it hangs":                        {{0, 10 * time.Second, 0, false}, {0, 10 * time.Second, 0, true}},
		"throttling is an answer":         {{0, 0, 0, false}, {19 * time.Second, 0, 503, false}, {19 * time.Second, 0, 0, false}},
		"a gateway that reaches no store": {{0, 0, 502, false}, {10 * time.Second, 0, 504, false}, {10 * time.Second, 0, 0, true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var now step
				told := 0
				v := network.NewVigil(network.OutageAfter, func(*network.OutageError) { told++ }).Over(roundTripper(func(*http.Request) (*http.Response, error) {
					time.Sleep(now.takes)
					if now.status == 0 {
						return nil, refused
					}
					return &http.Response{StatusCode: now.status, Body: http.NoBody}, nil
				}))
				expected := 0
				for i, s := range steps {
					now = s
					time.Sleep(s.wait)
					resp, err := v.RoundTrip(&http.Request{})
					if err == nil {
						_ = resp.Body.Close()
					}
					_, gone := errors.AsType[*network.OutageError](err)
					if gone != s.gone || (s.status == 0) != errors.Is(err, refused) {
						t.Errorf("step %d: %v, want it to be gone: %v", i, err, s.gone)
					}
					if s.gone {
						expected++
					}
				}
				if told != expected {
					t.Errorf("told of %d failures, want %d", told, expected)
				}
			})
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestVigilOfOneThatHangs while others are answered.
func TestVigilOfOneThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := network.NewVigil(network.OutageAfter, nil).Over(roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPut {
				time.Sleep(30 * time.Second)
				return nil, errors.New("timeout")
			}
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		}))
		go func() {
			time.Sleep(15 * time.Second)
			_, _ = v.RoundTrip(&http.Request{Method: http.MethodGet})
		}()
		_, err := v.RoundTrip(&http.Request{Method: http.MethodPut})
		if outage, gone := errors.AsType[*network.OutageError](err); gone {
			t.Errorf("it was answered 15 s before, and is gone: %v", outage)
		}
	})
}
