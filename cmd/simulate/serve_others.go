package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/scenarios"
)

// other is somebody who is not there: a name and what it does to a sample.
type other struct {
	name  string
	every time.Duration // on average
	act   func(s *service, ctx context.Context, name, id string) error
}

var others = []other{
	{"ben (simulated)", 6 * time.Second, (*service).editSomeField},
	{"chloe (simulated)", 9 * time.Second, (*service).editSomeField},
	{"meeting-scheduler (simulated)", 25 * time.Second, (*service).moveMeeting},
}

// mostEntries is where made-up users stop: each of their edits makes a document's
// history longer, and a page that is left open all night should stay usable.
const mostEntries = 1000

// startOthers lets made-up users change the samples until ctx ends. They write past
// the front end, so that no customer is told of each of their edits.
func (s *service) startOthers(ctx context.Context, wg *sync.WaitGroup) {
	for _, o := range others {
		wg.Go(func() {
			// Between half and one and a half times the average, so that they drift apart.
			for (archive.WallClock{}).Sleep(ctx, o.every/2+rand.N(o.every)) == nil {
				id := s.samples[rand.IntN(len(s.samples))]
				if err := o.act(s, ctx, o.name, id); err != nil && ctx.Err() == nil {
					s.logger.InfoContext(ctx, "a simulated user had no luck", "user", o.name, "object", id, "error", err)
				}
			}
		})
	}
}

// editedByOthers are fields that people edit.
var editedByOthers = []string{"changeTitle", "testPlan", "customerImpact", "rollbackPlan", "title", "summary", "content"}

// signature is what a made-up user leaves at the end of a text: the next one takes
// its place, so that texts do not grow.
var signature = regexp.MustCompile(`(?: \[seen by [^\]]*\])?$`)

// editSomeField saves a field as a user would: loads, types, saves what was changed.
func (s *service) editSomeField(ctx context.Context, name, id string) error {
	loaded, err := s.core.Load(ctx, id)
	if err != nil {
		return err
	}
	if longEnough(loaded) {
		return nil
	}
	field, text, ok := someText(s.layout, loaded.Document)
	if !ok {
		return fmt.Errorf("%s has none of the fields that simulated users change", id)
	}
	text = signature.ReplaceAllLiteralString(text, fmt.Sprintf(" [seen by %s, %s]", name, time.Now().Format("15:04:05")))
	value, err := json.Marshal(text)
	if err != nil {
		return err
	}
	_, err = s.core.Save(ctx, id, loaded, archive.Edit{
		Fields:        map[string]json.RawMessage{field: value},
		Modifications: []archive.Modification{{ID: s.core.NewModificationID(), UserID: name, Type: archive.Updated}},
	})
	return err
}

// someText picks a text of the document.
func someText(l *scenarios.Layout, doc archive.Document) (field, text string, ok bool) {
	for _, i := range rand.Perm(len(editedByOthers)) {
		field = l.Field(editedByOthers[i])
		if raw, there := doc.Field(field); there && json.Unmarshal(raw, &text) == nil {
			return field, text, true
		}
	}
	return "", "", false
}

// moveMeeting schedules the meeting anew, as the back end does.
func (s *service) moveMeeting(ctx context.Context, name, id string) error {
	loaded, err := s.core.Load(ctx, id)
	if err != nil || longEnough(loaded) {
		return err
	}
	start := time.Now().UTC().Add(24 * time.Hour).Truncate(time.Minute)
	meeting, err := json.Marshal(map[string]string{
		"meeting_id": s.core.NewModificationID(),
		"subject":    "Go / no-go: " + id,
		"start_time": start.Format(time.RFC3339),
		"end_time":   start.Add(30 * time.Minute).Format(time.RFC3339),
	})
	if err != nil {
		return err
	}
	edit := delivery.ScheduleMeeting(s.core.NewModificationID(), name, meeting)
	if s.layout != nil { // its entries need have no meeting
		edit.Fields = map[string]json.RawMessage{s.layout.Field("meeting_metadata"): meeting}
		edit.Modifications[0].MeetingMetadata = nil
	}
	_, err = s.core.Append(ctx, id, edit)
	return err
}

func longEnough(s archive.Snapshot) bool {
	c := s.Change()
	return c != nil && len(c.ModificationIDs()) >= mostEntries
}
