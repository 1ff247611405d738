package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"holdfast/archive"
)

// S3Source says where the S3 events of an archive come from: what its store knows of
// itself. The zero value is any bucket, and keys without a prefix.
type S3Source struct {
	// Bucket is the name of the bucket, as events have it: not that of an access
	// point. Empty: any. A queue that several buckets write to needs it, or a trigger
	// of one would be taken for a trigger of the other.
	Bucket string
	// Prefix stands before every key, and is that of the store. A slash at its end does
	// not count, nor one at its beginning. Empty: none. By it alone the triggers of
	// archives of different layouts in one bucket are told apart: see [archive.Layout].
	Prefix string
}

var (
	// ErrForeign marks an S3 event, or a record of one, that is well-formed and tells
	// of no trigger of this archive: it is of another bucket, of a key below another
	// prefix, or of one that is no trigger's. If that is a surprise, the notification
	// or the [S3Source] is wrong, and the trigger's customer would not be told.
	ErrForeign = errors.New("not of this archive")
	// ErrNothingWritten marks what tells of no object that was written: a deletion, or
	// the test message that S3 sends when notifications are configured. Such an error
	// wraps [ErrForeign] too. Nothing is lost with it.
	ErrNothingWritten = errors.New("it tells of no write")
)

// S3EventError says which records of an S3 event have no message, and why.
type S3EventError struct {
	Records []*S3RecordError // at least one, in the event's order
}

// Error tells of the first records only: it may be logged at each delivery of a message.
func (e *S3EventError) Error() string {
	const most = 5
	var texts []string
	for _, r := range e.Records[:min(len(e.Records), most)] {
		texts = append(texts, r.Error())
	}
	if more := len(e.Records) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return "S3 event: " + strings.Join(texts, "; ")
}

// Unwrap returns the errors of the records.
func (e *S3EventError) Unwrap() []error {
	all := make([]error, len(e.Records))
	for i, r := range e.Records {
		all[i] = r
	}
	return all
}

// S3RecordError says why a record has no message.
type S3RecordError struct {
	Index int   // in the event's Records
	Err   error // wraps archive.ErrInvalid or ErrForeign
}

// Error is cut, far above what it says of a record of S3: a key has up to 1,024 bytes.
func (e *S3RecordError) Error() string {
	const most = 2000
	text := fmt.Sprintf("Records[%d]: %v", e.Index, e.Err)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// Unwrap returns the reason.
func (e *S3RecordError) Unwrap() error { return e.Err }

// s3Notification is what is of interest of an S3 event notification (event structure
// 2.x), and of what may come in its place.
type s3Notification struct {
	Records    []json.RawMessage
	Event      string // of a test message, which has no records
	Type       string // of what SNS has wrapped
	DetailType string `json:"detail-type"` // of what EventBridge has made of it
}

// s3EventRecord is what is of interest of one of its records.
type s3EventRecord struct {
	EventName string `json:"eventName"`
	S3        struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key  string `json:"key"`
			ETag string `json:"eTag"`
		} `json:"object"`
	} `json:"s3"`
}

const (
	s3TestEvent     = "s3:TestEvent"
	s3EventPrefix   = "s3:" // of names in configurations, and in the events of MinIO
	s3ObjectCreated = "ObjectCreated"
	snsNotification = "Notification"
	// An event of S3 has one record, and one of software that bundles them a few.
	mostS3Records = 1000
)

// ParseS3Event reads the notification that S3 sends to a queue when an object is
// written, and returns a message for each record, in their order. Every record has
// either a message or an error: there are never no messages and no error. The layout is
// that of the documents; nil: the archive's own.
//
// If some records have none, the error is an [S3EventError], and the messages of the
// others come with it. It wraps [archive.ErrInvalid] if a record, or all of the event, is
// malformed, and [ErrForeign] if one is not this archive's; it may wrap both. So an
// event may be acknowledged when all its messages were processed and the error wraps
// nothing worse than [ErrNothingWritten]; [Backend.HandleSQS] does that.
//
// An event with more than 1,000 records is refused as [archive.ErrInvalid]; those of S3 have one.
// One that came by way of SNS without raw delivery, or through EventBridge, is of
// another form, and refused as [archive.ErrInvalid].
func ParseS3Event(l *archive.Layout, source S3Source, body []byte) ([]Message, error) {
	records, err := recordsOf(body)
	if err != nil {
		return nil, err
	}
	var messages []Message
	var failed []*S3RecordError
	for i, raw := range records {
		m, err := source.message(l, raw)
		if err != nil {
			failed = append(failed, &S3RecordError{i, err})
			continue
		}
		messages = append(messages, m)
	}
	if len(failed) > 0 {
		return messages, &S3EventError{failed}
	}
	return messages, nil
}

// recordsOf are the records of an event, of which there is at least one.
func recordsOf(body []byte) ([]json.RawMessage, error) {
	if err := archive.ValidateJSON(body); err != nil {
		return nil, fmt.Errorf("%w S3 event: %w", archive.ErrInvalid, err)
	}
	var event s3Notification
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, fmt.Errorf("%w S3 event: %w", archive.ErrInvalid, err)
	}
	switch {
	case len(event.Records) > mostS3Records:
		return nil, fmt.Errorf("%w S3 event: it has %d Records, at most %d are taken: send them as several messages", archive.ErrInvalid, len(event.Records), mostS3Records)
	case len(event.Records) > 0:
		return event.Records, nil
	case event.Event == s3TestEvent:
		return nil, fmt.Errorf("S3 event: %w: %w: it is the test message of a new configuration", ErrForeign, ErrNothingWritten)
	case event.Type == snsNotification:
		return nil, fmt.Errorf("%w S3 event: SNS has wrapped it: turn on raw message delivery of the subscription", archive.ErrInvalid)
	case event.DetailType != "":
		return nil, fmt.Errorf("%w S3 event: it came through EventBridge: let the bucket notify the queue itself", archive.ErrInvalid)
	}
	return nil, fmt.Errorf("%w S3 event: it has no Records", archive.ErrInvalid)
}

// message is that of a record.
func (s S3Source) message(l *archive.Layout, raw []byte) (Message, error) {
	var r s3EventRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return Message{}, fmt.Errorf("%w: %w", archive.ErrInvalid, err)
	}
	if r.EventName == "" {
		return Message{}, fmt.Errorf("%w: it has no eventName", archive.ErrInvalid)
	}
	if kind, _, _ := strings.Cut(strings.TrimPrefix(r.EventName, s3EventPrefix), ":"); kind != s3ObjectCreated {
		return Message{}, fmt.Errorf("%w: %w: its eventName is %q", ErrForeign, ErrNothingWritten, r.EventName)
	}
	customer, id, err := s.trigger(l, r.S3.Bucket.Name, r.S3.Object.Key)
	if err != nil {
		return Message{}, err
	}
	etag, err := quotedETag(r.S3.Object.ETag)
	if err != nil {
		return Message{}, fmt.Errorf("%w: s3.object.eTag of %s: %w", archive.ErrInvalid, r.S3.Object.Key, err)
	}
	return Message{Customer: customer, ObjectID: id, TriggerETag: etag}, nil
}

// trigger is the one that a record names by its bucket and its escaped key.
func (s S3Source) trigger(l *archive.Layout, bucket, escaped string) (customer, id string, err error) {
	switch {
	case escaped == "":
		return "", "", fmt.Errorf("%w: s3.object.key is missing", archive.ErrInvalid)
	case s.Bucket != "" && bucket == "":
		return "", "", fmt.Errorf("%w: s3.bucket.name is missing", archive.ErrInvalid)
	case s.Bucket != "" && bucket != s.Bucket:
		return "", "", fmt.Errorf("%w: its bucket is %q, not %q", ErrForeign, bucket, s.Bucket)
	}
	key, err := url.QueryUnescape(escaped) // a space is a plus
	if err != nil {
		return "", "", fmt.Errorf("%w: s3.object.key %q: %w", archive.ErrInvalid, escaped, err)
	}
	prefix := strings.Trim(s.Prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	below, isBelow := strings.CutPrefix(key, prefix)
	customer, id, isTrigger := ParseTriggerKey(l, below)
	if !isBelow || !isTrigger {
		return "", "", fmt.Errorf("%w: its key %q is not a trigger's, which is %s: notify of the prefix %s only, "+
			"or correct that of the source", ErrForeign, key, prefix+archive.TriggerPrefix+"CUSTOMER/ID.json", prefix+archive.TriggerPrefix)
	}
	return customer, id, nil
}

// quotedETag is an ETag as a store returns it: HTTP has it in quotes, an event has not.
func quotedETag(etag string) (string, error) {
	if bare, ok := strings.CutPrefix(etag, `"`); ok {
		etag = strings.TrimSuffix(bare, `"`)
	}
	if etag == "" {
		return "", errors.New("it is missing")
	}
	if strings.ContainsFunc(etag, func(r rune) bool { return r <= ' ' || r == '"' || r > '~' }) {
		return "", fmt.Errorf("%q can't be one", etag)
	}
	return `"` + etag + `"`, nil
}
