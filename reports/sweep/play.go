package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"time"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/history"
)

// Point is a combination of parameters with the run that it stands for.
type Point struct {
	Params reports.Params
	Run    scenarios.Run
	Header history.Header
}

// Config is what to play.
type Config struct {
	Points  []Point
	Workers int
	// Have are points that were measured before, by their number.
	Have map[int]reports.SweptPoint
	// Save, which may be nil, is told of each point as soon as it is measured, one at
	// a time, in no certain order. Its error ends the sweep: it is not called again.
	Save func(number int, p reports.SweptPoint) error
	// Progress, which may be nil, is told how far the sweep is, one at a time.
	Progress func(Progress)
}

// Progress says how far a sweep is.
type Progress struct {
	Points, OfPoints int // measured, and all
	// Share of the work that is done, by an estimate of what a point costs.
	Share float64
}

// repetitionsOfPart are played by one worker. Few, so that a sweep does not end with
// one worker busy with a large point; enough that setting up costs little.
const repetitionsOfPart = 10

// part is some repetitions of a point.
type part struct {
	point, number int
	first, last   int
}

// sweep is one that is being played.
type sweep struct {
	Config
	stop   context.CancelCauseFunc
	mu     sync.Mutex // of what follows
	parts  [][]*reports.Part
	left   []int // parts of each point
	points map[int]reports.SweptPoint
	done   float64
	all    float64
	failed error // of Save
}

// Play measures all points and returns them in their order. After an interrupt these
// are the points that were measured, and the error is nil.
func Play(ctx context.Context, c Config) ([]reports.SweptPoint, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(reports.VirtualGCPercent))
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := &sweep{
		Config: c, stop: stop, points: map[int]reports.SweptPoint{},
		parts: make([][]*reports.Part, len(c.Points)), left: make([]int, len(c.Points)),
	}
	var wg sync.WaitGroup
	queue := s.queue()
	for range c.Workers {
		wg.Go(func() { s.work(inner, queue) })
	}
	wg.Wait()
	measured := []reports.SweptPoint{} // in JSON a list, also if it is empty
	for i := range c.Points {
		if p, ok := s.points[i]; ok {
			measured = append(measured, p)
		}
	}
	if err := context.Cause(inner); err != nil && ctx.Err() == nil {
		return measured, err
	}
	return measured, nil
}

// queue holds all parts of the points that are missing.
func (s *sweep) queue() <-chan part {
	var all []part
	for i := range s.Points {
		if p, ok := s.Have[i]; ok {
			s.points[i] = p
			continue
		}
		n := s.Points[i].Run.Repetitions
		for first := 1; first <= n; first += repetitionsOfPart {
			all = append(all, part{i, s.left[i], first, min(first+repetitionsOfPart-1, n)})
			s.left[i]++
		}
		s.parts[i] = make([]*reports.Part, s.left[i])
		s.all += s.Points[i].cost() * float64(n)
	}
	queue := make(chan part, len(all))
	for _, p := range all {
		queue <- p
	}
	close(queue)
	return queue
}

func (s *sweep) work(ctx context.Context, queue <-chan part) {
	var sampler reports.Sampler
	for p := range queue {
		if ctx.Err() != nil {
			return
		}
		point := &s.Points[p.point]
		played, err := sampler.Play(ctx, &point.Run, point.Header, p.first, p.last)
		if err == nil {
			err = s.finish(p, played)
		} else if !errors.Is(err, reports.ErrInterrupted) {
			err = fmt.Errorf("play %s with %s: %w", point.Run.Scenario.Name, point.Params, err)
		}
		if err != nil {
			s.stop(err)
			return
		}
	}
}

// finish takes what a part has shown. The worker that has the last one of a point
// makes the point.
func (s *sweep) finish(p part, played *reports.Part) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil { // while this part was played
		return s.failed
	}
	point := &s.Points[p.point]
	s.parts[p.point][p.number] = played
	s.left[p.point]--
	s.done += point.cost() * float64(p.last-p.first+1)
	if s.left[p.point] == 0 {
		measured := reports.NewSweptPoint(point.Params, reports.Pool(point.Header, s.parts[p.point]), reports.PricesOf(point.Run.Latency().Name))
		s.parts[p.point] = nil
		if s.Save != nil {
			if s.failed = s.Save(p.point, measured); s.failed != nil {
				return s.failed
			}
		}
		s.points[p.point] = measured
	}
	if s.Progress != nil {
		s.Progress(Progress{len(s.points), len(s.Points), s.done / s.all})
	}
	return nil
}

// cost of a repetition, for the time left: that clients meet each other more often
// the more they are makes it grow faster than their number.
func (p *Point) cost() float64 {
	s := p.Run.Scenario
	clients := float64(max(s.Clients(), 1))
	operations := cmp.Or(float64(s.Operations()), clients*time.Duration(s.Duration).Seconds())
	return max(operations, 1) * math.Sqrt(clients)
}
