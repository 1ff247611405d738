package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
)

// Sink takes events as they happen. An event is the sink's to read during the
// call only: the recorder uses it, and its Doc, for the next one. Its strings and
// slices are not used again and may be kept; [Event.Clone] keeps all.
type Sink interface {
	Add(*Event)
}

// Writer streams a history to a file. It is safe for concurrent use. The first
// error sticks: later events are dropped and [Writer.Err] tells.
type Writer struct {
	mu   sync.Mutex
	buf  *bufio.Writer
	line []byte
	err  error
	// OnError is called once, with the first error that an Add meets, so that a
	// run can stop when its history can't be kept. Set it before the first Add.
	OnError func(error)
}

// NewWriter writes the header and returns a Writer. The caller closes w after
// [Writer.Close].
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	buf := bufio.NewWriterSize(w, 256<<10)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	h.Schema = Schema
	if err := enc.Encode(h); err != nil {
		return nil, err
	}
	return &Writer{buf: buf}, nil
}

// Add appends an event.
func (w *Writer) Add(e *Event) {
	if err := w.write(e); err != nil && w.OnError != nil {
		w.OnError(err) // without the lock: it may ask for Err
	}
}

// write returns an error only if it is the first.
func (w *Writer) write(e *Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil
	}
	w.line = append(appendEvent(w.line[:0], e), '\n')
	_, w.err = w.buf.Write(w.line)
	return w.err
}

// Err returns the first error of writing.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Flush writes what is buffered, as Close does: then whole lines are written.
func (w *Writer) Flush() error { return w.Close() }

// Close writes what is buffered.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.buf.Flush()
	}
	return w.err
}

// LineError is a history that can't be read, with the line where it fails.
type LineError struct {
	File   string
	Line   int
	Reason string
	cut    bool // nothing is wrong with it but that it has no end
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// mostLine bounds a line: creating a 30-customer change with a long history
// takes a few kilobytes.
const mostLine = 16 << 20

// Reader reads a saved history.
type Reader struct {
	Header Header
	file   string
	line   int
	scan   *bufio.Scanner
	lines  lineReader
	closer io.Closer // nil: the file is the caller's
}

// NewReader reads the header of a history, which may be compressed. Errors are
// [LineError], named by file.
func NewReader(r io.Reader, file string) (*Reader, error) {
	rd := &Reader{file: file}
	lines, err := Decompressed(r)
	if err != nil {
		return nil, rd.fail(err.Error())
	}
	scan := bufio.NewScanner(lines)
	scan.Buffer(make([]byte, 64<<10), mostLine)
	rd.scan = scan
	if !rd.next() {
		return nil, rd.fail("the file is empty or unreadable, so it is no history" + rd.cause())
	}
	if err := json.Unmarshal(scan.Bytes(), &rd.Header); err != nil || rd.Header.Schema == "" {
		return nil, rd.fail("the first line is no header of a history")
	}
	if s := rd.Header.Schema; s != Schema && s != SchemaV1 {
		return nil, rd.fail(fmt.Sprintf("the schema is %q, this program reads %q and %q", s, SchemaV1, Schema))
	}
	return rd, nil
}

// Events yields the events up to and including [End]. As with a [Sink], an event and its
// Doc are the caller's until the next one; [Event.Clone] keeps them. A history that is garbled or
// contradicts itself, has no end or goes on after it yields a [LineError] last.
func (rd *Reader) Events() iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		ended := false
		sofar := Consistency{partial: len(rd.Header.Shards) > 0}
		for rd.next() {
			line := rd.scan.Bytes()
			if ended && len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			e, err := rd.lines.decode(line)
			if err != nil && sofar.partial {
				if !rd.next() {
					break // its recorder died in the middle of a line
				}
				rd.line--
			}
			if ended {
				err = errors.New("the history goes on after its end line: two files may have been joined")
			}
			if err == nil {
				err = sofar.Check(e)
			}
			if err != nil {
				yield(nil, rd.fail(err.Error()))
				return
			}
			if !yield(e, nil) {
				return
			}
			ended = e.Kind == End
		}
		if !ended || rd.scan.Err() != nil {
			rd.line++
			err := rd.fail("the history ends without an end line: it is truncated" + rd.cause())
			err.cut = !ended && (rd.scan.Err() == nil || errors.Is(rd.scan.Err(), io.ErrUnexpectedEOF))
			yield(nil, err)
		}
	}
}

// HeaderError is that of a header that can be read and does not make sense.
func (rd *Reader) HeaderError(err error) *LineError {
	return &LineError{File: rd.file, Line: 1, Reason: "the header: " + err.Error()}
}

// Close closes the file if [Open] has opened it.
func (rd *Reader) Close() error {
	if rd.closer == nil {
		return nil
	}
	return rd.closer.Close()
}

func (rd *Reader) next() bool {
	if !rd.scan.Scan() {
		return false
	}
	rd.line++
	return true
}

func (rd *Reader) cause() string {
	if err := rd.scan.Err(); err != nil {
		return ": " + err.Error()
	}
	return ""
}

func (rd *Reader) fail(reason string) *LineError {
	return &LineError{File: rd.file, Line: max(rd.line, 1), Reason: reason}
}
