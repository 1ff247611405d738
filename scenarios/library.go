package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/archive"

	"github.com/goccy/go-yaml"
)

//go:embed library
var library embed.FS

// order is the one in which the library is listed: from the simplest to the
// heaviest. A test holds it against the files.
var order = []string{
	"no-conflict", "single-conflict", "persistent-conflict",
	"two-users", "own-documents", "two-users-same-field", "save-again", "almost-equal", "absent-field", "removed-field", "without-base", "new-customer", "user-vs-backend", "several-entries",
	"three-writers", "counting", "create-race", "single-try", "delete-race", "lost-reply", "impatient", "hurried", "busy-store", "contradiction", "repeated-message", "redelivery", "queue-redelivers", "service-batches", "outbox",
	"service-faults", "bad-requests", "hostile-answers", "hostile-deletions",
	"any-edit", "backend-fan-in", "fifo-batches", "group-commit", "poisoned-batches", "poisoned-group", "burst", "large-document", "sustained-contention", "storm",
}

// Names lists the built-in scenarios.
func Names() []string { return slices.Clone(order) }

func builtIn(name string) ([]byte, bool) {
	if !slices.Contains(order, name) {
		return nil, false
	}
	source, err := library.ReadFile("library/" + name + ".yaml")
	return source, err == nil
}

// Encode writes the scenario as YAML, all settings resolved.
func (s *Scenario) Encode() ([]byte, error) {
	return yaml.MarshalWithOptions(s, yaml.Indent(2), yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
}

const defaultDocument = "CHG-12345"

// Open returns the scenario's layout, nil for the archive's own, and its document.
func (s *Scenario) Open() (*Layout, *archive.Change, error) {
	l, err := OpenLayout(s.Layout)
	if err != nil {
		return nil, nil, err
	}
	document := s.Document
	if document == "" && l != nil {
		if document = l.Document; document == "" {
			return nil, nil, fmt.Errorf("layout %s has no document to play on: name one under document in its file, or with --document", l.Name)
		}
		if l.dir != "" && !filepath.IsAbs(document) {
			document = filepath.Join(l.dir, document)
		}
	}
	doc, err := openDocument(l.Archive(), document)
	if err == nil {
		err = s.Suits(l, doc)
	}
	return l, doc, err
}

// OpenDocument returns the built-in document of that id ("" is CHG-12345), or
// reads the file at that path. Its layout is the archive's own.
func OpenDocument(idOrPath string) (*archive.Change, error) { return openDocument(nil, idOrPath) }

func openDocument(l *archive.Layout, idOrPath string) (*archive.Change, error) {
	if idOrPath == "" {
		idOrPath = defaultDocument
	}
	body, err := library.ReadFile("library/documents/" + idOrPath + ".json")
	if err != nil {
		if body, err = os.ReadFile(idOrPath); errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(idOrPath, "/.") {
			return nil, fmt.Errorf("there is no document %q: give a file, or one of CHG-12345, CHG-30030, CIC-77001", idOrPath)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	doc, err := l.Parse(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", idOrPath, err)
	}
	return doc, nil
}
