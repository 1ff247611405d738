package manifests

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"
)

// request decodes a request to AWS Batch, as aws batch --cli-input-json reads it.
func request[T any](t *testing.T, name string) *T {
	t.Helper()
	text, err := os.ReadFile("../../docs/engines/" + name)
	if err != nil {
		t.Fatal(err)
	}
	v := new(T)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	// The decoder takes a key in any case, the service only with a small first letter.
	if odd := regexp.MustCompile(`"[A-Z][A-Za-z]*"\s*:`).Find(text); odd != nil {
		t.Errorf("%s: the key %s begins with a capital", name, odd)
	}
	return v
}

// retried is whether a job that has ended so begins again: by the first rule that fits, and
// without one it does. An exit code that is not there is that of a host that is gone, whose reason is hostGone.
func retried(s *types.RetryStrategy, exit string) bool {
	const hostGone = "Host EC2 (instance i-0123456789abcdef0) terminated."
	fits := func(pattern *string, text string) bool {
		prefix, open := strings.CutSuffix(*pattern, "*")
		return prefix == text || open && strings.HasPrefix(text, prefix)
	}
	for _, rule := range s.EvaluateOnExit {
		if rule.OnExitCode != nil && exit != "" && fits(rule.OnExitCode, exit) || rule.OnStatusReason != nil && exit == "" && fits(rule.OnStatusReason, hostGone) {
			return rule.Action == types.RetryActionRetry
		}
	}
	return true
}

func TestAWSBatch(t *testing.T) {
	definition := request[batch.RegisterJobDefinitionInput](t, "aws-batch-definition.json")
	work := request[batch.SubmitJobInput](t, "aws-batch-work.json")
	merge := request[batch.SubmitJobInput](t, "aws-batch-merge.json")

	if !slices.Contains(definition.Type.Values(), definition.Type) {
		t.Errorf("no type of job: %q", definition.Type)
	}
	for _, p := range definition.PlatformCapabilities {
		if !slices.Contains(p.Values(), p) {
			t.Errorf("no platform: %q", p)
		}
	}
	for _, r := range definition.ContainerProperties.ResourceRequirements {
		if !slices.Contains(r.Type.Values(), r.Type) {
			t.Errorf("no resource: %q", r.Type)
		}
	}
	for _, s := range []*types.RetryStrategy{definition.RetryStrategy, merge.RetryStrategy} {
		if *s.Attempts < 1 || *s.Attempts > 10 || len(s.EvaluateOnExit) > 5 {
			t.Errorf("at most 10 attempts and 5 rules, not %d and %d", *s.Attempts, len(s.EvaluateOnExit))
		}
		for _, rule := range s.EvaluateOnExit {
			if !slices.Contains(rule.Action.Values(), types.RetryAction(strings.ToUpper(string(rule.Action)))) &&
				!slices.Contains(rule.Action.Values(), rule.Action) {
				t.Errorf("no action: %q", rule.Action)
			}
			if p := rule.OnExitCode; p != nil && !regexp.MustCompile(`^[0-9]*\*?$`).MatchString(*p) {
				t.Errorf("no pattern of exit codes: %q", *p)
			}
			if p := rule.OnStatusReason; p != nil && !regexp.MustCompile(`^[A-Za-z0-9.:\s]*\*?$`).MatchString(*p) {
				t.Errorf("no pattern of reasons: %q", *p)
			}
		}
	}
	if n := *work.ArrayProperties.Size; n < 2 || n > 10_000 {
		t.Errorf("an array has 2 to 10,000 jobs, not %d", n)
	}
	for _, job := range []*batch.SubmitJobInput{work, merge} {
		if *job.JobDefinition != *definition.JobDefinitionName {
			t.Errorf("%s is by the definition %q", *job.JobName, *job.JobDefinition)
		}
	}
	for _, tt := range []struct {
		strategy *types.RetryStrategy
		exit     string
		want     bool
	}{
		{definition.RetryStrategy, "1", true},
		{definition.RetryStrategy, "2", false},
		{definition.RetryStrategy, "130", true},
		{definition.RetryStrategy, "137", true},
		{definition.RetryStrategy, "", true},
		{merge.RetryStrategy, "1", true},
		{merge.RetryStrategy, "130", true},
		{merge.RetryStrategy, "137", true},
		{merge.RetryStrategy, "2", false},
		{merge.RetryStrategy, "3", false},
		{merge.RetryStrategy, "4", false},
		{merge.RetryStrategy, "6", false},
		{merge.RetryStrategy, "99", false},
		{merge.RetryStrategy, "5", false},
		{merge.RetryStrategy, "", true},
	} {
		if got := retried(tt.strategy, tt.exit); got != tt.want {
			t.Errorf("exit %q is retried: %t, want %t", tt.exit, got, tt.want)
		}
	}
	command := slices.Clone(definition.ContainerProperties.Command)
	for i, word := range command {
		if name, is := strings.CutPrefix(word, "Ref::"); is {
			command[i] = work.Parameters[name]
		}
	}
	understood(t, command)
	understood(t, merge.ContainerOverrides.Command)
}
