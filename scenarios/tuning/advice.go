package tuning

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/units"
)

// Advice is a statement about a policy, or about what no policy can change.
type Advice struct {
	Rule    string `json:"rule"`
	Subject string `json:"subject,omitempty"` // the policy it is about; empty: all
	Text    string `json:"text"`
	// Evidence is what was measured or computed, and Confidence how sure that is.
	Evidence   string          `json:"evidence"`
	Confidence string          `json:"confidence"`
	Try        *archive.Policy `json:"try,omitempty"` // the change that was played
}

// rule is one thing that can be wrong with a policy. docs/tuning.md has the table.
type rule struct {
	name  string
	judge func(f *facts, s *subject) *Advice
	// always: also about what is recommended. The others ask what the search has
	// answered already.
	always bool
	// contention: only where writes meet. Whoever waits for anything else is not helped
	// by making room for others.
	contention bool
}

// rules are asked for each policy, in the order in which a report shows them. Each has a
// test that triggers it and one that must not.
var rules = []rule{
	{name: "too-few-retries", judge: tooFewRetries},
	{name: "deadline-too-short", judge: deadlineTooShort},
	{name: "immediate-retries", judge: immediateRetries, always: true},
	{name: "deadline-too-long", judge: deadlineTooLong, always: true},
	{name: "no-jitter", judge: noJitter, contention: true},
	{name: "base-too-low", judge: baseTooLow, contention: true},
	{name: "base-too-high", judge: baseTooHigh, contention: true},
	{name: "cap-too-low", judge: capTooLow, contention: true},
	{name: "cap-too-high", judge: capTooHigh, contention: true},
	{name: "alarms", judge: alarms, always: true},
}

// facts is what rules know.
type facts struct {
	scenario  *scenarios.Scenario
	objective Objective
	patience  time.Duration
	attempt   time.Duration // a read and a write that meets nobody
	commit    time.Duration // between two commits on one key, at least
	writers   int           // of one object at once
	offered   float64       // operations a second for one object, of loads with a rate; 0: there are none
	throttles string        // by what the store throttles; empty: it does not
	best      *Policy       // the recommendation
	// twin plays a policy on the seeds that the subject has played.
	twin func(archive.Policy) (*measured, error)
	err  error // of a twin; ends the advice
}

// subject is a policy that is judged.
type subject struct {
	name string
	*measured
}

// Recommended names the policy that the search ended with.
const Recommended = "recommended"

// advise judges the incumbents and what is recommended.
func (s *search) advise(ctx context.Context) error {
	f := s.facts(ctx)
	add := func(a *Advice) {
		if a != nil {
			s.result.Advice = append(s.result.Advice, *a)
		}
	}
	for _, i := range slices.Concat(s.Incumbents, []Incumbent{{Recommended, s.promised.policy}}) {
		m, err := f.twin(i.Policy)
		if err != nil {
			return err
		}
		s.result.Advice = append(s.result.Advice, f.judge(&subject{i.Name, m})...)
		if f.err != nil {
			return f.err
		}
	}
	a, err := s.hotObject(ctx, f)
	if err != nil {
		return err
	}
	add(a)
	add(f.unproven())
	add(stackedRetries(0))
	return nil
}

func (s *search) facts(ctx context.Context) *facts {
	const twins = 6 // of a subject, about
	batches := max(s.batchesOf(partAdvice, twins*(len(s.Incumbents)+1)), s.fewest)
	seen := map[archive.Policy]*measured{}
	return &facts{
		scenario: s.run.Scenario, objective: s.Objective, patience: s.patience, attempt: s.attempt, commit: commitTime(&s.run),
		writers: writersOfOne(s.run.Scenario), offered: offeredToOne(s.run.Scenario), throttles: s.throttles, best: s.result.Recommendation.Validated,
		twin: func(p archive.Policy) (*measured, error) {
			if m := seen[p]; m != nil {
				return m, nil
			}
			m := s.measure(p)
			seen[p] = m
			return m, s.batches(ctx, m, streamAdvice, batches, s.batch)
		},
	}
}

// writersOfOne is how many clients write one object at the same time.
func writersOfOne(sc *scenarios.Scenario) int {
	n := 0
	for i := range sc.Actors {
		if a := &sc.Actors[i]; a.Kind != scenarios.Outsider {
			n += max(a.Count, 1)
		}
	}
	objects := max(sc.Objects.Count, 1)
	return (n + objects - 1) / objects
}

// judge asks all rules about a subject.
func (f *facts) judge(s *subject) []Advice {
	var all []Advice
	for _, r := range rules {
		if s.name == Recommended && !r.always || r.contention && !s.contended() {
			continue
		}
		if a := r.judge(f, s); a != nil && f.err == nil {
			a.Rule, a.Subject = r.name, s.name
			all = append(all, *a)
		}
	}
	return all
}

// rare: one in so many is nothing that settings are chosen for.
const rare = 1000

// contended reports whether writes meet others.
func (m *measured) contended() bool {
	c := &m.pooled().Counts
	return rare*(c.Conflicts412+c.Conflicts409) > c.Puts
}

// Changes that count: a tenth, told apart at 1 %.
const (
	worthwhile  = 0.10
	adviceLevel = 0.01
)

const pairedConfidence = "99 %: paired t test over batches with the same seeds"

// gain is what a changed policy is better at.
type gain struct {
	metric     string
	from, to   float64
	difference Difference
	batches    int
	// before and after are how many give up.
	before, after Exhaustion
}

// helps plays the subject with one change and reports what that is better at: a limit
// that the subject misses, or the metric to minimize, if it keeps all limits. What is
// gained by giving up more is no help.
func (f *facts) helps(s *subject, changed archive.Policy) *gain {
	if changed.Validate() != nil || changed == s.policy || f.err != nil {
		return nil
	}
	t, err := f.twin(changed)
	if err != nil {
		f.err = err
		return nil
	}
	if d := paired(t.values(exhaustedRate), s.values(exhaustedRate)); d.Value > 0 && d.P < adviceLevel {
		return nil
	}
	allKept := true
	for _, c := range f.objective.Constraints {
		kept := c.Holds(s.atLimit(c.Metric, c.Upper()))
		if !kept {
			if g := improved(s, t, c.Metric, c.Upper()); g != nil {
				return g
			}
		}
		allKept = allKept && kept && c.Holds(t.atLimit(c.Metric, c.Upper()))
	}
	if !allKept {
		return nil
	}
	return improved(s, t, f.objective.Minimize, true)
}

// improved compares two policies over the same seeds.
func improved(s *subject, t *measured, metric string, less bool) *gain {
	d := paired(t.values(metric), s.values(metric))
	from, to := s.value(metric), t.value(metric)
	by := from - to
	if !less {
		by = -by
	}
	if from == missing || to == missing || d.P >= adviceLevel || by < worthwhile*from {
		return nil
	}
	return &gain{metric, from, to, d, len(t.batches), exhaustion(s.measured), exhaustion(t)}
}

func (g *gain) evidence() string {
	text := fmt.Sprintf("%s is %s instead of %s with the same seeds (difference %s, 95 %% CI %s to %s, %d batches)",
		g.metric, units.Metric(g.metric, g.to), units.Metric(g.metric, g.from), units.Metric(g.metric, g.difference.Value),
		units.Metric(g.metric, g.difference.Low), units.Metric(g.metric, g.difference.High), g.batches)
	if g.metric == exhaustedRate {
		return text
	}
	return fmt.Sprintf("%s; %s instead of %s", text, exhaustionText(g.after), exhaustionText(g.before))
}

// change is the advice to change one thing, if that helps.
func (f *facts) change(s *subject, to archive.Policy, why string) *Advice {
	g := f.helps(s, to)
	if g == nil {
		return nil
	}
	return &Advice{
		Text:     fmt.Sprintf("%s. With %s %s is %s instead of %s.", why, to, g.metric, units.Metric(g.metric, g.to), units.Metric(g.metric, g.from)),
		Evidence: g.evidence(), Confidence: pairedConfidence, Try: &to,
	}
}

// nothingToRetry: where first attempts succeed, retries can't be judged.
func nothingToRetry(raced []*measured) *Advice {
	operations, again := 0, 0
	for _, m := range raced {
		r := m.pooled()
		operations, again = operations+r.Counts.Operations, again+r.Counts.GivenUp()
		for needed, n := range r.Attempts.Histogram {
			if needed > 1 {
				again += n
			}
		}
	}
	if again*rare > operations {
		return nil
	}
	return &Advice{
		Rule: "no-contention",
		Text: "Writes hardly ever meet another here, nor does anything else make an operation begin again, so any policy will do and none can be judged. " +
			"Play a scenario in which writers meet, or raise --clients.",
		Evidence: fmt.Sprintf("%d of %d operations needed a second attempt", again, operations), Confidence: "counted, over all candidates",
	}
}

// unproven: what was extrapolated could be counted, and what could not even be
// extrapolated, too.
func (f *facts) unproven() *Advice {
	g, target := f.best.Exhaustion, f.objective.Target()
	if g.Counted <= target || g.Observed > 0 || g.Method == Never {
		return nil
	}
	how := "is extrapolated"
	if g.Method == Bounded {
		how = "is not shown, as the tail that was seen allows no extrapolation"
	}
	return &Advice{
		Rule: "thin-evidence", Subject: Recommended,
		Text: fmt.Sprintf("That give-ups stay below %s %s. Counting alone shows less than %s; to show %s it would take %s operations in which nobody gives up, and %s were played.",
			units.Rate(target), how, units.Rate(g.Counted), units.Rate(target), units.Thousands(trialsFor(target)), units.Thousands(g.Operations)),
		Evidence: cmp.Or(g.Assumption, "nobody gave up"), Confidence: "95 %: rule of three for what was counted",
	}
}

const stacked = "sdk-retries"

// stackedRetries: retries of the SDK below those of the core multiply them, and one
// of them answers a committed write with a refusal.
func stackedRetries(requests int) *Advice {
	switch {
	case requests == 0:
		return &Advice{
			Rule:     stacked,
			Text:     "Whether the SDK retries below the core is not known: a virtual world has none. With --confirm the adapter's settings are read.",
			Evidence: "no S3 adapter was used", Confidence: NotApplicable,
		}
	case requests == 1:
		return nil
	}
	return &Advice{
		Rule: stacked,
		Text: fmt.Sprintf("The SDK makes up to %d requests for each call, below the core's retries: they multiply, and a conditional write that it sends again after a lost reply is refused by itself. Switch its retries off for conditional writes.",
			requests),
		Evidence: fmt.Sprintf("the adapter's settings: max_attempts %d", requests), Confidence: "certain: it follows from the settings",
	}
}

// NotApplicable is the confidence of a statement that is about nothing that was played.
const NotApplicable = "not applicable"

// withheld is what is said instead of advice.
func withheld(r *measure.Measurement, replay string) Advice {
	what := fmt.Sprintf("the %s core violates %s here", r.Core, strings.Join(slices.Sorted(maps.Keys(r.Violated)), ", "))
	if r.Verdict == check.StoreAtFault {
		what = "the store breaks its word here"
	}
	return Advice{
		Rule:       "withheld",
		Text:       fmt.Sprintf("No settings are recommended: %s, and no retry policy repairs what is lost or doubled.", what),
		Evidence:   "replay: " + replay,
		Confidence: "certain: the history shows it",
	}
}

// replay is the command that plays the violating repetitions again.
func replay(r *measure.Measurement, c *Config) string {
	return fmt.Sprintf("simulate run %s --world virtual --codec %s --policy '%s' --seed %d --runs %d",
		c.Flags, r.Codec, r.Policy, r.Seed, r.Repetitions)
}
