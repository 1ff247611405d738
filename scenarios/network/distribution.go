package network

import (
	"cmp"
	"math"
	"math/rand/v2"
	"time"
)

// Distribution says how long something takes. The zero value is always 0.
//
// Distributions are made by [ParseDistribution] and don't change. Equal texts
// make equal values, except for empirical ones and quantiles: each has its own.
type Distribution struct {
	shape shape
	a, b  time.Duration // as in the text: the mean and sd, the median and p99, …
	sigma float64       // of lognormal's logarithm
	file  *samples      // of empirical
	table *table        // of quantiles
	times float64       // as long as it says; 0: once
	later time.Duration // added to each
}

type shape uint8

const (
	zero      shape = iota
	constant        // constant(D): always D
	normal          // normal(MEAN,SD): |Normal|, as in the published backoff experiment
	lognormal       // lognormal(MEDIAN,P99)
	uniform         // uniform(MIN,MAX)
	empirical       // empirical(FILE): one of the durations in the file
	quantiles       // quantiles(MIN,P1,…,P99,MAX): between those that are stated
)

const (
	// longest is the longest duration that a text may state. Latencies beyond
	// it are slips, and sums of times must not overflow.
	longest = time.Hour
	// longestSample cuts the tail of lognormal, which has no end.
	longestSample = 24 * time.Hour
)

// z99 is the 99th percentile of the standard normal distribution.
const z99 = 2.3263478740408408

// Sample draws a duration: 0 or more, and at most 24 h. The zero value and
// constant don't touch rng.
func (d Distribution) Sample(rng *rand.Rand) time.Duration {
	return d.later + d.scaled(d.sample(rng))
}

func (d Distribution) sample(rng *rand.Rand) time.Duration {
	switch d.shape {
	case constant:
		return d.a
	case normal:
		// The conversions keep compilers from fusing the two operations on some
		// machines and not on others: a seed gives the same run everywhere.
		return time.Duration(math.Abs(float64(d.a) + float64(float64(d.b)*rng.NormFloat64())))
	case lognormal:
		x := float64(d.a) * math.Exp(d.sigma*rng.NormFloat64())
		return time.Duration(min(x, float64(longestSample)))
	case uniform:
		return d.a + time.Duration(float64(d.b-d.a)*rng.Float64())
	case empirical:
		return d.file.values[rng.IntN(len(d.file.values))]
	case quantiles:
		return d.table.at(rng.Float64())
	}
	return 0
}

// Plus returns the distribution with every duration longer by so much, which its text
// does not say.
func (d Distribution) Plus(by time.Duration) Distribution {
	d.later += max(by, 0)
	return d
}

// Times returns the distribution with every duration so many times as long, which its text
// does not say.
func (d Distribution) Times(n float64) Distribution {
	d.times, d.later = cmp.Or(d.times, 1)*n, time.Duration(float64(d.later)*n)
	return d
}

func (d Distribution) scaled(t time.Duration) time.Duration {
	if d.times == 0 {
		return t
	}
	return time.Duration(float64(t) * d.times)
}

// Mean is the expected value: analytic, or of the values in the file.
func (d Distribution) Mean() time.Duration { return d.later + d.scaled(d.mean()) }

func (d Distribution) mean() time.Duration {
	a, b := float64(d.a), float64(d.b)
	switch d.shape {
	case constant:
		return d.a
	case normal:
		if b == 0 {
			return d.a
		}
		// Of |Normal|, which the reflected part moves up.
		r := a / b
		return time.Duration(b*math.Sqrt(2/math.Pi)*math.Exp(-r*r/2) + a*math.Erf(r/math.Sqrt2))
	case lognormal:
		return time.Duration(a * math.Exp(d.sigma*d.sigma/2))
	case uniform:
		return d.a + (d.b-d.a)/2
	case empirical:
		return d.file.mean()
	case quantiles:
		return d.table.mean()
	}
	return 0
}

// IsZero reports whether the distribution is the zero value.
func (d Distribution) IsZero() bool { return d.shape == zero && d.later == 0 }
