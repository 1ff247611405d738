package cores

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"holdfast/archive"
)

// Uploads is the front end of a service. [archive.Uploader] is that of production.
type Uploads interface {
	Upload(ctx context.Context, up archive.Upload) (archive.Uploaded, error)
}

// Handler is a worker of a back end. [archive.Backend] is that of production.
type Handler interface {
	Handle(ctx context.Context, d archive.Delivery)
}

// Sweeper finds those who were forgotten. [archive.Reconciler] is that of production.
type Sweeper interface {
	Sweep(ctx context.Context) (archive.Swept, error)
}

// NewUploads makes the front end of a core's service.
func (s *Spec) NewUploads(o archive.UploaderOptions) (Uploads, error) {
	if s.Uploads != nil {
		return s.Uploads(o)
	}
	return archive.NewUploader(o)
}

// NewBackend makes a worker of the back end of a core's service.
func (s *Spec) NewBackend(o archive.BackendOptions) (Handler, error) {
	if s.Backend != nil {
		return s.Backend(o)
	}
	return archive.NewBackend(o)
}

// NewReconciler makes the reconciler of a core's service.
func (s *Spec) NewReconciler(o archive.ReconcilerOptions) (Sweeper, error) {
	if s.Reconciler != nil {
		return s.Reconciler(o)
	}
	return archive.NewReconciler(o)
}

// ParseEvent reads what the store tells of a trigger, for a core's service.
func (s *Spec) ParseEvent(l *archive.Layout, source archive.S3Source, body []byte) ([]archive.Message, error) {
	if s.Events != nil {
		return s.Events(l, source, body)
	}
	return l.ParseS3Event(source, body)
}

// withoutPrefix reads events as if every store had all of its bucket, and passes over
// what is then none of a trigger.
func withoutPrefix(l *archive.Layout, source archive.S3Source, body []byte) ([]archive.Message, error) {
	messages, err := l.ParseS3Event(archive.S3Source{Bucket: source.Bucket}, body)
	if errors.Is(err, archive.ErrForeign) {
		return messages, nil
	}
	return messages, err
}

// withBareETags forgets that an event has ETags without their quotes.
func withBareETags(l *archive.Layout, source archive.S3Source, body []byte) ([]archive.Message, error) {
	messages, err := l.ParseS3Event(source, body)
	for i := range messages {
		messages[i].TriggerETag = strings.Trim(messages[i].TriggerETag, `"`)
	}
	return messages, err
}

// triggersFirst writes the triggers, and then the archive.
type triggersFirst struct {
	*archive.Uploader
	o archive.UploaderOptions
}

func newTriggersFirst(o archive.UploaderOptions) (Uploads, error) {
	u, err := archive.NewUploader(o)
	return triggersFirst{u, o}, err
}

func (u triggersFirst) Upload(ctx context.Context, up archive.Upload) (archive.Uploaded, error) {
	doc := archive.Document(up.Document)
	if up.Update {
		loaded, err := u.o.Core.Load(ctx, up.Document.ID())
		if err != nil {
			return archive.Uploaded{}, err
		}
		doc = loaded.Document
	}
	var codes []string
	raw, _ := doc.Field(u.o.Core.Layout().Resolved().Customers)
	if err := json.Unmarshal(raw, &codes); err != nil {
		return archive.Uploaded{}, err
	}
	for _, code := range codes {
		key, err := u.o.Core.Layout().TriggerKey(code, up.Document.ID())
		if err != nil {
			return archive.Uploaded{}, err
		}
		body, err := json.Marshal(archive.Trigger{Customer: code, ObjectID: up.Document.ID(), ModificationID: up.ModificationID})
		if err != nil {
			return archive.Uploaded{}, err
		}
		_, _ = u.o.Store.Put(ctx, key, body, archive.Condition{}) // if it fails, the upload does it again
	}
	return u.Uploader.Upload(ctx, up)
}

// forgetfulUploads makes a front end whose triggers get lost: it reports them as written.
func forgetfulUploads(loses func(customer string) bool) func(archive.UploaderOptions) (Uploads, error) {
	return func(o archive.UploaderOptions) (Uploads, error) {
		o.Store = losing{o.Store, o.Core.Layout(), loses}
		return archive.NewUploader(o)
	}
}

type losing struct {
	archive.Store
	layout *archive.Layout
	loses  func(customer string) bool
}

func (s losing) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if customer, _, ok := s.layout.ParseTriggerKey(key); ok && s.loses(customer) {
		return `"lost"`, nil
	}
	return s.Store.Put(ctx, key, body, cond)
}

// onTriggers makes a front end with a bug between it and the store of its triggers.
func onTriggers(put putFunc) func(archive.UploaderOptions) (Uploads, error) {
	return func(o archive.UploaderOptions) (Uploads, error) {
		o.Store = badPut{o.Store, put}
		return archive.NewUploader(o)
	}
}

// conflictIsSuccess: another writes the same just now.
func conflictIsSuccess(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := s.Put(ctx, key, body, cond)
	if errors.Is(err, archive.ErrConflict) {
		return `"theirs"`, nil
	}
	return etag, err
}

// newNameless forgets which upload it was when nobody knows what became of it.
func newNameless(o archive.UploaderOptions) (Uploads, error) {
	u, err := archive.NewUploader(o)
	return altering{u, func(done archive.Uploaded, err error) (archive.Uploaded, error) {
		if archive.OutcomeOf(err) == archive.Unknown {
			done.ModificationID = ""
		}
		return done, err
	}}, err
}

// skipping forgets a customer altogether, also in what it reports.
type skipping struct{ Uploads }

func newSkipping(o archive.UploaderOptions) (Uploads, error) {
	all := o.Parallel
	o.Parallel = func(n int, do func(i int)) { all(n-1, do) }
	u, err := archive.NewUploader(o)
	return skipping{u}, err
}

func (u skipping) Upload(ctx context.Context, up archive.Upload) (archive.Uploaded, error) {
	done, err := u.Uploads.Upload(ctx, up)
	if n := len(done.Results); err == nil && n > 1 {
		done.Results = done.Results[:n-1]
	}
	return done, err
}

// altering is a front end that changes its answers.
type altering struct {
	Uploads
	change func(archive.Uploaded, error) (archive.Uploaded, error)
}

func (u altering) Upload(ctx context.Context, up archive.Upload) (archive.Uploaded, error) {
	return u.change(u.Uploads.Upload(ctx, up))
}

// inResults makes a front end with a bug in what it says of triggers that failed.
func inResults(change func(*archive.UploadResult)) func(archive.UploaderOptions) (Uploads, error) {
	return func(o archive.UploaderOptions) (Uploads, error) {
		u, err := archive.NewUploader(o)
		return altering{u, func(done archive.Uploaded, err error) (archive.Uploaded, error) {
			for i := range done.Results {
				if err == nil && !done.Results[i].Success {
					change(&done.Results[i])
				}
			}
			return done, err
		}}, err
	}
}

// inUpload makes a front end with a bug in how it passes an outcome on.
func inUpload(outcome archive.Outcome, as func(error) error) func(archive.UploaderOptions) (Uploads, error) {
	return func(o archive.UploaderOptions) (Uploads, error) {
		u, err := archive.NewUploader(o)
		return altering{u, func(done archive.Uploaded, err error) (archive.Uploaded, error) {
			if archive.OutcomeOf(err) == outcome {
				err = as(err)
			}
			return done, err
		}}, err
	}
}

// worker is a back end that does what [archive.Backend] does, but for its flaw.
type worker struct {
	o archive.BackendOptions
	workerFlaw
}

type workerFlaw struct {
	// asks takes a message for handled whose trigger is gone, as documented.
	asks bool
	// id makes the entry's id; nil: the message does, as in production.
	id func(d archive.Delivery) string
	// deleteOnFailure deletes the trigger also when the update failed.
	deleteOnFailure bool
	// acknowledgeFirst acknowledges before the work.
	acknowledgeFirst bool
	// unknownIsDone takes an unknown outcome for a good one.
	unknownIsDone bool
	// deleteFirst deletes the trigger before the work.
	deleteFirst bool
	// coversLate looks what the entry covers when the work is done; coversUnsaid does not
	// say it.
	coversLate, coversUnsaid bool
}

func newWorker(f workerFlaw) func(archive.BackendOptions) (Handler, error) {
	return func(o archive.BackendOptions) (Handler, error) { return &worker{o, f}, nil }
}

// idOfDelivery is another for each delivery.
func idOfDelivery(d archive.Delivery) string {
	m := d.Message
	return archive.DerivedModificationID(m.Customer, m.ObjectID, m.TriggerETag, string(rune(d.Receives)))
}

// idOfCustomer is the same for all triggers of an object.
func idOfCustomer(d archive.Delivery) string {
	return archive.DerivedModificationID(d.Message.Customer, d.Message.ObjectID)
}

func (w *worker) Handle(ctx context.Context, d archive.Delivery) {
	if w.acknowledgeFirst {
		w.acknowledge(ctx, d)
	}
	key, err := w.o.Core.Layout().TriggerKey(d.Message.Customer, d.Message.ObjectID)
	if err == nil && w.asks {
		_, err = w.o.Store.Head(ctx, key)
	}
	if errors.Is(err, archive.ErrNotFound) {
		w.acknowledge(ctx, d) // it was handled
		return
	}
	if err == nil && w.deleteFirst {
		_ = w.o.Store.Delete(ctx, key, archive.IfMatch(d.Message.TriggerETag))
	}
	if err == nil {
		err = w.process(ctx, d)
	}
	if w.unknownIsDone && archive.OutcomeOf(err) == archive.Unknown {
		err = nil
	}
	if err == nil || w.deleteOnFailure {
		if err := w.o.Store.Delete(ctx, key, archive.Condition{}); err != nil {
			w.o.Failed(ctx, d.Message, err)
		}
	}
	if err != nil {
		w.o.Failed(ctx, d.Message, err)
		return
	}
	w.acknowledge(ctx, d)
}

func (w *worker) acknowledge(ctx context.Context, d archive.Delivery) {
	if err := w.o.Queue.Acknowledge(ctx, d); err != nil {
		w.o.Failed(ctx, d.Message, err)
	}
}

func (w *worker) process(ctx context.Context, d archive.Delivery) error {
	loaded, err := w.o.Core.Load(ctx, d.Message.ObjectID)
	if err != nil {
		return err
	}
	job := archive.Job{Message: d.Message, Archived: loaded}
	edit, err := w.o.Work(ctx, job)
	if err != nil {
		return err
	}
	if w.coversLate {
		if job.Archived, err = w.o.Core.Load(ctx, d.Message.ObjectID); err != nil {
			return err
		}
	}
	id := d.Message.ModificationID(archive.Processed)
	if w.id != nil {
		id = w.id(d)
	}
	covers := job.Covers()
	if w.coversUnsaid {
		covers = ""
	}
	edit.Modifications = append(slices.Clip(edit.Modifications), archive.Modification{
		ID: id, UserID: w.o.UserID, Type: archive.Processed, CustomerCode: d.Message.Customer, Covers: covers,
	})
	edit.Once = id
	_, err = w.o.Core.Append(ctx, d.Message.ObjectID, edit)
	return err
}
