package scenarios

import (
	"context"

	"holdfast/scenarios/world"
)

// cue is how the timeline and one actor hand over to each other: the actor
// works between being given a step, or resumed, and its next report.
type cue struct {
	held   string       // the call before which to stop; owned by whoever works
	report report       // what the actor reported last
	spoken world.Signal // the actor has reported
	resume world.Signal // the actor that is held may go on
}

// report is an actor's word that its step has ended, or that it is held.
type report struct {
	held bool
	err  error
}

// hold stops the actor if it is to be held before this call. An interrupt does not let
// it go on by itself, since the timeline may just be giving out a step.
func (c *cue) hold(ctx context.Context, call string) error {
	if c.held != call {
		return nil
	}
	c.held = ""
	c.report = report{held: true}
	resume := c.resume
	c.spoken.Raise()                            // from here on the cue is the timeline's
	_ = resume.Wait(context.WithoutCancel(ctx)) // a timeline that breaks off lets it go on
	return ctx.Err()
}
