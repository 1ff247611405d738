package archive

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Layout says where documents are kept and what those of their fields are called that
// mean something to this package: the id, the history, and what is in its entries. All
// other fields are the caller's.
//
// A nil Layout and the zero value are the archive's own layout: changes and
// announcements, as [OwnLayout] spells it out. In any other every field counts as
// it stands, so that an empty name is none. A Layout must not be changed once it is in
// use. [New] validates that of an [Archive], from which everything else gets it; who
// uses one alone calls [Layout.Validate] first.
//
// The layout travels with the document: a parsed [Change] has the one that it was read by, and
// a [Core] tells its own. So uploaders, back ends and the API have no setting that could differ.
//
// Archives of different layouts need a bucket each, or a store with a prefix of its own
// each, of which none begins with another's. Different Prefixes are not enough: the keys of
// triggers do not say of which layout a document is. In one place an order's trigger would
// pass for that of the change with the same id, whose back ends would process the change
// and delete the trigger, and nobody would be told of the order.
type Layout struct {
	// Prefix and Suffix are what stands before and behind the id in an object's key.
	// Both may be empty, but for a Prefix with Slashes.
	Prefix, Suffix string
	// Slashes lets ids have parts with a slash between them, such as 2026/11/O-77. Prefix
	// must then end with one, or an id could reach into another archive's keys.
	Slashes bool
	// ID are the fields that can hold a document's id, a string. The first one that a
	// document has is its id. No edit changes any of them. At least one.
	ID []string
	// History is the field with the append-only history, an array of objects. Required.
	History string
	// Customers is the field with the codes of those who are told of an upload, an
	// array of strings. Empty: nobody is.
	Customers string
	// Entry is what the entries of the history are like.
	Entry EntryLayout
}

// EntryLayout names the fields of a history's entries that a [Modification] has of its
// own. What has no name is left out of the entries.
type EntryLayout struct {
	ID        string // of Modification.ID; required
	Timestamp string // of Modification.Timestamp
	User      string // of Modification.UserID
	Type      string // of Modification.Type, which every modification then needs
	Customer  string // of Modification.CustomerCode
	Meeting   string // of Modification.MeetingMetadata; without a name no modification can have it
	Notify    string // of Modification.Notify; without a name, and one for Covers, no reconciler (package delivery) can work
	Covers    string // of Modification.Covers
	Digest    string // of Modification.ContentDigest; without a name, an id that is used again is told by user and type only
	// Required are the fields without which no entry is appended, be they named above
	// or others. Entries that are there already are taken as they are.
	Required []string
}

// OwnLayout returns the archive's own layout with every name spelled out.
func OwnLayout() *Layout {
	return &Layout{
		Prefix: "archive/", Suffix: ".json",
		ID: []string{"changeId", "announcement_id"}, History: "modifications", Customers: "customers",
		Entry: EntryLayout{
			ID: "modification_id", Timestamp: "timestamp", User: "user_id", Type: "modification_type",
			Customer: "customer_code", Notify: "notify", Covers: "covers",
			Meeting: "meeting_metadata", Digest: "content_digest",
		},
	}
}

// ownLayout is what a nil and a zero Layout stand for. Nobody changes it.
var ownLayout = OwnLayout()

// Resolved is the layout that l stands for: the archive's own if it is nil or zero. It must
// not be modified.
func (l *Layout) Resolved() *Layout {
	if l == nil || l != ownLayout && l.same(&Layout{}) {
		return ownLayout
	}
	return l
}

// Equal reports whether two layouts stand for the same.
func (l *Layout) Equal(o *Layout) bool { return l.Resolved().same(o.Resolved()) }

// same reports whether two layouts, both as they stand, say the same.
func (l *Layout) same(o *Layout) bool {
	return l == o || l.Prefix == o.Prefix && l.Suffix == o.Suffix && l.Slashes == o.Slashes && slices.Equal(l.ID, o.ID) &&
		l.History == o.History && l.Customers == o.Customers && slices.Equal(l.Entry.Required, o.Entry.Required) &&
		slices.Equal(l.Entry.names(), o.Entry.names())
}

// names are those of what a modification has of its own, in the order in which an entry
// is written; "" where there is none.
func (e *EntryLayout) names() []string {
	return []string{e.ID, e.Timestamp, e.User, e.Type, e.Customer, e.Notify, e.Covers, e.Meeting, e.Digest}
}

// LayoutError is a [Layout] that can't be used.
type LayoutError struct {
	Field  string // such as Entry.ID, or ID[1]
	Reason string
}

func (e *LayoutError) Error() string { return fmt.Sprintf("archive: Layout.%s: %s", e.Field, e.Reason) }

// mostAffix bounds a prefix and a suffix: with the longest id, a key stays below the
// 1,024 bytes that S3 allows, whatever the store puts in front of it.
const mostAffix = 128

// Validate reports why the layout can't be used. The error is a [LayoutError].
func (l *Layout) Validate() error {
	l = l.Resolved()
	if err := l.checkKeys(); err != nil {
		return err
	}
	if len(l.ID) == 0 {
		return &LayoutError{"ID", "it is empty; name the field that holds a document's id"}
	}
	var fields, inEntry named
	for i, name := range l.ID {
		if err := fields.add(fmt.Sprintf("ID[%d]", i), name); err != nil {
			return err
		}
	}
	if err := fields.add("History", l.History); err != nil {
		return err
	}
	if l.Customers != "" {
		if err := fields.add("Customers", l.Customers); err != nil {
			return err
		}
	}
	for i, name := range l.Entry.names() {
		if name == "" && i > 0 {
			continue
		}
		if err := inEntry.add("Entry."+[...]string{"ID", "Timestamp", "User", "Type", "Customer", "Notify", "Covers", "Meeting", "Digest"}[i], name); err != nil {
			return err
		}
	}
	var required named
	for i, name := range l.Entry.Required {
		if err := required.add(fmt.Sprintf("Entry.Required[%d]", i), name); err != nil {
			return err
		}
	}
	return nil
}

// checkKeys checks what becomes a part of keys.
func (l *Layout) checkKeys() error {
	for _, affix := range [...]struct{ field, text string }{{"Prefix", l.Prefix}, {"Suffix", l.Suffix}} {
		switch {
		case len(affix.text) > mostAffix:
			return &LayoutError{affix.field, fmt.Sprintf("it has %d characters, at most %d are possible", len(affix.text), mostAffix)}
		case anyByte(affix.text, func(c byte) bool { return unsafeInKey(c) && c != '/' }):
			return &LayoutError{affix.field, fmt.Sprintf("%q: only letters, digits, '-', '_', '.' and '/' are safe in a key", affix.text)}
		case strings.Contains(affix.text, ".."), strings.Contains(affix.text, "//"), strings.Contains("/"+affix.text+"/", "/./"):
			return &LayoutError{affix.field, fmt.Sprintf("%q: it must not contain \"..\", \"//\" or a part that is \".\"", affix.text)}
		}
	}
	switch {
	case strings.HasPrefix(l.Prefix, "/"):
		return &LayoutError{"Prefix", fmt.Sprintf("%q: a key must not begin with a slash", l.Prefix)}
	case strings.HasPrefix(l.Prefix, TriggerPrefix):
		return &LayoutError{"Prefix", fmt.Sprintf("%q: the keys that begin with %s are those of triggers", l.Prefix, TriggerPrefix)}
	case l.Slashes && !strings.HasSuffix(l.Prefix, "/"):
		return &LayoutError{"Prefix", fmt.Sprintf("%q: with Slashes it must end with a slash, or an id could be the key of another archive's document", l.Prefix)}
	case strings.HasSuffix(l.Suffix, "/"):
		return &LayoutError{"Suffix", fmt.Sprintf("%q: a key must not end with a slash", l.Suffix)}
	}
	return nil
}

// named are the names of fields of one object, which must be told apart also by readers
// that do not look at case.
type named []struct{ field, name string }

func (n *named) add(field, name string) error {
	switch {
	case name == "":
		return &LayoutError{field, "it is empty; a name is required"}
	case !utf8.ValidString(name):
		return &LayoutError{field, fmt.Sprintf("%q is not UTF-8", name)}
	}
	for _, other := range *n {
		if strings.EqualFold(other.name, name) {
			return &LayoutError{field, fmt.Sprintf("%q is, but for case, the name that %s has", name, other.field)}
		}
	}
	*n = append(*n, struct{ field, name string }{field, name})
	return nil
}

// Codec is the [Codec] of documents of this layout: [Layout.Parse], and a check that the
// document carries the id it is stored under.
func (l *Layout) Codec(id string, body []byte) (Document, error) {
	c, err := l.Parse(body)
	if err != nil {
		return nil, err
	}
	if c.ID() != id {
		return nil, fmt.Errorf("%w document: it carries the id %q", ErrInvalid, c.ID())
	}
	return c, nil
}

// isID reports whether a field names the document.
func (l *Layout) isID(field string) bool { return slices.Contains(l.ID, field) }

// CanSet reports whether an edit can set a field: all but the ids and the history.
func (l *Layout) CanSet(field string) bool {
	l = l.Resolved()
	return field != l.History && !l.isID(field)
}

// checkVariant refuses a field whose name differs in case only from one that means
// something to the archive.
func (l *Layout) checkVariant(what, name string) error {
	for _, exact := range l.ID {
		if err := variant(what, name, exact); err != nil {
			return err
		}
	}
	return variant(what, name, l.History)
}

func variant(what, name, exact string) error {
	if name != exact && strings.EqualFold(name, exact) {
		return fmt.Errorf("%w %s: a field %q could be taken for %s by readers that do not look at case", ErrInvalid, what, name, exact)
	}
	return nil
}
