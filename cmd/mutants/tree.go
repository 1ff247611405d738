package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tree is what results depend on: a result holds for as long as its hash is the same.
type tree struct {
	gate  string // of all that the program and the gate are made of
	tests string // of that and the tests
}

// unread are directories that neither the program, the gate nor its tests are made of.
// This tool is among them: a mutant is known by its text, whoever thought of it.
var unread = map[string]bool{
	"bin": true, "docs": true, "simulate-out": true, "mutants-out": true, "cmd/mutants": true,
}

func hashTree(ctx context.Context, root, goTool string) (tree, error) {
	cmd := exec.CommandContext(ctx, goTool, "env", "GOVERSION", "GOOS", "GOARCH", "GOFLAGS", "GOEXPERIMENT")
	cmd.Dir = root
	version, err := cmd.Output()
	if err != nil {
		return tree{}, fmt.Errorf("%s env: %w", goTool, err)
	}
	gate, tests := sha256.New(), sha256.New()
	gate.Write(version)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if unread[name] || strings.HasPrefix(name, ".") && name != "." && name != ".ci" {
				return filepath.SkipDir
			}
			return nil
		}
		atTop := !strings.Contains(name, "/")
		if !d.Type().IsRegular() || atTop && name != "go.mod" && name != "go.sum" {
			return nil
		}
		sum := sha256.New()
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.Copy(sum, f); err != nil {
			return err
		}
		into := gate
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/testdata/") {
			into = tests
		}
		fmt.Fprintf(into, "%x %s\n", sum.Sum(nil), name)
		return nil
	})
	if err != nil {
		return tree{}, fmt.Errorf("reading the module: %w", err)
	}
	g := gate.Sum(nil)
	tests.Write(g)
	return tree{gate: hex.EncodeToString(g[:8]), tests: hex.EncodeToString(tests.Sum(nil)[:8])}, nil
}
