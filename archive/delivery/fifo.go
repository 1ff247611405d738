package delivery

import (
	"encoding/json"
	"net/url"
	"strings"

	"holdfast/archive"
)

// S3 notifies neither FIFO queues nor FIFO topics, and a rule of EventBridge gives all messages one
// fixed group. So somebody forwards: a function that S3 notifies, or that reads a standard
// queue, sends each message of an event as [S3Source.Event], in the group [Message.GroupID]
// and with [Message.DeduplicationID]. Triggers of one object that are forwarded by several at
// once come in any order; from there on none overtakes another, and one function at a time has
// those of an object, so that its writes meet no others of the same kind.

// GroupID is a MessageGroupId for a FIFO queue: messages of one object have the same, which is
// the object's id if that can be one.
func (m Message) GroupID() string {
	const most = 128 // letters, digits and punctuation, says SQS
	if len(m.ObjectID) > most || strings.ContainsFunc(m.ObjectID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return archive.DerivedModificationID("group", m.ObjectID)
	}
	return m.ObjectID
}

// DeduplicationID is a MessageDeduplicationId for a FIFO queue: a message that is forwarded
// twice within five minutes is delivered once.
func (m Message) DeduplicationID() string { return m.ModificationID("deduplicate") }

// Event is the text of an S3 event that tells of the message and nothing else, for a
// queue that [Backend.HandleSQS] reads: [ParseS3Event] gives the message back. The error
// wraps [archive.ErrInvalid] if it names no trigger.
func (s S3Source) Event(l *archive.Layout, m Message) (string, error) {
	key, err := TriggerKey(l, m.Customer, m.ObjectID)
	if err != nil {
		return "", err
	}
	if _, err := quotedETag(m.TriggerETag); err != nil {
		return "", errNoTriggerETag(key)
	}
	if prefix := strings.Trim(s.Prefix, "/"); prefix != "" {
		key = prefix + "/" + key
	}
	var r s3EventRecord
	r.EventName = s3ObjectCreated + ":Put"
	r.S3.Bucket.Name = s.Bucket
	r.S3.Object.Key = url.QueryEscape(key)
	r.S3.Object.ETag = strings.Trim(m.TriggerETag, `"`) // as events have it
	text, err := json.Marshal(map[string][]s3EventRecord{"Records": {r}})
	return string(text), err
}
