package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// terse is a core that stores like another one, but does not say what.
type terse struct {
	Uploads
	document archive.Document
}

func (u terse) Upload(ctx context.Context, up delivery.Upload) (delivery.Uploaded, error) {
	done, err := u.Uploads.Upload(ctx, up)
	done.Document = u.document
	return done, err
}

// TestNoETagWithoutItsVersion: it would let its receiver overwrite what others put into
// the version, and what nobody has shown.
func TestNoETagWithoutItsVersion(t *testing.T) {
	for _, document := range []archive.Document{nil, (*archive.Change)(nil)} {
		r := newRig(t, func(o *Options) { o.Uploads = terse{o.Uploads, document} })
		r.want(r.post(doc1), http.StatusOK, "")
		etag := r.get("CHG-1").body.ETag
		r.store.interlope(t, key1, "changeTitle", `"Theirs"`)
		got := r.post(`{"metadata":{"changeId":"CHG-1","testPlan":"mine"},"isUpdate":true,"expectedETag":` + quoted(etag) +
			`,"base":{"changeId":"CHG-1","testPlan":"none"},"modificationId":"m-1"}`)
		r.want(got, http.StatusOK, "")
		if !got.body.Success || got.body.ModificationID != "m-1" || len(got.body.Results) != 3 || !strings.Contains(got.body.Message, "load the change") {
			t.Errorf("answered %s", got.text)
		}
		current := r.get("CHG-1").body.ETag
		if got.header.Get("ETag") != "" || strings.Contains(got.text, "newETag") || strings.Contains(got.text, strings.Trim(current, `"`)) {
			t.Errorf("an ETag without its version: %s, header %q", got.text, got.header.Get("ETag"))
		}
	}
}

// TestAnsweredVersionIsShown: a save that was merged, and one that is repeated after
// others have written, come to a version that its sender has not seen. Whoever is given
// its ETag is given all of it.
func TestAnsweredVersionIsShown(t *testing.T) {
	r, etag := created(t)
	save := `{"metadata":{"changeId":"CHG-1","testPlan":"mine"},"isUpdate":true,"expectedETag":` + quoted(etag) +
		`,"base":{"changeId":"CHG-1","testPlan":"none"},"modificationId":"m-1"}`
	for _, theirs := range []string{`"merged"`, `"repeated"`, `"repeated again"`} {
		r.store.interlope(t, key1, "changeTitle", theirs)
		got := r.post(save)
		r.want(got, http.StatusOK, "")
		if got.body.NewETag != r.get("CHG-1").body.ETag || got.header.Get("ETag") != got.body.NewETag {
			t.Errorf("the ETag is %s, header %s", got.body.NewETag, got.header.Get("ETag"))
		}
		if string(got.body.Metadata) != strings.TrimSpace(r.store.body(key1)) || !strings.Contains(got.text, theirs) {
			t.Errorf("its version is not in the answer: %s", got.text)
		}
	}
}

// TestLargeDocumentIsEditedByItsFields: what is loaded may be larger than what may be
// sent, as only what is changed has to be.
func TestLargeDocumentIsEditedByItsFields(t *testing.T) {
	r := newRig(t)
	large := strings.Replace(doc1, `"cost"`, `"report": "`+strings.Repeat("x", 1_200_000)+`", "cost"`, 1)
	r.store.set(key1, []byte(large))
	loaded := r.get("CHG-1")
	r.want(loaded, http.StatusOK, "")
	if len(loaded.text) <= defaultMaxBody {
		t.Fatalf("a document of %d bytes is not large", len(loaded.text))
	}
	whole := spread(string(loaded.body.Metadata), `"isUpdate":true,"expectedETag":`+quoted(loaded.body.ETag))
	r.want(r.post(whole), http.StatusRequestEntityTooLarge, typeTooLarge)
	r.store.interlope(t, key1, "changeTitle", `"Theirs"`)
	got := r.post(`{"metadata":{"changeId":"CHG-1","testPlan":"mine"},"isUpdate":true,"expectedETag":` + quoted(loaded.body.ETag) +
		`,"base":{"changeId":"CHG-1","testPlan":"none"}}`)
	r.want(got, http.StatusOK, "")
	stored := r.store.body(key1)
	for _, want := range []string{`"testPlan": "mine"`, `"Theirs"`, `"serial": 12345678901234567890,`} {
		if !strings.Contains(stored, want) {
			t.Errorf("%s is not stored", want)
		}
	}
	got = r.post(removal(got.body.NewETag, `["report"]`, ``))
	r.want(got, http.StatusOK, "")
	if n := len(r.store.body(key1)); n > 10_000 {
		t.Errorf("%d bytes are left", n)
	}
}
