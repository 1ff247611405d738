package measure

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"holdfast/scenarios"
	"holdfast/scenarios/history"
)

// Point is what is measured: a run, in a world.
type Point struct {
	Run   scenarios.Run `json:"run"`
	World string        `json:"world"` // [scenarios.RealWorld], or [scenarios.VirtualWorld], which is the default
	// Target is the store of the real world. Its zero value is the embedded one.
	Target Target `json:"target"`
	// Replay is the command that measures the point again, for whoever reads the result.
	Replay string `json:"replay"`
}

// real reports whether the point is in the real world.
func (p *Point) real() bool { return p.World == scenarios.RealWorld }

// Validate reports why the point can't be played, as far as that can be said without its
// store.
func (p *Point) Validate() error {
	switch {
	case p.World != "" && p.World != scenarios.RealWorld && p.World != scenarios.VirtualWorld:
		return fmt.Errorf("there is no world %q: it is %s or %s", p.World, scenarios.RealWorld, scenarios.VirtualWorld)
	case p.real() && p.Run.First > 1:
		return fmt.Errorf("repetition %d can be played alone in a virtual world only: in the real one no number decides what happens", p.Run.First)
	case !p.real() && p.Target.Name() != Embedded:
		return fmt.Errorf("the store %s is of the real world: a virtual one has a store of its own", p.Target.Store)
	}
	return errors.Join(p.Target.Validate(), p.Run.Validate())
}

// Header is that of the point's history.
func (p *Point) Header() history.Header {
	in, store := scenarios.VirtualWorld, "model"
	if p.real() {
		in, store = scenarios.RealWorld, p.Target.Name()
	}
	h := p.Run.Header(in, store)
	h.Replay = p.Replay
	if !p.real() {
		h.Prices = pricesOf(p.Run.Latency().Prices()).name()
	}
	return h
}

// Resolved is the point's scenario as YAML, every setting resolved, for whoever wants to play
// it again: a comment says what it is, and by which command.
func (p *Point) Resolved() ([]byte, error) {
	in := p.Header().World
	text, err := p.Run.Resolved(in).Encode()
	if err != nil {
		return nil, fmt.Errorf("write the scenario of %s: %w", p.Run.Scenario.Name, err)
	}
	store := ""
	if p.real() && p.Target.Name() != Embedded {
		store = " --store " + p.Target.Store
		if p.Target.Endpoint != "" {
			store += " --endpoint " + p.Target.Endpoint
		}
	}
	which := fmt.Sprintf("--runs %d", p.Run.Repetitions)
	if p.Run.First > 0 {
		which = fmt.Sprintf("--repetition %d", p.Run.First)
	}
	head := fmt.Sprintf("# What a run has played, every setting resolved; again: simulate run %s --world %s%s %s --seed %d\n",
		ScenarioFile, in, store, which, p.Run.Seed)
	return append([]byte(head), text...), nil
}

// ScenarioFile is the name of the scenario in the directory of a run.
const ScenarioFile = "scenario.resolved.yaml"

// Cost of a repetition, for the time left: that clients meet each other more often
// the more they are makes it grow faster than their number.
func (p *Point) Cost() float64 {
	s := p.Run.Scenario
	clients := float64(max(s.Clients(), 1))
	operations := cmp.Or(float64(s.Operations()), clients*time.Duration(s.Duration).Seconds())
	return max(operations, 1) * math.Sqrt(clients)
}

// Plan is what is to be measured.
type Plan struct{ Points []Point }

// Part is some repetitions of a point, from First to Last. As JSON it can be played elsewhere.
type Part struct {
	Point *Point `json:"point"`
	First int    `json:"first"`
	Last  int    `json:"last"`
}

// mostOfPart are the repetitions that a part has at most: enough that setting up costs
// little, and few enough that a plan does not end with one goroutine busy.
const mostOfPart = 10

// fewestParts of a plan, if it has as many repetitions: so that all processors have work.
const fewestParts = 64

// Units are the parts of a plan, in its order, that have at most so many repetitions each;
// 0: as many as [Play] makes of it.
func (p *Plan) Units(size int) []Part {
	all := p.parts(nil, size)
	units := make([]Part, len(all))
	for i := range all {
		units[i] = all[i].Part
	}
	return units
}

// parts cuts a plan into what is played by one goroutine each. It depends on the plan
// alone.
func (p *Plan) parts(skip func(point int) bool, size int) []part {
	repetitions := 0
	for i := range p.Points {
		repetitions += p.Points[i].Run.Repetitions
	}
	if size < 1 {
		size = min(max(repetitions/fewestParts, 1), mostOfPart)
	}
	var all []part
	for i := range p.Points {
		if skip != nil && skip(i) {
			continue
		}
		first, last := p.Points[i].Run.Numbers()
		for ; first <= last; first += size {
			all = append(all, part{i, Part{&p.Points[i], first, min(first+size-1, last)}})
		}
	}
	return all
}

// part is a [Part] with the number of its point.
type part struct {
	point int
	Part
}
