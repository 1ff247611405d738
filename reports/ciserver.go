package reports

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"holdfast/reports/page"
)

// mostSummary is what GitHub takes of the summary of a step; of a longer one it shows nothing.
const mostSummary = 1 << 20

// judges reports whether a document says that something is well, or is not.
func judges(d Document) bool {
	switch d.(type) {
	case Library, Built, Intended:
		return false
	}
	return true
}

// AppendSummary adds a document to the file of a step's summary, in Markdown: the verdict alone
// if that is enough for a brief one that passed, or no more fits.
func AppendSummary(path string, d Document, brief bool) error {
	if !judges(d) {
		return nil
	}
	whole, err := markdown(d, brief && d.Class() == Passed)
	if err != nil {
		return err
	}
	// Nobody waits for the reader of a pipe.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if left := mostSummary - info.Size(); int64(len(whole)) > left {
		if whole, err = markdown(d, true); err != nil {
			return err
		}
		if int64(len(whole)) > left {
			return fmt.Errorf("%s has %d bytes, and no more than %d are shown", path, info.Size(), mostSummary)
		}
	}
	// At once: other commands of the step may be adding theirs.
	if _, err = f.Write(whole); err != nil {
		return err
	}
	return f.Close()
}

// markdown is a document, or its verdict, with a line between it and what comes next.
func markdown(d Document, verdict bool) ([]byte, error) {
	var b bytes.Buffer
	write := func() error { return writeMarkdown(&b, d, false) }
	_, own := d.(marked)
	if told, ok := d.(interface{ Page() page.Page }); verdict && ok && !own {
		write = func() error {
			return guarded(func() error {
				p := told.Page()
				return page.Markdown(&b, page.Page{Title: p.Title, Verdict: p.Verdict, Tone: p.Tone, Lead: p.Lead})
			})
		}
	}
	err := write()
	b.WriteByte('\n')
	return b.Bytes(), err
}

// mostAnnotations are read; GitHub shows ten of a step, in no useful order.
const mostAnnotations = 3

// Annotate writes what a document is red for as GitHub's workflow commands, three at most: the
// others are counted in the last. It writes nothing of one that has passed.
func Annotate(w io.Writer, d Document) error {
	if d.Class() == Passed && !lacks(d) || !judges(d) {
		return nil
	}
	cases, err := casesOf(d)
	if err != nil {
		return err
	}
	var red []Case
	for _, c := range cases {
		if c.Is == Failed || c.Is == Unknown {
			red = append(red, c)
		}
	}
	for i, c := range red[:min(len(red), mostAnnotations)] {
		message := c.Message
		if again := lastLine(c.Detail, "replay: "); again != "" {
			message += "\n" + again
		}
		if left := len(red) - mostAnnotations; left > 0 && i == mostAnnotations-1 {
			message += fmt.Sprintf("\nand %d more", left)
		}
		if _, err := fmt.Fprintf(w, "::error title=%s::%s\n", property.Replace(valid(c.Name)), data.Replace(valid(message))); err != nil {
			return err
		}
	}
	return nil
}

// AnnotateError writes why there is no document.
func AnnotateError(w io.Writer, text string) error {
	_, err := fmt.Fprintf(w, "::error title=simulate::%s\n", data.Replace(valid(text)))
	return err
}

// lacks reports whether a document says that something was not played.
func lacks(d Document) bool {
	r, ok := d.(Result)
	return ok && len(r.NotReached) > 0
}

// lastLine is the last that begins so.
func lastLine(text, beginning string) string {
	found := ""
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, beginning) {
			found = line
		}
	}
	return found
}

// data and property are the escapes of a workflow command's message and of its properties.
var (
	data     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
