package web

import "testing"

func TestWithout(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{}`, `{}`},
		{` { } `, ` { } `},
		{`{"a":1}`, `{"a":1}`},
		{`{"x":1}`, `{}`},
		{`{ "x" : 1 }`, `{  }`},
		{`{"x":1,"a":2}`, `{"a":2}`},
		{`{"a":2,"x":1}`, `{"a":2}`},
		{`{"x":1,"y":2,"a":3,"x2":4}`, `{"a":3,"x2":4}`},
		{"{\n  \"a\": 1,\n  \"x\": {\"a\": [1, 2]},\n  \"b\": \"}\"\n}\n", "{\n  \"a\": 1,\n  \"b\": \"}\"\n}\n"},
		{"{\n  \"x\": 1,\n  \"a\": 1.50\n}", "{\n  \"a\": 1.50\n}"},
		{`{"a":"\"x\":1,","\u0078":",","b":{"x":1}}`, `{"a":"\"x\":1,","b":{"x":1}}`},
	} {
		o, err := parseBody([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := string(o.without("x", "y")); got != c.want {
			t.Errorf("%s became %s, want %s", c.text, got, c.want)
		}
	}
}

func TestRaw(t *testing.T) {
	o, err := parseBody([]byte(" { \"a\" : [ 1 , {} ] ,\"b\":\t-1.50\n,\"c\":\"\\\\\", \"d\":{}} "))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": `[ 1 , {} ]`, "b": `-1.50`, "c": `"\\"`, "d": `{}`, "e": ``} {
		if got := string(o.raw(name)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestHalfPair(t *testing.T) {
	for text, want := range map[string]bool{
		`""`: false, `"a"`: false, `"\ud800"`: true, `"\uDC00"`: true, `"\ud83d\ude00"`: false, `"\ude00\ud83d"`: true,
		`"\\ud800"`: false, `"\\\ud800"`: true, `"\ud83d\\ude00"`: true, `"\ud83d\ude00\ud83d"`: true, `"\ud83d\ud83d\ude00"`: true,
		`"\ufffd"`: false, `"\n\u0041\""`: false, `"\ud800x"`: true,
	} {
		if got := hasHalfPair([]byte(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
