package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Unit is a part of a search. As JSON it can be played elsewhere, by a [Player] of the same
// [Config]; what it shows depends on nothing else. Its zero value is the whole of an exhaustive
// search.
type Unit struct {
	// First and Last number the schedules, from 1, of a strategy that draws them.
	First int `json:"first,omitempty"`
	Last  int `json:"last,omitempty"`
	// Moves begin all schedules of a part of an exhaustive search. Asleep are those that need
	// not be tried in the place of the last: every schedule that goes on with one of them is in
	// another part, up to the order of independent moves.
	Moves  []name `json:"moves,omitempty"`
	Asleep []name `json:"asleep,omitempty"`
}

// branches is how many parts an exhaustive search is cut into at least, if it has as many:
// far more than workers, since they differ in size.
const branches = 64

// mostCut bounds the moves by which the schedules of a part begin alike: few parts by then mean
// few schedules.
const mostCut = 24

// mostUnits are the parts of a search that draws its schedules, if their number is given. They
// depend on that number alone.
const mostUnits = 1 << 14

// unbounded is the size of a part of a search that draws schedules until its time is up.
const unbounded = 64

// Cut cuts a search into parts, in an order that depends on the search alone. An exhaustive one
// has at least so many, if it has as many schedules; what they show together does not depend on
// how many they are. One that draws its schedules needs a number of them.
func (c Config) Cut(ctx context.Context, atLeast int) ([]Unit, error) {
	if err := c.prepare(); err != nil {
		return nil, err
	}
	if c.Strategy == Exhaustive {
		return c.split(ctx, atLeast)
	}
	if c.Schedules < 1 {
		return nil, fmt.Errorf("the strategy %s never ends by itself: what is cut needs a number of schedules", c.Strategy)
	}
	var all []Unit
	for u, ok := c.drawn(0); ok; u, ok = c.drawn(len(all)) {
		all = append(all, u)
	}
	return all, nil
}

// drawn is a part of a search that draws its schedules; false: there are not so many.
func (c *Config) drawn(i int) (Unit, bool) {
	if c.Schedules == 0 {
		return Unit{First: i*unbounded + 1, Last: (i + 1) * unbounded}, true
	}
	size := (c.Schedules + mostUnits - 1) / mostUnits
	u := Unit{First: i*size + 1, Last: min((i+1)*size, c.Schedules)}
	return u, u.First <= u.Last
}

// split finds the beginnings of all schedules, a move longer each time, until there are
// enough of them. They are in the order of a search that is not split: together they go through
// the same schedules as that one does, and find the same one first.
func (c *Config) split(ctx context.Context, atLeast int) ([]Unit, error) {
	p := c.newRunner()
	defer p.close()
	units, open := []beginning{{}}, 1
	for length := 1; open > 0 && len(units) < atLeast && length <= mostCut; length++ {
		var longer []beginning
		open = 0
		for _, u := range units {
			if u.ended {
				longer = append(longer, u)
				continue
			}
			all, err := p.beginnings(ctx, c, u.Unit, length)
			if err != nil {
				return nil, err
			}
			for _, b := range all {
				if longer = append(longer, b); !b.ended {
					open++
				}
			}
		}
		units = longer
	}
	all := make([]Unit, len(units))
	for i := range units {
		all[i] = units[i].Unit
	}
	return all, nil
}

// beginning is a part of an exhaustive search; ended: it has one schedule and can't be cut.
type beginning struct {
	Unit
	ended bool
}

// beginnings cuts a part after so many moves.
func (p *runner) beginnings(ctx context.Context, c *Config, u Unit, length int) (all []beginning, err error) {
	d := c.below(u)
	d.cut = length
	for more := true; more; more = d.next() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := p.play(ctx, d); err != nil {
			return nil, err
		}
		if d.strayed {
			return nil, errStrayed
		}
		all = append(all, beginning{d.underWay(), !d.atCut})
	}
	return all, nil
}

// underWay is the part that has nothing but the schedule under way, as far as it has come.
func (d *search) underWay() Unit {
	var u Unit
	for i := range d.nodes[:d.depth] {
		u.Moves = append(u.Moves, d.nodes[i].moves[d.nodes[i].chosen])
	}
	if d.depth > 0 {
		u.Asleep = slices.Clone(d.nodes[d.depth-1].sleep)
	}
	return u
}

// below is the search through a part.
func (c *Config) below(u Unit) *search {
	d := &search{full: c.full, independent: c.independent, fixed: len(u.Moves)}
	for _, m := range u.Moves {
		d.nodes = append(d.nodes, node{moves: []name{m}})
	}
	if n := len(d.nodes); n > 0 {
		d.nodes[n-1].sleep = u.Asleep
	}
	return d
}

// MarshalText implements [encoding.TextMarshaler]: client and call, and what befalls it.
func (n name) MarshalText() ([]byte, error) {
	text := fmt.Sprintf("%d.%d", n.client, n.serial)
	if n.variant != plain {
		text += "!" + names[n.variant]
	}
	return []byte(text), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (n *name) UnmarshalText(text []byte) error {
	who, what, befallen := strings.Cut(string(text), "!")
	*n = name{}
	if befallen {
		v := slices.Index(names[:], what)
		if v <= 0 {
			return fmt.Errorf("a move is %q: there is no %q", text, what)
		}
		n.variant = variant(v)
	}
	client, serial, _ := strings.Cut(who, ".")
	i, err := strconv.ParseInt(client, 10, 32)
	k, err2 := strconv.ParseInt(serial, 10, 32)
	if err != nil || err2 != nil {
		return fmt.Errorf("a move is %q: want the numbers of a client and its call, such as 2.1", text)
	}
	n.client, n.serial = int32(i), int32(k)
	return nil
}

// errStrayed: the core under test, or the harness, draws on something outside of
// its environment.
var errStrayed = errors.New("a schedule did not go the same way when it was played again: something in it depends on chance or on the clock")
