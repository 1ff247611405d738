package scenarios

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// maximal uses every field that a scenario with a timeline or with loads has.
func maximal(timeline bool) *Scenario {
	s := &Scenario{
		Name: "all-of-it", Shows: "Everything: \"quotes\", #, – and 漢字.", Why: "First line.\nSecond line.\n",
		Document: "CIC-77001", Duration: Duration(90 * time.Second),
		Objects: Objects{Count: 7, Keys: RandomKeys, Popularity: Popularity{1.25}, FreshAfter: 3},
		Policy:  &Policy{Policy: archive.Policy{Kind: archive.Equal, Base: time.Millisecond, Cap: time.Second, Retries: archive.Unlimited, Deadline: time.Minute}},
		Expect: Expect{
			MinConflicts: 4,
			Thresholds:   []Threshold{{"attempts.p99", "<", 6}, {"conflict.rate", ">=", 0.125}, {"latency_ms.max", "==", 1e-9}},
			Violations:   map[string][]string{"unlocked": {"I1", "I4"}, "documented": {"I2"}},
		},
	}
	if !timeline {
		s.Actors = []Actor{
			{Name: "us", Kind: User, Count: 12, Load: &Load{Think: Duration(1500 * time.Microsecond)}},
			{Name: "be", Kind: Backend, Load: &Load{Rate: 0.5, Arrivals: Arrivals{Curve, []float64{1, 0, 2.5}}}},
			{Name: "cr", Kind: Creator, Load: &Load{Operations: 1}},
			{Name: "imp", Kind: Backend, Interferes: &Interferes{With: "us", Before: "get", Times: 9}},
		}
		return s
	}
	s.Actors = []Actor{{Name: "ann", Kind: User}, {Name: "imp", Kind: Backend, Interferes: &Interferes{With: "ann", Before: "put"}}}
	s.Timeline = []Step{
		{At: "T1", Actor: "ann", Do: DoLoad, Hold: "get"},
		{At: "T2", Actor: "ann", Do: DoResume},
		{At: "T3", Actor: "ann", Do: DoSave, Type: "approved", Hold: "put", Set: map[string]any{
			"text": "true", "number": 1.5, "yes": true, "none": nil, "date": "2025-10-21T13:30:00Z",
			"deep": map[string]any{"list": []any{"a", "b: c"}},
		}},
		{At: "T4", Actor: "ann", Do: DoResume, Expect: archive.Conflict, Conflicts: []string{"text", "deep"}},
		{Actor: "ann", Do: DoAppend, Set: map[string]any{"multi": "line one\nline two\n"}, Expect: archive.Committed},
	}
	return s
}

// TestEncodeAndParseAreInverse: what a run directory saves is the same scenario.
func TestEncodeAndParseAreInverse(t *testing.T) {
	all := map[string]*Scenario{"maximal loads": maximal(false), "maximal timeline": maximal(true)}
	for _, name := range Names() {
		s, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = s
	}
	for name, s := range all {
		t.Run(name, func(t *testing.T) {
			text, err := s.Encode()
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse(name, text)
			if err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			if diff := cmp.Diff(s, again, cmp.Transformer("text", func(l Latency) string { return network.Latency(l).String() })); diff != "" {
				t.Errorf("read again it differs: %s\n%s", diff, text)
			}
			if twice, _ := again.Encode(); string(twice) != string(text) {
				t.Errorf("written again it differs:\n%s\n---\n%s", text, twice)
			}
		})
	}
}
