package sweep

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseVary(t *testing.T) {
	for text, want := range map[string][]string{
		"clients=1,2,3":           {"1", "2", "3"},
		"clients=10:40:10":        {"10", "20", "30", "40"},
		"clients=10:45:10":        {"10", "20", "30", "40"},
		"clients=1,2,10:30:10":    {"1", "2", "10", "20", "30"},
		"a.b-1.c_d=0.1:0.5:0.1":   {"0.1", "0.2", "0.3", "0.4", "0.5"},
		"x=1:2:0.25":              {"1.00", "1.25", "1.50", "1.75", "2.00"},
		"x=-1:1:1":                {"-1", "0", "1"},
		"x=7:7:1":                 {"7"},
		"duration=500ms:2s:500ms": {"500ms", "1s", "1.5s", "2s"},
		"duration=30s:2m:30s":     {"30s", "1m", "1m30s", "2m"},
		"duration=30m:90m:30m":    {"30m", "1h", "1h30m"},
		"policy=none,full(base=5ms,cap=2s),documented": {"none", "full(base=5ms,cap=2s)", "documented"},
		"policy='full(base=5ms,cap=2s)' , none":        {"full(base=5ms,cap=2s)", "none"},
		`document="a,b.json",'c:1:2'`:                  {"a,b.json", "c:1:2"},
		"faults=[],[a(x=1,y=2),b]":                     {"[]", "[a(x=1,y=2),b]"},
		"document=C:1:2":                               {"C:1:2"},
		"fault=reply-lost(rate=0.1)":                   {"reply-lost(rate=0.1)"},
	} {
		v, err := ParseVary(text)
		if name, _, _ := strings.Cut(text, "="); err != nil || !slices.Equal(v.Values, want) || v.Name != name {
			t.Errorf("%s: %q %v", text, v, err)
		}
	}
}

func TestParseVaryRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"clients":                          "want NAME=A,B,C or NAME=FROM:TO:STEP",
		"=1,2":                             "can't be the name",
		"a..b=1":                           "can't be the name",
		"x=":                               "a value is empty",
		"x=1,,2":                           "a value is empty",
		"x=1,2,1":                          "1 is given twice",
		"x=1,1:3:1":                        "1 is given twice",
		"x=1:2":                            "a range is FROM:TO:STEP",
		"x=1:2:3:4":                        "a range is FROM:TO:STEP",
		"x=1:b:1":                          `"b" is neither a number nor a duration`,
		"x=1:5:0":                          "the step must be positive",
		"x=5:1:1":                          "FROM can't be above TO",
		"x=1s:5:1":                         "mixed",
		"x=1:1000000000:1":                 "too many values",
		"x=1:99999999999999999999999999:1": "too many values",
		"policy=full(base=5ms":             ") is missing",
		"policy=full)":                     ") closes nothing",
		"document='a":                      "' is missing",
	} {
		if v, err := ParseVary(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q %v, want %s", text, v, err, want)
		}
	}
}

func TestProductVariesTheLastFastest(t *testing.T) {
	points, err := Product([]Varied{{Name: "a", Values: []string{"1", "2"}}, {Name: "b", Values: []string{"x", "y", "z"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(points); got != "[a=1 b=x a=1 b=y a=1 b=z a=2 b=x a=2 b=y a=2 b=z]" {
		t.Error(got)
	}
	many := Varied{Name: "a", Values: make([]string, 200)}
	other := many
	other.Name = "b"
	for want, vary := range map[string][]Varied{
		"40000 points are too many": {many, other}, "--vary a is given twice": {many, many}, "say what to vary": nil,
	} {
		if _, err := Product(vary); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestAPlanSaysWhatDiffers, by name.
func TestAPlanSaysWhatDiffers(t *testing.T) {
	was := []Varied{{Name: "a", Values: []string{"1", "2"}}, {Name: "b", Values: []string{"x"}}}
	for want, now := range map[string][]Varied{
		"it varies a, b, not b, a":                     {was[1], was[0]},
		"it varies a, b, not a":                        was[:1],
		"it has a=2 too":                               {{Name: "a", Values: []string{"1", "3"}}, was[1]},
		"it has no b=y":                                {was[0], {Name: "b", Values: []string{"x", "y"}}},
		"it has the values of a in another order: 1,2": {{Name: "a", Values: []string{"2", "1"}}, was[1]},
		"": was,
	} {
		if got := (Plan{Vary: was}).differs(Plan{Vary: now}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
