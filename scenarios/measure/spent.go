package measure

// Spent is what the acknowledged operations' time went to, in milliseconds for each on
// average; together it is their mean latency. Those that a batch has stored are not among the
// samples: their time is that of their batch, which is not one operation's alone.
type Spent struct {
	Samples   int     `json:"samples"`
	QueuedMS  float64 `json:"queued_ms"`  // from the intended start to the real one
	CallsMS   float64 `json:"calls_ms"`   // while the store had yet to answer; one that the scenario holds back too
	WaitingMS float64 `json:"waiting_ms"` // for the next attempt
	// OwnMS is the rest: the program's own work, and with via: api the way through the API and
	// the triggers that an upload writes.
	OwnMS float64 `json:"own_ms"`
}

// spending adds up what operations' time went to, in nanoseconds.
type spending struct{ n, queued, calls, waiting, total int64 }

func (s *spending) add(o spending) {
	s.n += o.n
	s.queued += o.queued
	s.calls += o.calls
	s.waiting += o.waiting
	s.total += o.total
}

func (s *spending) shown() *Spent {
	if s.n == 0 {
		return nil
	}
	mean := func(ns int64) float64 { return float64(ns) / float64(s.n) / 1e6 }
	return &Spent{int(s.n), mean(s.queued), mean(s.calls), mean(s.waiting), mean(s.total - s.queued - s.calls - s.waiting)}
}
