package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestHelpNamesTypesInCapitals: what stands in back quotes is shown in the place of the
// type, where a value would look like the only one.
func TestHelpNamesTypesInCapitals(t *testing.T) {
	for _, cmd := range (&app{}).root().Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(f)
			if strings.Contains(f.Usage, "`") && name != strings.ToUpper(name) {
				t.Errorf("%s --%s %s", cmd.Name(), f.Name, name)
			}
		})
	}
}
