package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"holdfast/archive"
)

// Uploader is the front end: it stores what a user submits in the archive, and
// then tells the back ends of the change's customers by a trigger each. Without the
// first there is never the second.
type Uploader struct {
	core archive.Core
	triggerWriter
}

// UploaderOptions configure an [Uploader].
type UploaderOptions struct {
	Core  archive.Core  // required: what the archive object is written by
	Store archive.Store // required: where the triggers are written
	// Policy is that of the triggers, which are written without conditions. Its
	// deadline counts for all of an upload together, from when the archive holds it.
	// Zero: archive.DefaultPolicy.
	Policy archive.Policy
	Clock  archive.Clock // nil: archive.WallClock
	// Rand is where jitter and ids come from. It must be nobody else's, not even the
	// core's. Nil: an own generator with a random seed.
	Rand *rand.Rand
	// Parallel writes the triggers. Nil: Goroutines(8).
	Parallel Parallel
	// Observer sees every trigger, from the goroutines that write them. The archive's
	// calls are seen by that of its [archive.Options].
	Observer Observer
}

// defaultParallel is how many triggers are written at a time.
const defaultParallel = 8

// NewUploader checks the options and returns an Uploader.
func NewUploader(o UploaderOptions) (*Uploader, error) {
	if o.Core == nil || o.Store == nil {
		return nil, errors.New("delivery: UploaderOptions.Core and Store are required")
	}
	e := &o.Core.Layout().Resolved().Entry
	if err := satisfied(e, "an Uploader", e.ID, e.Timestamp, e.User, e.Type, e.Digest); err != nil {
		return nil, err
	}
	u := &Uploader{core: o.Core}
	u.layout, u.observer = o.Core.Layout(), o.Observer
	if err := u.setUp(o.Store, o.Policy, o.Clock, o.Rand, o.Parallel); err != nil {
		return nil, err
	}
	return u, nil
}

// Upload is what a user submits.
type Upload struct {
	// Document is the whole change, or for an update at least its id and the fields
	// that the user changed. Its history is not looked at: entries are made by the
	// front end, never taken from a form.
	Document *archive.Change
	// Remove names fields that an update removes, see [archive.Edit].
	Remove []string
	// Update says that the object exists. Otherwise it is created.
	Update bool
	// Base is the version that the user had loaded; for an update its ETag is
	// required. With Base.Document the fields are merged as [archive.Archive.Save] says;
	// without, any other version is a conflict.
	Base   archive.Snapshot
	UserID string
	// ModificationID makes the upload repeatable: a second one with the same id and the
	// same content stores nothing new and writes the triggers again. One with other
	// content, or of another user, ends as [archive.ReusedIDError]. Empty: a new one.
	ModificationID string
}

// Uploaded is what became of an upload that the archive holds.
type Uploaded struct {
	archive.Snapshot // as stored: it can hold changes by others that the user has not seen
	ModificationID   string
	// Results are those of [Uploader.Upload].
	Results []UploadResult
}

// UploadResult is what became of one of an upload's objects.
type UploadResult struct {
	Customer string `json:"customer"` // the customer's code, or ArchiveResult
	Success  bool   `json:"success"`
	Error    string `json:"error,omitempty"`
	// ErrorType is ConcurrentModification, UnknownOutcome or empty.
	ErrorType string `json:"errorType,omitempty"`
}

// The types of error of a result.
const (
	// ConcurrentModification: the archive object was in conflict, or the call exhausted.
	ConcurrentModification = "CONCURRENT_MODIFICATION"
	// UnknownOutcome: it is not known whether the object was written.
	UnknownOutcome = "OUTCOME_UNKNOWN"
)

// ArchiveResult stands in the result list for the archive object.
const ArchiveResult = "Archive (Permanent Storage)"

// CustomersResult stands in the result list for the triggers if the stored document
// does not tell whose they are: other software wrote it. It is no customer's code.
const CustomersResult = "Customers (Not Readable)"

// Upload stores the archive object, then writes one trigger for each customer of
// the stored document. The results have one entry for the archive, then one for
// each customer in the document's order; a trigger that could not be written, or of
// which that is not known, fails its entry and not the upload. The error is the archive's,
// see [archive.OutcomeOf]; the results then have its entry only, as no trigger was written.
// After an unknown outcome the archive may hold the upload all the same.
//
// If a process dies in between, or ctx ends, some triggers are missing: a [Reconciler]
// writes them, or the same upload, made again with the same ModificationID. So ctx
// should not be one that ends when the user's connection does.
func (u *Uploader) Upload(ctx context.Context, up Upload) (Uploaded, error) {
	if up.ModificationID == "" {
		u.randMu.Lock()
		up.ModificationID = archive.NewModificationID(u.rand)
		u.randMu.Unlock()
	}
	done := Uploaded{ModificationID: up.ModificationID}
	var err error
	if done.Snapshot, err = u.archive(ctx, &up); err != nil {
		failed := UploadResult{Customer: ArchiveResult, Error: err.Error()}
		switch archive.OutcomeOf(err) {
		case archive.Conflict, archive.Exhausted:
			failed.ErrorType = ConcurrentModification
		case archive.Unknown:
			failed.ErrorType = UnknownOutcome
		}
		done.Results = []UploadResult{failed}
		return done, err
	}
	done.Results = append([]UploadResult{{Customer: ArchiveResult, Success: true}}, u.triggers(ctx, &up, done.Document)...)
	return done, nil
}

// triggers writes those of the stored document's customers, who need not be those
// of the submitted one: an update may leave them out, and others may have changed them.
func (u *Uploader) triggers(ctx context.Context, up *Upload, stored archive.Document) []UploadResult {
	if stored == nil {
		stored = up.Document // the core does not say what it has stored
	}
	codes, err := customerCodes(u.layout, stored)
	if err != nil {
		return []UploadResult{{Customer: CustomersResult, Error: err.Error()}}
	}
	triggers := make([]Trigger, len(codes))
	for i, code := range codes {
		triggers[i] = Trigger{Customer: code, ObjectID: up.Document.ID(), ModificationID: up.ModificationID}
	}
	results := make([]UploadResult, len(codes))
	for i, err := range u.writeAll(ctx, triggers) {
		results[i] = UploadResult{Customer: codes[i], Success: true}
		if err != nil {
			results[i].Success, results[i].Error = false, err.Error()
		}
		if errors.Is(err, archive.ErrOutcomeUnknown) {
			results[i].ErrorType = UnknownOutcome
		}
	}
	return results
}

// archive writes the archive object.
func (u *Uploader) archive(ctx context.Context, up *Upload) (archive.Snapshot, error) {
	switch {
	case up.Document == nil:
		return archive.Snapshot{}, fmt.Errorf("upload: %w document: there is none", archive.ErrInvalid)
	case up.UserID == "":
		return archive.Snapshot{}, fmt.Errorf("upload %s: %w user: there is none", up.Document.ID(), archive.ErrInvalid)
	}
	if err := archive.ValidateChosenID(up.ModificationID); err != nil {
		return archive.Snapshot{}, fmt.Errorf("upload %s: %w", up.Document.ID(), err)
	}
	if !u.core.Layout().Equal(up.Document.Layout()) {
		return archive.Snapshot{}, fmt.Errorf("upload %s: %w document: it was read by another layout; read it by that of the core", up.Document.ID(), archive.ErrInvalid)
	}
	if len(up.Remove) > 0 && !up.Update {
		return archive.Snapshot{}, fmt.Errorf("upload %s: %w edit: there is nothing to remove from a document that is new", up.Document.ID(), archive.ErrInvalid)
	}
	if err := up.Document.ValidateNames(); err != nil {
		return archive.Snapshot{}, fmt.Errorf("upload %s: %w", up.Document.ID(), err)
	}
	codes, err := customerCodes(u.layout, up.Document)
	for _, code := range codes {
		if err == nil {
			_, err = TriggerKey(u.layout, code, up.Document.ID())
		}
	}
	if err != nil {
		return archive.Snapshot{}, fmt.Errorf("upload %s: %w", up.Document.ID(), err)
	}
	m := archive.Modification{ID: up.ModificationID, UserID: up.UserID, Type: archive.Updated, Notify: true}
	var stored archive.Snapshot
	if up.Update {
		stored, err = u.core.Save(ctx, up.Document.ID(), up.Base, archive.Edit{Fields: up.Document.EditableFields(), Remove: up.Remove, Modifications: []archive.Modification{m}})
	} else {
		m.Type = archive.Created
		stored, err = u.core.Create(ctx, up.Document.ID(), up.Document.WithoutHistory(), m)
	}
	return stored, err
}

// mostCustomers bounds the triggers of one upload.
const mostCustomers = 1000

// customerCodes are the customers of a document, each once.
func customerCodes(l *archive.Layout, doc archive.Document) ([]string, error) {
	customersField := l.Resolved().Customers
	raw, there := doc.Field(customersField)
	if !there || customersField == "" {
		return nil, nil
	}
	var codes, once []string
	if err := json.Unmarshal(raw, &codes); err != nil {
		return nil, fmt.Errorf("%w document: %s is no array of strings", archive.ErrInvalid, customersField)
	}
	if len(codes) > mostCustomers {
		return nil, fmt.Errorf("%w document: it has %d %s, at most %d are possible", archive.ErrInvalid, len(codes), customersField, mostCustomers)
	}
	for _, c := range codes {
		if !slices.Contains(once, c) {
			once = append(once, c)
		}
	}
	return once, nil
}

// satisfied reports why entries that have no fields but some of their own can't be
// appended.
func satisfied(e *archive.EntryLayout, who string, names ...string) error {
	for _, required := range e.Required {
		if !slices.Contains(names, required) {
			return fmt.Errorf("delivery: %s can't give the entries that it makes the field %s, which the core's layout requires", who, required)
		}
	}
	return nil
}
