package network

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

type Distribution struct{ a, b time.Duration }

func (d Distribution) Sample(r *rand.Rand) time.Duration {
	if d.b == 0 {
		return d.a
	}
	return time.Duration(math.Abs(float64(d.a) + r.NormFloat64()*float64(d.b)))
}

type Latency struct {
	Name                         string
	Request, Reply, Read, Write  Distribution
	Conflict409                  float64
	PutsPerSecond, GetsPerSecond float64
}

func (l Latency) String() string { return l.Name }
func ParseLatency(t string) (Latency, error) {
	d := Distribution{10 * time.Millisecond, 2 * time.Millisecond}
	if t == "s3-standard" {
		return Latency{Name: t, Request: Distribution{time.Millisecond, 0}, Reply: Distribution{time.Millisecond, 0}, Read: Distribution{15 * time.Millisecond, 0}, Write: Distribution{61 * time.Millisecond, 0}, Conflict409: 1}, nil
	}
	return Latency{Name: t, Request: d, Reply: d}, nil
}

type Kind string
type Call string
type When string

const (
	RequestLost  Kind = "request-lost"
	ReplyLost    Kind = "reply-lost"
	Error500     Kind = "500"
	Throttled503 Kind = "503"
	Conflict409  Kind = "409"
	Slow         Kind = "slow"
	Crash        Kind = "crash"
	Duplicate    Kind = "duplicate"
	Delete       Kind = "delete"
	CallGet      Call = "get"
	CallHead     Call = "head"
	CallPut      Call = "put"
	CallDelete   Call = "delete"
	AnyCall      Call = "any"
	Before       When = "before"
	After        When = "after"
)

type Fault struct {
	Kind               Kind
	Actor              string
	Call               Call
	Rate               float64
	Nth                int
	By, After, Restart time.Duration
	Restarts           bool
	When               When
	From, To           time.Duration
}

func ParseFault(t string) (Fault, error) { return Fault{}, fmt.Errorf("stub") }
func (f Fault) String() string           { return string(f.Kind) }
func (f Fault) Validate() error          { return nil }

type Injector struct{}

func NewInjector(faults []Fault, actor, group string, rng *rand.Rand) *Injector { return nil }
func (i *Injector) Call(call Call, conditional bool, elapsed time.Duration) (Fault, bool) {
	return Fault{}, false
}
func (i *Injector) Operation(elapsed time.Duration) (Fault, bool) { return Fault{}, false }

type key struct{}

func WithFault(ctx context.Context, f Fault) context.Context { return context.WithValue(ctx, key{}, f) }
func FaultFrom(ctx context.Context) (Fault, bool)             { f, ok := ctx.Value(key{}).(Fault); return f, ok }
