package archive

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// orders is a layout that has no name in common with the archive's own.
func orders() *Layout {
	return &Layout{
		Prefix: "orders/", Suffix: "/state.json", Slashes: true,
		ID: []string{"order_id"}, History: "events", Customers: "notify",
		Entry: EntryLayout{ID: "event_id", Timestamp: "at", Type: "kind", Required: []string{"kind", "amount"}},
	}
}

const (
	orderID  = "2026/11/O-77"
	orderKey = "orders/2026/11/O-77/state.json"
	order    = `{"order_id": "2026/11/O-77", "modifications": [{"modification_id": "m1"}], "notify": ["hts"], "status": "open",
  "events": [{"event_id":"e1","amount":1.50}, {"modification_id":"e2"}], "total": 12345678901234567890}`
)

func event(id string) Modification {
	return Modification{ID: id, Type: "paid", UserID: "nobody asks", Fields: fields("amount", "2.50", "by", `"ann"`)}
}

func TestLayoutsThatCannotBe(t *testing.T) {
	tests := map[string]func(*Layout){
		"Prefix: it has 129":                         func(l *Layout) { l.Prefix = strings.Repeat("x", 129) },
		`Prefix: "/orders": a key must not begin`:    func(l *Layout) { l.Prefix = "/orders" },
		`Prefix: "a//": it must not contain`:         func(l *Layout) { l.Prefix = "a//" },
		`Prefix: "a/../": it must not contain`:       func(l *Layout) { l.Prefix = "a/../" },
		`Prefix: "./a/": it must not contain`:        func(l *Layout) { l.Prefix = "./a/" },
		`Prefix: "a b/": only letters`:               func(l *Layout) { l.Prefix = "a b/" },
		`Prefix: "": with Slashes it must end with`:  func(l *Layout) { l.Prefix = "" },
		`Prefix: "ord": with Slashes it must end`:    func(l *Layout) { l.Prefix = "ord" },
		`Prefix: "customers/": the keys that begin`:  func(l *Layout) { l.Prefix = "customers/" },
		`Suffix: "/": a key must not end`:            func(l *Layout) { l.Suffix = "/" },
		`Suffix: "/.": it must not contain`:          func(l *Layout) { l.Suffix = "/." },
		"ID: it is empty; name the field":            func(l *Layout) { l.ID = nil },
		"ID[1]: it is empty":                         func(l *Layout) { l.ID = []string{"a", ""} },
		`ID[1]: "A" is, but for case, the name that`: func(l *Layout) { l.ID = []string{"a", "A"} },
		"History: it is empty":                       func(l *Layout) { l.History = "" },
		`History: "Order_ID" is, but for case`:       func(l *Layout) { l.History = "Order_ID" },
		`History: "\xff" is not UTF-8`:               func(l *Layout) { l.History = "\xff" },
		`Customers: "events" is, but for case`:       func(l *Layout) { l.Customers = "events" },
		"Entry.ID: it is empty":                      func(l *Layout) { l.Entry.ID = "" },
		`Entry.Customer: "At" is, but for case`:      func(l *Layout) { l.Entry.Customer = "At" },
		"Entry.Required[1]: it is empty":             func(l *Layout) { l.Entry.Required[1] = "" },
		`Entry.Required[1]: "kind" is, but for case`: func(l *Layout) { l.Entry.Required[1] = "kind" },
	}
	for want, spoil := range tests {
		l := orders()
		spoil(l)
		var bad *LayoutError
		if err := l.Validate(); !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), "archive: Layout."+want) {
			t.Errorf("want %s…, got %v", want, err)
		}
		if _, err := New(Options{Store: newMemStore(), Layout: l}); !errors.As(err, &bad) {
			t.Errorf("%s: New says %v", want, err)
		}
	}
	for _, l := range []*Layout{nil, {}, OwnLayout(), orders(), {ID: []string{"id"}, History: "log", Entry: EntryLayout{ID: "n"}}} {
		if err := l.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheZeroLayoutIsTheArchives(t *testing.T) {
	for _, l := range []*Layout{nil, {}, OwnLayout()} {
		key, err := l.Key("CHG-1")
		if err != nil || key != "archive/CHG-1.json" || !l.Resolved().same(ownLayout) {
			t.Errorf("%+v: %s, %v", l, key, err)
		}
		c, err := l.Parse([]byte(`{"announcement_id":"A","modifications":[{"modification_id":"m"}]}`))
		if err != nil || c.ID() != "A" || !c.HasModification("m") || c.Layout() != l.Resolved() {
			t.Errorf("%+v: %+v, %v", l, c, err)
		}
		if _, err := l.Parse([]byte(order)); err == nil || err.Error() != "invalid document: it has neither changeId nor announcement_id" {
			t.Errorf("%+v: %v", l, err)
		}
		if l.ValidateID("2026/O-1") == nil {
			t.Errorf("%+v lets ids have slashes", l)
		}
	}
	if (&Layout{Prefix: "x/"}).Validate() == nil {
		t.Error("a layout of nothing but a prefix is taken for the archive's own")
	}
}

func TestIDsWithSlashes(t *testing.T) {
	part := strings.Repeat("x", 128)
	for id, good := range map[string]bool{
		orderID: true, "O": true, "a.b/c_d/e-f": true, part + "/" + part: true,
		part + "/" + part + "/" + part + "/" + part: false, part + "x/a": false,
		"": false, "/a": false, "a/": false, "a//b": false, "a/../b": false, "../a": false, "a/./b": false, "a/.b": false,
		"a/b c": false, "a\\b": false, "a/%2e": false, "ä/b": false, "a/b\n": false,
	} {
		key, err := orders().Key(id)
		if (err == nil) != good || err != nil && !errors.Is(err, ErrInvalid) || good && key != "orders/"+id+"/state.json" {
			t.Errorf("%q: %q, %v", id, key, err)
		}
	}
	bare := &Layout{Slashes: true, ID: []string{"id"}, History: "log", Entry: EntryLayout{ID: "n"}}
	if key, err := bare.Key("customers/hts/O-1.json"); !errors.Is(err, ErrInvalid) {
		t.Errorf("a document at %q would be taken for a trigger: %v", key, err)
	}
	if key, err := bare.Key("orders/O-1"); err != nil || key != "orders/O-1" {
		t.Errorf("%q, %v", key, err)
	}
}

// Whatever the id, its keys are safe, and lead back to it.
func TestKeysOfAnyID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[a-zA-Z0-9._/-]{0,20}`).Draw(t, "id")
		l := orders()
		l.Slashes = rapid.Bool().Draw(t, "slashes")
		key, err := l.Key(id)
		if err != nil {
			return
		}
		if strings.Contains("/"+key, "/.") || strings.Contains(key, "//") || strings.HasSuffix(key, "/") || len(key) > 1024-mostAffix {
			t.Fatalf("%q is not safe", key)
		}
		if !l.Slashes && strings.Contains(id, "/") {
			t.Fatalf("%q has a slash", id)
		}
		if back, ok := l.ParseKey(key); !ok || back != id {
			t.Fatalf("%q is that of %q, %v", key, back, ok)
		}
	})
}

func orderRig(t *testing.T) *rig {
	r := newRig(t, 3)
	a, err := New(Options{Store: r.store, Policy: r.policy, Clock: r.clock, Layout: orders()})
	if err != nil {
		t.Fatal(err)
	}
	r.Archive = a
	r.store.objects[orderKey] = []byte(order)
	return r
}

func TestAnotherLayout(t *testing.T) {
	r := orderRig(t)
	r.store.onPut[1] = replyLost
	e := Edit{Fields: fields("status", `"paid"`, "modifications", `"a field like any other"`), Modifications: []Modification{event("e3")}}
	for range 2 {
		if _, err := r.Append(t.Context(), orderID, e); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"order_id": "2026/11/O-77", "modifications": "a field like any other", "notify": ["hts"], "status": "paid",
  "events": [{"event_id":"e1","amount":1.50}, {"modification_id":"e2"},{"event_id":"e3","at":"` + r.clock.Now().UTC().Format("2006-01-02T15:04:05Z") +
		`","kind":"paid","amount":2.50,"by":"ann"}], "total": 12345678901234567890}`
	if got := string(r.store.objects[orderKey]); got != want {
		t.Errorf("stored:\n%s\nwant:\n%s", got, want)
	}
	loaded, err := r.Load(t.Context(), orderID)
	if err != nil {
		t.Fatal(err)
	}
	c := loaded.Change()
	if d := cmp.Diff([]string{"e1", "", "e3"}, c.ModificationIDs()); d != "" {
		t.Error(d)
	}
	stored, ok := c.Modification("e3")
	asked := event("e3")
	asked.UserID, asked.Timestamp = "", stored.Timestamp // the layout has no name for a user
	if d := cmp.Diff(asked, stored); d != "" || !ok || stored.Timestamp == "" {
		t.Error(d)
	}
	if mods, err := c.Modifications(); err != nil || string(mods[1].Fields["modification_id"]) != `"e2"` {
		t.Errorf("%+v, %v", mods, err)
	}
}

func TestWhatALayoutRefuses(t *testing.T) {
	with := func(change func(*Modification)) Edit {
		m := event("e9")
		change(&m)
		return Edit{Modifications: []Modification{m}}
	}
	set := func(pairs ...string) Edit {
		return Edit{Fields: fields(pairs...), Modifications: []Modification{event("e9")}}
	}
	tests := map[string]Edit{
		"events can't be set, only appended to":          set("events", "[]"),
		"order_id of 2026/11/O-77 can't be changed":      set("order_id", `"O-78"`),
		`a field "Events" could be taken for events`:     set("Events", "[]"),
		`a field "ORDER_ID" could be taken for order_id`: set("ORDER_ID", `"x"`),
		"it has no kind": with(func(m *Modification) { m.Type = "" }),
		"it has no amount, which every entry must have":  with(func(m *Modification) { m.Fields = nil }),
		"has no name for MeetingMetadata":                with(func(m *Modification) { m.MeetingMetadata = json.RawMessage("{}") }),
		`the field "event_id" is, or could be taken for`: with(func(m *Modification) { m.Fields["event_id"] = json.RawMessage(`"e1"`) }),
		`the field "KIND" is, or could be taken for`:     with(func(m *Modification) { m.Fields["KIND"] = json.RawMessage(`1`) }),
		`the value of field "note" is not JSON`:          with(func(m *Modification) { m.Fields["note"] = json.RawMessage(`1,`) }),
		`field name "\xff" is not UTF-8`:                 with(func(m *Modification) { m.Fields["\xff"] = json.RawMessage(`1`) }),
	}
	for want, e := range tests {
		r := orderRig(t)
		if _, err := r.Append(t.Context(), orderID, e); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
		if string(r.store.objects[orderKey]) != order {
			t.Errorf("%s: it was stored", want)
		}
	}
	if _, err := orderRig(t).Append(t.Context(), orderID, set("Modifications", "1", "changeid", "2")); err != nil {
		t.Errorf("names of the archive's own layout mean something in another: %v", err)
	}
}

// A document that was read by one layout is not stored by another, which would look for
// the history elsewhere.
func TestOneLayoutAtATime(t *testing.T) {
	r := orderRig(t)
	own := mustParse(t, `{"changeId":"CHG-1","order_id":"CHG-1"}`)
	if _, err := r.Create(t.Context(), "CHG-1", own, event("e1")); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "another layout") {
		t.Error(err)
	}
	if r.store.puts > 0 {
		t.Error("something was stored")
	}
}

// An entry of the archive's own layout is what encoding/json makes of it, to the byte,
// and is read back as it was.
func TestEntriesAreThoseOfEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SampledFrom([]string{"", "a", "é", "<&>", "\"\\\n\x01\x7f", "\u2028", "\xff", "2026-01-02T03:04:05Z"})
		m := Modification{
			ID: texts.Draw(t, "id"), Timestamp: texts.Draw(t, "timestamp"), UserID: texts.Draw(t, "user"), Type: texts.Draw(t, "type"),
			CustomerCode: texts.Draw(t, "customer"), ContentDigest: texts.Draw(t, "digest"), MeetingMetadata: json.RawMessage(rapid.SampledFrom([]string{"", "null", `{ "a" : [ 1.50, "<\u2028>" ] }`}).Draw(t, "meeting")),
		}
		want, err := encode(m)
		got, gotErr := ownLayout.encode(&m)
		if err != nil || gotErr != nil || string(got) != string(want) {
			t.Fatalf("%s, %v; encoding/json: %s, %v", got, gotErr, want, err)
		}
		var back Modification
		if err := json.Unmarshal(want, &back); err != nil {
			t.Fatal(err)
		}
		if read, err := ownLayout.decode(got); err != nil || cmp.Diff(back, read) != "" {
			t.Fatalf("read as %+v, %v; encoding/json: %+v", read, err, back)
		}
	})
}

// TestNoLayoutInsideAnother: with slashes and no prefix of its own an id could be the key of
// another archive's document, all of which its author would choose, with a history that
// nobody made.
func TestNoLayoutInsideAnother(t *testing.T) {
	for prefix, good := range map[string]bool{"": false, "arch": false, "archive": false, "orders/": true, "a/b/": true} {
		l := &Layout{Prefix: prefix, Suffix: ".json", Slashes: true, ID: []string{"order_id"}, History: "events", Entry: EntryLayout{ID: "event_id"}}
		_, err := New(Options{Store: newRig(t, 0).store, Layout: l})
		if (err == nil) != good || !good && !strings.Contains(err.Error(), "must end with a slash") {
			t.Errorf("%q: %v", prefix, err)
		}
		l.Slashes = false
		if _, err := New(Options{Store: newRig(t, 0).store, Layout: l}); err != nil {
			t.Errorf("%q without slashes: %v", prefix, err)
		}
	}
}
