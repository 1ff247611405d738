package check

import (
	"testing"
	"time"
)

// TestBoundsWearOff: what is known of two clocks at one moment is worth less later and earlier,
// by what both may drift: 1 ms in each second.
func TestBoundsWearOff(t *testing.T) {
	const ms, second = int64(time.Millisecond), int64(time.Second)
	b := newBounds(3, 0, 200*second)
	b.active = []bool{true, true, true}
	b.learn(0, 100*second, 1, 100*second+2*ms)
	b.learn(1, 100*second, 0, 100*second+3*ms)
	b.learn(1, 100*second, 2, 100*second+4*ms)
	if clock, _ := b.settle(); clock != none {
		t.Fatalf("clock %d contradicts itself", clock)
	}
	for _, c := range []struct {
		clock, other uint16
		at, want     int64
	}{
		{0, 1, 100 * second, 2 * ms}, {1, 0, 100 * second, 3 * ms}, {0, 2, 100 * second, 6 * ms},
		{0, 1, 110 * second, 12 * ms}, {0, 1, 40 * second, 62 * ms}, {1, 0, 180 * second, 83 * ms},
	} {
		// A window adds what its clocks can drift from its middle.
		if got := b.ahead(c.clock, c.other, c.at, c.at); got < c.want || got > c.want+ms/2 {
			t.Errorf("at %v clock %d is at most %v ahead of %d, want %v", time.Duration(c.at), c.clock, time.Duration(got), c.other, time.Duration(c.want))
		}
	}
	if b.ahead(2, 0, 0, 0) < unbounded || b.late(0, 2) != forever {
		t.Error("nothing bounds how far the third is ahead")
	}
	// What can't be so in any alignment: a circle that takes 2 ms off, in the time of 1 s.
	for _, apart := range []int64{second, 9 * second} {
		b := newBounds(2, 0, 200*second)
		b.learn(0, 100*second, 1, 100*second+2*ms)
		b.learn(1, 100*second+apart, 0, 100*second+apart-6*ms)
		if clock, _ := b.settle(); (clock != none) != (apart == second) {
			t.Errorf("what is %v apart contradicts itself: clock %d", time.Duration(apart), clock)
		}
	}
}
