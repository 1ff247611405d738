package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// saved is the answer to a POST that was stored, besides the metadata.
type saved struct {
	Success        bool                    `json:"success"`           // true
	NewETag        string                  `json:"newETag,omitempty"` // only beside the metadata
	Message        string                  `json:"message,omitempty"` // only without
	ModificationID string                  `json:"modificationId"`
	Results        []delivery.UploadResult `json:"results"`
}

// reloadFirst stands in an answer without the metadata. Whoever is given the ETag of a
// version may overwrite all of it, and others may have put into this one what the sender
// has never seen.
const reloadFirst = "The change is saved. Others may have changed it too, and what is stored now is not known here: load the change before you save again."

// statusClientClosed is what nginx logs for a client that hung up.
const statusClientClosed = 499

// retryAfter is when it makes sense to try again while the store is unavailable, in seconds.
const retryAfter = "2"

// upload stores what a client submits.
func (a *api) upload(x *exchange) answer {
	up, err := a.readUpload(x)
	if err != nil {
		return failed(x, err)
	}
	up.UserID, x.object = x.user, up.Document.ID()
	done, err := a.Uploads.Upload(x.Context(), up)
	if etag := respelled(err); etag != "" {
		up.Base.ETag, up.ModificationID = etag, done.ModificationID
		done, err = a.Uploads.Upload(x.Context(), up)
	}
	if err != nil {
		return failed(x, err, func(f *failure) {
			f.ModificationID = done.ModificationID
			f.Results = []delivery.UploadResult{{Customer: delivery.ArchiveResult, Error: f.Message, ErrorType: f.ErrorType}}
		})
	}
	x.outcome = string(archive.Committed)
	body := saved{Success: true, ModificationID: done.ModificationID, Results: a.tell(x, done.Results)}
	if !hasDocument(done.Snapshot) || done.ETag == "" {
		body.Message = reloadFirst
		return answer{status: http.StatusOK, body: encode(body)}
	}
	body.NewETag = done.ETag
	return answer{status: http.StatusOK, body: withMetadata(done.Document, body)}.with("ETag", headerETag(done.ETag))
}

// respelled returns the ETag of the stored version if a conflict is about nothing but its
// spelling: proxies that compress make an ETag weak, and some clients take its quotes off.
// Nobody else has changed anything then, and nothing was stored. No tag that names another
// version passes, and the store still compares with its own. To the core's metrics the save
// that is then made again was a conflict.
func respelled(err error) string {
	mismatch, ok := errors.AsType[*archive.ETagMismatchError](err)
	if !ok || mismatch.Expected == "" || len(mismatch.Fields) > 0 || mismatch.Expected == mismatch.Found ||
		opaque(mismatch.Expected) != opaque(mismatch.Found) {
		return ""
	}
	return mismatch.Found
}

// hasDocument reports whether a version can be shown: some cores do not say what they
// have stored.
func hasDocument(s archive.Snapshot) bool {
	doc, isChange := s.Document.(*archive.Change)
	return s.Document != nil && (!isChange || doc != nil)
}

func (a *api) readUpload(x *exchange) (delivery.Upload, error) {
	if err := checkMediaType(x.Header); err != nil {
		return delivery.Upload{}, err
	}
	if err := checkPreconditions(x.Header); err != nil {
		return delivery.Upload{}, err
	}
	body, err := readBody(x.w, x.Request, a.MaxBody)
	if err != nil {
		return delivery.Upload{}, err
	}
	return parseUpload(a.layout, body)
}

// These stand for what a store said about a trigger, which goes to the log: it can name
// hosts and buckets.
const (
	triggerFailed  = "The customer could not be told. The change itself is saved; save it again with the same modificationId to tell the customer."
	triggerUnknown = "It is not known whether the customer was told. The change itself is saved; save it again with the same modificationId to make sure that the customer is told."
)

// tell is the result list as a client may see it.
func (a *api) tell(x *exchange, results []delivery.UploadResult) []delivery.UploadResult {
	told := slices.Clone(results)
	for i := range told {
		r := &told[i]
		if r.Success {
			continue
		}
		what, text := "trigger not written", triggerFailed
		if r.ErrorType == delivery.UnknownOutcome {
			what, text = "trigger in doubt", triggerUnknown
		}
		a.Logger.WarnContext(x.Context(), what, "object", x.object, "customer", cut(r.Customer, mostName), "error", cut(r.Error, mostMessage))
		r.Error = text
	}
	return told
}

// failed is the answer to an error, with what the route adds to it. What is not for
// the client goes to the log.
func failed(x *exchange, err error, add ...func(*failure)) answer {
	x.outcome = string(archive.OutcomeOf(err))
	var refused *refusal
	if errors.As(err, &refused) {
		x.outcome, x.detail = "refused", cut(refused.message, mostMessage)
		return refuse(refused.status, refused.errorType, x.detail)
	}
	status, f := explain(x, err)
	f.Message = cut(f.Message, mostMessage)
	if status == statusClientClosed {
		x.outcome = "client closed"
		return answer{status: status} // nobody listens
	}
	for _, more := range add {
		more(&f)
	}
	reply := fail(status, f)
	reply.cause = err
	if status == http.StatusServiceUnavailable {
		reply = reply.with("Retry-After", retryAfter)
	}
	return reply
}

// explain says what became of a request and what its sender can do.
func explain(x *exchange, err error) (int, failure) {
	switch archive.OutcomeOf(err) {
	case archive.Conflict:
		if mismatch, ok := errors.AsType[*archive.ETagMismatchError](err); ok {
			return http.StatusConflict, explainConflict(x, mismatch)
		}
	case archive.Exhausted:
		if exhausted, ok := errors.AsType[*archive.ExhaustedError](err); ok {
			return http.StatusConflict, explainExhausted(exhausted)
		}
	case archive.Gone:
		return http.StatusNotFound, failure{ErrorType: typeNotFound, Message: fmt.Sprintf("There is no %s. It was never created, or it was deleted.", x.object)}
	case archive.Unknown:
		return http.StatusGatewayTimeout, failure{ErrorType: typeUnknown, Message: "It is not known whether the change was saved. " +
			"Send the same upload again with this modificationId: it is then saved exactly once."}
	}
	nothing := ""
	if x.Method == http.MethodPost {
		nothing = "Nothing was saved. "
	}
	_, reused := errors.AsType[*archive.ReusedIDError](err)
	_, large := errors.AsType[*archive.TooLargeError](err)
	switch {
	case archive.OutcomeOf(err) == archive.Contradiction:
		return http.StatusBadGateway, failure{ErrorType: typeContradiction, Message: "The archive's store contradicts itself: it refuses the very version that it gives. " + nothing + "Nobody else has changed anything. Please tell whoever runs it."}
	case errors.Is(err, archive.ErrUnreadable): // before ErrInvalid: the client did nothing wrong
	case reused:
		return http.StatusUnprocessableEntity, failure{ErrorType: typeReused, Message: "This modificationId was used before, for another change or by somebody else. " + nothing + "Send what you want to save with an id of its own."}
	case large:
		return http.StatusRequestEntityTooLarge, failure{ErrorType: typeTooLarge, Message: "The document is as large as it may become. " + nothing + "Please tell whoever runs this."}
	case errors.Is(err, archive.ErrInvalid):
		return http.StatusBadRequest, failure{ErrorType: typeInvalid, Message: sentence(err)}
	case errors.Is(err, context.Canceled):
		return statusClientClosed, failure{}
	case isUnavailable(err):
		return http.StatusServiceUnavailable, failure{ErrorType: typeUnavailable, Message: "The archive does not answer just now. " + nothing + "Please try again in a moment."}
	}
	return http.StatusInternalServerError, failure{ErrorType: typeInternal, Message: "Something is wrong with the server, or with what is stored. " + nothing + "Please tell whoever runs it."}
}

// isUnavailable reports whether a store was out of reach, or the server had no time left
// for the request.
func isUnavailable(err error) bool {
	return archive.OutcomeOf(err) == archive.Unavailable || errors.Is(err, archive.ErrThrottled) ||
		errors.Is(err, archive.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

func explainExhausted(err *archive.ExhaustedError) failure {
	return failure{
		ErrorType: delivery.ConcurrentModification, Reason: "exhausted",
		Message: fmt.Sprintf("Unable to save after %d attempts. The change was modified by another user. Please refresh and try again.", err.Attempts),
	}
}

func explainConflict(x *exchange, mismatch *archive.ETagMismatchError) failure {
	f := failure{ErrorType: delivery.ConcurrentModification, Reason: "conflict", CurrentETag: mismatch.Found}
	if mismatch.Expected == "" {
		f.Reason = "exists"
		f.Message = fmt.Sprintf("%s exists already. Nothing was saved. Load it and save it as an update, or choose another id.", x.object)
		return f
	}
	var names []string
	for _, c := range mismatch.Fields {
		f.Conflicts = append(f.Conflicts, conflict(c))
		names = append(names, cut(c.Field, mostName))
	}
	f.Message = "The change was modified by another user. Nothing was saved. Please refresh and try again."
	if len(names) > 0 {
		f.Message = fmt.Sprintf("The change was modified by another user, who also changed %s. Nothing was saved. "+
			"Please refresh, decide which values are right, and save again.", list(names))
	}
	return f
}

// list names the first few of many; the others are among the conflicts.
func list(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d other fields", strings.Join(names[:few], ", "), len(names)-few)
}
