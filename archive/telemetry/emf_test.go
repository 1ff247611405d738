package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
)

// newEMF returns an exporter that writes to a buffer.
func newEMF(t *testing.T, o EMFOptions) (*EMF, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	if o.Clock == nil {
		o.Clock = newStill()
	}
	e, err := NewEMF(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	return e, &out
}

func flush(t *testing.T, e *EMF) {
	t.Helper()
	if err := e.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestEMFLines(t *testing.T) {
	e, out := newEMF(t, EMFOptions{Properties: map[string]string{"scenario": "storm"}})
	observer := Metrics(e)
	observer.Done(t.Context(), done("save", 2, 1, nil))
	observer.Done(t.Context(), done("append", 1, 0, nil))
	flush(t, e)
	want := `{"ConcurrentModificationErrorCount":0,"FrontendCancelledCount":0,"FrontendContradictionCount":0,"FrontendETagMismatchCount":1,"FrontendRetrySuccessCount":1,"FrontendSaveCount":1,"FrontendUnavailableCount":0,"FrontendWriteConflictCount":1,` +
		`"_aws":{"Timestamp":1772366400123,"CloudWatchMetrics":[{"Namespace":"Holdfast","Dimensions":[["service"]],"Metrics":[` +
		`{"Name":"FrontendSaveCount","Unit":"Count"},{"Name":"FrontendETagMismatchCount","Unit":"Count"},{"Name":"FrontendRetrySuccessCount","Unit":"Count"},` +
		`{"Name":"ConcurrentModificationErrorCount","Unit":"Count"},{"Name":"FrontendWriteConflictCount","Unit":"Count"},` +
		`{"Name":"FrontendUnavailableCount","Unit":"Count"},{"Name":"FrontendCancelledCount","Unit":"Count"},{"Name":"FrontendContradictionCount","Unit":"Count"}]}]},"scenario":"storm","service":"frontend"}
{"ArchiveUpdateCount":1,"ArchiveUpdateDuration":[12.345],"ArchiveUpdateExhaustedCount":0,"CancelledCount":0,"ContradictionCount":0,"ETagMismatchCount":0,"RetrySuccessCount":0,"UnavailableCount":0,"WriteConflictCount":0,` +
		`"_aws":{"Timestamp":1772366400123,"CloudWatchMetrics":[{"Namespace":"Holdfast","Dimensions":[["service"]],"Metrics":[` +
		`{"Name":"ArchiveUpdateCount","Unit":"Count"},{"Name":"ETagMismatchCount","Unit":"Count"},{"Name":"RetrySuccessCount","Unit":"Count"},` +
		`{"Name":"ArchiveUpdateExhaustedCount","Unit":"Count"},{"Name":"WriteConflictCount","Unit":"Count"},` +
		`{"Name":"UnavailableCount","Unit":"Count"},{"Name":"CancelledCount","Unit":"Count"},{"Name":"ContradictionCount","Unit":"Count"},{"Name":"ArchiveUpdateDuration","Unit":"Milliseconds"}]}]},"scenario":"storm","service":"backend"}
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
	validateEMF(t, out.String())
}

// TestEMFSplitsLongArrays: every duration is written once, and every counter too.
func TestEMFSplitsLongArrays(t *testing.T) {
	for updates, lines := range map[int]int{0: 0, 1: 1, 99: 1, 100: 1, 101: 2, 200: 2, 1050: 11} {
		e, out := newEMF(t, EMFOptions{Namespace: "Change/Archive #1"})
		for n := range updates {
			e.Record(t.Context(), Update{Service: Backend, Op: "append", Outcome: archive.Committed, Elapsed: time.Duration(n) * time.Millisecond})
		}
		flush(t, e)
		if got := strings.Count(out.String(), "\n"); got != lines {
			t.Errorf("%d updates: %d lines, want %d", updates, got, lines)
		}
		read := validateEMF(t, out.String())
		if read.sum["ArchiveUpdateCount"] != float64(updates) || read.samples[durationName] != updates {
			t.Errorf("%d updates: %v and %d durations", updates, read.sum["ArchiveUpdateCount"], read.samples[durationName])
		}
	}
}

func TestFlushStartsAnew(t *testing.T) {
	e, out := newEMF(t, EMFOptions{})
	e.Record(t.Context(), Update{Service: Frontend, Op: "save", Outcome: archive.Committed})
	flush(t, e)
	out.Reset()
	flush(t, e)
	if out.Len() > 0 {
		t.Errorf("written again: %s", out)
	}
}

// TestSameUpdatesSameBytes: whatever the order in which they ended.
func TestSameUpdatesSameBytes(t *testing.T) {
	var written []string
	for seed := range uint64(2) {
		e, out := newEMF(t, EMFOptions{})
		for _, n := range rand.New(rand.NewPCG(seed, 0)).Perm(250) {
			op, err := "append", error(nil)
			if n%3 == 0 {
				op = "save"
			}
			if n%7 == 0 {
				err = errExhausted
			}
			info := done(op, 1, n%5, err)
			info.Elapsed = time.Duration(n*n) * time.Microsecond
			Metrics(e).Done(t.Context(), info)
		}
		flush(t, e)
		written = append(written, out.String())
	}
	if written[0] != written[1] {
		t.Error("the order of the updates changes what is written")
	}
}

// TestEMFIsSafeForConcurrentUse: nothing is lost or counted twice between flushes.
func TestEMFIsSafeForConcurrentUse(t *testing.T) {
	const writers, each = 8, 500
	e, out := newEMF(t, EMFOptions{})
	observer := Metrics(e)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for n := range each {
				observer.Done(t.Context(), done("append", 2, 1, nil))
				observer.Done(t.Context(), done("save", 1, 0, nil))
				if n%100 == 0 {
					if err := e.Flush(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	flush(t, e)
	read := validateEMF(t, out.String())
	for _, name := range []string{"FrontendSaveCount", "ArchiveUpdateCount", "RetrySuccessCount", "WriteConflictCount"} {
		if read.sum[name] != writers*each {
			t.Errorf("%s is %v, want %d", name, read.sum[name], writers*each)
		}
	}
	if read.samples[durationName] != writers*each {
		t.Errorf("%d durations", read.samples[durationName])
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFlushReportsWhatCouldNotBeWritten(t *testing.T) {
	e, err := NewEMF(broken{}, EMFOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e.Record(t.Context(), Update{Service: Frontend, Op: "save"})
	if err := e.Flush(); err == nil || err.Error() != "disk full" {
		t.Error(err)
	}
}

func TestNewEMFChecksItsOptions(t *testing.T) {
	for _, name := range []string{"AWS/S3", ":x", "a,b", "x\n", " ", strings.Repeat("x", 256)} {
		if _, err := NewEMF(nil, EMFOptions{Namespace: name}); err == nil {
			t.Errorf("the namespace %q is accepted", name)
		}
	}
	for _, name := range []string{"", "_aws", "service", durationName, "FrontendSaveCount", "WriteConflictCount"} {
		if _, err := NewEMF(nil, EMFOptions{Properties: map[string]string{name: "x"}}); err == nil {
			t.Errorf("the property %q is accepted", name)
		}
	}
	if _, err := NewEMF(nil, EMFOptions{Namespace: "My-Team/Change.Archive_1 #2:x", Properties: map[string]string{"run": "x"}}); err != nil {
		t.Error(err)
	}
}

func TestMillisecondsKeepTheirFraction(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Second: "1000", 1500 * time.Microsecond: "1.5", 123 * time.Nanosecond: "0.000123", 0: "0"} {
		if got, err := json.Marshal(milliseconds(d)); err != nil || string(got) != want {
			t.Errorf("%v is %s ms, want %s; %v", d, got, want, err)
		}
	}
}
