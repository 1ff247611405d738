package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/archive/wire"
)

// Front is a front end of the store that is examined: writers and readers of a race take
// turns over all of them. It may be in another process.
type Front struct {
	// Store writes and reads below a prefix that is the examination's own: what is there
	// when it ends is the caller's to remove. If it is an archive.Lister, that is tried.
	Store archive.Store
	// Raw sends what a Store has no call for, to the same keys. Nil: what needs it is
	// left out.
	Raw wire.Sender
	// At is what is known of the way there; the examination fills in what it is told by
	// answers. Nil: it is not told of.
	At *Endpoint
}

// Config says what to examine, and for how long. The zero values are the defaults.
type Config struct {
	Store  string // its name in the diagnosis, without secrets
	Fronts []Front
	// Quick is the short form: what matters for writes, and some dozens of races of two.
	Quick bool
	// Budget is for all; DefaultBudget, or QuickBudget. What it cuts short is inconclusive.
	Budget time.Duration
	// RowBudget is for each row, DefaultRowBudget, and RaceBudget for each kind of race,
	// all that the rows leave.
	RowBudget, RaceBudget time.Duration
	// Races is how many races of each kind are wanted, of costly ones a third: DefaultRaces,
	// or QuickRaces. If the time is up, half of them are conclusive, but of the short form all.
	Races int
	// Writers and BodyBytes are mixed in the races of a kind: 2 and 8 writers, 64 and
	// 100,000 bytes; of the short form 2 and 64.
	Writers, BodyBytes []int
	// Progress is called as it goes on, by one goroutine at a time. May be nil.
	Progress func(Progress)
}

// The defaults of a [Config].
const (
	DefaultBudget    = time.Minute
	QuickBudget      = 5 * time.Second
	DefaultRowBudget = 10 * time.Second
	DefaultRaces     = 600 // none bad of so many: below 0.5 %, with 95 % confidence; of half: below 1 %
	QuickRaces       = 24
)

// Progress is how far an examination is.
type Progress struct {
	Doing       string // the name of the row, or of the kind of race
	Done, Total int    // rows and races
	Bad         int    // of what was done
}

func (c Config) withDefaults() Config {
	or := func(d *time.Duration, standard time.Duration) {
		if *d <= 0 {
			*d = standard
		}
	}
	budget, races, writers, sizes := DefaultBudget, DefaultRaces, []int{2, 8}, []int{64, 100_000}
	if c.Quick {
		budget, races, writers, sizes = QuickBudget, QuickRaces, []int{2}, []int{64}
	}
	or(&c.Budget, budget)
	or(&c.RowBudget, DefaultRowBudget)
	or(&c.RaceBudget, c.Budget)
	if c.Races <= 0 {
		c.Races = races
	}
	if len(c.Writers) == 0 {
		c.Writers = writers
	}
	if len(c.BodyBytes) == 0 {
		c.BodyBytes = sizes
	}
	return c
}

// Ended is a cause of the end of a context (see context.Cause) that is no interrupt: nothing
// more can be asked of the store.
type Ended struct{ Why error }

// Error implements error.
func (e *Ended) Error() string { return e.Why.Error() }

// Examine finds out what a store does. When ctx ends it returns what was found so far, and
// says so in Interrupted, unless it ended for a cause that is [Ended]. The error says that there was nothing to examine: no front, or a
// store to which nothing can be written.
func Examine(ctx context.Context, c Config) (Diagnosis, error) {
	c = c.withDefaults()
	if len(c.Fronts) == 0 {
		return Diagnosis{}, errors.New("examine a store: there is no way to it")
	}
	began := time.Now()
	e := &examination{Config: c}
	e.Fronts = e.counted(c.Fronts)
	budget, cancel := context.WithTimeout(ctx, c.Budget)
	defer cancel()
	if err := e.writable(budget); err != nil {
		return Diagnosis{}, err
	}
	for i := range e.Fronts {
		facts(budget, &e.Fronts[i])
	}
	d := Diagnosis{Store: c.Store, Quick: c.Quick}
	chosen := e.rows()
	e.total = len(chosen)
	for _, k := range e.kinds() {
		e.total += e.wanted(k)
	}
	var rowsDone sync.WaitGroup
	rowsDone.Go(func() {
		for _, r := range chosen {
			if row, told := e.try(budget, r); told {
				d.Rows = append(d.Rows, row)
			}
		}
	})
	if !c.Quick { // there is time to try what is alone alone
		rowsDone.Wait()
	}
	d.Races = e.races(budget)
	rowsDone.Wait()
	for _, f := range c.Fronts {
		if f.At != nil {
			d.Endpoints = append(d.Endpoints, *f.At)
		}
	}
	d.Requests = int(e.requests.Load())
	d.Seconds = time.Since(began).Seconds()
	_, ended := errors.AsType[*Ended](context.Cause(ctx))
	d.Interrupted = ctx.Err() != nil && !ended
	d.judge()
	return d, nil
}

type examination struct {
	Config
	requests atomic.Int64

	mu    sync.Mutex // of what follows
	done  int
	bad   int
	total int
}

func (e *examination) tell(doing string, done, bad int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.done += done
	e.bad += bad
	if e.Progress != nil {
		e.Progress(Progress{doing, e.done, e.total, e.bad})
	}
}

// writable tries to write, for ten seconds at most: a server that is starting refuses.
func (e *examination) writable(ctx context.Context) error {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for i := 1; ; i++ {
		key := fmt.Sprintf("rows/writable-%d", i)
		_, err := e.Fronts[0].Store.Put(ctx, key, []byte("is it writable?"), archive.Condition{})
		if err == nil || isFault(err) {
			return nil
		}
		const wait = time.Second / 4
		if !undecided(err) || (archive.WallClock{}).Sleep(ctx, max(archive.RetryAfter(err), wait)) != nil {
			return fmt.Errorf("examine %s: nothing can be written to it: %w", e.Store, err)
		}
	}
}

// rows are those that are tried.
func (e *examination) rows() []row {
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
		return e.Quick && !r.quick || r.raw && e.Fronts[0].Raw == nil
	})
}

// try tries a row, again if the transport has spoilt it. told: the store has such a thing.
func (e *examination) try(ctx context.Context, r row) (tried Row, told bool) {
	const tries = 3
	began := time.Now()
	budget, cancel := context.WithTimeout(ctx, e.RowBudget)
	defer cancel()
	tried = Row{Name: r.name, AWS: r.aws, Subject: r.subject, Means: r.means}
	var (
		found finding
		log   *wire.Log
		err   error
	)
	for i := range tries {
		t := &trial{store: e.Fronts[0].Store, raw: e.Fronts[0].Raw, front: &e.Fronts[0], all: e.Fronts, key: fmt.Sprintf("rows/%s-%d", slug(r.name), i+1)}
		t.ctx, t.log = wire.Record(budget)
		log = t.log
		if found, err = r.try(t); err == nil || isFault(err) || !undecided(err) {
			break
		}
		if (archive.WallClock{}).Sleep(budget, max(archive.RetryAfter(err), time.Duration(i+1)*time.Second/10)) != nil {
			break
		}
	}
	tried.Seconds = time.Since(began).Seconds()
	if errors.Is(err, errors.ErrUnsupported) {
		e.tell(r.name, 1, 0)
		return tried, false
	}
	tried.conclude(found, err, log)
	bad := 0
	if !tried.OK && !tried.Inconclusive {
		bad = 1
	}
	e.tell(r.name, 1, bad)
	return tried, true
}

func (r *Row) conclude(found finding, err error, log *wire.Log) {
	if fault, broken := errors.AsType[*storefault.Error](err); broken {
		found, err = finding{here: fault.Seen, kind: fault.Kind}, nil
		if said := log.Last(); fault.Kind == storefault.NoETag && said != "" {
			found.here = said + " without an ETag"
		}
	}
	if err != nil {
		r.Inconclusive, r.Here = true, "not known: "+err.Error()
		return
	}
	r.OK, r.Here, r.Kind = found.ok, found.here, found.kind
	switch {
	case found.kind != "":
		r.Means = means(found.kind)
	case found.means != "":
		r.Means = found.means
	}
	if !r.OK {
		r.Reproduction = log.String()
	}
}

func tlsName(s *tls.ConnectionState) string {
	return tls.VersionName(s.Version) + ", " + tls.CipherSuiteName(s.CipherSuite)
}
