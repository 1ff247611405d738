package scenarios

import (
	"context"
	"errors"
	"net/http"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/archive/web"
	"holdfast/scenarios/network"
)

// Headers of requests: the name of the actor, and when the button was pressed.
const (
	actorHeader   = "X-Simulate-Actor"
	pressedHeader = "X-Simulate-Pressed"
)

// anonymousHeader marks a request whose sender can't be known.
const anonymousHeader = "X-Simulate-Anonymous"

var errAnonymous = errors.New("the request does not say who sends it")

// openAPI lets the actors, who are there by now, reach the API. Requests come with the name
// of their actor, so that the calls which the server makes for them are made by that actor's
// core and recorded as its own.
func (s *service) openAPI(actors []performer) error {
	byName := make(map[string]*performer, len(actors))
	for i := range actors {
		byName[actors[i].name] = &actors[i]
	}
	uploads, err := s.Core.NewUploads(delivery.UploaderOptions{
		Core: byActor{s.Layout.Archive()}, Store: &network.Store{Doer: triggerStore{}}, Policy: s.Policy, Clock: s.world,
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
		f := byName[r.Header.Get(actorHeader)]
		if f == nil {
			http.Error(w, "no such actor", http.StatusForbidden)
			return
		}
		f.serve(api, w, r)
	}))
	return err
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
	f.api.died = catchCrash(func() { api.ServeHTTP(w, r.WithContext(ctx)) })
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

func (b byActor) AppendAll(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
	return archive.AppendEach(ctx, b, id, edits)
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
func (triggerStore) Do(ctx context.Context, m network.Method, key string, body []byte, cond archive.Condition) (read []byte, etag string, err error) {
	f := actorOf(ctx)
	ctx, crash, err := f.strike(ctx, m, key, cond != archive.Condition{})
	if err != nil {
		return nil, "", err
	}
	p := f.repetition
	read, etag, err = network.Do(ctx, p.rec.Client(f.name, p.prefix, f.api.triggers), m, key, body, cond)
	panicIfDead(crash, err)
	return read, etag, err
}
