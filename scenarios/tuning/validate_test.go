package tuning

import (
	"strings"
	"testing"

	"holdfast/archive"
)

// validated plays the validation of a policy that the search is made to believe in.
func validated(t *testing.T, believed archive.Policy, incumbents ...Incumbent) *search {
	t.Helper()
	c := six(t)
	c.Incumbents = incumbents
	s := &search{Config: c, player: c.player(), result: &Result{}}
	s.Evaluations = leastOf(t, c)
	var err error
	if s.scale, err = s.measureScale(t.Context(), c.Objective); err != nil {
		t.Fatal(err)
	}
	if err = s.decide(s.Evaluations); err != nil {
		t.Fatal(err)
	}
	policies := []archive.Policy{believed}
	for _, i := range incumbents {
		policies = append(policies, i.Policy)
	}
	if s.finals, err = s.playEach(t.Context(), policies, streamFinal, s.fewest, s.batch); err != nil {
		t.Fatal(err)
	}
	s.winner, s.promised = s.finals[0], s.finals[0]
	s.result.Recommendation = s.recommend(s.promised)
	if err := s.validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAnIncumbentThatIsBetterIsRecommended, and judged by seeds that did not choose it.
func TestAnIncumbentThatIsBetterIsRecommended(t *testing.T) {
	numbers(t)
	good := Incumbent{"good", policy(t, "full(base=100ms,cap=250ms,retries=60,deadline=25s)")}
	for name, believed := range map[string]string{
		"slower":       "full(base=1s,cap=2s,retries=60,deadline=25s)",
		"gives up":     "full(base=100ms,cap=250ms,retries=2,deadline=25s)",
		"nearly equal": "full(base=110ms,cap=250ms,retries=60,deadline=25s)",
	} {
		s := validated(t, policy(t, believed), good)
		r := s.result.Recommendation
		if name == "nearly equal" {
			if r.Promised.Policy == good.Policy {
				t.Errorf("%s: it yields to %v", believed, good.Policy)
			}
			continue
		}
		if r.Promised.Policy != good.Policy || r.Validated.Policy != good.Policy || !s.result.Passed {
			t.Errorf("%s: %v is recommended, %v validated, passed %v", name, r.Promised.Policy, r.Validated.Policy, s.result.Passed)
		}
		if up := r.RunnerUp; name == "slower" && (up == nil || !strings.Contains(up.Why, "what is in use was better")) || !strings.Contains(r.Retries, "good policy") {
			t.Errorf("%s: %+v", name, r)
		}
		if all := s.played; all != 2+2*s.fewest*s.batch+s.result.Incumbents[0].Repetitions*2+r.Validated.Repetitions {
			t.Errorf("%s: of %d repetitions %d validate, %d of the first ones chose", name, all, r.Validated.Repetitions, s.result.Incumbents[0].Repetitions)
		}
	}
}
