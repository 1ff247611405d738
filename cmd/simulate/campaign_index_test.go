package main

import (
	"fmt"
	"strings"
	"testing"
)

// environment is what an engine has set, as NAME=VALUE.
func environment(pairs string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, pair := range strings.Fields(pairs) {
			if value, ours := strings.CutPrefix(pair, name+"="); ours {
				return value, true
			}
		}
		return "", false
	}
}

// TestWhichShard a worker plays: of ten, by --index or by what an engine says.
func TestWhichShard(t *testing.T) {
	for _, c := range []struct {
		index string
		base  int
		env   string
		want  string // shards, or what the error says
	}{
		{"3", noBase, "", "[3]"},
		{"3", noBase, "JOB_COMPLETION_INDEX=7", "[3]"},
		{"0-2,7, 9", noBase, "", "[0 1 2 7 9]"},
		{"7,0-1,1", noBase, "", "[0 1 7]"},
		{"all", noBase, "", "[0 1 2 3 4 5 6 7 8 9]"},
		{"", noBase, "JOB_COMPLETION_INDEX=0", "[0]"},
		{"", noBase, "AWS_BATCH_JOB_ARRAY_INDEX=9", "[9]"},
		{"", noBase, "SLURM_ARRAY_TASK_ID=4", "[4]"},
		{"", noBase, "PARALLEL_SEQ=1", "[0]"},
		{"", noBase, "PARALLEL_SEQ=10", "[9]"},
		{"", 1, "SLURM_ARRAY_TASK_ID=10", "[9]"},
		{"", 0, "PARALLEL_SEQ=3", "[3]"},
		{"", noBase, "SLURM_ARRAY_TASK_ID=4 PARALLEL_SEQ=5", "[4]"},
		{"", noBase, "SLURM_ARRAY_TASK_ID= JOB_COMPLETION_INDEX=2", "[2]"},

		{"10", noBase, "", "shards 0 to 9"},
		{"0-10", noBase, "", "shards 0 to 9"},
		{"0-", noBase, "", "want all, missing, or numbers"},
		{"x", noBase, "", "want all, missing, or numbers"},
		{"-3", noBase, "", "want all, missing, or numbers"},
		{"5-3", noBase, "", "ends before it begins"},
		{"3", 1, "", "--index counts from 0"},
		{"", -2, "", "--index-base must be 0 or more"},
		{"", noBase, "", "no engine has set JOB_COMPLETION_INDEX"},
		{"", noBase, "JOB_COMPLETION_INDEX=10", "none of the shards 0 to 9"},
		{"", noBase, "PARALLEL_SEQ=0", "counted from 1, is none"},
		{"", noBase, "PARALLEL_SEQ=11", "none of the shards"},
		{"", 1, "SLURM_ARRAY_TASK_ID=0", "counted from 1, is none"},
		{"", noBase, "SLURM_ARRAY_TASK_ID=4 PARALLEL_SEQ=4", "SLURM_ARRAY_TASK_ID says shard 4, PARALLEL_SEQ shard 3"},
		{"", noBase, "JOB_COMPLETION_INDEX=two", `JOB_COMPLETION_INDEX="two", of Kubernetes, is no number`},
	} {
		o := indexOptions{index: c.index, base: c.base}
		got, err := o.shards(10, environment(c.env))
		told := fmt.Sprint(got)
		if err != nil {
			told = err.Error()
			if code := (&app{stderr: &strings.Builder{}}).exitCode(err); code != exitUsage {
				t.Errorf("--index %q, %q: exit %d", c.index, c.env, code)
			}
		}
		if wantsError := !strings.HasPrefix(c.want, "["); wantsError != (err != nil) || !strings.Contains(told, c.want) {
			t.Errorf("--index %q --index-base %d, %q: %s, want %s", c.index, c.base, c.env, told, c.want)
		}
	}
}

func TestWhichAttempt(t *testing.T) {
	for _, c := range []struct {
		flag int
		env  string
		want string
	}{
		{0, "", "1"},
		{3, "AWS_BATCH_JOB_ATTEMPT=2", "3"},
		{0, "AWS_BATCH_JOB_ATTEMPT=1", "1"},
		{0, "AWS_BATCH_JOB_ATTEMPT=2", "2"},
		{0, "SLURM_RESTART_COUNT=1", "2"},
		{0, "SLURM_RESTART_COUNT=1 AWS_BATCH_JOB_ATTEMPT=2", "2"},
		{0, "SLURM_RESTART_COUNT=1 AWS_BATCH_JOB_ATTEMPT=1", "say by --attempt which it is"},
		{0, "AWS_BATCH_JOB_ATTEMPT=0", "is no attempt"},
		{-1, "", "--attempt must be 1 or more"},
	} {
		o := indexOptions{attempt: c.flag}
		got, err := o.attemptOf(environment(c.env))
		told := fmt.Sprint(got)
		if err != nil {
			told = err.Error()
		}
		if !strings.Contains(told, c.want) || (err == nil) != (len(c.want) == 1) {
			t.Errorf("--attempt %d, %q: %s, want %s", c.flag, c.env, told, c.want)
		}
	}
}
