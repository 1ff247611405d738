package world

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// The answers of the model, made once: each is the sentinel with S3's words.
var (
	errNoSuchKey     = fmt.Errorf("404 NoSuchKey: %w", archive.ErrNotFound)
	errPrecondition  = fmt.Errorf("412 PreconditionFailed: %w", archive.ErrPreconditionFailed)
	errConflict      = fmt.Errorf("409 ConditionalRequestConflict: %w", archive.ErrConflict)
	errTooMany       = fmt.Errorf("429 TooManyRequests: %w", archive.ErrThrottled)
	errSlowDown      = fmt.Errorf("503 SlowDown: %w", archive.ErrThrottled)
	errDenied        = errors.New("403 AccessDenied")
	errTooLarge      = fmt.Errorf("400 EntityTooLarge: the model of a store lets objects grow to %d MiB, or to four times what they were at first", MostBody>>20)
	errDeleteAbsence = fmt.Errorf("delete: %w condition %s: condition a delete on an ETag or on nothing", archive.ErrInvalid, archive.IfAbsent())
)

// Echo is the answer to a write that was applied, when it comes a second time.
func Echo(status int) error {
	switch status {
	case http.StatusConflict:
		return echo409
	case http.StatusServiceUnavailable:
		return echo503
	}
	return echo412
}

var echo412, echo409, echo503 error = echo{errPrecondition}, echo{errConflict}, echo{errSlowDown}

// echo is a refusal that does not say that nothing was applied.
type echo struct{ error }

func (e echo) Unwrap() error { return e.error }

// Injected says so to the history.
func (echo) Injected() {}

// Model is a bucket that answers as S3 promises, without time: each call takes
// effect as a whole.
//
// A deleted key, which on a versioned bucket is one whose current version is a
// delete marker, counts as absent: a create of it succeeds, an update answers 404.
// ETags depend on the content only, as those of a plain PUT do, so the same bytes
// written again have the same ETag.
type Model struct {
	objects map[string]*Object
	// latest spares a look-up: consecutive calls are mostly of one key.
	latest    *Object
	latestKey string
	etags     etags
	growing   bool   // see growth
	watched   string // prefix of keys
	tell      func(key, etag string, body []byte)
}

// Object is what a key holds.
type Object struct {
	etags   etags
	body    []byte
	etag    string
	present bool
	// modified is when it was written, as the world that it is in counts time; only
	// [Virtual] says so.
	modified int64
	growth   *growth // nil: ETags are by content alone
	// applied, if not nil, is told of each write.
	applied func(etag string, body []byte)
	most    int // bytes; 0: nothing was written yet
	// meters measure the calls of this key and its neighbours, in [Virtual]; nil: none yet.
	meters *meters
	own    network.Meter // of this key alone
	// lane is when the writes that are being served, by a store that takes time
	// for them, will have ended; only [Virtual] uses it.
	lane lane
}

// NewModel returns an empty bucket.
func NewModel() *Model { return &Model{objects: map[string]*Object{}, etags: etags{}} }

// Reset empties the bucket. It keeps the places, of which there are few, since
// those who reset it use the same keys again.
func (m *Model) Reset() {
	for _, o := range m.objects {
		*o = Object{etags: m.etags}
		if m.growing {
			o.growth = &growth{}
		}
	}
	m.tell = nil
}

// Watch has tell called for each write under a key with this prefix.
func (m *Model) Watch(prefix string, tell func(key, etag string, body []byte)) {
	m.watched, m.tell = prefix, tell
	for key, o := range m.objects {
		m.watch(key, o)
	}
}

// watch lets a place tell of its writes, if somebody wants to know.
func (m *Model) watch(key string, o *Object) {
	if tell := m.tell; tell != nil && strings.HasPrefix(key, m.watched) {
		o.applied = func(etag string, body []byte) { tell(key, etag, body) }
	}
}

// Object returns the place of a key.
func (m *Model) Object(key string) *Object {
	if m.latest != nil && m.latestKey == key {
		return m.latest
	}
	o := m.objects[key]
	if o == nil {
		o = &Object{etags: m.etags}
		if m.growing {
			o.growth = &growth{}
		}
		m.watch(key, o)
		m.objects[key] = o
	}
	m.latest, m.latestKey = o, key
	return o
}

// mostListed is how many objects one listing shows, as on S3.
const mostListed = 1000

// List shows the objects whose keys begin with prefix and come after a key, in the order
// of their keys, with the time that has passed from begin until they were written.
func (m *Model) List(prefix, after string, begin time.Time) []archive.Listed {
	var page []archive.Listed
	for key, o := range m.objects {
		if o.present && key > after && strings.HasPrefix(key, prefix) {
			page = append(page, archive.Listed{Key: key, Modified: begin.Add(time.Duration(o.modified))})
		}
	}
	slices.SortFunc(page, func(a, b archive.Listed) int { return strings.Compare(a.Key, b.Key) })
	return page[:min(mostListed, len(page))]
}

// Present reports whether there is an object.
func (o *Object) Present() bool { return o.present }

// Get returns what is there.
func (o *Object) Get() (body []byte, etag string, err error) {
	if !o.present {
		return nil, "", errNoSuchKey
	}
	return o.body, o.etag, nil
}

// Refuses returns the answer to a write whose condition does not hold, or nil.
func (o *Object) Refuses(cond archive.Condition) error {
	switch {
	case cond.IsAbsent() && o.present:
		return errPrecondition
	case cond.ETag() == "":
		return nil
	case !o.present:
		return errNoSuchKey
	case cond.ETag() != o.etag:
		return errPrecondition
	}
	return nil
}

// Do makes a call of this place's key.
func (o *Object) Do(m network.Method, body []byte, cond archive.Condition) (read []byte, etag string, err error) {
	switch m {
	case network.MethodPut:
		etag, err = o.Put(body, cond)
	case network.MethodDelete:
		err = o.Delete(cond)
	default:
		return o.Get()
	}
	return nil, etag, err
}

// MostBody is the size, in bytes, to which the model lets an object grow; of one that was
// large at first it is four times that. S3 takes a thousand times as much, but a core whose
// documents double with each write would fill the memory here.
const MostBody = 8 << 20

// Put writes if the condition holds.
func (o *Object) Put(body []byte, cond archive.Condition) (etag string, err error) {
	if err := o.Refuses(cond); err != nil {
		return "", err
	}
	if o.most == 0 {
		o.most = max(MostBody, 4*len(body))
	}
	if len(body) > o.most {
		return "", errTooLarge
	}
	o.body, o.etag, o.present = body, o.etags.of(body), true
	if o.growth != nil {
		o.etag = o.growth.of(o.etag)
	}
	if o.applied != nil {
		o.applied(o.etag, body)
	}
	return o.etag, nil
}

// Delete removes if the condition holds.
func (o *Object) Delete(cond archive.Condition) error {
	if cond.IsAbsent() {
		return errDeleteAbsence
	}
	if err := o.Refuses(cond); err != nil {
		return err
	}
	o.body, o.etag, o.present = nil, "", false
	return nil
}
