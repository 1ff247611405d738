package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// service is what stands between the clients and the core with via: api: the HTTP
// API, and the queue that the store tells of each trigger. It changes who calls the core, not
// the core: handler, uploader and back ends are production's, their concurrency comes through
// [delivery.Parallel], and a server or worker that dies unwinds as a panic up to the harness.
type service struct {
	*repetition
	queue *delivery.MemoryQueue
	turns turns // of the back ends that have a batch, if there is a most
	log   history.QueueLog
	door  world.Door // nil until the API is served
	// uploaded: no user is left who could upload anything.
	uploaded atomic.Bool

	mu     sync.Mutex        // the store may tell of several writes at once
	copies *network.Injector // of messages; nil: none
}

// newService begins to watch the store.
func newService(p *repetition) *service {
	q := p.Scenario.Queue
	s := &service{repetition: p, log: p.rec.Queue(p.prefix)}
	s.turns.most = q.Concurrency
	options := delivery.QueueOptions{
		Clock: p.world, Visibility: time.Duration(q.Visibility), MaxReceives: q.Receives,
		DeadLettered: func(m delivery.Message) { s.log.Ended(history.DeadLettered, m) },
	}
	if q.Kind == FIFO {
		options.Group = delivery.Message.GroupID
	}
	s.queue = delivery.NewMemoryQueue(options)
	if len(p.Scenario.Faults) > 0 {
		s.copies = network.NewInjector(p.Scenario.faults(), "queue", "queue", stream(p.Seed, p.Scenario.Name, p.number, "queue"))
	}
	p.world.Watch("customers/", s.triggered)
	if p.Scenario.has(Backend) {
		p.objects.stored = s.announce
	}
	return s
}

// notifier is where the store of a service is: below a prefix of its bucket.
var notifier = delivery.S3Source{Bucket: "simulate", Prefix: "service/"}

// triggered is told by the store that a trigger was written, and sends the messages that
// the core's service finds in its event, twice if a fault says so. What it can't read
// would come again and again: it is a dead letter.
func (s *service) triggered(key, etag string, body []byte) {
	customer, id, ok := delivery.ParseTriggerKey(s.Layout.Archive(), key)
	var t delivery.Trigger
	if !ok || json.Unmarshal(body, &t) != nil {
		return // nobody would understand it
	}
	m := delivery.Message{Customer: customer, ObjectID: id, TriggerETag: etag}
	s.log.Sent(m, t.ModificationID)
	read, err := s.Core.ParseEvent(s.Layout.Archive(), notifier, world.Notification(notifier, key, etag))
	if err != nil {
		s.log.Ended(history.DeadLettered, m)
	}
	s.send(read, 0)
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault, strikes := s.copies.Operation(s.world.Now().Sub(s.opened)); strikes {
		if fault.Nth > 0 {
			s.rec.Struck("queue", fault.String())
		}
		s.send(read, fault.After)
	}
}

func (s *service) send(messages []delivery.Message, delay time.Duration) {
	for _, m := range messages {
		s.queue.Send(m, time.Duration(s.Scenario.Queue.Delay)+delay)
	}
}

// mostInBatch is how many messages a back end takes at a time.
func (s *service) mostInBatch() int {
	if s.Scenario.Queue.Kind == "" {
		return 1
	}
	return s.Scenario.Queue.MostInBatch()
}

// errPoisoned is that of the work on a message which nobody can do.
var errPoisoned = errors.New("the work on this message fails, as the scenario asks for")

// isPoisoned reports whether the work on a message fails: always, or never.
func (s *service) isPoisoned(m delivery.Message) bool {
	share := s.Scenario.Queue.Poison
	return share > 0 && stream(s.Seed, s.Scenario.Name, s.number, m.ModificationID("poison")).Float64() < share
}

// announce writes the triggers of a document that the scenario starts with.
func (s *service) announce(ctx context.Context, doc *archive.Change) error {
	setup := s.rec.Client(history.SetupActor, s.prefix, s.world.Store(history.SetupActor))
	for _, code := range customers(doc) {
		key, err := delivery.TriggerKey(s.Layout.Archive(), code, doc.ID())
		if err != nil {
			return err
		}
		body, err := json.Marshal(delivery.Trigger{Customer: code, ObjectID: doc.ID()})
		if err != nil {
			return err
		}
		err = world.Insist(ctx, s.world, "tell of the scenario's document by "+key, func(ctx context.Context) error {
			_, err := setup.Put(ctx, key, body, archive.Condition{})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// close ends the API.
func (s *service) close() {
	if s.door != nil {
		_ = s.door.Close() // nobody is left whom an error could concern
	}
}

// recordLeft says which messages are still in the queue.
func (s *service) recordLeft() {
	for _, m := range s.queue.Left() {
		s.log.Ended(history.Left, m)
	}
}

// mostTriggers are written at the same time for one upload.
const mostTriggers = 8

// parallel is the [delivery.Parallel] of this world's tasks. If one of them dies, so
// does the process.
func (s *service) parallel(n int, do func(i int)) {
	var mu sync.Mutex
	var death *network.Fault
	next := 0
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next <= n && death == nil
	}
	group := world.NewGroup(s.world)
	for range min(mostTriggers, n) {
		group.Go(func() {
			died := catchCrash(func() {
				for i, more := take(); more; i, more = take() {
					do(i)
				}
			})
			if died != nil {
				mu.Lock()
				defer mu.Unlock()
				death = died
			}
		})
	}
	group.Wait()
	if death != nil {
		panic(crashed{death})
	}
}
