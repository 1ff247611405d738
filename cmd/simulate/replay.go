package main

import (
	"strconv"
	"strings"
)

// replay is the command that runs the same again.
func (o runOptions) replay(name string, changed func(string) bool) string {
	args := []string{"simulate run", quoteShell(name)}
	add := func(flag, value string) {
		if changed(flag) {
			args = append(args, "--"+flag, quoteShell(value))
		}
	}
	add("world", o.world)
	add("core", o.core)
	add("policy", o.policy)
	add("document", o.document)
	add("clients", strconv.Itoa(o.clients))
	add("operations", strconv.Itoa(o.operations))
	add("duration", o.duration.String())
	add("runs", strconv.Itoa(o.runs))
	add("store", o.store)
	add("endpoint", o.endpoint)
	add("path-style", o.pathStyle.String())
	add("latency", o.latency)
	for _, f := range o.faults {
		args = append(args, "--fault", quoteShell(f))
	}
	add("codec", o.codec)
	add("via", o.via)
	add("schedule", o.schedule)
	for _, s := range o.sets {
		args = append(args, "--set", quoteShell(s))
	}
	for _, t := range o.thresholds {
		args = append(args, "--threshold", quoteShell(t))
	}
	return strings.Join(append(args, "--seed", strconv.FormatUint(o.seed, 10)), " ")
}

func quoteShell(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n'\"\\$`()<>|&;*?[]{}#~!") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
