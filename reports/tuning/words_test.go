package tuning

import "testing"

func TestNumbersAreReadable(t *testing.T) {
	for got, want := range map[string]string{
		number(0.028): "0.03", number(23.26): "23.3", number(2995731): "2,995,731",
		seconds(4.2): "4.2 ms", seconds(567): "567 ms", seconds(2970): "2.97 s", seconds(11300): "11.3 s",
		percent(0.69): "69 %", percent(0.013): "1.3 %", percent(0.0006): "0.06 %", percent(0): "0 %", percent(-0.69): "-69 %", percent(-0.004): "-0.4 %", percent(4e-7): "4e-5 %",
		rate(1e-6): "1e-6", rate(4.2e-6): "4.2e-6", rate(0.02): "2.0 %",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
