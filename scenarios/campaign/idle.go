package campaign

import (
	"context"
	"sync"

	"holdfast/scenarios/measure"
)

// idle are players that play no unit at the moment: each can play the next one.
type idle[P interface{ Close() }] struct {
	start func() (P, error)
	mu    sync.Mutex
	all   []P
}

// take returns a player that nobody else has, until it is put back.
func (i *idle[P]) take() (P, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if n := len(i.all); n > 0 {
		p := i.all[n-1]
		i.all = i.all[:n-1]
		return p, nil
	}
	return i.start()
}

func (i *idle[P]) put(p P) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.all = append(i.all, p)
}

// close closes all that were put back.
func (i *idle[P]) close() {
	for _, p := range i.all {
		p.Close()
	}
}

// partPlayers play parts of points: one that has played a part of a point plays the next one of it
// sooner.
type partPlayers struct{ idle[*measure.Player] }

func newPartPlayers() *partPlayers {
	return &partPlayers{idle[*measure.Player]{start: func() (*measure.Player, error) { return &measure.Player{}, nil }}}
}

// play returns what a part has shown, as the result of a unit, after a label.
func (p *partPlayers) play(ctx context.Context, part measure.Part, label []byte) ([]byte, error) {
	one, err := p.take()
	if err != nil {
		return nil, err
	}
	defer p.put(one)
	sample := one.Play(ctx, part)
	if err := sample.Err(ctx); err != nil {
		return nil, err
	}
	return sample.Encode(label), nil
}
