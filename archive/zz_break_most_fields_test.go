package archive

import (
	"fmt"
	"strings"
	"testing"
)

// A field that goes in the same edit is counted as if it stayed.
func TestBreakMostFieldsCountsWhatIsRemoved(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"changeId":"CHG-1","modifications":[]`)
	for n := 2; n < mostFields; n++ {
		fmt.Fprintf(&b, `,"f%d":1`, n)
	}
	c := mustParse(t, b.String()+"}")
	_, err := c.Apply(Edit{Fields: fields("new", `1`), Remove: []string{"f2"}, Modifications: []Modification{mod("m1")}})
	if err != nil {
		t.Errorf("it would have %d fields, as before: %v", len(c.fields), err)
	}
}
