package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/storetest/broken"
	"holdfast/scenarios/measure"
)

// TestPrefix: all kinds of prefix do the same.
func TestPrefix(t *testing.T) {
	onPrefixes(t, func(t *testing.T, p *Prefix) {
		ctx := t.Context()
		if all, err := p.List(ctx, ""); err != nil || len(all) > 0 {
			t.Error(all, err)
		}
		if _, err := p.Get(ctx, "a/b"); !errors.Is(err, archive.ErrNotFound) {
			t.Error(err)
		}
		begin := time.Now()
		for _, key := range []string{"a/b", "a/c", "b", "ab/c"} {
			if err := errors.Join(p.Create(ctx, key, []byte("one")), p.Create(ctx, key, []byte("one"))); err != nil {
				t.Error(err)
			}
		}
		if err := p.Create(ctx, "b", []byte("two")); !errors.Is(err, ErrExists) || err.Error() != "create "+p.Name()+"/b: "+ErrExists.Error() {
			t.Error(err)
		}
		if err := p.Put(ctx, "a/b", []byte("three")); err != nil {
			t.Error(err)
		}
		if body, err := p.Get(ctx, "a/b"); err != nil || string(body) != "three" {
			t.Errorf("%q, %v", body, err)
		}
		for prefix, want := range map[string][]string{"": {"a/b", "a/c", "ab/c", "b"}, "a": {"a/b", "a/c", "ab/c"}, "a/": {"a/b", "a/c"}, "a/c": {"a/c"}, "c/": nil} {
			all, err := p.List(ctx, prefix)
			var got []string
			for _, o := range all {
				got = append(got, o.Key)
				if d := o.Modified.Sub(begin); d < -2*time.Second || d > time.Minute {
					t.Error(o)
				}
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%q: %v, %v", prefix, got, err)
			}
		}
		_, memory := p.store.(*broken.Memory)
		if now, err := p.Now(ctx); err != nil || now.IsZero() != memory || !memory && now.Sub(begin).Abs() > time.Minute {
			t.Error(now, err)
		}
	})
}

// TestOneCreates: of many that create an object at once one succeeds, and whoever reads it
// meanwhile finds all of it or nothing.
func TestOneCreates(t *testing.T) {
	onPrefixes(t, func(t *testing.T, p *Prefix) {
		var created atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for n := range 20 {
					key, mine := fmt.Sprintf("x/%d", n), bytes.Repeat([]byte{byte('a' + i)}, 100_000)
					err := p.Create(t.Context(), key, mine)
					if err == nil {
						created.Add(1)
					} else if !errors.Is(err, ErrExists) {
						t.Error(err)
					}
					body, err := p.Get(t.Context(), key)
					if err != nil || len(body) != 100_000 || len(bytes.Trim(body, string(body[:1]))) > 0 {
						t.Error(key, len(body), err)
					}
				}
			})
		}
		all.Wait()
		if created.Load() != 20 {
			t.Errorf("%d of 20 were created", created.Load())
		}
	})
}

// TestDirectoryAlone: what only files can be.
func TestDirectoryAlone(t *testing.T) {
	dir := t.TempDir()
	p := openAt(t, measure.Target{Store: dir})
	if err := p.Create(t.Context(), "a/b", nil); err != nil {
		t.Fatal(err)
	}
	// A writer that was killed leaves a file that nobody takes for an object.
	if err := os.WriteFile(filepath.Join(dir, "a", unfinished+"123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := p.List(t.Context(), "a/"); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
	// Nothing else is left.
	if files, err := os.ReadDir(filepath.Join(dir, "a")); err != nil || len(files) != 2 {
		t.Error(files, err)
	}
	if err := p.Create(t.Context(), "a/b/c", nil); err == nil || err.Error() != "create "+dir+"/a/b/c: not a directory" {
		t.Error(err)
	}
	if _, err := p.Get(t.Context(), "a/b/c"); !errors.Is(err, archive.ErrNotFound) {
		t.Error(err)
	}
	if err := p.Put(t.Context(), "a", nil); err == nil || !strings.HasPrefix(err.Error(), "write "+dir+"/a: ") || strings.Contains(err.Error(), unfinished) {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Create(ended, "d", nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestOpenSays what is wrong with a prefix.
func TestOpenSays(t *testing.T) {
	for where, want := range map[string]string{
		"":                    "no prefix was named: want a directory or s3://bucket/prefix",
		"s4://bucket/x":       `store "s4://bucket/x": want`,
		"s3:/bucket/x":        `store "s3:/bucket/x": want`,
		"s3://k:hunter22@b/x": "s3://",
	} {
		p, err := Open(t.Context(), measure.Target{Store: where})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter22") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, %v", where, p, err)
		}
	}
	if name := In(broken.NewMemory(), "https://me:hunter22@host/x").Name(); strings.Contains(name, "hunter22") {
		t.Error(name)
	}
}

// TestLinks: how a file system may answer when a name is made.
func TestLinks(t *testing.T) {
	defer func() { link = os.Link }()
	p := openAt(t, measure.Target{Store: t.TempDir()})
	link = func(from, to string) error { // NFS: the reply was lost, and the request repeated
		if err := os.Link(from, to); err != nil {
			return err
		}
		return &os.LinkError{Op: "link", Old: from, New: to, Err: syscall.EEXIST}
	}
	if err := p.claim(t.Context(), "a", []byte("mine"), time.Second); err != nil {
		t.Error(err)
	}
	if err := p.claim(t.Context(), "a", []byte("theirs"), time.Second); !errors.Is(err, archive.ErrPreconditionFailed) {
		t.Error(err)
	}
	link = func(from, to string) error { return &os.LinkError{Op: "link", Old: from, New: to, Err: syscall.EPERM} }
	want := "create " + p.Name() + "/b: the file system makes no hard links (operation not permitted), by which one of many creates a file: use another, or s3://bucket/prefix"
	if err := p.Create(t.Context(), "b", nil); err == nil || err.Error() != want {
		t.Error(err)
	}
}
