package campaign

import "sync"

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
