package simtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// blindTest is a test of somebody else's core, which writes without a condition.
const blindTest = `package mine

import (
	"context"
	"testing"

	"example.org/you/holdfast/archive"
	"example.org/you/holdfast/scenarios/simtest"
)

type blind struct{ archive.Store }

func (b blind) Put(ctx context.Context, key string, body []byte, _ archive.Condition) (string, error) {
	return b.Store.Put(ctx, key, body, archive.Condition{})
}

func TestBlind(t *testing.T) {
	simtest.Core(t, func(e simtest.Environment) (archive.Core, error) {
		e.Store = blind{e.Store}
		return archive.New(e.Options())
	})
}

func TestSound(t *testing.T) {
	c := simtest.Config{Schedules: 500, Seeds: 5, Duration: 1e8}
	c.Core(t, func(e simtest.Environment) (archive.Core, error) { return archive.New(e.Options()) })
}
`

// TestModuleOfOnesOwn: under another path, and imported by another module, the library and
// this package do what they do here.
func TestModuleOfOnesOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles everything once more")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	renamed, mine := filepath.Join(t.TempDir(), "holdfast"), t.TempDir()
	for _, folder := range []string{"archive", "scenarios"} {
		if err := os.CopyFS(filepath.Join(renamed, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "go.sum", "Makefile"} {
		write(t, filepath.Join(renamed, file), read(t, filepath.Join(root, file)))
	}
	if out, err := command(t, renamed, "make", "module", "MODULE=example.org/you/holdfast"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	write(t, filepath.Join(mine, "go.mod"), "module example.com/mine\n\ngo 1.26\n\nrequire example.org/you/holdfast v0.0.0\n\nreplace example.org/you/holdfast => "+renamed+"\n")
	write(t, filepath.Join(mine, "go.sum"), read(t, filepath.Join(root, "go.sum")))
	write(t, filepath.Join(mine, "blind_test.go"), blindTest)
	out, err := command(t, mine, "go", "test", "-mod=mod", "-v", ".")
	if err == nil {
		t.Errorf("a blind PUT passes: %s", out)
	}
	for _, want := range []string{
		"--- FAIL: TestBlind", "I1 nothing lost", "shortest schedule of two-users that shows it", "FAIL: TestBlind/schedules_of_two-users ",
		"FAIL: TestBlind/seeds_of_storm", "FAIL: TestBlind/the_real_world", "--- PASS: TestSound",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

// TestReadmeShowsThis: the core and the test that the README shows are those above.
func TestReadmeShowsThis(t *testing.T) {
	_, shown, _ := strings.Cut(read(t, filepath.Join("..", "..", "README.md")), "\n## Testing a core of your own\n")
	_, shown, _ = strings.Cut(shown, "```go\n")
	shown, _, found := strings.Cut(shown, "```")
	if !found || !strings.Contains(blindTest, shown) {
		t.Errorf("it does not show what is tested:\n%s", shown)
	}
}

func command(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	return string(out), err
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
