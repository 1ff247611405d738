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

// row is a promise, and how it is tried.
type row struct {
	name, aws string
	subject   storefault.Subject
	means     string // if it is kept, or broken by no known fault
	quick     bool   // of the short form too
	raw       bool   // it needs a Sender
	try       func(*trial) (finding, error)
}

const neverSent = "The core never sends it."

var rows = []row{
	{name: "create on nothing", aws: "200", subject: storefault.Writes, quick: true,
		means: "New documents can be created.", try: func(t *trial) (finding, error) {
			return t.mustAccept("created", archive.IfAbsent())
		}},
	{name: "create over an object", aws: "412 PreconditionFailed", subject: storefault.Writes, quick: true,
		means: "Nobody creates over a document.", try: func(t *trial) (finding, error) {
			if _, err := t.versions("first"); err != nil {
				return finding{}, err
			}
			return t.mustRefuse(archive.IfAbsent(), "first")
		}},
	{name: "create after a delete", aws: "200", subject: storefault.Writes,
		means: "What was deleted can be created again.", try: func(t *trial) (finding, error) {
			if _, err := t.versions("first"); err != nil {
				return finding{}, err
			}
			if err := t.delete(); err != nil {
				return finding{}, err
			}
			return t.mustAccept("again", archive.IfAbsent())
		}},
	{name: "update of the current version", aws: "200", subject: storefault.Writes, quick: true,
		means: "Documents can be saved.", try: func(t *trial) (finding, error) {
			etags, err := t.versions("first")
			if err != nil {
				return finding{}, err
			}
			return t.mustAccept("second", archive.IfMatch(etags[0]))
		}},
	{name: "update of an old version", aws: "412 PreconditionFailed", subject: storefault.Writes, quick: true,
		means: "Nobody saves on top of an old version.", try: func(t *trial) (finding, error) {
			etags, err := t.versions("first", "second")
			if err != nil {
				return finding{}, err
			}
			return t.mustRefuse(archive.IfMatch(etags[0]), "second")
		}},
	{name: "update of nothing", aws: "404 NoSuchKey", subject: storefault.Writes, quick: true,
		means: "An update creates nothing. If it is told 412, it reads again and finds that there is nothing.",
		try: func(t *trial) (finding, error) {
			return t.mustRefuse(archive.IfMatch(`"d41d8cd98f00b204e9800998ecf8427e"`), "")
		}},
	{name: "update of what was deleted", aws: "404 NoSuchKey", subject: storefault.Writes,
		means: "An update brings nothing back. If it is told 412, it reads again and finds that there is nothing.",
		try: func(t *trial) (finding, error) {
			etags, err := t.versions("first")
			if err != nil {
				return finding{}, err
			}
			if err := t.delete(); err != nil {
				return finding{}, err
			}
			return t.mustRefuse(archive.IfMatch(etags[0]), "")
		}},
	{name: "write without a condition", aws: "200", subject: storefault.Writes,
		means: "The core makes none.", try: func(t *trial) (finding, error) {
			if _, err := t.versions("a longer first version"); err != nil {
				return finding{}, err
			}
			return t.mustAccept("second", archive.Condition{})
		}},
	{name: "create with the ETag of what is there", aws: "501 NotImplemented", raw: true, means: neverSent, try: ifNoneMatchETag},
	{name: "update of any version (If-Match: *)", aws: "not documented", raw: true, means: neverSent, try: ifMatchAny(true)},
	{name: "update of any version, of nothing", aws: "not documented", raw: true, means: neverSent, try: ifMatchAny(false)},
	{name: "both conditions", aws: "not documented", raw: true, means: neverSent, try: bothConditions},
	{name: "status of a refusal", aws: "4xx; may be inside a 200", raw: true,
		means: "The adapter goes by the error code.", try: statusOfRefusal},

	{name: "delete of the current version", aws: "204", subject: storefault.Deletes,
		means: "The core makes no conditional delete.", try: deleteCurrent},
	{name: "delete of an old version", aws: "412 PreconditionFailed", subject: storefault.Deletes,
		means: "Nobody deletes on top of an old version.", try: deleteOld},
	{name: "delete of nothing, on a condition", aws: "404 NoSuchKey", subject: storefault.Deletes,
		means: "Of two who delete, one is told that it was not the one.", try: deleteNothing},

	{name: "one ETag for one version", aws: "PUT, GET and HEAD agree", subject: storefault.Writes, quick: true,
		means: "What a save answered can be saved on.", try: oneETag},
	{name: "ETag is strong", aws: "strong", raw: true, subject: storefault.Writes,
		means: "By a weak one no write can be made conditional (RFC 9110, 13.1.1).", try: strongETag},
	{name: "same bytes, written twice", aws: "the same ETag (MD5)",
		means: "If the ETag is the same, A, B and A again can't be told from A; each write of the core has an id of its own, so that no two have the same bytes.",
		try:   sameBytes},
	{name: "read after write", aws: "sees it", subject: storefault.Reads, quick: true,
		means: "A save is seen by all at once.", try: readAfterWrite},
	{name: "100 KB, each byte", aws: "stored as sent", subject: storefault.Reads,
		means: "Documents come back as they were.", try: everyByte},
	{name: "listing after a write", aws: "sees it", means: "Who looks for forgotten triggers finds all objects.", try: listing},
	{name: "wrong Content-MD5", aws: "400 BadDigest", raw: true,
		means: "A body that was garbled on its way is refused.", try: wrongDigest},

	{name: "permission to read what is not there", aws: "404 NoSuchKey", quick: true,
		means: "Without s3:ListBucket S3 answers 403 for a missing key, and no document can be created.", try: mayReadNothing},
	{name: "permission to read", aws: "200", means: "It needs s3:GetObject.", try: mayRead},
	{name: "permission to look (HEAD)", aws: "200", means: "It needs s3:GetObject.", try: mayLook},
	{name: "permission to list", aws: "200", means: "It needs s3:ListBucket; the core does not list, who looks for forgotten triggers does.", try: mayList},
	{name: "permission to delete", aws: "204", means: "It needs s3:DeleteObject; the core deletes only what a caller deletes.", try: mayDelete},
	{name: "versioning", aws: "as the bucket is set", raw: true, means: "A bucket with versions keeps each save, and a clean-up must remove them all.", try: versioning},
	{name: "clock", aws: "within 15 minutes", raw: true, means: "Signatures of a clock that is further off are refused.", try: clock},
}

func ifNoneMatchETag(t *trial) (finding, error) {
	etags, err := t.versions("first")
	if err != nil {
		return finding{}, err
	}
	a, here, err := t.send(http.MethodPut, "second", "If-None-Match", etags[0])
	if err != nil {
		return finding{}, err
	}
	if acknowledged(a) {
		return finding{here: here + ": ignored", means: neverSent + " A program that does replaces what it wanted to keep."}, nil
	}
	return fine(here)
}

func ifMatchAny(present bool) func(*trial) (finding, error) {
	return func(t *trial) (finding, error) {
		if present {
			if _, err := t.versions("first"); err != nil {
				return finding{}, err
			}
		}
		a, here, err := t.send(http.MethodPut, "second", "If-Match", "*")
		switch {
		case err != nil:
			return finding{}, err
		case !present && acknowledged(a):
			return finding{here: here + ": created", means: neverSent + " A program that does creates what it wanted to update."}, nil
		}
		return fine(here)
	}
}

func bothConditions(t *trial) (finding, error) {
	etags, err := t.versions("first")
	if err != nil {
		return finding{}, err
	}
	a, here, err := t.send(http.MethodPut, "second", "If-Match", etags[0], "If-None-Match", "*")
	switch {
	case err != nil:
		return finding{}, err
	case acknowledged(a):
		return finding{here: here, means: neverSent + " By RFC 9110, 13.2.2, it must be refused."}, nil
	}
	return fine(here)
}

func statusOfRefusal(t *trial) (finding, error) {
	if _, err := t.versions("first"); err != nil {
		return finding{}, err
	}
	a, here, err := t.send(http.MethodPut, "second", "If-None-Match", "*")
	return finding{here: here, ok: a.Status >= 400 || a.Code() != "" || acknowledged(a)}, err
}

func deleteCurrent(t *trial) (finding, error) {
	etags, err := t.versions("first")
	if err != nil {
		return finding{}, err
	}
	err = t.store.Delete(t.ctx, t.key, archive.IfMatch(etags[0]))
	here := t.answer(err)
	switch {
	case undecided(err):
		return finding{}, err
	case err != nil:
		return finding{here: here, means: "Conditional deletes don't work; the core makes none."}, nil
	}
	if _, err := t.store.Head(t.ctx, t.key); !errors.Is(err, archive.ErrNotFound) {
		if err != nil {
			return finding{}, err
		}
		return faulty(storefault.UndoneDelete, here+"; then it is there")
	}
	return fine(here)
}

func deleteOld(t *trial) (finding, error) {
	etags, err := t.versions("first", "second")
	if err != nil {
		return finding{}, err
	}
	err = t.store.Delete(t.ctx, t.key, archive.IfMatch(etags[0]))
	here := t.answer(err)
	switch {
	case err == nil:
		return faulty(storefault.IgnoredDelete, here)
	case undecided(err):
		return finding{}, err
	}
	return t.mustHold(here, "second")
}

func deleteNothing(t *trial) (finding, error) {
	etags, err := t.versions("first")
	if err != nil {
		return finding{}, err
	}
	if err := t.delete(); err != nil {
		return finding{}, err
	}
	err = t.store.Delete(t.ctx, t.key, archive.IfMatch(etags[0]))
	here := t.answer(err)
	switch {
	case err == nil:
		return faulty(storefault.IgnoredDelete, here)
	case undecided(err):
		return finding{}, err
	}
	return fine(here)
}

func oneETag(t *trial) (finding, error) {
	put, err := t.put("first", archive.Condition{})
	if err != nil {
		return finding{}, err
	}
	_, get, err := t.get()
	if err != nil {
		return finding{}, err
	}
	head, err := t.store.Head(t.ctx, t.key)
	switch here := fmt.Sprintf("PUT %s, GET %s, HEAD %s", put, get, head); {
	case err != nil:
		return finding{}, err
	case put == "" || get == "":
		return faulty(storefault.NoETag, here)
	case put != get || get != head:
		return faulty(storefault.UnstableETag, here)
	}
	return fine("PUT, GET and HEAD agree")
}

func strongETag(t *trial) (finding, error) {
	if _, err := t.versions("first"); err != nil {
		return finding{}, err
	}
	a, _, err := t.send(http.MethodGet, "")
	if err != nil {
		return finding{}, err
	}
	etag := a.Header.Get("ETag")
	return finding{here: etag, ok: etag != "" && !strings.HasPrefix(etag, "W/")}, nil
}

func sameBytes(t *trial) (finding, error) {
	etags, err := t.versions("A", "B", "A")
	if err != nil {
		return finding{}, err
	}
	if etags[0] == etags[2] {
		return fine("the same ETag")
	}
	return fine("another ETag")
}

// readAfterWrite reads on every way there.
func readAfterWrite(t *trial) (finding, error) {
	const times = 5
	for i := range times {
		body := fmt.Sprintf("write %d", i)
		etag, err := t.put(body, archive.Condition{})
		if err != nil {
			return finding{}, err
		}
		for _, front := range t.all {
			got, gotTag, err := front.Store.Get(t.ctx, t.key)
			switch {
			case errors.Is(err, archive.ErrNotFound):
				return faulty(storefault.StaleRead, fmt.Sprintf("write %d of %d: not there", i+1, times))
			case err != nil:
				return finding{}, err
			case string(got) != body:
				return faulty(storefault.StaleRead, fmt.Sprintf("write %d of %d: the body of the write before", i+1, times))
			case gotTag != etag:
				return faulty(storefault.UnstableETag, fmt.Sprintf("write %d of %d: ETag %s, read with %s", i+1, times, etag, gotTag))
			}
		}
	}
	if err := t.delete(); err != nil {
		return finding{}, err
	}
	for _, front := range t.all {
		_, _, err := front.Store.Get(t.ctx, t.key)
		if err == nil {
			return faulty(storefault.StaleRead, "there after its deletion")
		}
		if !errors.Is(err, archive.ErrNotFound) {
			return finding{}, err
		}
	}
	return fine("sees it")
}

func everyByte(t *trial) (finding, error) {
	const size = 100_000
	body := bytes.Repeat([]byte("\x00\r\n\xff\t\"ž"), size/8)
	if _, err := t.put(string(body), archive.Condition{}); err != nil {
		return finding{}, err
	}
	got, _, err := t.get()
	switch {
	case err != nil:
		return finding{}, err
	case got != string(body):
		return faulty(storefault.StrangeBody, fmt.Sprintf("%d bytes, not those that were sent", len(got)))
	}
	return fine("stored as sent")
}

func listing(t *trial) (finding, error) {
	lister, can := t.front.Store.(archive.Lister)
	if !can {
		return finding{}, errors.ErrUnsupported
	}
	listed := func() (bool, error) {
		page, err := lister.List(t.ctx, t.key, "")
		return err == nil && len(page) > 0 && page[0].Key == t.key, err
	}
	if _, err := t.versions("first"); err != nil {
		return finding{}, err
	}
	there, err := listed()
	if err != nil {
		return finding{}, err
	}
	if err := t.delete(); err != nil {
		return finding{}, err
	}
	still, err := listed()
	switch {
	case err != nil:
		return finding{}, err
	case !there || still:
		return finding{here: fmt.Sprintf("listed after the write: %t, after its deletion: %t", there, still)}, nil
	}
	return fine("sees it")
}

func wrongDigest(t *trial) (finding, error) {
	a, here, err := t.send(http.MethodPut, "first", "Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==") // of no bytes
	if acknowledged(a) {
		return finding{here: here, means: "A body that was garbled on its way is refused for its signature, or by TLS, or not at all."}, err
	}
	return finding{here: here, ok: true}, err
}

// permitted is what came of a call that needs a permission.
func (t *trial) permitted(err error) (finding, error) {
	here := t.answer(err)
	switch {
	case err == nil:
		return fine(here)
	case undecided(err):
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
	_, _, err := t.get()
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
	theirs, err := http.ParseTime(a.Header.Get("Date"))
	if err != nil {
		return finding{here: "no Date in the answer", ok: true}, nil
	}
	const cut, most = 500 * time.Millisecond, 5 * time.Minute
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
