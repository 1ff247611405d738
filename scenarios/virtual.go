package scenarios

import (
	"context"
	"math/rand/v2"
	"sync"

	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// Repetitions is what becomes of the repetitions of a virtual run.
type Repetitions struct {
	// Open returns what takes the events of a repetition, the end of its history
	// included. Repetitions are played at the same time, each on one goroutine.
	Open func(repetition int) history.Sink
	// Done is called when a repetition has ended, in their order and one at a
	// time, whatever order they were played in. One that could not go on is the last.
	Done func(repetition int, sink history.Sink)
}

// PlayVirtual plays each repetition in a virtual world of its own, on so many
// workers. What happens in a repetition depends on the run and the repetition's
// number only. Each is a history of its own, which begins at time 0 with
// operation 1.
func (r *Run) PlayVirtual(ctx context.Context, workers int, reps Repetitions) (Played, error) {
	if err := r.Validate(); err != nil {
		return Played{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	window := 4 * workers // repetitions that may be ahead of the last one done
	jobs, ended := make(chan int, window), make(chan finished, window)
	var wg sync.WaitGroup
	for range min(workers, r.Repetitions) {
		wg.Go(func() { r.work(ctx, reps, jobs, ended) })
	}
	defer wg.Wait()
	defer close(jobs)

	var played Played
	waiting := map[int]finished{}
	for sent, next := 0, 1; ; {
		for sent < r.Repetitions && sent-next < window-1 && ctx.Err() == nil {
			sent++
			jobs <- sent
		}
		if next > sent {
			played.Interrupted = played.Interrupted || sent < r.Repetitions
			return played, nil
		}
		f := <-ended
		waiting[f.repetition] = f
		for f, ok := waiting[next]; ok; f, ok = waiting[next] {
			delete(waiting, next)
			next++
			if f.err != nil && !f.interrupted {
				reps.Done(f.repetition, f.sink) // what it has shown until then counts
				return played, f.err
			}
			played.Steps = append(played.Steps, f.steps...)
			played.Interrupted = played.Interrupted || f.interrupted
			reps.Done(f.repetition, f.sink)
		}
	}
}

// PlayPart plays the repetitions from first to last one after the other on the
// caller's goroutine. In each happens what [Run.PlayVirtual] lets happen in it.
func (r *Run) PlayPart(ctx context.Context, first, last int, reps Repetitions) (Played, error) {
	crew := &world.Crew{}
	defer crew.Close()
	p := r.VirtualPlayer()
	var played Played
	for n := first; n <= last && !played.Interrupted; n++ {
		f := p.playVirtual(ctx, n, crew, reps.Open(n))
		if f.err != nil && !f.interrupted {
			return played, f.err
		}
		played.Steps = append(played.Steps, f.steps...)
		played.Interrupted = f.interrupted
		reps.Done(n, f.sink)
	}
	return played, nil
}

// finished is a repetition that has been played.
type finished struct {
	repetition  int
	sink        history.Sink
	steps       []StepResult
	interrupted bool
	err         error
}

func (r *Run) work(ctx context.Context, reps Repetitions, jobs <-chan int, ended chan<- finished) {
	crew := &world.Crew{}
	defer crew.Close()
	p := r.VirtualPlayer()
	for n := range jobs {
		ended <- p.playVirtual(ctx, n, crew, reps.Open(n))
	}
}

// playVirtual plays one repetition.
func (p *Player) playVirtual(ctx context.Context, n int, crew *world.Crew, sink history.Sink) finished {
	w := p.virtualWorld(crew)
	f := finished{repetition: n, sink: sink}
	f.steps, f.interrupted, f.err = p.Play(ctx, n, w, sink)
	if f.err != nil {
		p.virtual = nil // somebody may still be in it
	}
	return f
}

// virtualWorld returns a world that is new, in the memory of the last repetition's.
func (p *Player) virtualWorld(crew *world.Crew) *world.Virtual {
	p.network.used = 0
	if p.virtual != nil {
		p.virtual.Renew()
		return p.virtual
	}
	r := p.compiled.Run
	p.virtual = world.NewVirtual(world.Config{
		Latency: r.Latency(), Throttle: r.Scenario.Throttle().Throttle, RequestTimeout: r.RequestTimeout(), Crew: crew,
		GrowingETags: r.Scenario.ETags == GrowingETags,
		Rand: func(actor string) *rand.Rand {
			return r.networkStream(p.network.next(), p.repetition.number, actor)
		},
	})
	return p.virtual
}

// PlayAgain plays one repetition of a virtual run again. What it does was observed
// when it was played first.
func (r *Run) PlayAgain(ctx context.Context, repetition int, sink history.Sink) error {
	crew := &world.Crew{}
	defer crew.Close()
	again := *r
	again.Observe = nil
	f := again.VirtualPlayer().playVirtual(ctx, repetition, crew, sink)
	return f.err
}
