package storerace

import (
	"errors"
	"net/http"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/archive/wire"
)

// raceCutWrite sends half of a body and closes the connection. What was there stays, and
// where nothing was, nothing is.
func raceCutWrite(r *round) error {
	onNothing := r.played%2 == 1
	prepare := r.present
	if onNothing {
		prepare = r.absent
	}
	if err := prepare(); err != nil {
		return err
	}
	body := r.body("one who is cut off")
	answer, err := r.field.Raw.Send(r.ctx, wire.Request{
		Method: http.MethodPut, Key: r.key, Body: []byte(body), Cut: len(body) / 2, Header: http.Header{},
	})
	switch {
	case err == nil && answer.Status < 300:
		return storefault.Errorf(storefault.StrangeBody, "put %s: %d of %d bytes were sent, and it was acknowledged", r.key, len(body)/2, len(body))
	case err != nil && !errors.Is(err, wire.ErrCut):
		return err
	}
	before := r.now
	for look := range 2 {
		if look > 0 { // it may arrive late
			if err := (archive.WallClock{}).Sleep(r.ctx, 10*time.Millisecond+r.upTo(80*time.Millisecond)); err != nil {
				return err
			}
		}
		stored, err := r.read(0)
		if err != nil {
			return err
		}
		switch {
		case stored == nil && before == nil, stored != nil && before != nil && stored.body == before.body:
			continue
		case stored != nil && stored.body != body && r.older(stored.body):
			return storefault.Errorf(storefault.UndoneDelete, "%s was replaced or deleted, which was acknowledged; then %s", r.key, r.tell(stored))
		case stored == nil:
			return storefault.Errorf(storefault.LostWrite, "of a PUT of %s half was sent and the connection closed; then %s", r.key, r.tell(nil))
		}
		kind := storefault.StrangeBody
		if before != nil {
			kind = storefault.LostWrite // of the version that was acknowledged, and that this one replaced
		}
		return storefault.Errorf(kind, "of a PUT of %s half was sent (%d of %d bytes) and the connection closed; then %d bytes are stored, %s",
			r.key, len(body)/2, len(body), len(stored.body), author(stored.body))
	}
	return nil
}
