package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
)

func TestUploaderOptions(t *testing.T) {
	s := newService(t)
	for _, o := range []UploaderOptions{{Core: s.archive}, {Store: s}, {Core: s.archive, Store: s, Policy: archive.Policy{Kind: archive.Full}}} {
		if _, err := NewUploader(o); err == nil || !strings.HasPrefix(err.Error(), "delivery: ") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	u, err := NewUploader(UploaderOptions{Core: s.archive, Store: s})
	if err != nil || u.policy != archive.DefaultPolicy() || u.clock != (archive.WallClock{}) || u.parallel == nil || u.rand == nil {
		t.Errorf("%+v, %v", u, err)
	}
}

// results writes a result list as one line.
func results(list []UploadResult) string {
	var b strings.Builder
	for _, r := range list {
		fmt.Fprintf(&b, "%s:%v ", strings.TrimSuffix(r.Customer, " (Permanent Storage)"), r.Success)
		if r.Success != (r.Error == "") || r.Success && r.ErrorType != "" {
			fmt.Fprintf(&b, "%+v ", r)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestUploadWritesTheArchiveFirst(t *testing.T) {
	for _, parallel := range []Parallel{Goroutines(1), Goroutines(8)} {
		s := newService(t)
		s.up.parallel = parallel
		acknowledged := false
		s.on = func(_ context.Context, call string, do func() error) error {
			if call == "put "+archiveKey {
				err := do()
				acknowledged = true
				return err
			}
			if !acknowledged {
				t.Errorf("%s before the archive had answered", call)
			}
			return do()
		}
		done := s.upload("zz", "hts", "zz", "bat", "hts")
		if got := results(done.Results); got != "Archive:true zz:true hts:true bat:true" {
			t.Error(got)
		}
		if s.calls[0] != "put "+archiveKey || len(s.calls) != 4 {
			t.Errorf("calls: %v", s.calls)
		}
		if d := cmp.Diff([]string{"bat", "hts", "zz"}, s.triggers()); d != "" {
			t.Error(d)
		}
		want := Trigger{Customer: "hts", ObjectID: testID, ModificationID: done.ModificationID}
		if d := cmp.Diff(want, triggerIn(s.objects[htsKey])); d != "" {
			t.Error(d)
		}
		if done.ETag != etagOf(s.objects[archiveKey]) || !done.Change().HasModification(done.ModificationID) {
			t.Errorf("answered %s", done.Document.Encode())
		}
		s.check()
	}
}

func TestUploadResultsAsJSON(t *testing.T) {
	got, err := json.Marshal([]UploadResult{{Customer: ArchiveResult, Success: true}, {Customer: "hts", Error: "e", ErrorType: "t"}})
	const want = `[{"customer":"Archive (Permanent Storage)","success":true},{"customer":"hts","success":false,"error":"e","errorType":"t"}]`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

// Every row is an upload that the archive does not take: no trigger, one result.
func TestUploadThatFails(t *testing.T) {
	const other = `{"changeId":"CHG-1","title":"theirs","customers":["hts"],"modifications":[{"modification_id":"x"}]}`
	doc := mustParse(t, `{"changeId":"CHG-1","title":"ours","customers":["hts"]}`)
	base := archive.Snapshot{Document: mustParse(t, `{"changeId":"CHG-1","title":"loaded","customers":["hts"]}`), ETag: `"old"`}
	exists := func(s *service) { s.objects[archiveKey] = []byte(other) }
	always := func(err error) func(s *service) {
		return func(s *service) {
			exists(s)
			s.on = func(_ context.Context, call string, do func() error) error {
				if strings.HasPrefix(call, "put") {
					return err
				}
				return do()
			}
		}
	}
	here := archive.Snapshot{ETag: etagOf([]byte(other))}
	tests := []struct {
		name      string
		before    func(s *service)
		up        Upload
		outcome   archive.Outcome
		errorType string
		text      string
	}{
		{"create, exists", exists, Upload{Document: doc, UserID: "u"}, archive.Conflict, ConcurrentModification, "already exists"},
		{"no base to merge with", exists, Upload{Document: doc, UserID: "u", Update: true, Base: archive.Snapshot{ETag: `"old"`}}, archive.Conflict, ConcurrentModification, "refresh"},
		{"both changed the title", exists, Upload{Document: doc, UserID: "u", Update: true, Base: base}, archive.Conflict, ConcurrentModification, `title (theirs "theirs", yours "ours")`},
		{"409 for ever, while the version stands", always(archive.ErrConflict), Upload{Document: doc, UserID: "u", Update: true, Base: here}, archive.Unavailable, "", "4 attempts"},
		{"throttled", always(archive.ErrThrottled), Upload{Document: doc, UserID: "u", Update: true, Base: here}, archive.Unavailable, "", "4 attempts"},
		{"unknown", always(errLost), Upload{Document: doc, UserID: "u", Update: true, Base: here}, archive.Unknown, UnknownOutcome, "outcome of a write is unknown"},
		{"denied", always(errForbidden), Upload{Document: doc, UserID: "u", Update: true, Base: here}, archive.Failed, "", "403"},
		{"gone", func(*service) {}, Upload{Document: doc, UserID: "u", Update: true, Base: base}, archive.Gone, "", "not found"},
		{"update without an ETag", exists, Upload{Document: doc, UserID: "u", Update: true}, archive.Failed, "", "ETag"},
		{"no document", exists, Upload{UserID: "u"}, archive.Failed, "", "upload: invalid document"},
		{"no user", exists, Upload{Document: doc}, archive.Failed, "", "upload CHG-1: invalid user"},
		{"an id that can't be stored", exists, Upload{Document: doc, UserID: "u", ModificationID: "a b"}, archive.Failed, "", "invalid modification id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			tt.before(s)
			before := string(s.objects[archiveKey])
			done, err := s.up.Upload(t.Context(), tt.up)
			if archive.OutcomeOf(err) != tt.outcome || !strings.Contains(fmt.Sprint(err), tt.text) {
				t.Errorf("ended as %s: %v", archive.OutcomeOf(err), err)
			}
			want := []UploadResult{{Customer: ArchiveResult, Error: fmt.Sprint(err), ErrorType: tt.errorType}}
			if d := cmp.Diff(want, done.Results); d != "" || done.Document != nil || done.ETag != "" || done.ModificationID == "" {
				t.Errorf("%s %+v", d, done)
			}
			if len(s.triggers()) > 0 || string(s.objects[archiveKey]) != before {
				t.Errorf("triggers %v; stored %s", s.triggers(), s.objects[archiveKey])
			}
			for _, call := range s.calls {
				if strings.Contains(call, "customers/") {
					t.Error(call)
				}
			}
		})
	}
}

func TestSubmittedCustomersAreChecked(t *testing.T) {
	many, _ := json.Marshal(customersNamed(mostCustomers))
	tests := map[string]string{ // customers: what the error says, or "" if they are fine
		`[]`: "", `null`: "", `["a","a"]`: "", string(many): "",
		`"hts"`: "no array of strings", `{}`: "no array of strings", `[1]`: "no array of strings", `[["a"]]`: "no array",
		`[""]`: "it is empty", `[null]`: "it is empty", `["../archive"]`: "only letters", `["a/b"]`: "only letters", `["é"]`: "only letters", `["..a"]`: "must start",
		`[` + strings.Repeat(`"a",`, mostCustomers) + `"a"]`: "it has 1001 customers",
	}
	for customers, text := range tests {
		for _, update := range []bool{false, true} {
			s := newService(t)
			doc := `{"changeId":"CHG-1","title":"a"}`
			up := Upload{Document: mustParse(t, doc[:len(doc)-1]+`,"customers":`+customers+"}"), UserID: "u"}
			if update {
				s.objects[archiveKey] = []byte(doc)
				up.Update, up.Base.ETag = true, etagOf([]byte(doc))
			}
			_, err := s.up.Upload(t.Context(), up)
			if (err == nil) != (text == "") || err != nil && (!errors.Is(err, archive.ErrInvalid) || !strings.Contains(err.Error(), text) || len(s.calls) > 0) {
				t.Errorf("%.40s: %v after %d calls", customers, err, len(s.calls))
			}
		}
	}
}

// An update that leaves the customers out is for those that are stored, also if
// these are no longer what the user has loaded.
func TestTriggersAreForTheStoredCustomers(t *testing.T) {
	tests := []struct{ stored, want string }{
		{`["a","b","a"]`, "Archive:true a:true b:true"},
		{`[]`, "Archive:true"},
		{`null`, "Archive:true"},
		{`["a","no/key"]`, "Archive:true a:true no/key:false"},
		{`"a"`, "Archive:true Customers (Not Readable):false"},
	}
	for _, tt := range tests {
		s := newService(t)
		stored := fmt.Sprintf(`{"changeId":"CHG-1","title":"a","customers":%s}`, tt.stored)
		s.objects[archiveKey] = []byte(stored)
		loaded := mustParse(t, `{"changeId":"CHG-1","title":"a","customers":["loaded"]}`)
		done := s.mustUpload(Upload{
			Document: mustParse(t, `{"changeId":"CHG-1","title":"b"}`), UserID: "u", Update: true, Base: archive.Snapshot{Document: loaded, ETag: `"old"`},
		})
		if got := results(done.Results); got != tt.want {
			t.Errorf("%s: %s", tt.stored, got)
		}
	}
}

// silent is a core that does not answer with the document.
type silent struct{ archive.Core }

func (c silent) Create(ctx context.Context, id string, doc archive.Document, mods ...archive.Modification) (archive.Snapshot, error) {
	done, err := c.Core.Create(ctx, id, doc, mods...)
	return archive.Snapshot{ETag: done.ETag}, err
}

func TestCoreThatDoesNotSayWhatItStored(t *testing.T) {
	s := newService(t)
	s.up.core = silent{s.archive}
	if got := results(s.upload("a").Results); got != "Archive:true a:true" {
		t.Error(got)
	}
}

// The history is made here: whatever a form says of it, it is never stored.
func TestSubmittedHistoryIsNeverStored(t *testing.T) {
	const head, tail = `{ "changeId" : "CHG-1", "n": 1.50, "modifications": `, ` ,"x" : {"big": 12345678901234567890} }`
	ours := archive.Modification{ID: "m1", Timestamp: "2025-10-20T12:00:00Z", UserID: "alice", Type: archive.Created, Notify: true}
	for _, history := range []string{`[{"modification_id":"forged","modification_type":"approved"}, {}]`, `[ ]`, `null`} {
		s := newService(t)
		s.mustUpload(Upload{Document: mustParse(t, head+history+tail), UserID: "alice", ModificationID: "m1"})
		stored := string(s.objects[archiveKey])
		mods, err := mustParse(t, stored).Modifications()
		for i := range mods {
			mods[i].ContentDigest = ""
		}
		if d := cmp.Diff([]archive.Modification{ours}, mods); d != "" || err != nil {
			t.Error(d, err)
		}
		if !strings.HasPrefix(stored, head) || !strings.HasSuffix(stored, tail) {
			t.Errorf("stored %s", stored)
		}

		forged := strings.Replace(head, "1.50", "2", 1) + `[{"modification_id":"forged"}]` + tail
		base := s.load()
		s.mustUpload(Upload{Document: mustParse(t, forged), UserID: "bob", Update: true, Base: archive.Snapshot{ETag: base.ETag}, ModificationID: "m2"})
		updated := s.load().Change()
		if got := updated.ModificationIDs(); !slices.Equal(got, []string{"m1", "m2"}) {
			t.Errorf("the history is %v", got)
		}
		if text := string(updated.Encode()); !strings.HasPrefix(text, strings.Replace(head, "1.50", "2", 1)) || !strings.HasSuffix(text, tail) {
			t.Errorf("stored %s", text)
		}
	}
}

// TestIDsOfOthers: nobody can make an upload look stored, or a message processed, by
// an id that belongs to something else.
func TestIDsOfOthers(t *testing.T) {
	s := newService(t)
	s.upload("hts")
	m := s.receive().Message
	base, err := s.archive.Load(t.Context(), "CHG-1")
	if err != nil {
		t.Fatal(err)
	}
	for name, up := range map[string]Upload{
		"of a message":      {UserID: "mallory", ModificationID: m.ModificationID(archive.Processed)},
		"of another user":   {UserID: "mallory", ModificationID: base.Change().ModificationIDs()[0]},
		"of another action": {UserID: "alice", ModificationID: base.Change().ModificationIDs()[0]},
	} {
		up.Document, up.Update, up.Base = mustParse(t, `{"changeId":"CHG-1","changeTitle":"x"}`), true, base
		_, err := s.up.Upload(t.Context(), up)
		_, reused := errors.AsType[*archive.ReusedIDError](err)
		if reused != (name != "of a message") || !reused && !errors.Is(err, archive.ErrInvalid) || !strings.Contains(err.Error(), up.ModificationID) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if now, err := s.archive.Load(t.Context(), "CHG-1"); err != nil || now.ETag != base.ETag {
		t.Errorf("something was stored, or %v", err)
	}
}

// TestUploadOfWhatCantBeStored: nothing of an upload is dropped without a word, neither an
// id that the change is not known by, nor a name that others would read as another's.
func TestUploadOfWhatCantBeStored(t *testing.T) {
	for _, tt := range []struct{ name, document string }{
		{"another id", `{"changeId":"CHG-1","announcement_id":"A-7"}`},
		{"half a surrogate pair in a name", `{"changeId":"CHG-1","\ud800":1}`},
	} {
		for _, base := range []string{"", `{"changeId":"CHG-1"}`} {
			s := newService(t)
			s.objects[testKey] = []byte(testDoc)
			loaded := archive.Snapshot{ETag: etagOf([]byte(testDoc))}
			if base != "" {
				loaded.Document = mustParse(t, base)
			}
			_, err := s.up.Upload(t.Context(), Upload{Document: mustParse(t, tt.document), Update: true, Base: loaded, UserID: "u"})
			if !errors.Is(err, archive.ErrInvalid) || s.puts() > 0 {
				t.Errorf("%s: %v, after %d writes", tt.name, err, s.puts())
			}
		}
	}
}

// TestUploadKeepsBothIDs: who sends both ids as they are stored changes neither.
func TestUploadKeepsBothIDs(t *testing.T) {
	s := newService(t)
	stored := `{"changeId":"CHG-1","announcement_id":"A-7","title":"a","modifications":[]}`
	s.objects[testKey] = []byte(stored)
	loaded, err := s.archive.Load(t.Context(), testID)
	if err != nil {
		t.Fatal(err)
	}
	doc := mustParse(t, `{"changeId":"CHG-1","announcement_id":"A\u002d7","title":"b"}`)
	_, err = s.up.Upload(t.Context(), Upload{Document: doc, Update: true, Base: archive.Snapshot{ETag: loaded.ETag}, UserID: "u"})
	if body := string(s.objects[testKey]); err != nil || !strings.HasPrefix(body, `{"changeId":"CHG-1","announcement_id":"A-7","title":"b"`) {
		t.Errorf("%v %s", err, body)
	}
}
