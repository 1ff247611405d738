package scenarios

import "testing"

// TestClientsOfAnActorArePlacedAlike, but for one that a fault strikes alone.
func TestClientsOfAnActorArePlacedAlike(t *testing.T) {
	s, err := Parse("test.yaml", []byte(`
name: placed
shows: Who is one of whom.
actors:
  - {name: near, kind: backend, count: 3, load: {operations: 1}}
  - {name: far, kind: backend, load: {operations: 1}}
faults: ['slow(rate=1,actor=near-2,by=1s)', 'slow(rate=1,actor=near,by=1ms)']
`))
	if err != nil {
		t.Fatal(err)
	}
	of := s.ActorOf()
	for client, actor := range map[string]string{"near-1": "near", "near-2": "near-2", "near-3": "near", "far": "far"} {
		if of[client] != actor {
			t.Errorf("%s is one of %q, want %q", client, of[client], actor)
		}
	}
	if len(of) != 4 {
		t.Errorf("%v", of)
	}
}
