package archive_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"holdfast/archive"
)

// Documents that are no changes, in a history of their own.
func ExampleLayout() {
	ctx := context.Background()
	store := &oneObject{body: `{"order_id": "2026/11/O-77", "status": "open", "events": []}`}

	a, err := archive.New(archive.Options{Store: store, Layout: &archive.Layout{
		Prefix: "orders/", Suffix: ".json", Slashes: true, // orders/2026/11/O-77.json
		ID: []string{"order_id"}, History: "events",
		Entry: archive.EntryLayout{ID: "event_id", Timestamp: "at", Type: "kind"},
	}})
	if err != nil {
		panic(err)
	}
	_, err = a.Append(ctx, "2026/11/O-77", archive.Edit{
		Fields: map[string]json.RawMessage{"status": json.RawMessage(`"paid"`)},
		Modifications: []archive.Modification{{
			ID: "payment-4711", Type: "paid", Fields: map[string]json.RawMessage{"amount": json.RawMessage("12.50")},
		}},
	})
	if err != nil {
		panic(err)
	}
	order, _, _ := strings.Cut(store.body, `"at"`) // the rest depends on the time
	fmt.Println(store.key, order)
	// Output: orders/2026/11/O-77.json {"order_id": "2026/11/O-77", "status": "paid", "events": [{"event_id":"payment-4711",
}

// The documentation shows the same.
func TestDocumentationShowsTheExample(t *testing.T) {
	library, err := os.ReadFile("../docs/library.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_layout_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(library), "all else in them is yours:\n\n```go\n")
	shown, _, found := strings.Cut(shown, "```")
	if !found {
		t.Fatal("the example is not where it was")
	}
	for line := range strings.Lines(shown) {
		if !strings.Contains(string(source), strings.TrimSpace(line)) {
			t.Errorf("the example does not have the documentation's line %s", line)
		}
	}
}

// oneObject is a store for one writer and one object.
type oneObject struct {
	archive.Store
	key, body string
}

func (s *oneObject) Get(context.Context, string) ([]byte, string, error) {
	return []byte(s.body), fmt.Sprintf(`"%d"`, len(s.body)), nil
}

func (s *oneObject) Put(_ context.Context, key string, body []byte, _ archive.Condition) (string, error) {
	s.key, s.body = key, string(body)
	return fmt.Sprintf(`"%d"`, len(s.body)), nil
}
