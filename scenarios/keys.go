package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// format is what the struct of a file says of its keys: the mappings that such a file is
// made of, the whole first.
type format []place

// place is a mapping of a file. Its path is that of the keys that lead there, whatever
// lists are on the way: empty for the whole, actors.load for the load of any actor.
type place struct {
	path string
	keys []key
}

// key is one of a mapping's, and the type that it is read into.
type key struct {
	name string
	typ  reflect.Type
}

var (
	scenarioFormat = formatOf(reflect.TypeFor[Scenario](), "")
	layoutFormat   = formatOf(reflect.TypeFor[Layout](), "")
)

func formatOf(t reflect.Type, path string) format {
	whole := place{path: path}
	var deeper format
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" {
			continue
		}
		whole.keys = append(whole.keys, key{name, f.Type})
		if inner := mappingOf(f.Type); inner != nil {
			deeper = append(deeper, formatOf(inner, below(path, name))...)
		}
	}
	return append(format{whole}, deeper...)
}

// mappingOf is the struct whose keys stand under a key of this type, or under each
// element of its list; nil: it has a value.
func mappingOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.NodeUnmarshaler]()) {
		return nil
	}
	return t
}

func below(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

// at is the mapping at a path; nil: what stands there is the user's, or a value.
func (f format) at(path string) *place {
	if i := slices.IndexFunc(f, func(p place) bool { return p.path == path }); i >= 0 {
		return &f[i]
	}
	return nil
}

func (p *place) names() []string {
	names := make([]string, len(p.keys))
	for i, k := range p.keys {
		names[i] = k.name
	}
	return names
}

// whole reports whether a key wants a whole number.
func (p *place) whole(name string) bool {
	return slices.ContainsFunc(p.keys, func(k key) bool { return k.name == name && k.typ.Kind() == reflect.Int })
}

// unknown says what is wrong with a key that there is not at this place. Instead is the
// key of this place that was meant; empty: none is close.
func (f format) unknown(p *place, name string) (reason, instead string) {
	reason = fmt.Sprintf("unknown key %q", name)
	var elsewhere []string // the places that have such a key
	near, nearest := closest(name, p.names())
	if instead = near; nearest == 1 {
		return fmt.Sprintf("%s; did you mean %s?", reason, near), instead
	}
	for _, other := range f {
		if slices.Contains(other.names(), name) {
			elsewhere = append(elsewhere, other.where())
		}
		if found, distance := closest(name, other.names()); found != "" && distance < nearest {
			near, nearest, instead = found+", which belongs "+other.where(), distance, ""
		}
	}
	switch {
	case len(elsewhere) > 0:
		return fmt.Sprintf("%s; %s belongs %s", reason, name, strings.Join(elsewhere, " or ")), ""
	case near != "":
		return fmt.Sprintf("%s; did you mean %s?", reason, near), instead
	}
	return reason + "; known: " + strings.Join(p.names(), ", "), ""
}

func (p *place) where() string {
	if p.path == "" {
		return "at the top, without indentation"
	}
	return "under " + p.path
}

// SettingKeys are the keys of a scenario file that a [Setting] can name; NAME stands for
// the name of an actor.
func SettingKeys() []string {
	var keys []string
	for _, p := range scenarioFormat {
		path, ofActor := strings.CutPrefix(p.path, "actors")
		if ofActor {
			path = "actors.NAME" + path
		} else if path = p.path; path == "timeline" {
			continue // steps go by their number
		}
		for _, name := range p.names() {
			keys = append(keys, below(path, name))
		}
	}
	return keys
}
