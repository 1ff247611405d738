package scenarios

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestSettingsReplaceValuesOfTheFile(t *testing.T) {
	s, err := OpenWith("queue-redelivers",
		Setting{"queue.visibility", "100ms"}, Setting{"objects.count", "3"}, Setting{"policy", "full(base=5ms,cap=1s)"},
		Setting{"request_timeout", "2s"}, Setting{"objects.popularity", "zipf(1.5)"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Queue.Visibility != Duration(100*time.Millisecond) || s.Objects.Count != 3 || s.Objects.Popularity.Skew != 1.5 ||
		s.Policy.Cap != time.Second || s.RequestTimeout != Duration(2*time.Second) {
		t.Errorf("%+v", s)
	}
	s, err = OpenWith("sustained-contention", Setting{"actors.backend.load.rate", "7.5"}, Setting{"faults", "[reply-lost(rate=0.1)]"})
	if err != nil {
		t.Fatal(err)
	}
	if a := s.actor("backend"); a.Load.Rate != 7.5 || a.Load.Think != 0 || len(s.Faults) != 1 {
		t.Errorf("%+v %+v", a.Load, s.Faults)
	}
}

// TestSettingsLeaveAllElse: what is set is the only difference.
func TestSettingsLeaveAllElse(t *testing.T) {
	for _, name := range Names() {
		want := must(Open(name))
		got := must(OpenWith(name, Setting{"why", "because"}))
		got.Why = want.Why
		if string(must(got.Encode())) != string(must(want.Encode())) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestBadSettingsAreOneClearLine(t *testing.T) {
	for _, c := range []struct {
		settings []Setting
		want     string
	}{
		{[]Setting{{"objects.count", "many"}}, "objects.count=many: want a whole number here"},
		{[]Setting{{"objects.count", "1.5"}}, "objects.count=1.5: count must be a whole number, not 1.5"},
		{[]Setting{{"objects.count", "-1"}}, "objects.count=-1: count must not be negative"},
		{[]Setting{{"objekts.count", "1"}}, `objekts.count=1: unknown key "objekts"; did you mean objects?`},
		{[]Setting{{"objects.cuont", "1"}}, `objects.cuont=1: unknown key "cuont"; did you mean count?`},
		{[]Setting{{"actors.writers.count", "3"}}, `actors.writers.count=3: there is no actor "writers"; did you mean writer?`},
		{[]Setting{{"actors.writer.load.rate", "fast"}}, "actors.writer.load.rate=fast: want a number here"},
		{[]Setting{{"actors.writer.count", "3"}, {"codec", "xml"}}, `codec=xml: documents are json or compact, not "xml"`},
		{[]Setting{{"name.first", "x"}}, "name.first=x: name is a single value, so there is no first in it"},
		{[]Setting{{"objects..count", "1"}}, "objects..count=1: want a key of the scenario file"},
		{[]Setting{{"policy", "fulll"}}, "policy=fulll: "},
		{[]Setting{{"request_timeout", "soon"}}, `request_timeout=soon: want a duration such as 250ms or 10s, not "soon"`},
		{[]Setting{{"latency", ""}}, `latency=: "" is no YAML value`},
		{[]Setting{{"faults.0", "none"}}, "faults.0=none: "},
		{[]Setting{{"codec", "json"}, {"via", "api"}, {"objects.absent", "true"}, {"objects.fresh_after", "2"}}, "codec=json via=api "},
	} {
		_, err := OpenWith("burst", c.settings...)
		var failed *SettingError
		if !errors.As(err, &failed) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.settings, err, c.want)
		}
	}
	if _, err := OpenWith("brst", Setting{"objects.count", "1"}); err == nil || !strings.Contains(err.Error(), "did you mean burst") {
		t.Error(err)
	}
}
