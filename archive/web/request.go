package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// The keys of an upload. All but the first may also stand among the fields of a
// document that is the whole body, as the page of the first implementation sent them; it
// stored them, here they are not. Fields of "metadata" are, whatever they are called.
const (
	keyMetadata       = "metadata"
	keyIsUpdate       = "isUpdate"
	keyExpectedETag   = "expectedETag"
	keyBase           = "base"
	keyRemove         = "remove"
	keyModificationID = "modificationId"
)

var envelopeKeys = []string{keyIsUpdate, keyExpectedETag, keyBase, keyRemove, keyModificationID}

// The longest that a client may send of what is opaque to it and to the server.
const (
	mostETag           = 256
	mostModificationID = 128
)

// needsETag says what to do about an update without a version.
const needsETag = `An update needs "expectedETag": the "etag" that GET /api/changes/{id} answered when the change was loaded, ` +
	`or the "newETag" of the last save. Load the change and save again.`

// refusal is the answer to a request that is no upload.
type refusal struct {
	status    int
	errorType string
	message   string
}

func (r *refusal) Error() string { return r.message }

func invalid(format string, args ...any) error {
	return &refusal{http.StatusBadRequest, typeInvalid, fmt.Sprintf(format, args...)}
}

// checkMediaType refuses what is not announced as JSON. A page of another origin
// can't announce it without asking first, see [api.options].
func checkMediaType(h http.Header) error {
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	if err == nil && mediaType == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8")) && h.Get("Content-Encoding") == "" {
		return nil
	}
	return &refusal{http.StatusUnsupportedMediaType, typeMediaType, "An upload is JSON: send it uncompressed, in UTF-8, with Content-Type: application/json."}
}

// preconditions are headers on which a server may be asked to do something.
var preconditions = []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"}

// checkPreconditions refuses those in headers: an upload has its own, in the body, and
// one that is not looked at is a promise that is not kept.
func checkPreconditions(h http.Header) error {
	for _, name := range preconditions {
		if len(h.Values(name)) > 0 {
			return invalid("An upload does not take the header %s. State the version that an upload is based on as %q in the body, and leave the header out. Nothing was saved.", name, keyExpectedETag)
		}
	}
	return nil
}

// readBody reads a body of at most so many bytes.
func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	tooLarge := &refusal{http.StatusRequestEntityTooLarge, typeTooLarge, fmt.Sprintf("An upload has at most %d bytes. Nothing was saved.", most)}
	if r.ContentLength > most {
		w.Header().Set("Connection", "close") // the rest is not worth reading
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &large):
		return nil, tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{http.StatusRequestTimeout, typeTooSlow, "The upload did not arrive in time. Nothing was saved."}
	case r.Context().Err() != nil:
		return nil, r.Context().Err()
	}
	return nil, invalid("The upload did not arrive in full. Nothing was saved.")
}

// parseUpload makes an upload of a body. It refuses all that can be refused without
// looking at the store.
func parseUpload(l *archive.Layout, body []byte) (delivery.Upload, error) {
	var up delivery.Upload
	outer, err := parseBody(body)
	if err != nil {
		return up, invalid("The body can't be read: %v.", err)
	}
	if up.Update, err = boolOf(outer, keyIsUpdate); err != nil {
		return up, err
	}
	if up.Base.ETag, err = stringOf(outer, keyExpectedETag); err != nil {
		return up, err
	}
	if err := checkETag(up.Base.ETag); err != nil {
		return up, err
	}
	if up.ModificationID, err = stringOf(outer, keyModificationID); err != nil {
		return up, err
	}
	if err := checkModificationID(up.ModificationID, given(outer, keyModificationID)); err != nil {
		return up, err
	}
	if up.Document, err = documentOf(l, outer); err != nil {
		return up, err
	}
	if err := readBase(l, &up, outer); err != nil {
		return up, err
	}
	if up.Remove, err = removeOf(outer, &up); err != nil {
		return up, err
	}
	switch {
	case !up.Update && up.Base.ETag != "":
		return up, invalid("%q is for updates: no version of a change that is new can be there. Send %q: true to save the version that you had loaded, or leave it out to create the change. Nothing was saved.", keyExpectedETag, keyIsUpdate)
	case !up.Update && up.Base.Document != nil:
		return up, invalid("%q is for updates: nothing was loaded of a change that is new. Send %q: true, or leave it out to create the change. Nothing was saved.", keyBase, keyIsUpdate)
	case up.Update && up.Base.ETag == "":
		return up, &refusal{http.StatusPreconditionRequired, typeNeedsETag, needsETag}
	}
	return up, nil
}

// documentOf returns the document of an upload, without the envelope.
func documentOf(l *archive.Layout, outer object) (*archive.Change, error) {
	text, err := documentText(outer)
	if err != nil {
		return nil, err
	}
	doc, err := l.Parse(text)
	if err != nil {
		return nil, invalid("%s", sentence(err))
	}
	return doc, nil
}

// documentText is what "metadata" holds, or else the body without the request's keys.
func documentText(outer object) ([]byte, error) {
	if !given(outer, keyMetadata) {
		return outer.without(slices.Concat(envelopeKeys, []string{keyMetadata})...), checkVariants(outer)
	}
	for _, m := range outer.members {
		if m.name != keyMetadata && !slices.Contains(envelopeKeys, m.name) {
			return nil, invalid("The body has %s beside %q, so it is not clear which of them is the change. Put the change's fields into %[2]q, all of them.", brief(m.name), keyMetadata)
		}
	}
	inner, err := parseObject(outer.raw(keyMetadata))
	if err != nil {
		return nil, invalid("%q can't be read: %v.", keyMetadata, err)
	}
	return inner.text, nil
}

// checkVariants refuses what a reader that does not look at case would take for a key of
// the request, and this one for a field.
func checkVariants(outer object) error {
	for _, m := range outer.members {
		for _, key := range slices.Concat([]string{keyMetadata}, envelopeKeys) {
			if m.name != key && strings.EqualFold(m.name, key) {
				return invalid("The body has %s, which is not %q and could be taken for it. Write it as that, or put the change's fields into %q.", brief(m.name), key, keyMetadata)
			}
		}
	}
	return nil
}

// readBase reads what the user had loaded, if it was sent.
func readBase(l *archive.Layout, up *delivery.Upload, outer object) error {
	if !given(outer, keyBase) {
		return nil
	}
	// Its fields are counted before [archive.Layout.Parse] compares each with the others.
	text, err := parseObject(outer.raw(keyBase))
	if err != nil {
		return invalid("%q can't be read: %v.", keyBase, err)
	}
	base, err := l.Parse(text.text)
	if err != nil {
		return invalid("%q: %v.", keyBase, err)
	}
	if base.ID() != up.Document.ID() {
		return invalid("%q is a version of %s, and the upload is of %s.", keyBase, base.ID(), up.Document.ID())
	}
	up.Base.Document = base
	return nil
}

// given reports whether a key has a value; null is none, as a page sends it whose
// variable was never set.
func given(o object, key string) bool {
	raw := o.raw(key)
	return raw != nil && string(raw) != "null"
}

func boolOf(o object, key string) (bool, error) {
	if !given(o, key) {
		return false, nil
	}
	switch string(o.raw(key)) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, invalid("%q is neither true nor false.", key)
}

func stringOf(o object, key string) (s string, err error) {
	if given(o, key) && json.Unmarshal(o.raw(key), &s) != nil {
		return "", invalid("%q is no string.", key)
	}
	return s, nil
}

func checkETag(etag string) error {
	if len(etag) > mostETag || strings.ContainsFunc(etag, func(r rune) bool { return r < ' ' || r > '~' }) {
		return invalid("%q is no ETag: it has at most %d characters, all of them printable ASCII. Send it as it was received.", keyExpectedETag, mostETag)
	}
	if !oneVersion(etag) {
		return invalid("%q must be the ETag of one version: %s is one that no version has. Send it as it was received.", keyExpectedETag, etag)
	}
	return nil
}

// checkModificationID lets the archive judge the id before anything is read.
func checkModificationID(id string, sent bool) error {
	if !sent {
		return nil
	}
	if len(id) > mostModificationID {
		return invalid("%q has more than %d characters.", keyModificationID, mostModificationID)
	}
	m := archive.Modification{ID: id, Timestamp: "2006-01-02T15:04:05Z", UserID: anonymous, Type: archive.Updated}
	if err := (archive.Edit{Modifications: []archive.Modification{m}}).Validate(); err != nil {
		return invalid("%q: %v.", keyModificationID, err)
	}
	return nil
}
