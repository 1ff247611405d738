package scenarios

import (
	"fmt"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// TestEveryBackEndGetsAMessage however many they are, and I9 holds.
func TestEveryBackEndGetsAMessage(t *testing.T) {
	for _, c := range []struct {
		scenario          string
		backends, objects int
		messages          int // of a repetition
	}{
		{"burst", 20, 1, 20}, // the document has 6 customers
		{"burst", 130, 1, 130},
		{"burst", 131, 2, 132},
		{"backend-fan-in", 30, 1, 30}, // it has 30
		{"backend-fan-in", 100, 1, 100},
		{"backend-fan-in", 10, 1, 30}, // few back ends take turns
	} {
		t.Run(fmt.Sprintf("%s %d %d", c.scenario, c.backends, c.objects), func(t *testing.T) {
			t.Parallel()
			r := identified(t, c.scenario, "production", Setting{"via", "api"}, Setting{"codec", "json"}, Setting{"objects.count", fmt.Sprint(c.objects)})
			if err := r.Scenario.Scale(c.backends); err != nil {
				t.Fatal(err)
			}
			for n := 1; n <= 3; n++ {
				var m memory
				if err := r.PlayAgain(t.Context(), n, &m); err != nil {
					t.Fatal(err)
				}
				judge := check.New(history.Header{})
				at, got := map[string]bool{}, map[string]bool{}
				for _, e := range m.events {
					judge.Add(e)
					switch {
					case e.Kind == history.Queue && e.Do == history.Delivered:
						at[e.Actor] = true
					case e.Kind == history.Queue && e.Do == history.Acknowledged:
						got[e.Trigger] = true
					}
				}
				expectOK(t, Played{}, judge.Finish())
				if len(at) != c.backends || len(got) != c.messages {
					t.Errorf("%d back ends got %d messages, want %d and %d", len(at), len(got), c.backends, c.messages)
				}
			}
		})
	}
}

// TestOnlyWhatIsMissing: a document is left as it is unless back ends would have no
// message, and then its own customers stay.
func TestOnlyWhatIsMissing(t *testing.T) {
	own := must(archive.ParseChange([]byte(`{"changeId": "A-1", "customers": ["customer-3"], "x": 1.50}`)))
	bare := must(archive.ParseChange([]byte(`{"changeId": "A-1"}`)))
	backends := Actor{Name: "b", Kind: Backend, Count: 3, Load: &Load{Operations: 1}}
	user := Actor{Name: "u", Kind: User, Load: &Load{Operations: 1}}
	for name, c := range map[string]struct {
		via    Via
		actors []Actor
		doc    *archive.Change
		want   string
	}{
		"the core":         {ViaCore, []Actor{backends}, own, `["customer-3"]`},
		"users who upload": {ViaAPI, []Actor{backends, user}, own, `["customer-3"]`},
		"a timeline":       {ViaAPI, []Actor{{Name: "b", Kind: Backend}}, bare, ``},
		"too few":          {ViaAPI, []Actor{backends}, own, `["customer-3","customer-2","customer-4"]`},
		"none":             {ViaAPI, []Actor{backends}, bare, `["customer-1","customer-2","customer-3"]`},
	} {
		r := &Run{Scenario: &Scenario{Via: c.via, Actors: c.actors}, Document: c.doc}
		doc, err := r.playedOn()
		if err != nil {
			t.Fatal(err)
		}
		list, _ := doc.Field("customers")
		x, _ := doc.Field("x")
		if was, _ := c.doc.Field("x"); string(list) != c.want || string(x) != string(was) {
			t.Errorf("%s: customers %s, want %s; x is %s", name, list, c.want, x)
		}
	}
}
