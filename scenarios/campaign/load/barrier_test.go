package load

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/campaign"
)

// lateReplies answers writes of some objects a while after they were applied.
type lateReplies struct {
	*s3store.Store
	under string
}

func (s lateReplies) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := s.Store.Put(ctx, key, body, cond)
	if strings.HasPrefix(key, s.under) {
		time.Sleep(300 * time.Millisecond)
	}
	return etag, err
}

// TestNobodyIsReadyAfterAnybodyBegins, also if one learns late that what it said was heard: the
// judge bounds clocks by that.
func TestNobodyIsReadyAfterAnybodyBegins(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	began := time.Now()
	var all sync.WaitGroup
	ready, start := make([]int64, 2), make([]int64, 2)
	for k := range 2 {
		store := lateReplies{Store: server.Store()}
		if k == 0 {
			store.under = readyDir
		} else {
			store.under = "none"
		}
		l := &Load{Campaign: &campaign.Campaign{Prefix: campaign.In(store, "test"), Plan: campaign.Plan{Shards: 2}}}
		all.Go(func() {
			b := &barrier{Load: l, member: member{k, 1}, clock: archive.WallClock{}, timeout: 10 * time.Second}
			var err error
			if ready[k], start[k], err = b.meet(t.Context(), func() int64 { return time.Since(began).Nanoseconds() }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if slices.Max(ready) > slices.Min(start) {
		t.Errorf("ready at %v, begun at %v", ready, start)
	}
}
