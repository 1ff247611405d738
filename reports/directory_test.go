package reports

import (
	"fmt"
	"os"
	"path/filepath"
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
