package changes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// table is a store whose keys with a word in them can't be written.
type table struct {
	archive.Store
	mu     sync.Mutex
	bodies map[string]string
	writes int
	broken string
}

var errBroken = errors.New("403 AccessDenied")

func (s *table) Get(_ context.Context, key string) ([]byte, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, ok := s.bodies[key]
	if !ok {
		return nil, "", archive.ErrNotFound
	}
	return []byte(body), fmt.Sprintf("%q", fmt.Sprint(len(body))), nil
}

func (s *table) Put(_ context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != "" && strings.Contains(key, s.broken) {
		return "", errBroken
	}
	if cond != archive.IfMatch(fmt.Sprintf("%q", fmt.Sprint(len(s.bodies[key])))) {
		return "", archive.ErrPreconditionFailed
	}
	s.writes++
	s.bodies[key] = string(body)
	return fmt.Sprintf("%q", fmt.Sprint(len(body))), nil
}

func newTable(objects ...string) *table {
	s := &table{bodies: map[string]string{}}
	for _, id := range objects {
		s.bodies["archive/"+id+".json"] = fmt.Sprintf(`{"changeId":%q,"title":"a","plan":"p","modifications":[]}`, id)
	}
	return s
}

func message(t *testing.T, id, object string) delivery.SQSMessage {
	t.Helper()
	edit := archive.Edit{Modifications: []archive.Modification{{ID: "mod-" + id, UserID: "backend", Type: archive.Processed}}}
	if object == "CHG-9" {
		edit.Modifications = nil // which no core takes
	}
	body, err := json.Marshal(Update{Object: object, Edit: edit})
	if err != nil {
		t.Fatal(err)
	}
	return delivery.SQSMessage{MessageID: id, Body: string(body)}
}

// TestConsumer: one write for each object, each message answered for itself, and none
// overtakes another of its object in a FIFO queue.
func TestConsumer(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		s := newTable("CHG-1", "CHG-2", "CHG-3")
		s.broken = "CHG-3"
		c, err := NewConsumer(s, archive.DefaultPolicy(), fifo)
		if err != nil {
			t.Fatal(err)
		}
		event := delivery.SQSEvent{Records: []delivery.SQSMessage{
			message(t, "a", "CHG-1"), message(t, "b", "CHG-2"), message(t, "c", "CHG-1"), {MessageID: "d", Body: "no JSON"}, message(t, "e", "CHG-3"), message(t, "f", "CHG-3"),
		}}
		for range 2 { // as a redelivery does
			got, err := c.Handle(t.Context(), event)
			if err != nil || fmt.Sprint(got) != "{[{d} {e} {f}]}" {
				t.Fatalf("fifo %v: %v, %v", fifo, got, err)
			}
		}
		if s.writes != 2 {
			t.Errorf("fifo %v: %d writes of two objects", fifo, s.writes)
		}
		for _, id := range []string{"mod-a", "mod-c"} {
			if n := strings.Count(s.bodies["archive/CHG-1.json"], id); n != 1 {
				t.Errorf("fifo %v: %s stands %d times", fifo, id, n)
			}
		}
		// One that is invalid fails alone, but for those of its object that follow in a FIFO queue.
		bad := message(t, "bad", "CHG-9")
		bad.Body = strings.Replace(bad.Body, "CHG-9", "CHG-2", 1)
		got, _ := c.Handle(t.Context(), delivery.SQSEvent{Records: []delivery.SQSMessage{message(t, "g", "CHG-2"), bad, message(t, "h", "CHG-2")}})
		want := map[bool]string{false: "{[{bad}]}", true: "{[{bad} {h}]}"}[fifo]
		if fmt.Sprint(got) != want {
			t.Errorf("fifo %v: %v, want %s", fifo, got, want)
		}
	}
}

// TestParts: a customer's part is the same each time, all parts are used, and read.
func TestParts(t *testing.T) {
	const parts = Parts(3)
	used := map[string]bool{}
	for n := range 30 {
		part := parts.Of("CHG-1", fmt.Sprint(n))
		if part != parts.Of("CHG-1", fmt.Sprint(n)) {
			t.Fatal("a customer moves")
		}
		used[part] = true
	}
	s := newTable("CHG-1-00", "CHG-1-01", "CHG-1-02")
	core, err := archive.New(archive.Options{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	all, err := parts.Load(t.Context(), core, "CHG-1")
	if len(used) != 3 || err != nil || len(all) != 3 || all[2].ETag == "" {
		t.Errorf("%v, %v, %v", used, all, err)
	}
}

// TestOf: what is printed is the code without its package clause.
func TestOf(t *testing.T) {
	for _, name := range []string{"queue.go", "group.go", "parts.go"} {
		if code := Of(name); !strings.HasPrefix(code, "import") || !strings.Contains(code, "archive") {
			t.Errorf("%s: %.60s", name, code)
		}
	}
}
