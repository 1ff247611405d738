package campaign

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"holdfast/archive"
)

// DeterminismError says that two workers have found that one unit shows two things. It is kept
// as an object, so that it does not depend on who reads which worker's messages: whoever plays
// the shard again, or merges, is told.
type DeterminismError struct {
	Where string `json:"piece"` // that is there, with the prefix's name
	Stage Stage  `json:"stage,omitempty"`
	Shard int    `json:"shard"`
	Unit  int    `json:"unit"` // of the stage
	// What the unit has shown, as the first digits of its SHA-256: in the piece, and where it
	// was played again.
	There string `json:"there"`
	Here  string `json:"here"`
	// Kept is the object that says so.
	Kept string `json:"-"`
}

func (e *DeterminismError) Error() string {
	of := ""
	if e.Stage != Whole {
		of = fmt.Sprintf(" of %s", e.Stage)
	}
	return fmt.Sprintf("determinism is lost: unit %d%s (shard %d) has shown %s in %s, and %s where another worker played it, with the same plan and program: find the machine or the fault in the program that makes it; to go on, delete that piece and %s, and play the shard again",
		e.Unit, of, e.Shard, e.There, e.Where, e.Here, e.Kept)
}

// digest tells results apart, for people.
func digest(result []byte) string {
	sum := sha256.Sum256(result)
	return hex.EncodeToString(sum[:6])
}

// disputes is where it is kept that determinism is lost.
func (s Stage) disputes() string { return string(s) + "disputes/" }

func (s Stage) disputed(shard int) string { return fmt.Sprintf("%s%05d", s.disputes(), shard) }

// dispute keeps that determinism is lost, as far as the store takes it. One of a shard is enough.
func (w *work) dispute(ctx context.Context, e *DeterminismError) error {
	key := w.stage.disputed(w.Index)
	e.Kept = w.at(key)
	body, err := json.Marshal(e)
	if err != nil {
		return errors.Join(e, err)
	}
	ctx, cancel := w.clock.WithTimeout(context.WithoutCancel(ctx), LastFor)
	defer cancel()
	if err := w.claim(ctx, key, body, LastFor); err != nil && !errors.Is(err, archive.ErrPreconditionFailed) {
		return fmt.Errorf("%w (this could not be kept: %w)", e, err)
	}
	return e
}

// undisputedShard reports that determinism was lost in a shard.
func (c *Campaign) undisputedShard(ctx context.Context, stage Stage, shard int) error {
	err := c.readDispute(ctx, stage.disputed(shard))
	if errors.Is(err, archive.ErrNotFound) {
		return nil
	}
	return err
}

func (c *Campaign) readDispute(ctx context.Context, key string) error {
	body, err := c.Get(ctx, key)
	if err != nil {
		return err
	}
	e := &DeterminismError{Kept: c.at(key)}
	if err := json.Unmarshal(body, e); err != nil {
		return &GarbledError{c.at(key), "is cut or altered"}
	}
	return e
}

// undisputed reports that determinism was lost somewhere in a stage, by its first shard.
func (c *Campaign) undisputed(ctx context.Context, stage Stage) error {
	all, err := c.List(ctx, stage.disputes())
	if err != nil || len(all) == 0 {
		return err
	}
	return c.readDispute(ctx, all[0].Key)
}
