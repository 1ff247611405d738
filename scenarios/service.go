package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/archive"
	"holdfast/archive/web"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// service is what stands between the clients and the core with via: api: the HTTP
// API, and the queue that the store tells of each trigger. Requests come with the
// name of their actor, so that the calls which the server makes for them are made by
// that actor's core and recorded as its own.
type service struct {
	*repetition
	queue *archive.MemoryQueue
	log   history.QueueLog
	door  world.Door // nil until the API is served
	// uploaded: no user is left who could upload anything.
	uploaded atomic.Bool
	users    map[string]*performer

	mu     sync.Mutex        // the store may tell of several writes at once
	copies *network.Injector // of messages; nil: none
}

// openService begins to watch the store.
func (p *repetition) openService() {
	q := p.Scenario.Queue
	s := &service{repetition: p, log: p.rec.Queue(p.prefix), users: map[string]*performer{}}
	s.queue = archive.NewMemoryQueue(archive.QueueOptions{
		Clock: p.world, Visibility: time.Duration(q.Visibility), MaxReceives: q.Receives,
		DeadLettered: func(m archive.Message) { s.log.Ended(history.DeadLettered, m) },
	})
	if len(p.Scenario.Faults) > 0 {
		s.copies = network.NewInjector(p.Scenario.faults(), "queue", "queue", stream(p.Seed, p.Scenario.Name, p.number, "queue"))
	}
	p.service = s
	p.world.Watch("customers/", s.triggered)
	if p.Scenario.has(Backend) {
		p.objects.stored = s.announce
	}
}

// notifier is where the store of a service is: below a prefix of its bucket.
var notifier = archive.S3Source{Bucket: "simulate", Prefix: "service/"}

// triggered is told by the store that a trigger was written, and sends the messages that
// the core's service finds in its event, twice if a fault says so. What it can't read
// would come again and again: it is a dead letter.
func (s *service) triggered(key, etag string, body []byte) {
	customer, id, ok := s.Layout.Archive().ParseTriggerKey(key)
	var t archive.Trigger
	if !ok || json.Unmarshal(body, &t) != nil {
		return // nobody would understand it
	}
	m := archive.Message{Customer: customer, ObjectID: id, TriggerETag: etag}
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

func (s *service) send(messages []archive.Message, delay time.Duration) {
	for _, m := range messages {
		s.queue.Send(m, delay)
	}
}

// announce writes the triggers of a document that the scenario starts with.
func (s *service) announce(ctx context.Context, doc *archive.Change) error {
	setup := s.rec.Client(history.SetupActor, s.prefix, s.world.Store(history.SetupActor))
	for _, code := range customers(doc) {
		key, err := s.Layout.Archive().TriggerKey(code, doc.ID())
		if err != nil {
			return err
		}
		body, err := json.Marshal(archive.Trigger{Customer: code, ObjectID: doc.ID()})
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

// Headers of requests: the name of the actor, and when the button was pressed.
const (
	actorHeader   = "X-Simulate-Actor"
	pressedHeader = "X-Simulate-Pressed"
)

// anonymousHeader marks a request whose sender can't be known.
const anonymousHeader = "X-Simulate-Anonymous"

var errAnonymous = errors.New("the request does not say who sends it")

// serve opens the API for the actors, who are there by now.
func (s *service) serve() error {
	for i := range s.actors {
		s.users[s.actors[i].name] = &s.actors[i]
	}
	uploads, err := s.Core.NewUploads(archive.UploaderOptions{
		Core: byActor{s.Layout.Archive()}, Store: network.Store{Doer: triggerStore{}}, Policy: s.Policy, Clock: s.world,
		Rand: stream(s.Seed, s.Scenario.Name, s.number, "api"), Parallel: s.parallel,
	})
	if err != nil {
		return err
	}
	api, err := web.New(web.Options{
		Core: byActor{s.Layout.Archive()}, Uploads: uploads,
		Identify: func(r *http.Request) (string, error) {
			if r.Header.Get(anonymousHeader) != "" {
				return "", errAnonymous
			}
			return r.Header.Get(actorHeader), nil
		},
	})
	if err != nil {
		return err
	}
	s.door, err = s.world.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := s.users[r.Header.Get(actorHeader)]
		if f == nil {
			http.Error(w, "no such actor", http.StatusForbidden)
			return
		}
		f.serve(api, w, r)
	}))
	return err
}

// close ends the API.
func (s *service) close() {
	if s.door != nil {
		_ = s.door.Close() // nobody is left whom an error could concern
	}
}

// startLoads lets the users act and the back ends work. When no user is left who
// could upload anything, and the reconciler has told whom it had to, the back ends work
// until the queue is empty.
func (s *service) startLoads(ctx context.Context) {
	senders, reconcilers := world.NewGroup(s.world), world.NewGroup(s.world)
	for i := range s.actors {
		f := &s.actors[i]
		switch {
		case f.actor.Kind == reconciles:
			reconcilers.Go(func() { f.reconcile(ctx) })
		case f.actor.Load == nil:
		case f.actor.Kind == Backend:
			s.tasks.Go(func() { f.work(ctx) })
		default:
			senders.Go(func() { f.runLoad(ctx) })
		}
	}
	s.tasks.Go(func() {
		senders.Wait()
		s.uploaded.Store(true)
		reconcilers.Wait()
		s.queue.Close()
	})
}

// recordLeft says which messages are still in the queue.
func (s *service) recordLeft() {
	for _, m := range s.queue.Left() {
		s.log.Ended(history.Left, m)
	}
}

// mostTriggers are written at the same time for one upload.
const mostTriggers = 8

// parallel is the [archive.Parallel] of this world's tasks. If one of them dies, so
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
			died := outlive(func() {
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

type (
	actorKey   struct{}
	pressedKey struct{}
)

// actorOf is the actor for whom the server works.
func actorOf(ctx context.Context) *performer { return ctx.Value(actorKey{}).(*performer) }

// serve handles a request of the actor. A server that dies breaks the connection.
func (f *performer) serve(api http.Handler, w http.ResponseWriter, r *http.Request) {
	ctx := context.WithValue(r.Context(), actorKey{}, f)
	if pressed := r.Header.Get(pressedHeader); pressed != "" {
		ctx = context.WithValue(ctx, pressedKey{}, pressed)
	}
	f.api.died = outlive(func() { api.ServeHTTP(w, r.WithContext(ctx)) })
	if f.api.died != nil {
		panic(http.ErrAbortHandler)
	}
}

// byActor is the core of the actor for whom the server works.
type byActor struct{ layout *archive.Layout }

func (b byActor) Layout() *archive.Layout { return b.layout }

func (byActor) Load(ctx context.Context, id string) (archive.Snapshot, error) {
	return actorOf(ctx).core.Load(ctx, id)
}

// ETag is that of [archive.Archive]; a core that has none reads the document.
func (byActor) ETag(ctx context.Context, id string) (string, error) {
	core := actorOf(ctx).core
	if c, can := core.(interface {
		ETag(ctx context.Context, id string) (string, error)
	}); can {
		return c.ETag(ctx, id)
	}
	current, err := core.Load(ctx, id)
	return current.ETag, err
}

func (byActor) Create(ctx context.Context, id string, doc archive.Document, mods ...archive.Modification) (archive.Snapshot, error) {
	f := actorOf(ctx)
	return f.core.Create(ctx, id, doc, f.stamped(ctx, mods)...)
}

func (byActor) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	f := actorOf(ctx)
	edit.Modifications = f.stamped(ctx, edit.Modifications)
	return f.core.Append(ctx, id, edit)
}

func (byActor) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	f := actorOf(ctx)
	edit.Modifications = f.stamped(ctx, edit.Modifications)
	return f.core.Save(ctx, id, base, edit)
}

// stamped adds the time to modifications, as not every core under test does: that of
// the press of the button, if the request says it, so that who pressed it knows the
// entry.
func (f *performer) stamped(ctx context.Context, mods []archive.Modification) []archive.Modification {
	for i := range mods {
		if mods[i].Timestamp != "" {
			continue
		}
		var pressed bool
		if mods[i].Timestamp, pressed = ctx.Value(pressedKey{}).(string); !pressed {
			mods[i].Timestamp = f.repetition.world.Now().UTC().Format(time.RFC3339)
		}
	}
	return mods
}

// triggerStore writes the triggers of uploads, several at the same time, for the
// actor for whom the server works.
type triggerStore struct{}

// Do implements [network.Doer].
func (triggerStore) Do(ctx context.Context, c network.Call) network.Reply {
	f := actorOf(ctx)
	ctx, crash, err := f.strike(ctx, &c)
	if err != nil {
		return network.Reply{Err: err}
	}
	p := f.repetition
	r := c.On(ctx, p.rec.Client(f.name, p.prefix, f.api.triggers))
	panicIfDead(crash, r.Err)
	return r
}
