package explore

import "context"

// exhaust goes through all schedules of a part. Left is asked before each and says whether to
// stop; judged is told of each.
func (p *Player) exhaust(ctx context.Context, u Unit, shown *Shown, left func() bool, judged func()) error {
	d := p.config.below(u)
	for more := true; more; more = d.next() {
		if left() {
			return nil
		}
		report, err := p.runner.play(ctx, d)
		switch {
		case err != nil:
			return err
		case d.strayed:
			return errStrayed
		case d.blocked:
			continue
		}
		judged()
		if i := p.config.violates(&report); i != "" {
			shown.Violation = &Violation{i, shown.Schedules, d.underWay().Moves}
			return nil
		}
	}
	return nil
}
