package scenarios

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"holdfast/scenarios/network"
)

// The goal of the adaptive policy on the stores that people have, docs/adaptive.md: at most
// a tenth more writes, and a p99 at most a tenth longer, than the better one of full jitter
// with a base of one attempt and of 50 ms, whatever the store, the number of writers and
// how they come and go.

// kind is how a crowd behaves.
type kind struct {
	name  string
	shape func(c *crowd, turn time.Duration) // turn: how soon a version can follow another
}

var goalKinds = []kind{
	{"burst", func(*crowd, time.Duration) {}},
	{"late", func(c *crowd, turn time.Duration) { // two thirds of what the store can commit
		all := time.Duration(c.writers) * turn * 3 / 2
		c.arrive = func(_ int, rng *rand.Rand) time.Duration { return time.Duration(rng.Float64() * float64(all)) }
	}},
	{"half late", func(c *crowd, turn time.Duration) { // when the first half is nearly done
		late := time.Duration(c.writers) * turn * 2 / 5
		c.arrive = func(i int, _ *rand.Rand) time.Duration { return time.Duration(i%2) * late }
	}},
	{"dying", func(c *crowd, turn time.Duration) { // half of them
		ends := time.Duration(c.writers) * turn / 4
		c.stop = func(i int) time.Duration { return time.Duration(1-i%2) * ends }
	}},
	{"stall", func(c *crowd, turn time.Duration) {
		from := time.Duration(c.writers) * turn * 3 / 10
		c.stall = func(at time.Duration) time.Duration {
			if at >= from && at < from+5*time.Second {
				return from + 5*time.Second - at
			}
			return 0
		}
	}},
	{"two objects", func(c *crowd, _ time.Duration) { c.objects = 2 }},
	{"far", func(c *crowd, _ time.Duration) { // a tenth of them
		c.farther = func(i int) time.Duration {
			if i%10 == 0 {
				return 40 * time.Millisecond
			}
			return 0
		}
	}},
}

var goalStores = []string{experimentLatency, "s3-standard", "s3-express", "lognormal(10ms,50ms)"}

// goal is what puts and p99 may be of the better full jitter's. It is a tenth more, with two
// percent for chance, but for what is missed; docs/adaptive.md says why.
func goal(latency, kind string, writers int) (puts, p99 float64) {
	puts, p99 = 1.12, 1.12
	s3 := strings.HasPrefix(latency, "s3-")
	if latency == "s3-express" { // where the fewest writes are those of a base of 2.6 attempts
		puts = 1.2
	}
	if writers == 500 && (latency == "s3-standard" || strings.HasPrefix(latency, "lognormal")) {
		puts = 1.45
	}
	if s3 && writers <= 5 { // how long a write takes is guessed
		p99 = 1.5
	}
	switch {
	case kind == "stall": // after it all write at once
		puts = max(puts, 1.45)
		if writers == 500 {
			puts = 1.85
		}
	case kind == "late" && writers >= 100: // who comes late does not know of those who wait
		p99 = 2.1
	case kind == "far" && writers <= 10: // a lone one, which guesses by its own round trips
		p99 = 3.2
	}
	return puts, p99
}

// judged is an adaptive crowd held against the better full jitter.
type judged struct {
	puts, p99 float64 // ratios
	jain      float64 // of the mean latencies of its writers
	s         summary
}

func judge(t *testing.T, k kind, latency string, writers, repetitions int) judged {
	t.Helper()
	of := must(network.ParseLatency(latency))
	turn, attempt := of.Exposure(), 2*of.Request.Mean()+2*of.Reply.Mean()+of.Read.Mean()+of.Write.Mean()
	play := func(policy string) (summary, []float64) {
		var all [][]*written
		means := make([]float64, writers)
		for seed := range repetitions {
			c := crowd{policy: policy, latency: latency, writers: writers, seed: uint64(seed + 1)}
			k.shape(&c, turn)
			played := c.play(t)
			for i, one := range played {
				means[i] += one.latency.Seconds()
			}
			all = append(all, played)
		}
		return summarize(all...), means
	}
	s, means := play(adaptive)
	ofAttempt, _ := play(fmt.Sprintf("full(base=%v,cap=2s,retries=unlimited)", attempt))
	of50, _ := play(full50)
	return judged{
		puts: s.puts / min(ofAttempt.puts, of50.puts), p99: float64(s.p99) / float64(min(ofAttempt.p99, of50.p99)),
		jain: jain(means), s: s,
	}
}

// TestAdaptiveOnTheStoresPeopleHave holds the goal, at all points if HOLDFAST_EXPERIMENT=full.
func TestAdaptiveOnTheStoresPeopleHave(t *testing.T) {
	sizes, operations := []int{30}, 2400
	if os.Getenv("HOLDFAST_EXPERIMENT") == "full" {
		sizes, operations = []int{2, 5, 10, 20, 30, 100, 300, 500}, 6000
	}
	for _, latency := range goalStores {
		for _, k := range goalKinds {
			for _, n := range sizes {
				point := fmt.Sprintf("%s %s %d", strings.Split(latency, "(")[0], k.name, n)
				j := judge(t, k, latency, n, max(4, operations/n))
				line := fmt.Sprintf("%-28s puts %.2f, p99 %.2f, Jain %.2f; %v", point, j.puts, j.p99, j.jain, j.s)
				t.Log(line)
				puts, p99 := goal(latency, k.name, n)
				if j.puts > puts || j.p99 > p99 || k.name != "dying" && j.s.failed > 0 {
					t.Error(line)
				}
				if k.name == "far" && n >= 20 && j.jain < 0.65 {
					t.Errorf("%s: unfair", line)
				}
			}
		}
	}
}
