package network

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func faults(t testing.TB, texts ...string) []Fault {
	t.Helper()
	var all []Fault
	for _, text := range texts {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func newInjector(t testing.TB, actor, group string, texts ...string) *Injector {
	t.Helper()
	return NewInjector(faults(t, texts...), actor, group, rand.New(rand.NewPCG(1, 2)))
}

// call is one call in a test: at its second, with a condition if it is a write.
type call struct {
	call Method
	at   time.Duration
}

func (i *Injector) play(calls []call) (struck []string) {
	for _, c := range calls {
		conditional := c.call == MethodPut || c.call == MethodDelete
		if f, ok := i.Call(c.call, conditional, c.at*time.Second); ok {
			struck = append(struck, string(f.Kind))
		} else {
			struck = append(struck, "")
		}
	}
	return struck
}

func TestInjectorIsExact(t *testing.T) {
	rounds := []call{{MethodGet, 0}, {MethodPut, 1}, {MethodGet, 2}, {MethodPut, 3}, {MethodHead, 4}, {MethodDelete, 5}}
	for _, test := range []struct {
		name   string
		faults []string
		want   []string
	}{
		{"the 2nd put", []string{"500(nth=2)"}, []string{"", "", "", "500", "", ""}},
		{"the 1st delete", []string{"crash(nth=1,call=delete)"}, []string{"", "", "", "", "", "crash"}},
		{"the 1st head", []string{"delete(nth=1,call=head)"}, []string{"", "", "", "", "delete", ""}},
		{"the 4th of any", []string{"503(nth=4)"}, []string{"", "", "", "503", "", ""}},
		{"each", []string{"slow(rate=1,by=1s)"}, []string{"slow", "slow", "slow", "slow", "slow", "slow"}},
		{"each conditional write", []string{"409(rate=1,call=any)"}, []string{"", "409", "", "409", "", "409"}},
		{"the first in the list wins", []string{"503(nth=2)", "500(nth=1)"}, []string{"", "503", "", "", "", ""}},
		{"the others count on", []string{"503(nth=2)", "500(nth=2)"}, []string{"", "503", "", "500", "", ""}},
		{"two of a kind", []string{"500(nth=1)", "500(nth=2)"}, []string{"", "500", "", "500", "", ""}},
		{"a window", []string{"503(rate=1,from=1s,to=3s)"}, []string{"", "503", "503", "", "", ""}},
		{"from only", []string{"503(rate=1,from=4s)"}, []string{"", "", "", "", "503", "503"}},
		{"counted from the window's start", []string{"500(nth=1,from=2s)"}, []string{"", "", "", "500", "", ""}},
		{"one beyond the end", []string{"500(nth=3)"}, []string{"", "", "", "", "", ""}},
		{"duplicates are not for calls", []string{"duplicate(rate=1)"}, []string{"", "", "", "", "", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := newInjector(t, "bob", "", test.faults...).play(rounds); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestConflictNeedsACondition(t *testing.T) {
	i := newInjector(t, "bob", "", "409(nth=1,call=any)")
	for _, c := range []Method{MethodPut, MethodDelete, MethodGet} {
		if f, ok := i.Call(c, c == MethodGet, 0); ok {
			t.Errorf("%s meets %s", c, f)
		}
	}
	if f, ok := i.Call(MethodPut, true, 0); !ok || f.Kind != Conflict409 {
		t.Errorf("got %s, %v", f, ok)
	}
}

func TestInjectorActors(t *testing.T) {
	for _, test := range []struct {
		fault, actor, group string
		concerns            bool
	}{
		{"500(nth=1)", "bob", "", true},
		{"500(nth=1,actor=bob)", "bob", "", true},
		{"500(nth=1,actor=bob)", "alice", "", false},
		{"500(nth=1,actor=backend)", "backend-07", "backend", true},
		{"500(nth=1,actor=backend-07)", "backend-07", "backend", true},
		{"500(nth=1,actor=backend-08)", "backend-07", "backend", false},
		{"500(nth=1,actor=back)", "backend-07", "backend", false},
	} {
		i := newInjector(t, test.actor, test.group, test.fault)
		if _, ok := i.Call(MethodPut, true, 0); ok != test.concerns || (i != nil) != test.concerns {
			t.Errorf("%s, %s of %q: struck %v, injector %v", test.fault, test.actor, test.group, ok, i)
		}
	}
	if i := newInjector(t, "bob", ""); i != nil {
		t.Errorf("an injector without faults: %v", i)
	}
	if f, ok := (*Injector)(nil).Operation(0); ok {
		t.Errorf("nil strikes: %s", f)
	}
}

func TestInjectorOperations(t *testing.T) {
	i := newInjector(t, "backend-01", "backend", "duplicate(nth=2,after=1s,actor=backend)", "503(rate=1)", "duplicate(nth=1,from=9s)")
	var got []string
	for n := range 4 {
		i.Call(MethodPut, true, 0) // doesn't count
		if f, ok := i.Operation(time.Duration(n) * 4 * time.Second); ok {
			got = append(got, fmt.Sprint(n+1, f))
		}
	}
	want := []string{"2 duplicate(nth=2,actor=backend,after=1s)", "4 duplicate(nth=1,from=9s)"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInjectorRates(t *testing.T) {
	const n = 100_000
	for _, rate := range []float64{0.001, 0.05, 0.5, 0.999} {
		i := newInjector(t, "bob", "", fmt.Sprintf("503(rate=%g)", rate))
		struck := 0
		for range n {
			if _, ok := i.Call(MethodGet, false, 0); ok {
				struck++
			}
		}
		if sd := math.Sqrt(n * rate * (1 - rate)); math.Abs(float64(struck)-n*rate) > 4*sd {
			t.Errorf("rate %v: struck %d of %d", rate, struck, n)
		}
	}
}

// TestInjectorDecidesEachFaultByItself: faults added to the end of the list
// change nothing about the others, whatever they befall and whenever they strike.
func TestInjectorDecidesEachFaultByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawFault), 1, 5).Draw(t, "faults")
		for k := range list {
			list[k].Actor = rapid.SampledFrom([]string{"", "bob", "alice"}).Draw(t, "of")
			list[k].Nth %= 6
			list[k].From %= 20
			list[k].To = 0
			if list[k].Nth == 0 && list[k].Rate == 0 {
				list[k].Rate = 0.5
			}
		}
		seed := rapid.Uint64().Draw(t, "seed")
		var alone []*Injector // each with the faults up to one
		for k := range list {
			alone = append(alone, NewInjector(list[:k+1], "bob", "", rand.New(rand.NewPCG(seed, 0))))
		}
		for n := range 50 {
			c := rapid.SampledFrom(allCalls[:4]).Draw(t, "call")
			at := time.Duration(n)
			want, struck := Fault{}, false
			for _, i := range alone {
				f, ok := i.Call(c, true, at)
				if struck && f != want {
					t.Fatalf("%s struck, but with more faults %s", want, f)
				}
				want, struck = f, ok
			}
		}
	})
}

// TestInjectorStreams: with another fault before it that strikes always, a
// fault by chance strikes at the same calls as before.
func TestInjectorStreams(t *testing.T) {
	strikes := func(first string) (at []int) {
		list := faults(t, first, "500(rate=0.2)")
		i := NewInjector(list, "bob", "", rand.New(rand.NewPCG(5, 6)))
		for n := range 1000 {
			if f, ok := i.Call(MethodPut, true, 0); ok && f.Kind == Error500 {
				at = append(at, n)
			}
		}
		return at
	}
	want := strikes("503(nth=100000)")
	if len(want) < 150 {
		t.Fatalf("only %d strikes", len(want))
	}
	for _, first := range []string{"503(rate=0.3,call=get)", "503(rate=1,actor=alice)", "duplicate(rate=1)"} {
		if got := strikes(first); !slices.Equal(got, want) {
			t.Errorf("after %s it strikes %d times, or elsewhere; want %d", first, len(got), len(want))
		}
	}
	// One that takes half of the calls away leaves the others as they were.
	got := strikes("503(rate=0.5)")
	for _, n := range got {
		if !slices.Contains(want, n) {
			t.Errorf("strikes call %d, which it didn't without the other fault", n)
		}
	}
	if len(got) == 0 || len(got) == len(want) {
		t.Errorf("%d of %d strikes are left", len(got), len(want))
	}
}

func TestFaultInContext(t *testing.T) {
	if m := MeetingOf(t.Context()); m != nil || m.Fault().Kind != "" {
		t.Errorf("there is %s", m.Fault())
	}
	want := faults(t, "slow(nth=1,by=3s)")[0]
	type key struct{}
	inside := context.WithValue(WithFault(t.Context(), want), key{}, 1)
	if m := MeetingOf(inside); m == nil || *m.Fault() != want {
		t.Errorf("got %v", m)
	}
}

func TestFreeWithoutFaults(t *testing.T) {
	var none *Injector
	some := newInjector(t, "bob", "", "503(rate=0.5)", "500(nth=2)")
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		none.Call(MethodPut, true, 0)
		some.Call(MethodPut, true, 0)
		MeetingOf(ctx)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkInjector(b *testing.B) {
	ctx := b.Context()
	for name, i := range map[string]*Injector{"none": nil, "two": newInjector(b, "bob", "", "503(rate=0.5)", "500(nth=2)")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				i.Call(MethodPut, true, 0)
				MeetingOf(ctx)
			}
		})
	}
}
