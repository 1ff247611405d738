package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/network"
)

// TestHelpNamesTypesInCapitals: what stands in back quotes is shown in the place of the
// type, where a value would look like the only one.
func TestHelpNamesTypesInCapitals(t *testing.T) {
	for _, cmd := range everyCommand((&app{}).root()) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(f)
			if strings.Contains(f.Usage, "`") && name != strings.ToUpper(name) {
				t.Errorf("%s --%s %s", cmd.Name(), f.Name, name)
			}
		})
	}
}

// TestHelpListsEveryMetric, in lines that fit a terminal.
func TestHelpListsEveryMetric(t *testing.T) {
	_, help, _ := simulate(t, "run", "--help")
	for _, name := range scenarios.Metrics {
		if !slices.Contains(strings.Fields(help), name) {
			t.Errorf("it does not have %s", name)
		}
	}
	for line := range strings.SplitSeq(listed(scenarios.Metrics), "\n") {
		if len(line) > reports.Width || strings.HasSuffix(line, " ") {
			t.Errorf("%q", line)
		}
	}
}

// TestHelpListsEveryFault, and what can be said of each.
func TestHelpListsEveryFault(t *testing.T) {
	_, help, _ := simulate(t, "run", "--help")
	for _, form := range network.FaultForms() {
		if !slices.Contains(strings.Fields(help), form) {
			t.Errorf("it does not have %s", form)
		}
		kind, params, _ := strings.Cut(strings.TrimSuffix(form, ")"), "(")
		_, err := network.ParseFault(kind + "(bogus=1)")
		for param := range strings.SplitSeq(params, ",") {
			if name := strings.TrimSuffix(param, "=…"); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", form, err)
			}
		}
	}
}
