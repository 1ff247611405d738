package archive

import (
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// Document is a stored object as the update loop sees it. It is immutable.
// [Change] is the one that production uses.
type Document interface {
	// Encode returns the text to store. It must not be modified.
	Encode() []byte
	// HasModification reports whether the history holds this id.
	HasModification(id string) bool
	// HistoryLen is the number of entries in the history. Policies see by it how
	// many versions have passed.
	HistoryLen() int
	// Field returns the raw JSON value of a top-level field.
	Field(name string) (json.RawMessage, bool)
	// Apply returns the document with the edit applied; modifications that the
	// history already holds are not appended again. It refuses what
	// [Edit.Validate] refuses, and an edit that changes the document's id.
	Apply(Edit) (Document, error)
}

// Codec makes the document from what is stored under an object id.
type Codec func(id string, body []byte) (Document, error)

// JSONCodec is [Layout.Codec] of the archive's own layout.
func JSONCodec(id string, body []byte) (Document, error) { return ownLayout.Codec(id, body) }

// noDocument reports whether there is none, also behind a pointer that is nil.
func noDocument(d Document) bool {
	c, isChange := d.(*Change)
	return d == nil || isChange && c == nil
}

// Snapshot is a version of an object: its content and its ETag.
type Snapshot struct {
	Document Document // nil: there is no object, or its content is not known
	ETag     string
}

// Change returns the document as a [Change], or nil if it is none. The documents
// of another [Codec] can give theirs with a method of this name.
func (s Snapshot) Change() *Change {
	if d, ok := s.Document.(interface{ Change() *Change }); ok {
		return d.Change()
	}
	c, _ := s.Document.(*Change)
	return c
}

// Options configure an [Archive].
type Options struct {
	Store  Store      // required
	Policy Policy     // zero: DefaultPolicy
	Clock  Clock      // nil: WallClock
	Rand   *rand.Rand // jitter and ids; nil: an own generator with a random seed
	Layout *Layout    // of the documents; nil: the archive's own
	Codec  Codec      // nil: that of the layout
	Bucket string     // named in errors; may be empty
	// MaxBytes bounds a document: an edit that would make it larger, and larger than it
	// is, ends as [TooLargeError]. The last tenth is a reserve for Append and Update, so that
	// back ends can still store what they did when people have filled a document with
	// Create and Save. 0: DefaultMaxBytes.
	MaxBytes int
	// Observer sees every call. The zero value sees nothing.
	Observer Observer
}

// DefaultMaxBytes is below what a Lambda function can answer (6 MB), so that a document
// which can be stored can also be shown. It is room for about 30,000 entries.
const DefaultMaxBytes = 5 << 20

// Archive updates objects under optimistic locking. It is safe for concurrent
// use if its Store, Clock and Observer are; it guards its Rand itself.
type Archive struct {
	store    Store
	policy   Policy
	clock    Clock
	layout   *Layout
	codec    Codec
	bucket   string
	maxBytes int
	observer Observer

	randMu sync.Mutex
	rand   *rand.Rand

	quota quota // of retries while the store does not serve
}

// New checks the options and returns an Archive.
func New(o Options) (*Archive, error) {
	if o.Store == nil {
		return nil, errors.New("archive: Options.Store is required")
	}
	if o.Policy == (Policy{}) {
		o.Policy = DefaultPolicy()
	}
	if err := o.Policy.Validate(); err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	if o.Clock == nil {
		o.Clock = WallClock{}
	}
	if o.Layout = o.Layout.Resolved(); o.Layout != ownLayout {
		if err := o.Layout.Validate(); err != nil {
			return nil, err
		}
	}
	if o.Codec == nil {
		o.Codec = o.Layout.Codec
	}
	if o.Rand == nil {
		o.Rand = newRand()
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	return &Archive{
		store: o.Store, policy: o.Policy, clock: o.Clock, layout: o.Layout, codec: o.Codec,
		bucket: o.Bucket, maxBytes: o.MaxBytes, observer: o.Observer, rand: o.Rand,
	}, nil
}

// newRand returns a generator with a random seed.
func newRand() *rand.Rand {
	var seed [32]byte
	crand.Read(seed[:]) // never fails: crypto/rand ends the program instead
	return rand.New(rand.NewChaCha8(seed))
}

// Layout is that of the documents. It must not be modified.
func (a *Archive) Layout() *Layout { return a.layout }

// NewModificationID returns a fresh id, for an intent that has none yet.
func (a *Archive) NewModificationID() string {
	a.randMu.Lock()
	defer a.randMu.Unlock()
	return NewModificationID(a.rand)
}

// Load returns the current version. It retries what is worth retrying as the
// policy says. The error wraps [ErrNotFound] if there is no such object.
func (a *Archive) Load(ctx context.Context, id string) (Snapshot, error) {
	c, err := a.newCall("load", id)
	if err != nil {
		return Snapshot{}, err
	}
	return c.run(ctx)
}

// Create stores a new document with the modifications appended. Of racing
// creates exactly one commits; the others end as [ETagMismatchError]. Repeated
// with the same modification ids it answers as the first call did.
//
// If the object is created, its reply lost, and the object deleted by somebody
// else before the read-back, Create creates it again.
func (a *Archive) Create(ctx context.Context, id string, doc Document, mods ...Modification) (Snapshot, error) {
	c, err := a.newCall("create", id)
	if err != nil {
		return Snapshot{}, err
	}
	if noDocument(doc) {
		return Snapshot{}, fmt.Errorf("create %s: %w document: there is none", c.key, ErrInvalid)
	}
	if named, ok := doc.(interface{ ID() string }); ok && named.ID() != id {
		return Snapshot{}, fmt.Errorf("create %s: %w document: it carries the id %q", c.key, ErrInvalid, named.ID())
	}
	if other, ok := doc.(interface{ Layout() *Layout }); ok && !a.layout.same(other.Layout()) {
		return Snapshot{}, fmt.Errorf("create %s: %w document: it was read by another layout; read it by that of the archive", c.key, ErrInvalid)
	}
	if fields, ok := doc.(interface{ FieldNames() []string }); ok {
		for _, name := range fields.FieldNames() {
			if err := a.layout.checkVariant("document", name); err != nil {
				return Snapshot{}, fmt.Errorf("create %s: %w", c.key, err)
			}
		}
	}
	for _, m := range mods {
		if m.ID != "" && doc.HasModification(m.ID) {
			return Snapshot{}, fmt.Errorf("create %s: %w modification id %s: the document's own history has it already", c.key, ErrInvalid, short(m.ID))
		}
	}
	if err := c.prepareOnly(Edit{Modifications: mods}, contentOf(doc)); err != nil {
		return Snapshot{}, c.doing(err)
	}
	c.change = func(current Snapshot) (Document, error) {
		if current.Document != nil {
			return nil, &ETagMismatchError{Bucket: a.bucket, Key: c.key, Found: current.ETag}
		}
		return doc.Apply(c.intents[0].edit)
	}
	return c.run(ctx)
}

// Append adds modifications to the history, and sets and removes fields in the same write.
// It commutes with other updates: on a conflict it reads again and appends
// again. Its fields replace whatever is stored, so use it for fields that the
// caller owns, and [Archive.Save] for those that people edit.
func (a *Archive) Append(ctx context.Context, id string, edit Edit) (Snapshot, error) {
	done, errs := a.AppendAll(ctx, id, []Edit{edit})
	return done, errs[0]
}

// AppendAll is [Archive.Append] of many edits in one write, with one policy, one deadline
// and one call to observers. They are made in their order, each of what the ones before it
// left, and each is answered for itself, as Append would answer it: an edit that is invalid,
// would make the document too large or has an id that was used for something else ends
// alone, and the others are stored without it; one that is stored already is not written
// again. The errors are in the order of the edits, nil for each that is stored, and the
// version is one that holds all of those. What ends the call, such as exhaustion, is the
// answer to every edit that was not answered before.
//
// The same edit twice is stored once, and both are answered alike; of two different ones
// with one id the second ends as [ReusedIDError].
func (a *Archive) AppendAll(ctx context.Context, id string, edits []Edit) (Snapshot, []error) {
	c, err := a.newCall("append", id)
	if err != nil {
		return Snapshot{}, slices.Repeat([]error{err}, len(edits))
	}
	c.intents = make([]intent, len(edits))
	for i, edit := range edits {
		if err := c.prepare(&c.intents[i], edit, edit.Fields); err != nil {
			c.intents[i] = intent{ended: true, err: c.doing(err)}
		}
	}
	c.change = c.appendTo
	if c.left > 0 {
		done, err := c.run(ctx)
		c.answerAll(done, err)
	}
	errs := make([]error, len(edits))
	for i := range c.intents {
		errs[i] = c.intents[i].err
	}
	return c.stored, errs
}

// Save stores what a user submits, merged with what others stored since the
// user loaded base. A field that the user did not change keeps the stored
// value, also if it is submitted; a field that both changed differently, of which
// removing it is one way, ends the call as [ETagMismatchError], which names it with all values.
//
// Without base.Document there is nothing to merge against: any version other
// than base.ETag is a conflict.
//
// The returned document can hold changes by others that the user has not seen.
func (a *Archive) Save(ctx context.Context, id string, base Snapshot, edit Edit) (Snapshot, error) {
	c, err := a.newCall("save", id)
	if err != nil {
		return Snapshot{}, err
	}
	if base.ETag == "" {
		return Snapshot{}, fmt.Errorf("save %s: %w base: the ETag of the version that the user loaded is missing", c.key, ErrInvalid)
	}
	if err := c.prepareOnly(edit, edit.Fields); err != nil {
		return Snapshot{}, c.doing(err)
	}
	c.change = func(current Snapshot) (Document, error) {
		if current.Document == nil {
			return nil, ErrNotFound
		}
		mismatch := &ETagMismatchError{Bucket: a.bucket, Key: c.key, Expected: base.ETag, Found: current.ETag}
		against := base.Document
		if noDocument(against) {
			if current.ETag != base.ETag {
				return nil, mismatch
			}
			against = current.Document
		}
		merged, conflicts := merge(against, current.Document, c.intents[0].edit)
		if len(conflicts) > 0 {
			mismatch.Fields = conflicts
			return nil, mismatch
		}
		return current.Document.Apply(merged)
	}
	return c.run(ctx)
}

// Update stores an edit that is made of what is stored: it adds a key to a map, counts
// up, appends to a list. On a conflict it reads again and has the edit made again, of the
// version that is there then, so that nothing is lost however many update the same field.
//
// The edit has the same modification each time, by whose id, that of Once or of the first
// one, the call is known: a version that holds it has the edit, and nothing is stored
// again, also if the call is repeated. The change may be called several times, and
// once in vain; it must do nothing but make the edit. Its error ends the call, and nothing
// was written.
func (a *Archive) Update(ctx context.Context, id string, change func(current Snapshot) (Edit, error)) (Snapshot, error) {
	c, err := a.newCall("update", id)
	if err != nil {
		return Snapshot{}, err
	}
	c.change = func(current Snapshot) (Document, error) {
		if current.Document == nil {
			return nil, ErrNotFound
		}
		edit, err := change(current)
		if err != nil {
			return nil, &changeError{err}
		}
		if edit.Once == "" && len(edit.Modifications) > 0 {
			edit.Once = edit.Modifications[0].ID
		}
		before := c.intents // of the attempt before
		if err := c.prepareOnly(edit, nil); err != nil {
			return nil, err
		}
		made := &c.intents[0]
		if len(before) > 0 && before[0].edit.Once != made.edit.Once {
			return nil, fmt.Errorf("%w edit: attempt %d makes it as %s, after %s; the id must stay the same", ErrInvalid, c.attempts, short(made.edit.Once), short(before[0].edit.Once))
		}
		if made.in(current.Document) {
			return nil, errStored
		}
		return current.Document.Apply(made.edit)
	}
	return c.run(ctx)
}

// changeError is the error of a change that an [Archive.Update] calls. Whatever it wraps is
// about something else than this call: another object, or a service.
type changeError struct{ error }

func (e *changeError) Unwrap() error    { return e.error }
func (e *changeError) outcome() Outcome { return Failed }

// errStored ends a call whose edit turns out to be there already.
var errStored = errors.New("it is stored")
