package measure

// Answered is an operation that was acknowledged: whose it was, as an index of
// [Collector.Actors], and the writes that it needed.
type Answered struct {
	Actor    int32
	Attempts int32
}

// actors are those who were answered, numbered in the order in which they were first.
type actors struct {
	names   []string
	numbers map[string]int32
	gaveUp  []int // operations of each, as [Counts.GivenUp] counts them
}

func (a *actors) number(name string) int32 {
	n, ok := a.numbers[name]
	if !ok {
		n = int32(len(a.names))
		a.numbers[name] = n
		a.names, a.gaveUp = append(a.names, name), append(a.gaveUp, 0)
	}
	return n
}

func (a *actors) reset() {
	clear(a.numbers)
	a.names, a.gaveUp = a.names[:0], a.gaveUp[:0]
}

// Answered are the acknowledged operations so far, in the order of [Collector.Latencies].
// They are the collector's own, and not to be changed.
func (c *Collector) Answered() []Answered { return c.answered }

// Actors are the names of those who were answered, and how many operations of each gave
// up. They are the collector's own, and not to be changed.
func (c *Collector) Actors() (names []string, gaveUp []int) { return c.actors.names, c.actors.gaveUp }

// mergeAnswered adds the operations of later repetitions.
func (c *Collector) mergeAnswered(later *Collector) {
	numbers := make([]int32, len(later.actors.names))
	for i, name := range later.actors.names {
		numbers[i] = c.actors.number(name)
		c.actors.gaveUp[numbers[i]] += later.actors.gaveUp[i]
	}
	for _, a := range later.answered {
		c.answered = append(c.answered, Answered{numbers[a.Actor], a.Attempts})
	}
}
