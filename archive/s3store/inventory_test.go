package s3store_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
)

// inventory is what a store holds below a prefix, as key, whether it has a version, and bytes.
func inventory(t *testing.T, s *s3store.Store, prefix string, versions bool) (all []string, found []s3store.Entry) {
	t.Helper()
	for e, err := range s.Entries(t.Context(), prefix, versions) {
		if err != nil {
			t.Fatal(err)
		}
		if time.Since(e.Modified) > time.Minute {
			t.Errorf("%s was modified at %v", e.Key, e.Modified)
		}
		all, found = append(all, fmt.Sprintf("%s %v %d", e.Key, e.Version != "", e.Bytes)), append(found, e)
	}
	slices.Sort(all)
	return all, found
}

func foldersIn(t *testing.T, s *s3store.Store, prefix string, versions bool) (names []string) {
	t.Helper()
	for f, err := range s.Folders(t.Context(), prefix, versions) {
		if err != nil || time.Since(f.At) > time.Minute {
			t.Fatalf("%+v, %v", f, err)
		}
		names = append(names, f.Name)
	}
	return names
}

// fill makes two versions of one object, a deletion of another, and what is none of ours.
func fill(t *testing.T, whole *s3store.Store) *s3store.Store {
	t.Helper()
	s := whole.WithPrefix("p")
	for _, key := range []string{"run-1/a", "run-1/a", "run-2/b", "other"} {
		if _, err := s.Put(t.Context(), key, []byte("123"), archive.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := whole.Put(t.Context(), "run-3/c", nil, archive.Condition{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "run-2/b", archive.Condition{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestInventory(t *testing.T) {
	s := fill(t, start(t).Store())
	if state, err := s.Versioning(t.Context()); err != nil || state != "" {
		t.Errorf("versioning %q, %v", state, err)
	}
	if all, _ := inventory(t, s, "run-", false); !slices.Equal(all, []string{"run-1/a false 3"}) {
		t.Errorf("there are %v", all)
	}
	if folders := foldersIn(t, s, "run-", false); !slices.Equal(folders, []string{"run-1/"}) {
		t.Errorf("folders %v", folders)
	}
}

func TestInventoryOfVersions(t *testing.T) {
	server, err := fakes3.StartVersioned()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	s := fill(t, server.Store())
	if state, err := s.Versioning(t.Context()); err != nil || state != "Enabled" {
		t.Errorf("versioning %q, %v", state, err)
	}
	if v, err := s.VersionOf(t.Context(), "run-1/a"); err != nil || v == "" {
		t.Errorf("version %q, %v", v, err)
	}
	all, found := inventory(t, s, "run-", true)
	if !slices.Equal(all, []string{"run-1/a true 3", "run-1/a true 3", "run-2/b true 0", "run-2/b true 3"}) {
		t.Errorf("there are %v", all)
	}
	if folders := foldersIn(t, s, "run-", true); !slices.Equal(folders, []string{"run-1/", "run-2/"}) {
		t.Errorf("folders %v", folders)
	}
	for _, e := range found {
		for range 2 { // the second time it is not there, which is as well
			if err := s.DeleteVersion(t.Context(), e.Key, e.Version); err != nil {
				t.Error(err)
			}
		}
	}
	if all, _ := inventory(t, s, "", true); !slices.Equal(all, []string{"other true 3"}) {
		t.Errorf("left are %v", all)
	}
}

// TestInventoryHasPages: a listing goes on where the last page has ended.
func TestInventoryHasPages(t *testing.T) {
	const objects = 1100 // more than a page
	s := start(t).Store()
	for i := range objects {
		if _, err := s.Put(t.Context(), fmt.Sprintf("x/%04d/y", i), nil, archive.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	if all, _ := inventory(t, s, "x", false); len(slices.Compact(all)) != objects {
		t.Errorf("%d objects are listed, of %d", len(all), objects)
	}
}

// TestInventoryOfVersionsHasPages, which the embedded server cuts off.
func TestInventoryOfVersionsHasPages(t *testing.T) {
	now := time.Now().UTC().Format(time.RFC3339)
	var asked []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		asked = append(asked, q.Get("key-marker")+" "+q.Get("version-id-marker"))
		page := "<Version><Key>a</Key><VersionId>2</VersionId><Size>1</Size><LastModified>" + now + "</LastModified></Version>" +
			"<IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker><NextVersionIdMarker>2</NextVersionIdMarker>"
		if len(asked) > 1 {
			page = "<DeleteMarker><Key>a</Key><VersionId>1</VersionId><LastModified>" + now + "</LastModified></DeleteMarker><IsTruncated>false</IsTruncated>"
		}
		_, _ = io.WriteString(w, "<ListVersionsResult>"+page+"</ListVersionsResult>")
	})
	all, _ := inventory(t, s, "", true)
	if !slices.Equal(all, []string{"a true 0", "a true 1"}) || !slices.Equal(asked, []string{" ", "a 2"}) {
		t.Errorf("found %v, asked for what comes after %q", all, asked)
	}
}

// TestListingsThatCannotBeReliedOn end with an error, and none of them goes on for ever.
func TestListingsThatCannotBeReliedOn(t *testing.T) {
	const entry = "<Contents><Key>run-1/a</Key></Contents>"
	for name, c := range map[string]struct {
		pages   []string // the last one again and again
		entries int
		says    string
	}{
		"a page without a marker":    {[]string{entry + "<IsTruncated>true</IsTruncated>"}, 1, "the server does not say where"},
		"a page that follows itself": {[]string{entry + "<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"}, 2, "in a circle"},
		"two in turn": {[]string{
			entry + "<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>",
			entry + "<IsTruncated>true</IsTruncated><NextContinuationToken>y</NextContinuationToken>",
			entry + "<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>",
		}, 3, "in a circle"},
		"what was not asked for": {[]string{entry + "<Contents><Key>other/b</Key></Contents>"}, 0, `not asked for: "other/b"`},
		"a folder that was not":  {[]string{"<CommonPrefixes><Prefix>other/</Prefix></CommonPrefixes>"}, 0, `not asked for: "other/"`},
	} {
		asked := 0
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			page := c.pages[min(asked, len(c.pages)-1)]
			asked++
			_, _ = io.WriteString(w, "<ListBucketResult>"+page+"</ListBucketResult>")
		})
		entries, failed := 0, error(nil)
		for _, err := range s.Entries(t.Context(), "run-", false) {
			if err != nil {
				failed = err // and goes on
			} else if entries++; entries > 10 {
				t.Fatalf("%s: it goes on for ever", name)
			}
		}
		if failed == nil || !strings.Contains(failed.Error(), c.says) || entries != c.entries {
			t.Errorf("%s: %d entries, %v", name, entries, failed)
		}
	}
}

// TestAPageIsAskedForAgain, and not the whole listing.
func TestAPageIsAskedForAgain(t *testing.T) {
	var asked []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		token := r.URL.Query().Get("continuation-token")
		asked = append(asked, token)
		switch {
		case token == "":
			_, _ = io.WriteString(w, "<ListBucketResult><Contents><Key>a</Key></Contents><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListBucketResult>")
		case len(asked) == 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = io.WriteString(w, "<ListBucketResult><Contents><Key>b</Key></Contents></ListBucketResult>")
		}
	})
	var keys []string
	for e, err := range s.Entries(t.Context(), "", false) {
		if err == nil {
			keys = append(keys, e.Key)
		}
	}
	if !slices.Equal(keys, []string{"a", "b"}) || !slices.Equal(asked, []string{"", "x", "x"}) {
		t.Errorf("listed are %v, asked for what comes after %q", keys, asked)
	}
}
