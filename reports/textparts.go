package reports

// The parts of a report, for those of other packages.

// Head writes a verdict and what it is about.
func (t Text) Head(word, about string) { t.head(word, about) }

// Row writes a value under a name. It is never wrapped: it may be there to be copied.
func (t Text) Row(name, value string) { t.row(name, value) }

// Wrapped is [Text.Row] for sentences.
func (t Text) Wrapped(name, value string) { t.wrapped(name, value) }

// Wrap breaks a text into lines of at most width columns, at spaces.
func Wrap(text string, width int) []string { return wrap(text, width) }
