package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

func ifNoneMatchETag(t *trial) (finding, error) {
	etags, err := t.versions("first")
	if err != nil {
		return finding{}, err
	}
	a, here, err := t.ask(http.MethodPut, "second", "If-None-Match", etags[0])
	if err != nil {
		return finding{}, err
	}
	if acknowledged(a) {
		return different(here+": ignored", neverSent+" A program that does replaces what it wanted to keep.")
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
		a, here, err := t.ask(http.MethodPut, "second", "If-Match", "*")
		switch {
		case err != nil:
			return finding{}, err
		case !present && acknowledged(a):
			return different(here+": created", neverSent+" A program that does creates what it wanted to update.")
		}
		return fine(here)
	}
}

func bothConditions(t *trial) (finding, error) {
	etags, err := t.versions("first")
	if err != nil {
		return finding{}, err
	}
	a, here, err := t.ask(http.MethodPut, "second", "If-Match", etags[0], "If-None-Match", "*")
	switch {
	case err != nil:
		return finding{}, err
	case acknowledged(a):
		return different(here, neverSent+" By RFC 9110, 13.2.2, it must be refused.")
	}
	return fine(here)
}

func statusOfRefusal(t *trial) (finding, error) {
	if _, err := t.versions("first"); err != nil {
		return finding{}, err
	}
	a, here, err := t.ask(http.MethodPut, "second", "If-None-Match", "*")
	if err != nil {
		return finding{}, err
	}
	return finding{here: here, ok: a.Status >= 400 || a.Code() != "" || acknowledged(a)}, nil
}

func deleteCurrent(t *trial) (finding, error) {
	etags, err := t.versions("first")
	if err != nil {
		return finding{}, err
	}
	refusal := t.store.Delete(t.ctx, t.key, archive.IfMatch(etags[0]))
	here := t.answer(refusal)
	switch {
	case undecided(refusal):
		return finding{}, refusal
	case refusal != nil:
		return different(here, "Conditional deletes don't work; the core makes none.")
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
	put, err := t.put("first")
	if err != nil {
		return finding{}, err
	}
	got, err := t.mustBe("acknowledged", stored{there: true, body: "first"})
	if err != nil {
		return finding{}, err
	}
	get := got.etag
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

// anotherETag writes bodies of one length, at which a server without a better idea might look.
func anotherETag(t *trial) (finding, error) {
	etags, err := t.versions("A, of five", "B, of five", "C, of five", "D, of five", "E, of five")
	if err != nil {
		return finding{}, err
	}
	slices.Sort(etags)
	if len(slices.Compact(etags)) < 5 {
		return faulty(storefault.SharedETag, "the same, of two bodies")
	}
	return fine("another")
}

func strongETag(t *trial) (finding, error) {
	if _, err := t.versions("first"); err != nil {
		return finding{}, err
	}
	a, here, err := t.ask(http.MethodGet, "")
	if err != nil {
		return finding{}, err
	}
	if !acknowledged(a) {
		return finding{}, fmt.Errorf("get %s: %s, but it was written", t.key, here)
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
	look := func(what string, want stored) error {
		for i := range t.all {
			on := *t
			on.store = t.all[i].Store
			if _, err := on.mustBe(what, want); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range times {
		body := fmt.Sprintf("write %d", i)
		if _, err := t.put(body); err != nil {
			return finding{}, err
		}
		if err := look(fmt.Sprintf("write %d of %d", i+1, times), stored{there: true, body: body}); err != nil {
			return finding{}, err
		}
	}
	if err := t.delete(); err != nil {
		return finding{}, err
	}
	return finding{here: "sees it", ok: true}, look("a deletion", stored{})
}

func everyByte(t *trial) (finding, error) {
	const size = 100_000
	body := bytes.Repeat([]byte("\x00\r\n\xff\t\"ž"), size/8)
	if _, err := t.put(string(body)); err != nil {
		return finding{}, err
	}
	_, err := t.mustBe("acknowledged", stored{there: true, body: string(body)})
	return finding{here: "stored as sent", ok: true}, err
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
	a, here, err := t.ask(http.MethodPut, "first", "Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==") // of no bytes
	switch {
	case err != nil:
		return finding{}, err
	case acknowledged(a):
		return different(here, "A body that was garbled on its way is refused for its signature, or by TLS, or not at all.")
	}
	return fine(here)
}
