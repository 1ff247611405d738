package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdfast/archive"
)

// stopKey is the object by which all workers are asked to end.
const stopKey = "stop"

// stop is what is in it.
type stop struct {
	Stopped bool      `json:"stopped"`
	At      time.Time `json:"at"`
}

var anything = archive.Condition{}

// Stop asks all workers to publish what is complete and to end, between two units, within
// some seconds. Those that begin later end at once.
func (c *Campaign) Stop(ctx context.Context) error { return c.say(ctx, true) }

// Resume takes [Campaign.Stop] back.
func (c *Campaign) Resume(ctx context.Context) error { return c.say(ctx, false) }

func (c *Campaign) say(ctx context.Context, stopped bool) error {
	body, err := json.Marshal(stop{stopped, c.clock.Now().UTC()})
	if err != nil {
		return err
	}
	return c.Put(ctx, stopKey, body)
}

// Stopped reports whether the campaign is stopped.
func (c *Campaign) Stopped(ctx context.Context) (bool, error) {
	body, err := c.Get(ctx, stopKey)
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	var s stop
	if err := json.Unmarshal(body, &s); err != nil {
		return false, fmt.Errorf("%s is not what campaign stop writes: stop or resume the campaign anew", c.at(stopKey))
	}
	return s.Stopped, nil
}

// stopped looks once, for a moment: the next look is soon, and who can't look goes on.
func (c *Campaign) stopped(ctx context.Context) bool {
	bounded, cancel := c.clock.WithTimeout(ctx, stopEvery)
	defer cancel()
	body, _, err := c.store.Get(bounded, stopKey)
	var s stop
	return err == nil && json.Unmarshal(body, &s) == nil && s.Stopped
}
