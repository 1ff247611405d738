package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// decoding reads a file's YAML into a struct and finds all that is wrong with it. The
// library stops at the first mistake: what it can't read is taken out of the tree, and
// the rest is read again.
type decoding struct {
	file   string
	format format
	doc    *ast.DocumentNode
	found  FileErrors
	unsure map[string]bool // paths of what is missing because of a mistake
	broken bool            // it was given up: there may be more
}

// mostMistakes is more than anybody wants to read: such a file is something else.
const mostMistakes = 100

// decode reads the tree into what fresh returns: the zero value.
func (d *decoding) decode(fresh func() any) {
	d.unsure = map[string]bool{}
	d.checkMappings()
	for {
		err := yaml.NodeToValue(d.doc.Body, fresh(), yaml.Strict())
		if err == nil {
			return
		}
		e, at := atPosition(d.file, err)
		d.found = append(d.found, e)
		s := d.takeOut(at)
		if d.broken = s == nil || len(d.found) == mostMistakes; d.broken {
			return
		}
		if name := unknownField.FindStringSubmatch(e.Reason); name != nil {
			var instead string
			if p := d.format.at(withoutNumbers(s.path)); p != nil {
				e.Reason, instead = d.format.unknown(p, name[1])
			}
			d.unsure[s.path+"."+instead] = true
		}
	}
}

// complete reports whether the struct holds all that could be read.
func (d *decoding) complete() bool { return !d.broken }

// err is all that was found, in the file's order; nil: nothing.
func (d *decoding) err() error {
	if len(d.found) == 0 {
		return nil
	}
	slices.SortStableFunc(d.found, func(a, b *FileError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(d.found) >= mostMistakes {
		return append(d.found, &FileError{File: d.file, Reason: "there may be more mistakes"})
	}
	return d.found
}

// spot is a mapping or a list of the tree, and where it stands, such as .actors[2].load.
type spot struct {
	node ast.Node
	path string
}

// spots are all of them, the outer ones first.
func spots(node ast.Node, path string) []spot {
	switch n := node.(type) {
	case *ast.AnchorNode:
		return spots(n.Value, path)
	case *ast.MappingValueNode:
		return spots(ast.Mapping(n.GetToken(), false, n), path)
	case *ast.MappingNode:
		all := []spot{{n, path}}
		for _, v := range n.Values {
			all = append(all, spots(v.Value, path+"."+v.Key.GetToken().Value)...)
		}
		return all
	case *ast.SequenceNode:
		all := []spot{{n, path}}
		for i, v := range n.Values {
			all = append(all, spots(v, fmt.Sprintf("%s[%d]", path, i))...)
		}
		return all
	}
	return nil
}

var number = regexp.MustCompile(`\[\d+\]`)

// withoutNumbers is the path that a place of the format has.
func withoutNumbers(path string) string {
	return strings.TrimPrefix(number.ReplaceAllString(path, ""), ".")
}

// checkMappings finds what the library reads otherwise than it stands there: of a key
// that is given twice the last, and of a fraction where a count is wanted the whole part.
// What a step sets is the user's and may be any number.
func (d *decoding) checkMappings() {
	for _, s := range spots(d.doc.Body, "") {
		m, ok := s.node.(*ast.MappingNode)
		if !ok {
			continue
		}
		p := d.format.at(withoutNumbers(s.path))
		seen := map[string]*token.Position{}
		m.Values = slices.DeleteFunc(m.Values, func(v *ast.MappingValueNode) bool {
			key := v.Key.GetToken()
			if first := seen[key.Value]; first != nil {
				d.add(key.Position, fmt.Sprintf("mapping key %q already defined at [%d:%d]", key.Value, first.Line, first.Column))
				return true
			}
			seen[key.Value] = key.Position
			f, fraction := v.Value.(*ast.FloatNode)
			if !fraction || p == nil || !p.whole(key.Value) {
				return false
			}
			d.add(f.GetToken().Position, fmt.Sprintf("%s must be a whole number, not %s", key.Value, f.GetToken().Value))
			d.unsure[s.path+"."+key.Value] = true
			return true
		})
	}
}

func (d *decoding) add(at *token.Position, reason string) {
	d.found = append(d.found, &FileError{d.file, at.Line, at.Column, reason})
}

// takeOut removes the key, the value with its key, or the element at which a mistake was
// found, and returns where it was; nil: there is no such.
func (d *decoding) takeOut(at *token.Token) *spot {
	if at == nil {
		return nil
	}
	for _, s := range spots(d.doc.Body, "") {
		switch n := s.node.(type) {
		case *ast.MappingNode:
			for i, v := range n.Values {
				if !beginsWith(v.Key, at) && !beginsWith(v.Value, at) {
					continue
				}
				n.Values = slices.Delete(n.Values, i, i+1)
				d.unsure[s.path+"."+v.Key.GetToken().Value] = true
				return &s
			}
		case *ast.SequenceNode:
			for i, v := range n.Values {
				if !beginsWith(v, at) {
					continue
				}
				n.Values = slices.Delete(n.Values, i, i+1)
				d.unsure[s.path] = true
				return &s
			}
		}
	}
	return nil
}

func beginsWith(node ast.Node, at *token.Token) bool {
	if node.GetToken() == at {
		return true
	}
	switch n := node.(type) {
	case *ast.AnchorNode:
		return beginsWith(n.Value, at)
	case *ast.AliasNode:
		return beginsWith(n.Value, at)
	}
	return false
}

// locate adds mistakes of the struct, each where it stands in the file.
func (d *decoding) locate(mistakes []*invalidError) {
	whole := &ast.File{Docs: []*ast.DocumentNode{d.doc}}
	for _, invalid := range mistakes {
		d.add(positionOf(whole, invalid.path), invalid.reason)
	}
}

// positionOf is where a path leads in a file, or as far as it leads anywhere.
func positionOf(file *ast.File, path string) *token.Position {
	for {
		if p, err := yaml.PathString("$" + path); err == nil {
			if node, err := p.FilterFile(file); err == nil && node != nil {
				return beginning(node).GetToken().Position
			}
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return &token.Position{Line: 1, Column: 1}
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

// valueError is a bad value at a token.
type valueError struct {
	at     *token.Token
	reason string
}

func (e *valueError) Error() string { return e.reason }

func badValue(node ast.Node, err error) error { return &valueError{node.GetToken(), err.Error()} }

// atPosition turns the library's errors into one line with a place.
func atPosition(file string, err error) (e *FileError, at *token.Token) {
	e = &FileError{File: file}
	var value *valueError
	var positioned yaml.Error
	switch {
	case errors.As(err, &value):
		e.Reason, at = value.reason, value.at
	case errors.As(err, &positioned):
		e.Reason, at = plainReason(positioned.GetMessage()), positioned.GetToken()
	default:
		e.Reason = plainReason(err.Error())
	}
	if at != nil {
		e.Line, e.Column = at.Position.Line, at.Position.Column
	}
	return e, at
}

var (
	unknownField = regexp.MustCompile(`^unknown field "(.*)"$`)
	wrongType    = regexp.MustCompile(`^cannot unmarshal (.+) into Go .*of type (\S+)( \( overflow \))?$`)
)

// goTypes says what a file may hold where Go wants a type.
var goTypes = map[string]string{
	"int": "a whole number", "float64": "a number", "bool": "true or false",
}

// plainReason says in the scenario's words what the library says in Go's.
func plainReason(reason string) string {
	reason, _, _ = strings.Cut(reason, "\n")
	if m := wrongType.FindStringSubmatch(reason); m != nil {
		if m[3] != "" {
			return m[1] + " is out of range"
		}
		return "want " + cmp.Or(goTypes[m[2]], "text") + " here" // all others are words
	}
	if strings.HasPrefix(reason, "found character '\t'") {
		return "a tab can't indent YAML: use spaces"
	}
	return reason
}
