package reports

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// The files of a run directory.
const (
	HistoryFile      = history.FileName
	RepetitionsFile  = measure.RepetitionsFile
	ResultFile       = "result.json"
	ReportFile       = "report.txt"
	DistributionFile = measure.DistributionFile
	PageFile         = "report.html"
	SummaryFile      = "summary.md"
	CasesFile        = "junit.xml"
	ScenarioFile     = measure.ScenarioFile
	ProfileFile      = "profile.yaml"  // how fast the store was
	PointsFile       = "points.ndjson" // of a sweep, written as it goes
	TableFile        = "points.csv"
	IssueFile        = "issue.md" // of a diagnosis, for the authors of the server
)

// directoryTime is how a run's directory is named by when it began, in UTC.
const directoryTime = "20060102T150405Z"

// WholeName is where commands that play several scenarios keep what these have shown together,
// in the place of a scenario's name.
const WholeName = "run"

// NewDirectory makes out/scenario/<UTC time>-<id>/ for a run.
func NewDirectory(out, scenario, id string, now time.Time) (string, error) {
	dir := filepath.Join(out, scenario, now.UTC().Format(directoryTime)+"-"+id)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the run's directory: %w", err)
	}
	return dir, nil
}

// Writable reports why no directory of a run can be made below another, which need not be
// there yet. It leaves nothing behind.
func Writable(out string) error {
	there := filepath.Clean(out)
	for _, err := os.Stat(there); errors.Is(err, fs.ErrNotExist) && there != filepath.Dir(there); _, err = os.Stat(there) {
		there = filepath.Dir(there)
	}
	probe, err := os.MkdirTemp(there, ".writable-")
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		of.Path = out
	}
	if err != nil {
		return err
	}
	return os.Remove(probe)
}

// WriteFile writes a file that is whole or, after an error, as it was before: absent, or what
// it held. What is no plain file, such as a pipe, is written as it goes.
func WriteFile(path string, write func(io.Writer) error) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return into(path, os.O_WRONLY|os.O_TRUNC, write)
	}
	next := fmt.Sprintf("%s.%d.tmp", path, os.Getpid())
	if err := into(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, write); err != nil {
		if of, ok := errors.AsType[*fs.PathError](err); ok && of.Path == next {
			of.Path = path
		}
		_ = os.Remove(next) // what it says next to that is of no use
		return err
	}
	return os.Rename(next, path)
}

// WriteBytes is [WriteFile] of what is there already.
func WriteBytes(path string, text []byte) error {
	return WriteFile(path, func(w io.Writer) error { _, err := w.Write(text); return err })
}

func into(path string, flag int, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, flag, 0o666)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		_ = f.Close() // what it says next to that is of no use
		return err
	}
	return f.Close()
}

// removed removes a file, if there is one.
func removed(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
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
	if err := removed(next); err != nil {
		return err
	}
	if err := os.Symlink(target, next); err != nil {
		return err
	}
	if err := os.Rename(next, link); err != nil {
		return errors.Join(err, removed(next))
	}
	return nil
}
