package main

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/reports"
	"holdfast/reports/compare"
	"holdfast/scenarios/history"
)

// share of a whole, as a flag: 2% or 0.02.
type share float64

// Set implements [pflag.Value].
func (s *share) Set(text string) error {
	number, isPercent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if isPercent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return errors.New("want a share, such as 2% or 0.02")
	}
	*s = share(v)
	return nil
}

func (s *share) String() string { return strconv.FormatFloat(100*float64(*s), 'g', -1, 64) + "%" }

// Type implements [pflag.Value].
func (s *share) Type() string { return "share" }

// registerComparison adds the flags that say what a difference must be to count.
func registerComparison(f *pflag.FlagSet, s *compare.Settings) {
	*s = compare.Defaults()
	f.Float64Var(&s.Alpha, "alpha", s.Alpha, "probability, at most, of a false alarm: of all figures together")
	f.Var((*share)(&s.MinEffect), "min-effect", "smallest `SHARE` by which a mean must change to be worse or better")
	f.BoolVar(&s.WallClock, "wall-clock", s.WallClock, "what depends on the wall clock decides too")
}

func (a *app) compareCommand() *cobra.Command {
	var o outputOptions
	var s compare.Settings
	cmd := &cobra.Command{
		Use:   "compare OLD NEW",
		Short: "Hold a result against an older one: worse, better, the same, or not known",
		Long: `compare holds a result of simulate run against an older one. Each is a run's directory,
simulate-out/latest, the file of a result, or a baseline.

First come invariants: a violation that OLD does not have is worse, if it is one in
10,000 repetitions. Virtual runs with the same seed are compared repetition by
repetition: equal programs differ nowhere, so a difference is real, and the report says
which repetition shows it first, and how it is played alone. Whether NEW is worse for
it, their differences decide, pair by pair; of other runs two samples are compared. A
figure is worse or better if that is significant over all figures (--alpha, by Holm) and
large enough (--min-effect); ~ is what is not known. What depends on the wall clock,
which is all of the real world but its invariants, decides nothing without --wall-clock.
docs/compare.md has the methods, and what size of change is found.

Exit codes: 0 nothing is worse; 4 something is; 5 something could not be compared;
and those of NEW itself, if it did not pass: 3 violated, 6 store at fault, 5
inconclusive, 99 a threshold failed. Where several hold: 3, 6, 5, 99, 4.`,
		Example: `  simulate compare old/result.json simulate-out/latest
  simulate compare simulate-out/storm/BEFORE simulate-out/storm/AFTER --min-effect 5%`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("compare wants OLD and NEW, two runs' directories or results, not %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return unlessInterrupted(cmd.Context(), func() error { return a.compare(o, s, args[0], args[1]) })
		},
	}
	registerComparison(cmd.Flags(), &s)
	o.register(cmd)
	return cmd
}

// compare holds one result against another, which is older.
func (a *app) compare(o outputOptions, s compare.Settings, older, newer string) error {
	if err := o.validate(); err != nil {
		return err
	}
	if err := s.Validate(); err != nil {
		return usage("compare: %w", err)
	}
	old, err := readContender("compare", older)
	if err != nil {
		return err
	}
	new, err := readContender("compare", newer)
	if err != nil {
		return err
	}
	return a.tell(o, reports.NewCompared(old, new, s), nil, false)
}

// readContender reads one side, and tells what is the caller's mistake from what is not. What
// asked for it begins the error.
func readContender(what, path string) (reports.Contender, error) {
	c, err := reports.ReadContender(path)
	var unreadable *reports.UnreadableError
	var line *history.LineError
	switch {
	case errors.As(err, &unreadable), errors.As(err, &line), errors.Is(err, fs.ErrNotExist):
		return c, usage("%s: %w", what, err)
	case err != nil:
		return c, couldNotRun("%s: %w", what, err)
	}
	return c, nil
}
