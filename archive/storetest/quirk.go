package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Quirk is a known difference of a server from S3.
type Quirk string

// The known quirks.
const (
	// IfMatchMissingIs412: a PUT with If-Match on a key without an object
	// answers 412, where S3 answers 404. An update of an object that was deleted
	// meanwhile looks like a lost race; reading again tells.
	IfMatchMissingIs412 Quirk = "if-match-missing-is-412"
	// DeleteIfMatchMissingIs412: a DELETE with If-Match on a key without an object
	// answers 412, where S3 answers 404.
	DeleteIfMatchMissingIs412 Quirk = "delete-if-match-missing-is-412"
	// DeleteIgnoresIfMatch: a DELETE with If-Match deletes whatever is there,
	// and is no error if nothing is. A conditional delete is not safe.
	DeleteIgnoresIfMatch Quirk = "delete-ignores-if-match"
	// DeleteAbsentIgnoresIfMatch: a DELETE with If-Match is no error if nothing
	// is there, so that of racing deletes each may believe it was the one.
	DeleteAbsentIgnoresIfMatch Quirk = "delete-absent-ignores-if-match"
	// UpdateMayUndoDelete: a PUT with If-Match that races a DELETE may bring the
	// object back after the DELETE was acknowledged. It happens by chance, so it
	// cannot be asserted; the suite then checks only that one update wins at most.
	UpdateMayUndoDelete Quirk = "update-may-undo-delete"
	// BodyUnderOlderETag: a read during a write may return the new body, whole,
	// under the ETag of the version before. A write conditioned on that ETag is
	// refused, so nothing is lost. It happens by chance, so it cannot be
	// asserted; the suite then checks only that bodies are whole.
	BodyUnderOlderETag Quirk = "body-under-older-etag"
)

// What is known of the servers.
var servers = map[string][]Quirk{
	"none":      nil,
	"gofakes3":  {IfMatchMissingIs412, DeleteIgnoresIfMatch},
	"minio":     {DeleteIgnoresIfMatch},
	"lighttpd":  {IfMatchMissingIs412},
	"azurite":   {IfMatchMissingIs412, DeleteIfMatchMissingIs412},
	"versitygw": {DeleteAbsentIgnoresIfMatch, UpdateMayUndoDelete, BodyUnderOlderETag},
}

// QuirksOf returns the quirks of a server: gofakes3 (its memory back end),
// minio, versitygw, lighttpd (its WebDAV), azurite, or none for S3 itself.
func QuirksOf(server string) ([]Quirk, error) {
	quirks, ok := servers[server]
	if !ok {
		return nil, fmt.Errorf("storetest: no quirks are known of %q (known: %s)",
			server, strings.Join(slices.Sorted(maps.Keys(servers)), ", "))
	}
	return slices.Clone(quirks), nil
}
