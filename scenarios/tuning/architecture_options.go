package tuning

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/network"
	"holdfast/scenarios/tuning/changes"
)

// architecture is one with the settings that are tried.
type architecture struct {
	name     string
	ordering string
	what     string // its user must do
	code     string // a file of changes; empty: none is written
	leftOut  string // why; empty: it is played
	demands  string // what only its user can grant; empty: nothing
	options  []option
}

// option is a setting of an architecture.
type option struct {
	queue   scenarios.Queue
	group   scenarios.Group // of at least one process
	share   int             // so many back ends share one; 0: all of them do
	parts   int             // of each object; 0: it is whole
	latency string          // of the store; empty: the scenario's
	policy  archive.Policy
	bounds  bool // the policy's retries and deadline are to be chosen
	asIs    bool // with the queue or group that the scenario has
}

// backEndsInProcess is how many of them are taken to share one, where not all do.
const backEndsInProcess = 10

// of applies the option to a run.
func (o *option) of(run scenarios.Run) (scenarios.Run, error) {
	sc := changed(run.Scenario)
	run.Scenario = sc
	if !o.asIs {
		sc.Queue, sc.Group = o.queue, o.group
	}
	if o.share > 0 {
		sc.Group.Processes = processes(sc, o.share)
	}
	if o.parts > 0 {
		sc.Objects.Count, sc.Objects.Keys, sc.Objects.Popularity = o.parts*max(sc.Objects.Count, 1), scenarios.HashedKeys, scenarios.Popularity{}
	}
	if o.latency != "" {
		l, err := network.ParseLatency(o.latency)
		if err != nil {
			return run, err
		}
		sc.Latency = (*scenarios.Latency)(&l)
	}
	return run, sc.Validate()
}

// alone reports whether nothing but the policy is another.
func (o *option) alone() bool { return len(o.lines()) == 0 && !o.asIs }

// senders are the back ends with a load, whose updates others can store for them.
func senders(sc *scenarios.Scenario) int {
	n := 0
	for i := range sc.Actors {
		if a := &sc.Actors[i]; a.Kind == scenarios.Backend && a.Load != nil {
			n += max(a.Count, 1)
		}
	}
	return n
}

// String says what the option sets, as a scenario's file does.
func (o *option) String() string {
	return strings.Join(append(o.lines(), "policy: "+o.policy.String()), "; ")
}

// lines are those of the scenario's file, without the policy.
func (o *option) lines() []string {
	var lines []string
	line := func(key string, values ...string) {
		values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
		lines = append(lines, key+": {"+strings.Join(values, ", ")+"}")
	}
	if q := &o.queue; q.Kind != "" {
		line("queue", "kind: "+string(q.Kind), fmt.Sprintf("batch: %d", q.Batch), some("concurrency: %v", q.Concurrency), some("write_through: %v", q.WriteThrough))
	}
	if g := &o.group; g.Processes > 0 {
		line("group", fmt.Sprintf("processes: %d", g.Processes), some("wait: %v", time.Duration(g.Wait)))
	}
	if o.parts > 0 {
		line("objects", fmt.Sprintf("count: %d", o.parts), "keys: "+string(scenarios.HashedKeys))
	}
	if o.latency != "" {
		lines = append(lines, "latency: "+o.latency)
	}
	return lines
}

// some formats a value unless it is zero.
func some[T comparable](format string, v T) string {
	if v == *new(T) {
		return ""
	}
	return fmt.Sprintf(format, v)
}

// diff is of the scenario's file: what it has and what it gets.
func (o *option) diff(run *scenarios.Run) []string {
	if o.asIs {
		return []string{}
	}
	var all []string
	sc := run.Scenario
	if sc.Queue != (scenarios.Queue{}) {
		all = append(all, "-queue: …")
	}
	if sc.Group != (scenarios.Group{}) {
		all = append(all, "-group: …")
	}
	if o.latency != "" && run.Latency().Name != "" {
		all = append(all, "-latency: "+run.Latency().Name)
	}
	if o.parts > 0 && sc.Objects != (scenarios.Objects{}) {
		all = append(all, "-objects: …")
	}
	for _, line := range o.lines() {
		all = append(all, "+"+line)
	}
	if o.policy != run.Policy {
		all = append(all, "-policy: "+run.Policy.String(), "+policy: "+o.policy.String())
	}
	return all
}

// change is what the user of a row must do.
func (a *architecture) change(o *option, run *scenarios.Run) Change {
	c := Change{What: a.what, Scenario: o.diff(run)}
	switch {
	case a.code != "":
		c.Go = changes.Of(a.code)
	case o.policy != run.Policy:
		c.Go = goLiteral(o.policy) + "\n"
	}
	return c
}

// architectures are all, with the settings that are tried of each.
func (s *search) architectures() []architecture {
	best := s.bestRetries()
	fifo := func(batch int) []option {
		return []option{{queue: scenarios.Queue{Kind: scenarios.FIFO, Batch: batch, WriteThrough: true}, policy: s.fewWriters()[0]}}
	}
	return []architecture{
		{name: AsIs, ordering: unordered, what: "nothing", options: []option{{policy: s.run.Policy, asIs: true}}},
		{name: BestRetries, ordering: unordered, what: "the retry policy", options: []option{{policy: best}}},
		{name: AdaptiveWaits, ordering: unordered, what: "the retry policy", options: s.adaptive()},
		{
			name: Capped, ordering: unordered, code: "queue.go", leftOut: s.noSenders(),
			what: "back ends send to a standard SQS queue; a Lambda function with a batch size of 1 and so much as its maximum concurrency (2 at least) stores each", options: s.capped(2, 3, 4, 6, 8),
		},
		{
			name: FIFOSingles, ordering: perObject, code: "queue.go", leftOut: s.noSenders(),
			what: "back ends send to an SQS FIFO queue whose group is the object; its consumer stores one message at a time", options: fifo(1),
		},
		{
			name: Batches, ordering: unordered, code: "queue.go", leftOut: s.noSenders(),
			what: "back ends send to a standard SQS queue; a Lambda function with a batch size of 10 and so much as its maximum concurrency (2 at least) stores a batch in one write", options: s.batched(2, 3, 4, 6),
		},
		{
			name: FIFOBatches, ordering: perObject, code: "queue.go", leftOut: s.noSenders(),
			what: "back ends send to an SQS FIFO queue whose group is the object; its consumer stores ten messages in one write", options: fifo(10),
		},
		{
			name: SplitObject, ordering: unordered, code: "parts.go", leftOut: s.noParts(),
			what: "customers are dealt to several objects; who wants all reads them all", options: s.split(2, 3, 5, 10),
		},
		{
			name: GroupCommit, ordering: unordered, code: "group.go", leftOut: s.noSenders(),
			what: fmt.Sprintf("%d back ends run in one process each (no Lambda functions) and append through archive.Group", backEndsInProcess), options: s.grouped(backEndsInProcess),
		},
		{
			name: OneProcess, ordering: perObject, code: "group.go", leftOut: s.noSenders(),
			what: "all back ends run in one process (no Lambda functions) and append through archive.Group", options: s.grouped(0),
			demands: "all back ends live and die with one process",
		},
		{name: OneZone, ordering: unordered, leftOut: s.noOneZone(), demands: "the data live and die with one zone", what: "a directory bucket in one availability zone", options: s.oneZone()},
	}
}

const (
	unordered = "none"
	perObject = "per object"
)

// bestRetries is what the search recommends or, where nothing can carry the load, the
// policy that carries most of it.
func (s *search) bestRetries() archive.Policy {
	if s.promised != nil {
		return s.promised.policy
	}
	p := s.result.Stability.Policy
	p.Deadline = deadline(s.patience)
	return p
}

// policies are full jitter with these bases and caps, so wide in their bounds that they
// don't matter.
func (s *search) policies(bases, caps []time.Duration) (all []archive.Policy) {
	for _, b := range bases {
		for _, c := range caps {
			if p, ok := candidate(archive.Full, readable(b), readable(c), s.bounds); ok {
				all = append(all, p)
			}
		}
	}
	return unique(all)
}

// crowded are policies for writers that meet, an attempt of whom takes so long, and all
// attempts one after the other the window: with waits as long as that each meets one other.
func (s *search) crowded(attempt, window time.Duration) []archive.Policy {
	return s.policies([]time.Duration{attempt / 2, attempt, 2 * attempt}, []time.Duration{8 * attempt, window / 4, window / 2, window})
}

// fewWriters are policies for writers that hardly meet.
func (s *search) fewWriters() []archive.Policy {
	a := s.attemptScale()
	all := slices.Concat(s.policies([]time.Duration{a}, []time.Duration{4 * a}), s.policies([]time.Duration{a / 4}, []time.Duration{2 * a}))
	for i := range all {
		all[i].Retries, all[i].Deadline = retriesOfFew, deadline(s.patience)
	}
	return all
}

const retriesOfFew = 50

// attemptScale is the time of an attempt; a store without latency still has a scale.
func (s *search) attemptScale() time.Duration { return max(s.attempt, time.Millisecond) }

func (s *search) adaptive() (all []option) {
	a := s.attemptScale()
	for _, c := range []time.Duration{4 * a, 16 * a, 64 * a, s.window} {
		if p, ok := candidate(archive.Adaptive, 0, readable(c), s.bounds); ok {
			all = append(all, option{policy: p, bounds: true})
		}
	}
	return all
}

func (s *search) capped(concurrencies ...int) (all []option) {
	for _, c := range concurrencies {
		for _, p := range s.fewWriters() {
			all = append(all, option{queue: scenarios.Queue{Kind: scenarios.Standard, Batch: 1, Concurrency: c}, policy: p})
		}
	}
	return all
}

func (s *search) batched(concurrencies ...int) (all []option) {
	for _, c := range concurrencies {
		for _, p := range s.fewWriters() {
			all = append(all, option{queue: scenarios.Queue{Kind: scenarios.Standard, Batch: 10, Concurrency: c}, policy: p})
		}
	}
	return all
}

func (s *search) split(parts ...int) (all []option) {
	for _, k := range parts {
		for _, p := range s.crowded(s.attemptScale(), s.window/time.Duration(k)) {
			all = append(all, option{parts: k, policy: p, bounds: true})
		}
	}
	return all
}

func (s *search) grouped(share int) (all []option) {
	a := s.attemptScale()
	for _, wait := range []time.Duration{0, readable(a / 2), readable(a), readable(2 * a)} {
		for _, p := range s.fewWriters() {
			g := scenarios.Group{Processes: 1, Wait: scenarios.Duration(wait)}
			if share > 0 {
				g.Processes = processes(s.run.Scenario, share)
			}
			all = append(all, option{group: g, share: share, policy: p})
		}
	}
	return all
}

// processes are those of so many back ends each.
func processes(sc *scenarios.Scenario, share int) int { return (senders(sc) + share - 1) / share }

func (s *search) oneZone() (all []option) {
	o := option{latency: inZone, bounds: true}
	run, err := o.of(s.run)
	if err != nil {
		return nil
	}
	window := scaled(s.window, float64(run.Latency().Exposure())/float64(max(s.run.Latency().Exposure(), 1)))
	for _, o.policy = range s.crowded(run.Latency().Attempt(), window) {
		all = append(all, o)
	}
	return all
}

const (
	inRegion = "s3-standard"
	inZone   = "s3-express"
)

// exact says why nothing can be done about the object but to wait, if that is so.
func (s *search) exact() string {
	switch sc := s.run.Scenario; {
	case len(sc.Timeline) > 0:
		return "the steps of a timeline are exact: there is nothing to put in line"
	case sc.Objects.Absent:
		return "of those who create an object all but one must be refused, in any order"
	}
	return ""
}

// noSenders says why nobody can store for others, if that is so.
func (s *search) noSenders() string {
	switch sc := s.run.Scenario; {
	case s.exact() != "":
		return s.exact()
	case sc.Via == scenarios.ViaAPI:
		return "with via: api back ends take messages from a queue already, and people must be answered at once"
	case senders(sc) == 0:
		return "a save has a base: who edits needs the answer, which may be a conflict, at once, and a queue makes it late"
	}
	return ""
}

func (s *search) noParts() string {
	switch sc := s.run.Scenario; {
	case s.exact() != "":
		return s.exact()
	case sc.Via == scenarios.ViaAPI || senders(sc) == 0:
		return "people edit one document: a save that changes two parts would be two writes"
	}
	return ""
}

func (s *search) noOneZone() string {
	switch name := s.run.Latency().Name; {
	case name == inZone:
		return "it is what the scenario has"
	case name != inRegion:
		return "the scenario's store is not s3-standard, beside which it stands"
	}
	return ""
}
