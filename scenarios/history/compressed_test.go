package history

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// save writes events to a compressed file and, unless it is to be as if the writer had
// been killed, ends it.
func save(t testing.TB, path string, events []*Event, ends bool) {
	t.Helper()
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(f, Header{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		w.Add(e)
	}
	if !ends {
		t.Cleanup(func() { f.Close() })
		return
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// opened returns the events of a file and the error that ended reading.
func opened(t *testing.T, path string) (events []*Event, err error) {
	t.Helper()
	rd, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := rd.Close(); err != nil {
			t.Error(err)
		}
	}()
	for e, err := range rd.Events() {
		if err != nil {
			return events, err
		}
		events = append(events, e.Clone())
	}
	return events, nil
}

// TestCompressedOrNot: how a file is written is told by what is in it, not by its name.
func TestCompressedOrNot(t *testing.T) {
	dir := t.TempDir()
	compressed, plain := filepath.Join(dir, "a.ndjson"), filepath.Join(dir, "b.zst")
	save(t, compressed, goodEvents(), true)
	if err := os.WriteFile(plain, []byte(written(t, goodEvents())), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{compressed, plain} {
		events, err := opened(t, path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(goodEvents(), events); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestSameEventsGiveTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	events := contended(10_000, 7)
	save(t, a, events, true)
	save(t, b, events, true)
	one, _ := os.ReadFile(a)
	two, _ := os.ReadFile(b)
	if !bytes.Equal(one, two) {
		t.Error("two files of the same events differ")
	}
	if text := len(written(t, events)); len(one) > text/4 {
		t.Errorf("%d bytes of text take %d", text, len(one))
	}
}

// TestRunDirectories: the file is found under either name, and the new one comes first.
func TestRunDirectories(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), FileName) {
		t.Errorf("without a history: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, PlainFileName), []byte(written(t, goodEvents())), 0o644); err != nil {
		t.Fatal(err)
	}
	if events, err := opened(t, dir); err != nil || len(events) != len(goodEvents()) {
		t.Errorf("the older name: %d events, %v", len(events), err)
	}
	save(t, filepath.Join(dir, FileName), []*Event{{Kind: End}}, true)
	if events, err := opened(t, dir); err != nil || len(events) != 1 {
		t.Errorf("both names: %d events, %v", len(events), err)
	}
}

// TestKilledWriter: what has been flushed can be read, and the file is no complete history.
func TestKilledWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h")
	events := contended(10_000, 7)
	save(t, path, events, false)
	read, err := opened(t, path)
	var at *LineError
	if !errors.As(err, &at) || at.File != path || at.Line != len(read)+2 {
		t.Fatalf("after %d events: %v", len(read), err)
	}
	if lost := written(t, events[len(read):]); len(lost) > 256<<10+1000 {
		t.Errorf("%d bytes of text are lost", len(lost))
	}
	if diff := cmp.Diff(events[:len(read)], read); diff != "" {
		t.Error(diff)
	}
}

// TestCutAndGarbledFiles: no part of a file is taken for a whole one, whatever byte is
// the last one or is wrong.
func TestCutAndGarbledFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h")
	events := contended(300, 7)
	save(t, path, events, true)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, file []byte) {
		t.Helper()
		_, read, err := readBack(string(file))
		var at *LineError
		if !errors.As(err, &at) || at.Line > len(events)+2 {
			t.Errorf("%s: %d events, %v", what, len(read), err)
		}
	}
	for at := 0; at < len(whole); at += max(1, len(whole)/100) {
		refused("cut", whole[:at])
		garbled := bytes.Clone(whole)
		garbled[at] ^= 0x10
		refused("garbled", garbled)
	}
	refused("with something behind it", append(bytes.Clone(whole), "more"...))
	refused("twice", append(bytes.Clone(whole), whole...))
}

func TestFullDisk(t *testing.T) {
	f, err := Create("/dev/full")
	if err != nil {
		t.Skip(err)
	}
	w, err := NewWriter(f, Header{})
	if err != nil {
		t.Fatal(err)
	}
	var told error
	w.OnError = func(err error) { told = err }
	for range 10_000 {
		w.Add(typicalPut())
	}
	if closed := w.Close(); !errors.Is(told, syscall.ENOSPC) || !errors.Is(closed, syscall.ENOSPC) {
		t.Errorf("told %v; closed %v", told, closed)
	}
	if err := f.Close(); err != nil {
		t.Errorf("told once more: %v", err)
	}
}

func TestErrorOfClosingTheFile(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "h"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(f, Header{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f.file.Close()
	if err := f.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Close: %v", err)
	}
}
