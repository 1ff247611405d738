package scenarios

import (
	"fmt"
	"sync"
	"time"

	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// Played says how playing went; what happened is in the history.
type Played struct {
	// Interrupted: the context ended first. The history is complete up to there.
	Interrupted bool
	Steps       []StepResult
}

// StepResult compares a step that expects an outcome with the one it had.
type StepResult struct {
	Step    string // "T4 bob save"
	Want    string
	Got     string
	AsAsked bool
}

// repetition is one playing of the scenario: what all share who take part in it. It knows
// none of them.
type repetition struct {
	*compiled
	number  int
	prefix  string // of its keys in the history
	world   world.World
	rec     *history.Recorder
	harness *history.Client // of the documents at the beginning, of the final reads
	objects *pool
	tasks   *world.Group
	opened  time.Time // when the documents began to be stored
	start   time.Time // of the actors
	steps   []StepResult
	stepsMu sync.Mutex // guards steps while loads run, which add what went wrong
	crowd   cores.Crowd
	// throttle is what the store does to whoever comes too fast; of no kind: nothing.
	throttle network.Fault
	// barrier is of those whose first writes begin together; nil: there are none.
	barrier *barrier
	// sendQueue is what back ends send to; nil: they store what they want.
	sendQueue *sendQueue
}

// begin makes p the repetition of a number, whatever it was before.
func (p *repetition) begin(c *compiled, w world.World, rec *history.Recorder, n int) {
	*p = repetition{compiled: c, number: n, world: w, rec: rec, harness: p.harness, objects: p.objects}
	p.throttle = c.Scenario.Throttle()
	if c.Repetitions > 1 || n > 1 {
		p.prefix = fmt.Sprintf("r%05d/", n)
	}
	if p.objects == nil {
		p.harness = &history.Client{}
		p.objects = newPool(c.Scenario.Objects, c.document, c.encoded, p.setUp)
	}
	p.objects.reset()
	p.opened = w.Now()
}

// failed adds to what did not go as it should.
func (p *repetition) failed(s StepResult) {
	p.stepsMu.Lock()
	defer p.stepsMu.Unlock()
	p.stepped(s)
}

func (p *repetition) stepped(s StepResult) {
	p.steps = append(p.steps, s)
	p.rec.Step(s.Step, s.Want, s.Got, !s.AsAsked)
}
