package sweep

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
)

// journalSchema names the file of a sweep's points.
const journalSchema = "simulate.sweep-points/v1"

// Plan is what decides the numbers of a sweep. A journal goes on only with its own.
type Plan struct {
	Schema   string   `json:"schema"`
	Scenario string   `json:"scenario"`
	Content  string   `json:"content"` // hash of every point's scenario, document, core and policy
	Vary     []Varied `json:"vary"`
	Seed     uint64   `json:"seed"`
	Runs     int      `json:"runs"`
	Program  string   `json:"program"`
}

// differs says in what two plans differ; empty: in nothing.
func (p Plan) differs(q Plan) string {
	vary := varyDiffers(p.Vary, q.Vary)
	switch {
	case p.Schema != q.Schema:
		return fmt.Sprintf("it is of format %q, not %q", p.Schema, q.Schema)
	case p.Scenario != q.Scenario:
		return fmt.Sprintf("it is of scenario %s, not %s", p.Scenario, q.Scenario)
	case vary != "":
		return vary
	case p.Seed != q.Seed:
		return fmt.Sprintf("its seed is %d, not %d", p.Seed, q.Seed)
	case p.Runs != q.Runs:
		return fmt.Sprintf("it has %d runs for each point, not %d", p.Runs, q.Runs)
	case p.Content != q.Content:
		return "its scenario, document or other flags were different, or what the files hold that they name"
	case p.Program != q.Program:
		return fmt.Sprintf("it was made by version %s of this program, and this is %s", p.Program, q.Program)
	}
	return ""
}

// varyDiffers says in what was, the parameters of another sweep, differs from now.
func varyDiffers(was, now []Varied) string {
	names := func(all []Varied) string {
		var list []string
		for _, v := range all {
			list = append(list, v.Name)
		}
		return strings.Join(list, ", ")
	}
	if a, b := names(was), names(now); a != b {
		return fmt.Sprintf("it varies %s, not %s", a, b)
	}
	for i, v := range was {
		for _, value := range v.Values {
			if !slices.Contains(now[i].Values, value) {
				return fmt.Sprintf("it has %s=%s too", v.Name, value)
			}
		}
		for _, value := range now[i].Values {
			if !slices.Contains(v.Values, value) {
				return fmt.Sprintf("it has no %s=%s", v.Name, value)
			}
		}
		if !slices.Equal(v.Values, now[i].Values) {
			return fmt.Sprintf("it has the values of %s in another order: %s", v.Name, strings.Join(v.Values, ","))
		}
	}
	return ""
}

// entry is a line of the journal after the first.
type entry struct {
	Point    int       `json:"point"`
	Measured *Measured `json:"measured"`
}

// UnfitError is a journal with which a sweep can't go on: it holds another sweep, or
// what no sweep writes.
type UnfitError struct{ err error }

func (e *UnfitError) Error() string { return e.err.Error() }
func (e *UnfitError) Unwrap() error { return e.err }

// ErrBusy says that another sweep is writing the journal.
var ErrBusy = errors.New("another sweep is writing it")

// Journal is a file to which each point is written as soon as it is measured: a
// line with the plan, then a line for each point. It is locked until it is closed.
type Journal struct {
	f    file
	size int64 // of the whole lines
}

// file is what a journal needs of an [os.File].
type file interface {
	io.WriterAt
	io.Closer
	Truncate(size int64) error
}

// NewJournal starts a journal. The file must not be there.
func NewJournal(path string, plan Plan) (*Journal, error) {
	f, err := openLocked(path, os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, err
	}
	plan.Schema = journalSchema
	j := &Journal{f: f}
	if err := j.line(plan); err != nil {
		f.Close()
		return nil, err
	}
	return j, nil
}

// OpenJournal goes on with a journal and returns what was measured. A last line that
// was torn, because the program was killed, is dropped. The error is an [UnfitError],
// [ErrBusy], or the file's.
func OpenJournal(path string, plan Plan, points []Point) (*Journal, map[int]Measured, error) {
	f, err := openLocked(path, 0)
	if err != nil {
		return nil, nil, err
	}
	have, good, err := readJournal(f, plan, points)
	if err == nil {
		err = f.Truncate(good)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return &Journal{f, good}, have, nil
}

// openLocked opens a file that nobody else has open this way. The lock ends with the
// process, however that ends.
func openLocked(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|flag, 0o644)
	if err != nil {
		return nil, err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = ErrBusy
	default:
		err = fmt.Errorf("lock %s: %w", path, err)
	}
	f.Close()
	return nil, err
}

// readJournal returns the points and how many bytes are whole lines.
func readJournal(r io.Reader, plan Plan, points []Point) (map[int]Measured, int64, error) {
	plan.Schema = journalSchema
	have := map[int]Measured{}
	in, good := bufio.NewReader(r), int64(0)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && number == 1:
			return nil, 0, unfit("the file of its points has no first line, so nothing was measured: start anew")
		case errors.Is(err, io.EOF):
			return have, good, nil
		case err != nil:
			return nil, 0, err
		}
		if number == 1 {
			var was Plan
			if err := json.Unmarshal(line, &was); err != nil {
				return nil, 0, unfit("line 1 of its points: %w", err)
			}
			if why := was.differs(plan); why != "" {
				return nil, 0, unfit("it holds another sweep: %s", why)
			}
		} else if err := readEntry(line, have, points); err != nil {
			return nil, 0, unfit("line %d of its points: %w", number, err)
		}
		good += int64(len(line))
	}
}

func unfit(format string, args ...any) error { return &UnfitError{fmt.Errorf(format, args...)} }

func readEntry(line []byte, have map[int]Measured, points []Point) error {
	var e entry
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return err
	}
	switch {
	case e.Measured == nil || e.Point < 0 || e.Point >= len(points):
		return errors.New("there is no such point")
	case e.Measured.Params.String() != points[e.Point].Params.String():
		return fmt.Errorf("point %d is %s, not %s", e.Point, points[e.Point].Params, e.Measured.Params)
	}
	have[e.Point] = *e.Measured
	return nil
}

// Add writes a point.
func (j *Journal) Add(number int, p Measured) error {
	return j.line(entry{number, &p})
}

// line writes at once, so that a program that is killed tears the last line at most.
// What a write that failed has left behind would be in the way of the next line, and
// of going on: it is taken back.
func (j *Journal) line(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	if _, err := j.f.WriteAt(b.Bytes(), j.size); err != nil {
		return errors.Join(err, j.f.Truncate(j.size))
	}
	j.size += int64(b.Len())
	return nil
}

// Close closes the file, which ends the lock.
func (j *Journal) Close() error { return j.f.Close() }
