package scenarios

import (
	"cmp"
	"fmt"
	"time"

	"holdfast/scenarios/cores"
	"holdfast/scenarios/network"
)

// Choice is what is chosen over a scenario's file. Its zero value chooses nothing: of what
// is nil or empty the file's own holds. Errors name a choice as simulate run calls it, by
// its flag.
type Choice struct {
	Settings   []Setting // of the file, or of the policy in force ([PolicyParts])
	Clients    *int      // see [Scenario.Scale]
	Operations *int      // see [Scenario.Bound]
	Duration   *time.Duration
	Document   string // a file, or the name of a built-in one
	Layout     string // a file, or the name of a built-in one; its own document comes with it
	Schedule   string
	Codec      Codec
	Via        Via
	Latency    string   // as [network.ParseLatency] reads it
	Faults     []string // in place of the file's, as [network.ParseFault] reads them; "none" alone: no faults
	Core       string   // of [cores.Find]; of a scenario that names none it is production
	Policy     string   // as [ParsePolicy] reads it
	Thresholds []string // beside the file's, as [ParseThreshold] reads them
	Seed       uint64
	// Repetitions of the run. 0: one.
	Repetitions int
	// Repetition is the only one that is played, by its number, whatever Repetitions is. 0: all are.
	Repetition int
}

// Prepare opens the built-in scenario of that name, or the file at that path, and makes a
// run of it with what was chosen.
func Prepare(nameOrPath string, c Choice) (*Run, error) {
	keys, parts := splitSettings(c.Settings)
	s, err := OpenWith(nameOrPath, keys...)
	if err != nil {
		return nil, ofSetting(err)
	}
	for _, choose := range []func(*Scenario) error{c.scale, c.condition, c.expect} {
		if err := choose(s); err != nil {
			return nil, err
		}
	}
	core, err := c.core(s)
	if err != nil {
		return nil, err
	}
	r, err := NewRun(s, core)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.documentFrom(nameOrPath), err)
	}
	r.Seed, r.Repetitions = c.Seed, cmp.Or(c.Repetitions, 1)
	if c.Repetition != 0 {
		r.First, r.Repetitions = c.Repetition, 1
	}
	if len(parts) > 0 {
		if r.Policy, err = changePolicy(r.Policy, parts); err != nil {
			return nil, ofSetting(err)
		}
		s.Policy = &Policy{Policy: r.Policy}
		if r.Core.OwnWaits {
			s.Policy.Core = r.Core.Name
		}
	}
	return r, nil
}

// scale chooses how much is played.
func (c *Choice) scale(s *Scenario) error {
	if c.Clients != nil {
		if err := s.Scale(*c.Clients); err != nil {
			return fmt.Errorf("--clients: %w", err)
		}
	}
	if c.Operations != nil {
		if err := s.Bound(*c.Operations); err != nil {
			return fmt.Errorf("--operations: %w", err)
		}
	}
	if c.Duration != nil {
		if err := s.Limit(*c.Duration); err != nil {
			return fmt.Errorf("--duration: %w", err)
		}
	}
	return nil
}

// condition chooses what the documents, the store and its network are like.
func (c *Choice) condition(s *Scenario) error {
	if c.Layout != "" {
		s.Layout, s.Document = c.Layout, ""
	}
	s.Document, s.Schedule = cmp.Or(c.Document, s.Document), cmp.Or(c.Schedule, s.Schedule)
	s.Codec, s.Via = cmp.Or(c.Codec, s.Codec), cmp.Or(c.Via, s.Via)
	if s.Via == ViaAPI && c.Codec == "" {
		s.Codec = JSON // whatever suits the scenario without the API
	}
	if c.Latency != "" {
		l, err := network.ParseLatency(c.Latency)
		if err != nil {
			return fmt.Errorf("--latency: %w", err)
		}
		s.Latency = (*Latency)(&l)
	}
	if len(c.Faults) > 0 {
		s.Faults = nil
	}
	for _, text := range c.Faults {
		if text == "none" && len(c.Faults) == 1 {
			break
		}
		f, err := network.ParseFault(text)
		if err != nil {
			return fmt.Errorf("--fault: %w", err)
		}
		s.Faults = append(s.Faults, Fault(f))
	}
	return s.Validate()
}

// expect adds thresholds.
func (c *Choice) expect(s *Scenario) error {
	more, err := ParseThresholds(c.Thresholds)
	if err != nil {
		return err
	}
	s.Expect.Thresholds = append(s.Expect.Thresholds, more...)
	return nil
}

// ParseThresholds reads several; an error names the flag.
func ParseThresholds(texts []string) (all []Threshold, err error) {
	for _, text := range texts {
		t, err := ParseThreshold(text)
		if err != nil {
			return nil, fmt.Errorf("--threshold: %w", err)
		}
		all = append(all, t)
	}
	return all, nil
}

// core takes the core that was chosen, else the scenario's, and gives the scenario the policy
// that was chosen, which can stand for a core too: so it stands beside the policies that a
// sweep holds against it.
func (c *Choice) core(s *Scenario) (cores.Spec, error) {
	name := cmp.Or(c.Core, s.Core, cores.Production)
	policy, flag, err := s.Policy, "policy ", error(nil)
	if c.Policy != "" {
		var asked Policy
		asked, err = ParsePolicy(c.Policy)
		policy, flag = &asked, "--policy "
	}
	if policy != nil && policy.Core != "" {
		if c.Core != "" && name != policy.Core {
			return cores.Spec{}, fmt.Errorf("%s%s is a core of its own; leave --core %s out", flag, policy.Core, name)
		}
		name = policy.Core
	}
	core, found := cores.Find(name)
	switch {
	case found != nil:
		return core, fmt.Errorf("--core: %w", found)
	case err != nil:
		return core, fmt.Errorf("--policy: %w", err)
	case c.Policy != "" && core.OwnPolicy:
		return core, fmt.Errorf("--policy: the %s core has a policy of its own, %s", core.Name, core.Policy)
	}
	switch { // so that the scenario that is saved has it
	case policy != nil && policy.Core != "":
		s.Core = ""
	case c.Core != "":
		s.Core = name
	}
	s.Policy = policy
	return core, nil
}

// documentFrom is where the document was named.
func (c *Choice) documentFrom(scenario string) string {
	switch {
	case c.Document != "":
		return "--document"
	case c.Layout != "":
		return "--layout"
	}
	return scenario
}
