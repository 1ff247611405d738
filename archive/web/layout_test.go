package web

import (
	"net/http"
	"testing"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// ofOrders is the API of documents that have no name in common with changes.
func ofOrders(t *testing.T) *rig {
	r := newRig(t)
	core, err := archive.New(archive.Options{Store: r.store, Clock: instant{}, Layout: &archive.Layout{
		Prefix: "orders/", Suffix: ".json", Slashes: true, ID: []string{"order_id"}, History: "events", Customers: "notify",
		Entry: archive.EntryLayout{ID: "event_id", User: "by", Type: "kind", Required: []string{"by"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	uploader, err := delivery.NewUploader(delivery.UploaderOptions{Core: core, Store: r.store, Clock: instant{}})
	if err != nil {
		t.Fatal(err)
	}
	identify := func(*http.Request) (string, error) { return "ann", nil }
	if r.handler, err = New(Options{Core: core, Uploads: uploader, Identify: identify}); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnotherLayout(t *testing.T) {
	r := ofOrders(t)
	got := r.post(`{"metadata": {"order_id": "2026/11/O-77", "status": "open", "changeId": 7, "modifications": {}, "notify": ["hts"], "events": [{"event_id": "forged"}]}, "modificationId": "e1"}`)
	r.want(got, http.StatusOK, "")
	const stored = `{"order_id": "2026/11/O-77", "status": "open", "changeId": 7, "modifications": {}, "notify": ["hts"], "events": [{"event_id":"e1","by":"ann","kind":"created"}]}`
	if text := r.store.body("orders/2026/11/O-77.json"); text != stored {
		t.Errorf("stored is\n%s\nwant\n%s", text, stored)
	}
	if r.store.body("customers/hts/2026/11/O-77.json") == "" || len(r.store.keys()) != 2 {
		t.Errorf("stored are %q", r.store.keys())
	}
	loaded := r.get("2026/11/O-77")
	r.want(loaded, http.StatusOK, "")
	if escaped := r.get("2026%2F11%2FO-77"); string(escaped.body.Metadata) != stored || string(loaded.body.Metadata) != stored {
		t.Errorf("loaded is %s, by an escaped id %s", loaded.text, escaped.text)
	}
	update := `"isUpdate": true, "expectedETag": ` + quoted(got.body.NewETag)
	saved := r.post(`{"metadata": {"order_id": "2026/11/O-77", "changeId": 8}, "modificationId": "e2", ` + update + `}`)
	r.want(saved, http.StatusOK, "")
	r.want(r.post(`{"metadata": {"order_id": "2026/11/O-77"}, "remove": ["events"], "modificationId": "e4", `+update+`}`), http.StatusBadRequest, typeInvalid)
	r.want(r.post(`{"metadata": {"order_id": "2026/11/O-77"}, "remove": ["modifications"], "modificationId": "e5", "isUpdate": true, "expectedETag": `+quoted(saved.body.NewETag)+`}`), http.StatusOK, "")
	conflict := r.post(`{"metadata": {"order_id": "2026/11/O-77", "changeId": 9}, "base": {"order_id": "2026/11/O-77", "changeId": 7}, "modificationId": "e3", ` + update + `}`)
	r.want(conflict, http.StatusConflict, delivery.ConcurrentModification)
}

func TestWhatAnotherLayoutRefuses(t *testing.T) {
	r := ofOrders(t)
	for _, body := range []string{
		doc1,
		`{"metadata": {"order_id": "../O-77"}}`,
		`{"metadata": {"order_id": "a//b"}}`,
		`{"metadata": {"order_id": "O-77", "EVENTS": []}}`,
		`{"metadata": {"order_id": "O-77", "Order_ID": "x"}}`,
		`{"metadata": {"order_id": "O-77", "events": {}}}`,
	} {
		r.want(r.post(body), http.StatusBadRequest, typeInvalid)
	}
	for _, id := range []string{"a/../b", "a//b", "/a", "a/", "a%2F%2Fb", "..%2Fa"} {
		r.want(r.get(id), http.StatusBadRequest, typeInvalid)
	}
	for _, page := range []string{"/", "/changes/O-77", "/static/app.js"} {
		r.want(r.do(http.MethodGet, page, ""), http.StatusNotFound, typeNotFound)
	}
	r.wantNothing()
	own := newRig(t)
	own.want(own.get("2026/11/O-77"), http.StatusBadRequest, typeInvalid)
	own.wantNothing()
}
