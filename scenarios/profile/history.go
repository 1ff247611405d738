package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

const (
	// fewestOfRun are the reads and the accepted writes that make a profile of a run.
	fewestOfRun = 30
	// mostOfRun is how many of its calls are looked at: more say nothing more.
	mostOfRun = 50_000
)

// FromHistory makes a profile of the calls in the history of a run on a real store, of those
// that met no other if there are enough. Nil: there are too few, or faults or a latency that
// was added were part of them.
//
// It says less than [Measure]: nothing of large objects and of what the store bears, and a
// run's documents have the sizes that they have. Source gets By, Requests and Samples.
func FromHistory(path string, source network.Source) (p *network.Profile, err error) {
	rd, err := history.Open(path)
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	var calls []call
	for e, err := range rd.Events() {
		if err != nil {
			return nil, err
		}
		if c, ok := callOf(e); ok {
			if calls = append(calls, c); len(calls) == mostOfRun {
				break
			}
		}
	}
	return ofCalls(calls, source), nil
}

// call is one of the calls of a run.
type call struct {
	kind       string // of a sample; empty: it is none
	key        string
	start, end int64
	conflict   bool
	alone      bool
	met        bool // an accepted write of its key was in flight at the same time
}

// callOf is the call of an event, if it was one that a scenario's actors made and nothing befell.
func callOf(e *history.Event) (c call, ok bool) {
	if e.Kind != history.Get && e.Kind != history.Put && e.Kind != history.Head && e.Kind != history.Delete {
		return c, false
	}
	c = call{key: e.Key, start: e.Start, end: e.At, conflict: e.Answer == history.Conflict}
	if e.Fault != "" || e.Requests > 1 || e.Asked != 0 || strings.HasPrefix(e.Actor, "harness/") {
		return c, true // in the way of others all the same
	}
	switch {
	case e.Kind == history.Get && e.Answer == history.OK:
		c.kind = gets
	case e.Kind == history.Put && e.Answer == history.OK:
		c.kind = puts
	case e.Kind == history.Put && e.Answer == history.PreconditionFailed:
		c.kind = refusals
	}
	return c, true
}

// ofCalls is the profile of calls; nil: they are too few.
func ofCalls(calls []call, source network.Source) *network.Profile {
	slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(a.start, b.start) })
	markMeetings(calls)
	samples, under := samplesOf(calls, true), "alone"
	if len(samples[gets]) < fewestOfRun || len(samples[puts]) < fewestOfRun {
		samples, under = samplesOf(calls, false), "under load"
	}
	if len(samples[gets]) < fewestOfRun || len(samples[puts]) < fewestOfRun {
		return nil
	}
	floor := lowest(samples[gets])
	if refused := samples[refusals]; len(refused) >= fewestOfKind {
		floor = min(floor, lowest(refused))
	}
	p := model{samples: samples, floor: floor}.profile()
	conflicts, lost := 0, 0
	for _, c := range calls {
		switch {
		case c.conflict:
			conflicts, lost = conflicts+1, lost+1
		case c.kind == refusals && c.met:
			lost++
		}
	}
	if lost > 0 {
		p.Conflict409 = network.ShareOf(float64(conflicts) / float64(lost))
	}
	p.Source = source
	p.Source.By, p.Source.Requests, p.Source.Samples = fmt.Sprintf("%s, calls %s", source.By, under), len(calls), map[string]int{}
	for kind, all := range samples {
		p.Source.Samples[kind] = len(all)
	}
	return p
}

// markMeetings finds out which calls met others. They are in the order of their starts.
func markMeetings(calls []call) {
	ended := int64(-1)              // of all before
	refused := map[string][]*call{} // by key, those whose ends may lie ahead
	writing := map[string]int64{}   // until when writes of a key were in flight that were accepted
	for i := range calls {
		c := &calls[i]
		c.alone = c.start >= ended && (i+1 == len(calls) || calls[i+1].start >= c.end)
		ended = max(ended, c.end)
		switch c.kind {
		case refusals:
			c.met = c.start < writing[c.key]
			refused[c.key] = append(slices.DeleteFunc(refused[c.key], func(r *call) bool { return r.end <= c.start }), c)
		case puts:
			writing[c.key] = max(writing[c.key], c.end)
			for _, r := range refused[c.key] {
				r.met = r.met || r.end > c.start
			}
		}
	}
}

// samplesOf are how long calls took, by kind: of those that met no other, or of all.
func samplesOf(calls []call, alone bool) map[string][]time.Duration {
	samples := map[string][]time.Duration{}
	for _, c := range calls {
		switch took := time.Duration(c.end - c.start); {
		case c.kind == "":
		case c.kind == refusals && c.met:
			samples[losses] = append(samples[losses], took)
		case c.alone || !alone:
			samples[c.kind] = append(samples[c.kind], took)
		}
	}
	return samples
}
