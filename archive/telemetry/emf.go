package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
)

// DefaultNamespace is where CloudWatch shows the metrics.
const DefaultNamespace = "Holdfast"

// serviceDimension is the dimension of every metric.
const serviceDimension = "service"

// mostValues is how many values of a metric one line may hold.
const mostValues = 100

// EMFOptions configure an [EMF].
type EMFOptions struct {
	Namespace string        // empty: DefaultNamespace
	Clock     archive.Clock // when values are written; nil: archive.WallClock
	// Properties stand in every line for people to search by. They are no
	// dimensions: CloudWatch makes no metrics of their own for them.
	Properties map[string]string
}

// EMF writes metrics in CloudWatch's embedded metric format: lines of JSON which
// CloudWatch Logs, the CloudWatch agent and AWS Lambda turn into metrics. It is a
// [Sink]; between two calls of Flush it only adds up, which is all that its hook does.
type EMF struct {
	namespace  string
	clock      archive.Clock
	properties map[string]string

	mu      sync.Mutex // of what follows; never held while anything is written
	pending map[Service]*sums

	writing sync.Mutex // keeps the lines of two flushes apart
	w       io.Writer
}

var _ Sink = (*EMF)(nil)

// sums are the updates of a service since the last flush.
type sums struct {
	counters  []counter
	values    []int64         // of the counters
	durations []time.Duration // of a back end's updates
	largest   int             // document stored, in bytes; 0: none
}

// namespaces are those that CloudWatch accepts.
var namespaces = regexp.MustCompile(`^[0-9A-Za-z._/#: -]{1,255}$`)

// NewEMF checks the options and returns an exporter that writes to w.
func NewEMF(w io.Writer, o EMFOptions) (*EMF, error) {
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	if !namespaces.MatchString(o.Namespace) || strings.HasPrefix(o.Namespace, ":") ||
		strings.HasPrefix(o.Namespace, "AWS/") || strings.TrimSpace(o.Namespace) == "" {
		return nil, fmt.Errorf("telemetry: CloudWatch does not accept the namespace %q", o.Namespace)
	}
	for name := range o.Properties {
		if reserved(name) {
			return nil, fmt.Errorf("telemetry: the property %q stands for something else in the embedded metric format", name)
		}
	}
	if o.Clock == nil {
		o.Clock = archive.WallClock{}
	}
	return &EMF{
		namespace: o.Namespace, clock: o.Clock, properties: maps.Clone(o.Properties),
		pending: map[Service]*sums{}, w: w,
	}, nil
}

// reserved reports whether a member of a line's root has a meaning of its own.
func reserved(name string) bool {
	if name == "" || name == "_aws" || name == serviceDimension || name == durationName || name == sizeName {
		return true
	}
	for _, s := range services {
		if slices.ContainsFunc(countersOf(s), func(c counter) bool { return c.name == name }) {
			return true
		}
	}
	return false
}

// Record implements [Sink]. Until the next flush an append takes eight bytes, and
// everything else none.
func (e *EMF) Record(_ context.Context, u Update) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.pending[u.Service]
	if s == nil {
		counters := countersOf(u.Service)
		s = &sums{counters: counters, values: make([]int64, len(counters))}
		e.pending[u.Service] = s
	}
	for i := range s.counters {
		s.values[i] += s.counters[i].of(u)
	}
	s.largest = max(s.largest, u.Bytes)
	if u.Service == Backend {
		s.durations = append(s.durations, u.Elapsed)
	}
}

// Flush writes what was recorded since the last flush, in one Write: for each
// service that did anything a line with all its counters, zeros included, and as
// many more as its durations need. Durations are in order of size, so the same
// updates give the same bytes in whatever order they ended.
//
// Call it at regular intervals, such as once a minute, and at the end; in AWS
// Lambda at the end of each invocation. Values that could not be written are lost.
func (e *EMF) Flush() error {
	e.writing.Lock()
	defer e.writing.Unlock()
	e.mu.Lock()
	pending := e.pending
	e.pending = map[Service]*sums{}
	e.mu.Unlock()

	now := e.clock.Now().UnixMilli()
	var lines bytes.Buffer
	for _, service := range services {
		s := pending[service]
		if s == nil {
			continue
		}
		for _, metrics := range s.lines() {
			if err := e.line(&lines, service, now, metrics); err != nil {
				return err
			}
		}
	}
	if lines.Len() == 0 {
		return nil
	}
	_, err := e.w.Write(lines.Bytes())
	return err
}

// value is a metric with its value in a line: a number or an array of them.
type value struct {
	name, unit string
	value      any
}

// lines returns the values of each line.
func (s *sums) lines() [][]value {
	counts := make([]value, len(s.counters))
	for i, c := range s.counters {
		counts[i] = value{c.name, "Count", s.values[i]}
	}
	if s.largest > 0 {
		counts = append(counts, value{sizeName, "Bytes", s.largest})
	}
	lines := [][]value{counts}
	slices.Sort(s.durations)
	for first := 0; first < len(s.durations); first += mostValues {
		var ms []float64
		for _, d := range s.durations[first:min(first+mostValues, len(s.durations))] {
			ms = append(ms, milliseconds(d))
		}
		if first > 0 {
			lines = append(lines, nil)
		}
		last := len(lines) - 1
		lines[last] = append(lines[last], value{durationName, "Milliseconds", ms})
	}
	return lines
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// The objects of the specification.
type (
	metadata struct {
		Timestamp         int64
		CloudWatchMetrics []directive
	}
	directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []definition
	}
	definition struct{ Name, Unit string }
)

// line writes a line with the members in the order of their names.
func (e *EMF) line(w *bytes.Buffer, service Service, now int64, values []value) error {
	root := make(map[string]any, 2+len(e.properties)+len(values))
	for name, property := range e.properties {
		root[name] = property
	}
	defined := make([]definition, len(values))
	for i, v := range values {
		root[v.name] = v.value
		defined[i] = definition{v.name, v.unit}
	}
	root[serviceDimension] = service
	root["_aws"] = metadata{now, []directive{{e.namespace, [][]string{{serviceDimension}}, defined}}}
	return json.NewEncoder(w).Encode(root) // which ends it with a newline
}
