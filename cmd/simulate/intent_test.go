package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"holdfast/reports"
	"holdfast/reports/schema"
)

// secrets are in every place where the SDK looks for one.
func secrets(t *testing.T) {
	t.Helper()
	shared := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(shared, []byte("[ours]\naws_access_key_id = AKIDOFTHEPROFILE9876\naws_secret_access_key = sekret-shared\naws_session_token = sekret-session\nregion = eu-north-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", shared)
	t.Setenv("AWS_CONFIG_FILE", shared)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for _, name := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"} {
		t.Setenv(name, "")
	}
}

// TestDryRunSaysWhatItWouldDo, on whose behalf and who said so, and sends nothing.
func TestDryRunSaysWhatItWouldDo(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		environment []string
		args        []string
		says        []string
	}{
		"flags, and keys of the environment": {
			[]string{"AWS_ACCESS_KEY_ID=AKIDOFTHEENVIRON1234", "AWS_SECRET_ACCESS_KEY=sekret-env", "AWS_SESSION_TOKEN=sekret-session", "AWS_REGION=eu-west-1"},
			[]string{"--store", "s3://bucket/p", "--endpoint", server.URL, "--max-requests", "77"},
			[]string{
				"store s3://bucket/p (--store)", "below s3://bucket/p/simulate-ID/", "endpoint " + server.URL + " (--endpoint)", "region eu-west-1 (AWS_REGION)",
				"identity access key …1234 (AWS_ACCESS_KEY_ID)", "never more than 77 (--max-requests)", "prices of S3 Standard, as this endpoint's are not known",
			},
		},
		"variables, and a profile": {
			[]string{"SIMULATE_STORE=s3://bucket", "AWS_ENDPOINT_URL_S3=" + server.URL, "AWS_PROFILE=ours"}, nil,
			[]string{
				"store s3://bucket (SIMULATE_STORE)", "endpoint " + server.URL + " (AWS_ENDPOINT_URL_S3)", "region eu-north-1 (profile ours)",
				"identity access key …9876 (", "/credentials), profile ours",
			},
		},
		"AWS, and a key that is as short as a secret": {
			[]string{"AWS_ACCESS_KEY_ID=sekret-short", "AWS_SECRET_ACCESS_KEY=sekret-env", "AWS_DEFAULT_REGION=us-east-1"},
			[]string{"--store", "s3://bucket/p"},
			[]string{"endpoint AWS", "region us-east-1 (AWS_DEFAULT_REGION)", "access key whose id is short (AWS_ACCESS_KEY_ID)", "by the prices of S3 Standard"},
		},
		"no credentials": {
			nil, []string{"--store", "s3://bucket/p", "--endpoint", server.URL},
			[]string{"region us-east-1 (assumed)", "identity none: no AWS credentials were found"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			secrets(t)
			for _, pair := range c.environment {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv(name, value)
			}
			args := append([]string{"run", "two-users", "--dry-run", "--out", filepath.Join(t.TempDir(), "out")}, c.args...)
			code, stdout, stderr := simulate(t, args...)
			text := strings.Join(strings.Fields(stdout), " ")
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			_, document, _ := simulate(t, append(args, "--json")...)
			validate(t, schema.Intent, document)
			var d reports.Intended
			if err := json.Unmarshal([]byte(document), &d); err != nil || d.Puts < 2 || d.Gets < 2 || d.Puts > 200 {
				t.Errorf("%+v, %v", d, err)
			}
			if code != exitPassed || strings.Contains(stdout+stderr+document, "sekret") || asked.Load() > 0 {
				t.Errorf("exit %d, %d requests", code, asked.Load())
			}
			if t.Failed() {
				t.Logf("%s%s", stdout, stderr)
			}
		})
	}
}

// TestIntentIsSaidBeforeARun, on stderr, so that stdout is the report.
func TestIntentIsSaidBeforeARun(t *testing.T) {
	flags := meddled(t, func(http.ResponseWriter, *http.Request, string, int, func()) bool { return false })
	code, stdout, stderr := simulate(t, append([]string{"run", "two-users"}, flags...)...)
	if code != exitPassed || !strings.HasPrefix(stderr, "store       s3://") || strings.Contains(stdout, "identity") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if _, _, stderr := simulate(t, append([]string{"run", "two-users", "--quiet"}, flags...)...); stderr != "" {
		t.Errorf("quiet says %s", stderr)
	}
	for _, args := range []string{"--max-requests 5", "--dry-run", "--max-requests -1 --store s3://b"} {
		if code, _, stderr := simulate(t, append([]string{"run", "two-users"}, strings.Fields(args)...)...); code != exitUsage {
			t.Errorf("%s: exit %d: %s", args, code, stderr)
		}
	}
}
