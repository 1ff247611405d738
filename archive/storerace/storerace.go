// Package storerace plays races on a store: several write, delete or read one object at
// once, again and again, and what comes of it is held against what the store has promised.
//
// There are stores that answer every request rightly as long as nobody else asks, and let
// two racing writers win in one race of ten: only races show it. What the store did wrong
// is a [*storefault.Error]. What the transport did (an answer that was cut, a timeout, a
// 503) is none: a race of which it left too little to tell is unjudged, and is played again.
package storerace

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/archive/wire"
)

// Kind is what is raced for.
type Kind struct {
	Name    string
	What    string             // who races, and what must come of it
	Subject storefault.Subject // what can't be relied on if it goes wrong
	// Raw: it sends what a Store has no call for, so that it needs a Field with Raw.
	Raw bool
	// Costly: each race takes some ten times the requests of another, as each racer goes on
	// until it has written.
	Costly bool
	// Crowd: what it is about shows among many sooner than among few.
	Crowd bool

	race func(*round) error
}

var kinds = []Kind{
	{Name: "update", Subject: storefault.Writes, race: raceUpdates,
		What: "writers under one If-Match: one wins, and its body stays"},
	{Name: "create", Subject: storefault.Writes, race: raceCreates,
		What: "creators of one key: one wins, and its body stays"},
	{Name: "counter", Subject: storefault.Writes, race: raceCounter, Costly: true,
		What: "writers who read, add one and write: the sum is what was acknowledged"},
	{Name: "create-and-delete", Subject: storefault.Writes, race: raceCreatesAndDelete,
		What: "creators of a key that one other deletes: whoever creates it has it"},
	{Name: "cut-write", Subject: storefault.Writes, race: raceCutWrite, Raw: true,
		What: "a PUT whose connection is closed half-way: nothing of it is stored"},
	{Name: "readers", Subject: storefault.Reads, race: raceReaders, Crowd: true,
		What: "readers while one writes: each body whole, with its own ETag, none older than the one before"},
	{Name: "read-after-write", Subject: storefault.Reads, race: raceReadsAfterWrite,
		What: "readers on every way there, after an acknowledgement: all see it"},
	{Name: "update-and-delete", Subject: storefault.Deletes, race: raceUpdatesAndDelete,
		What: "writers under one If-Match, and one who deletes: it is gone in the end"},
	{Name: "conditional-delete", Subject: storefault.Deletes, race: raceConditionalDelete,
		What: "writers, and one who deletes, under one If-Match: one of them wins"},
	{Name: "delete-and-delete", Subject: storefault.Deletes, race: raceDeletes,
		What: "deleters under one If-Match: one wins"},
}

// Kinds are all there are, writes first.
func Kinds() []Kind { return slices.Clone(kinds) }

// Named is the kind of that name. It panics if there is none.
func Named(name string) Kind {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		panic("storerace: no kind " + name)
	}
	return kinds[i]
}

// Field is where races are played.
type Field struct {
	// Stores are ways to one and the same store: racers take turns over them. At least one.
	Stores []archive.Store
	// Raw sends to the same keys, for kinds that need it.
	Raw wire.Sender
	// Prefix stands before the keys. Nobody else may write there, and nothing may be there.
	Prefix string
}

// Course is a kind of race on a field. It is used by one goroutine at a time.
type Course struct {
	kind   Kind
	field  Field
	rng    *rand.Rand    // when a rival sets out
	played int           // races so far; each body names its own
	keys   int           // so far
	took   time.Duration // the last race
	known  bool          // what is stored under key is now, and nothing is on its way there
	now    *version      // nil: nothing
	past   []version     // of this key that were acknowledged, the latest last
	wrote  []uint64      // hashes of the bodies that were sent lately
	key    string
}

var seed = maphash.MakeSeed()

// Keys are those under which the races so far may have left something.
func (c *Course) Keys() []string {
	keys := make([]string, c.keys)
	for i := range keys {
		keys[i] = c.keyOf(i + 1)
	}
	return keys
}

func (c *Course) keyOf(n int) string { return fmt.Sprintf("%s%s-%d", c.field.Prefix, c.kind.Name, n) }

// version is what is stored, or was.
type version struct {
	body, etag string
}

// On returns a course on which nothing was played yet.
func (k Kind) On(f Field) *Course {
	return &Course{kind: k, field: f, rng: rand.New(rand.NewPCG(1, uint64(len(k.Name))))}
}

// Race plays one race of so many racers, with bodies of about so many bytes, but at least
// what names a writer. It returns nil if the store kept its word, a [*storefault.Error] if
// it broke it, and otherwise why the race can't be judged.
func (c *Course) Race(ctx context.Context, racers, bodyBytes int) error {
	c.played++
	began := archive.WallClock{}.Now()
	err := c.kind.race(&round{Course: c, ctx: ctx, racers: max(racers, 2), size: bodyBytes})
	c.took = archive.WallClock{}.Now().Sub(began)
	if err != nil {
		c.known = false // what was sent may arrive yet: the next race has a key of its own
	}
	return err
}

// Plan says how many races are wanted of a course.
type Plan struct {
	Races int // judged ones
	// Racers and BodyBytes are mixed: of each, the first is taken in three races of four,
	// and the others in turn.
	Racers, BodyBytes []int
	// AfterUnsafe is how many more are played after the first whose fault decides, for two
	// seconds at most: one of severity [storefault.Unsafe], about writes or what the course is
	// about. After all others it goes on, as something worse may come. Negative: after that too.
	AfterUnsafe int
}

// Tally is what came of a course.
type Tally struct {
	Judged, Bad, Unjudged int
	FirstBad              int // its number among the judged, from 1; 0: none
	Decided               int // likewise, of the first whose fault decides (see [Plan])
	// Refused of the bad ones showed a [storefault.WrongRefusal], and so nothing of what comes
	// of a race.
	Refused int
	// Faults are the first of each kind that was seen, and Worst is the first of the worst severity.
	Faults []*storefault.Error
	Worst  *storefault.Error
	// Log is what was sent and answered in the race that showed Worst, if the adapter tells.
	Log string
	// Why says of the last unjudged race why it is.
	Why error
}

// mostAfterUnsafe is for how long a course goes on after it is decided.
const mostAfterUnsafe = 2 * time.Second

// mostUnjudged is how many unjudged races in a row end a course.
const mostUnjudged = 12

// Play plays races until the plan is fulfilled, or ctx has ended, or so many in a row can't
// be judged that there is no point in going on. It calls each after each race that was
// judged; each may be nil.
func (c *Course) Play(ctx context.Context, p Plan, each func(Tally)) Tally {
	var t Tally
	for inRow := 0; t.Judged < p.Races && ctx.Err() == nil && inRow < mostUnjudged; {
		if p.AfterUnsafe >= 0 && t.Decided > 0 && t.Judged >= t.Decided+p.AfterUnsafe {
			break
		}
		racers, size := p.pick(t.Judged)
		logged, log := wire.Record(ctx)
		err := c.Race(logged, racers, size)
		fault, bad := errors.AsType[*storefault.Error](err)
		switch {
		case err == nil, bad:
			inRow = 0
			t.judged(fault, log, c.kind)
			if p.AfterUnsafe >= 0 && t.Decided == t.Judged {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, mostAfterUnsafe)
				defer cancel()
			}
			if each != nil {
				each(t)
			}
		case ctx.Err() != nil: // it was cut short by the caller
		default:
			t.Unjudged++
			inRow++
			t.Why = err
			_ = archive.WallClock{}.Sleep(ctx, waitAfter(err, inRow))
		}
	}
	return t
}

// pick is how many racers the nth race has, and how large its bodies are.
func (p Plan) pick(n int) (racers, size int) {
	const often = 4
	of := func(values []int, n int) int {
		if n%often != often-1 || len(values) == 1 {
			return values[0]
		}
		return values[1+n/often%(len(values)-1)]
	}
	return of(p.Racers, n), of(p.BodyBytes, n+n/often)
}

func (t *Tally) judged(fault *storefault.Error, log *wire.Log, k Kind) {
	t.Judged++
	if fault == nil {
		return
	}
	t.Bad++
	if t.Bad == 1 {
		t.FirstBad = t.Judged
	}
	known := storefault.Of(fault.Kind)
	if t.Decided == 0 && known.Severity == storefault.Unsafe && (known.Subject == storefault.Writes || known.Subject == k.Subject) {
		t.Decided = t.Judged
	}
	if fault.Kind == storefault.WrongRefusal {
		t.Refused++
	}
	if t.Worst == nil || known.Severity > storefault.Of(t.Worst.Kind).Severity {
		t.Worst, t.Log = fault, log.Brief()
	}
	if !slices.ContainsFunc(t.Faults, func(f *storefault.Error) bool { return f.Kind == fault.Kind }) {
		t.Faults = append(t.Faults, fault)
	}
}

// waitAfter is for how long a store in trouble is left alone.
func waitAfter(err error, inRow int) time.Duration {
	const first, most = 2 * time.Millisecond, time.Second
	return min(max(archive.RetryAfter(err), first<<inRow), most)
}
