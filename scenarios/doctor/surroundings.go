package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/archive/wire"
)

// permitted is what came of a call that needs a permission.
func (t *trial) permitted(err error) (finding, error) {
	here := t.answer(err)
	switch {
	case err == nil:
		return fine(here)
	case undecided(err), isFault(err):
		return finding{}, err
	}
	return finding{here: here}, nil
}

func mayReadNothing(t *trial) (finding, error) {
	_, _, err := t.store.Get(t.ctx, t.key)
	if errors.Is(err, archive.ErrNotFound) {
		return fine(t.answer(err))
	}
	if err == nil {
		return faulty(storefault.StrangeBody, "there is an object")
	}
	return t.permitted(err)
}

func mayRead(t *trial) (finding, error) {
	if _, err := t.versions("first"); err != nil {
		return finding{}, err
	}
	_, err := t.mustBe("acknowledged", stored{there: true, body: "first"})
	return t.permitted(err)
}

func mayLook(t *trial) (finding, error) {
	if _, err := t.versions("first"); err != nil {
		return finding{}, err
	}
	_, err := t.store.Head(t.ctx, t.key)
	return t.permitted(err)
}

func mayList(t *trial) (finding, error) {
	lister, can := t.front.Store.(archive.Lister)
	if !can {
		return finding{}, errors.ErrUnsupported
	}
	_, err := lister.List(t.ctx, t.key, "")
	return t.permitted(err)
}

func mayDelete(t *trial) (finding, error) {
	if _, err := t.versions("first"); err != nil {
		return finding{}, err
	}
	return t.permitted(t.store.Delete(t.ctx, t.key, archive.Condition{}))
}

func versioning(t *trial) (finding, error) {
	a, err := t.raw.Send(t.ctx, wire.Request{Method: http.MethodGet, Bucket: true, Query: url.Values{"versioning": {""}}})
	if err != nil {
		return finding{}, err
	}
	state := "not known: " + told(a)
	if a.Status == http.StatusOK {
		state = "off"
		for _, set := range []string{"Enabled", "Suspended"} {
			if bytes.Contains(a.Body, []byte("<Status>"+set+"</Status>")) {
				state = strings.ToLower(set)
			}
		}
	}
	if t.front.At != nil {
		t.front.At.Versioning = state
	}
	return fine(state)
}

// clock compares clocks by the Date of an answer, which is cut to the second.
func clock(t *trial) (finding, error) {
	began := time.Now()
	a, _, err := t.send(http.MethodHead, "")
	if err != nil {
		return finding{}, err
	}
	ours := began.Add(time.Since(began) / 2)
	theirs, unreadable := http.ParseTime(a.Header.Get("Date"))
	if unreadable != nil {
		return fine("no Date in the answer")
	}
	const cut, most = 500 * time.Millisecond, 15 * time.Minute // S3 refuses signatures of clocks that are further off
	offset := theirs.Add(cut).Sub(ours)
	if t.front.At != nil {
		t.front.At.ClockOffsetMS = float64(offset.Milliseconds())
	}
	here := "within a second of ours"
	if offset.Abs() > 2*cut {
		here = fmt.Sprintf("%.0f s from ours", math.Abs(offset.Seconds()))
	}
	return finding{here: here, ok: offset.Abs() < most}, nil
}

// facts fills in what an answer tells about a front.
func facts(ctx context.Context, f *Front) {
	if f.Raw == nil || f.At == nil {
		return
	}
	a, err := f.Raw.Send(ctx, wire.Request{Method: http.MethodHead, Key: "rows/nothing"})
	if err != nil {
		return
	}
	f.At.Server = a.Header.Get("Server")
	if a.TLS != nil {
		f.At.TLS = tlsName(a.TLS)
	}
}
