package profile

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"holdfast/archive"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// profile is what follows from what was observed.
func (o *observed) profile(p *probe) (*network.Profile, error) {
	for _, kind := range []string{heads, gets, puts} {
		if n := len(p.samples[kind]); n < fewestOfKind {
			return nil, fmt.Errorf("only %d calls of the kind %s were answered in %v and %d requests, and %d are needed: give it more time",
				n, kind, p.config.Within, p.config.Requests, fewestOfKind)
		}
	}
	m := model{samples: p.samples, floor: lowest(p.samples[heads]), capacity: o.capacity(p.samples)}
	prof := m.profile()
	if o.lost > 0 {
		prof.Conflict409 = network.ShareOf(float64(o.conflict) / float64(o.lost))
	}
	if o.perKey > 0 {
		prof.PerKey = &network.Limit{Writes: network.RateOf(o.perKey), Burst: 1}
	}
	if a := &o.apart; a.throttled*20 > a.requests && o.perKey == 0 {
		prof.Throttle = &network.Limit{Writes: network.RateOf(float64(a.writes) / a.seconds), Reads: network.RateOf(float64(a.reads) / a.seconds)}
	}
	if r := &o.rivals; r.writes > 0 {
		prof.Seen = &network.Seen{
			Writers: rivals, WritesPerSecond: network.RateOf(float64(r.writes) / r.seconds), AttemptsPerWrite: network.RateOf(float64(r.attempts) / float64(r.writes)),
			Throttled: network.ShareOf(float64(r.throttled) / float64(max(r.requests, 1))),
		}
	}
	return prof, nil
}

// bounded is the share of what clients would do who don't feel each other, below which a store
// is taken to serve no more.
const bounded = 0.8

// capacity is what the store serves, if the clients who had an object each felt each other: of
// reads and writes as many as take it the same time as those, if a call keeps it busy in
// proportion to how long it takes alone.
func (o *observed) capacity(samples map[string][]time.Duration) network.Capacity {
	read, write := mean(samples[gets]).Seconds(), mean(samples[puts]).Seconds()
	both := (read + write) / 2
	if read == 0 || write == 0 || o.apart.throttled > 0 || o.apart.rate == 0 || o.apart.rate > bounded*apart/both {
		return network.Capacity{}
	}
	rate := func(alone float64) float64 { return float64(network.RateOf(o.apart.rate * both / alone)) }
	return network.Capacity{Reads: rate(read), Writes: rate(write)}
}

// model divides calls into their parts.
type model struct {
	samples  map[string][]time.Duration
	floor    time.Duration // of all calls
	capacity network.Capacity
}

// lowest is nearly the shortest, which alone can be a slip of the clock.
func lowest(samples []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[len(sorted)/20]
}

func mean(samples []time.Duration) time.Duration {
	sum := 0.0
	for _, v := range samples {
		sum += float64(v)
	}
	return time.Duration(sum / float64(max(len(samples), 1)))
}

// profile has legs as long as the floor, less the turn that each call takes at a store that
// serves so many, and for the rest of a call the store.
func (m model) profile() *network.Profile {
	leg := max(m.floor-m.capacity.Turn(false), 0) / 2
	p := &network.Profile{
		Schema: network.ProfileSchema, Request: network.Leg{Distribution: network.Constant(leg)}, Reply: network.Leg{Distribution: network.Constant(leg)},
		Read:    network.Sizes{Small: m.served(gets, 2*leg+m.capacity.Turn(false)), Large: m.served(getsOfLarge, 2*leg+m.capacity.Turn(false))},
		Write:   network.Sizes{Small: m.served(puts, 2*leg+m.capacity.Turn(true)), Large: m.served(putsOfLarge, 2*leg+m.capacity.Turn(true))},
		Refusal: m.served(refusals, 2*leg+m.capacity.Turn(false)),
		// The rivals had come at once: on average each waited for half of the others.
		Waiting: m.served(losses, 2*leg+m.capacity.Turn(false)*rivals/2),
	}
	if (m.capacity != network.Capacity{}) {
		p.Capacity = &network.Rates{Reads: network.Rate(m.capacity.Reads), Writes: network.Rate(m.capacity.Writes)}
	}
	return p
}

// served is how long calls take beyond so much, with the mean that they have; nothing, if
// there were too few.
func (m model) served(kind string, beyond time.Duration) (l network.Leg) {
	samples := m.samples[kind]
	if len(samples) < fewestOfKind {
		return l
	}
	all := make([]time.Duration, len(samples))
	for i, took := range samples {
		all[i] = max(took-beyond, 0)
	}
	if longer := mean(all); longer > 0 { // as some would have been shorter than nothing
		share := max(mean(samples)-beyond, 0).Seconds() / longer.Seconds()
		for i := range all {
			all[i] = time.Duration(share * float64(all[i]))
		}
	}
	l.Distribution = network.Quantiles(all)
	return l
}

// Fitted is one number of the loads, as measured and as the model has it.
type Fitted struct {
	Name      string  `json:"name"`
	Unit      string  `json:"unit,omitempty"`
	Measured  float64 `json:"measured"`
	Predicted float64 `json:"predicted"` // the median of the model's sets
	// Low and High hold [FitLevel] of the model's sets, and [Tolerance] more.
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Agrees bool    `json:"agrees"`
}

// FitLevel is of each interval, so that one of five numbers is outside of its own in one of
// twenty measurements of a store that the model is right about.
const FitLevel = 0.99

// Tolerance widens each interval, as a share of its ends: a tenth does not change which
// settings are right.
const Tolerance = 0.1

// sets is how often the model plays the loads.
const sets = 400

// compared are the numbers of a load.
var compared = []struct {
	name, unit string
	of         func(o *observed) float64
}{
	{fmt.Sprintf("requests of %d clients apart", apart), "/s", func(o *observed) float64 { return o.apart.rate }},
	{fmt.Sprintf("writes of one key, %d writers", rivals), "/s", func(o *observed) float64 { return ratio(float64(o.rivals.writes), o.rivals.seconds) }},
	{"attempts for each of them", "", func(o *observed) float64 { return ratio(float64(o.rivals.attempts), float64(o.rivals.writes)) }},
	{"a read among them, mean", "ms", func(o *observed) float64 { return each(o.rivals.reading, o.rivals.reads) }},
	{"a refused write, mean", "ms", func(o *observed) float64 { return each(o.rivals.refusing, o.rivals.attempts-o.rivals.writes) }},
	{"an accepted write, mean", "ms", func(o *observed) float64 { return each(o.rivals.writing, o.rivals.writes) }},
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func each(all time.Duration, n int) float64 { return ratio(all.Seconds()*1000, float64(n)) }

// fitted holds the model against what was observed. How a write waits for another can't be
// seen from outside: of the ways in which it can, the profile gets the one that comes closest.
func (o *observed) fitted(ctx context.Context, prof *network.Profile) (*Measured, error) {
	ways := []network.Profile{*prof}
	if !prof.Waiting.IsZero() {
		polls, twice, inTurn := *prof, *prof, *prof
		polls.Polls, twice.Polls, inTurn.Waiting = true, true, network.Leg{}
		// In the races whoever lost may have asked more than once.
		twice.Waiting.Distribution = twice.Waiting.Half()
		ways = append(ways, polls, twice, inTurn)
	}
	var best *Measured
	for i := range ways {
		fit, err := o.fit(ctx, &ways[i])
		if err != nil {
			return nil, err
		}
		if best == nil || distance(fit) < distance(best.Fit) {
			best = &Measured{Profile: &ways[i], Fit: fit}
		}
	}
	best.Agrees = !slices.ContainsFunc(best.Fit, func(f Fitted) bool { return !f.Agrees })
	return best, nil
}

// least is what each of the numbers may as well be as nothing.
const least = 0.01

// distance between what was measured and predicted, by how many times the one is the other.
func distance(fit []Fitted) float64 {
	sum := 0.0
	for _, f := range fit {
		sum += math.Abs(math.Log((f.Measured + least) / (f.Predicted + least)))
	}
	return sum
}

// fit plays the loads of clients who are together in the model of the profile.
func (o *observed) fit(ctx context.Context, prof *network.Profile) ([]Fitted, error) {
	var crew world.Crew
	defer crew.Close()
	values := make([][]float64, len(compared))
	for set := range uint64(sets) {
		predicted, err := o.again(ctx, prof.Latency(), &crew, set)
		if err != nil {
			return nil, err
		}
		for i, c := range compared {
			values[i] = append(values[i], c.of(predicted))
		}
	}
	var all []Fitted
	for i, c := range compared {
		v := values[i]
		slices.Sort(v)
		at := func(q float64) float64 { return stat.Quantile(q, stat.Empirical, v, nil) }
		f := Fitted{Name: c.name, Unit: c.unit, Measured: c.of(o), Predicted: at(0.5), Low: at((1-FitLevel)/2) * (1 - Tolerance), High: at((1+FitLevel)/2) * (1 + Tolerance)}
		f.Agrees = f.Low <= f.Measured && f.Measured <= f.High
		all = append(all, f)
	}
	return all, nil
}

// requestTimeout is that of a client of the model, who is as patient as the S3 adapter.
const requestTimeout = 10 * time.Second

// again plays as many requests in the model as there were.
func (o *observed) again(ctx context.Context, l network.Latency, crew *world.Crew, seed uint64) (*observed, error) {
	w := world.NewVirtual(world.Config{
		Latency: l, RequestTimeout: requestTimeout, Crew: crew,
		Rand: func(actor string) *rand.Rand {
			h := fnv.New64a()
			_, _ = h.Write([]byte(actor))
			return rand.New(rand.NewPCG(seed, h.Sum64()))
		},
	})
	p, model := newProbe(w, "", Config{}), &observed{}
	var failure error
	ran := w.Run(ctx, func(ctx context.Context) {
		p.until = w.Now().Add(24 * time.Hour)
		p.most = apart + o.apart.requests
		failure = model.many(ctx, p)
		if _, err := w.Store("harness/prober").Put(ctx, smallKey, body(network.SmallObject, 0), archive.Condition{}); err != nil {
			failure = errors.Join(failure, err)
			return
		}
		p.most = p.sent + o.rivals.requests
		if err := model.contend(ctx, p); !errors.Is(err, errEnough) {
			failure = errors.Join(failure, err)
		}
	})
	if errors.Is(failure, errEnough) {
		failure = nil
	}
	return model, errors.Join(ran, failure, ctx.Err())
}
