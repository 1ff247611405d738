package sweep

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// measuredPoints are points with what Play finds for them.
func measuredPoints(t *testing.T) ([]Point, []Measured) {
	t.Helper()
	points := few(t)
	measured, err := Play(t.Context(), Config{Points: points, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return points, measured
}

// TestOneSweepWritesAJournal at a time: the second finds it busy, until the first is
// done, also if both go on with it.
func TestOneSweepWritesAJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "points.ndjson")
	first, err := NewJournal(path, Plan{Scenario: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, err := OpenJournal(path, Plan{Scenario: "a"}, nil); !errors.Is(err, ErrBusy) {
			t.Fatalf("while another writes it: %v", err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if first, _, err = OpenJournal(path, Plan{Scenario: "a"}, nil); err != nil {
			t.Fatalf("when the other is done: %v", err)
		}
	}
	first.Close()
}

// fullDisk takes half of a line and no more.
type fullDisk struct{ *os.File }

var errFull = errors.New("no space left on device")

func (d fullDisk) WriteAt(b []byte, at int64) (int, error) {
	n, _ := d.File.WriteAt(b[:len(b)/2], at)
	return n, errFull
}

// TestAFullDiskLeavesWholeLines, with which a sweep can go on.
func TestAFullDiskLeavesWholeLines(t *testing.T) {
	points, measured := measuredPoints(t)
	path := filepath.Join(t.TempDir(), "points.ndjson")
	j, err := NewJournal(path, Plan{})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Add(0, measured[0]); err != nil {
		t.Fatal(err)
	}
	disk := j.f.(*os.File)
	j.f = fullDisk{disk}
	if err := j.Add(1, measured[1]); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || strings.Count(string(text), "\n") != 2 || text[len(text)-1] != '\n' {
		t.Errorf("%v, it holds\n%s", err, text)
	}
	j.f = disk // there is room again
	if err := errors.Join(j.Add(2, measured[2]), j.Close()); err != nil {
		t.Fatal(err)
	}
	j, have, err := OpenJournal(path, Plan{}, points)
	if err != nil || len(have) != 2 || have[2].PutsMean != measured[2].PutsMean {
		t.Fatalf("%d points, %v", len(have), err)
	}
	j.Close()
}

// TestNothingIsSavedAfterAFailure, though other workers have points ready.
func TestNothingIsSavedAfterAFailure(t *testing.T) {
	var points []Point
	for range 4 {
		points = append(points, experimentPoint(t, "none", 2, 1))
	}
	var saved atomic.Int32
	measured, err := Play(t.Context(), Config{Points: points, Workers: len(points), Save: func(int, Measured) error {
		saved.Add(1)
		time.Sleep(200 * time.Millisecond) // the others wait at the door by now
		return errFull
	}})
	if !errors.Is(err, errFull) || len(measured) != 0 || saved.Load() != 1 {
		t.Errorf("saved %d times, %d points, %v", saved.Load(), len(measured), err)
	}
}

// TestWhyAJournalCannotBeOpened: a wrong one is told from one that can't be read.
func TestWhyAJournalCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	head := `{"schema":"` + journalSchema + `","scenario":"","content":"","vary":null,"seed":0,"runs":0,"program":""}` + "\n"
	for _, c := range []struct {
		path  string
		unfit bool
	}{
		{write("empty", ""), true},
		{write("noise", "noise\n"), true},
		{write("other", strings.Replace(head, `"seed":0`, `"seed":1`, 1)), true},
		{write("broken", head+"{\n"), true},
		{write("no point", head+`{"point":7}`+"\n"), true},
		{filepath.Join(dir, "nowhere"), false},
		{dir, false},
	} {
		_, _, err := OpenJournal(c.path, Plan{}, nil)
		var unfit *UnfitError
		if err == nil || errors.As(err, &unfit) != c.unfit {
			t.Errorf("%s: %v", filepath.Base(c.path), err)
		}
	}
	if _, err := NewJournal(write("there", head), Plan{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a journal that is there is started anew: %v", err)
	}
}
