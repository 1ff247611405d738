package reports

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"holdfast/scenarios/history"
)

// The files of a run directory.
const (
	HistoryFile  = history.FileName
	ResultFile   = "result.json"
	ReportFile   = "report.txt"
	ScenarioFile = "scenario.yaml"
	ProfileFile  = "profile.yaml"  // how fast the store was
	PointsFile   = "points.ndjson" // of a sweep, written as it goes
	TableFile    = "points.csv"
	IssueFile    = "issue.md" // of a diagnosis, for the authors of the server
)

// directoryTime is how a run's directory is named by when it began, in UTC.
const directoryTime = "20060102T150405Z"

// NewDirectory makes out/scenario/<UTC time>-<id>/ for a run.
func NewDirectory(out, scenario, id string, now time.Time) (string, error) {
	dir := filepath.Join(out, scenario, now.UTC().Format(directoryTime)+"-"+id)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the run's directory: %w", err)
	}
	return dir, nil
}

// PointLatest makes out/latest point to a run's directory.
func PointLatest(out, dir string) error {
	target, err := filepath.Rel(out, dir)
	if err != nil {
		return err
	}
	link := filepath.Join(out, "latest")
	// Replaced by a rename, so that there is always a latest.
	// Its name is the run's own: others may be ending at the same moment.
	next := link + "." + filepath.Base(dir)
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, next); err != nil {
		return err
	}
	return os.Rename(next, link)
}
