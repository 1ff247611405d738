package sweep

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestNumbersOfAParameter(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   []float64
		unit   string
	}{
		{[]string{"1", "2.5"}, []float64{1, 2.5}, ""}, {[]string{"100ms", "2s"}, []float64{0.1, 2}, "s"},
		{[]string{"5ms", "250ms"}, []float64{5, 250}, "ms"}, {[]string{"1", "2s"}, nil, ""}, {[]string{"none", "1"}, nil, ""},
		{[]string{"NaN"}, nil, ""},
	} {
		got, unit, ok := (Varied{Values: c.values}).Numbers()
		if !slices.Equal(got, c.want) || unit != c.unit || ok != (c.want != nil) {
			t.Errorf("%q: %v %q %v", c.values, got, unit, ok)
		}
	}
}

func TestParamsKeepTheirOrderInJSON(t *testing.T) {
	p := Params{{"z", "10"}, {"a", "0.50"}, {"policy", `full(base=5ms) <"x">`}, {"n", "007"}, {"d", "1s"}}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Params
	if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(back, p) {
		t.Errorf("%s is %v, %v", text, back, err)
	}
	if !strings.HasPrefix(string(text), `{"z":10,"a":0.50,"policy":"full(`) || !strings.Contains(string(text), `"n":"007"`) {
		t.Errorf("%s", text)
	}
}
