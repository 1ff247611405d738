package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// FileError is a mistake in a scenario file and its place. Line and Column
// start at 1; 0 if the place is unknown.
type FileError struct {
	File         string
	Line, Column int
	Reason       string
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
}

// FileErrors are all mistakes of a file, in its order; at least one.
type FileErrors []*FileError

// Error has a line for each.
func (e FileErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns each as a [FileError].
func (e FileErrors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// Open returns the scenario of that name from the library, or reads the file at
// that path.
func Open(nameOrPath string) (*Scenario, error) {
	file, source, err := open(nameOrPath)
	if err != nil {
		return nil, err
	}
	return Parse(file, source)
}

// open returns a scenario's text and what errors in it call its file.
func open(nameOrPath string) (file string, source []byte, err error) {
	if source, ok := builtIn(nameOrPath); ok {
		return nameOrPath + ".yaml", source, nil
	}
	source, err = os.ReadFile(nameOrPath)
	if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(nameOrPath, "/.") {
		return "", nil, fmt.Errorf("there is no scenario %q%s", nameOrPath, didYouMean(nameOrPath, Names()))
	}
	if err != nil {
		return "", nil, fmt.Errorf("read the scenario: %w", err)
	}
	return nameOrPath, source, nil
}

// Parse reads a scenario strictly. Errors are [FileErrors], all that there are in the
// file: of what is no YAML at all the first.
func Parse(file string, source []byte) (*Scenario, error) {
	doc, err := parseYAML(file, source, "scenario")
	if err != nil {
		return nil, err
	}
	return fromTree(file, doc)
}

// parseYAML reads the one YAML document of a file, which is to be a scenario, say.
func parseYAML(file string, source []byte, what string) (*ast.DocumentNode, error) {
	source = bytes.TrimPrefix(source, []byte("\ufeff")) // some editors write it
	tree, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	switch {
	case err != nil:
		e, _ := atPosition(file, err)
		return nil, FileErrors{e}
	case len(tree.Docs) == 0 || len(tree.Docs) == 1 && tree.Docs[0].Body == nil:
		return nil, FileErrors{{File: file, Reason: "the file is empty; want a " + what}}
	case len(tree.Docs) > 1:
		return nil, FileErrors{{File: file, Reason: "want exactly one " + what + " in the file, not several documents"}}
	}
	return tree.Docs[0], nil
}

func fromTree(file string, doc *ast.DocumentNode) (*Scenario, error) {
	d := decoding{file: file, format: scenarioFormat, doc: doc}
	s := &Scenario{}
	d.decode(func() any { *s = Scenario{}; return s })
	if d.complete() {
		d.locate(s.mistakes(d.unsure))
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return s, nil
}
