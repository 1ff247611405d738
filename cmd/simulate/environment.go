package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/scenarios"
)

// environmentPrefix begins the names of the environment that are flags.
const environmentPrefix = "SIMULATE_"

func environmentName(flag string) string {
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets the flags that the command line did not from SIMULATE_*.
func fromEnvironment(flags *pflag.FlagSet) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		name := environmentName(f.Name)
		value, set := os.LookupEnv(name)
		if f.Changed || !set || failed != nil {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			failed = badFlag(fmt.Errorf("%s=%q: %w", name, value, err))
			return
		}
		failed = flags.SetAnnotation(f.Name, fromVariable, []string{name})
	})
	return failed
}

// ofCluster are the names that Kubernetes and Docker give to the pods and containers
// beside a service called simulate.
var ofCluster = regexp.MustCompile(`^SIMULATE_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_.+)?)?)$`)

// checkEnvironment refuses SIMULATE_* that no command has a flag for: it would do nothing,
// and whoever set it believes that it does.
func checkEnvironment(root *cobra.Command) error {
	flags := slices.Sorted(maps.Keys(commandsWith(root)))
	environment := os.Environ()
	slices.Sort(environment)
	for _, pair := range environment {
		name, _, _ := strings.Cut(pair, "=")
		meant, ours := strings.CutPrefix(name, environmentPrefix)
		if !ours || ofCluster.MatchString(name) || slices.ContainsFunc(flags, func(f string) bool { return environmentName(f) == name }) {
			continue
		}
		meant = strings.ToLower(strings.ReplaceAll(meant, "_", "-"))
		if best := scenarios.Closest(meant, flags); best != "" {
			return usage("the environment has %s, and no command has such a flag; did you mean %s?", name, environmentName(best))
		}
		return usage("the environment has %s, and no command has such a flag; see simulate --help", name)
	}
	return nil
}
