package check

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"holdfast/scenarios/history"

	"pgregory.net/rapid"
)

func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	if !chosen && !testing.Short() {
		_ = flag.Set("rapid.checks", strconv.Itoa(allChecks)) // a case takes a fraction of a millisecond
	}
	os.Exit(m.Run())
}

// allChecks is the number of cases without which their variety proves nothing.
const allChecks = 1500

// enough fails if a kind of case came too rarely to prove anything.
func enough(t *testing.T, seen map[string]int, least int, kinds ...string) {
	t.Helper()
	t.Log(seen)
	if n, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String()); err != nil || n < allChecks {
		return
	}
	for _, kind := range kinds {
		if seen[kind] < least {
			t.Errorf("%d cases of the kind %q, which is too few", seen[kind], kind)
		}
	}
}

// truth is what really happened, found without any cleverness from the versions
// that the store had and from what the clients were told.
type truth struct {
	lost, duplicated map[string]bool
	wrong            []string
}

func (s *sim) oracle() truth {
	found := truth{lost: map[string]bool{}, duplicated: map[string]bool{}}
	seen := slices.DeleteFunc(slices.Clone(s.truth), func(v *applied) bool { return !v.observed })
	last := seen[len(seen)-1]
	for i, v := range seen {
		for n, id := range v.entries {
			if slices.Contains(v.entries[:n], id) {
				found.duplicated[id] = true
			}
		}
		if i > 0 {
			found.wrong = append(found.wrong, s.replacing(seen[:i], v)...)
		}
	}
	invoked := map[int]*history.Event{}
	for _, e := range s.events {
		switch {
		case e.Kind == history.Invoke:
			invoked[e.Op] = e
		case e.Kind == history.Return && invoked[e.Op].Do == "load" && e.Outcome == history.Committed:
			if s.outdated(seen, invoked[e.Op].At, e.ETag) {
				found.wrong = append(found.wrong, e.Actor+" loaded an old version")
			}
		case e.Kind == history.Return && invoked[e.Op].Do != "load":
			s.told(&found, seen, last, invoked[e.Op].IDs[0], e)
		}
	}
	return found
}

// outdated reports whether somebody had learned of a later version at a time.
func (s *sim) outdated(seen []*applied, at int64, etag string) bool {
	place := func(etag string) int {
		return slices.IndexFunc(seen, func(v *applied) bool { return v.etag == etag })
	}
	return slices.ContainsFunc(s.events, func(e *history.Event) bool {
		return e.At < at && (e.Kind == history.Put || e.Kind == history.Get) && e.Answer == history.OK && place(e.ETag) > place(etag)
	})
}

// told checks a client's answer.
func (s *sim) told(found *truth, seen []*applied, last *applied, id string, e *history.Event) {
	switch e.Outcome {
	case history.Unknown, history.Crashed:
	case history.Committed:
		if !slices.Contains(last.entries, id) {
			found.lost[id] = true
		}
		if !slices.Contains(s.versions[e.ETag].entries, id) {
			found.wrong = append(found.wrong, id+" was not in the version named")
		}
	default:
		first := slices.IndexFunc(seen, func(v *applied) bool { return slices.Contains(v.entries, id) })
		if first >= 0 && seen[first].op == e.Op && !s.sentByOthers(seen[first]) {
			found.wrong = append(found.wrong, id+" failed and is stored")
		}
		refused := slices.ContainsFunc(s.events, func(c *history.Event) bool {
			return c.Op == e.Op && c.Answer != "" && c.Answer != history.OK
		})
		if e.Outcome == history.Exhausted && !refused {
			found.wrong = append(found.wrong, id+" was exhausted by nothing")
		}
	}
}

// sentByOthers: another operation, which does not deny it, sent the same bytes
// before anybody had read them, so nobody can say whose write it was.
func (s *sim) sentByOthers(v *applied) bool {
	read := slices.IndexFunc(s.events, func(e *history.Event) bool { return e.Kind == history.Get && e.ETag == v.etag })
	denied := map[int]bool{}
	for _, e := range s.events {
		denied[e.Op] = denied[e.Op] || e.Kind == history.Return &&
			!slices.Contains([]string{history.Committed, history.Unknown, history.Crashed}, e.Outcome)
	}
	return slices.ContainsFunc(s.events, func(e *history.Event) bool {
		return e.Kind == history.Put && e.Op != v.op && !denied[e.Op] && (read < 0 || e.Start < s.events[read].At) &&
			e.Doc.Sum == sum(v.entries...) && e.Doc.Fields == v.fieldSum()
	})
}

// replacing says what is wrong with a version in view of those before it.
func (s *sim) replacing(before []*applied, v *applied) (wrong []string) {
	last := before[len(before)-1]
	if len(v.entries) < len(last.entries) || !slices.Equal(v.entries[:len(last.entries)], last.entries) {
		wrong = append(wrong, v.etag+" rewrites history")
	}
	if v.blind && v.of != last.etag && v.etag != last.etag {
		wrong = append(wrong, v.etag+" forks")
	}
	was, now := last.fields["title"], v.fields["title"]
	if was == now {
		return wrong
	}
	editor := before[0]
	for i := len(before) - 1; i > 0 && before[i].fields["title"] == was; i-- {
		editor = before[i]
	}
	known := s.versions[v.of].fields["title"]
	if v.save {
		known = v.base.fields["title"]
	}
	if known != was && s.acknowledged(editor) && (v.save || s.events[0] != nil && s.author(editor.op) != s.author(v.op)) {
		wrong = append(wrong, v.etag+" overwrites the title of "+editor.etag)
	}
	if !v.save {
		wrong = append(wrong, v.etag+" sets a title unasked")
	}
	return wrong
}

func (s *sim) author(op int) string {
	for _, e := range s.events {
		if e.Op == op {
			return e.Actor
		}
	}
	return ""
}

// acknowledged: somebody was told that what this version added is stored.
func (s *sim) acknowledged(v *applied) bool {
	if len(v.entries) == 0 || v.op == 0 {
		return false
	}
	id := v.entries[len(v.entries)-1]
	for _, e := range s.events {
		if e.Kind != history.Return || e.Outcome != history.Committed {
			continue
		}
		for _, i := range s.events {
			if i.Kind == history.Invoke && i.Op == e.Op && slices.Contains(i.IDs, id) {
				return true
			}
		}
	}
	return false
}

// agree compares the judge, who has only the history, with the oracle.
func agree(t *rapid.T, s *sim) Report {
	want := s.oracle()
	r := judged(history.Header{}, s.events)
	bad := len(want.lost)+len(want.duplicated)+len(want.wrong) > 0
	if len(r.StoreFindings) > 0 {
		t.Fatalf("a fault of a client is called the store's: %+v", r.StoreFindings)
	}
	counted := r.Counts.Lost == len(want.lost) && r.Counts.Duplicated == len(want.duplicated)
	if (r.Verdict == Violated) != bad || !counted && !s.returned() && !s.ambiguous() {
		for _, e := range s.events {
			t.Log(line(e))
		}
		for _, v := range r.Violations {
			t.Logf("%s %s: %s", v.Invariant, v.Anomaly, v.Summary)
		}
		t.Fatalf("judge: %s, %d lost, %d duplicated; truth: lost %v, duplicated %v, wrong %v",
			r.Verdict, r.Counts.Lost, r.Counts.Duplicated, want.lost, want.duplicated, want.wrong)
	}
	return r
}

// returned: a version came back under its old ETag after others. The judge sees
// that something is wrong, but can't count what: the ETag names two places.
func (s *sim) returned() bool {
	for i, v := range s.truth {
		if slices.ContainsFunc(s.truth[:i], func(w *applied) bool { return w.etag == v.etag }) {
			return true
		}
	}
	return false
}

// ambiguous: the same bytes were sent in place of two versions, which only the
// client that writes stale content does. The judge may take one for the other.
func (s *sim) ambiguous() bool {
	sent := map[content]string{}
	for _, e := range s.events {
		if e.Kind != history.Put {
			continue
		}
		c := content{int32(e.Doc.N), e.Doc.Sum, e.Doc.Fields}
		if cond, again := sent[c]; again && cond != e.IfETag {
			return true
		}
		sent[c] = e.IfETag
	}
	return false
}

func line(e *history.Event) string {
	s := fmt.Sprintf("%d-%d %s op%d %s %s %v %s %s %s %s base %s", e.Start, e.At, e.Actor, e.Op, e.Kind, e.Do, e.IDs, e.IfETag, e.Answer, e.ETag, e.Outcome, e.Base)
	if e.Doc != nil {
		s += fmt.Sprintf(" of %s keep %d add %v set %v", e.Doc.Of, e.Doc.Keep, e.Doc.Add, e.Doc.Set)
	}
	return s
}

func TestCorrectClientsAreNeverAccused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSim(t, []bug{correct, correct, correct}[:rapid.IntRange(1, 3).Draw(t, "clients")])
		s.run()
		if r := agree(t, s); r.Verdict == Violated {
			t.Fatal("both the judge and the oracle accuse a correct client")
		}
	})
}

func TestJudgeAgreesWithOracle(t *testing.T) {
	for _, b := range []bug{noCondition, staleContent, appendsAgain, dropsEntry, claims, denies, blindSave, caches} {
		t.Run(string(b), func(t *testing.T) {
			caught := 0
			rapid.Check(t, func(t *rapid.T) {
				s := newSim(t, []bug{b, rapid.SampledFrom([]bug{b, correct}).Draw(t, "other"), correct})
				// Without conditions and with equal ETags for equal bytes a store can go
				// back and forth without a trace, and an old ETag may be the latest.
				s.unique = s.unique || b == noCondition || b == caches
				s.run()
				if r := agree(t, s); r.Verdict == Violated {
					caught++
				}
			})
			t.Logf("caught in %d cases", caught)
			if caught == 0 {
				t.Error("the bug never showed")
			}
		})
	}
}

func TestJudgeAgreesWithOracleOnMixedBugs(t *testing.T) {
	bugs := []bug{correct, staleContent, appendsAgain, dropsEntry, claims, denies, blindSave}
	rapid.Check(t, func(t *rapid.T) {
		s := newSim(t, rapid.SliceOfN(rapid.SampledFrom(bugs), 2, 4).Draw(t, "bugs"))
		s.run()
		agree(t, s)
	})
}
