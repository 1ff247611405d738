package history

import (
	"strings"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// isTrigger reports whether a key is that of a trigger.
func isTrigger(key string) bool {
	if !strings.HasPrefix(key, "customers/") {
		return false
	}
	_, _, ok := delivery.ParseTriggerKey(anyTrigger, key)
	return ok
}

// anyTrigger knows the keys of the triggers of every layout: no document has such a key.
var anyTrigger = &archive.Layout{Slashes: true}

// OfTrigger reports whether the event is a store call on a trigger, which is no
// document: its versions are told apart, but not described.
func (e *Event) OfTrigger() bool {
	if e.Doc != nil {
		return false
	}
	_, _, ok := (*Layout)(nil).SplitTrigger(e.Key)
	return ok
}

// Layout is what one has to know of a run's [archive.Layout] to judge its history.
type Layout struct {
	Name   string `json:"name"`
	Prefix string `json:"prefix"` // of the keys of documents, as their suffix
	Suffix string `json:"suffix"`
}

// SplitTrigger takes an event's Trigger apart: the key of the object that the
// trigger is for, and the customer. Keys are with their prefix. A nil Layout is the
// archive's own.
func (l *Layout) SplitTrigger(trigger string) (object, customer string, ok bool) {
	key, _, _ := strings.Cut(trigger, "@")
	at := strings.Index(key, "customers/")
	if at < 0 {
		return "", "", false
	}
	customer, id, ok := delivery.ParseTriggerKey(anyTrigger, key[at:])
	if l == nil {
		l = &ownLayout
	}
	return key[:at] + l.Prefix + id + l.Suffix, customer, ok
}

// ownLayout is the archive's own.
var ownLayout = Layout{Prefix: archive.OwnLayout().Prefix, Suffix: archive.OwnLayout().Suffix}

// The requests to a queue.
const (
	SendRequest    = "send"
	ReceiveRequest = "receive"
	DeleteRequest  = "delete"
)

// QueueRequests are those that a repetition has made to a queue.
type QueueRequests struct{ Sends, Receives, Deletes int }

// Requested records how many requests were made to a queue, when no more will be.
func (r *Recorder) Requested(made QueueRequests) {
	for i, n := range []int{made.Sends, made.Receives, made.Deletes} {
		if n > 0 {
			r.add(Event{Kind: Request, At: r.Now(), Do: requests[i], Count: n})
		}
	}
}

// QueueLog records what becomes of the messages of a queue.
type QueueLog struct {
	rec    *Recorder
	prefix string
}

// Queue returns the log of a queue. Keys are recorded with the prefix.
func (r *Recorder) Queue(prefix string) QueueLog { return QueueLog{r, prefix} }

// Sent records that the store has applied the write of a trigger, which follows the
// upload with this modification; "" if it follows none.
func (q QueueLog) Sent(m delivery.Message, upload string) {
	e := q.event(Sent, m)
	if upload != "" {
		e.IDs = []string{upload}
	}
	q.rec.sink.Add(e)
}

// Delivered records a delivery to an actor.
func (q QueueLog) Delivered(actor string, d delivery.Delivery) {
	e := q.event(Delivered, d.Message)
	e.Actor, e.Attempt = actor, d.Receives
	q.rec.sink.Add(e)
}

// Acknowledged records that an actor acknowledges a delivery.
func (q QueueLog) Acknowledged(actor string, d delivery.Delivery) {
	e := q.event(Acknowledged, d.Message)
	e.Actor = actor
	q.rec.sink.Add(e)
}

// Ended records where a message is at last: [DeadLettered] or [Left].
func (q QueueLog) Ended(do string, m delivery.Message) { q.rec.sink.Add(q.event(do, m)) }

func (q QueueLog) event(do string, m delivery.Message) *Event {
	return &Event{Kind: Queue, At: q.rec.Now(), Do: do, Trigger: triggerOf(q.prefix, m)}
}

func (c *Client) trigger(m delivery.Message) string { return triggerOf(c.prefix, m) }

func triggerOf(prefix string, m delivery.Message) string {
	key, err := delivery.TriggerKey(anyTrigger, m.Customer, m.ObjectID)
	if err != nil {
		key = "?" // a message that nobody should have sent
	}
	return prefix + key + "@" + m.TriggerETag
}
