package cores

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// Uploads is the front end of a service. [delivery.Uploader] is that of production.
type Uploads interface {
	Upload(ctx context.Context, up delivery.Upload) (delivery.Uploaded, error)
}

// Handler is a worker of a back end. [delivery.Backend] is that of production.
type Handler interface {
	Handle(ctx context.Context, d delivery.Delivery)
	HandleBatch(ctx context.Context, deliveries []delivery.Delivery)
}

// Sweeper finds those who were forgotten. [delivery.Reconciler] is that of production.
type Sweeper interface {
	Sweep(ctx context.Context) (delivery.Swept, error)
}

// Appender is what appends for many callers of a process. [archive.Group] is that of
// production.
type Appender interface {
	Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error)
}

// NewGroup makes the group commit of a process, whose writes a core makes.
func (s *Spec) NewGroup(core Core, o archive.GroupOptions) (Appender, error) {
	if s.Group != nil {
		return s.Group(core, o)
	}
	return archive.NewGroup(core, o)
}

// NewUploads makes the front end of a core's service.
func (s *Spec) NewUploads(o delivery.UploaderOptions) (Uploads, error) {
	if s.Uploads != nil {
		return s.Uploads(o)
	}
	return delivery.NewUploader(o)
}

// NewBackend makes a worker of the back end of a core's service.
func (s *Spec) NewBackend(o delivery.BackendOptions) (Handler, error) {
	if s.Backend != nil {
		return s.Backend(o)
	}
	return delivery.NewBackend(o)
}

// NewReconciler makes the reconciler of a core's service.
func (s *Spec) NewReconciler(o delivery.ReconcilerOptions) (Sweeper, error) {
	if s.Reconciler != nil {
		return s.Reconciler(o)
	}
	return delivery.NewReconciler(o)
}

// ParseEvent reads what the store tells of a trigger, for a core's service.
func (s *Spec) ParseEvent(l *archive.Layout, source delivery.S3Source, body []byte) ([]delivery.Message, error) {
	if s.Events != nil {
		return s.Events(l, source, body)
	}
	return delivery.ParseS3Event(l, source, body)
}

// withoutPrefix reads events as if every store had all of its bucket, and passes over
// what is then none of a trigger.
func withoutPrefix(l *archive.Layout, source delivery.S3Source, body []byte) ([]delivery.Message, error) {
	messages, err := delivery.ParseS3Event(l, delivery.S3Source{Bucket: source.Bucket}, body)
	if errors.Is(err, delivery.ErrForeign) {
		return messages, nil
	}
	return messages, err
}

// withBareETags forgets that an event has ETags without their quotes.
func withBareETags(l *archive.Layout, source delivery.S3Source, body []byte) ([]delivery.Message, error) {
	messages, err := delivery.ParseS3Event(l, source, body)
	for i := range messages {
		messages[i].TriggerETag = strings.Trim(messages[i].TriggerETag, `"`)
	}
	return messages, err
}

// triggersFirst writes the triggers, and then the archive.
type triggersFirst struct {
	*delivery.Uploader
	o delivery.UploaderOptions
}

func newTriggersFirst(o delivery.UploaderOptions) (Uploads, error) {
	u, err := delivery.NewUploader(o)
	return triggersFirst{u, o}, err
}

func (u triggersFirst) Upload(ctx context.Context, up delivery.Upload) (delivery.Uploaded, error) {
	doc := archive.Document(up.Document)
	if up.Update {
		loaded, err := u.o.Core.Load(ctx, up.Document.ID())
		if err != nil {
			return delivery.Uploaded{}, err
		}
		doc = loaded.Document
	}
	var codes []string
	raw, _ := doc.Field(u.o.Core.Layout().Resolved().Customers)
	if err := json.Unmarshal(raw, &codes); err != nil {
		return delivery.Uploaded{}, err
	}
	for _, code := range codes {
		key, err := delivery.TriggerKey(u.o.Core.Layout(), code, up.Document.ID())
		if err != nil {
			return delivery.Uploaded{}, err
		}
		body, err := json.Marshal(delivery.Trigger{Customer: code, ObjectID: up.Document.ID(), ModificationID: up.ModificationID})
		if err != nil {
			return delivery.Uploaded{}, err
		}
		_, _ = u.o.Store.Put(ctx, key, body, archive.Condition{}) // if it fails, the upload does it again
	}
	return u.Uploader.Upload(ctx, up)
}

// forgetfulUploads makes a front end whose triggers get lost: it reports them as written.
func forgetfulUploads(loses func(customer string) bool) func(delivery.UploaderOptions) (Uploads, error) {
	return func(o delivery.UploaderOptions) (Uploads, error) {
		o.Store = losing{o.Store, o.Core.Layout(), loses}
		return delivery.NewUploader(o)
	}
}

type losing struct {
	archive.Store
	layout *archive.Layout
	loses  func(customer string) bool
}

func (s losing) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if customer, _, ok := delivery.ParseTriggerKey(s.layout, key); ok && s.loses(customer) {
		return `"lost"`, nil
	}
	return s.Store.Put(ctx, key, body, cond)
}

// onTriggers makes a front end with a bug between it and the store of its triggers.
func onTriggers(put putFunc) func(delivery.UploaderOptions) (Uploads, error) {
	return func(o delivery.UploaderOptions) (Uploads, error) {
		o.Store = badPut{o.Store, put}
		return delivery.NewUploader(o)
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
func newNameless(o delivery.UploaderOptions) (Uploads, error) {
	u, err := delivery.NewUploader(o)
	return altering{u, func(done delivery.Uploaded, err error) (delivery.Uploaded, error) {
		if archive.OutcomeOf(err) == archive.Unknown {
			done.ModificationID = ""
		}
		return done, err
	}}, err
}

// skipping forgets a customer altogether, also in what it reports.
type skipping struct{ Uploads }

func newSkipping(o delivery.UploaderOptions) (Uploads, error) {
	all := o.Parallel
	o.Parallel = func(n int, do func(i int)) { all(n-1, do) }
	u, err := delivery.NewUploader(o)
	return skipping{u}, err
}

func (u skipping) Upload(ctx context.Context, up delivery.Upload) (delivery.Uploaded, error) {
	done, err := u.Uploads.Upload(ctx, up)
	if n := len(done.Results); err == nil && n > 1 {
		done.Results = done.Results[:n-1]
	}
	return done, err
}

// altering is a front end that changes its answers.
type altering struct {
	Uploads
	change func(delivery.Uploaded, error) (delivery.Uploaded, error)
}

func (u altering) Upload(ctx context.Context, up delivery.Upload) (delivery.Uploaded, error) {
	return u.change(u.Uploads.Upload(ctx, up))
}

// inResults makes a front end with a bug in what it says of triggers that failed.
func inResults(change func(*delivery.UploadResult)) func(delivery.UploaderOptions) (Uploads, error) {
	return func(o delivery.UploaderOptions) (Uploads, error) {
		u, err := delivery.NewUploader(o)
		return altering{u, func(done delivery.Uploaded, err error) (delivery.Uploaded, error) {
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
func inUpload(outcome archive.Outcome, as func(error) error) func(delivery.UploaderOptions) (Uploads, error) {
	return func(o delivery.UploaderOptions) (Uploads, error) {
		u, err := delivery.NewUploader(o)
		return altering{u, func(done delivery.Uploaded, err error) (delivery.Uploaded, error) {
			if archive.OutcomeOf(err) == outcome {
				err = as(err)
			}
			return done, err
		}}, err
	}
}

// worker is a back end that does what [delivery.Backend] does, but for its flaw.
type worker struct {
	o delivery.BackendOptions
	workerFlaw
}

type workerFlaw struct {
	// asks takes a message for handled whose trigger is gone, as documented.
	asks bool
	// id makes the entry's id; nil: the message does, as in production.
	id func(d delivery.Delivery) string
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

func newWorker(f workerFlaw) func(delivery.BackendOptions) (Handler, error) {
	return func(o delivery.BackendOptions) (Handler, error) { return &worker{o, f}, nil }
}

// idOfDelivery is another for each delivery.
func idOfDelivery(d delivery.Delivery) string {
	m := d.Message
	return archive.DerivedModificationID(m.Customer, m.ObjectID, m.TriggerETag, string(rune(d.Receives)))
}

// idOfCustomer is the same for all triggers of an object.
func idOfCustomer(d delivery.Delivery) string {
	return archive.DerivedModificationID(d.Message.Customer, d.Message.ObjectID)
}

func (w *worker) Handle(ctx context.Context, d delivery.Delivery) {
	if w.acknowledgeFirst {
		w.acknowledge(ctx, d)
	}
	key, err := delivery.TriggerKey(w.o.Core.Layout(), d.Message.Customer, d.Message.ObjectID)
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

// HandleBatch handles one delivery after the other.
func (w *worker) HandleBatch(ctx context.Context, deliveries []delivery.Delivery) {
	for _, d := range deliveries {
		w.Handle(ctx, d)
	}
}

func (w *worker) acknowledge(ctx context.Context, d delivery.Delivery) {
	if err := w.o.Queue.Acknowledge(ctx, d); err != nil {
		w.o.Failed(ctx, d.Message, err)
	}
}

func (w *worker) process(ctx context.Context, d delivery.Delivery) error {
	loaded, err := w.o.Core.Load(ctx, d.Message.ObjectID)
	if err != nil {
		return err
	}
	job := delivery.Job{Message: d.Message, Archived: loaded}
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
