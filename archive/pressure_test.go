package archive

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestOutagesAreSparedUnderEveryPolicy: a store that throttles, or does not answer, is
// never asked again at once, whatever the policy, and the waits grow.
func TestOutagesAreSparedUnderEveryPolicy(t *testing.T) {
	policies := []Policy{
		{Kind: None, Retries: 5},
		{Kind: Constant, Base: 1, Cap: 1, Retries: 5},
		{Kind: Full, Base: 1, Cap: 1, Retries: 5},
		{Kind: Adaptive, Cap: time.Millisecond, Retries: 5},
	}
	for _, p := range policies {
		for _, outage := range []error{ErrThrottled, ErrUnavailable, ErrOutcomeUnknown} {
			r := newRig(t, 0)
			r.policy = p
			for n := range 6 {
				r.store.onPut[n+1] = answer(outage)
			}
			_, _ = r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
			if len(r.clock.Waits) != 5 {
				t.Fatalf("%s, %v: waits %v", p.Kind, outage, r.clock.Waits)
			}
			least := floorBase / 2
			for n, wait := range r.clock.Waits {
				if wait < least || wait > 2*least {
					t.Errorf("%s, %v: wait %d is %v, want %v to %v", p.Kind, outage, n+1, wait, least, 2*least)
				}
				least = min(2*least, floorCap/2)
			}
		}
	}
}

// A conflict is somebody's progress: it is repeated as the policy says, and after it the
// next outage is the first.
func TestConflictsAreNoOutages(t *testing.T) {
	r := newRig(t, 0)
	r.policy = Policy{Kind: None, Retries: 5}
	for n, err := range []error{ErrThrottled, ErrThrottled, ErrConflict, ErrThrottled} {
		r.store.onPut[n+1] = answer(err)
	}
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
		t.Fatal(err)
	}
	w := r.clock.Waits
	if len(w) != 4 || w[1] < floorBase || w[2] != 0 || w[3] >= floorBase {
		t.Errorf("waits %v", w)
	}
}

func TestFloor(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n, v := range map[int]time.Duration{1: floorBase, 2: 2 * floorBase, 5: 16 * floorBase, 6: floorCap, 1000: floorCap} {
		for range 100 {
			if wait := floor(n, rng); wait < v/2 || wait > v {
				t.Fatalf("floor(%d) = %v, want %v to %v", n, wait, v/2, v)
			}
		}
	}
}

// TestRetryQuota: the calls on one object together retry an outage 28 times; what is served
// gives tokens back, and conflicts cost none.
func TestRetryQuota(t *testing.T) {
	r := newRig(t, 0)
	r.policy = Policy{Kind: None, Retries: Unlimited}
	down, puts := true, 0
	r.store.everyPut = func(do func() (string, error)) (string, error) {
		puts++
		if down {
			return "", ErrThrottled
		}
		return do()
	}
	add := func(id string) error {
		_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod(id)}})
		return err
	}
	if err := add("m1"); OutcomeOf(err) != Unavailable || puts != 1+quotaShare/quotaCost {
		t.Fatalf("%v after %d writes", err, puts)
	}
	puts = 0
	if err := add("m2"); OutcomeOf(err) != Unavailable || puts != 1 {
		t.Errorf("with an empty quota: %v after %d writes", err, puts)
	}
	down = false
	for n := range quotaCost {
		if err := add(fmt.Sprint("good", n)); err != nil {
			t.Fatal(err)
		}
	}
	down, puts = true, 0
	if err := add("m3"); OutcomeOf(err) != Unavailable || puts != 2 {
		t.Errorf("after %d calls that went well: %v after %d writes", quotaCost, err, puts)
	}
	r.store.everyPut = nil
	for n := range 1000 {
		r.store.onPut[r.store.puts+1+n] = answer(ErrConflict)
	}
	r.policy.Retries = 1000
	if err := add("m4"); err != nil {
		t.Errorf("conflicts cost quota: %v", err)
	}
}

// TestRetryQuotaOfAll: all calls of an archive together retry an outage 35 times, however
// many objects they are about.
func TestRetryQuotaOfAll(t *testing.T) {
	r := newRig(t, 0)
	r.policy = Policy{Kind: None, Retries: 1}
	loads := 0
	for n := range 100 {
		r.store.onGet[2*n+1], r.store.onGet[2*n+2] = answer(ErrThrottled), answer(ErrThrottled)
	}
	for n := range 50 {
		before := r.store.gets
		if _, err := r.Load(t.Context(), fmt.Sprint("CHG-", n)); OutcomeOf(err) != Unavailable {
			t.Fatal(err)
		}
		loads += r.store.gets - before
	}
	if loads != 50+quotaTokens/quotaCost {
		t.Errorf("50 calls made %d reads", loads)
	}
}

// poisoned is a store with one object that can't be read within a request's time, as one
// of some gigabytes can't. All others are served, after one throttled write each.
type poisoned struct {
	*memStore
	throttled map[string]bool
}

func (p *poisoned) Get(ctx context.Context, key string) ([]byte, string, error) {
	if key == "archive/BIG.json" {
		return nil, "", ErrUnavailable
	}
	return p.memStore.Get(ctx, key)
}

func (p *poisoned) Put(ctx context.Context, key string, body []byte, cond Condition) (string, error) {
	if !p.throttled[key] {
		p.throttled[key] = true
		return "", ErrThrottled
	}
	return p.memStore.Put(ctx, key, body, cond)
}

// TestOneObjectLeavesRetriesToOthers: who asks again and again for one object that can't be
// read takes the retries away from nobody, and is told at once in the end.
func TestOneObjectLeavesRetriesToOthers(t *testing.T) {
	r := newRig(t, 0)
	policy := DefaultPolicy()
	policy.Retries, policy.Deadline = 16, 0 // fewer than the quota of an object
	a, err := New(Options{Store: &poisoned{r.store, map[string]bool{}}, Clock: r.clock, Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 30 {
		before := len(r.clock.Waits)
		if _, err := a.Load(t.Context(), "BIG"); OutcomeOf(err) != Unavailable {
			t.Fatal(err)
		}
		if n == 0 && len(r.clock.Waits)-before != policy.Retries || n > 1 && len(r.clock.Waits) > before {
			t.Errorf("load %d: %d retries", n+1, len(r.clock.Waits)-before)
		}
	}
	for range 30 {
		if _, err := a.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
			t.Fatalf("a write to another object, throttled once: %v", err)
		}
	}
}

// TestUnreadableObjectsCostNoQuota: who looks at one again and again is answered the same
// every time, and takes nothing from those whom the store does not serve.
func TestUnreadableObjectsCostNoQuota(t *testing.T) {
	r := newRig(t, 3)
	r.store.set(testKey, []byte("{"))
	for n := range 2 * quotaTokens / quotaCost {
		before := r.store.gets
		_, err := r.Load(t.Context(), testID)
		if !errors.Is(err, ErrUnreadable) || OutcomeOf(err) != Failed || r.store.gets != before+2 {
			t.Fatalf("load %d: %v after %d reads", n, err, r.store.gets-before)
		}
	}
	if taken := r.quota.taken; taken != 0 {
		t.Errorf("%d tokens are gone", taken)
	}
}

func TestQuotaIsNeverMoreThanFull(t *testing.T) {
	var q quota
	q.giveBack("a", 1000)
	n := 0
	for q.take(fmt.Sprint(n)) {
		n++
	}
	if n != quotaTokens/quotaCost {
		t.Errorf("%d retries", n)
	}
	q.giveBack("0", quotaCost)
	if !q.take("0") || q.take("0") {
		t.Error("what is given back is one retry")
	}
}

// TestQuotaOfAKey: a key has its share anew when it is served, and when all is given back;
// and the keys that are remembered are bounded.
func TestQuotaOfAKey(t *testing.T) {
	share := func(q *quota) (n int) {
		for q.take("a") {
			n++
		}
		return n
	}
	for name, restore := range map[string]func(q *quota){
		"served":          func(q *quota) { q.giveBack("a", quotaShare) },
		"others gave all": func(q *quota) { q.giveBack("b", quotaTokens) },
		"others, bit by bit": func(q *quota) {
			for range quotaTokens {
				q.giveBack("b", 1)
			}
		},
	} {
		var q quota
		if n := share(&q); n != quotaShare/quotaCost {
			t.Errorf("%d retries", n)
		}
		restore(&q)
		if n := share(&q); n != quotaShare/quotaCost {
			t.Errorf("%s: %d retries", name, n)
		}
	}
	var q quota
	q.take("the first")
	for n := range 100 * quotaTokens {
		q.take(fmt.Sprint(n))
		q.giveBack("served", quotaCost)
	}
	if len(q.byKey) > quotaTokens+1 {
		t.Errorf("%d keys", len(q.byKey))
	}
}

// TestDeadlineCutsRequests: no request outlasts the policy's deadline, and the call says
// what it knows then.
func TestDeadlineCutsRequests(t *testing.T) {
	for _, tt := range []struct {
		name  string
		slow  string // which request hangs
		first error  // answer to the first write
		want  Outcome
	}{
		{"a read", "get 1", nil, Unavailable},
		{"a write", "put 1", nil, Unknown},
		{"the read after a conflict", "get 2", ErrConflict, Unknown}, // an echo is possible
		{"the read after a connection that was never made", "get 2", ErrUnavailable, Unavailable},
		{"the write after a conflict", "put 2", ErrConflict, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 0)
			r.policy = Policy{Kind: None, Retries: 5, Deadline: 10 * time.Second}
			hang := func(func() (string, error)) (string, error) { // as an adapter does whose context ends
				left := 10*time.Second - r.clock.Now().Sub(time.Date(2025, 10, 20, 12, 0, 0, 0, time.UTC))
				r.clock.Pass(left)
				return "", context.DeadlineExceeded
			}
			if tt.first != nil {
				r.store.onPut[1] = answer(tt.first)
			}
			call, n := tt.slow[:3], int(tt.slow[4]-'0')
			map[string]map[int]fault{"get": r.store.onGet, "put": r.store.onPut}[call][n] = hang
			_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
			if OutcomeOf(err) != tt.want {
				t.Errorf("%s: %v", OutcomeOf(err), err)
			}
			if took := r.clock.Now().Sub(time.Date(2025, 10, 20, 12, 0, 0, 0, time.UTC)); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestContradiction: of case "weak ETags". A store that refuses the ETag that it gives is
// named, and nobody is blamed; one refusal of the kind is forgiven.
func TestContradiction(t *testing.T) {
	for _, retries := range []int{0, 1, 16} {
		for _, kind := range []Kind{None, Adaptive} {
			r := newRig(t, 0)
			r.policy = Policy{Kind: kind, Cap: time.Second, Retries: retries}
			r.store.everyPut = answer(ErrPreconditionFailed)
			_, err := r.Save(t.Context(), testID, r.base, Edit{Fields: fields("title", `"b"`), Modifications: []Modification{mod("m1")}})
			contradiction, ok := errors.AsType[*ContradictionError](err)
			if !ok || contradiction.ETag != r.base.ETag || contradiction.StatusCode() != 502 || OutcomeOf(err) != Contradiction {
				t.Fatalf("%s, %d retries: %v", kind, retries, err)
			}
			if want := min(2, 1+retries); r.store.puts != want {
				t.Errorf("%s, %d retries: %d writes, want %d", kind, retries, r.store.puts, want)
			}
			if !strings.Contains(err.Error(), "proxy") || strings.Contains(err.Error(), "user") {
				t.Error(err)
			}
		}
	}
	r := newRig(t, 3)
	r.store.onPut[1] = answer(ErrPreconditionFailed)
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
		t.Errorf("once: %v", err)
	}
	r = newRig(t, 3) // somebody else in between each time
	for n := 1; n <= 3; n++ {
		r.store.onPut[n] = after(r.store.interlope(fmt.Sprint("x", n), nil), nil)
	}
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
		t.Errorf("contention: %v", err)
	}
}

// TestReadIsRepeatedOnce if it can't be parsed: it may have been garbled on the way.
func TestReadIsRepeatedOnce(t *testing.T) {
	r := newRig(t, 5)
	garbled := 1
	r.Archive.codec = func(id string, body []byte) (Document, error) {
		if garbled--; garbled >= 0 {
			return nil, fmt.Errorf("%w document: cut short", ErrInvalid)
		}
		return JSONCodec(id, body)
	}
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
		t.Errorf("garbled once: %v", err)
	}
	for _, retries := range []int{5, 0} {
		r.policy.Retries = retries
		for name, call := range map[string]func() error{
			"append": func() error {
				_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m2")}})
				return err
			},
			"load": func() error { _, err := r.Load(t.Context(), testID); return err },
			"create": func() error {
				_, err := r.Create(t.Context(), testID, mustParse(t, testDoc), mod("m3"))
				return err
			},
		} {
			garbled = 5
			if err := call(); !errors.Is(err, ErrUnreadable) || OutcomeOf(err) != Failed {
				t.Errorf("garbled for good, %d retries, %s: %v", retries, name, err)
			}
		}
	}
}

// TestQuotaIsGivenBackByWhoWasServed: also by calls that were served, and then refused for
// what they asked.
func TestQuotaIsGivenBackByWhoWasServed(t *testing.T) {
	r := newRig(t, 3)
	no := errors.New("not in this state")
	for range 40 {
		r.store.onGet[r.store.gets+1] = answer(ErrThrottled)
		if _, err := r.Update(t.Context(), testID, func(Snapshot) (Edit, error) { return Edit{}, no }); !errors.Is(err, no) && OutcomeOf(err) != Unavailable {
			t.Fatal(err)
		}
	}
	r.store.onGet[r.store.gets+1] = answer(ErrThrottled)
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
		t.Errorf("one 503, of a store that has served each of 40 calls at its second request: %v (%d tokens are taken)", err, r.quota.taken)
	}
}

// TestNoSecondReadAtOnce: a call that has no retry left, and has written nothing that a look
// could settle, does not ask again.
func TestNoSecondReadAtOnce(t *testing.T) {
	r := newRig(t, 3)
	for r.quota.take(testKey) {
	}
	const calls = 100
	for n := range 3 * calls {
		r.store.onGet[n+1] = answer(hinted{ErrThrottled, 3e9})
	}
	for range calls {
		if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); OutcomeOf(err) != Unavailable {
			t.Fatal(err)
		}
	}
	if r.store.gets > calls && len(r.clock.Waits) == 0 {
		t.Errorf("%d calls without a retry left sent %d reads and never waited, against a Retry-After of 3 s", calls, r.store.gets)
	}
}
