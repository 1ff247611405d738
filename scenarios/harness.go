package scenarios

import (
	"bytes"
	"context"
	"errors"

	"holdfast/archive"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// The harness's own calls set up what a scenario starts from and read what is left of
// it. They are no part of the load, and that one of them meets a hiccup of the store
// says nothing about the core: they are repeated, and each try is in the history.

// setUp stores a document that is not there yet.
func (p *repetition) setUp(ctx context.Context, key string, body []byte) error {
	setup := p.setupClient()
	return world.Insist(ctx, p.world, "store the scenario's document "+key, func(ctx context.Context) error {
		_, err := setup.Put(ctx, key, body, archive.IfAbsent())
		if !errors.Is(err, archive.ErrPreconditionFailed) {
			return err
		}
		// Nobody else knows the key, but shards of the same load: it may be what an earlier try
		// wrote, or this one, sent twice by a layer below.
		found, _, readErr := setup.Get(ctx, key)
		switch {
		case readErr != nil && !errors.Is(readErr, archive.ErrNotFound):
			return readErr
		case readErr == nil && (bytes.Equal(found, body) || p.Shard != nil && p.tasks != nil):
			return nil // of several shards another may have stored it, and work on it already
		}
		return err
	})
}

// setupClient is one of the harness that stores a document.
func (p *repetition) setupClient() *history.Client {
	if p.tasks == nil { // one after the other, before anybody plays
		return p.harnessClient(history.SetupActor)
	}
	return p.rec.Client(history.SetupActor, p.prefix, p.world.Store(history.SetupActor))
}

// harnessClient is one of the harness while it is alone.
func (p *repetition) harnessClient(name string) *history.Client {
	p.rec.Enlist(p.harness, name, p.prefix, p.world.Store(name))
	return p.harness
}

// readFinalState reads every object, when no write is under way any more. The
// judge needs it also, and most of all, after an interrupt. It ends with the first
// read that fails: a store that does not answer one will not answer the others.
func (p *repetition) readFinalState(ctx context.Context) error {
	final := p.harnessClient(history.FinalActor)
	for _, id := range p.objects.all() {
		if err := p.readFinal(ctx, final, id); err != nil {
			return err
		}
	}
	return nil
}

// ReadFinal reads the final state of objects, by their keys in the history, as the history of
// one who does nothing else. It is for shards of a load ([Run.Shard]), once all of them have
// ended.
func (r *Run) ReadFinal(ctx context.Context, w world.World, keys []string, sink history.Sink) error {
	rec := history.NewRecorderWith(sink, w, r.realEncoding().describe)
	rec.TellReads()
	final := rec.Client(history.FinalActor, "", w.Store(history.FinalActor))
	for _, key := range keys {
		if err := readFinal(ctx, w, final, key); err != nil {
			return err
		}
	}
	rec.End(false)
	return nil
}

func (p *repetition) readFinal(ctx context.Context, final *history.Client, id string) error {
	key, err := p.Layout.Archive().Key(id)
	if err != nil {
		return err
	}
	return readFinal(ctx, p.world, final, key)
}

func readFinal(ctx context.Context, w world.Patient, final *history.Client, key string) error {
	return world.Insist(ctx, w, "read the final state of "+key, func(ctx context.Context) error {
		_, _, err := final.Get(ctx, key)
		if errors.Is(err, archive.ErrNotFound) {
			return nil
		}
		return err
	})
}
