package reports

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestLoadIsWhatTheSystemSays, and null where it says nothing.
func TestLoadIsWhatTheSystemSays(t *testing.T) {
	said := func(v *float64) float64 {
		if v == nil {
			return -1
		}
		return *v
	}
	for name, c := range map[string]struct {
		files         map[string]string
		allowed, load float64
	}{
		"nothing": {nil, -1, -1},
		"limit": {map[string]string{
			"proc/loadavg": "1.25 0.50 0.10 2/345 6789\n", "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n",
		}, 1.5, 1.25},
		"none":    {map[string]string{"proc/loadavg": "0.00 0.50 0.10 2/345 6789\n", "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, -1, 0},
		"garbage": {map[string]string{"proc/loadavg": "?", "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "1 0\n"}, -1, -1},
		"nested": {map[string]string{
			"proc/self/cgroup": "1:cpu:/old\n0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "400000 100000", "sys/fs/cgroup/a/cpu.max": "200000 100000", "sys/fs/cgroup/cpu.max": "max 100000",
		}, 2, -1},
		"first version": {map[string]string{"proc/self/cgroup": "1:cpu:/a\n"}, -1, -1},
	} {
		root := t.TempDir()
		for file, text := range c.files {
			path := filepath.Join(root, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if allowed, load := said(allowedCPUs(root)), said(loadAverage(root)); allowed != c.allowed || load != c.load {
			t.Errorf("%s: %v processors, load %v", name, allowed, load)
		}
	}
	if l := BeginLoad().Ended(); runtime.GOOS == "linux" && (l.Begin == nil || l.End == nil || *l.End < 0) {
		t.Errorf("this machine: %+v", l)
	}
}
