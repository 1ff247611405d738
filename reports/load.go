package reports

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Load is how busy the machine was, from the beginning of what was measured to its end. What
// the system does not say is null.
type Load struct {
	// AllowedCPUs are the processors whose time the control group grants; null too if it has
	// no limit.
	AllowedCPUs *float64 `json:"allowed_cpus"`
	// Begin and End are the load averages of the minute before: how many tasks ran or wanted
	// to, of the whole machine.
	Begin *float64 `json:"load_1min_begin"`
	End   *float64 `json:"load_1min_end"`
}

// BeginLoad is the load at the beginning.
func BeginLoad() Load {
	return Load{AllowedCPUs: allowedCPUs("/"), Begin: loadAverage("/")}
}

// Ended is the load from its beginning until now.
func (l Load) Ended() *Load {
	l.End = loadAverage("/")
	return &l
}

// loadAverage reads it as Linux tells it, below the root of a file system.
func loadAverage(root string) *float64 {
	text, err := os.ReadFile(filepath.Join(root, "proc/loadavg"))
	first, _, _ := strings.Cut(string(text), " ")
	average, parseErr := strconv.ParseFloat(first, 64)
	if err != nil || parseErr != nil {
		return nil
	}
	return &average
}

// allowedCPUs is the least that a control group (v2) of the process and those around it grant.
func allowedCPUs(root string) *float64 {
	text, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	_, group, found := strings.Cut(string(text), "0::")
	if err != nil || !found {
		return nil
	}
	group, _, _ = strings.Cut(group, "\n")
	var least *float64
	for group = filepath.Join("/", group); ; group = filepath.Dir(group) {
		if n := quota(filepath.Join(root, "sys/fs/cgroup", group, "cpu.max")); n != nil && (least == nil || *n < *least) {
			least = n
		}
		if group == "/" {
			return least
		}
	}
}

// quota is the share of time in a file cpu.max, such as "150000 100000"; nil: there is no limit.
func quota(file string) *float64 {
	text, err := os.ReadFile(file)
	fields := strings.Fields(string(text))
	if err != nil || len(fields) != 2 {
		return nil
	}
	time, err := strconv.ParseFloat(fields[0], 64) // "max": no limit
	period, periodErr := strconv.ParseFloat(fields[1], 64)
	if err != nil || periodErr != nil || period <= 0 {
		return nil
	}
	share := time / period
	return &share
}
