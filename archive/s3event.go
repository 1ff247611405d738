package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// s3Event is what is of interest of an S3 event notification (event structure 2.x).
type s3Event struct {
	Event   string // of a test message, which has no records
	Records []struct {
		EventName string `json:"eventName"`
		S3        struct {
			Object struct {
				Key  string `json:"key"`
				ETag string `json:"eTag"`
			} `json:"object"`
		} `json:"s3"`
	}
}

const (
	s3TestEvent    = "s3:TestEvent"
	s3EventPrefix  = "s3:" // of names in configurations, and in the events of MinIO
	s3CreatedEvent = "ObjectCreated:"
)

// ParseS3Event is [Layout.ParseS3Event] of the archive's own layout.
func ParseS3Event(body []byte) ([]Message, error) { return ownLayout.ParseS3Event(body) }

// ParseS3Event reads the notification that S3 sends to a queue when an object is
// written, and returns a message for each trigger it tells of, in its order. There
// may be none: other events, other keys, and the test message that S3 sends when
// notifications are configured are passed over. One that came by way of SNS without
// raw delivery, or through EventBridge, is of another form.
//
// The error wraps [ErrInvalid] and says which record is wrong; no messages are
// returned then, so that the notification as a whole ends as a dead letter. It must
// be acknowledged only when all its messages were processed.
func (l *Layout) ParseS3Event(body []byte) ([]Message, error) {
	if !validJSON(body) {
		return nil, fmt.Errorf("%w S3 event: %w", ErrInvalid, syntaxError(body))
	}
	var event s3Event
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, fmt.Errorf("%w S3 event: %w", ErrInvalid, err)
	}
	if event.Event == s3TestEvent {
		return nil, nil
	}
	if event.Records == nil {
		return nil, fmt.Errorf("%w S3 event: it has no Records", ErrInvalid)
	}
	var messages []Message
	for i, r := range event.Records {
		if !strings.HasPrefix(strings.TrimPrefix(r.EventName, s3EventPrefix), s3CreatedEvent) {
			continue
		}
		key, err := url.QueryUnescape(r.S3.Object.Key) // a space is a plus
		if err != nil {
			return nil, fmt.Errorf("%w S3 event: Records[%d].s3.object.key %q: %w", ErrInvalid, i, r.S3.Object.Key, err)
		}
		customer, id, isTrigger := l.ParseTriggerKey(key)
		if !isTrigger {
			continue
		}
		etag, err := quotedETag(r.S3.Object.ETag)
		if err != nil {
			return nil, fmt.Errorf("%w S3 event: Records[%d].s3.object.eTag of %s: %w", ErrInvalid, i, key, err)
		}
		messages = append(messages, Message{Customer: customer, ObjectID: id, TriggerETag: etag})
	}
	return messages, nil
}

// quotedETag is an ETag as a Store returns it: HTTP has it in quotes, an event has not.
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
