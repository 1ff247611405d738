package scenarios

import (
	"time"

	"holdfast/archive"
)

// compiled is what is the same in all repetitions of a run.
type compiled struct {
	*Run
	encoding
	document *archive.Change // see [Scenario.playedOn]
	// roles are the clients, in the order of the scenario's actors.
	roles    []role
	editable []string // text fields that a user can edit
	sets     []fields // what the steps of the timeline set
	// exposure is for how long a write is at risk on average, see [cores.Environment].
	exposure time.Duration
}

// role is what a client is in every repetition.
type role struct {
	actor    *Actor
	name     string // in the history
	member   string // in the scenario: the name without that of a shard; empty: it is the same
	customer string
	seed     streamSeed
}

// compile completes what has its run. The error says why that can't be played.
func (c *compiled) compile(encoding func(*Run) encoding) (err error) {
	r := c.Run
	if err := r.Validate(); err != nil {
		return err
	}
	c.encoding, c.editable, c.exposure = encoding(r), editableFields(r.Layout, r.Document), r.Latency().Exposure()
	for i := range r.Scenario.Timeline {
		c.sets = append(c.sets, r.Layout.set(r.Scenario.Timeline[i].fields()))
	}
	if c.document, err = r.Scenario.playedOn(r.Document); err != nil {
		return err
	}
	codes, clients, prefix := customers(c.document), 0, r.Shard.prefix()
	for i := range r.Scenario.Actors {
		a := &r.Scenario.Actors[i]
		for n := range max(a.Count, 1) {
			clients++
			if r.Shard != nil && !r.Shard.Plays(clients-1) {
				continue
			}
			name := a.memberName(n)
			member := role{actor: a, name: prefix + name, member: name}
			if len(codes) > 0 {
				member.customer = codes[n%len(codes)]
			}
			c.roles = append(c.roles, member)
		}
	}
	if r.Scenario.Queued() {
		a := consumer(&r.Scenario.Queue)
		for n := range a.Count {
			c.roles = append(c.roles, role{actor: &a, name: a.memberName(n), member: a.memberName(n)})
		}
	}
	if r.Scenario.Queue.Reconcile > 0 {
		c.roles = append(c.roles, role{actor: &Actor{Name: Reconciler, Kind: reconciles}, name: Reconciler, member: Reconciler})
	}
	return nil
}
