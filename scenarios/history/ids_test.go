package history

import "testing"

// TestIDs: an id follows from who submits it and from its number, and from nothing else.
func TestIDs(t *testing.T) {
	const nth = 100
	seen := map[string]string{}
	for _, who := range []struct {
		seed            uint64
		scenario, actor string
	}{
		{1, "burst", "0/1/backend-1"}, {2, "burst", "0/1/backend-1"}, {1, "storm", "0/1/backend-1"},
		{1, "burst", "1/1/backend-1"}, {1, "burst", "0/2/backend-1"}, {1, "burst", "0/1/backend-2"},
	} {
		one, again := NewIDs(who.seed, who.scenario, who.actor), NewIDs(who.seed, who.scenario, who.actor)
		for n := range nth {
			id := one.Next()
			if got := again.Next(); got != id {
				t.Fatalf("id %d of %v is %s and %s", n+1, who, id, got)
			}
			name := who.actor + " of " + who.scenario
			if other, taken := seen[id]; taken {
				t.Errorf("%s of %s is also of %s", id, name, other)
			}
			seen[id] = name
		}
	}
	// A history of another version's shards must be read alike: the ids must not change.
	if got, want := NewIDs(1, "burst", "0/1/backend-1").Next(), "m-wm3hapxk7xh9t2vrv82k2y8v"; got != want {
		t.Errorf("the first id is %s, and was %s", got, want)
	}
}
