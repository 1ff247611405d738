package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/archive/s3store/fakes3"
)

// seedClient is the script of the original edit page.
type seedClient struct {
	*rig
	currentETag string
	form        string
}

func (c *seedClient) loadChange(id string) {
	c.Helper()
	got := c.get(id)
	c.want(got, http.StatusOK, "")
	c.currentETag, c.form = got.body.ETag, string(got.body.Metadata)
}

func (c *seedClient) saveChanges() reply {
	c.Helper()
	got := c.post(spread(c.form, `"isUpdate":true,"expectedETag":`+quoted(c.currentETag)))
	if got.body.Success {
		c.currentETag = got.body.NewETag
	}
	return got
}

func (c *seedClient) edit(was, is string) {
	c.Helper()
	if !strings.Contains(c.form, was) {
		c.Fatalf("the form has no %s: %s", was, c.form)
	}
	c.form = strings.Replace(c.form, was, is, 1)
}

// TestSeedSequence replays what the original page sends, over HTTP, against S3's
// protocol.
func TestSeedSequence(t *testing.T) {
	s3, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s3.Close()
	core, err := archive.New(archive.Options{Store: s3.Store(), Bucket: secretBucket})
	if err != nil {
		t.Fatal(err)
	}
	uploader, err := delivery.NewUploader(delivery.UploaderOptions{Core: core, Store: s3.Store()})
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(Options{Core: core, Uploads: uploader, Anonymous: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	r := &rig{TB: t, handler: h, url: server.URL, log: &logText{}}

	const document = `{"changeId":"CHG-12345","changeTitle":"Deploy new feature","testPlan":"","customers":["customer-a","customer-b"]}`
	got := r.post(document)
	r.want(got, http.StatusOK, "")
	wantCustomers(t, got, "customer-a", "customer-b")
	got = r.post(document)
	r.want(got, http.StatusConflict, delivery.ConcurrentModification)
	if got.body.Reason != "exists" || len(got.body.Results) != 1 {
		t.Errorf("a second create: %s", got.text)
	}

	a, b := &seedClient{rig: r}, &seedClient{rig: r}
	a.loadChange("CHG-12345")
	b.loadChange("CHG-12345")
	a.edit("Deploy new feature", "Deploy new feature (updated)")
	a.edit(`"customer-b"]`, `"customer-b","customer-c"]`)
	got = a.saveChanges()
	r.want(got, http.StatusOK, "")
	wantCustomers(t, got, "customer-a", "customer-b", "customer-c")
	if got.body.NewETag == b.currentETag || got.header.Get("ETag") != got.body.NewETag {
		t.Errorf("new ETag %q, header %q, before %q", got.body.NewETag, got.header.Get("ETag"), b.currentETag)
	}

	b.edit(`"testPlan":""`, `"testPlan":"by hand"`)
	got = b.saveChanges()
	r.want(got, http.StatusConflict, delivery.ConcurrentModification)
	if got.body.Success || got.body.Reason != "conflict" || got.body.CurrentETag != a.currentETag {
		t.Errorf("the stale save: %s", got.text)
	}
	b.loadChange("CHG-12345")
	b.edit(`"testPlan":""`, `"testPlan":"by hand"`)
	r.want(b.saveChanges(), http.StatusOK, "")
	b.edit("by hand", "by machine")
	r.want(b.saveChanges(), http.StatusOK, "") // newETag served as the next expectedETag

	r.want(a.saveChanges(), http.StatusConflict, delivery.ConcurrentModification)
	a.loadChange("CHG-12345")
	for _, want := range []string{"(updated)", "by machine", `"customer-c"`} {
		if !strings.Contains(a.form, want) {
			t.Errorf("%s is lost: %s", want, a.form)
		}
	}
	doc, err := archive.ParseChange([]byte(a.form))
	if err != nil {
		t.Fatal(err)
	}
	mods, err := doc.Modifications()
	if err != nil || len(mods) != 4 {
		t.Fatalf("history %v, %v", mods, err)
	}
	if slices.ContainsFunc(doc.FieldNames(), func(name string) bool { return slices.Contains(envelopeKeys, name) }) {
		t.Errorf("the envelope was stored: %q", doc.FieldNames())
	}
}

func wantCustomers(t *testing.T, got reply, customers ...string) {
	t.Helper()
	want := []delivery.UploadResult{{Customer: delivery.ArchiveResult, Success: true}}
	for _, c := range customers {
		want = append(want, delivery.UploadResult{Customer: c, Success: true})
	}
	if !slices.Equal(got.body.Results, want) {
		t.Errorf("results %v, want %v", got.body.Results, want)
	}
}

// TestExhaustionIsConcurrentModification: the fields merge, but another writer is
// faster every time.
func TestExhaustionIsConcurrentModification(t *testing.T) {
	r, etag := created(t)
	base := r.store.body(key1)
	beaten := 0
	spoil := func() {
		beaten++
		r.store.interlope(t, key1, "meeting", fmt.Sprint(beaten))
	}
	r.store.onPut = onArchive(spoil)
	before := r.store.keys()
	got := r.post(`{"metadata":{"changeId":"CHG-1","testPlan":"mine"},"isUpdate":true,"expectedETag":` + quoted(etag) + `,"base":` + base + `}`)
	r.want(got, http.StatusConflict, delivery.ConcurrentModification)
	if got.body.Reason != "exhausted" || beaten != 4 || got.body.ModificationID == "" || len(got.body.Conflicts) > 0 {
		t.Errorf("beaten %d times: %s", beaten, got.text)
	}
	if want := "Unable to save after 4 attempts. The change was modified by another user. Please refresh and try again."; got.body.Message != want {
		t.Errorf("message %q", got.body.Message)
	}
	if result := got.body.Results[0]; result.Success || result.ErrorType != delivery.ConcurrentModification || result.Customer != delivery.ArchiveResult {
		t.Errorf("result %v", result)
	}
	if !slices.Equal(r.store.keys(), before) || strings.Contains(r.store.body(key1), "mine") {
		t.Error("something was written")
	}
	if log := r.log.String(); !strings.Contains(log, `level=WARN msg="retries exhausted"`) || !strings.Contains(log, "outcome=exhausted") {
		t.Error(log)
	}
}
