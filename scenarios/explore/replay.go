package explore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast/scenarios"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// Replay plays one schedule into a history. The error says where the schedule asks
// for a move that is not possible.
func Replay(ctx context.Context, r *scenarios.Run, schedule Schedule, sink history.Sink) (interrupted bool, err error) {
	p := newRunner(prepared(r), history.Header{}, schedule.Faults())
	defer p.close()
	f := &follower{schedule: schedule}
	p.stage.reset(p.faults, p.kinds)
	p.stage.choose = f.choose
	if _, interrupted, err = p.player.Play(ctx, 1, &p.stage, sink); err != nil {
		return interrupted, err
	}
	if f.missed {
		return interrupted, fmt.Errorf("move %d of the schedule, %s, is not possible there; possible are: %s",
			f.at+1, schedule[f.at], strings.Join(f.open, ", "))
	}
	return interrupted, nil
}

// ScheduleOf is the schedule that the run's scenario replays, nil if it has none. It was
// rehearsed: what asks for a move that is not possible is an error.
func ScheduleOf(ctx context.Context, r *scenarios.Run) (Schedule, error) {
	if r.Scenario.Schedule == "" {
		return nil, nil
	}
	schedule, err := ParseSchedule(r.Scenario.Schedule)
	if err == nil {
		_, err = Replay(ctx, r, schedule, nowhere{})
	}
	return schedule, err
}

// nowhere is where the history of a rehearsal goes.
type nowhere struct{}

func (nowhere) Add(*history.Event) {}

// Measure replays a schedule into the file of a history, and measures it. After an error it
// is what was played before that, if anything was.
func Measure(ctx context.Context, p *measure.Point, schedule Schedule, file string) (*measure.Measured, error) {
	h := p.Run.UntimedHeader()
	h.Replay = p.Replay
	err := measure.Record(ctx, file, h, func(ctx context.Context, sink history.Sink) error {
		_, err := Replay(ctx, &p.Run, schedule, sink)
		return err
	})
	m, judgeErr := measure.FromFile(file)
	if judgeErr != nil {
		return nil, errors.Join(err, judgeErr)
	}
	return m, err
}
