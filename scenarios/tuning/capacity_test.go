package tuning

import (
	"errors"
	"testing"
)

func TestBisectionFindsTheEdge(t *testing.T) {
	for _, edge := range []int{0, 1, 2, 3, 7, 30, 100, 700} {
		played := 0
		var c Curve
		err := bisect(&c, mostWriters, 30, func(n int) (Point, error) {
			played++
			return Point{Clients: n, Meets: n <= edge}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.Writers > edge || c.Writers < edge-max(1, edge/15) || c.Broken <= edge || !c.Monotone {
			t.Errorf("edge %d: %+v", edge, c)
		}
		if played > 24 {
			t.Errorf("edge %d took %d points", edge, played)
		}
	}
}

func TestBisectionSaysWhatItDoesNotKnow(t *testing.T) {
	var c Curve
	if err := bisect(&c, 64, 30, func(n int) (Point, error) { return Point{Clients: n, Meets: true}, nil }); err != nil {
		t.Fatal(err)
	}
	if c.Writers != 64 || c.Broken != 0 {
		t.Errorf("%+v", c)
	}
	c = Curve{}
	if err := bisect(&c, 1024, 30, func(n int) (Point, error) { return Point{Clients: n, Meets: n < 100 && n != 84}, nil }); err != nil {
		t.Fatal(err)
	}
	if c.Monotone {
		t.Errorf("84 are beyond and %d within, and it is called monotone", c.Writers)
	}
	failed := errors.New("failed")
	if err := bisect(&c, 64, 30, func(int) (Point, error) { return Point{}, failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
}

func TestCapacityIsMonotone(t *testing.T) {
	numbers(t)
	c := six(t)
	c.Capacity = true
	c.Objective = objective(t, "latency_ms.p99<1000, min puts.per_commit")
	r := tuned(t, c)
	if r.Capacity == nil || len(r.Capacity.Curves) != 3 {
		t.Fatalf("%+v", r.Capacity)
	}
	for _, curve := range r.Capacity.Curves {
		if !curve.Monotone || curve.Writers < 1 || curve.Broken < curve.Writers {
			t.Errorf("%+v", curve)
		}
	}
}
