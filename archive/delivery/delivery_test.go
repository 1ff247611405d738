package delivery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"holdfast/archive"
)

// moment is a step of a worker: the n-th (1 first), before it is done or after.
type moment struct {
	n    int
	done bool
}

// moments are both of every step that a worker who is not disturbed makes.
func moments(t *testing.T) []moment {
	t.Helper()
	s := newService(t)
	s.upload("hts")
	s.calls = nil
	s.back.Handle(t.Context(), s.receive())
	want := "get " + archiveKey + ", work, get " + archiveKey + ", put " + archiveKey + ", delete " + htsKey + ", acknowledge"
	if got := strings.Join(s.calls, ", "); got != want {
		t.Fatalf("the steps are %s, want %s", got, want)
	}
	var all []moment
	for n := range len(s.calls) {
		all = append(all, moment{n + 1, false}, moment{n + 1, true})
	}
	return all
}

type workerKey struct{}

// at calls event at the worker's moment. All other steps are done properly.
func (s *service) at(worker string, when moment, event func()) {
	var n int // of that worker only, so no two goroutines share it
	next := s.on
	s.on = func(ctx context.Context, call string, do func() error) error {
		if ctx.Value(workerKey{}) != worker {
			if next != nil {
				return next(ctx, call, do)
			}
			return do()
		}
		n++
		if n == when.n && !when.done {
			event()
		}
		err := do()
		if n == when.n && when.done {
			event()
		}
		return err
	}
}

func (s *service) handle(worker string, d Delivery) {
	s.back.Handle(context.WithValue(context.Background(), workerKey{}, worker), d)
}

type death struct{}

// mortal handles a delivery; the worker may die of it.
func (s *service) mortal(worker string, d Delivery) (died bool) {
	defer func() {
		switch r := recover(); r {
		case nil:
		case death{}:
			died = true
		default:
			panic(r)
		}
	}()
	s.handle(worker, d)
	return false
}

// checkDone says what must be there when a message was processed by somebody who lived.
func (s *service) checkDone() {
	s.t.Helper()
	s.check("hts")
	if left := s.queue.Left(); len(left) > 0 || s.has(htsKey) || len(s.queue.DeadLetters()) > 0 {
		s.t.Fatalf("left: %v; trigger: %v", left, s.has(htsKey))
	}
}

func TestAWorkerDies(t *testing.T) {
	for _, when := range moments(t) {
		s := newService(t)
		s.upload("hts")
		s.at("first", when, func() { panic(death{}) })
		first := s.receive()
		if !s.mortal("first", first) {
			t.Fatalf("%+v: it lived", when)
		}
		if when != (moment{6, true}) { // dead after its acknowledgement
			second := s.receive()
			if second.Message != first.Message || second.Receives != 2 {
				t.Errorf("%+v: %+v was delivered", when, second)
			}
			s.handle("second", second)
		}
		s.checkDone()
		if len(s.failures) > 0 {
			t.Errorf("%+v: %q", when, s.failures)
		}
	}
}

// worker is one that can be held at a moment.
type worker struct {
	held, resume, done chan struct{}
}

func (s *service) start(name string, d Delivery, when moment) worker {
	w := worker{make(chan struct{}), make(chan struct{}), make(chan struct{})}
	s.mu.Lock()
	s.at(name, when, func() {
		close(w.held)
		<-w.resume
	})
	s.mu.Unlock()
	go func() {
		defer close(w.done)
		s.handle(name, d)
	}()
	return w
}

// until waits for the worker to be held, or to be done if it has no such moment.
func (w worker) until() {
	select {
	case <-w.held:
	case <-w.done:
	}
}

func (w worker) release() {
	close(w.resume)
	<-w.done
}

// Two workers have one message: the first is held at every moment, and taken for
// dead; the second goes on to every moment of its own, or to its end; then the first
// wakes up and finishes, and the second after it.
func TestTwoWorkersWithOneMessage(t *testing.T) {
	all := append(moments(t), moment{}) // the last: not held at all
	for _, first := range all {
		for _, second := range all {
			s := newService(t)
			s.upload("hts")
			a := s.start("a", s.receive(), first)
			a.until()
			if first == (moment{}) || first == (moment{6, true}) {
				a.release()
				s.checkDone() // there is no second delivery
				continue
			}
			b := s.start("b", s.receive(), second)
			b.until()
			a.release()
			b.release()
			s.checkDone()
			if len(s.failures) > 0 {
				t.Fatalf("%+v, %+v: %q", first, second, s.failures)
			}
		}
	}
}

// A worker that neither dies nor is told the truth.
func TestAnswersGetLost(t *testing.T) {
	answers := map[string]func(do func() error) error{
		"the request is lost": func(func() error) error { return errLost },
		"the reply is lost":   func(do func() error) error { _ = do(); return errLost },
		"sent twice":          func(do func() error) error { _ = do(); return do() },
		"throttled":           func(func() error) error { return archive.ErrThrottled },
		"conflict":            func(func() error) error { return archive.ErrConflict },
		"denied":              func(func() error) error { return errForbidden },
	}
	for name, answer := range answers {
		for _, when := range moments(t) {
			s := newService(t)
			s.upload("hts")
			n := 0
			s.on = func(_ context.Context, _ string, do func() error) error {
				if n++; n == when.n {
					return answer(do)
				}
				return do()
			}
			s.handle("", s.receive())
			s.on = nil
			if len(s.queue.Left()) > 0 {
				s.handle("", s.receive())
			}
			s.check("hts")
			onlyLogged := slices.ContainsFunc(s.failures, func(f string) bool { return strings.Contains(f, "delete trigger") })
			if len(s.queue.Left()) > 0 || s.has(htsKey) && !onlyLogged {
				t.Errorf("%s at %d: left %v, trigger %v, failures %q", name, when.n, s.queue.Left(), s.has(htsKey), s.failures)
			}
		}
	}
}

// misfortune is what befalls the deliveries of a message: deaths, lies, writes that
// land long after their authors are gone.
type misfortune struct {
	*service
	late []func() error
}

func (m *misfortune) befall(kinds []string, rng *rand.Rand) func(context.Context, string, func() error) error {
	return func(_ context.Context, call string, do func() error) error {
		kind := kinds[rng.IntN(len(kinds))]
		switch kind {
		case "dies before":
			panic(death{})
		case "dies after":
			_ = do()
			panic(death{})
		case "request lost":
			return errLost
		case "reply lost":
			_ = do()
			return errLost
		case "lands late":
			if call == "work" || strings.HasPrefix(call, "get ") {
				return archive.ErrUnavailable
			}
			m.late = append(m.late, do)
			return errLost
		case "throttled":
			return archive.ErrThrottled
		case "denied":
			return errForbidden
		case "others land":
			m.land(rng.IntN(len(m.late) + 1))
		}
		return do()
	}
}

func (m *misfortune) land(n int) {
	for _, do := range m.late[:n] {
		_ = do()
	}
	m.late = m.late[n:]
}

func TestOneProcessedWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := misfortune{service: newService(t)}
		m.upload("hts")
		all := []string{"dies before", "dies after", "request lost", "reply lost", "lands late", "throttled", "denied", "others land"}
		kinds := append(rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID).Draw(t, "kinds"), slices.Repeat([]string{"well"}, rapid.IntRange(1, 8).Draw(t, "well"))...)
		seed := rapid.Uint64().Draw(t, "seed")
		m.on = m.befall(kinds, rand.New(rand.NewPCG(seed, 0)))
		var clean bool // the last one lived, and was not told that the deletion had failed
		for range rapid.IntRange(0, 4).Draw(t, "deliveries") {
			if len(m.queue.Left()) > 0 {
				m.mortal("", m.receive())
			}
		}
		m.on = nil
		if len(m.queue.Left()) > 0 {
			m.failures = nil
			m.handle("", m.receive())
			clean = true
		}
		m.land(len(m.late))
		m.check("hts")
		if len(m.queue.Left()) > 0 || clean && (m.has(htsKey) || len(m.failures) > 0) {
			t.Fatalf("left %v, trigger %v, failures %q", m.queue.Left(), m.has(htsKey), m.failures)
		}
	})
}

// At the same time, messages of other customers and a user's saves come in between.
func TestManyCustomersWhoDie(t *testing.T) {
	for seed := range uint64(200) {
		s := newService(t)
		customers := customersNamed(5)
		s.upload(customers...)
		rng := rand.New(rand.NewPCG(seed, 1))
		m := misfortune{service: s}
		s.on = m.befall([]string{"dies before", "dies after", "reply lost", "others land", "lands late", "well", "well", "well", "well", "well"}, rng)
		for range 10 {
			if d, ok := s.queue.TryReceive(); ok {
				s.mortal("", d)
			}
		}
		s.on = nil
		for n := 0; len(s.queue.Left()) > 0 && n < 100; n++ {
			base := s.load()
			title := fmt.Sprintf(`{"changeId":"CHG-1","title":"%d","customers":[]}`, n)
			s.mustUpload(Upload{Document: mustParse(t, title), Update: true, UserID: "bob", Base: base})
			s.handle("", s.receive())
		}
		m.land(len(m.late))
		s.check(customers...)
		if dead := s.queue.DeadLetters(); len(dead) > 0 {
			t.Errorf("seed %d: dead: %v", seed, dead)
		}
	}
}
