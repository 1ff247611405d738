package world_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// TestInsistOnAStoreThatIsGone: it was waited for, and is not by every call anew.
func TestInsistOnAStoreThatIsGone(t *testing.T) {
	w := world.NewReal(archive.WallClock{}, nil, nil)
	for _, c := range []struct {
		failure error
		tries   int
	}{
		{archive.ErrUnavailable, 2},
		{fmt.Errorf("%w: %w", archive.ErrUnavailable, &network.OutageError{Err: errors.New("refused")}), 1},
	} {
		tries := 0
		err := world.Insist(t.Context(), w, "read", func(context.Context) error {
			if tries++; tries == 2 {
				return nil
			}
			return c.failure
		})
		if tries != c.tries || (err == nil) != (c.tries == 2) {
			t.Errorf("%v: %d tries, want %d: %v", c.failure, tries, c.tries, err)
		}
	}
}
