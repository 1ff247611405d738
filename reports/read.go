package reports

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"holdfast/scenarios/check"
	"holdfast/scenarios/sweep"
	"holdfast/scenarios/tuning"
)

// readable are the documents that can be read, by their schemas: what people call one, and how
// it is decoded.
var readable = map[string]struct {
	name   string
	decode func(text []byte) (Document, error)
}{
	Schema:         {"a result", decode[Result]},
	ExploreSchema:  {"an exploration", decode[Explored]},
	sweep.Schema:   {"a sweep", decode[Swept]},
	tuning.Schema:  {"a search for a policy", decode[Tuned]},
	SelfTestSchema: {"a self-test", decode[SelfTested]},
	DoctorSchema:   {"a diagnosis", decode[Diagnosed]},
	CleanSchema:    {"a clean-up", decode[Cleaned]},
	IntentSchema:   {"an intent", decode[Intended]},
	ListSchema:     {"a list of scenarios", decode[Library]},
	VersionSchema:  {"a version", decode[Built]},
	TrendSchema:    {"a trend", decode[Trended]},
	CompareSchema:  {"a comparison", decode[Compared]},
	BaselineSchema: {"a baseline", decode[Baseline]},
	CampaignSchema: {"how far a campaign is", decode[Campaigned]},
}

func decode[D Document](text []byte) (Document, error) {
	var d D
	err := json.Unmarshal(text, &d)
	return d, err
}

// kindOf is what people call a document.
func kindOf(d Document) string {
	text, _ := json.Marshal(d) // what can't be written has no schema
	return cmp.Or(readable[schemaOf(text)].name, "this document")
}

// UnreadableError says why something is no document that this program can tell: it is cut, it
// is something else, or a newer program has written it.
type UnreadableError struct {
	Path string // as it was given; - is the standard input
	Why  string // what it is, and what can be done
}

func (e *UnreadableError) Error() string { return e.Path + " " + e.Why }

// mostBytes is far above any document; what is larger is none.
const mostBytes = 256 << 20

// Read reads the document of a run's directory, of a JSON file, or, by the name "-", of the
// standard input. Keys that it does not know are left out. What can't be told is an
// [UnreadableError]; other errors are those of the file system.
func Read(path string) (Document, error) {
	if path == "-" {
		return read(path, os.Stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readDirectory(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(path, f)
}

func readDirectory(dir string) (Document, error) {
	f, err := openRegular(filepath.Join(dir, ResultFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &UnreadableError{dir, fmt.Sprintf("has no %s: %s", ResultFile, instead(dir))}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := read(f.Name(), f)
	if unreadable, ok := errors.AsType[*UnreadableError](err); ok && holds(dir, HistoryFile) {
		unreadable.Why += "; " + checkIt(dir)
	}
	if err != nil {
		return nil, err
	}
	return in(dir, d), nil
}

// openRegular opens what nobody waits for: a pipe that lies in a directory may have no writer.
func openRegular(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &UnreadableError{path, "is no file"}
	}
	return os.Open(path)
}

// kept is a document that says where it is kept, which is not a part of it: a directory may
// be moved.
type kept interface{ In(dir string) Document }

func in(dir string, d Document) Document {
	if k, ok := d.(kept); ok {
		return k.In(dir)
	}
	return d
}

// instead says what is in a directory without a document, and what can be done with it.
func instead(dir string) string {
	switch inside, _ := filepath.Glob(filepath.Join(dir, "*", ResultFile)); {
	case holds(dir, HistoryFile):
		return "its run was killed before it was judged; " + checkIt(dir)
	case holds(dir, PointsFile):
		return "its sweep was killed; simulate sweep with the same flags and --resume " + ShellWord(dir) + " goes on with it"
	case len(inside) > 0:
		return "it is no run's directory, but holds some, such as " + filepath.Dir(inside[len(inside)-1])
	}
	return "it is no run's directory"
}

func checkIt(dir string) string { return "simulate check " + ShellWord(dir) + " judges its history" }

func holds(dir, file string) bool {
	_, err := os.Stat(filepath.Join(dir, file))
	return err == nil
}

func read(path string, r io.Reader) (Document, error) {
	text, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > mostBytes {
		return nil, &UnreadableError{path, fmt.Sprintf("is larger than any document (%d MB)", mostBytes>>20)}
	}
	d, err := Decode(text)
	switch {
	case err != nil && filepath.Base(path) == HistoryFile:
		return nil, &UnreadableError{path, "is a history; simulate check " + ShellWord(path) + " judges it"}
	case err != nil:
		return nil, &UnreadableError{path, err.Error()}
	}
	return d, nil
}

// Decode gives back the document of a text that [WriteJSON] has written.
func Decode(text []byte) (Document, error) {
	var damaged *json.SyntaxError
	switch err := json.Unmarshal(text, new(json.RawMessage)); {
	case len(text) == 0:
		return nil, errors.New("is empty")
	case errors.As(err, &damaged) && damaged.Offset >= int64(len(text)):
		return nil, fmt.Errorf("is cut off after %d bytes", len(text))
	case err != nil:
		return nil, fmt.Errorf("is no JSON, as documents are: %w", err)
	}
	schema := schemaOf(text)
	kind, known := readable[schema]
	if !known {
		return nil, unknownSchema(schema)
	}
	d, err := kind.decode(text)
	if err != nil {
		return nil, fmt.Errorf("is no %s: %w", schema, err)
	}
	if s, ok := d.(sound); ok {
		if err := s.sound(); err != nil {
			return nil, fmt.Errorf("is no sound %s: %w", schema, err)
		}
	}
	return d, nil
}

// sound is a document that can be asked whether its parts go together.
type sound interface{ sound() error }

// known refuses verdicts that this program can't weigh: what is not known has not passed.
func known(v check.Verdict) error {
	switch v {
	case check.OK, check.Violated, check.StoreAtFault, check.Inconclusive:
		return nil
	}
	return fmt.Errorf("there is no verdict %q", v)
}

func schemaOf(text []byte) string {
	var head struct {
		Schema string `json:"schema"`
	}
	_ = json.Unmarshal(text, &head) // whatever is no object has no schema
	return head.Schema
}

// versioned takes the version off a schema's name.
var versioned = regexp.MustCompile(`^simulate\.[a-z]+/v`)

// unknownSchema says what a document is that is none of these.
func unknownSchema(schema string) error {
	name := versioned.FindString(schema)
	if name == "" {
		return errors.New("is no document of simulate: it does not say its schema")
	}
	for known := range readable { // one of each name, at most
		if version, ok := strings.CutPrefix(known, name); ok {
			return fmt.Errorf("was written by a newer simulate: %s; this one reads v%s", schema, version)
		}
	}
	return fmt.Errorf("is a %s, which this simulate can't tell", schema)
}
