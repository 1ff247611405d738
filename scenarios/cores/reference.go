package cores

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/archive"
)

// reference is the update loop of [archive.Archive] written once more, as
// plainly as possible: the same calls to the store and the same answers. A flaw
// changes one line of it; without one it must never be flagged, which shows
// that what is caught is the flaw and not the loop.
type reference struct {
	Environment
	flaw  flaw
	habit habit
	cache map[string]archive.Snapshot // by key, of the [cachedBase] habit
}

// flaw is the one line that is wrong.
type flaw int

const (
	noFlaw             flaw = iota
	retryWithoutReread      // writes the same again under the ETag that is there now
	appendAgain             // does not look for its own modification after the first attempt
	blindRetry              // sends a write of unknown outcome again and believes the second answer
	renameOnRetry           // chooses a new id for each attempt
	settleByETag            // takes any new version for its own
	settleByLast            // looks for its modification at the end of the history only
	settleTooSoon           // takes a write that is not there yet for one that never will be
	forgetDoubt             // does not remember that a write may still arrive
	exhaustUnseen           // does not look once more before it says that it is exhausted
	forceLast               // drops the condition on the last attempt
	upsert                  // a create writes on top of what is there
	formOverTheirs          // a save writes every field of the user's form
	formAsLoaded            // a save writes the version that the user loaded, with the edit
	lastWriterWins          // a save overwrites a field that both changed
	rebaseOnRetry           // a save takes what it reads again for what the user had seen
	dropFieldsOnRetry       // forgets the fields from the second attempt on
	firstField              // stores the first field of an edit
	lastEntry               // stores the last modification of an edit
	stampAnew               // writes the entry anew in each attempt
	foldCase                // compares values without regard to case
	foldSpace               // compares values without regard to white space
	foldAccents             // compares values by how they look
	answerOwn               // answers what it sent, under the ETag of what is there
	theirsOnTie             // keeps what is stored of a field that both changed, and says nothing
	compareDecoded          // compares values by what a decoder makes of them
	mineIfNew               // overwrites a field that the user had not loaded
	keepRemoved             // keeps a field that is to be removed
	removeOverTheirs        // removes a field whatever others have made of it
)

// inLoop is the reference core with a flaw.
func inLoop(f flaw) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		if e.Codec == nil {
			e.Codec = e.Layout.Codec
		}
		return &reference{Environment: e, flaw: f}, e.Policy.Validate()
	}
}

// update is one call under way.
type update struct {
	*reference
	op    string
	id    string
	key   string
	start time.Time
	edit  archive.Edit
	// change makes the next version of the current one. It is nil for a load.
	change func(current archive.Snapshot) (archive.Document, error)

	attempts  int
	read      archive.Snapshot // of the first attempt
	inDoubt   bool             // a write on top of doubtETag may be applied, now or later
	doubtETag string
	outages   int  // attempts in a row that the store did not serve
	refused   bool // a write was answered 412, 409 or 503, and nothing was read since
	sent      archive.Document
	beaten    int      // writes that were refused for the sake of another
	seen      []string // the ETags of the versions that were read, "" for none
}

func (r *reference) begin(op, id string, edit archive.Edit) (*update, error) {
	key, err := r.Layout().Key(id)
	return &update{reference: r, op: op, id: id, key: key, start: r.Clock.Now(), edit: edit}, err
}

// Layout implements [Core].
func (r *reference) Layout() *archive.Layout { return r.Environment.Layout }

// digested is the edit whose modifications carry the digest of what they are stored
// together with, unless that may come out differently.
func digested(e archive.Edit, content map[string]json.RawMessage) archive.Edit {
	if e.Once != "" {
		return e
	}
	e.Modifications = slices.Clone(e.Modifications)
	for i := range e.Modifications {
		e.Modifications[i].ContentDigest = archive.ContentDigest(content, e.Remove, e.Modifications[i])
	}
	return e
}

func (r *reference) Load(ctx context.Context, id string) (archive.Snapshot, error) {
	u, err := r.begin("load", id, archive.Edit{})
	if err != nil {
		return archive.Snapshot{}, err
	}
	return u.run(ctx)
}

func (r *reference) Create(ctx context.Context, id string, doc archive.Document, mods ...archive.Modification) (archive.Snapshot, error) {
	var content map[string]json.RawMessage
	if change := (archive.Snapshot{Document: doc}).Change(); change != nil {
		content = map[string]json.RawMessage{}
		for _, name := range change.FieldNames() { // also what no edit can set: another id, a history
			content[name], _ = change.Field(name)
		}
	}
	u, err := r.begin("create", id, digested(archive.Edit{Modifications: mods}, content))
	if err != nil {
		return archive.Snapshot{}, err
	}
	u.change = func(current archive.Snapshot) (archive.Document, error) {
		if current.Document != nil && r.flaw == upsert {
			return u.apply(current.Document, u.edit)
		}
		if current.Document != nil {
			return nil, &archive.ETagMismatchError{Key: u.key, Found: current.ETag}
		}
		return u.apply(doc, u.edit)
	}
	return u.run(ctx)
}

func (r *reference) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	u, err := r.begin("append", id, digested(edit, edit.Fields))
	if err != nil {
		return archive.Snapshot{}, err
	}
	u.change = func(current archive.Snapshot) (archive.Document, error) {
		if current.Document == nil {
			return nil, archive.ErrNotFound
		}
		return u.apply(current.Document, u.edit)
	}
	return u.run(ctx)
}

// OneByOne implements [OneByOne].
func (r *reference) OneByOne() {}

// AppendAll implements [Core].
func (r *reference) AppendAll(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
	return archive.AppendEach(ctx, r, id, edits)
}

func (r *reference) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	u, err := r.begin("save", id, digested(edit, edit.Fields))
	if err == nil && base.ETag == "" {
		err = fmt.Errorf("save %s: %w base: the ETag of the version that the user loaded is missing", u.key, archive.ErrInvalid)
	}
	if err != nil {
		return archive.Snapshot{}, err
	}
	u.change = func(current archive.Snapshot) (archive.Document, error) {
		if current.Document == nil {
			return nil, archive.ErrNotFound
		}
		return u.merged(base, current)
	}
	return u.run(ctx)
}

func (u *update) run(caller context.Context) (archive.Snapshot, error) {
	ctx := caller
	if u.Policy.Deadline > 0 {
		var stop context.CancelFunc
		ctx, stop = u.Clock.WithTimeout(ctx, u.Policy.Deadline)
		defer stop()
	}
	var wait time.Duration
	var cause error
	for {
		u.attempts++
		done, err := u.attempt(ctx)
		if err == nil {
			return done, nil
		}
		if !archive.WorthRetrying(err) {
			if ctx.Err() != nil && caller.Err() == nil && cut(err) { // its own deadline
				if cause != nil {
					err = cause
				}
				return u.exhaust(ctx, err)
			}
			return archive.Snapshot{}, u.failure(err)
		}
		wait = u.Policy.Wait(u.attempts, wait, u.Rand)
		pause := max(wait, u.floor(err), archive.RetryAfter(err))
		if u.attempts >= u.Policy.MaxAttempts() || u.Policy.Deadline > 0 && pause >= u.Policy.Deadline-u.elapsed() {
			return u.exhaust(ctx, err)
		}
		cause = err
		if u.Observer.Wait != nil {
			info := archive.CallInfo{Op: u.op, Key: u.key, MaxAttempts: u.Policy.MaxAttempts()}
			u.Observer.Wait(ctx, archive.WaitInfo{CallInfo: info, Attempt: u.attempts + 1, Wait: pause, Cause: err})
		}
		if err := u.Clock.Sleep(ctx, pause); err != nil {
			return archive.Snapshot{}, u.failure(err)
		}
	}
}

// floor is the shortest wait after an attempt that the store did not serve.
func (u *update) floor(err error) time.Duration {
	if beaten(err) {
		u.outages = 0
		return 0
	}
	u.outages++
	least, most := archive.OutageWait(u.outages)
	return least + time.Duration(u.Rand.Float64()*float64(most-least))
}

func (u *update) attempt(ctx context.Context) (archive.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return archive.Snapshot{}, err
	}
	if u.flaw == renameOnRetry && u.attempts > 1 {
		u.rename()
	}
	var current archive.Snapshot
	if u.op != "create" || u.attempts > 1 {
		var err error
		if current, err = u.current(ctx); err != nil {
			return archive.Snapshot{}, err
		}
		if u.change == nil || u.settled(current) {
			if u.flaw == answerOwn && u.sent != nil {
				current.Document = u.sent
			}
			return current, nil
		}
		if u.flaw == settleTooSoon && u.inDoubt {
			u.inDoubt = false
			return archive.Snapshot{}, errors.New("the write was not applied")
		}
	}
	next, err := u.change(current)
	if errors.Is(err, errThere) {
		return current, nil
	}
	if err != nil {
		return archive.Snapshot{}, err
	}
	if err := u.overtaken(ctx, current); err != nil {
		return archive.Snapshot{}, err
	}
	u.sent = next
	etag, err := u.put(ctx, next, current)
	if err == nil {
		u.remember(u.key, archive.Snapshot{Document: next, ETag: etag})
		etag, err = u.verified(ctx, etag)
	}
	return archive.Snapshot{Document: next, ETag: etag}, err
}

func (u *update) put(ctx context.Context, next archive.Document, current archive.Snapshot) (string, error) {
	cond := archive.IfMatch(current.ETag)
	if current.Document == nil {
		cond = archive.IfAbsent()
	}
	if u.flaw == forceLast && u.attempts == u.Policy.MaxAttempts() {
		cond = archive.Condition{}
	}
	etag, err := u.Store.Put(ctx, u.key, next.Encode(), cond)
	if beaten(err) {
		u.beaten++
	}
	if u.flaw == blindRetry && errors.Is(err, archive.ErrOutcomeUnknown) {
		etag, err = u.Store.Put(ctx, u.key, next.Encode(), cond)
		if errors.Is(err, archive.ErrPreconditionFailed) {
			return "", &archive.ETagMismatchError{Key: u.key, Expected: current.ETag}
		}
	}
	switch {
	case archive.MayBeApplied(err):
		u.inDoubt, u.doubtETag = u.flaw != forgetDoubt, current.ETag
	case errors.Is(err, archive.ErrPreconditionFailed), errors.Is(err, archive.ErrConflict), errors.Is(err, archive.ErrThrottled):
		u.refused = true
	}
	return etag, err
}

// look reads the current version. For an update that finds nothing, Document is nil.
func (u *update) look(ctx context.Context) (archive.Snapshot, error) {
	if u.flaw == retryWithoutReread && u.read.Document != nil {
		etag, err := u.Store.Head(ctx, u.key)
		return archive.Snapshot{Document: u.read.Document, ETag: etag}, err
	}
	body, etag, err := u.get(ctx)
	if errors.Is(err, archive.ErrNotFound) && u.change != nil {
		u.remember(u.key, archive.Snapshot{})
		u.refused, u.seen = false, append(u.seen, "")
		return archive.Snapshot{}, nil
	}
	if err == nil && etag == "" {
		err = errors.New("the store gave no ETag, so no write can be conditioned on this version")
	}
	if err != nil {
		return archive.Snapshot{}, err
	}
	doc, err := u.Codec(u.id, body)
	if err != nil {
		return archive.Snapshot{}, err
	}
	u.refused, u.seen = false, append(u.seen, etag)
	u.read = archive.Snapshot{Document: doc, ETag: etag}
	u.remember(u.key, u.read)
	if u.inDoubt && etag != u.doubtETag && !u.holds(doc) {
		u.inDoubt = false // an ETag that is gone never returns, so the write can't be applied any more
	}
	return u.read, nil
}

// exhaust looks once more, because a write that was refused or lost may be there.
func (u *update) exhaust(ctx context.Context, cause error) (archive.Snapshot, error) {
	exhausted := &archive.ExhaustedError{Key: u.key, Attempts: u.attempts, Elapsed: u.elapsed(), Last: cause}
	switch {
	case u.change == nil:
		return archive.Snapshot{}, cause
	case u.flaw == exhaustUnseen:
		return archive.Snapshot{}, exhausted
	case u.sent == nil && !beaten(cause): // there is nothing to look for
		return archive.Snapshot{}, &archive.UnavailableError{Op: u.op, Key: u.key, Attempts: u.attempts, Elapsed: u.elapsed(), Last: cause}
	}
	if current, err := u.look(ctx); err == nil {
		if u.holds(current.Document) {
			return current, nil
		}
		_, final := u.change(current)
		if errors.Is(final, errThere) {
			return current, nil
		}
		if final != nil {
			return archive.Snapshot{}, u.failure(final)
		}
	}
	if u.inDoubt || u.refused {
		return archive.Snapshot{}, u.failure(cause)
	}
	if errors.Is(cause, archive.ErrOutcomeUnknown) {
		exhausted.Last = archive.ErrPreconditionFailed // read back, it was not applied
	}
	moved := slices.ContainsFunc(u.seen, func(etag string) bool { return etag != u.seen[0] })
	if !beaten(exhausted.Last) || u.beaten >= 3 && !moved { // so often, and nobody has come in between
		return archive.Snapshot{}, &archive.UnavailableError{Op: u.op, Key: u.key, Attempts: u.attempts, Elapsed: u.elapsed(), Last: cause}
	}
	return archive.Snapshot{}, exhausted
}

func (u *update) failure(err error) error {
	if u.inDoubt || u.refused {
		return &archive.OutcomeUnknownError{Key: u.key, Attempts: u.attempts, Elapsed: u.elapsed(), Last: err}
	}
	return err
}

func (u *update) elapsed() time.Duration { return u.Clock.Now().Sub(u.start) }

// cut reports whether an error is the end of a context.
func cut(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// beaten reports whether a write was refused for the sake of another.
func beaten(err error) bool {
	return errors.Is(err, archive.ErrPreconditionFailed) || errors.Is(err, archive.ErrConflict)
}
