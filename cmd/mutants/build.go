package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"holdfast/cmd/mutants/mutate"
)

// longestBuild ends a compiler that hangs over a mutant, such as a constant that became huge.
const longestBuild = 10 * time.Minute

// bench is a directory of its own for one mutant: overlay, program, and whatever the
// program and its tests write.
type bench struct {
	*runner
	dir     string
	overlay string    // "" for the unmutated program
	echo    io.Writer // gets what gate and tests say; may be nil
}

// bench makes the directory; close removes it.
func (r *runner) bench(name string, m *mutate.Mutant) (bench, error) {
	b := bench{runner: r, dir: filepath.Join(r.temp, name)}
	for _, sub := range []string{"tmp", "out"} {
		if err := os.MkdirAll(filepath.Join(b.dir, sub), 0o755); err != nil {
			return b, err
		}
	}
	if m == nil {
		return b, nil
	}
	mutated := filepath.Join(b.dir, "mutated.go")
	b.overlay = filepath.Join(b.dir, "overlay.json")
	replace := map[string]string{filepath.Join(r.root, filepath.FromSlash(m.Source.Path)): mutated}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return b, err
	}
	if err := os.WriteFile(mutated, m.Apply(), 0o644); err != nil {
		return b, err
	}
	return b, os.WriteFile(b.overlay, overlay, 0o644)
}

func (b bench) close() { _ = os.RemoveAll(b.dir) }

// env keeps what the mutant leaves behind in its directory, and lets a go command that
// the gate or a test runs see the mutant as well.
func (b bench) env() []string {
	env := []string{"TMPDIR=" + filepath.Join(b.dir, "tmp")}
	if b.overlay != "" {
		env = append(env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+b.overlay))
	}
	return env
}

func (b bench) programFile() string { return filepath.Join(b.dir, "program") }

// build makes the program, without what only debuggers read: that is a third of the
// time of linking. Without its build id, equal programs are equal files.
func (b bench) build(ctx context.Context) (ended, error) {
	args := []string{b.goTool, "build", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", b.programFile()}
	if b.overlay != "" {
		args = append(args, "-overlay", b.overlay)
	}
	return command{dir: b.root, args: append(args, b.program), limit: longestBuild}.run(ctx)
}

// fingerprint is that of the program.
func (b bench) fingerprint() (string, error) {
	f, err := os.Open(b.programFile())
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// object is what the compiler makes of a package, but for the names that the build
// cache knows it by: those are made of the text.
func (b bench) object(ctx context.Context, pkg string) ([]byte, error) {
	args := []string{"list", "-export", "-f", "{{.Export}} {{.BuildID}}"}
	if b.overlay != "" {
		args = append(args, "-overlay", b.overlay)
	}
	cmd := exec.CommandContext(ctx, b.goTool, append(args, pkg)...)
	cmd.Dir = b.root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -export %s: %w", pkg, err)
	}
	file, id, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	object, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return bytes.ReplaceAll(object, []byte(id), nil), nil
}

// sameObject says whether the compiler makes the same of the package as without the
// mutant. Then nobody can tell.
func (b bench) sameObject(ctx context.Context, pkg string) (bool, error) {
	mutated, err := b.object(ctx, pkg)
	if err != nil {
		return false, err
	}
	original, err := bench{runner: b.runner}.object(ctx, pkg)
	if err != nil {
		return false, err
	}
	return bytes.Equal(mutated, original), nil
}
