package check

import "holdfast/scenarios/history"

// Reset is temporary.
func (j *Judge) Reset(h history.Header) { *j = *New(h) }
