package storetest_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/storetest"
)

func TestListing(t *testing.T) {
	m := newMemory()
	if err := storetest.Listing(t.Context(), m, m, 7); err != nil {
		t.Error(err)
	}
}

// listing is a lister that changes what the memory lists.
type listing struct {
	*memory
	change func(prefix, after string, page []archive.Listed) []archive.Listed
}

func (l listing) List(ctx context.Context, prefix, after string) ([]archive.Listed, error) {
	page, err := l.memory.List(ctx, prefix, after)
	return l.change(prefix, after, page), err
}

func TestListingFindsBrokenListers(t *testing.T) {
	for name, broken := range map[string]struct {
		change func(m *memory, prefix, after string, page []archive.Listed) []archive.Listed
		want   string
	}{
		"ignores where to begin": {func(m *memory, prefix, _ string, _ []archive.Listed) []archive.Listed {
			page, _ := m.List(context.Background(), prefix, "")
			return page
		}, "the page ends with"},
		"includes where to begin": {func(m *memory, _, after string, page []archive.Listed) []archive.Listed {
			if o, there := m.objects[after]; there && len(page) > 0 {
				page = append([]archive.Listed{{Key: after, Modified: o.modified}}, page...)
			}
			return page
		}, "want"},
		"ignores the prefix": {func(m *memory, _, after string, _ []archive.Listed) []archive.Listed {
			page, _ := m.List(context.Background(), "", after)
			return page
		}, "want"},
		"without order": {func(_ *memory, _, _ string, page []archive.Listed) []archive.Listed {
			slices.Reverse(page)
			return page
		}, "want"},
		"ends after a page": {func(_ *memory, _, after string, page []archive.Listed) []archive.Listed {
			if strings.HasSuffix(after, "2.json") {
				return nil
			}
			return page
		}, "want"},
		"no times": {func(_ *memory, _, _ string, page []archive.Listed) []archive.Listed {
			for i := range page {
				page[i].Modified = time.Time{}
			}
			return page
		}, "was modified"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			l := listing{m, func(prefix, after string, page []archive.Listed) []archive.Listed {
				return broken.change(m, prefix, after, page)
			}}
			if err := storetest.Listing(t.Context(), m, l, 7); err == nil || !strings.Contains(err.Error(), broken.want) {
				t.Errorf("found %v, want %q", err, broken.want)
			}
		})
	}
}
