package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/archive"
)

func (c *checker) checkStep(i int) {
	step := &c.Timeline[i]
	path := fmt.Sprintf(".timeline[%d]", i)
	switch actor := c.actor(step.Actor); {
	case !c.sure(path + ".actor"):
	case actor == nil && c.sureOfActors("name"):
		c.invalid(path+".actor", "there is no actor %q", step.Actor)
	case actor != nil && actor.Interferes != nil:
		c.invalid(path+".actor", "actor %s interferes, so it can't act in the timeline", step.Actor)
	}
	switch {
	case !c.sure(path + ".do"):
	case !oneOf(step.Do):
		c.invalid(path+".do", "a step does %s, not %q", either(step.Do), step.Do)
	case step.Do == DoSave && !c.loadedBefore(i) && c.sureOfAll(".timeline", i+1, "actor", "do"):
		c.invalid(path+".do", "%s saves without having loaded", step.Actor)
	}
	if c.sure(path + ".do") {
		c.checkEdit(path, step)
	}
	if !oneOrNone(step.Hold) {
		c.invalid(path+".hold", "want %s, not %q", either(step.Hold), step.Hold)
	}
	if outcomes := archive.Outcomes(); step.Expect != "" && !slices.Contains(outcomes, step.Expect) {
		c.invalid(path+".expect", "%q is no outcome (%s)", step.Expect, strings.Join(wordsOf(outcomes...), ", "))
	}
	if len(step.Conflicts) > 0 && step.Expect != archive.Conflict && c.sure(path+".expect") {
		c.invalid(path+".conflicts", "fields in conflict need expect: conflict")
	}
	if at, err := step.checkFields(); err != nil {
		c.invalid(path+at, "%v", err)
	}
}

// checkEdit checks that a step has no parts that what it does has not.
func (c *checker) checkEdit(path string, step *Step) {
	edits := step.Do == DoSave || step.Do == DoAppend
	if len(step.Set) > 0 && !edits {
		c.invalid(path+".set", "only save and append set fields")
	}
	if len(step.Remove) > 0 && !edits {
		c.invalid(path+".remove", "only save and append remove fields")
	}
	if len(step.SetJSON) > 0 && !edits {
		c.invalid(path+".set_json", "only save and append set fields")
	}
	if step.WithoutBase && step.Do != DoSave {
		c.invalid(path+".without_base", "only a save has a base")
	}
	switch {
	case len(step.Also) > 0 && !edits:
		c.invalid(path+".also", "only save and append add modifications of a type")
	case len(step.Also) > 0 && c.Via == ViaAPI:
		c.invalid(path+".also", "an upload makes one modification")
	}
}

func (s *Scenario) loadedBefore(i int) bool {
	return slices.ContainsFunc(s.Timeline[:i], func(earlier Step) bool {
		return earlier.Actor == s.Timeline[i].Actor && earlier.Do == DoLoad
	})
}

// checkHolds checks that only held actors are resumed, and that no actor acts while it is
// held. It stops at the first mistake, from which all others may follow.
func (c *checker) checkHolds() {
	if !c.sureOfAll(".timeline", len(c.Timeline), "actor", "do", "hold") {
		return
	}
	held := map[string]bool{}
	for i, step := range c.Timeline {
		path := fmt.Sprintf(".timeline[%d].do", i)
		switch {
		case held[step.Actor] == (step.Do == DoResume):
		case step.Do == DoResume:
			c.invalid(path, "%s is not held, so it can't be resumed", step.Actor)
			return
		default:
			c.invalid(path, "%s is held and must be resumed first", step.Actor)
			return
		}
		held[step.Actor] = step.Hold != ""
	}
	for i, step := range c.Timeline {
		if held[step.Actor] {
			c.invalid(fmt.Sprintf(".timeline[%d].hold", i), "%s is never resumed", step.Actor)
			return
		}
	}
}
