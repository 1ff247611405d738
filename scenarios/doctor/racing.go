package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/archive/storerace"
)

// afterUnsafe is how many races are played after the first that decides, to tell how often it
// is so.
const afterUnsafe = 30

// quickKinds are those of the short form.
var quickKinds = []string{"update", "create"}

func (e *examination) kinds() []storerace.Kind {
	return slices.DeleteFunc(storerace.Kinds(), func(k storerace.Kind) bool {
		return e.Quick && !slices.Contains(quickKinds, k.Name) || k.Raw && e.Fronts[0].Raw == nil
	})
}

// races plays all kinds at once, each on keys of its own, so that a store that is far away
// is not waited for in turn.
func (e *examination) races(ctx context.Context) []Race {
	kinds := e.kinds()
	races := make([]Race, len(kinds))
	var all sync.WaitGroup
	for i, k := range kinds {
		all.Go(func() { races[i] = e.race(ctx, k) })
	}
	all.Wait()
	return races
}

// wanted is how many races of a kind are.
func (e *examination) wanted(k storerace.Kind) int {
	const less = 3
	if k.Costly {
		return max(e.Races/less, 1)
	}
	return e.Races
}

// enough is how many are conclusive when the time is up: of the short form, which has few, all.
func (e *examination) enough(wanted int) int {
	if e.Quick {
		return wanted
	}
	return (wanted + 1) / 2
}

func (e *examination) race(ctx context.Context, k storerace.Kind) Race {
	wanted := e.wanted(k)
	began := time.Now()
	budget, cancel := context.WithTimeout(ctx, e.RaceBudget)
	defer cancel()
	field := storerace.Field{Prefix: "races/", Raw: e.Fronts[0].Raw}
	for _, f := range e.Fronts {
		field.Stores = append(field.Stores, f.Store)
	}
	var before storerace.Tally
	racers := slices.Clone(e.Writers)
	if k.Crowd {
		slices.Reverse(racers)
	}
	tally := k.On(field).Play(budget, storerace.Plan{Races: wanted, Racers: racers, BodyBytes: e.BodyBytes, AfterUnsafe: afterUnsafe},
		func(t storerace.Tally) {
			e.tell(k.Name, t.Judged-before.Judged, t.Bad-before.Bad)
			before = t
		})
	e.tell(k.Name, wanted-tally.Judged, 0) // which are not played any more
	r := Race{
		Name: k.Name, What: k.What, Subject: k.Subject, Writers: e.Writers, BodyBytes: e.BodyBytes, Wanted: wanted,
		Races: tally.Judged, Bad: tally.Bad, FirstBad: tally.FirstBad, Unjudged: tally.Unjudged,
		RateUpper95: upper95(tally.Bad, tally.Judged), Seconds: time.Since(began).Seconds(),
		Means: "Nothing bad was seen.", Reproduction: tally.Log,
	}
	for _, fault := range tally.Faults {
		r.Kinds = append(r.Kinds, fault.Kind)
	}
	if tally.Decided == 0 {
		r.Inconclusive = e.inconclusive(ctx, budget, wanted, tally)
	}
	switch {
	case tally.Worst != nil:
		r.Kind, r.Seen, r.Means = tally.Worst.Kind, tally.Worst.Seen, means(tally.Worst.Kind)
	case r.Inconclusive != "":
		r.Means = "Too few races to tell."
	}
	return r
}

// inconclusive says why the races of a kind that nothing unsafe has decided tell too little;
// empty: they tell enough.
func (e *examination) inconclusive(ctx, budget context.Context, wanted int, t storerace.Tally) string {
	enough := e.enough(wanted)
	switch {
	case t.Judged < enough, t.Judged < wanted && budget.Err() == nil:
		return unfinished(ctx, budget, t)
	case t.Judged-t.Refused < enough:
		return fmt.Sprintf("but in %d of them writes were refused though their condition held: what else may be does not show", t.Refused)
	}
	return ""
}

func unfinished(ctx, budget context.Context, t storerace.Tally) string {
	switch ended, is := errors.AsType[*Ended](context.Cause(ctx)); {
	case is:
		return "then " + ended.Error()
	case errors.Is(ctx.Err(), context.Canceled):
		return "then it was interrupted"
	case budget.Err() != nil && t.Why != nil:
		return fmt.Sprintf("then the budget of time ended; %d were spoilt: %v", t.Unjudged, t.Why)
	case budget.Err() != nil:
		return "then the budget of time ended"
	case t.Why != nil:
		return fmt.Sprintf("and %d in a row could not be: %v", t.Unjudged, t.Why)
	}
	return "then it ended"
}

// upper95 is the one-sided bound of Clopper and Pearson.
func upper95(bad, races int) float64 {
	if bad >= races {
		return 1
	}
	return distuv.Beta{Alpha: float64(bad + 1), Beta: float64(races - bad)}.Quantile(0.95)
}

func means(k storefault.Kind) string { return storefault.Of(k).Means }

// counted are fronts whose requests are counted.
func (e *examination) counted(fronts []Front) []Front {
	all := slices.Clone(fronts)
	for i := range all {
		counting := countedStore{all[i].Store, &e.requests}
		if lister, can := all[i].Store.(archive.Lister); can {
			all[i].Store = countedLister{counting, lister}
		} else {
			all[i].Store = counting
		}
		if all[i].Raw != nil {
			all[i].Raw = countedSender{all[i].Raw, &e.requests}
		}
	}
	return all
}

// slug is a row's name as part of a key.
func slug(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a'
		}
		return '-'
	}, name)
}
