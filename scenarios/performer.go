package scenarios

import (
	"context"
	"math/rand/v2"
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
	customer   string
	client     history.Client
	core       cores.Core
	store      network.Store // of the core
	rng        *rand.Rand
	source     source            // of rng
	faults     *network.Injector // nil: none
	counted    bool              // the requests of each call are, which HTTP makes
	intent     intent
	stamp      timestamp
	edits      int
	process    *process   // by whose group it appends; nil: by itself
	awaited    bool       // at the barrier before the first writes
	copies     int        // of its messages that were delivered again
	faultsMu   sync.Mutex // an upload's triggers are written at the same time
	api        *apiState  // with a service

	base   archive.Snapshot // what the user has loaded
	baseID string
	cue    *cue // set while it plays in a timeline
	// disturbers commit an update each before this one's store calls.
	disturbers []disturber
	turn       fifoMutex // several that it disturbs may call at once
	disturbs   int       // times that it has interfered
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
	f.intent = in
	return &f.intent
}

// apiState is what a performer has with a service.
type apiState struct {
	triggers archive.Store     // of a user's uploads
	died     *network.Fault    // of the server, while its client does not know yet
	message  *delivery.Message // that a back end processes
	outcome  error             // of the message
	// stays is why the message's trigger could not be deleted, and told whether whoever
	// looks after the back ends knows.
	stays error
	told  bool
	// loaded is the version that was loaded last, at a time of the history; worked is the
	// ETag of the one on which the work on the message was done.
	loaded   archive.Snapshot
	loadedAt int64
	worked   string
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
