package notation

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestSplit(t *testing.T) {
	for text, want := range map[string]Term{
		"":                  {},
		"full":              {Kind: "full"},
		" full ( a=1,b ) ":  {"full", "a=1,b", true, true},
		"full()":            {"full", "", true, true},
		"full(a":            {"full", "a", true, false},
		"full(a) b":         {"full", "a) b", true, false},
		"f(g(1),h(2))":      {"f", "g(1),h(2)", true, true},
		"(x)":               {"", "x", true, true},
		"full)":             {Kind: "full)"},
		"empirical(a (1).)": {"empirical", "a (1).", true, true},
	} {
		if got := Split(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestPairs(t *testing.T) {
	for args, want := range map[string]string{
		"":              "",
		"  ":            "",
		"a=1":           "a:1",
		" a = 1 , b=,c": `a:1 b: "c" is no name=value: want pairs`,
		"a=1,a=2":       "a:1 a is given twice",
		"a=b=c":         "a:b=c",
		"a=1,":          `a:1 "" is no name=value: want pairs`,
		"a=1,bad=2,c=3": "a:1 bad:2 it is bad",
	} {
		var got []string
		err := Pairs(args, "want pairs", func(name, value string) error {
			got = append(got, name+":"+value)
			if name == "bad" {
				return errors.New("it is bad")
			}
			return nil
		})
		if err != nil {
			got = append(got, err.Error())
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%q: %s, want %s", args, text, want)
		}
	}
}

func TestDuration(t *testing.T) {
	if d, err := Duration("1m30s", ""); err != nil || d != 90*time.Second {
		t.Errorf("%v, %v", d, err)
	}
	for _, bad := range []string{"", "1", "-1s", "1 s", "s"} {
		_, err := Duration(bad, "1s or 1m")
		if want := fmt.Sprintf("a duration such as 1s or 1m, not %q", bad); err == nil || err.Error() != want {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
