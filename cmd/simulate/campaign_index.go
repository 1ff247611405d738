package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// engineIndex are the variables by which engines number the tasks of an array, with the number of
// their first task.
var engineIndex = []struct {
	name, engine string
	first        int
}{
	{"JOB_COMPLETION_INDEX", "Kubernetes", 0},
	{"AWS_BATCH_JOB_ARRAY_INDEX", "AWS Batch", 0},
	{"SLURM_ARRAY_TASK_ID", "Slurm", 0}, // of --array=0-199; the user may have begun elsewhere
	{"PARALLEL_SEQ", "GNU parallel", 1},
}

// engineAttempt are the variables by which engines count how often a task was started, with what
// they say the first time; Slurm says nothing then.
var engineAttempt = []struct {
	name  string
	first int
}{
	{"AWS_BATCH_JOB_ATTEMPT", 1},
	{"SLURM_RESTART_COUNT", 0},
}

// indexOptions say which shards a worker plays.
type indexOptions struct {
	index   string
	base    int
	attempt int
}

// noBase is the --index-base of who gives none: that of the engine counts.
const noBase = -1

// shards are the numbers of those that are to be played, of so many, in ascending order.
func (o *indexOptions) shards(of int, lookup func(string) (string, bool)) ([]int, error) {
	switch {
	case o.base != noBase && o.index != "":
		return nil, usage("--index-base is for the number that an engine gives: --index counts from 0")
	case o.base < noBase:
		return nil, usage("--index-base must be 0 or more, not %d", o.base)
	case o.index == "all":
		return upTo(of), nil
	case o.index != "":
		return parseShards(o.index, of)
	}
	one, err := o.ofEngine(of, lookup)
	if err != nil {
		return nil, err
	}
	return []int{one}, nil
}

// ofEngine is the shard that the engine's variables name.
func (o *indexOptions) ofEngine(of int, lookup func(string) (string, bool)) (int, error) {
	by, shard := "", 0
	for _, e := range engineIndex {
		text, set := lookup(e.name)
		if !set || text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, usage("%s=%q, of %s, is no number: give the shard by --index", e.name, text, e.engine)
		}
		first := e.first
		if o.base != noBase {
			first = o.base
		}
		switch n -= first; {
		case n < 0 || n >= of:
			return 0, usage("%s=%s, counted from %d, is none of the shards 0 to %d: start as many tasks as there are shards, and say with --index-base what the first is numbered", e.name, text, first, of-1)
		case by != "" && n != shard:
			return 0, usage("%s says shard %d, %s shard %d: say by --index which it is", by, shard, e.name, n)
		}
		by, shard = e.name, n
	}
	if by == "" {
		var names []string
		for _, e := range engineIndex {
			names = append(names, e.name)
		}
		return 0, usage("which shard? no engine has set %s: give --index N, or --index all", strings.Join(names, ", "))
	}
	return shard, nil
}

// parseShards reads numbers and ranges of shards, such as 3,7-9.
func parseShards(text string, of int) ([]int, error) {
	bad := func(format string, args ...any) error {
		return usage("--index %s: %s", text, fmt.Sprintf(format, args...))
	}
	chosen := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.Atoi(from)
		last := first
		if err == nil && isRange {
			last, err = strconv.Atoi(to)
		}
		switch {
		case err != nil:
			return nil, bad("want all, missing, or numbers such as 3 or 0-3,7")
		case last < first:
			return nil, bad("%d-%d ends before it begins", first, last)
		case last >= of:
			return nil, bad("the campaign has the shards 0 to %d", of-1)
		}
		for n := first; n <= last; n++ {
			chosen[n] = true
		}
	}
	return slices.Sorted(maps.Keys(chosen)), nil
}

// upTo are the numbers below n.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// attemptOf is which attempt of the engine's this is, from 1: --attempt, which the environment can
// set too, else as the engine says.
func (o *indexOptions) attemptOf(lookup func(string) (string, bool)) (int, error) {
	if o.attempt < 0 {
		return 0, usage("--attempt must be 1 or more, or 0 for what the engine says, not %d", o.attempt)
	}
	if o.attempt > 0 {
		return o.attempt, nil
	}
	by, attempt := "", 1
	for _, e := range engineAttempt {
		text, set := lookup(e.name)
		if !set || text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < e.first {
			return 0, usage("%s=%q is no attempt: give it by --attempt", e.name, text)
		}
		if n -= e.first - 1; by != "" && n != attempt {
			return 0, usage("%s says attempt %d, %s attempt %d: say by --attempt which it is", by, attempt, e.name, n)
		}
		by, attempt = e.name, n
	}
	return attempt, nil
}
