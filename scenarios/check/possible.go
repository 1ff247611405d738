package check

import (
	"fmt"
	"strings"

	"holdfast/scenarios/history"
)

// possible are the modifications that recorders which are missing, or died, may have seen
// submitted: their ids follow from who submits them, see [history.IDs].
type possible struct {
	actors []*history.IDs
	ids    map[string]bool
	left   int // ids of each that are still to be made
}

// mostPossible bounds the ids that are made, and the memory that they cost.
const mostPossible = 500_000

// maySubmit reports whether a modification is one of those. Its name alone does not say so:
// of a recorder that is missing it is not known how its actors are called, but for those that
// are called like others, nor how much they did. So what is not found may be theirs, too.
func (j *Judge) maySubmit(id string) bool {
	if j.possible.ids == nil {
		j.possible = j.newPossible()
	}
	p := &j.possible
	for !p.ids[id] && p.left > 0 {
		for _, ids := range p.actors {
			p.ids[ids.Next()] = true
		}
		p.left--
	}
	return p.ids[id]
}

func (j *Judge) newPossible() possible {
	p := possible{ids: map[string]bool{}}
	members := map[string]bool{} // without the prefix of a shard
	for n := range j.actors.spots.n {
		name := j.actors.name(n)
		if parts := strings.SplitN(name, "/", 3); len(parts) == 3 {
			members[parts[2]] = true
		}
	}
	add := func(actor string) {
		p.actors = append(p.actors, history.NewIDs(j.header.Seed, j.header.Scenario, actor))
	}
	for _, s := range j.gaps.lost {
		for _, member := range j.alike(members) {
			add(s.Prefix() + member)
		}
	}
	const attempts = 3 // that a shard has mostly had before it was given up
	for _, number := range j.gaps.missing {
		for attempt := range attempts {
			s := history.Shard{Number: number, Attempt: attempt + 1}
			for _, member := range j.alike(members) {
				add(s.Prefix() + member)
			}
		}
	}
	if len(p.actors) > 0 {
		p.left = min(4*j.busiest()+100, mostPossible/len(p.actors))
	}
	return p
}

// alike are the names of all actors of the kinds of some: they are numbered.
func (j *Judge) alike(members map[string]bool) (names []string) {
	kinds := map[string]bool{}
	for member := range members {
		stem := strings.TrimRight(member, "0123456789")
		digits := len(member) - len(stem)
		kind := fmt.Sprintf("%s/%d", stem, digits)
		switch {
		case digits == 0:
			names = append(names, member)
		case !kinds[kind]:
			kinds[kind] = true
			for n := range j.header.Clients {
				names = append(names, fmt.Sprintf("%s%0*d", stem, digits, n+1))
			}
		}
	}
	return names
}

// busiest is how many modifications somebody submitted, at most.
func (j *Judge) busiest() (most int) {
	by := map[int32]int{}
	for n := range j.ops.all.n {
		op := j.ops.all.at(n)
		by[op.actor] += int(op.mods)
		most = max(most, by[op.actor])
	}
	return most
}
