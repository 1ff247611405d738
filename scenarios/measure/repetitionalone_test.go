package measure

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestARepetitionAlone goes as it does among others, and so does its history, judged again.
func TestARepetitionAlone(t *testing.T) {
	for _, name := range []string{"storm", "burst", "redelivery", "lost-reply", "two-users", "fifo-batches"} {
		s := simulated(t, name, "production", 7, 12, 1)
		all, err := Play(t.Context(), Plan{[]Point{{Run: s.run}}}, Config{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 8} {
			alone := s.run
			alone.First, alone.Repetitions = n, 1
			file := filepath.Join(t.TempDir(), "history")
			one, err := Play(t.Context(), Plan{[]Point{{Run: alone}}}, Config{Workers: 2, History: func(int) (string, error) { return file, nil }})
			if err != nil {
				t.Fatal(err)
			}
			if one[0].Repetitions != 1 || one[0].Interrupted || one[0].Verdict != all[0].Verdict {
				t.Errorf("%s, repetition %d alone: %d repetitions, %s", name, n, one[0].Repetitions, one[0].Verdict)
			}
			if diff := cmp.Diff(all[0].Each[n-1:n], one[0].Each); diff != "" {
				t.Errorf("%s, repetition %d alone: %s", name, n, diff)
			}
			again, err := FromFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(one[0].Each, again.Each); diff != "" {
				t.Errorf("%s, repetition %d alone, judged again: %s", name, n, diff)
			}
		}
	}
}

// TestARepetitionAloneIsVirtual: no number decides what happens in the real world.
func TestARepetitionAloneIsVirtual(t *testing.T) {
	p := Point{Run: simulated(t, "two-users", "production", 7, 1, 1).run, World: "real"}
	if p.Run.First = 2; p.Validate() == nil {
		t.Error("it is played in the real world")
	}
	var read Point
	if text, err := json.Marshal(p); err != nil || json.Unmarshal(text, &read) != nil || read.Run.First != 2 {
		t.Errorf("as JSON it is repetition %d (%v)", read.Run.First, err)
	}
}
