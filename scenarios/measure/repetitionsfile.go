package measure

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"holdfast/scenarios/history"
)

// RepetitionsSchema names the format of a file of repetitions: a line of JSON for what was
// played, and one for each repetition, compressed by Zstandard. RepetitionsFile is its name in
// the directory of a run.
const (
	RepetitionsSchema = "simulate.repetitions/v1"
	RepetitionsFile   = "repetitions.ndjson.zst"
)

// Repetitions are those of a run, and all that decides what they are.
type Repetitions struct {
	Schema   string `json:"schema"`
	Scenario string `json:"scenario"`
	Core     string `json:"core"`
	World    string `json:"world"`
	Store    string `json:"store"`
	Policy   string `json:"policy"`
	Seed     uint64 `json:"seed"`
	Clients  int    `json:"clients"`
	// Wanted are the repetitions that the run was to have, Written those of the file.
	Wanted  int `json:"repetitions"`
	Written int `json:"written"`
	// Settings are those of [scenarios.Run.Settings]. Identity is a hash of
	// [scenarios.Run.Identity]: in a virtual world, equal identities, seeds and code play the
	// same repetitions.
	Settings map[string]string `json:"settings"`
	Identity string            `json:"identity"`

	Each []Repetition `json:"-"`
}

// Repetitions describes the point, and has none yet.
func (p *Point) Repetitions() (*Repetitions, error) {
	h := p.Header()
	settings, err := p.Run.Settings(h.World)
	if err != nil {
		return nil, err
	}
	identity, err := p.Run.Identity()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(identity)
	return &Repetitions{
		Schema: RepetitionsSchema, Scenario: h.Scenario, Core: h.Core, World: h.World, Store: h.Store, Policy: h.Policy,
		Seed: h.Seed, Clients: h.Clients, Wanted: h.Repetitions, Settings: settings, Identity: hex.EncodeToString(sum[:]),
	}, nil
}

// Write writes the file. The same repetitions give the same bytes.
func (r *Repetitions) Write(w io.Writer) error {
	r.Written = len(r.Each)
	compressed, err := history.Compressed(w)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(compressed)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	err = enc.Encode(r)
	for i := range r.Each {
		err = cmp.Or(err, enc.Encode(&r.Each[i]))
	}
	return cmp.Or(err, b.Flush(), compressed.Close())
}

// OpenRepetitions reads a file of repetitions, given by its name or by the directory of its
// run. Its errors are [history.LineError], unless the file can't be opened.
func OpenRepetitions(path string) (*Repetitions, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, RepetitionsFile)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadRepetitions(f, path)
}

// mostRepetitionsLine is that of the header, which lists settings.
const mostRepetitionsLine = 4 << 20

// ReadRepetitions reads what [Repetitions.Write] has written; its errors name the file.
func ReadRepetitions(from io.Reader, file string) (*Repetitions, error) {
	fail := func(line int, format string, args ...any) (*Repetitions, error) {
		return nil, &history.LineError{File: file, Line: line, Reason: fmt.Sprintf(format, args...)}
	}
	lines, err := history.Decompressed(from)
	if err != nil {
		return fail(1, "%v", err)
	}
	scan := bufio.NewScanner(lines)
	scan.Buffer(nil, mostRepetitionsLine)
	var r Repetitions
	switch {
	case !scan.Scan():
		return fail(1, "the file is empty or unreadable, so it holds no repetitions%s", because(scan.Err()))
	case json.Unmarshal(scan.Bytes(), &r) != nil || r.Schema == "":
		return fail(1, "the first line is no header of repetitions")
	case r.Schema != RepetitionsSchema:
		return fail(1, "the schema is %q, this program reads %q: another version has written it", r.Schema, RepetitionsSchema)
	}
	line := 1
	for ; scan.Scan(); line++ {
		var one Repetition
		if err := json.Unmarshal(scan.Bytes(), &one); err != nil || one.N < 1 {
			return fail(line+1, "the line is no repetition%s", because(err))
		}
		r.Each = append(r.Each, one)
	}
	if err := scan.Err(); err != nil || len(r.Each) != r.Written {
		return fail(line, "%d of %d repetitions are there: the file is truncated%s", len(r.Each), r.Written, because(err))
	}
	return &r, nil
}

// because is why, for the end of a message.
func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}
