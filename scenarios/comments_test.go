package scenarios

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// comments are what the source says of types, their fields and their constants.
type comments struct {
	of     map[string]string     // by "Type" and "Type.Field"
	values map[string][]constant // by the constants' type, in their order
}

type constant struct{ value, doc string }

// commentsIn reads the source of a package.
func commentsIn(t *testing.T, dir string) comments {
	t.Helper()
	notTest := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	packages, err := parser.ParseDir(token.NewFileSet(), dir, notTest, parser.ParseComments) //nolint:staticcheck // no build tags here
	if err != nil {
		t.Fatal(err)
	}
	c := comments{map[string]string{}, map[string][]constant{}}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		for _, file := range slices.Sorted(maps.Keys(packages[name].Files)) {
			for _, d := range packages[name].Files[file].Decls {
				switch d := d.(type) {
				case *ast.GenDecl:
					c.add(d)
				case *ast.FuncDecl:
					if d.Recv == nil {
						c.of[d.Name.Name] = d.Doc.Text()
					}
				}
			}
		}
	}
	return c
}

func (c *comments) add(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			c.of[s.Name.Name] = text(s.Doc, d.Doc)
			if fields, ok := s.Type.(*ast.StructType); ok {
				for _, f := range fields.Fields.List {
					for _, name := range f.Names {
						c.of[s.Name.Name+"."+name.Name] = text(f.Doc, f.Comment)
					}
				}
			}
		case *ast.ValueSpec:
			typ, named := s.Type.(*ast.Ident)
			if !named || len(s.Values) != 1 || !s.Names[0].IsExported() {
				continue
			}
			if literal, ok := s.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				value, _ := strconv.Unquote(literal.Value)
				doc := text(s.Doc, s.Comment)
				if len(d.Specs) == 1 && doc == "" {
					doc = text(d.Doc, nil)
				}
				c.values[typ.Name] = append(c.values[typ.Name], constant{value, doc})
			}
		}
	}
}

func text(first, second *ast.CommentGroup) string {
	if first != nil {
		return oneLine(first.Text())
	}
	return oneLine(second.Text())
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// described is what the reference says of a key.
type described struct {
	name, path string // path is that of the mapping
	typ        reflect.Type
	doc        string // without what follows
	left       string // what leaving it out, or the zero value, means
	required   bool
	example    any    // nil: the keys below have some
	shown      string // the example as YAML
}

var (
	leftOut = regexp.MustCompile(`(^|[.;] )(?:0|Empty|Nil): ([^.]*(?:\.[0-9][^.]*)*)\.`)
	mustBe  = regexp.MustCompile(`(^| )Required\.`)
	goLink  = regexp.MustCompile(`, see \[[A-Za-z.]+\]`)
	copula  = regexp.MustCompile(`^(is|are) `)
)

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// describe is what the comment of a struct's field says of its key.
func (c *comments) describe(owner reflect.Type, f reflect.StructField, path string) described {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	d := described{name: name, path: path, typ: f.Type, doc: c.of[owner.Name()+"."+f.Name]}
	if m := leftOut.FindStringSubmatch(d.doc); m != nil {
		d.left = m[2]
		d.doc = strings.TrimSpace(strings.Replace(d.doc, m[0], m[1], 1))
	}
	if mustBe.MatchString(d.doc) {
		d.required, d.doc = true, strings.TrimSpace(mustBe.ReplaceAllString(d.doc, ""))
	}
	d.doc = oneLine(goLink.ReplaceAllString(d.doc, "")) // the type links there
	if rest, ok := strings.CutPrefix(d.doc, f.Name+" "); ok && !strings.HasPrefix(rest, "of ") {
		d.doc = capital(copula.ReplaceAllString(rest, ""))
	}
	return d
}

// keysDescribed are all keys of a struct, place by place, as [formatOf] has them.
func (c *comments) keysDescribed(t reflect.Type, path string) (all []described) {
	var deeper []described
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("yaml") == "" {
			continue
		}
		d := c.describe(t, f, path)
		all = append(all, d)
		if inner := mappingOf(f.Type); inner != nil {
			deeper = append(deeper, c.keysDescribed(inner, below(path, d.name))...)
		}
	}
	return append(all, deeper...)
}
