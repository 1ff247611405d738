package units

import (
	"slices"
	"strings"
	"testing"
)

func TestNumbersAreReadable(t *testing.T) {
	for got, want := range map[string]string{
		Number(0.028): "0.03", Number(23.26): "23.3", Number(2995731): "2,995,731",
		Seconds(4.2): "4.2 ms", Seconds(567): "567 ms", Seconds(2970): "2.97 s", Seconds(11300): "11.3 s",
		Percent(0.69): "69 %", Percent(0.013): "1.3 %", Percent(0.0006): "0.06 %", Percent(0): "0 %", Percent(-0.69): "-69 %", Percent(-0.004): "-0.4 %", Percent(4e-7): "4e-5 %",
		Rate(1e-6): "1e-6", Rate(4.2e-6): "4.2e-6", Rate(0.02): "2.0 %",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestRanges(t *testing.T) {
	for want, numbers := range map[string][]int{"": nil, "3": {3}, "0-3": {0, 1, 2, 3}, "0 2-3 7": {0, 2, 3, 7}} {
		if got := Ranges(numbers); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%v, want %s", got, want)
		}
	}
}
