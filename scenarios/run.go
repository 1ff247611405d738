package scenarios

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/network"
)

// Run is a scenario with all that playing it needs: see [Run.Validate]. [NewRun] makes one
// as the scenario says.
type Run struct {
	Scenario    *Scenario
	Document    *archive.Change
	Layout      *Layout // of the document; nil: the archive's own
	Core        cores.Spec
	Policy      archive.Policy
	Seed        uint64
	Repetitions int
	// First is the number of the first of them, in virtual worlds, where the number and the
	// seed decide what happens. 0: 1.
	First int
	// AnyOrder lets each actor of a timeline do its own steps in their order, but
	// without waiting for those of the others.
	AnyOrder bool
	// Observe, which may be nil, returns an observer of what the core does for an
	// actor. It is asked each time that the actor's process starts. Its hooks see the
	// calls of repetitions that are played at the same time, and must not block.
	Observe func(actor string, kind Kind) archive.Observer
	// Between, which may be nil, returns for each repetition in a virtual world what stands
	// between its actors and the store, such as a store that breaks its word. The harness
	// reaches the store itself.
	Between func(repetition int) func(archive.Store) archive.Store
	// Shard, which may be nil, makes the run one of several that play together in the real
	// world.
	Shard *Shard
}

// NewRun is one repetition of the scenario with a core, on the scenario's document and with
// its policy, or else the core's, see [cores.Spec.PolicyFor]. Its seed is 1.
func NewRun(s *Scenario, core cores.Spec) (*Run, error) {
	layout, doc, err := s.Open()
	if err != nil {
		return nil, err
	}
	policy := core.Policy
	if s.Policy != nil {
		if waits := s.Policy.Core; waits != "" && waits != core.Name {
			return nil, fmt.Errorf("the waits of policy %s are those of the %s core, not of %s", s.Policy, waits, core.Name)
		}
		policy = core.PolicyFor(&s.Policy.Policy)
	}
	return &Run{Scenario: s, Document: doc, Layout: layout, Core: core, Policy: policy, Seed: 1, Repetitions: 1}, nil
}

// Validate reports what playing the run lacks: a scenario, a document, a core, a policy that
// can be followed, and a number of repetitions.
func (r *Run) Validate() error {
	switch {
	case r.Scenario == nil:
		return errors.New("a run needs a scenario: make it by NewRun")
	case r.Document == nil:
		return fmt.Errorf("the run of %s needs a document to play on: make it by NewRun", r.Scenario.Name)
	case r.Core.New == nil:
		return fmt.Errorf("the run of %s needs a core, such as cores.Find finds", r.Scenario.Name)
	case r.Repetitions < 1:
		return fmt.Errorf("the run of %s needs 1 repetition or more, not %d", r.Scenario.Name, r.Repetitions)
	case r.First < 0:
		return fmt.Errorf("the run of %s can't begin with repetition %d: the first is 1", r.Scenario.Name, r.First)
	}
	if err := r.Policy.Validate(); err != nil {
		return fmt.Errorf("the run of %s needs a retry policy: %w", r.Scenario.Name, err)
	}
	return r.Shard.validate(r)
}

// Numbers are those of the first and the last repetition.
func (r *Run) Numbers() (first, last int) {
	first = max(r.First, 1)
	return first, first + r.Repetitions - 1
}

// Codec is how the run's documents are encoded in a virtual world: as the scenario
// says, unless the core or the API can't work on them.
func (r *Run) Codec() Codec {
	if r.Scenario.Codec == Compact && r.Scenario.Via != ViaAPI && !r.Core.JSONOnly {
		return Compact
	}
	return JSON
}

// DefaultLatency is that of a virtual world whose scenario states none.
const DefaultLatency = "s3-standard"

// defaultRequestTimeout is that of the S3 adapter, which is not needed here; a
// test holds the two together.
const defaultRequestTimeout = 10 * time.Second

// Latency is the scenario's, or what a virtual world has by default, for documents of the
// size that the run's has at first.
func (r *Run) Latency() network.Latency {
	if l := r.Scenario.Latency; l != nil && l.ReadLarge.IsZero() && l.WriteLarge.IsZero() {
		return network.Latency(*l)
	} else if l != nil {
		return network.Latency(*l).For(len(r.Document.Encode()))
	}
	l, _ := network.ParseLatency(DefaultLatency) // a test parses it
	return l
}

// AddedLatency is what the scenario adds to that of a real store: nothing unless
// it says so.
func (r *Run) AddedLatency() network.Latency {
	if r.Scenario.Latency == nil {
		return network.Latency{}
	}
	return r.Latency()
}

// RequestTimeout is the scenario's or the S3 adapter's.
func (r *Run) RequestTimeout() time.Duration {
	if r.Scenario.RequestTimeout > 0 {
		return time.Duration(r.Scenario.RequestTimeout)
	}
	return defaultRequestTimeout
}

// networkStream is the random stream of what befalls an actor's calls on their
// way, apart from what the actor itself draws.
func (r *Run) networkStream(in *source, repetition int, actor string) *rand.Rand {
	return in.start(new(streamSeed).of(r.Seed, r.Scenario.Name, repetition, actor+"\x00network"))
}

// TransportStream is the random stream of the latencies that are added to those of
// a real store.
func (r *Run) TransportStream() *rand.Rand { return r.networkStream(new(source), 0, "") }
