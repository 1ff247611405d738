package reports

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
)

// saved are the files that a document is kept in, with their formats: the document itself first,
// and last the report, which names the page.
var saved = []struct{ file, format string }{
	{ResultFile, "json"}, {PageFile, "html"}, {SummaryFile, "markdown"}, {CasesFile, "junit"}, {ReportFile, "text"},
}

// Keep is [Save] into a directory below out, to which "latest" then points. It returns the
// document that says where it is kept, also after an error.
func Keep(out, dir string, d Document) (Document, error) {
	return in(dir, d), errors.Join(Save(dir, d), PointLatest(out, dir))
}

// Save writes a document into a directory in every format that it can be told in. What fails
// keeps nothing else from being written.
func Save(dir string, d Document) error {
	d = in(dir, d)
	var failed error
	for _, f := range saved {
		format, ok := Formats[f.format]
		if !ok {
			continue
		}
		var told bytes.Buffer
		err := format(&told, d, false)
		if _, untold := errors.AsType[*UntoldError](err); untold {
			continue
		}
		if err == nil {
			err = WriteBytes(filepath.Join(dir, f.file), told.Bytes())
		} else {
			err = fmt.Errorf("%s: %w", f.file, err)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// First is the first of errors that have one reason, such as a full disk, and how many there are
// more; nil: there is none.
func First(errs ...error) error {
	all := unjoined(errs)
	if len(all) > 1 {
		return fmt.Errorf("%w; nor could %s more be written", all[0], Plural(len(all)-1, "file"))
	}
	return errors.Join(all...)
}

// unjoined are errors that may have been joined.
func unjoined(errs []error) (all []error) {
	for _, err := range errs {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			all = append(all, unjoined(joined.Unwrap())...)
		} else if err != nil {
			all = append(all, err)
		}
	}
	return all
}
