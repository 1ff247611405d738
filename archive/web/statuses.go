package web

import "net/http"

// Status is one by which the API can answer.
type Status struct {
	Code  int
	Means string
	// Stored: the archive holds what the request asked for. Unknown: it may. Of
	// all others nothing is stored.
	Stored, Unknown bool
	// Unseen: no client ever receives it.
	Unseen bool
}

// Statuses are all by which the API's routes can answer; a test holds them against the
// code. Those of the pages are not among them.
func Statuses() []Status {
	return []Status{
		{Code: http.StatusOK, Means: "loaded, or stored", Stored: true},
		{Code: http.StatusNoContent, Means: "what a browser may ask for"},
		{Code: http.StatusNotModified, Means: "the version that the client has is the current one"},
		{Code: http.StatusBadRequest, Means: "it can't be read, or never succeed"},
		{Code: http.StatusUnauthorized, Means: "nobody knows who sends it"},
		{Code: http.StatusForbidden, Means: "a page of another origin sends it"},
		{Code: http.StatusNotFound, Means: "no such change, or no such route"},
		{Code: http.StatusMethodNotAllowed, Means: "another method is wanted"},
		{Code: http.StatusRequestTimeout, Means: "the body did not arrive in time"},
		{Code: http.StatusConflict, Means: "somebody else has changed it: look and save again"},
		{Code: http.StatusRequestEntityTooLarge, Means: "more than an upload may have"},
		{Code: http.StatusUnsupportedMediaType, Means: "no JSON"},
		{Code: http.StatusUnprocessableEntity, Means: "the modificationId is that of something else"},
		{Code: http.StatusPreconditionRequired, Means: "an update without the version that it is based on"},
		{Code: statusClientClosed, Means: "the client has hung up", Unseen: true},
		{Code: http.StatusInternalServerError, Means: "the store refuses, or holds what can't be read"},
		{Code: http.StatusBadGateway, Means: "the store contradicts itself"},
		{Code: http.StatusServiceUnavailable, Means: "the store does not answer: try again in a moment"},
		{Code: http.StatusGatewayTimeout, Means: "nobody knows whether it was stored: send it again", Unknown: true},
	}
}
