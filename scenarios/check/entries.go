package check

import "holdfast/scenarios/history"

// entries are the histories of all versions of an object, as a tree: a node is a history, its
// parent the same without the last entry. The versions of an object to which one only ever
// appends all lie on one path, each later one further from the root. So where two don't, one
// of them was written over something, whoever wrote it and whenever.
type entries struct {
	nodes []entryNode // the first is the empty history
}

// entryNode is a history by its last entry. The jump makes any ancestor reachable in a
// logarithmic number of steps (Myers, An applicative random-access stack, 1983).
type entryNode struct {
	parent, jump   int32
	depth          int32 // entries
	mod            int32
	sum            history.Sum // digest of the entry; 0: not known
	child, sibling int32       // none: there is none
}

func (t *entries) reset() {
	t.nodes = append(t.nodes[:0], entryNode{mod: none, child: none, sibling: none})
}

// add returns the history with one more entry.
func (t *entries) add(node, mod int32, sum history.Sum) int32 {
	for c := t.nodes[node].child; c != none; c = t.nodes[c].sibling {
		if n := &t.nodes[c]; n.mod == mod && (n.sum == sum || n.sum == 0 || sum == 0) {
			return c
		}
	}
	n := entryNode{parent: node, jump: node, depth: t.nodes[node].depth + 1, mod: mod, sum: sum, child: none, sibling: t.nodes[node].child}
	if j := t.nodes[node].jump; t.nodes[node].depth-t.nodes[j].depth == t.nodes[j].depth-t.nodes[t.nodes[j].jump].depth {
		n.jump = t.nodes[j].jump
	}
	t.nodes = append(t.nodes, n)
	added := int32(len(t.nodes) - 1)
	t.nodes[node].child = added
	return added
}

// first is the history of the first so many entries; none if there are not that many.
func (t *entries) first(node, depth int32) int32 {
	if t.nodes[node].depth < depth {
		return none
	}
	for t.nodes[node].depth > depth {
		if jump := t.nodes[node].jump; t.nodes[jump].depth >= depth {
			node = jump
		} else {
			node = t.nodes[node].parent
		}
	}
	return node
}

// continues reports whether one history is another with nothing but something appended.
func (t *entries) continues(node, earlier int32) bool {
	return t.first(node, t.nodes[earlier].depth) == earlier
}

// holds reports whether a history has an entry of that name.
func (t *entries) holds(node, mod int32) bool {
	for ; node != 0; node = t.nodes[node].parent {
		if t.nodes[node].mod == mod {
			return true
		}
	}
	return false
}
