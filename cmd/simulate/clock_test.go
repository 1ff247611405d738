package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestOneClock: production takes the time from archive.WallClock, or from who gives it a
// clock, and looks at the wall nowhere else.
func TestOneClock(t *testing.T) {
	wall := regexp.MustCompile(`\btime\.(Now|Since|Until|Sleep|After|AfterFunc|Tick|NewTimer|NewTicker)\(`)
	seen := 0
	err := filepath.WalkDir(filepath.Join("..", "..", "archive"), func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, found := range wall.FindAll(text, -1) {
			seen++
			ours := filepath.Base(filepath.Dir(file)) == "archive" && filepath.Base(file) == "clock.go"
			if !ours {
				t.Errorf("%s has %s", file, found)
			}
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Error(err, seen)
	}
}
