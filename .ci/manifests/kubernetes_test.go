package manifests

import (
	"bytes"
	"os"
	"slices"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// strictly decodes one document of a manifest; a key that its type lacks, or a doubled one, is an
// error.
func strictly[T any](t *testing.T, document []byte) *T {
	t.Helper()
	v := new(T)
	if err := yaml.UnmarshalStrict(document, v); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	return v
}

// kubernetes reads docs/engines/kubernetes.yaml.
func kubernetes(t *testing.T) (account *corev1.ServiceAccount, work, merge *batchv1.Job) {
	t.Helper()
	all, err := os.ReadFile("../../docs/engines/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	documents := bytes.Split(all, []byte("\n---\n"))
	if len(documents) != 3 {
		t.Fatalf("%d documents, want a service account and two jobs", len(documents))
	}
	return strictly[corev1.ServiceAccount](t, documents[0]),
		strictly[batchv1.Job](t, documents[1]), strictly[batchv1.Job](t, documents[2])
}

// What the API server refuses beyond types, of the fields that the manifest uses: the comments of
// k8s.io/api/batch/v1 and the documentation of Jobs.
func checkJob(t *testing.T, job *batchv1.Job) {
	t.Helper()
	spec := job.Spec
	pod := spec.Template.Spec
	if job.APIVersion != "batch/v1" || job.Kind != "Job" || job.Name == "" {
		t.Errorf("%s %s %q is no job", job.APIVersion, job.Kind, job.Name)
	}
	if pod.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("%s: a podFailurePolicy needs restartPolicy Never, not %q", job.Name, pod.RestartPolicy)
	}
	indexed := spec.CompletionMode != nil && *spec.CompletionMode == batchv1.IndexedCompletion
	switch {
	case indexed && (spec.Completions == nil || spec.Parallelism == nil || *spec.Parallelism > 100_000):
		t.Errorf("%s: an indexed job needs completions, and a parallelism of at most 100,000", job.Name)
	case !indexed && (spec.BackoffLimitPerIndex != nil || spec.MaxFailedIndexes != nil || spec.SuccessPolicy != nil):
		t.Errorf("%s: limits of indexes need completionMode Indexed", job.Name)
	case spec.MaxFailedIndexes != nil && (spec.BackoffLimitPerIndex == nil || *spec.MaxFailedIndexes > *spec.Completions):
		t.Errorf("%s: maxFailedIndexes needs backoffLimitPerIndex, and is at most completions", job.Name)
	case indexed && *spec.Completions > 100_000 && (spec.MaxFailedIndexes == nil || *spec.MaxFailedIndexes > 10_000 || *spec.Parallelism > 10_000):
		t.Errorf("%s: above 100,000 completions maxFailedIndexes and parallelism are at most 10,000", job.Name)
	}
	if spec.PodReplacementPolicy != nil && *spec.PodReplacementPolicy != batchv1.Failed {
		t.Errorf("%s: with a podFailurePolicy pods are replaced when they have failed, not %s", job.Name, *spec.PodReplacementPolicy)
	}
	for i, rule := range spec.PodFailurePolicy.Rules {
		codes := rule.OnExitCodes
		if (codes == nil) == (len(rule.OnPodConditions) == 0) {
			t.Errorf("%s: rule %d wants either exit codes or conditions", job.Name, i)
		}
		if rule.Action == batchv1.PodFailurePolicyActionFailIndex && spec.BackoffLimitPerIndex == nil {
			t.Errorf("%s: rule %d: FailIndex needs backoffLimitPerIndex", job.Name, i)
		}
		if codes == nil {
			continue
		}
		if codes.ContainerName == nil || !slices.ContainsFunc(pod.Containers, func(c corev1.Container) bool { return c.Name == *codes.ContainerName }) {
			t.Errorf("%s: rule %d is of a container that there is not", job.Name, i)
		}
		if !slices.IsSorted(codes.Values) || len(slices.Compact(slices.Clone(codes.Values))) != len(codes.Values) ||
			codes.Operator == batchv1.PodFailurePolicyOnExitCodesOpIn && slices.Contains(codes.Values, 0) {
			t.Errorf("%s: rule %d wants different exit codes in ascending order, for In without 0: %v", job.Name, i, codes.Values)
		}
	}
}

// action is what the policy does with a pod that has ended so: the first rule that fits.
func action(job *batchv1.Job, exit int32, disrupted bool) batchv1.PodFailurePolicyAction {
	for _, rule := range job.Spec.PodFailurePolicy.Rules {
		for _, c := range rule.OnPodConditions {
			if disrupted && c.Type == corev1.DisruptionTarget {
				return rule.Action
			}
		}
		if c := rule.OnExitCodes; c != nil && slices.Contains(c.Values, exit) == (c.Operator == batchv1.PodFailurePolicyOnExitCodesOpIn) {
			return rule.Action
		}
	}
	return batchv1.PodFailurePolicyActionCount
}

func TestKubernetes(t *testing.T) {
	account, work, merge := kubernetes(t)
	checkJob(t, work)
	checkJob(t, merge)
	if account.APIVersion != "v1" || account.Kind != "ServiceAccount" || account.Annotations["eks.amazonaws.com/role-arn"] == "" {
		t.Errorf("no service account with a role: %+v", account)
	}
	const (
		fail   = batchv1.PodFailurePolicyActionFailJob
		count  = batchv1.PodFailurePolicyActionCount
		ignore = batchv1.PodFailurePolicyActionIgnore
	)
	for _, tt := range []struct {
		job       *batchv1.Job
		exit      int32
		disrupted bool
		want      batchv1.PodFailurePolicyAction
	}{
		{work, 1, false, count},    // could not run
		{work, 1, true, ignore},    // and its node is gone
		{work, 2, false, fail},     // another program
		{work, 130, false, count},  // stopped by somebody
		{work, 130, true, ignore},  // evicted
		{work, 137, false, count},  // out of memory
		{merge, 1, false, count},   // could not run
		{merge, 3, false, fail},    // the verdict: violated
		{merge, 5, false, fail},    // inconclusive
		{merge, 130, true, ignore}, // evicted
	} {
		if got := action(tt.job, tt.exit, tt.disrupted); got != tt.want {
			t.Errorf("%s: exit %d, disrupted %t: %s, want %s", tt.job.Name, tt.exit, tt.disrupted, got, tt.want)
		}
	}
	for _, job := range []*batchv1.Job{work, merge} {
		pod := job.Spec.Template.Spec
		if pod.ServiceAccountName != account.Name {
			t.Errorf("%s runs as %q, whose role has no part in the bucket", job.Name, pod.ServiceAccountName)
		}
		c := pod.Containers[0]
		if !*pod.SecurityContext.RunAsNonRoot || !*c.SecurityContext.ReadOnlyRootFilesystem || *c.SecurityContext.AllowPrivilegeEscalation {
			t.Errorf("%s may more than it needs", job.Name)
		}
		for _, m := range c.VolumeMounts {
			if !slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name }) {
				t.Errorf("%s mounts %q, which there is not", job.Name, m.Name)
			}
		}
		understood(t, c.Args)
	}
}
