package archive

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// intent is an edit that a call is to store. It is recognised by its modifications, and
// answered for itself. All calls that write have one, but for [Archive.AppendAll].
type intent struct {
	edit Edit
	// known are the modifications by which it is recognised, others those of an edit that
	// is known by one of them: they are in the document together with it, or not at all.
	known, others []Modification
	// ended: it was answered before the call ended, by err.
	ended bool
	err   error
}

// prepareOnly makes an edit the only one of the call.
func (c *call) prepareOnly(e Edit, fields map[string]json.RawMessage) error {
	only := make([]intent, 1)
	if err := c.prepare(&only[0], e, fields); err != nil {
		return err
	}
	c.intents, c.left = only, 1
	return nil
}

// prepare completes and checks an edit before anything is sent, so that every
// attempt writes the same. The fields are those of the edit, or of what is created.
func (c *call) prepare(it *intent, e Edit, fields map[string]json.RawMessage) error {
	mods := make([]Modification, len(e.Modifications))
	for i, m := range e.Modifications {
		if m.Timestamp == "" {
			m.Timestamp = c.start.UTC().Format(time.RFC3339)
		}
		if m.ContentDigest == "" && e.Once == "" {
			m.ContentDigest = ContentDigest(fields, e.Remove, m)
		}
		mods[i] = m
	}
	e.Modifications = mods
	if err := c.layout.ValidateEdit(e); err != nil {
		return err
	}
	known, others := mods, []Modification(nil)
	if e.Once != "" {
		i := slices.IndexFunc(mods, func(m Modification) bool { return m.ID == e.Once })
		if i < 0 {
			return fmt.Errorf("%w edit: it is to be stored once by %s, which is none of its modifications", ErrInvalid, short(e.Once))
		}
		known, others = mods[i:i+1], slices.Concat(mods[:i], mods[i+1:])
	}
	e.valid = true
	*it = intent{edit: e, known: known, others: others}
	c.left++
	return nil
}

// in reports whether a version has the edit: it has committed, be it in this attempt, in
// one whose reply was lost, or in an earlier call with the same ids.
func (it *intent) in(doc Document) bool {
	for i := range it.known {
		if !doc.HasModification(it.known[i].ID) {
			return false
		}
	}
	return true
}

// compare reports whether a version has the edit, or has one of its ids as that of
// something else.
func (c *call) compare(it *intent, doc Document) (held bool, reused error) {
	held = it.in(doc)
	if held || len(it.known)+len(it.others) > 1 { // of a single one that is not there, nothing is
		reused = c.reused(it, doc, held)
	}
	return held && reused == nil, reused
}

// recognise ends the intents that a version has, and those whose ids it has as somebody
// else's. If that leaves none, and none is stored, its error is that of the call.
func (c *call) recognise(current Snapshot) error {
	// Histories only grow and every version adds an id of its own, so an ETag that is gone
	// never returns: a write conditioned on it, if it has not been applied by now, never
	// will be. While the ETag still stands, it may be.
	if current.ETag != c.doubtETag {
		c.inDoubt = false
	}
	for i := range c.intents {
		it := &c.intents[i]
		if it.ended {
			continue
		}
		held, reused := c.compare(it, current.Document)
		if held {
			it.ended, c.stored = true, current
			c.left--
		} else if reused != nil {
			if err := c.refuse(it, reused); err != nil {
				return err
			}
		}
	}
	return nil
}

// refuse ends an intent by itself. If it is the last one and none is stored, its error is
// that of the call.
func (c *call) refuse(it *intent, err error) error {
	if c.left == 1 && c.stored.Document == nil {
		return err
	}
	it.ended, it.err = true, c.failure(err)
	c.left--
	return nil
}

// settled reports whether all that the call is to store is answered.
func (c *call) settled() bool { return c.left == 0 && len(c.intents) > 0 }

// appendTo makes the edits of a call in their order, each of what the ones before it left.
func (c *call) appendTo(current Snapshot) (Document, error) {
	if current.Document == nil {
		return nil, ErrNotFound
	}
	next, changed := current.Document, false
	for i := range c.intents {
		it := &c.intents[i]
		if it.ended {
			continue
		}
		with, err := c.appended(it, next, changed)
		if err == nil {
			next, changed = with, true
		} else if err = c.refuse(it, err); err != nil {
			return nil, err
		}
	}
	if c.left == 0 {
		return nil, errStored
	}
	return next, nil
}

// appended makes one edit of a document, which earlier ones of the call may have changed:
// one that is the same as one of them is in it already.
func (c *call) appended(it *intent, doc Document, changed bool) (Document, error) {
	if changed {
		if held, reused := c.compare(it, doc); held || reused != nil {
			return doc, reused
		}
	}
	with, err := doc.Apply(it.edit)
	if err == nil {
		err = c.fits(len(doc.Encode()), len(with.Encode()))
	}
	return with, err
}

// answerAll gives those that were not answered before how the call ended.
func (c *call) answerAll(done Snapshot, err error) {
	if err == nil {
		c.stored = done
	}
	for i := range c.intents {
		if it := &c.intents[i]; !it.ended {
			it.ended, it.err = true, err
		}
	}
}
