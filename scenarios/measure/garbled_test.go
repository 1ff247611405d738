package measure

import (
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// goodHistories returns the lines of some histories, header first.
func goodHistories(t testing.TB) (all [][]string) {
	t.Helper()
	for _, name := range []string{"two-users", "create-race", "storm", "redelivery", "lost-reply", "delete-race"} {
		_, events := simulated(t, name, "production", 5, 1, 1).play(t.Context(), t)
		lines := strings.SplitAfter(string(events), "\n")
		all = append(all, lines[:len(lines)-1])
	}
	return all
}

// judgeLines judges a history as check does.
func judgeLines(lines []string) (*Measured, error) {
	rd, err := history.NewReader(strings.NewReader(strings.Join(lines, "")), "h")
	if err != nil {
		return nil, err
	}
	return FromHistory(rd)
}

// damage is something done to the event of a line. It returns the line at which that
// must be told; 0 if the event has nothing that can be damaged so, or it need not show.
type damage func(events []history.Event, at int, other *history.Event) (lines []history.Event, told int)

// headerLines come before the events: a line is that of its event's index and 1 more.
const headerLines = 1

var damages = map[string]damage{
	"another actor": func(events []history.Event, at int, other *history.Event) ([]history.Event, int) {
		e := &events[at]
		if e.Op == 0 || other.Actor == "" || other.Actor == e.Actor || e.Kind == history.Invoke {
			return events, 0
		}
		e.Actor = other.Actor
		return events, at + 1
	},
	"another key": func(events []history.Event, at int, other *history.Event) ([]history.Event, int) {
		e := &events[at]
		e.Key += "x"
		if e.Kind != history.Return {
			return events, 0
		}
		return events, at + 1
	},
	"back in time": func(events []history.Event, at int, _ *history.Event) ([]history.Event, int) {
		e := &events[at]
		for before := at - 1; before >= 0; before-- {
			earlier := &events[before]
			if e.Actor == "" || earlier.Actor != e.Actor || earlier.Op != e.Op || e.Op == 0 {
				continue
			}
			if earlier.At == 0 {
				break
			}
			e.At = earlier.At - 1
			e.Start = min(e.Start, e.At)
			return events, at + 1
		}
		return events, 0
	},
	"acknowledged twice": func(events []history.Event, at int, _ *history.Event) ([]history.Event, int) {
		e := events[at]
		events = slices.Insert(events, at+1, e)
		timeless := e.Start == e.At && e.If == history.IfNone // it can have been sent again at once
		if e.Kind == history.Put && e.Answer == history.OK && !timeless {
			return events, at + 2
		}
		return events, 0
	},
	"begun or ended twice": func(events []history.Event, at int, _ *history.Event) ([]history.Event, int) {
		e := events[at]
		events = slices.Insert(events, at+1, e)
		if e.Kind == history.Invoke || e.Kind == history.Return {
			return events, at + 2
		}
		return events, 0
	},
	"a bad body at the end": func(events []history.Event, at int, _ *history.Event) ([]history.Event, int) {
		e := &events[at]
		if e.Doc == nil {
			return events, 0
		}
		e.Doc = &history.Doc{Bad: "unexpected end"}
		if e.Actor != history.FinalActor {
			return events, 0
		}
		return events, at + 1
	},
	"left out": func(events []history.Event, at int, _ *history.Event) ([]history.Event, int) {
		return slices.Delete(events, at, at+1), 0
	},
	"in another place": func(events []history.Event, at int, other *history.Event) ([]history.Event, int) {
		events[at], *other = *other, events[at]
		return events, 0
	},
	"another ETag": func(events []history.Event, at int, other *history.Event) ([]history.Event, int) {
		events[at].ETag = other.ETag
		return events, 0
	},
	"another time": func(events []history.Event, at int, other *history.Event) ([]history.Event, int) {
		events[at].Start, events[at].At = other.Start, other.At
		return events, 0
	},
	"another operation": func(events []history.Event, at int, other *history.Event) ([]history.Event, int) {
		events[at].Op = other.Op
		return events, 0
	},
}

// damaged damages a line and judges the history.
func damaged(t *testing.T, name string, lines []string, at, with int) (told bool) {
	t.Helper()
	events := make([]history.Event, len(lines)-headerLines)
	for i := range events {
		if err := json.Unmarshal([]byte(lines[i+headerLines]), &events[i]); err != nil {
			t.Fatal(err)
		}
	}
	changed, wanted := damages[name](events, at, &events[with])
	text := lines[:headerLines:headerLines]
	for i := range changed {
		line, err := json.Marshal(&changed[i])
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, string(line)+"\n")
	}
	run, err := judgeLines(text)
	var where *history.LineError
	switch {
	case err != nil && !errors.As(err, &where):
		t.Errorf("line %d, %s: not a LineError: %v", at+headerLines+1, name, err)
	case err == nil && (run.Verdict == check.Violated) != (len(run.Violations) > 0):
		t.Errorf("line %d, %s: %s with %d violations", at+headerLines+1, name, run.Verdict, len(run.Violations))
	case wanted > 0 && (where == nil || where.Line != wanted+headerLines):
		t.Errorf("line %d, %s: got %v %s, want an error in line %d\n%s", at+headerLines+1, name, err, run.Verdict, wanted+headerLines, text[at+headerLines])
	}
	return wanted > 0
}

// TestGarbledHistories damages good histories at random: what can't be true is told with
// its line, and nothing makes the judge panic.
func TestGarbledHistories(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	good := goodHistories(t)
	for _, lines := range good {
		if r, err := judgeLines(lines); err != nil || r.Verdict != check.OK {
			t.Fatalf("undamaged: %v %v %v", err, r.Verdict, r.Reasons)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(damages)) {
		told := 0
		for _, lines := range good {
			for range 12 {
				if damaged(t, name, lines, rng.IntN(len(lines)-headerLines), rng.IntN(len(lines)-headerLines)) {
					told++
				}
			}
		}
		switch name {
		case "another actor", "another key", "back in time", "acknowledged twice", "begun or ended twice", "a bad body at the end":
			if told == 0 {
				t.Errorf("%s: no damage that must be told", name)
			}
		}
	}
}

// FuzzGarbledHistories is the same with chosen places.
func FuzzGarbledHistories(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint16(10), uint16(20))
	names, all := slices.Sorted(maps.Keys(damages)), goodHistories(f)
	f.Fuzz(func(t *testing.T, which, how uint8, at, with uint16) {
		lines := all[int(which)%len(all)]
		n := len(lines) - headerLines
		damaged(t, names[int(how)%len(names)], lines, int(at)%n, int(with)%n)
	})
}
