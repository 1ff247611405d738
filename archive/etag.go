package archive

import (
	"context"
	"errors"
)

// ETag returns the ETag of the current version, whose document is not read: it may be
// one that [Archive.Load] would refuse. It retries as Load does and is a load to
// observers. The error wraps [ErrNotFound] if there is no such object, and from an S3
// store also if there is no such bucket, as the answer to a HEAD does not tell which.
func (a *Archive) ETag(ctx context.Context, id string) (string, error) {
	c, err := a.newCall("load", id)
	if err != nil {
		return "", err
	}
	c.etagOnly = true
	current, err := c.run(ctx)
	return current.ETag, err
}

// errNoETag ends a call: another read would be answered likewise.
var errNoETag = errors.New("the store gave no ETag, so no write can be conditioned on this version")

// glance reads the current version's ETag and nothing else.
func (c *call) glance(ctx context.Context) (Snapshot, error) {
	etag, err := c.store.Head(ctx, c.key)
	if err == nil && etag == "" {
		err = errNoETag
	}
	if err != nil {
		return Snapshot{}, err
	}
	c.last.ETag = etag
	return Snapshot{ETag: etag}, nil
}
