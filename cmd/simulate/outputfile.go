package main

import (
	"os"
	"path/filepath"
	"strings"
)

// output is a file that a flag asks for; without a path it does not.
type output struct{ flag, path string }

// check finds out before anything is played that the file can't be written.
func (o output) check() error {
	if o.path == "" {
		return nil
	}
	if info, err := os.Stat(filepath.Dir(o.path)); err != nil || !info.IsDir() {
		return usage("--%s %s: there is no directory %s", o.flag, o.path, filepath.Dir(o.path))
	}
	if info, err := os.Stat(o.path); err == nil && info.IsDir() {
		return usage("--%s %s is a directory: name a file", o.flag, o.path)
	}
	return nil
}

// checkSVG is [output.check] of a chart: nobody would look for one under another name.
func (o output) checkSVG() error {
	if o.path == "" || strings.EqualFold(filepath.Ext(o.path), ".svg") {
		return o.check()
	}
	return usage("--%s %s: a chart is SVG, so its file must end in .svg", o.flag, o.path)
}

// different refuses two flags that write the same file: one would be lost.
func different(a, b output) error {
	if a.path == "" || b.path == "" {
		return nil
	}
	first, errA := os.Stat(a.path)
	second, errB := os.Stat(b.path)
	if filepath.Clean(a.path) == filepath.Clean(b.path) || errA == nil && errB == nil && os.SameFile(first, second) {
		return usage("--%s and --%s both write %s: name two files", a.flag, b.flag, a.path)
	}
	return nil
}
