package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
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

// Parse reads a scenario strictly. Errors are [FileError].
func Parse(file string, source []byte) (*Scenario, error) {
	tree, err := parseTree(file, source)
	if err != nil {
		return nil, err
	}
	return fromTree(file, tree)
}

// parseTree reads the one YAML document of a file.
func parseTree(file string, source []byte) (*ast.File, error) {
	source = bytes.TrimPrefix(source, []byte("\ufeff")) // some editors write it
	tree, err := parser.ParseBytes(source, 0)
	switch {
	case err != nil:
		return nil, atPosition(file, err)
	case len(tree.Docs) == 0 || len(tree.Docs) == 1 && tree.Docs[0].Body == nil:
		return nil, &FileError{File: file, Reason: "the file is empty; want a scenario"}
	case len(tree.Docs) > 1:
		return nil, &FileError{File: file, Reason: "want exactly one scenario in the file, not several documents"}
	}
	return tree, nil
}

func fromTree(file string, tree *ast.File) (*Scenario, error) {
	s := &Scenario{}
	if err := wholeNumbers(tree.Docs[0].Body); err != nil {
		return nil, atPosition(file, err)
	}
	if err := yaml.NodeToValue(tree.Docs[0].Body, s, yaml.Strict()); err != nil {
		return nil, atPosition(file, err)
	}
	if err := s.Validate(); err != nil {
		return nil, locate(file, tree, err)
	}
	return s, nil
}

// valueError is a bad value at a node.
type valueError struct {
	line, column int
	reason       string
}

func (e *valueError) Error() string { return e.reason }

func badValue(node ast.Node, err error) error {
	p := node.GetToken().Position
	return &valueError{p.Line, p.Column, err.Error()}
}

// atPosition turns the library's errors into one line with a place.
func atPosition(file string, err error) error {
	var value *valueError
	if errors.As(err, &value) {
		return &FileError{file, value.line, value.column, value.reason}
	}
	var positioned yaml.Error
	if errors.As(err, &positioned) && positioned.GetToken() != nil {
		p := positioned.GetToken().Position
		return &FileError{file, p.Line, p.Column, plainReason(positioned.GetMessage())}
	}
	return &FileError{File: file, Reason: plainReason(err.Error())}
}

// wholeNumbers refuses fractions where a count is wanted; the library would cut
// them off. What a step sets is the user's and may be anything.
func wholeNumbers(node ast.Node) error {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if err := wholeNumbers(v); err != nil {
				return err
			}
		}
	case *ast.MappingValueNode:
		key := n.Key.GetToken().Value
		if f, fraction := n.Value.(*ast.FloatNode); fraction && slices.Contains(countKeys, key) {
			return badValue(f, fmt.Errorf("%s must be a whole number, not %s", key, f.GetToken().Value))
		}
		if key != "set" {
			return wholeNumbers(n.Value)
		}
	case *ast.SequenceNode:
		for _, v := range n.Values {
			if err := wholeNumbers(v); err != nil {
				return err
			}
		}
	}
	return nil
}

var countKeys = []string{"count", "fresh_after", "operations", "times", "receives", "min_conflicts"}

var (
	unknownField = regexp.MustCompile(`^unknown field "(.*)"$`)
	wrongType    = regexp.MustCompile(`^cannot unmarshal (.+) into Go .*of type (\S+)( \( overflow \))?$`)
)

// goTypes says what a file may hold where Go wants a type.
var goTypes = map[string]string{
	"int": "a whole number", "float64": "a number", "bool": "true or false", "string": "text",
}

// plainReason says in the scenario's words what the library says in Go's.
func plainReason(reason string) string {
	reason, _, _ = strings.Cut(reason, "\n")
	if m := unknownField.FindStringSubmatch(reason); m != nil {
		return fmt.Sprintf("unknown key %q%s", m[1], didYouMean(m[1], knownKeys))
	}
	if m := wrongType.FindStringSubmatch(reason); m != nil && goTypes[m[2]] != "" {
		if m[3] != "" {
			return m[1] + " is out of range"
		}
		return "want " + goTypes[m[2]] + " here"
	}
	if strings.HasPrefix(reason, "found character '\t'") {
		return "a tab can't indent YAML: use spaces"
	}
	return reason
}

var knownKeys = []string{
	"name", "shows", "why", "document", "objects", "actors", "timeline", "duration", "core", "policy", "latency",
	"request_timeout", "faults", "etags", "codec", "via", "queue", "visibility", "receives", "work", "results", "schedule", "expect",
	"count", "popularity", "fresh_after", "absent", "entries", "size", "kind", "load", "interferes", "operations", "after", "think", "saves", "rate", "give_up_after", "first_writes_together",
	"with", "before", "times", "at", "actor", "do", "set", "set_json", "remove", "without_base", "type", "also", "hold", "conflicts",
	"min_conflicts", "thresholds", "violations",
}

// locate finds the place that a validation error speaks of.
func locate(file string, tree *ast.File, err error) error {
	var invalid *invalidError
	if !errors.As(err, &invalid) {
		return &FileError{File: file, Reason: err.Error()}
	}
	for path := invalid.path; ; {
		if p, pathErr := yaml.PathString("$" + path); pathErr == nil {
			if node, nodeErr := p.FilterFile(tree); nodeErr == nil && node != nil {
				at := beginning(node).GetToken().Position
				return &FileError{file, at.Line, at.Column, invalid.reason}
			}
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return &FileError{file, 1, 1, invalid.reason}
		}
		path = path[:cut]
	}
}

// beginning is the node where another begins: the token of a mapping is its
// first colon.
func beginning(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return n.Values[0].Key
		}
	case *ast.MappingValueNode:
		return n.Key
	}
	return node
}
