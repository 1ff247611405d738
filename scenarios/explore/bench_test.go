package explore

import (
	"testing"
)

// BenchmarkSchedules is how many schedules of two users one core explores a second.
func BenchmarkSchedules(b *testing.B) {
	for _, c := range []struct {
		scenario string
		faults   int
	}{{"two-users", 0}, {"two-users", 1}, {"three-writers", 0}} {
		b.Run(c.scenario, func(b *testing.B) {
			config := &Config{Run: prepared(runOf(b, c.scenario, "production", nil)), Strategy: Exhaustive, Faults: c.faults, Workers: 1}
			p := config.newRunner()
			defer p.close()
			schedules, blocked := 0, 0
			d := &search{}
			b.ReportAllocs()
			for b.Loop() {
				report, err := p.play(b.Context(), d)
				if err != nil || len(report.Violations) > 0 {
					b.Fatal(err, report.Violations)
				}
				if d.blocked {
					blocked++
				} else {
					schedules++
				}
				if !d.next() {
					d = &search{}
				}
			}
			b.ReportMetric(float64(schedules)/b.Elapsed().Seconds(), "schedules/s")
			b.ReportMetric(float64(blocked)/float64(max(schedules, 1)), "blocked/schedule")
		})
	}
}
