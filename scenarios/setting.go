package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Setting replaces a value of a scenario file. The key is a path such as
// objects.count or actors.backend.load.rate, where an actor goes by its name; the
// elements of other lists go by their number, from 0. The value is YAML.
type Setting struct{ Key, Value string }

func (s Setting) String() string { return s.Key + "=" + s.Value }

// SettingError is a setting with which a scenario can't be read.
type SettingError struct {
	Setting string // one, or several that only fail together
	Reason  string
}

func (e *SettingError) Error() string { return e.Setting + ": " + e.Reason }

// OpenWith is [Open] of a scenario in whose file some values are replaced. The result
// is read as strictly as any file. A value that was not there is added. Errors that
// come from the settings are of type [SettingError].
func OpenWith(nameOrPath string, settings ...Setting) (*Scenario, error) {
	file, source, err := open(nameOrPath)
	if err != nil {
		return nil, err
	}
	s, err := parseWith(file, source, nil)
	if err != nil || len(settings) == 0 {
		return s, err
	}
	if s, err = parseWith(file, source, settings); err == nil {
		return s, nil
	}
	// Whose fault is it? Settings may need each other, so the first one that fails
	// alone for the same reason; if there is none, all of them.
	for _, one := range settings {
		if _, alone := parseWith(file, source, []Setting{one}); alone != nil && reason(alone) == reason(err) {
			return nil, &SettingError{one.String(), reason(err)}
		}
	}
	var all []string
	for _, one := range settings {
		all = append(all, one.String())
	}
	return nil, &SettingError{strings.Join(all, " "), reason(err)}
}

// reason is an error without its place, which is none in a value from elsewhere.
func reason(err error) string {
	var inFile *FileError
	if errors.As(err, &inFile) {
		return inFile.Reason
	}
	return err.Error()
}

func parseWith(file string, source []byte, settings []Setting) (*Scenario, error) {
	doc, err := parseYAML(file, source, "scenario")
	if err != nil {
		return nil, err
	}
	for _, one := range settings {
		if err := one.apply(doc); err != nil {
			return nil, err
		}
	}
	return fromTree(file, doc)
}

// KeySyntax is what the key of a [Setting] looks like.
var KeySyntax = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// apply puts the value in its place.
func (s Setting) apply(doc *ast.DocumentNode) error {
	parsed, err := parser.ParseBytes([]byte(s.Value), 0)
	if err != nil || len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return fmt.Errorf("%q is no YAML value", s.Value)
	}
	if !KeySyntax.MatchString(s.Key) {
		return errors.New("want a key of the scenario file, such as objects.count or actors.NAME.load.rate")
	}
	changed, err := replaced(doc.Body, strings.Split(s.Key, "."), "", parsed.Docs[0].Body)
	if err != nil {
		return err
	}
	doc.Body = changed
	return nil
}

// replaced returns the node with the value at a path in it.
func replaced(node ast.Node, path []string, at string, value ast.Node) (ast.Node, error) {
	if len(path) == 0 {
		return value, nil
	}
	key := path[0]
	switch n := node.(type) {
	case *ast.MappingValueNode: // a mapping with one key
		return replaced(ast.Mapping(n.GetToken(), false, n), path, at, value)
	case *ast.MappingNode:
		for _, v := range n.Values {
			if v.Key.GetToken().Value != key {
				continue
			}
			changed, err := replaced(v.Value, path[1:], key, value)
			if err == nil {
				v.Value = changed
			}
			return n, err
		}
		added, err := entry(key, path[1:], value)
		if err == nil {
			n.Values = append(n.Values, added)
		}
		return n, err
	case *ast.SequenceNode:
		i, err := element(n, key, at)
		if err != nil {
			return nil, err
		}
		n.Values[i], err = replaced(n.Values[i], path[1:], key, value)
		return n, err
	case *ast.NullNode:
		return entry(key, path[1:], value)
	}
	return nil, fmt.Errorf("%s is a single value, so there is no %s in it", at, key)
}

// entry is a new key with its value, which may be deeper.
func entry(key string, deeper []string, value ast.Node) (*ast.MappingValueNode, error) {
	if len(deeper) > 0 {
		inner, err := entry(deeper[0], deeper[1:], value)
		if err != nil {
			return nil, err
		}
		value = ast.Mapping(inner.GetToken(), false, inner)
	}
	// The parser makes it, because strictness needs to know where a key stands.
	parsed, err := parser.ParseBytes([]byte(key+": null"), 0)
	if err != nil {
		return nil, err
	}
	var added *ast.MappingValueNode
	switch m := parsed.Docs[0].Body.(type) {
	case *ast.MappingNode:
		added = m.Values[0]
	case *ast.MappingValueNode:
		added = m
	default:
		return nil, fmt.Errorf("%q can't be a key", key)
	}
	added.Value = value
	return added, nil
}

// element finds an actor by its name, and elements of other lists by their number.
func element(list *ast.SequenceNode, key, of string) (int, error) {
	if of != "actors" {
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(list.Values) {
			return 0, fmt.Errorf("%s is a list of %d: say which by its number, from 0", of, len(list.Values))
		}
		return i, nil
	}
	var names []string
	for i, actor := range list.Values {
		name := nameOf(actor)
		if name == key {
			return i, nil
		}
		names = append(names, name)
	}
	return 0, fmt.Errorf("there is no actor %q%s", key, didYouMean(key, names))
}

func nameOf(actor ast.Node) string {
	var entries []*ast.MappingValueNode
	switch n := actor.(type) {
	case *ast.MappingNode:
		entries = n.Values
	case *ast.MappingValueNode:
		entries = append(entries, n)
	}
	i := slices.IndexFunc(entries, func(v *ast.MappingValueNode) bool { return v.Key.GetToken().Value == "name" })
	if i < 0 {
		return ""
	}
	return entries[i].Value.GetToken().Value
}
