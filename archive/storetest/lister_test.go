package storetest_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/storetest"
	"holdfast/archive/storetest/broken"
)

func TestListing(t *testing.T) {
	m := broken.NewMemory()
	if err := storetest.Listing(t.Context(), m, m, 7); err != nil {
		t.Error(err)
	}
}

// listing is a lister that changes what the memory lists.
type listing struct {
	*broken.Memory
	change func(prefix, after string, page []archive.Listed) []archive.Listed
}

func (l listing) List(ctx context.Context, prefix, after string) ([]archive.Listed, error) {
	page, err := l.Memory.List(ctx, prefix, after)
	return l.change(prefix, after, page), err
}

func TestListingFindsBrokenListers(t *testing.T) {
	for name, wrong := range map[string]struct {
		change func(m *broken.Memory, prefix, after string, page []archive.Listed) []archive.Listed
		want   string
	}{
		"ignores where to begin": {func(m *broken.Memory, prefix, _ string, _ []archive.Listed) []archive.Listed {
			page, _ := m.List(context.Background(), prefix, "")
			return page
		}, "the page ends with"},
		"includes where to begin": {func(m *broken.Memory, _, after string, page []archive.Listed) []archive.Listed {
			if _, err := m.Head(context.Background(), after); err == nil && len(page) > 0 {
				page = append([]archive.Listed{{Key: after, Modified: page[0].Modified}}, page...)
			}
			return page
		}, "want"},
		"ignores the prefix": {func(m *broken.Memory, _, after string, _ []archive.Listed) []archive.Listed {
			page, _ := m.List(context.Background(), "", after)
			return page
		}, "want"},
		"without order": {func(_ *broken.Memory, _, _ string, page []archive.Listed) []archive.Listed {
			slices.Reverse(page)
			return page
		}, "want"},
		"ends after a page": {func(_ *broken.Memory, _, after string, page []archive.Listed) []archive.Listed {
			if strings.HasSuffix(after, "2.json") {
				return nil
			}
			return page
		}, "want"},
		"no times": {func(_ *broken.Memory, _, _ string, page []archive.Listed) []archive.Listed {
			for i := range page {
				page[i].Modified = time.Time{}
			}
			return page
		}, "was modified"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := broken.NewMemory()
			l := listing{m, func(prefix, after string, page []archive.Listed) []archive.Listed {
				return wrong.change(m, prefix, after, page)
			}}
			if err := storetest.Listing(t.Context(), m, l, 7); err == nil || !strings.Contains(err.Error(), wrong.want) {
				t.Errorf("found %v, want %q", err, wrong.want)
			}
		})
	}
}
