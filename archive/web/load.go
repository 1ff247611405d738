package web

import (
	"context"
	"net/http"
	"net/url"

	"holdfast/archive"
)

// loaded is the answer to a GET, besides the metadata.
type loaded struct {
	ETag string `json:"etag"`
}

// load answers with a stored document and its ETag.
func (a *api) load(x *exchange) answer {
	id, err := url.PathUnescape(x.id)
	if err == nil {
		err = archive.ValidateID(id)
	}
	if err != nil {
		return failed(x, invalid("%s", sentence(err)))
	}
	x.object = id
	if reply, settled := a.known(x, id); settled {
		return reply
	}
	found, err := a.Core.Load(x.Context(), id)
	if err == nil && !hasDocument(found) {
		err = archive.ErrNotFound
	}
	if err != nil {
		return failed(x, err)
	}
	if noneMatch(x.Header.Values("If-None-Match"), found.ETag) {
		return notModified(x, found.ETag)
	}
	x.outcome = "loaded"
	reply := ofVersion(http.StatusOK, found.ETag)
	reply.body = withMetadata(found.Document, loaded{found.ETag})
	return reply
}

// etags is what a core can do, as [archive.Archive] does, that knows the current
// version without reading it.
type etags interface {
	ETag(ctx context.Context, id string) (string, error)
}

// known answers who names versions that they have, if it is settled by the current
// one's ETag: most pages that poll hear most of the time that nothing has changed, and
// for that no document need be read.
func (a *api) known(x *exchange, id string) (reply answer, settled bool) {
	core, can := a.Core.(etags)
	header := x.Header.Values("If-None-Match")
	if !can || len(header) == 0 {
		return answer{}, false
	}
	etag, err := core.ETag(x.Context(), id)
	switch {
	case err == nil && noneMatch(header, etag):
		return notModified(x, etag), true
	case err == nil:
		return answer{}, false // another version
	case isUnavailable(err):
		return failed(x, err), true
	}
	return answer{}, false // the store refuses, and says why to who asks for the document
}

func notModified(x *exchange, etag string) answer {
	x.outcome = "not modified"
	return ofVersion(http.StatusNotModified, etag)
}

// ofVersion is an answer about the version of this ETag.
func ofVersion(status int, etag string) answer {
	return answer{status: status}.with("ETag", headerETag(etag)).with("Cache-Control", "no-cache")
}
