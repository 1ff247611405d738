package scenarios

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

// performer is one client: an actor, the core it uses and what it remembers.
type performer struct {
	repetition *repetition
	service    *service // nil: the core is called directly
	actor      *Actor
	name       string
	member     string // see [role]
	customer   string
	client     history.Client
	core       cores.Core
	store      network.Store // of the core
	rng        *rand.Rand
	source     source            // of rng
	ids        *history.IDs      // of its modifications; nil: they are drawn from rng
	faults     *network.Injector // nil: none
	counted    bool              // the requests of each call are, which HTTP makes
	intent     intent
	stamp      timestamp
	edits      int
	length     int        // of the history that it was answered last
	process    *process   // by whose group it appends; nil: by itself
	awaited    bool       // at the barrier before the first writes
	copies     int        // of its messages that were delivered again
	batches    int        // that it has stored
	faultsMu   sync.Mutex // an upload's triggers are written at the same time
	api        *apiState  // with a service

	base   archive.Snapshot // what the user has loaded
	baseID string
	cue    *cue   // set while it plays in a timeline
	step   string // of the timeline, the last that it has begun; empty: none
	// disturbers commit an update each before this one's store calls.
	disturbers []disturber
	turn       turns // several that it disturbs may call at once
	disturbs   int   // times that it has interfered
}

// disturber is another client that acts before calls of one.
type disturber struct {
	before network.Method
	act    func(ctx context.Context, id string)
}

// intent is what a client wants of its core. It stays the same, modification ids
// included, however often the client has to begin again.
type intent struct {
	op       history.Operation
	base     archive.Snapshot
	document archive.Document // of a create
	edit     archive.Edit
	make     func(current archive.Snapshot) (archive.Edit, error) // of an update
}

// meaning is where f keeps what it wants until its operation has ended.
func (f *performer) meaning(in intent) *intent {
	if l := f.actor.Load; l != nil {
		in.op.GiveUp = time.Duration(l.GiveUpAfter)
	}
	in.op.Step = f.step
	f.intent = in
	return &f.intent
}

// apiState is what a performer has with a service.
type apiState struct {
	triggers archive.Store      // of a user's uploads
	died     *network.Fault     // of the server, while its client does not know yet
	messages []delivery.Message // that a back end processes
	failed   []failure          // of them, those that come again
	// stays are the keys of triggers that could not be deleted, and told the messages of
	// which whoever looks after the back ends knows something.
	stays []string
	told  []delivery.Message
	// loaded is the version that was loaded last, at a time of the history; worked is the
	// ETag of the one on which the work on the message was done.
	loaded   archive.Snapshot
	loadedAt int64
	worked   string
}

// failure is why a message was not processed, or its trigger not deleted.
type failure struct {
	message delivery.Message
	err     error
}

// silent reports whether a trigger stays of which nobody was told.
func (a *apiState) silent() bool {
	return slices.ContainsFunc(a.stays, func(key string) bool {
		return !slices.ContainsFunc(a.told, func(m delivery.Message) bool {
			return key == archive.TriggerPrefix+m.Customer+"/"+m.ObjectID+".json"
		})
	})
}

// messageOf is the message whose result an edit of an object is: of several the one that
// the edit's id is made of, or else, for that need not be so, the last of the customer.
func (a *apiState) messageOf(id string, edit *archive.Edit) (found *delivery.Message) {
	if len(a.messages) == 1 {
		return &a.messages[0]
	}
	for i := range a.messages {
		m := &a.messages[i]
		processed := m.ModificationID(archive.Processed)
		for k := range edit.Modifications {
			switch e := &edit.Modifications[k]; {
			case e.ID == processed:
				return m
			case e.Type == archive.Processed && e.CustomerCode == m.Customer && id == m.ObjectID:
				found = m
			}
		}
	}
	return found
}

// timestamp is a time to the second, written once for all modifications of it.
type timestamp struct {
	second int64
	text   string
}

func (t *timestamp) of(now time.Time) string {
	if s := now.Unix(); s != t.second || t.text == "" {
		*t = timestamp{s, now.UTC().Format(time.RFC3339)}
	}
	return t.text
}
