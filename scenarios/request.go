package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/scenarios/history"
)

// request has the API do what a client wants.
func (f *performer) request(ctx context.Context, in *intent) (archive.Snapshot, error) {
	method, path, body := http.MethodGet, "/api/changes/"+in.op.ID, []byte(nil)
	if in.op.Do != "load" {
		method, path = http.MethodPost, "/upload"
		var err error
		if body, err = f.uploadBody(in); err != nil {
			return archive.Snapshot{}, err
		}
	}
	pressed := ""
	if len(in.edit.Modifications) > 0 {
		pressed = in.edit.Modifications[0].Timestamp
	}
	status, answer, err := f.send(ctx, method, path, pressed, body)
	f.client.Status(status)
	switch {
	case err != nil && in.op.Do == "load":
		return archive.Snapshot{}, err
	case err != nil: // what became of it can't be known
		key, _ := f.repetition.Layout.Archive().Key(in.op.ID)
		return archive.Snapshot{}, &archive.OutcomeUnknownError{Key: key, Last: err}
	case status == statusClientClosed && ctx.Err() != nil: // says no more than that nothing was stored
		return archive.Snapshot{}, fmt.Errorf("the API answered %d: %w", status, ctx.Err())
	case status != http.StatusOK:
		return archive.Snapshot{}, f.refusal(status, answer, in)
	}
	return f.shown(in.op, answer)
}

// concerned are the customers who must be told of an upload: those of the document as
// its user means to leave it.
func (f *performer) concerned(in *intent) []string {
	doc := in.document
	if in.op.Do == "save" {
		doc = in.base.Document
		if own, changed := in.edit.Fields[f.repetition.document.Layout().Customers]; changed {
			return customerCodes(own)
		}
		if slices.Contains(in.edit.Remove, f.repetition.document.Layout().Customers) {
			return nil
		}
	}
	if change := (archive.Snapshot{Document: doc}).Change(); change != nil {
		return customers(change)
	}
	return nil
}

// statusClientClosed is the API's answer to a client that waits no longer.
const statusClientClosed = 499

// uploadBody is what the edit page sends: the fields that were changed, and what they
// were when they were loaded, if that is known; or a whole new document.
func (f *performer) uploadBody(in *intent) ([]byte, error) {
	id, err := json.Marshal(in.op.ID)
	if err != nil {
		return nil, err
	}
	named := idField(f.repetition.document)
	upload := map[string]any{"modificationId": in.edit.Modifications[0].ID}
	if in.op.Do == "save" {
		form, base := map[string]json.RawMessage{named: id}, map[string]json.RawMessage{named: id}
		maps.Copy(form, in.edit.Fields)
		upload["metadata"], upload["isUpdate"], upload["expectedETag"] = form, true, in.base.ETag
		if len(in.edit.Remove) > 0 {
			upload["remove"] = in.edit.Remove
		}
		if in.base.Document != nil {
			for _, name := range slices.AppendSeq(slices.Clone(in.edit.Remove), maps.Keys(in.edit.Fields)) {
				if was, ok := in.base.Document.Field(name); ok {
					base[name] = was
				}
			}
			upload["base"] = base
		}
	} else {
		upload["metadata"] = json.RawMessage(in.document.Encode())
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	err = enc.Encode(upload) // in the order of its keys
	return body.Bytes(), err
}

// errNoServer: the server is gone, and with it what it would have answered.
var errNoServer = errors.New("no answer from the API")

// send sends a request to the API. If the server died of it, so does this client: it
// learns nothing.
func (f *performer) send(ctx context.Context, method, path, pressed string, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://api"+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set(actorHeader, f.name)
	if pressed != "" {
		req.Header.Set(pressedHeader, pressed)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return f.ask(req)
}

// ask sends a request that is ready but for the name of its actor.
func (f *performer) ask(req *http.Request) (status int, answer []byte, err error) {
	req.Header.Set(actorHeader, f.name)
	resp, err := f.service.door.RoundTrip(req)
	if died := f.api.died; died != nil {
		f.api.died = nil
		panic(crashed{died})
	}
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", errNoServer, err)
	}
	if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
		// Clients that are not told when to come again come at once.
		f.repetition.failed(StepResult{f.name + " is answered 503", "a Retry-After", "none", false})
	}
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, errors.Join(err, resp.Body.Close())
}

// shown is the version that an answer shows. Of an upload's customers those count as
// told that the answer does not call failed, also those that it forgets.
func (f *performer) shown(op history.Operation, answer []byte) (archive.Snapshot, error) {
	var a struct {
		Metadata      json.RawMessage
		ETag, NewETag string
		Results       []delivery.UploadResult

		ModificationID string
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return archive.Snapshot{}, fmt.Errorf("the API's answer: %w", err)
	}
	if op.Do != "load" && !op.Submits(a.ModificationID) {
		return archive.Snapshot{}, fmt.Errorf("the API's answer is that to modification %q, which was not uploaded", a.ModificationID)
	}
	codec := f.repetition.codec
	if codec == nil {
		codec = f.repetition.Layout.Archive().Codec
	}
	doc, err := codec(op.ID, a.Metadata)
	if err != nil {
		return archive.Snapshot{}, fmt.Errorf("the API's answer: %w", err)
	}
	if change := (archive.Snapshot{Document: doc}).Change(); op.Do != "load" && change != nil {
		all := customers(change)
		f.client.Stored(all)
		f.client.Told(slices.DeleteFunc(slices.Clone(all), func(code string) bool {
			return slices.ContainsFunc(a.Results, func(r delivery.UploadResult) bool { return r.Customer == code && !r.Success })
		}))
	}
	return archive.Snapshot{Document: doc, ETag: a.ETag + a.NewETag}, nil // there is one of them
}

// refusal is the core's error for which an answer stands.
func (f *performer) refusal(status int, answer []byte, in *intent) error {
	var a struct {
		Reason, Message, CurrentETag, ModificationID string
		Conflicts                                    []archive.FieldConflict
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return fmt.Errorf("the API answered %d and %q", status, answer)
	}
	key, _ := f.repetition.Layout.Archive().Key(in.op.ID)
	said := fmt.Errorf("the API answered %d: %s", status, a.Message)
	switch {
	case status == http.StatusConflict && a.Reason == "exhausted":
		return &archive.ExhaustedError{Key: key, Last: said}
	case status == http.StatusConflict && (a.CurrentETag == "" || a.CurrentETag == in.base.ETag):
		return fmt.Errorf("%w, and %q for the ETag of the version that is there", said, a.CurrentETag)
	case status == http.StatusConflict:
		return &archive.ETagMismatchError{Key: key, Expected: in.base.ETag, Found: a.CurrentETag, Fields: a.Conflicts}
	case status == http.StatusServiceUnavailable:
		return &archive.UnavailableError{Op: in.op.Do, Key: key, Last: said}
	case status == http.StatusBadGateway:
		return &archive.ContradictionError{Key: key}
	case status == http.StatusUnprocessableEntity:
		return &archive.ReusedIDError{Key: key, ID: a.ModificationID}
	case status == http.StatusNotFound:
		return fmt.Errorf("%w: %w", said, archive.ErrNotFound)
	case status == http.StatusGatewayTimeout && !in.op.Submits(a.ModificationID):
		return fmt.Errorf("%w, without the modificationId by which the upload could be settled", said)
	case status == http.StatusGatewayTimeout:
		return &archive.OutcomeUnknownError{Key: key, Last: said}
	}
	return said
}
