package s3store_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// around is the program of somebody who uses the library: it calls each example of the
// README and of docs/library.md with a store that holds what they are about.
const around = `package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/telemetry"
)

// lambda stands for github.com/aws/aws-lambda-go/lambda.
var lambda = starter{}

type starter struct{}

func (starter) Start(handle func(context.Context, delivery.SQSEvent) (delivery.SQSResponse, error)) {}

// What examples leave to their reader.
var (
	edit   = archive.Edit{Modifications: []archive.Modification{{ID: "m-2", UserID: "alice", Type: archive.Updated}}}
	edits  = []archive.Edit{edit}
	work   delivery.Work
	source = delivery.S3Source{Bucket: "changes"}
	body   = []byte(` + "`" + `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"changes"},"object":{"key":"customers/hts/CHG-12345.json","eTag":"e1"}}}]}` + "`" + `)
)

func send(_ context.Context, event, group, deduplication string) error {
	if group != "CHG-12345" {
		return fmt.Errorf("sent %s %s %s", event, group, deduplication)
	}
	return nil
}

var (
	_ json.RawMessage
	_ = strconv.Itoa
	_ = slog.Default
	_ = telemetry.Logs
	_ = s3store.Open
)

func main() {
	server, err := fakes3.Start()
	if err == nil {
		defer server.Close()
		for name, value := range map[string]string{
			"AWS_ENDPOINT_URL": server.Endpoint(), "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
		} {
			os.Setenv(name, value)
		}
		err = run(context.Background(), server)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func run(ctx context.Context, server *fakes3.Server) error {
	store := server.Store()
	a, err := archive.New(archive.Options{Store: store})
	if err != nil {
		return err
	}
	doc, err := archive.ParseChange([]byte(` + "`" + `{"changeId":"CHG-12345","changeTitle":"Old title"}` + "`" + `))
	if err != nil {
		return err
	}
	if _, err = a.Create(ctx, "CHG-12345", doc, archive.Modification{ID: "m-1", UserID: "alice", Type: archive.Created}); err != nil {
		return err
	}
	if _, err = store.Put(ctx, "orders/2026/11/O-77.json", []byte(` + "`" + `{"order_id":"2026/11/O-77"}` + "`" + `), archive.IfAbsent()); err != nil {
		return err
	}
`

var declared = regexp.MustCompile(`(?m)^(\w+), err := `)

// examples are those of a file, below a heading.
func examples(t *testing.T, file, heading string, least int) [][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), heading)
	all := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(section, -1)
	if !found || len(all) < least {
		t.Fatalf("%s has %d examples of the library", file, len(all))
	}
	return all
}

// TestREADME: its library section and docs/library.md compile and run, in a module of its
// own, as they do for whoever copies from them.
func TestREADME(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	all := append(examples(t, filepath.Join(root, "README.md"), "\n## Using the library\n", 2),
		examples(t, filepath.Join(root, "docs", "library.md"), "# Using the library\n", 4)...)
	program := around
	for n, example := range all {
		code := strings.ReplaceAll(example[1], `Bucket: "changes"`, `Bucket: server.Bucket()`)
		for _, m := range declared.FindAllStringSubmatch(code, -1) {
			code += "_ = " + m[1] + "\n" // an example may stop before it uses it
		}
		program += fmt.Sprintf("\t{ // example %d\n%s\nif err != nil { return fmt.Errorf(\"example %d: %%w\", err) }\n}\n", n+1, code, n+1)
	}
	program += "\treturn nil\n}\n"
	dir := t.TempDir()
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"main.go": program,
		"go.mod":  "module example.com/user\n\ngo 1.26\n\nrequire holdfast v0.0.0\n\nreplace holdfast => " + root + "\n",
		"go.sum":  string(sums),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.CommandContext(t.Context(), "go", "run", "-mod=mod", ".")
	run.Dir = dir
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, program)
	}
}
