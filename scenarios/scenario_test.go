package scenarios

import (
	"strings"
	"testing"
	"time"
)

func loads(counts ...int) *Scenario {
	s := &Scenario{Name: "s", Shows: "S."}
	for i, n := range counts {
		s.Actors = append(s.Actors, Actor{Name: string(rune('a' + i)), Kind: Backend, Count: n, Load: &Load{Operations: 3}})
	}
	return s
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		name    string
		s       *Scenario
		clients int
		want    []int // counts afterwards
		err     string
	}{
		{"the only load", loads(5), 9, []int{9}, ""},
		{"a single client", loads(0), 9, []int{9}, ""},
		{"down to one", loads(5), 1, []int{1}, ""},
		{"the largest of several", loads(2, 12, 4), 30, []int{2, 30, 4}, ""},
		{"two of the same size", loads(4, 4), 30, []int{4, 4}, "no single actor"},
		{"a tie below the largest", loads(4, 4, 5), 30, []int{4, 4, 30}, ""},
		{"none", loads(5), 0, []int{5}, "from 1 to 100000, not 0"},
		{"negative", loads(5), -1, []int{5}, "not -1"},
		{"absurd", loads(5), 100_001, []int{5}, "from 1 to 100000"},
		{"no load", &Scenario{Name: "s", Actors: []Actor{{Name: "a"}}}, 3, []int{0}, "no single actor"},
	} {
		err := c.s.Scale(c.clients)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
		for i, want := range c.want {
			if got := c.s.Actors[i].Count; got != want {
				t.Errorf("%s: actor %d has count %d, want %d", c.name, i, got, want)
			}
		}
	}
}

func TestLimit(t *testing.T) {
	timed := &Scenario{Name: "s", Duration: Duration(time.Second)}
	for _, c := range []struct {
		s   *Scenario
		d   time.Duration
		err string
	}{
		{timed, 5 * time.Millisecond, ""},
		{timed, 0, "must be positive, not 0s"},
		{timed, -time.Second, "must be positive, not -1s"},
		{&Scenario{Name: "s"}, time.Second, "fixed number of operations"},
	} {
		before := c.s.Duration
		err := c.s.Limit(c.d)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v: error %v, want %q", c.d, err, c.err)
		}
		want := Duration(c.d)
		if err != nil {
			want = before
		}
		if c.s.Duration != want {
			t.Errorf("%v: duration %v", c.d, time.Duration(c.s.Duration))
		}
	}
}

func TestClientsAndOperations(t *testing.T) {
	users := loads(5)
	users.Actors[0].Kind = User
	for _, c := range []struct {
		name                string
		s                   *Scenario
		clients, operations int
	}{
		{"back ends", loads(5, 0, 2), 8, 24},
		{"users load and save", users, 5, 30},
		{"timeline", must(Open("single-conflict")), 2, 4},
		{"by the clock", must(Open("sustained-contention")), 16, 0},
	} {
		if got := c.s.Clients(); got != c.clients {
			t.Errorf("%s: %d clients, want %d", c.name, got, c.clients)
		}
		if got := c.s.Operations(); got != c.operations {
			t.Errorf("%s: %d operations, want %d", c.name, got, c.operations)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
