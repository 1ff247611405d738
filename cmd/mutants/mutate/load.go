package mutate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Source is one file that may be mutated.
type Source struct {
	Path string // below the module's root, with slashes
	Text []byte
	ast  *ast.File
	pkg  *Package
}

// Package is a package with its types.
type Package struct {
	Path    string
	Sources []*Source
	fset    *token.FileSet
	config  types.Config
	info    *types.Info
	types   *types.Package
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	DepOnly                 bool
	Module                  *struct{ GoVersion string }
}

// Load reads the packages that a pattern of the module at root names, but for those in
// the directories of except. What they import is read as the compiler left it.
func Load(ctx context.Context, goCommand, root, pattern string, except []string) ([]*Package, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, goCommand, "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,DepOnly,Module", pattern)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w: %s", pattern, err, strings.TrimSpace(stderr.String()))
	}
	exports := map[string]string{}
	var wanted []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list %s: %w", pattern, err)
		}
		exports[p.ImportPath] = p.Export
		if !p.DepOnly && !excepted(root, p.Dir, except) {
			wanted = append(wanted, p)
		}
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("go list gave no export data of %s", path)
		}
		return os.Open(exports[path])
	})
	var pkgs []*Package
	for _, l := range wanted {
		p, err := check(fset, imports, root, l)
		if err != nil {
			return nil, err
		}
		pkgs = append(pkgs, p)
	}
	return pkgs, nil
}

func excepted(root, dir string, except []string) bool {
	for _, e := range except {
		under, err := filepath.Rel(filepath.Join(root, e), dir)
		if err == nil && under != ".." && !strings.HasPrefix(under, ".."+string(filepath.Separator)) {
			return true
		}
	}
	return false
}

// check parses and type-checks one package.
func check(fset *token.FileSet, imports types.Importer, root string, l listed) (*Package, error) {
	p := &Package{Path: l.ImportPath, fset: fset, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Uses:  map[*ast.Ident]types.Object{},
		Defs:  map[*ast.Ident]types.Object{},
	}}
	p.config = types.Config{Importer: imports}
	if l.Module != nil && l.Module.GoVersion != "" {
		p.config.GoVersion = "go" + l.Module.GoVersion
	}
	var files []*ast.File
	for _, name := range l.GoFiles {
		full := filepath.Join(l.Dir, name)
		text, err := os.ReadFile(full)
		if err != nil {
			return nil, err
		}
		path, err := filepath.Rel(root, full)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(fset, full, text, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
		p.Sources = append(p.Sources, &Source{Path: filepath.ToSlash(path), Text: text, ast: file, pkg: p})
	}
	var err error
	p.types, err = p.config.Check(l.ImportPath, fset, files, p.info)
	return p, err
}

// compiles type-checks the package with another text of one of its files.
func (s *Source) compiles(text []byte) error {
	changed, err := parser.ParseFile(s.pkg.fset, s.Path, text, parser.SkipObjectResolution)
	if changed != nil {
		defer s.pkg.fset.RemoveFile(s.pkg.fset.File(changed.FileStart))
	}
	if err != nil {
		return err
	}
	var files []*ast.File
	for _, other := range s.pkg.Sources {
		if other == s {
			files = append(files, changed)
		} else {
			files = append(files, other.ast)
		}
	}
	config := s.pkg.config
	_, err = config.Check(s.pkg.Path, s.pkg.fset, files, nil)
	return err
}

// PackagePath is the import path of the file's package.
func (s *Source) PackagePath() string { return s.pkg.Path }
