package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/scenarios"
)

// commandsWith are the names of the commands that have a flag, by the flag's.
func commandsWith(root *cobra.Command) map[string][]string {
	commands := map[string][]string{}
	for _, cmd := range everyCommand(root) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" {
				commands[f.Name] = append(commands[f.Name], nameOf(cmd))
			}
		})
	}
	return commands
}

// everyCommand are those of the program that people are to use, and those below them.
func everyCommand(root *cobra.Command) (all []*cobra.Command) {
	for _, cmd := range root.Commands() {
		if !cmd.Hidden && cmd.Name() != "help" {
			all = append(append(all, cmd), everyCommand(cmd)...)
		}
	}
	return all
}

// nameOf is how a command is called after the program's name.
func nameOf(cmd *cobra.Command) string {
	_, name, _ := strings.Cut(cmd.CommandPath(), " ")
	return name
}

// unknownFlag says which flag was meant, or which commands have it.
func unknownFlag(cmd *cobra.Command, name string) error {
	var own []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { own = append(own, f.Name) })
	best, others := scenarios.Closest(name, own), commandsWith(cmd.Root())[name]
	hint := ""
	if best != "" && (others == nil || strings.TrimSuffix(best, "s") == strings.TrimSuffix(name, "s")) {
		hint = fmt.Sprintf("; did you mean --%s?", best)
	}
	if len(others) > 0 {
		hint += fmt.Sprintf("; --%s is a flag of simulate %s", name, listOf(others))
	}
	return usage("unknown flag: --%s%s", name, strings.Replace(hint, "?;", "?", 1))
}

// unknownCommand says which command was meant.
func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, cmd := range root.Commands() {
		names = append(names, cmd.Name())
	}
	if best := scenarios.Closest(name, names); best != "" {
		return usage("there is no command %q; did you mean %s?", name, best)
	}
	return usage("there is no command %q; see %s --help", name, root.CommandPath())
}

// listOf is "a, b and c".
func listOf(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
