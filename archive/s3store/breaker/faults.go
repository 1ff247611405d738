package breaker

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"holdfast/archive/storefault"
)

// Fault is one way to break a promise.
type Fault struct {
	Name string
	Kind storefault.Kind // what it is
	What string          // what the proxy does, as after "it"

	every  int
	handle func(*exchange) (*answer, error)
}

// rare is how seldom what is right most of the time goes wrong: often enough to matter,
// seldom enough to be missed by who looks once.
const rare = 20

var faults = []Fault{
	{string(storefault.IgnoredCondition), storefault.IgnoredCondition, "drops the condition of every PUT", 1, dropConditions},
	{string(storefault.TwoWinners), storefault.TwoWinners, "stores every 20th update that has lost a race", rare, acceptLoser("If-Match")},
	{string(storefault.TwoCreators), storefault.TwoCreators, "stores every 20th create that has lost a race", rare, acceptLoser("If-None-Match")},
	{string(storefault.WrongRefusal), storefault.WrongRefusal, "refuses every 20th conditional PUT", rare, refuse},
	{"weak-etags", storefault.WrongRefusal, "makes every ETag a weak one, which the server refuses as a condition", 1, weaken},
	{string(storefault.LostWrite), storefault.LostWrite, "acknowledges every 20th PUT without storing it", rare, forget},
	{string(storefault.RefusedAndKept), storefault.RefusedAndKept, "answers 412 to every 20th conditional PUT, once it is stored", rare, storeAndRefuse},
	{"doubled-put", storefault.RefusedAndKept, "sends every 20th PUT twice, and gives the second answer", rare, double},
	{string(storefault.StrangeBody), storefault.StrangeBody, "mixes the body of every 20th GET with that of the version before", rare, tear},
	{"foreign-body", storefault.StrangeBody, "answers every 20th GET with other digits, of which a document is made that nobody wrote", rare, confuse},
	{string(storefault.BodyUnderOlder), storefault.BodyUnderOlder, "answers every 20th GET with the ETag of the version before", rare, lateETag},
	{string(storefault.BodyUnderNewer), storefault.BodyUnderNewer, "answers every 20th GET with the body of the version before", rare, lateBody},
	{string(storefault.StaleRead), storefault.StaleRead, "answers every 20th GET or HEAD with the version before", rare, stale},
	{string(storefault.NoETag), storefault.NoETag, "takes the ETag out of every answer", 1, dropETag},
	{string(storefault.UnstableETag), storefault.UnstableETag, "answers a PUT with another ETag than a GET", 1, otherETag},
	{string(storefault.SharedETag), storefault.SharedETag, "lets every 5th PUT keep the ETag of the version that it replaces", 5, share},
	{string(storefault.IgnoredDelete), storefault.IgnoredDelete, "drops the condition of every DELETE", 1, dropDeleteConditions},
	{string(storefault.TwoDeleters), storefault.TwoDeleters, "acknowledges every 20th conditional DELETE that has lost a race", rare, acknowledgeDelete},
	{string(storefault.UndoneDelete), storefault.UndoneDelete, "stores the object again after every 5th DELETE", 5, undelete},
}

// Faults are all that there are.
func Faults() []Fault { return slices.Clone(faults) }

func dropConditions(e *exchange) (*answer, error) {
	if e.request.Method == http.MethodPut && e.conditional() && e.due() {
		return e.sendChanged(func(h http.Header) { h.Del("If-Match"); h.Del("If-None-Match") })
	}
	return e.send()
}

func dropDeleteConditions(e *exchange) (*answer, error) {
	if e.request.Method == http.MethodDelete && e.conditional() && e.due() {
		return e.sendChanged(func(h http.Header) { h.Del("If-Match") })
	}
	return e.send()
}

func (e *exchange) conditional() bool {
	return e.request.Header.Get("If-Match") != "" || e.request.Header.Get("If-None-Match") != ""
}

func acceptLoser(condition string) func(*exchange) (*answer, error) {
	return func(e *exchange) (*answer, error) {
		a, err := e.send()
		if err != nil || e.request.Method != http.MethodPut || e.request.Header.Get(condition) == "" || !e.lost(a) || !e.due() {
			return a, err
		}
		return e.sendChanged(func(h http.Header) { h.Del(condition) })
	}
}

// lost reports whether the write was refused and had a rival.
func (e *exchange) lost(a *answer) bool {
	refused := a.status == http.StatusPreconditionFailed || a.status == http.StatusConflict || a.status == http.StatusNotFound
	return refused && (e.rival || e.object.writes.Load() > 1)
}

func refuse(e *exchange) (*answer, error) {
	if e.request.Method == http.MethodPut && e.conditional() && e.due() {
		return refusal(), nil
	}
	return e.send()
}

func refusal() *answer {
	const body = `<?xml version="1.0" encoding="UTF-8"?>` +
		`<Error><Code>PreconditionFailed</Code><Message>At least one of the preconditions did not hold.</Message></Error>`
	return &answer{http.StatusPreconditionFailed, http.Header{"Content-Type": {"application/xml"}}, []byte(body)}
}

func weaken(e *exchange) (*answer, error) {
	a, err := e.send()
	if err == nil && a.header.Get("ETag") != "" && e.due() {
		a.header.Set("ETag", "W/"+a.header.Get("ETag"))
	}
	return a, err
}

// forget asks first whether the server would accept the write, so that nothing but the loss
// is wrong.
func forget(e *exchange) (*answer, error) {
	if e.request.Method != http.MethodPut || !e.due() {
		return e.send()
	}
	there, err := e.own(http.MethodHead, nil)
	if err != nil {
		return nil, err
	}
	match, none := e.request.Header.Get("If-Match"), e.request.Header.Get("If-None-Match")
	if match != "" && match != there.header.Get("ETag") || none != "" && there.status != http.StatusNotFound {
		return e.send()
	}
	return &answer{http.StatusOK, http.Header{"Etag": {fmt.Sprintf(`"%x"`, md5.Sum(e.body))}}, nil}, nil
}

func storeAndRefuse(e *exchange) (*answer, error) {
	a, err := e.send()
	if err == nil && e.request.Method == http.MethodPut && e.conditional() && a.status < 300 && e.due() {
		return refusal(), nil
	}
	return a, err
}

func double(e *exchange) (*answer, error) {
	a, err := e.send()
	if err == nil && e.request.Method == http.MethodPut && a.status < 300 && e.due() {
		return e.send()
	}
	return a, err
}

// ofVersion gets an object, and, when it is time, what is known of the version before.
func (e *exchange) ofVersion() (a *answer, before version, due bool, err error) {
	a, err = e.send()
	if err != nil || !e.isRead() || a.status != http.StatusOK {
		return a, version{}, false, err
	}
	before, known := e.object.replaced(a.header.Get("ETag"))
	return a, before, known && e.due(), nil
}

func tear(e *exchange) (*answer, error) {
	if e.request.Method != http.MethodGet {
		return e.send()
	}
	a, before, due, err := e.ofVersion()
	if due {
		a.spoil(slices.Concat(a.body[:len(a.body)/2], before.body[len(before.body)/2:]))
	}
	return a, err
}

// confuse makes another document of one: other digits.
func confuse(e *exchange) (*answer, error) {
	a, err := e.send()
	if err == nil && e.request.Method == http.MethodGet && a.status == http.StatusOK && e.due() {
		a.spoil(bytes.Map(func(r rune) rune {
			if i := strings.IndexRune("0123456789", r); i >= 0 {
				return rune("1234567898"[i]) // no number gets a leading zero
			}
			return r
		}, a.body))
	}
	return a, err
}

// spoil replaces the body, by half of it if the other is no other.
func (a *answer) spoil(other []byte) {
	if bytes.Equal(other, a.body) {
		other = a.body[:len(a.body)/2]
	}
	a.setBody(other)
}

func (a *answer) setBody(body []byte) {
	a.body = body
	a.header.Set("Content-Length", strconv.Itoa(len(body)))
}

func lateETag(e *exchange) (*answer, error) {
	if e.request.Method != http.MethodGet {
		return e.send()
	}
	a, before, due, err := e.ofVersion()
	if due {
		a.header.Set("ETag", before.etag)
	}
	return a, err
}

func lateBody(e *exchange) (*answer, error) {
	if e.request.Method != http.MethodGet {
		return e.send()
	}
	a, before, due, err := e.ofVersion()
	if due {
		a.setBody(before.body)
	}
	return a, err
}

func stale(e *exchange) (*answer, error) {
	a, before, due, err := e.ofVersion()
	if !due {
		return a, err
	}
	a.header.Set("ETag", before.etag)
	a.setBody(before.body)
	if e.request.Method == http.MethodHead {
		a.body = nil
	}
	return a, nil
}

func dropETag(e *exchange) (*answer, error) {
	a, err := e.send()
	if err == nil && a.header.Get("ETag") != "" && e.due() {
		a.header.Del("ETag")
	}
	return a, err
}

func otherETag(e *exchange) (*answer, error) {
	a, err := e.send()
	if err == nil && e.request.Method == http.MethodPut && a.header.Get("ETag") != "" && e.due() {
		a.header.Set("ETag", fmt.Sprintf(`"put-%x"`, md5.Sum(e.body)))
	}
	return a, err
}

// share shows one ETag for two versions, and takes it for the one that is there.
func share(e *exchange) (*answer, error) {
	o := e.object
	o.known.Lock()
	match := e.request.Header.Get("If-Match")
	hidden := match != "" && match != o.now.etag && match == o.shown[o.now.etag]
	now := o.now.etag
	o.known.Unlock()
	send := e.send
	if hidden {
		send = func() (*answer, error) { return e.sendChanged(func(h http.Header) { h.Set("If-Match", now) }) }
	}
	a, err := send()
	if err != nil || a.header.Get("ETag") == "" {
		return a, err
	}
	o.known.Lock()
	defer o.known.Unlock()
	etag := a.header.Get("ETag")
	if e.request.Method == http.MethodPut && o.before.etag != "" && o.before.etag != etag && e.due() {
		if o.shown == nil {
			o.shown = map[string]string{}
		}
		o.shown[etag] = cmp.Or(o.shown[o.before.etag], o.before.etag)
	}
	a.header.Set("ETag", cmp.Or(o.shown[etag], etag))
	return a, nil
}

func acknowledgeDelete(e *exchange) (*answer, error) {
	a, err := e.send()
	if err == nil && e.request.Method == http.MethodDelete && e.conditional() && e.lost(a) && e.due() {
		return &answer{http.StatusNoContent, http.Header{}, nil}, nil
	}
	return a, err
}

func undelete(e *exchange) (*answer, error) {
	e.object.known.Lock()
	was := e.object.now
	e.object.known.Unlock()
	a, err := e.send()
	if err != nil || e.request.Method != http.MethodDelete || a.status >= 300 || was.etag == "" || !e.due() {
		return a, err
	}
	_, err = e.own(http.MethodPut, was.body)
	return a, err
}
