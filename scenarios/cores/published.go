package cores

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/notation"
)

// The names of retry policies that people use; docs/tuning.md says what is approximated.
const (
	Delta         = "delta"
	TerraformLock = "terraform-lock"

	clientGoRetry   = "client-go-retry"
	clientGoBackoff = "client-go-backoff"
	iceberg         = "iceberg"
	awsStandard     = "aws-standard"
	awsAdaptive     = "aws-adaptive"
	aimd            = "aimd"
)

// presets are those that a kind of the archive's expresses.
var presets = map[string]archive.Policy{
	// delta-io/delta, OptimisticTransaction.doCommitRetryIteratively (v3.1): attempts 0 to
	// maxCommitAttempts, 10,000,000 by default (DeltaSQLConf), without a wait.
	Delta: {Kind: archive.None, Retries: 10_000_000},
	// hashicorp/terraform, statemgr.LockWithContext (internal/states/statemgr/locker.go, v1.6):
	// 1 s, doubled after each wait while it is below 16 s, until -lock-timeout.
	TerraformLock: {Kind: archive.Exponential, Base: 500 * time.Millisecond, Cap: 16 * time.Second, Retries: archive.Unlimited},
}

// Published are the production core with policies that people use and that no kind of the
// archive's expresses. As policies they go by the same names, see [ParsePolicy].
func Published() []Spec {
	as := func(name string, bounds archive.Policy, core func(Environment) (Core, error)) Spec {
		bounds.Kind = archive.None
		return Spec{Name: name, OwnWaits: true, Policy: bounds, New: core}
	}
	const sdkAttempts = 3 // DefaultMaxAttempts
	return []Spec{
		// kubernetes/client-go, retry.DefaultRetry and DefaultBackoff (util/retry/util.go, the
		// same since 2016): so many steps, of which the first is no retry.
		as(clientGoRetry, archive.Policy{Retries: 5 - 1}, scheduled(stepped(10*time.Millisecond, 1, 0.1))),
		as(clientGoBackoff, archive.Policy{Retries: 4 - 1}, scheduled(stepped(10*time.Millisecond, 5, 0.1))),
		// apache/iceberg, commit.retry.* (TableProperties; 1.10): num-retries 4, min-wait-ms 100,
		// max-wait-ms 60,000, total-timeout-ms 1,800,000.
		as(iceberg, archive.Policy{Retries: 4, Deadline: 30 * time.Minute}, scheduled(icebergWait)),
		// aws/aws-sdk-go-v2, aws/retry.NewStandard and NewAdaptiveMode (v1.48.0).
		as(awsStandard, archive.Policy{Retries: sdkAttempts - 1}, scheduled(awsWait)),
		as(awsAdaptive, archive.Policy{Retries: sdkAttempts - 1}, newAWSAdaptive),
		as(aimd, archive.Policy{Retries: archive.Unlimited}, newAIMD),
	}
}

// stepped is wait.Backoff of k8s.io/apimachinery without a cap (Step and Jitter, v0.28): a
// first wait, multiplied by a factor each time, and a share of each on top, drawn evenly.
func stepped(first time.Duration, factor, jitter float64) schedule {
	return func(r *retry, rng *rand.Rand) time.Duration {
		wait := float64(first)
		for range r.number - 1 {
			wait = min(wait*factor, math.MaxInt64/4)
		}
		return time.Duration(wait * (1 + rng.Float64()*jitter))
	}
}

// icebergWait is that of Tasks.runTaskWithRetry (org.apache.iceberg.util, 1.10) in whole
// milliseconds: 100 ms, doubled each time, at most a minute; and up to a tenth on top.
func icebergWait(r *retry, rng *rand.Rand) time.Duration {
	const least, most = 100, 60_000
	delay := most
	if n := r.number - 1; n < 10 {
		delay = min(least<<n, most)
	}
	return time.Duration(delay+rng.IntN(max(delay/10, 1))) * time.Millisecond
}

// awsWait is that of ExponentialJitterBackoff.backoffDelay2026: even from zero up to 50 ms, or
// 1 s after a throttling answer, doubled each time, at most 20 s.
func awsWait(r *retry, rng *rand.Rand) time.Duration {
	const most = 20 * time.Second
	base := 50 * time.Millisecond
	if errors.Is(r.cause, archive.ErrThrottled) {
		base = time.Second
	}
	widest := most
	if n := r.number - 1; n < 10 {
		widest = min(base<<n, most)
	}
	return time.Duration(rng.Float64() * float64(widest))
}

// ParsePolicy reads what is asked for as a policy: one of the archive; one that people use, by
// its name; or the oracle as if it were one. The latter two take bounds, "oracle(retries=9)".
// Where the policy has waits of its own, core is what draws them, whatever becomes of the rest,
// and the policy has its bounds alone. Else core is nil.
func ParsePolicy(text string) (p archive.Policy, core *Spec, err error) {
	term := notation.Split(text)
	if preset, ok := presets[term.Kind]; ok {
		p, err = bounded(text, preset)
		return p, nil, err
	}
	if core = policyCore(term.Kind); core == nil {
		p, err = archive.ParsePolicy(text)
		if _, unknown := archive.ParsePolicy(term.Kind); unknown != nil {
			err = fmt.Errorf("%w; of those that people use: %s", err, strings.Join(PolicyNames(), ", "))
		}
		return p, nil, err
	}
	if core.Name == oracleSpec.Name { // which is bounded as a policy of the archive's
		p, err = archive.ParsePolicy(string(archive.None) + strings.TrimPrefix(strings.TrimSpace(text), core.Name))
		return p, core, err
	}
	p, err = bounded(text, core.Policy)
	return p, core, err
}

// policyCore is the core that a policy of that name is; nil: it is none.
func policyCore(name string) *Spec {
	for _, s := range append(Published(), oracleSpec) {
		if s.Name == name {
			return &s
		}
	}
	return nil
}

// bounded is a preset with the bounds that the text gives it.
func bounded(text string, preset archive.Policy) (archive.Policy, error) {
	term := notation.Split(text)
	retries, deadline := false, false
	err := notation.Pairs(term.Args, "want retries=N or deadline=D", func(name, _ string) error {
		switch name {
		case "retries":
			retries = true
		case "deadline":
			deadline = true
		default:
			return fmt.Errorf("%s does not apply: its waits are what it is known for, only retries and deadline can be chosen", name)
		}
		return nil
	})
	if err == nil && term.Opened && !term.Closed {
		err = errors.New("the closing parenthesis is missing")
	}
	if err != nil {
		return archive.Policy{}, fmt.Errorf("policy %q: %w", text, err)
	}
	bounds, err := archive.ParsePolicy(fmt.Sprintf("%s(%s)", archive.None, term.Args))
	if err != nil {
		return archive.Policy{}, err
	}
	if retries {
		preset.Retries = bounds.Retries
	}
	if deadline {
		preset.Deadline = bounds.Deadline
	}
	return preset, nil
}

// PolicyNames are the names of the policies that people use, in the order of docs/tuning.md.
func PolicyNames() []string {
	var names []string
	for _, s := range Published() {
		names = append(names, s.Name)
	}
	return append(names, Delta, TerraformLock)
}
