package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/archive/wire"
)

// trial is one row as it is tried: with a key of its own.
type trial struct {
	ctx   context.Context
	store archive.Store
	raw   wire.Sender
	log   *wire.Log
	front *Front
	all   []Front
	key   string
}

// finding is what a row came to.
type finding struct {
	here  string
	ok    bool
	kind  storefault.Kind
	means string // instead of what the row or the kind says
}

func fine(here string) (finding, error) { return finding{here: here, ok: true}, nil }

func faulty(k storefault.Kind, here string) (finding, error) {
	return finding{here: here, kind: k}, nil
}

// different is another answer than S3's, by which no known promise is broken.
func different(here, means string) (finding, error) { return finding{here: here, means: means}, nil }

// answer is what the store answered to the last call.
func (t *trial) answer(err error) string {
	if said := t.log.Last(); said != "" {
		return said
	}
	for _, known := range []error{archive.ErrNotFound, archive.ErrPreconditionFailed, archive.ErrConflict} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return err.Error()
	}
	return "acknowledged"
}

// put writes with no condition.
func (t *trial) put(body string) (etag string, err error) {
	return t.store.Put(t.ctx, t.key, []byte(body), archive.Condition{})
}

func (t *trial) delete() error {
	return t.store.Delete(t.ctx, t.key, archive.Condition{})
}

// versions writes bodies one on top of the other, with no condition, and returns their ETags.
func (t *trial) versions(bodies ...string) ([]string, error) {
	var etags []string
	for _, body := range bodies {
		etag, err := t.put(body)
		if err != nil {
			return nil, err
		}
		etags = append(etags, etag)
	}
	return etags, nil
}

// stored is what a read finds: a body, or nothing.
type stored struct {
	there      bool
	body, etag string
}

func (t *trial) read() (stored, error) {
	body, etag, err := t.store.Get(t.ctx, t.key)
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return stored{}, nil
	case err != nil:
		return stored{}, err
	}
	return stored{true, string(body), etag}, nil
}

// mustBe reads, and again if it is not what is wanted: what is right later was a stale read.
// The error is the fault; here is what had been answered before.
func (t *trial) mustBe(here string, want stored) (stored, error) {
	got, err := t.read()
	same := func() bool { return got.there == want.there && got.body == want.body }
	if err != nil || same() {
		return got, err
	}
	const wait = 200 * time.Millisecond
	if err := (archive.WallClock{}).Sleep(t.ctx, wait); err != nil {
		return got, err
	}
	first := tell(got, want)
	if got, err = t.read(); err != nil {
		return got, err
	}
	switch {
	case same():
		return got, storefault.Errorf(storefault.StaleRead, "%s; then %s, but right %v later", here, first, wait)
	case got.there && strings.HasPrefix(want.body, got.body):
		return got, storefault.Errorf(storefault.StrangeBody, "%s; then %s", here, tell(got, want))
	case !want.there:
		return got, storefault.Errorf(storefault.UndoneDelete, "%s; then %s", here, tell(got, want))
	}
	return got, storefault.Errorf(storefault.LostWrite, "%s; then %s", here, tell(got, want))
}

func tell(got, want stored) string {
	switch {
	case !got.there:
		return "nothing is there"
	case !want.there:
		return "there is an object"
	case len(got.body) != len(want.body):
		return fmt.Sprintf("%d bytes are stored, and not the %d that were acknowledged", len(got.body), len(want.body))
	}
	return "another body is stored"
}

func isFault(err error) bool {
	_, yes := errors.AsType[*storefault.Error](err)
	return yes
}

// undecided reports whether an answer says nothing about the condition.
func undecided(err error) bool {
	return errors.Is(err, archive.ErrUnavailable) || errors.Is(err, archive.ErrThrottled) || archive.MayBeApplied(err)
}

// mustRefuse makes a write whose condition does not hold. before is what is stored; "": nothing.
func (t *trial) mustRefuse(cond archive.Condition, before string) (finding, error) {
	const body = "what must be refused"
	_, err := t.store.Put(t.ctx, t.key, []byte(body), cond)
	here := t.answer(err)
	switch {
	case err == nil, isFault(err): // an acknowledgement without an ETag is one
		return faulty(storefault.IgnoredCondition, here)
	case undecided(err):
		return finding{}, err
	}
	got, err := t.mustBe(here, stored{there: before != "", body: before})
	if err != nil && got.there && got.body == body {
		return faulty(storefault.RefusedAndKept, here+", and it is stored")
	}
	return finding{here: here, ok: true}, err
}

// mustAccept makes a write whose condition holds.
func (t *trial) mustAccept(body string, cond archive.Condition) (finding, error) {
	etag, err := t.store.Put(t.ctx, t.key, []byte(body), cond)
	here := t.answer(err)
	switch {
	case undecided(err):
		return finding{}, err
	case err != nil:
		return faulty(storefault.WrongRefusal, here)
	case etag == "":
		return faulty(storefault.NoETag, here+" without an ETag")
	}
	return t.mustHold(here, body)
}

func (t *trial) mustHold(here, body string) (finding, error) {
	got, err := t.mustBe(here, stored{there: true, body: body})
	if err == nil && got.etag == "" {
		return faulty(storefault.NoETag, here+"; read without an ETag")
	}
	return finding{here: here, ok: true}, err
}

// send makes a raw request to the row's key.
func (t *trial) send(method, body string, headers ...string) (wire.Answer, string, error) {
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	a, err := t.raw.Send(t.ctx, wire.Request{Method: method, Key: t.key, Header: h, Body: []byte(body)})
	return a, told(a), err
}

// ask is send of what an answer must tell: 5xx and 403 tell that nobody has looked at the
// condition. 501 is an answer of S3's own.
func (t *trial) ask(method, body string, headers ...string) (wire.Answer, string, error) {
	a, here, err := t.send(method, body, headers...)
	switch {
	case err != nil:
	case a.Status >= 500 && a.Status != http.StatusNotImplemented, a.Status == http.StatusTooManyRequests:
		err = fmt.Errorf("%s %s: %w: %s", method, t.key, archive.ErrUnavailable, here)
	case a.Status == http.StatusForbidden:
		err = fmt.Errorf("%s %s: it is not allowed: %s", method, t.key, here)
	}
	return a, here, err
}

// told is an answer in a few words.
func told(a wire.Answer) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, a.Code()))
}

func acknowledged(a wire.Answer) bool { return a.Status < 300 && a.Code() == "" }
