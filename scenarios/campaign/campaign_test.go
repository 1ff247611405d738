package campaign

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"holdfast/archive"
	"holdfast/archive/storetest/broken"
	"holdfast/scenarios/measure"
)

const program = "0123456789ab"

// planned is a campaign of a store in memory.
func planned(t *testing.T, s archive.Store, shards, units int) *Campaign {
	t.Helper()
	c, _, err := Write(t.Context(), In(s, "mem://x"), Plan{Program: program, Kind: "sweep", Shards: shards, Units: units, Job: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func unit(_ context.Context, n int) ([]byte, error) { return fmt.Appendf(nil, "unit %d", n), nil }

// TestWhole: what shards publish is collected, each unit once and in order, whatever their number.
func TestWhole(t *testing.T) {
	for _, shards := range []int{1, 3, 7, 40} {
		c := planned(t, broken.NewMemory(), shards, 25)
		for i := range shards {
			s, err := c.Shard(i, 0)
			if err == nil {
				err = s.Play(t.Context(), Whole, 25, unit)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		next := 0
		missing, err := c.Collect(t.Context(), Whole, 25, func(n int, result []byte) error {
			if want := fmt.Sprintf("unit %d", next); n != next || string(result) != want {
				t.Errorf("got unit %d: %s, want %s", n, result, want)
			}
			next++
			return nil
		})
		if err != nil || len(missing) > 0 || next != 25 {
			t.Error(shards, err, missing, next)
		}
	}
}

// TestDirectory: a directory keeps what a store does.
func TestDirectory(t *testing.T) {
	p, err := Open(t.Context(), measure.Target{Store: t.TempDir() + "/campaign"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Create(t.Context(), "a/b", []byte("one")); err != nil {
		t.Error(err)
	}
	if err := p.Create(t.Context(), "a/b", []byte("one")); err != nil {
		t.Error(err)
	}
	if err := p.Create(t.Context(), "a/b", []byte("two")); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	if _, err := p.Get(t.Context(), "a"); err == nil {
		t.Error(err)
	}
	all, err := p.List(t.Context(), "a/")
	if err != nil || len(all) != 1 || all[0].Key != "a/b" {
		t.Error(err, all)
	}
}
