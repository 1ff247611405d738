package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/campaign/load"
)

// statusOptions are the flags of campaign status.
type statusOptions struct {
	prefixOptions
	watch  bool
	output outputOptions
}

func (a *app) campaignStatusCommand() *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:   "status PREFIX",
		Short: "Say how far a campaign is",
		Long: `status says how many units are published, and of which shards: done; running, with a
heartbeat not older than a minute; silent, with one that is older, so that its worker
has died; missing: nobody is at work on it. Heartbeats are written every ten seconds;
their age is told by the store's clock.

With --watch it shows that until all is published or the campaign is stopped.

Exit codes: 0 it was told, whatever it is; 1 it could not be found out; 2 there is no plan.`,
		Example: `  simulate campaign status out/c1
  simulate campaign status s3://bucket/c2 --watch`,
		Args: exactly(1, "a PREFIX"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.campaignStatus(cmd.Context(), o, args[0])
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.watch, "watch", false, "show it until all is published or the campaign is stopped")
	o.register(f)
	o.output.register(cmd)
	return cmd
}

// campaignStatus says how far a campaign is.
func (a *app) campaignStatus(ctx context.Context, o statusOptions, prefix string) error {
	if err := o.output.validate(); err != nil {
		return err
	}
	c, err := o.load(ctx, prefix)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	var s *campaign.Status
	if o.watch {
		s, err = a.watch(ctx, o.output, c, 0)
	} else {
		s, err = c.Status(ctx)
	}
	if err != nil {
		return beginError(ctx, err)
	}
	begun, err := begunLoad(ctx, c)
	if err != nil {
		return campaignError(err)
	}
	return a.tell(o.output, o.campaigned(c, s, begun), nil, ctx.Err() != nil)
}

// begunLoad reports whether the campaign is a load that has begun.
func begunLoad(ctx context.Context, c *campaign.Campaign) (bool, error) {
	if c.Plan.Kind != load.Kind {
		return false, nil
	}
	l, err := load.Open(c)
	if err != nil {
		return false, err
	}
	return l.Begun(context.WithoutCancel(ctx)) // also what was watched until an interrupt is told
}

// campaigned is the document of how far a campaign is, with the command that goes on; begun: it is
// a load that has begun.
func (o *prefixOptions) campaigned(c *campaign.Campaign, s *campaign.Status, begun bool) reports.Campaigned {
	d := reports.NewCampaigned(c, s)
	d.Begun = begun
	switch idle := idleShards(s); {
	case d.Passed, begun && s.Running == 0:
		d.Next = o.again("merge", c)
	case begun: // nobody can do more than wait
	case s.Stopped:
		d.Next = o.again("stop", c) + " --resume"
	case len(idle) > 0:
		d.Next = o.again("work", c) + " --index " + indexOf(idle)
	}
	return d
}

// Looks at a campaign cost a few requests each: the first ones follow soon, so that nobody waits
// long for what takes little time.
const (
	firstLook = 100 * time.Millisecond
	lookEvery = 5 * time.Second
)

// watch shows how far a campaign is until all is published, it is stopped or disputed, or a time has passed
// (0: any), and returns what it saw last. An interrupt is no error.
func (a *app) watch(ctx context.Context, o outputOptions, c *campaign.Campaign, within time.Duration) (*campaign.Status, error) {
	begin := time.Now()
	progress := a.startProgress(o, "campaign")
	defer progress.stop()
	for pause := firstLook; ; pause = min(2*pause, lookEvery) {
		s, err := c.Status(ctx)
		if err != nil {
			return nil, err
		}
		progress.update(float64(s.Complete)/float64(max(s.Units, 1)), fmt.Sprintf("%d of %d shards done, %d running", s.Done, len(s.Shards), s.Running))
		progress.leaves(s.Left)
		switch {
		case s.Done == len(s.Shards), s.Stopped, s.Disputed != nil, within > 0 && time.Since(begin) >= within:
			return s, nil
		case s.Running == 0:
			if begun, err := begunLoad(ctx, c); begun || err != nil { // nobody else will play
				return s, err
			}
		}
		next := pause
		if within > 0 {
			next = min(next, within-time.Since(begin))
		}
		select {
		case <-ctx.Done():
			return s, nil
		case <-time.After(next):
		}
	}
}

// stopOptions are the flags of campaign stop.
type stopOptions struct {
	prefixOptions
	resume bool
	quiet  bool
}

func (a *app) campaignStopCommand() *cobra.Command {
	var o stopOptions
	cmd := &cobra.Command{
		Use:   "stop PREFIX",
		Short: "Ask all workers to publish what is complete, and to end",
		Long: `stop asks all workers to publish what is complete and to end, which they do between
two units, within some seconds; those that begin later end at once. They end with 0, so
that no engine starts them again. --resume takes it back; the engine is to start the
shards again then.`,
		Example: `  simulate campaign stop out/c1
  simulate campaign stop out/c1 --resume`,
		Args: exactly(1, "a PREFIX"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.campaignStop(cmd.Context(), o, args[0])
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.resume, "resume", false, "take it back")
	o.register(f)
	f.BoolVar(&o.quiet, "quiet", false, "write nothing unless it fails")
	return cmd
}

func (a *app) campaignStop(ctx context.Context, o stopOptions, prefix string) error {
	c, err := o.load(ctx, prefix)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	said := "is stopped: workers publish what is complete, and end; " + o.again("stop", c) + " --resume takes it back"
	if o.resume {
		said = "goes on, as soon as workers are started"
		err = c.Resume(ctx)
	} else {
		err = c.Stop(ctx)
	}
	if ctx.Err() != nil {
		return &exitError{exitInterrupted, errors.New("interrupted")}
	}
	if err == nil {
		a.say(outputOptions{quiet: o.quiet}, "%s %s", c.Name(), said)
	}
	return campaignError(err)
}
