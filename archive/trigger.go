package archive

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Trigger is a transient object that tells the back end of one customer that a
// change wants processing. It says nothing of the change itself: that is read from
// the archive.
type Trigger struct {
	Customer string `json:"customer"`
	ObjectID string `json:"object_id"`
	// ModificationID is that of the upload which the trigger follows. It makes the
	// triggers of two uploads differ, and so their ETags.
	ModificationID string `json:"modification_id"`
}

// triggerPrefix is where the triggers are.
const triggerPrefix = "customers/"

// TriggerKey returns the key of a customer's trigger for an object.
func TriggerKey(customer, id string) (string, error) {
	if err := validateName("customer code", customer); err != nil {
		return "", err
	}
	if err := ValidateID(id); err != nil {
		return "", err
	}
	return triggerPrefix + customer + "/" + id + ".json", nil
}

// ParseTriggerKey is the inverse of [TriggerKey]; ok is false for any other key.
func ParseTriggerKey(key string) (customer, id string, ok bool) {
	rest, isTrigger := strings.CutPrefix(key, triggerPrefix)
	customer, id, _ = strings.Cut(rest, "/")
	id, isJSON := strings.CutSuffix(id, ".json")
	if !isTrigger || !isJSON || ValidateID(customer) != nil || ValidateID(id) != nil {
		return "", "", false
	}
	return customer, id, true
}

// Message says that a trigger was written: it names the version by its ETag. S3
// sends one for each write, and a queue delivers it at least once.
//
// A trigger that is written again with the same content has the same ETag, so both
// messages are one and are processed once. That is so while an ETag is the MD5 of the
// content: not in a bucket whose default encryption is by KMS, where the second is
// processed again.
type Message struct {
	Customer    string
	ObjectID    string
	TriggerETag string
}

// ModificationID is the id of a modification that the message asks for: always the
// same for the same message and purpose, whoever processes it and however often,
// and another for every other message.
func (m Message) ModificationID(purpose string) string {
	return DerivedModificationID(purpose, m.Customer, m.ObjectID, m.TriggerETag)
}

// derivedPrefix begins the ids of [DerivedModificationID] and no others: who could
// choose such an id for an entry of their own would make a back end believe that a
// message was processed.
const derivedPrefix = "d-"

// DerivedModificationID makes a modification id out of what an intent consists of:
// the same parts give the same id, and different ones, for all practical purposes,
// never do.
func DerivedModificationID(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		_ = binary.Write(sum, binary.BigEndian, uint64(len(p))) // a hash takes everything
		_, _ = io.WriteString(sum, p)
	}
	digest := sum.Sum(nil)
	return derivedPrefix + base32Text(binary.BigEndian.Uint64(digest), binary.BigEndian.Uint64(digest[8:]))
}

// writeTrigger stores a trigger, and tries again as the policy says, whose deadline
// counts from start: writing it twice does no harm. It returns the last error.
func (u *Uploader) writeTrigger(ctx context.Context, t Trigger, start time.Time) error {
	key, err := TriggerKey(t.Customer, t.ObjectID)
	if err != nil {
		return err
	}
	body, err := json.Marshal(t)
	if err == nil {
		err = ctx.Err() // nothing is sent for somebody who has left
	}
	if err != nil {
		return fmt.Errorf("write trigger %s: %w", key, err)
	}
	if u.policy.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = u.clock.WithTimeout(ctx, u.policy.Deadline-u.clock.Now().Sub(start))
		defer cancel()
	}
	var wait time.Duration
	for attempt := 1; ; attempt++ {
		_, err = u.store.Put(ctx, key, body, Condition{})
		if err == nil || !worthRetrying(err) || attempt >= u.policy.MaxAttempts() {
			break
		}
		wait = u.wait(attempt, wait)
		pause := max(wait, u.floor(attempt, err), RetryAfter(err))
		if left := u.policy.Deadline - u.clock.Now().Sub(start); u.policy.Deadline > 0 && pause >= left {
			break
		}
		if u.clock.Sleep(ctx, pause) != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("write trigger %s: %w", key, err)
	}
	return nil
}
