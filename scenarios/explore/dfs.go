package explore

import "slices"

// node is a state on the way of the schedule under way, and what is left to try
// there.
type node struct {
	moves  []name // possible here, in their order
	chosen int    // index of the one under way
	// sleep are moves that need not be tried here: every schedule that begins
	// with one was seen from an earlier state, up to the order of independent moves.
	sleep []name
}

// search is a depth-first search through all schedules below a prefix, with sleep
// sets (Godefroid, "Partial-Order Methods for the Verification of Concurrent
// Systems", 1996): of the schedules that differ in the order of independent moves
// only, one is completed.
//
// It re-executes each schedule from its beginning, as a client's stack can't be
// copied. What is independent is decided in the state in which both moves are
// possible.
type search struct {
	nodes []node
	fixed int  // nodes of the prefix, at which nothing else is tried
	depth int  // of the schedule under way
	full  bool // no reduction: every order, for comparison
	// independent decides in place of [independent], if it is set.
	independent func(a, b move) bool
	cut         int    // stop here: 0 never; to find prefixes
	before      []name // scratch
	blocked     bool   // the schedule under way was abandoned: all its ends were seen
	atCut       bool
	strayed     bool // the schedule under way did not repeat itself
}

// choose is the search's part in a schedule.
func (d *search) choose(_ *stage, moves []move) (move, bool) {
	if d.cut > 0 && d.depth == d.cut {
		d.atCut = true
		return move{}, false
	}
	if d.depth == len(d.nodes) {
		d.open(moves)
	}
	n := &d.nodes[d.depth]
	if n.chosen == len(n.moves) {
		d.blocked = true
		return move{}, false
	}
	m, ok := find(moves, n.moves[n.chosen])
	if !ok {
		d.strayed = true
		return move{}, false
	}
	if d.depth+1 == len(d.nodes) || d.depth+1 > len(d.nodes) {
		d.before = d.sleepAfter(d.before[:0], n, m, moves)
	}
	d.depth++
	return m, true
}

// open adds a node for a state that is reached for the first time.
func (d *search) open(moves []move) {
	if len(d.nodes) < cap(d.nodes) {
		d.nodes = d.nodes[:len(d.nodes)+1] // keeps its memory
	} else {
		d.nodes = append(d.nodes, node{})
	}
	n := &d.nodes[len(d.nodes)-1]
	// Each move comes to be asleep here once at most.
	n.moves, n.sleep, n.chosen = slices.Grow(n.moves[:0], len(moves)), slices.Grow(n.sleep[:0], len(moves)), 0
	n.sleep = append(n.sleep, d.before...)
	for _, m := range moves {
		n.moves = append(n.moves, m.name)
	}
	n.awake()
}

// awake goes on to the next move that is not asleep.
func (n *node) awake() {
	for n.chosen < len(n.moves) && slices.Contains(n.sleep, n.moves[n.chosen]) {
		n.chosen++
	}
}

// sleepAfter is the sleep set of the state after a move: what was asleep or was
// tried before, and is independent of the move.
func (d *search) sleepAfter(sleep []name, n *node, m move, moves []move) []name {
	if d.full {
		return sleep
	}
	independent := independent
	if d.independent != nil {
		independent = d.independent
	}
	for _, other := range n.sleep {
		if o, possible := find(moves, other); possible && independent(m, o) {
			sleep = append(sleep, other)
		}
	}
	return sleep
}

// next prepares the next schedule; false: there is none.
func (d *search) next() bool {
	d.depth, d.blocked, d.atCut, d.strayed = 0, false, false, false
	for len(d.nodes) > d.fixed {
		n := &d.nodes[len(d.nodes)-1]
		if n.chosen < len(n.moves) {
			n.sleep = append(n.sleep, n.moves[n.chosen])
			n.chosen++
			n.awake()
		}
		if n.chosen < len(n.moves) {
			return true
		}
		d.nodes = d.nodes[:len(d.nodes)-1]
	}
	return false
}

func find(moves []move, wanted name) (move, bool) {
	for _, m := range moves {
		if m.name == wanted {
			return m, true
		}
	}
	return move{}, false
}
