package check

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/scenarios/history"
)

// gaps are what is not in a history that several have recorded. Where there are any, a version
// that nobody is seen to write may be that of a recorder that is missing, or that died before
// it could tell: see follow.
type gaps struct {
	// missing are the numbers of the shards of which there is nothing, lost those of which
	// what came last is not there.
	missing []int
	lost    []history.Shard
	// deletes: somebody may have deleted an object, which nobody is seen to do.
	deletes bool
}

func gapsOf(h history.Header) (g gaps) {
	if len(h.Shards) == 0 && h.Recorders <= 1 {
		return g
	}
	for n := range h.Recorders {
		if !slices.ContainsFunc(h.Shards, func(s history.Shard) bool { return s.Number == n }) {
			g.missing = append(g.missing, n)
		}
	}
	for _, s := range h.Shards {
		if s.Lost {
			g.lost = append(g.lost, s)
		}
	}
	g.deletes = h.Deletes && g.any()
	return g
}

// any reports whether something of the run is not in its history.
func (g *gaps) any() bool { return len(g.missing) > 0 || len(g.lost) > 0 }

// several reports whether the history is that of one of several recorders, or of some.
func several(h *history.Header) bool { return len(h.Shards) > 0 || h.Recorders > 1 }

// openAt counts the operations under way by the recorder that tells of them, so that those
// of one that died are known.
func (j *Judge) openAt(clock, change int) {
	j.tally.Open += change
	if !several(&j.header) || clock < 0 || clock > mostClocks {
		return
	}
	for len(j.openOf) <= clock {
		j.openOf = append(j.openOf, 0)
	}
	j.openOf[clock] += change
}

// mostClocks is more than anybody has; beyond it a history is garbled.
const mostClocks = 1 << 16

// cutOff takes the operations without an end, of recorders that died, out of those that ought
// to have one.
func (j *Judge) cutOff() {
	for clock, n := range j.openOf {
		if clock < len(j.header.Shards) && j.header.Shards[clock].Lost {
			j.tally.Open, j.tally.Cut = j.tally.Open-n, j.tally.Cut+n
		}
	}
}

// doubts are the reasons for which a history with gaps is not called ok.
func (g *gaps) doubts(t *Tally, recorders int) (why []string) {
	if n := len(g.missing); n > 0 {
		why = append(why, fmt.Sprintf("%d of %d recorders are missing: number %s, from 0", n, recorders, listed(g.missing)))
	}
	if g.any() && t.Unfollowed > 0 {
		why = append(why, fmt.Sprintf(
			"the versions could not be followed over what is missing: of %d it is not known what they hold, or what they replaced", t.Unfollowed))
	}
	return why
}

// notes say what is not known because a recorder died.
func (g *gaps) notes(t *Tally) (notes []string) {
	if len(g.lost) == 0 {
		return nil
	}
	var who []string
	for _, s := range g.lost {
		who = append(who, fmt.Sprintf("%d (attempt %d)", s.Number, s.Attempt))
	}
	note := "the recorder of shard " + strings.Join(who, ", ") + " died: what it did last is known from what others read"
	if t.Cut > 0 {
		note += fmt.Sprintf("; what became of %d operations that it had begun is not", t.Cut)
	}
	return []string{note}
}

func listed(numbers []int) string {
	const most = 8
	var all []string
	for _, n := range numbers[:min(most, len(numbers))] {
		all = append(all, fmt.Sprint(n))
	}
	if len(numbers) > most {
		all = append(all, "…")
	}
	return strings.Join(all, ", ")
}

// violates records what is a violation, or, if something that is not known of the run may
// explain it, leaves it open; it returns which.
func (o *object) violates(j *Judge, known, explained bool, i Invariant, anomaly, summary string, witness func() []history.Event) bool {
	if !known && j.gaps.any() {
		j.leaveOpen(Unrecorded, i, anomaly, 0, summary)
		return false
	}
	o.report(j, explained, i, anomaly, summary, witness)
	return true
}
