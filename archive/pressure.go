package archive

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// What a store that throttles, or does not answer, is spared: waits that are never too
// short, whatever the policy, and a quota of retries for all calls of an [Archive]
// together, of which the calls on one object get a share. A refusal for the sake of another
// writer (412, 409) is somebody's progress: it is repeated as the policy says and costs
// nothing.
const (
	floorBase = 100 * time.Millisecond
	floorCap  = 2 * time.Second
	// The quota is that of AWS's SDKs: so many tokens, of which a retry takes some. A
	// call that is served in the end gives back what it has taken, or one if it took none.
	quotaTokens = 500
	quotaCost   = 14
	// The retries of one object take no more than this. One that can't be read, as its
	// partition is throttled or it is too large for a request's time, must not take the
	// retries away from all others. It is no less, as many may contend for one object of a
	// store that refuses some requests; and what is left for others is theirs again as soon
	// as they are served.
	quotaShare = quotaTokens * 4 / 5
)

// OutageWait is the range from which the shortest wait before the n-th retry in a row
// (n = 1 first) of a store that did not serve the call is drawn: v/2 to v with
// v = min(2 s, 100 ms·2ⁿ⁻¹).
func OutageWait(n int) (least, most time.Duration) {
	most = Policy{Base: floorBase, Cap: floorCap}.ceiling(max(n, 1) - 1)
	return most / 2, most
}

func floor(n int, rng *rand.Rand) time.Duration {
	least, most := OutageWait(n)
	return least + uniform(rng, most-least)
}

// backoff is how long the call waits after an attempt that ended in err.
func (c *call) backoff(err error) time.Duration {
	wait := max(c.pacer.backoff(c.attempts, err), RetryAfter(err))
	if refused(err) {
		c.outages = 0
		return wait
	}
	c.outages++
	c.randMu.Lock()
	defer c.randMu.Unlock()
	return max(wait, floor(c.outages, c.rand))
}

// quota counts the tokens that are taken, of all and of each key. The zero value has all.
type quota struct {
	mu    sync.Mutex
	taken int
	byKey map[string]int
}

// take takes the tokens for a retry, if there are enough and the key has not had its share.
func (q *quota) take(key string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.taken+quotaCost > quotaTokens || q.byKey[key]+quotaCost > quotaShare {
		return false
	}
	if q.byKey == nil || len(q.byKey) > quotaTokens { // so many keys are no one object's fault
		q.byKey = map[string]int{}
	}
	q.taken += quotaCost
	q.byKey[key] += quotaCost
	return true
}

// giveBack returns tokens; there are never more than at first.
func (q *quota) giveBack(key string, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.taken = max(0, q.taken-n); q.taken == 0 {
		clear(q.byKey)
	}
	if q.byKey[key] > n {
		q.byKey[key] -= n
	} else {
		delete(q.byKey, key)
	}
}

// mayRetry takes what a retry after err costs. A version that can't be read is none of the
// store's failures, and is read once more only: who looks at it again and again must not
// use up what the others need.
func (c *call) mayRetry(err error) bool {
	if refused(err) || errors.Is(err, ErrUnreadable) {
		return true
	}
	if !c.quota.take(c.key) {
		return false
	}
	c.spent += quotaCost
	return true
}

// giveBack returns what the call has taken if the store has served it in the end.
func (c *call) giveBack(err error) {
	switch OutcomeOf(err) {
	case Unavailable, Unknown, Cancelled:
	default: // also what was refused for good was served
		c.quota.giveBack(c.key, max(1, c.spent))
	}
}
