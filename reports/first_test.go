package reports

import (
	"errors"
	"io/fs"
	"testing"
)

// TestFirstOfManyErrors: one line, however they were joined.
func TestFirstOfManyErrors(t *testing.T) {
	full, more := &fs.PathError{Op: "write", Path: "a", Err: errors.New("no space left")}, errors.New("more")
	for _, c := range []struct {
		of   []error
		want string
	}{
		{[]error{nil, full, nil}, "write a: no space left"},
		{[]error{full, more}, "write a: no space left; nor could 1 file more be written"},
		{[]error{nil, errors.Join(errors.Join(full, more), nil, more), more}, "write a: no space left; nor could 3 files more be written"},
	} {
		err := First(c.of...)
		if err == nil || err.Error() != c.want || !errors.Is(err, full) {
			t.Errorf("%v, not %s", err, c.want)
		}
	}
	if err := First(nil, errors.Join()); err != nil {
		t.Errorf("of none: %v", err)
	}
}
