package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"holdfast/archive"
)

// directory is a store of files. A file appears under its name whole and on the disk, or not at
// all: it is written under another name, which begins with unfinished, and gets its own by a hard
// link, which of many only one can make, or by renaming. Both are atomic on NFS too.
type directory string

const unfinished = ".unfinished-"

// link is the file system's; tests have others.
var link = os.Link

// Get implements [archive.Store].
func (d directory) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	body, err := os.ReadFile(d.file(key))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		err = archive.ErrNotFound
	}
	return body, "", shorter(err)
}

// Put implements [archive.Store]; of conditions it knows [archive.IfAbsent] alone.
func (d directory) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return "", shorter(d.put(d.file(key), body, cond.IsAbsent()))
}

func (d directory) file(key string) string { return filepath.Join(string(d), filepath.FromSlash(key)) }

func (d directory) put(file string, body []byte, absent bool) error {
	folder := filepath.Dir(file)
	if err := makeFolder(folder); err != nil {
		return err
	}
	if absent { // before it is written for nothing
		if _, err := os.Lstat(file); err == nil {
			return archive.ErrPreconditionFailed
		}
	}
	written, err := write(folder, body)
	if err != nil {
		return err
	}
	defer os.Remove(written) // a rename has left none
	if !absent {
		return cmp.Or(os.Rename(written, file), syncFolder(folder))
	}
	switch err := link(written, file); {
	case err != nil && linked(written, file): // NFS: the reply was lost, and the request repeated
	case errors.Is(err, fs.ErrExist):
		return archive.ErrPreconditionFailed
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, fs.ErrPermission):
		return noLinks(err)
	case err != nil:
		return err
	}
	return syncFolder(folder)
}

// noLinks is the error of a file system without hard links.
func noLinks(err error) error {
	return fmt.Errorf("the file system makes no hard links (%w), by which one of many creates a file: use another, or s3://bucket/prefix", shorter(err))
}

// makeFolder makes a folder, and those that it is in, and has their names on the disk.
func makeFolder(folder string) error {
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.Dir(folder)
	if above != folder {
		if err := makeFolder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(folder, 0o777); errors.Is(err, fs.ErrExist) { // another was faster, or it is no folder
		return os.MkdirAll(folder, 0o777)
	} else if err != nil {
		return err
	}
	return syncFolder(above)
}

// linked reports whether two names are of one file.
func linked(a, b string) bool {
	one, err := os.Lstat(a)
	other, otherErr := os.Lstat(b)
	return err == nil && otherErr == nil && os.SameFile(one, other)
}

// write makes a file that has no name of its own yet, and is on the disk.
func write(folder string, body []byte) (name string, err error) {
	f, err := os.CreateTemp(folder, unfinished)
	if err != nil {
		return "", err
	}
	_, err = f.Write(body)
	err = cmp.Or(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		_, _ = f.Close(), os.Remove(f.Name()) // what they say next to that is of no use
		return "", err
	}
	return f.Name(), nil
}

// syncFolder has the names in a folder on the disk.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// List implements [archive.Lister], and gives all at once.
func (d directory) List(ctx context.Context, prefix, after string) (all []archive.Listed, err error) {
	// The folder that all the keys are in: those beside it need not be looked through.
	from := d.file(prefix[:strings.LastIndexByte(prefix, '/')+1])
	err = filepath.WalkDir(from, func(file string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil || ctx.Err() != nil:
			return cmp.Or(err, ctx.Err())
		}
		within, err := filepath.Rel(string(d), file)
		key := filepath.ToSlash(within)
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), unfinished) || !strings.HasPrefix(key, prefix) || key <= after {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) { // a heartbeat, written anew
			info, err = os.Stat(file)
		}
		if err == nil {
			all = append(all, archive.Listed{Key: key, Modified: info.ModTime()})
		}
		return err
	})
	slices.SortFunc(all, func(a, b archive.Listed) int { return strings.Compare(a.Key, b.Key) })
	return all, shorter(err)
}

// now is the time by the clock that files are dated by, which may be a server's; zero: nobody
// may write there, so it does not tell.
func (d directory) now() (now time.Time, err error) {
	f, err := os.CreateTemp(string(d), unfinished)
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return now, nil
	case err != nil:
		return now, shorter(err)
	}
	info, err := f.Stat()
	if err == nil {
		now = info.ModTime()
	}
	return now, shorter(errors.Join(err, f.Close(), os.Remove(f.Name())))
}

// shorter leaves the file's name off an error: whoever tells it says which object it was about.
func shorter(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	if of, ok := errors.AsType[*os.LinkError](err); ok {
		return of.Err
	}
	return err
}
