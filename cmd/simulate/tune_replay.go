package main

import (
	"strconv"
	"strings"
)

// scenario is what is tuned, with the flags that "simulate run" has too.
func (o *tuneOptions) scenario(name string, changed func(string) bool) []string {
	args := []string{quoteShell(name)}
	add := func(flag, value string) {
		if changed(flag) {
			args = append(args, "--"+flag, quoteShell(value))
		}
	}
	add("core", o.run.core)
	add("document", o.run.document)
	add("clients", strconv.Itoa(o.run.clients))
	add("operations", strconv.Itoa(o.run.operations))
	add("duration", o.run.duration.String())
	add("latency", o.run.latency)
	add("via", o.run.via)
	for _, f := range o.run.faults {
		args = append(args, "--fault", quoteShell(f))
	}
	for _, s := range o.run.sets {
		args = append(args, "--set", quoteShell(s))
	}
	return args
}

// replay is the command that searches the same again.
func (o *tuneOptions) replay(name string, changed func(string) bool, evaluations int) string {
	args := append([]string{"simulate tune"}, o.scenario(name, changed)...)
	add := func(flag, value string) {
		if changed(flag) {
			args = append(args, "--"+flag, quoteShell(value))
		}
	}
	add("codec", o.run.codec)
	add("objective", o.objective)
	add("incumbent", o.incumbent)
	if o.capacity {
		args = append(args, "--capacity")
	}
	if o.confirm {
		args = append(args, "--confirm")
	}
	add("confirm-runs", strconv.Itoa(o.confirmRuns))
	return strings.Join(append(args, "--evaluations", strconv.Itoa(evaluations), "--seed", strconv.FormatUint(o.run.seed, 10)), " ")
}
