package history

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// FileName is that of the history in a run's directory: lines of JSON, compressed by
// Zstandard. PlainFileName is that in directories of older runs.
const (
	FileName      = "history.ndjson.zst"
	PlainFileName = "history.ndjson"
)

const (
	zstdMagic = "\x28\xb5\x2f\xfd"
	// window bounds what the encoder looks back, and so its memory: a larger one makes
	// files of histories hardly smaller.
	window = 512 << 10
	// mostWindow bounds the memory of the decoder; it is the limit of zstd's own tools.
	mostWindow = 128 << 20
)

// File is a compressed file that is being written. The same writes give the same bytes.
type File struct {
	file   *os.File
	zstd   *zstd.Encoder
	failed bool // and Write said so
}

// Create makes the file of a history, for [NewWriter], or empties the one that there is.
func Create(path string) (*File, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	encoder, err := Compressed(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &File{file: file, zstd: encoder}, nil
}

// Compressed is w for what is to be compressed by Zstandard. The same writes give the same
// bytes. Its Close ends them, and closes nothing else.
func Compressed(w io.Writer) (*zstd.Encoder, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(window))
}

// Write compresses p and writes it to the disk, so that the file of a program that was
// killed can be read up to its last write. Each should be of many lines, as those of a
// [Writer] are.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.zstd.Write(p)
	err = cmp.Or(err, f.zstd.Flush())
	f.failed = f.failed || err != nil
	return n, err
}

// Close ends the file. Without it, it reads as one that was cut. What Write has failed
// with is not said again.
func (f *File) Close() error {
	err := f.zstd.Close()
	if f.failed {
		err = nil
	}
	return cmp.Or(err, f.file.Close())
}

// Open opens the history in a file, whatever its name, or in the directory of a run. The
// caller closes the reader.
func Open(path string) (*Reader, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = in(path)
		// Nobody waits for the writer of a pipe that lies in a directory.
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("is no file")}
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	rd, err := NewReader(file, path)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	rd.closer = file
	return rd, nil
}

// in is the history in the directory of a run, under the new name unless there is only
// the older one.
func in(dir string) string {
	path, plain := filepath.Join(dir, FileName), filepath.Join(dir, PlainFileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(plain); err == nil {
			return plain
		}
	}
	return path
}

// Decompressed is what is read, or what it says if it is compressed.
func Decompressed(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if start, _ := buffered.Peek(len(zstdMagic)); string(start) != zstdMagic {
		return buffered, nil
	}
	// With a concurrency of one there is nothing to close.
	return zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(mostWindow))
}
