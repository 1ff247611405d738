package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
)

// TestUntold: u is an upload's entry, e another's, p a "processed" of customer a or b that
// covers an entry.
func TestUntold(t *testing.T) {
	for _, tt := range []struct{ customers, history, want string }{
		{`["a","b"]`, "", ""},
		{`["a","b"]`, "u1", "a:1 b:1"},
		{`["a","b"]`, "e1", ""},                   // of other software, or before uploads were marked
		{`["a","b"]`, "u1 pa=1", "b:1"},           //
		{`["a","b"]`, "u1 pa=1 pb=1", ""},         //
		{`["a","b"]`, "u1 u2 pa=1 pb=2", "a:2"},   // later ones cover earlier ones
		{`["a","b"]`, "u1 u2 pa=2 pa=1 pb=2", ""}, // in whatever order they come
		{`["a","b"]`, "u1 pa=1 u2", "a:2 b:1,2"},  //
		{`["a","b"]`, "u1 u2 u3 pb=2", "a:1,2,3 b:3"},
		{`["b"]`, "u1", "b:1"},                  // who is no customer any more is not told
		{`["b","b"]`, "u1", "b:1"},              //
		{`[]`, "u1", ""},                        //
		{`["a"]`, "u1 pa=p1", "a:1"},            // its own id: it had read no upload
		{`["a","b"]`, "u1 pa= u2", "a:2 b:1,2"}, // who does not say covers what stands before
		{`["a"]`, "u1 u2 pa= pa=1", ""},         //
		{`["a"]`, "pa= u1", "a:1"},              //
		{`["a"]`, "pa=1 u1", "a:1"},             // nobody reads what is not there
		{`["a"]`, "u1 pa=9", "a:1"},             //
		{`["a"]`, "u1 pz=1", "a:1"},             // of another customer
		{`["a"]`, "u1 u2 u1 pa=1", "a:2"},       // other software has doubled an entry
		{`["a"]`, "u1 u2 pa=2 u1", ""},          //
		{`["a"]`, "u1 x", "a:1"},                // an entry that can't be decoded
		{`["a"]`, "u", ""},                      // a mark without an id
		{`["a"]`, "e1 u2 e3 pa=1", "a:2"},       // covers an entry that is no upload's
	} {
		c := untoldDoc(t, tt.customers, tt.history)
		untold, err := FindUntold(c)
		if err != nil {
			t.Errorf("%s: %v", tt.history, err)
		}
		var got []string
		for _, u := range untold {
			var ids []string
			for _, m := range u.Uploads {
				ids = append(ids, m.ID)
			}
			got = append(got, u.Customer+":"+strings.Join(ids, ","))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s for %s: %q, want %q", tt.history, tt.customers, s, tt.want)
		}
	}
	if _, err := FindUntold(untoldDoc(t, `"a"`, "u1")); !errors.Is(err, archive.ErrInvalid) {
		t.Errorf("customers that are none: %v", err)
	}
}

func untoldDoc(t *testing.T, customers, history string) *archive.Change {
	t.Helper()
	var entries []string
	for _, word := range strings.Fields(history) {
		kind, rest := word[:1], word[1:]
		id := ""
		if rest != "" {
			id = fmt.Sprintf(`"modification_id":%q,`, rest)
		}
		switch kind {
		case "u":
			entries = append(entries, fmt.Sprintf(`{%s"modification_type":"updated", "notify" : true}`, id))
		case "e":
			entries = append(entries, fmt.Sprintf(`{%s"modification_type":"updated"}`, id))
		case "x":
			entries = append(entries, `{"notify":true,"covers":7,"timestamp":1}`)
		case "p":
			code, covers, _ := strings.Cut(rest, "=")
			entries = append(entries, fmt.Sprintf(`{"modification_id":"p%d","modification_type":"processed","customer_code":%q,"covers":%q}`, len(entries), code, covers))
		}
	}
	return mustParse(t, fmt.Sprintf(`{"changeId":"CHG-1","customers":%s,"modifications":[%s]}`, customers, strings.Join(entries, ",")))
}

func TestLastUpload(t *testing.T) {
	for history, want := range map[string]string{"": "", "e1": "", "u1": "1", "u1 u2 e3 pa=1": "2", "u1 u": "1", "u1 x": "1"} {
		if got := LastUpload(untoldDoc(t, `[]`, history)); got != want {
			t.Errorf("%s: %q, want %q", history, got, want)
		}
	}
	job := Job{Message: Message{"hts", testID, "e"}}
	for _, history := range []string{"-", "", "e1", "u1"} {
		want := job.ModificationID(archive.Processed)
		switch history {
		case "-": // no document
		case "u1":
			want = "1"
			fallthrough
		default:
			job.Archived.Document = untoldDoc(t, `[]`, history)
		}
		if got := job.Covers(); got != want {
			t.Errorf("%s is covered by %q, want %q", history, got, want)
		}
	}
}

// A "processed" entry covers what its worker had loaded, not what came in while it worked.
func TestProcessedCoversWhatWasLoaded(t *testing.T) {
	s := newService(t)
	first := s.upload("hts")
	s.onWork(func() {
		s.dies("put " + htsKey)
		defer func() { _, s.on = recover(), nil }()
		s.mustUpload(Upload{Document: mustParse(t, `{"changeId":"CHG-1","title":"b"}`), Update: true, Base: first.Snapshot, UserID: "bob"})
	})
	s.back.Handle(t.Context(), s.receive())
	doc := mustParse(t, string(s.objects[archiveKey]))
	mods, err := doc.Modifications()
	last := mods[len(mods)-1]
	if err != nil || last.Type != archive.Processed || last.Covers != first.ModificationID || !mods[0].Notify || last.Notify || !mods[1].Notify {
		t.Fatalf("%+v, %v; want %s covered", mods, err, first.ModificationID)
	}
	if untold, _ := FindUntold(doc); len(untold) != 1 || untold[0].Uploads[0].ID != mods[1].ID {
		t.Errorf("untold: %+v", untold)
	}
	s.pass(time.Hour)
	r, _ := s.reconciler(nil)
	if got, err := r.Reconcile(t.Context(), testID); told(got) != "hts" || err != nil {
		t.Errorf("told %v, %v", got, err)
	}
}

// onWork lets something happen once, while a worker works.
func (s *service) onWork(event func()) {
	s.on = nil
	work := s.back.o.Work
	s.back.o.Work = workOnce(event, work)
}

func workOnce(event func(), work Work) Work {
	return func(ctx context.Context, job Job) (archive.Edit, error) {
		if event != nil {
			event()
			event = nil
		}
		return work(ctx, job)
	}
}
