package tuning

import (
	"strings"
	"testing"
	"time"
)

func TestIncumbentsHaveNames(t *testing.T) {
	all, others, err := ParseIncumbents([]string{"full(base=5ms)", "documented", "jobs = equal(base=1ms,cap=2s)", "none(retries=3)", "aimd(deadline=9s)"})
	if err != nil {
		t.Fatal(err)
	}
	if len(others) != 1 || others[0].Core.Name != "aimd" || others[0].Bounds.Deadline != 9*time.Second {
		t.Errorf("others: %+v", others)
	}
	for i, want := range []Incumbent{
		{"incumbent", policy(t, "full(base=5ms)")}, {"documented", policy(t, "documented")},
		{"jobs", policy(t, "equal(base=1ms,cap=2s)")}, {"incumbent 4", policy(t, "none(retries=3)")},
	} {
		if all[i] != want {
			t.Errorf("%+v, want %+v", all[i], want)
		}
	}
	for want, texts := range map[string][]string{
		"nobody can have it":   {"oracle"},
		"kind":                 {"quick"},
		"named \"\"":           {"=documented"},
		"printable characters": {strings.Repeat("x", 25) + "=documented"},
		"named recommended":    {"recommended=documented"},
		"named a:":             {"a=documented", "a=default"},
		"the same policy":      {"a=documented", "b=documented"},
	} {
		if _, _, err := ParseIncumbents(texts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", texts, err, want)
		}
	}
}
