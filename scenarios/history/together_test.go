package history

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shardFile writes the history of a shard: two operations of one actor, with an end or cut.
func shardFile(t *testing.T, h Header, shard Shard, end *Event) string {
	t.Helper()
	h.Recorders, h.Shards = 3, []Shard{shard}
	path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.ndjson", shard.Number))
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWriter(f, h)
	if err != nil {
		t.Fatal(err)
	}
	actor := shard.Prefix() + "be"
	w.Add(&Event{Kind: Begin, At: 1, Repetition: 1})
	for op := 1; op <= 2; op++ {
		at := int64(10 * op)
		w.Add(&Event{Kind: Invoke, At: at, Actor: actor, Op: op, Key: "k", Do: "load"})
		w.Add(&Event{Kind: Return, At: at + 5, Actor: actor, Op: op, Key: "k", Outcome: Gone})
	}
	if end != nil {
		w.Add(end)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTogether: histories of several recorders are read as one, in whatever order they are
// given, and saved as one that reads the same.
func TestTogether(t *testing.T) {
	h := Header{Scenario: "s", Seed: 7, Repetitions: 1, Started: "2026-01-02T00:00:00Z"}
	whole := shardFile(t, h, Shard{Number: 0, Attempt: 1, Ready: 3, Go: 4}, &Event{Kind: End, At: 30})
	cut := shardFile(t, h, Shard{Number: 1, Attempt: 2}, nil)
	early := shardFile(t, h, Shard{Number: 2, Attempt: 1}, &Event{Kind: End, At: 40, Interrupted: true})

	read := func(paths ...string) (Header, []string) {
		t.Helper()
		all, err := OpenTogether(paths...)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for e, err := range all.Events() {
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprintf("%s %d %d %s %s", e.Kind, e.Clock, e.Op, e.Actor, e.Text))
		}
		return all.Header, lines
	}
	header, lines := read(early, whole, cut)
	if _, other := read(whole, cut, early); !slices.Equal(lines, other) {
		t.Error("the order of the files matters")
	}
	want := []Shard{{Number: 0, Attempt: 1, Ready: 3, Go: 4}, {Number: 1, Attempt: 2, Lost: true}, {Number: 2, Attempt: 1}}
	if !slices.Equal(header.Shards, want) || header.Recorders != 3 {
		t.Errorf("the shards are %+v", header.Shards)
	}
	text := strings.Join(lines, "\n")
	for _, part := range []string{"invoke 0 1 0/1/be", "invoke 1 4 1/2/be", "return 2 6 2/1/be", "note 2 0  shard 2 was ended before its time", "\nend 2 0"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
	if n := strings.Count(text, "end "); n != 1 {
		t.Errorf("there are %d ends", n)
	}
	// Saved, it is one history, which can be read with others again.
	all, err := OpenTogether(early, whole)
	if err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(t.TempDir(), "two.ndjson.zst")
	if err := all.Save(saved); err != nil {
		t.Fatal(err)
	}
	again, twice := read(cut, saved)
	if !slices.Equal(again.Shards, want) || strings.ReplaceAll(strings.Join(twice, "\n"), "  ", " ") == "" {
		t.Errorf("with another the shards are %+v", again.Shards)
	}
	for _, line := range []string{"invoke 0 1 0/1/be ", "return 2 4 2/1/be ", "invoke 1 5 1/2/be "} {
		if !slices.Contains(twice, line) {
			t.Errorf("%q is missing in %q", line, twice)
		}
	}
}

// TestTogetherRefuses what is of different runs, twice the same, of one recorder, or damaged.
func TestTogetherRefuses(t *testing.T) {
	h := Header{Scenario: "s", Seed: 7, Repetitions: 1}
	end := &Event{Kind: End, At: 30}
	one := shardFile(t, h, Shard{Number: 0, Attempt: 1}, end)
	again := shardFile(t, h, Shard{Number: 0, Attempt: 1}, end)
	other := h
	other.Seed = 8
	seed := shardFile(t, other, Shard{Number: 1, Attempt: 1}, end)
	garbled := shardFile(t, h, Shard{Number: 1, Attempt: 1}, end)
	text, err := os.ReadFile(garbled)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(garbled, []byte(strings.Replace(string(text), `"op":2`, `"op":x`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "alone")
	f, err := os.Create(alone)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(f, h)
	if err != nil {
		t.Fatal(err)
	}
	w.Add(end)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		again: "attempt 1 of shard 0 is in", seed: "seed is 7 there, and 8 here", garbled: "no event", alone: "which of several recorders",
	} {
		if _, err := OpenTogether(one, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it says %v, want %q", err, want)
		}
	}
}

// TestTogetherOfOwnClocks: what one has told by his clock says nothing of the times of another,
// and what the final read shows another may have written; nor is it damage if a recorder died
// in the middle of a line.
func TestTogetherOfOwnClocks(t *testing.T) {
	h := Header{Scenario: "s", Seed: 7, Repetitions: 1}
	late := shardFile(t, h, Shard{Number: 0, Attempt: 1}, &Event{Kind: End, At: 500})
	last := filepath.Join(t.TempDir(), "last.ndjson")
	h.Recorders, h.Shards = 3, []Shard{{Number: 1, Attempt: 1}}
	lines := &strings.Builder{}
	w, err := NewWriter(lines, h)
	if err != nil {
		t.Fatal(err)
	}
	w.Add(&Event{Kind: Begin, At: 0, Repetition: 1})
	w.Add(&Event{Kind: Get, Start: 1, At: 2, Actor: FinalActor, Key: "k", Answer: OK, ETag: "v", Doc: &Doc{Bad: "torn"}})
	w.Add(&Event{Kind: End, At: 3})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for cut := range strings.LastIndex(lines.String(), "{\"e\"") - strings.Index(lines.String(), "\n") {
		text := lines.String()[:lines.Len()-cut]
		if err := os.WriteFile(last, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		all, err := OpenTogether(late, last)
		if err != nil {
			t.Fatalf("%v: of\n%s", err, text)
		}
		if complete := strings.HasSuffix(strings.TrimSpace(text), `"at_ns":3}`); all.Header.Shards[1].Lost == complete {
			t.Fatalf("lost: %v, of\n%s", !complete, text)
		}
		saved := filepath.Join(t.TempDir(), "saved.ndjson.zst")
		if err := all.Save(saved); err != nil {
			t.Fatal(err)
		}
		if _, lost, err := lookThrough(saved); err != nil || lost {
			t.Fatalf("what was saved can't be read: %v", err)
		}
	}
}
