package reports

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestNewDirectory(t *testing.T) {
	out := filepath.Join(t.TempDir(), "a", "b")
	at := time.Date(2026, 3, 1, 1, 2, 3, 0, time.FixedZone("", 3600))
	dir, err := NewDirectory(out, "two-users", "cafe", at)
	if want := filepath.Join(out, "two-users", "20260301T000203Z-cafe"); err != nil || dir != want {
		t.Fatalf("%s, %v; want %s", dir, err, want)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		t.Error(err)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDirectory(plain, "s", "id", at); err == nil {
		t.Error("a file served as a directory")
	}
}

func TestPointLatest(t *testing.T) {
	out := t.TempDir()
	var dirs []string
	for i := range 3 {
		dir, err := NewDirectory(out, "s", fmt.Sprint(i), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, dir)
		if err := PointLatest(out, dir); err != nil {
			t.Fatal(err)
		}
	}
	target, err := os.Readlink(filepath.Join(out, "latest"))
	if err != nil || filepath.IsAbs(target) || filepath.Join(out, target) != dirs[2] {
		t.Errorf("latest points to %q (%v), want %s relative to %s", target, err, dirs[2], out)
	}
}

// TestPointLatestLeavesNothing where it can't be: what is called latest is no link.
func TestPointLatestLeavesNothing(t *testing.T) {
	out := t.TempDir()
	if err := os.MkdirAll(filepath.Join(out, "latest", "of-others"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := PointLatest(out, filepath.Join(out, "burst", "1")); err == nil {
		t.Error("a directory is replaced")
	}
	if all, err := os.ReadDir(out); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
}

// TestPointLatestAtOnce: runs that end at the same moment don't disturb each
// other, and leave nothing behind.
func TestPointLatestAtOnce(t *testing.T) {
	out := t.TempDir()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := range 20 {
				dir, err := NewDirectory(out, "s", fmt.Sprintf("%d-%d", i, n), time.Now())
				if err == nil {
					err = PointLatest(out, dir)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 2 {
		t.Errorf("want the scenario and latest, found %v (%v)", entries, err)
	}
}

// TestWritableLeavesNothing behind, and says which directory can't be made.
func TestWritableLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := WriteBytes(file, []byte("x\n")); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{dir, filepath.Join(dir, "a"), filepath.Join(dir, "a", "b", "c")} {
		if err := Writable(out); err != nil {
			t.Errorf("%s: %v", out, err)
		}
	}
	for _, out := range []string{file, filepath.Join(file, "a"), filepath.Join(file, "a", "b")} {
		if err := Writable(out); err == nil || !strings.Contains(err.Error(), " "+out+": not a directory") {
			t.Errorf("%s: %v", out, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("it left %v, %v", left, err)
	}
}

// TestWriteFileIsWholeOrAsBefore, and follows a link, or writes to a device, as it is told.
func TestWriteFileIsWholeOrAsBefore(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	failing := func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return errors.New("no more")
	}
	if err := WriteFile(file, failing); err == nil || err.Error() != "no more" {
		t.Error(err)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that could not be written is there: %v", err)
	}
	if err := errors.Join(WriteBytes(file, []byte("whole")), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(file, failing); err == nil {
		t.Error("no error")
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "whole" {
		t.Errorf("%q, %v", text, err)
	}
	if err := WriteBytes(link, []byte("other")); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "other" {
		t.Errorf("by its link: %q, %v", text, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("it left %v, %v", left, err)
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		if err := WriteBytes("/dev/full", []byte("text")); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("/dev/full: %v", err)
		}
	}
}
