package main

import (
	"context"
	"errors"
	"fmt"

	"holdfast/archive/storefault"
	"holdfast/archive/storerace"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sandbox"
)

// trust tries a store before anything is trusted to it: a few seconds in a sandbox, which
// refuse one that ignores conditions. One that can't be tried is let pass, with a line that
// says so: what is done next will tell what is wrong with it. The embedded one is trusted.
func (a *app) trust(ctx context.Context, o storeOptions, allowance *sandbox.Allowance) (err error) {
	t := o.target()
	if t.Name() == measure.Embedded {
		return nil
	}
	trying, end := context.WithCancelCause(ctx)
	defer end(nil)
	fronts, err := measure.OpenFronts(ctx, t, measure.FrontsConfig{Command: o.doctor(), Allowance: allowance, Ended: end})
	switch {
	case err == nil:
	case (ctx.Err() != nil || errors.Is(err, sandbox.ErrSpent)) && !leaves(err):
		return nil // what is done next will say so
	default:
		return o.ended(ctx, err)
	}
	defer func() { err = errors.Join(err, o.ended(ctx, fronts.Close(ctx))) }()
	err = storerace.Quick(trying, fronts.All()[0].Store, "")
	fault, bad := errors.AsType[*storefault.Error](err)
	switch {
	case err == nil || ctx.Err() != nil:
		return nil
	case bad:
		return &exitError{exitStoreAtFault, fmt.Errorf("%s can't be trusted with documents: %w. %s See all of it: %s",
			o.named(), err, storefault.Of(fault.Kind).Means, o.doctor())}
	case trying.Err() != nil: // no more requests are allowed, which ends the run too, and is said then
		return nil
	}
	fmt.Fprintf(a.stderr, "simulate: whether %s keeps its promises is not known: %s\n", o.named(), oneLine(err.Error()))
	return nil
}

func (o *storeOptions) named() string {
	if o.endpoint == "" {
		return o.store
	}
	return o.store + " at " + o.endpoint
}

// doctor is the command that examines the store.
func (o *storeOptions) doctor() string { return o.command("simulate doctor") }

// command is one on the store.
func (o *storeOptions) command(name string) string {
	c := commandLine{args: []string{name}, changed: func(flag string) bool { return flag != "endpoint" || o.endpoint != "" }}
	c.add("store", o.store)
	c.add("endpoint", o.endpoint)
	if o.pathStyle != 0 {
		c.add("path-style", o.pathStyle.String())
	}
	return c.String()
}
