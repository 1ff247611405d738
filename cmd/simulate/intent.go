package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"holdfast/reports"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sandbox"
)

// fromVariable is the annotation of a flag that the environment has set, see [fromEnvironment].
const fromVariable = "from"

// origin is where a flag's value comes from; empty: it has its default.
func origin(f *pflag.FlagSet, name string) string {
	flag := f.Lookup(name)
	switch {
	case flag == nil || !flag.Changed:
		return ""
	case len(flag.Annotations[fromVariable]) > 0:
		return flag.Annotations[fromVariable][0]
	}
	return "--" + name
}

// intent is what plays, and what is done beside them, are about to do to a real store; it sends
// it nothing. Nil: the store is the embedded one.
func (o runOptions) intent(ctx context.Context, flags *pflag.FlagSet, plays []*play, beside ...measure.Estimate) (*reports.Intended, error) {
	if o.target().Name() == measure.Embedded {
		return nil, nil
	}
	var all measure.Estimate
	for _, e := range beside {
		all.Add(e)
	}
	if !o.skipCheck {
		all.Add(measure.CheckEstimate)
	}
	for _, p := range plays {
		if p.point.World != real {
			continue
		}
		e, err := p.point.Estimate(ctx)
		if err != nil {
			return nil, couldNotRun("estimate the requests of %s: %w", p.name, err)
		}
		all.Add(e)
	}
	d, err := o.intended(ctx, flags, all)
	if err != nil {
		return nil, err
	}
	d.Below += ", with an ID for each scenario"
	d.Runs, d.MaxRequests = len(plays), o.maxRequests
	return d, nil
}

// intended is what is about to be done to the store, which is not the embedded one, on whose
// behalf and at what cost.
func (o *storeOptions) intended(ctx context.Context, flags *pflag.FlagSet, e measure.Estimate) (*reports.Intended, error) {
	target := o.target()
	d := &reports.Intended{
		Schema: reports.IntentSchema, Store: reports.Chosen{Value: target.Name(), From: origin(flags, "store")},
		Below: strings.TrimSuffix(target.Name(), "/") + "/simulate-ID/", Puts: e.Puts, Gets: e.Gets, Deletes: e.Deletes,
	}
	account, err := target.Account(ctx)
	if err != nil {
		return nil, couldNotRun("%w", err)
	}
	bucket := ""
	if account != nil {
		bucket = account.Bucket
		d.Endpoint = reports.Chosen{Value: account.Endpoint, From: account.EndpointFrom}
		switch {
		case account.Endpoint == "":
			d.Endpoint.Value = "AWS"
		case account.EndpointFrom == "":
			d.Endpoint.From = origin(flags, "endpoint")
		}
		d.Region = reports.Chosen{Value: account.Region, From: account.RegionFrom}
		d.Key = reports.Chosen{Value: account.Key, From: account.KeyFrom}
		d.Profile, d.Role, d.NoCredentials = account.Profile, account.Role, account.Missing
	}
	endpoint := target.Name()
	if account != nil {
		endpoint = account.Endpoint
	}
	prices, known := measure.PricesAt(endpoint, bucket)
	d.Prices, d.PricesKnown, d.Cost = prices.Name, known, e.Cost(prices)
	return d, nil
}

// approach says what is about to be done to real stores, once each has answered: one that can't
// be reached, mostly a wrong address, is told in one line, and nobody asks what it would cost.
func (a *app) approach(ctx context.Context, o outputOptions, intent *reports.Intended, allowance *sandbox.Allowance, at ...measure.Target) error {
	if intent == nil {
		return nil
	}
	for _, t := range at {
		switch err := t.Reach(ctx, allowance); {
		case ctx.Err() != nil || errors.Is(err, sandbox.ErrSpent): // what is done next will say so
		case err != nil:
			return couldNotRun("%w", err)
		}
	}
	if !o.quiet {
		intent.Text(reports.Text{W: a.stderr})
	}
	return nil
}

// cleanCommand removes what a run has left.
func (o *storeOptions) cleanCommand(id string) string {
	return o.command("simulate clean") + " --run " + id + " --yes"
}

// leaves reports whether an error says that something was left in the store.
func leaves(err error) bool {
	_, left := errors.AsType[*sandbox.LeftError](err)
	return left
}

// later adds to an error that says that something was left in the store what removes it.
func (o *storeOptions) later(err error) error {
	left, ok := errors.AsType[*sandbox.LeftError](err)
	if !ok {
		return err
	}
	return fmt.Errorf("%w: later, %s", err, o.cleanCommand(left.ID))
}

// ended is what came of opening a store or closing it; nil: nothing did.
func (o *storeOptions) ended(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &exitError{exitInterrupted, o.later(err)}
	}
	return couldNotRun("%w", o.later(err))
}

// leaving says, of a run that was interrupted, that it is being cleaned up after: what
// another interrupt leaves there nobody says any more.
func (a *app) leaving(ctx context.Context, o *storeOptions, p *play) func(int, string, int, time.Duration) {
	return func(_ int, where string, objects int, within time.Duration) {
		if ctx.Err() != nil {
			fmt.Fprintf(a.stderr, "interrupted: removing %s from %s, within %v; another interrupt leaves them for %s\n",
				reports.Plural(objects, "object"), where, within.Round(time.Second), o.cleanCommand(p.point.Target.ID))
		}
	}
}

// allowance is that of --max-requests; nil: there may be any number.
func (o runOptions) allowance() *sandbox.Allowance {
	if o.maxRequests == 0 {
		return nil
	}
	return sandbox.NewAllowance(o.maxRequests)
}
