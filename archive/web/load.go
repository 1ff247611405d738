package web

import (
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
	found, err := a.Core.Load(x.Context(), id)
	if err == nil && !hasDocument(found) {
		err = archive.ErrNotFound
	}
	if err != nil {
		return failed(x, err)
	}
	x.outcome = "loaded"
	reply := answer{status: http.StatusOK}.with("ETag", headerETag(found.ETag)).with("Cache-Control", "no-cache")
	if noneMatch(x.Header.Values("If-None-Match"), found.ETag) {
		x.outcome = "not modified"
		reply.status = http.StatusNotModified
		return reply
	}
	reply.body = withMetadata(found.Document, loaded{found.ETag})
	return reply
}
