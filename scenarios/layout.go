package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// Layout is a parsed layout file: what documents of another kind are like, with one to
// play scenarios on. Nil is the archive's own. What it says to the archive is as in
// [archive.Layout], which states it in full.
type Layout struct {
	// Name is what results call it; lower case, digits and hyphens. Required.
	Name string `yaml:"name"`
	// Prefix is what stands before the id in an object's key. Empty: nothing.
	Prefix string `yaml:"prefix,omitempty"`
	// Suffix is what stands behind the id in an object's key. Empty: nothing.
	Suffix string `yaml:"suffix,omitempty"`
	// Slashes lets ids have parts with a slash between them, such as 2026/11/O-77. The
	// prefix must then end with one.
	Slashes bool `yaml:"slashes,omitempty"`
	// ID are the fields that can hold a document's id, a string: the first one that a
	// document has. Required.
	ID []string `yaml:"id"`
	// History is the field with the append-only history, a list of entries. Required.
	History string `yaml:"history"`
	// Customers is the field with the codes of those who are told of an upload. Empty:
	// nobody is.
	Customers string `yaml:"customers,omitempty"`
	// Entry says what the entries of the history call their fields. Required.
	Entry LayoutEntry `yaml:"entry"`
	// Document is the one that scenarios are played on, unless they are given another: a
	// path from where the layout's file is. Empty: each scenario must be given one.
	Document string `yaml:"document,omitempty"`
	// Fields are the document's that stand for those of scenarios, such as title for
	// changeTitle. Empty: scenarios add theirs under their own names.
	Fields map[string]string `yaml:"fields,omitempty"`

	archive *archive.Layout
	more    fields // Entry.More as JSON
	dir     string // of the file; "": it is built in
}

// LayoutEntry is what entries are like, as in [archive.EntryLayout].
type LayoutEntry struct {
	// ID is the field with the entry's id, by which one that is repeated is known. Required.
	ID string `yaml:"id"`
	// Timestamp is the field with the time. Empty: entries have none.
	Timestamp string `yaml:"timestamp,omitempty"`
	// User is the field with who made the change. Empty: entries have none.
	User string `yaml:"user,omitempty"`
	// Type is the field with what was done; every entry then needs it. Empty: entries have
	// none.
	Type string `yaml:"type,omitempty"`
	// Customer is the field with the code of the customer that a back end works for.
	// Empty: entries have none.
	Customer string `yaml:"customer,omitempty"`
	// Meeting is the field with a meeting's data. Empty: no entry can have any.
	Meeting string `yaml:"meeting,omitempty"`
	// Notify is the field that marks the entry of an upload, of which back ends are to be
	// told. Empty: no reconciler can work.
	Notify string `yaml:"notify,omitempty"`
	// Covers is the field in which a back end says which upload was the last that it had
	// read. Empty: no reconciler can work.
	Covers string `yaml:"covers,omitempty"`
	// Digest is the field with a digest of what was asked for. Empty: an id that is used
	// again is told by user and type only.
	Digest string `yaml:"digest,omitempty"`
	// Required are the fields without which no entry is appended, be they named here or
	// others. Empty: id alone.
	Required []string `yaml:"required,omitempty"`
	// More are fields that the entries of scenarios have besides. Empty: none.
	More map[string]any `yaml:"more,omitempty"`
}

// layouts are the built-in ones.
var layouts = []string{"order"}

// OpenLayout returns the built-in layout of that name, or reads the file at that path;
// of "" it is nil. What is wrong with a file are [FileErrors].
func OpenLayout(nameOrPath string) (*Layout, error) {
	if nameOrPath == "" {
		return nil, nil
	}
	file, dir := nameOrPath, filepath.Dir(nameOrPath)
	source, err := os.ReadFile(nameOrPath)
	if slices.Contains(layouts, nameOrPath) {
		file, dir = nameOrPath+".yaml", ""
		source, err = library.ReadFile("library/layouts/" + file)
	}
	if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(nameOrPath, "/.") {
		return nil, fmt.Errorf("there is no layout %q: give a file, or one of %s", nameOrPath, strings.Join(layouts, ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("read the layout: %w", err)
	}
	l, err := parseLayout(file, source)
	if err == nil {
		l.dir = dir
	}
	return l, err
}

// parseLayout reads a layout as strictly as a scenario.
func parseLayout(file string, source []byte) (*Layout, error) {
	doc, err := parseYAML(file, source, "layout")
	if err != nil {
		return nil, err
	}
	d := decoding{file: file, format: layoutFormat, doc: doc}
	l := &Layout{}
	d.decode(func() any { *l = Layout{}; return l })
	if !d.unsure[".name"] && !goodName.MatchString(l.Name) {
		d.locate([]*invalidError{{".name", fmt.Sprintf("the name %q must be lower-case letters, digits and single hyphens", l.Name)}})
	}
	if d.complete() && len(d.unsure) == 0 {
		d.locate(l.validate())
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return l, nil
}

// validate completes the layout, but for its name, and says why it can't be used.
func (l *Layout) validate() (found []*invalidError) {
	invalid := func(path, format string, args ...any) {
		found = append(found, &invalidError{path, fmt.Sprintf(format, args...)})
	}
	e := &l.Entry
	l.archive = &archive.Layout{
		Prefix: l.Prefix, Suffix: l.Suffix, Slashes: l.Slashes, ID: l.ID, History: l.History, Customers: l.Customers,
		Entry: archive.EntryLayout{
			ID: e.ID, Timestamp: e.Timestamp, User: e.User, Type: e.Type, Customer: e.Customer, Notify: e.Notify, Covers: e.Covers, Meeting: e.Meeting, Digest: e.Digest, Required: e.Required,
		},
	}
	if len(l.ID) == 0 && l.History == "" { // the zero value would be the archive's own
		invalid(".name", "say under id which fields hold a document's id, and under history which its history")
		return found
	}
	var bad *archive.LayoutError
	if err := l.archive.Validate(); errors.As(err, &bad) {
		invalid("."+strings.ToLower(bad.Field), "%s", bad.Reason)
		return found
	}
	l.more = make(fields, len(e.More))
	for _, name := range slices.Sorted(maps.Keys(e.More)) {
		text, err := json.Marshal(e.More[name])
		if err != nil {
			invalid(".entry.more", "the value of %s can't be written as JSON: %v", name, err)
		}
		l.more[name] = text
	}
	m := archive.Modification{ID: "m", Timestamp: "2006-01-02T15:04:05Z", UserID: "u", Type: archive.Updated, Fields: l.more}
	if err := l.archive.ValidateEdit(archive.Edit{Modifications: []archive.Modification{m}}); err != nil {
		invalid(".entry", "no scenario can make such entries: %v", err)
	}
	return append(found, l.checkFields()...)
}

// checkFields finds different fields of scenarios that are the same field of the
// document, and such as no edit can set.
func (l *Layout) checkFields() (found []*invalidError) {
	stands := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(l.Fields)) {
		own := l.Fields[name]
		switch other := stands[own]; {
		case !l.archive.CanSet(own):
			found = append(found, &invalidError{".fields." + name, own + " can't be edited: it is the document's id or history"})
		case other != "":
			found = append(found, &invalidError{".fields." + name, fmt.Sprintf("%s stands for %s already", own, other)})
		}
		stands[own] = name
	}
	return found
}

// String is the layout's name; "" is the archive's own.
func (l *Layout) String() string {
	if l == nil {
		return ""
	}
	return l.Name
}

// Archive is the layout as the archive knows it; nil for its own.
func (l *Layout) Archive() *archive.Layout {
	if l == nil {
		return nil
	}
	return l.archive
}

// Recorded is what a history's header says of it; nil for the archive's own.
func (l *Layout) Recorded() *history.Layout {
	if l == nil {
		return nil
	}
	return &history.Layout{Name: l.Name, Prefix: l.Prefix, Suffix: l.Suffix}
}

// Field is the document's field that stands for one of a scenario.
func (l *Layout) Field(name string) string {
	if l == nil {
		return name
	}
	if own, ok := l.Fields[name]; ok {
		return own
	}
	if name == archive.OwnLayout().Customers && l.Customers != "" {
		return l.Customers
	}
	return name
}

// set is what a scenario sets, as the document's fields.
func (l *Layout) set(asked fields) fields {
	if l == nil || asked == nil {
		return asked
	}
	own := make(fields, len(asked))
	for name, value := range asked {
		own[l.Field(name)] = value
	}
	return own
}

// named are a scenario's fields as the document's, in their order.
func (l *Layout) named(names []string) []string {
	if l == nil {
		return names
	}
	own := make([]string, len(names))
	for i, name := range names {
		own[i] = l.Field(name)
	}
	slices.Sort(own)
	return own
}
