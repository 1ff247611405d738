package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"holdfast/scenarios"
	"holdfast/scenarios/cores"
)

// byOthers plays parts as other machines do: in any order, each by a player that has played
// another point's before or not, as bytes.
func byOthers(t *testing.T, seed uint64) func(context.Context, []Part, func(int, *Sample)) error {
	return func(ctx context.Context, parts []Part, add func(int, *Sample)) error {
		rng := rand.New(rand.NewPCG(seed, 0))
		var used Player
		defer used.Close()
		for _, i := range rng.Perm(len(parts)) {
			play := used.Play
			if rng.IntN(2) == 0 {
				var fresh Player
				defer fresh.Close()
				play = fresh.Play
			}
			b := play(ctx, parts[i]).Encode(nil)
			s, err := DecodeSample(b)
			if err != nil {
				t.Fatal(err)
			}
			if again := s.Encode(nil); !bytes.Equal(again, b) {
				t.Errorf("part %d: what was decoded is encoded otherwise", i)
			}
			add(i, s)
		}
		return nil
	}
}

// asOne is all that others read of a measurement.
func asOne(t *testing.T, m *Measured) string {
	t.Helper()
	names, gaveUp := m.Numbers.Actors()
	text, err := json.Marshal([]any{m.Measurement, m.Each, m.Latencies, m.PutsEach, m.MakespansMS, m.Played, m.GivenUpIn, m.CallTime,
		m.Numbers.Latencies(), m.Numbers.Answered(), names, gaveUp})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// coded are points of every kind: each scenario of the library, each with the cores that it must
// catch, and stores that break their word.
func coded(t *testing.T) map[string]Point {
	t.Helper()
	all := map[string]Point{}
	for _, name := range scenarios.Names() {
		all[name] = Point{Run: runOf(t, name, "production", 3)}
	}
	for _, spec := range cores.All() {
		all["storm with "+spec.Name] = Point{Run: runOf(t, "storm", spec.Name, 3)}
	}
	return all
}

// TestPlayedElsewhere: a measurement is the same, whoever plays its parts and in whatever order
// they come as bytes.
func TestPlayedElsewhere(t *testing.T) {
	for name, point := range coded(t) {
		t.Run(name, func(t *testing.T) {
			here, err := Play(t.Context(), Plan{[]Point{point}}, Config{History: inTemp(t)})
			if err != nil {
				t.Fatal(err)
			}
			there, err := Play(t.Context(), Plan{[]Point{point}}, Config{Elsewhere: byOthers(t, 1)})
			if err != nil {
				t.Fatal(err)
			}
			if a, b := asOne(t, here[0]), asOne(t, there[0]); a != b {
				t.Errorf("played here and elsewhere:\n%.3000s\n%.3000s", a, b)
			}
		})
	}
}

func inTemp(t *testing.T) func(int) (string, error) {
	dir := t.TempDir()
	return func(int) (string, error) { return dir + "/history", nil }
}

// TestUnitsPoolAlike, however a plan is cut into them.
func TestUnitsPoolAlike(t *testing.T) {
	plan := Plan{[]Point{{Run: runOf(t, "storm", "documented", 11)}, {Run: runOf(t, "two-users", "production", 4)}}}
	var want string
	for _, size := range []int{0, 1, 3, 11, 100} {
		pools := make([]*Pool, len(plan.Points))
		for i := range plan.Points {
			var err error
			if pools[i], err = NewPool(&plan.Points[i], nil, 0); err != nil {
				t.Fatal(err)
			}
		}
		var p Player
		units := plan.Units(size)
		for i := len(units) - 1; i >= 0; i-- {
			s, err := DecodeSample(p.Play(t.Context(), units[i]).Encode(nil))
			if err != nil {
				t.Fatal(err)
			}
			for k := range plan.Points {
				if units[i].Point == &plan.Points[k] {
					pools[k].Add(s)
				}
			}
		}
		p.Close()
		got := ""
		for _, pool := range pools {
			m, err := pool.Measurement()
			if err != nil {
				t.Fatal(err)
			}
			got += asOne(t, &Measured{m, pool.numbers})
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("in units of %d:\n%.2000s\nwant\n%.2000s", size, got, want)
		}
	}
}

// TestAMissingPart leaves its point interrupted; what comes after it counts.
func TestAMissingPart(t *testing.T) {
	plan := Plan{[]Point{{Run: runOf(t, "two-users", "production", 4)}, {Run: runOf(t, "two-users", "unlocked", 4)}}}
	all, err := Play(t.Context(), plan, Config{Elsewhere: func(ctx context.Context, parts []Part, add func(int, *Sample)) error {
		for i := range parts {
			if i != 1 && i != 5 {
				add(i, parts[i].Play(ctx))
			}
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if m := all[0]; !m.Interrupted || m.Played != 3 || m.Passed() {
		t.Errorf("%d repetitions were played, interrupted %v, passed %v", m.Played, m.Interrupted, m.Passed())
	}
	if m := all[1]; m.Verdict != "violated" || m.Played != 3 {
		t.Errorf("the verdict on the repetitions that are there is %s, of %d", m.Verdict, m.Played)
	}
	foreign := func(ctx context.Context, parts []Part, add func(int, *Sample)) error {
		add(0, parts[1].Play(ctx))
		return nil
	}
	if _, err := Play(t.Context(), plan, Config{Elsewhere: foreign}); err == nil {
		t.Error("a part was taken for another")
	}
}

// TestSamplesAreWhole: whatever a collector has that counts in a merge is encoded.
func TestSamplesAreWhole(t *testing.T) {
	// What is of a repetition or an operation under way, memory to be used again, or follows
	// from the repetitions.
	passing := map[string]bool{"begin": true, "last": true, "begun": true, "open": true, "repetition": true, "answeredIn": true,
		"sorted": true, "before": true, "batched": true, "puts": true, "makespans": true}
	encoded := map[string]bool{"counts": true, "histogram": true, "latencies": true, "answered": true, "actors": true, "end": true,
		"unfinished": true, "skipped": true, "errors": true, "each": true, "givenUpIn": true, "calls": true, "timeline": true,
		"spent": true, "watch": true, "ran": true}
	of := reflect.TypeFor[Collector]()
	for i := range of.NumField() {
		if name := of.Field(i).Name; !passing[name] && !encoded[name] {
			t.Errorf("is %s of a collector encoded with a sample?", name)
		}
	}
}

func FuzzDecodeSample(f *testing.F) {
	s, _ := scenarios.Open("two-users")
	spec, _ := cores.Find("unlocked")
	run, err := scenarios.NewRun(s, spec)
	if err != nil {
		f.Fatal(err)
	}
	run.Repetitions = 2
	point := Point{Run: *run}
	f.Add(Part{&point, 1, 2}.Play(f.Context()).Encode(nil))
	f.Add([]byte{sampleFormat, 2, '{', '}', 0, 0, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeSample(b)
		if err != nil {
			return
		}
		pool := Pool{numbers: NewCollector()} // whatever it holds, it can be pooled
		pool.numbers.Merge(s.numbers)
		pool.pooled.Merge(&s.pooled)
		_ = s.Encode(nil)
	})
}

func BenchmarkSample(b *testing.B) {
	s, _ := scenarios.Open("storm")
	spec, _ := cores.Find("production")
	run, err := scenarios.NewRun(s, spec)
	if err != nil {
		b.Fatal(err)
	}
	const repetitions = 100
	run.Repetitions = repetitions
	point := Point{Run: *run}
	var p Player
	defer p.Close()
	part := Part{&point, 1, repetitions}
	sample := p.Play(b.Context(), part)
	bytes := sample.Encode(nil)
	b.Run("play", func(b *testing.B) {
		for b.Loop() {
			p.Play(b.Context(), part)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/repetitions, "ns/repetition")
	})
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			bytes = sample.Encode(bytes[:0])
		}
		b.ReportMetric(float64(len(bytes))/repetitions, "B/repetition")
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/repetitions, "ns/repetition")
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := DecodeSample(bytes); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/repetitions, "ns/repetition")
	})
}
