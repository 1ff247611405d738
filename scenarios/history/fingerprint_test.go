package history

import (
	"reflect"
	"testing"
)

// fingerprint is that of events.
func fingerprint(events ...*Event) Sum {
	var f Fingerprint
	for _, e := range events {
		f.Add(e)
	}
	return f.Sum()
}

// TestFingerprintTakesEveryField: an event of a kind has another fingerprint once a field that
// the kind has is another.
func TestFingerprintTakesEveryField(t *testing.T) {
	call := []string{"Start", "Asked", "If", "ETag", "Answer", "Doc", "Fault", "Means", "Requests", "RetryAfter", "Carried", "Interrupted"}
	fields := map[Kind][]string{
		Put: append(call, "IfETag"), Get: call, Head: call, Delete: call,
		Invoke: {"Do", "Due", "GiveUp", "IDs", "Sets", "Base", "Entries", "Values", "Whole", "Once", "Through", "Invalid", "Trigger", "Worked", "Covers", "Customers"},
		Wait:   {"Wait", "Attempt"},
		Return: {"Outcome", "ETag", "Doc", "Fields", "Status", "Told", "Shown", "Customers", "Interrupted"},
		Queue:  {"Do", "Trigger", "Attempt"},
		Tell:   {"Start", "IDs", "Told", "Customers", "ETag"},
		Skip:   {"Count"}, Request: {"Do", "Count"}, Step: {"Do", "Expected"},
		Note: {"Fault"}, Begin: {},
	}
	// What is not of a repetition, by which step of the scenario an operation is wanted, which
	// it says itself, and whose clock it was, which is of the real world, where there are none.
	known := map[string]bool{"Kind": true, "Repetition": true, "Omitted": true, "Step": true, "Clock": true}
	for kind, of := range fields {
		for _, field := range append(of, "At", "Actor", "Op", "Key", "Text") {
			known[field] = true
			first := &Event{Kind: Note}
			with := &Event{Kind: kind, If: IfMatch}
			plain := fingerprint(first, with)
			seen := map[Sum]bool{plain: true}
			for i := 1; i <= 2; i++ {
				f := reflect.ValueOf(with).Elem().FieldByName(field)
				if set(t, f, i); i > 1 && f.Kind() == reflect.Bool {
					break
				}
				if sum := fingerprint(first, with); seen[sum] {
					t.Errorf("%s: %s counts for nothing", kind, field)
				} else {
					seen[sum] = true
				}
			}
		}
	}
	if event := reflect.TypeFor[Event](); event.NumField() > len(known) {
		t.Errorf("an event has %d fields, of which %d are known here: does the fingerprint take the others?", event.NumField(), len(known))
	}
}

// set gives a field its i-th value.
func set(t *testing.T, v reflect.Value, i int) {
	t.Helper()
	word := "one"
	if i > 1 {
		word = "two"
	}
	switch f := v.Addr().Interface().(type) {
	case *string:
		*f = word
	case *[]string:
		*f = []string{"same", word}
	case *[]Sum:
		*f = []Sum{1, Sum(i)}
	case *Sum:
		*f = Sum(i)
	case *[]Value:
		*f = []Value{{Sum: 1}, {Was: Sum(i)}}
	case **Doc:
		*f = &Doc{Of: word}
	case **Expected:
		*f = &Expected{Want: word}
	case *bool:
		*f = true
	case *int:
		*f = i
	case *int64:
		*f = int64(i)
	default:
		t.Fatalf("no value for a %s", v.Type())
	}
}

// TestFingerprintOfAPart does not depend on where the repetition stands, and on nothing that
// belongs to the whole history.
func TestFingerprintOfAPart(t *testing.T) {
	alone := []*Event{
		{Kind: Put, Start: 0, At: 3, Actor: SetupActor, Key: "archive/C.json", Answer: OK, ETag: "a"},
		{Kind: Begin, At: 3, Repetition: 1},
		{Kind: Invoke, At: 3, Actor: "b", Op: 1, Key: "archive/C.json", Due: 2},
		{Kind: Get, Start: 4, Asked: 4, At: 9, Actor: "b", Op: 1, Key: "archive/C.json", Answer: OK},
		{Kind: Return, At: 9, Actor: "b", Op: 1, Key: "archive/C.json", Outcome: Committed},
		{Kind: End, At: 10},
	}
	var there Fingerprint
	there.Add(alone[0])
	there.Reset(40)
	for _, e := range alone {
		moved := e.Clone()
		moved.At += 1000
		if moved.Calls() {
			moved.Start += 1000
		}
		for _, at := range []*int64{&moved.Due, &moved.Asked} {
			if *at > 0 {
				*at += 1000
			}
		}
		if moved.Op > 0 {
			moved.Op += 40
		}
		if moved.Key != "" {
			moved.Key = "r00007/" + moved.Key
		}
		there.Add(moved)
	}
	there.Add(&Event{Kind: Omit, At: 2000, Omitted: &Omitted{Repetitions: 3}})
	if want := fingerprint(alone...); there.Sum() != want {
		t.Errorf("elsewhere it is %x, alone %x", there.Sum(), want)
	}
	if alone[0], alone[3] = alone[3], alone[0]; there.Sum() == fingerprint(alone...) {
		t.Error("the order counts for nothing")
	}
}

func TestPartOf(t *testing.T) {
	for key, want := range map[string]struct {
		n   int
		own string
	}{
		"r00012/archive/C.json": {12, "archive/C.json"}, "r1000000/archive/C.json": {1000000, "archive/C.json"},
		"archive/C.json": {0, "archive/C.json"}, "r12/archive": {0, "r12/archive"}, "r0001x/archive": {0, "r0001x/archive"},
		"": {0, ""}, "r": {0, "r"}, "r00001": {0, "r00001"}, "r00000000000000000001/x": {0, "r00000000000000000001/x"},
	} {
		if n, own := PartOf(key); n != want.n || own != want.own {
			t.Errorf("%q: %d, %q", key, n, own)
		}
	}
}

// TestTextsAreToldApart: of texts of every length, whichever byte differs, and wherever it is.
func TestTextsAreToldApart(t *testing.T) {
	seen := map[Sum]string{}
	for n := range 40 {
		text := make([]byte, n)
		for i := -1; i < n; i++ {
			if i >= 0 {
				text[i]++
			}
			for _, e := range []*Event{{Kind: Note, Text: string(text)}, {Kind: Note, Actor: string(text)}} {
				if n == 0 && e.Actor == "" && len(seen) > 0 {
					continue // nothing is nothing in either field
				}
				if sum := fingerprint(e); seen[sum] != "" {
					t.Errorf("%q has the fingerprint of %s", text, seen[sum])
				} else {
					seen[sum] = string(text) + " there"
				}
			}
		}
	}
}
