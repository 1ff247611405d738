package network

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawFault(t *rapid.T) Fault {
	duration := func(name string, from, to time.Duration) time.Duration {
		return time.Duration(rapid.Int64Range(int64(from), int64(to)).Draw(t, name))
	}
	spec := rapid.SampledFrom(kinds).Draw(t, "kind")
	f := Fault{Kind: spec.kind, Actor: rapid.StringMatching(`([a-z0-9/_.-]{1,12})?`).Draw(t, "actor")}
	if spec.call != "" {
		f.Call = rapid.SampledFrom(spec.calls).Draw(t, "call")
	}
	switch {
	case spec.store:
		f.Actor, f.Throttle = "", drawThrottle(t)
	case rapid.Bool().Draw(t, "by chance"):
		f.Rate = rapid.Float64Range(math.SmallestNonzeroFloat64, 1).Draw(t, "rate")
	default:
		f.Nth = rapid.IntRange(1, math.MaxInt).Draw(t, "nth")
	}
	switch f.Kind {
	case Answer:
		f.As = rapid.SampledFrom(AnswerNames()).Filter(func(as string) bool {
			return f.Call == AnyMethod || answerNamed(as).told(f.Call) != nil
		}).Draw(t, "as")
	case Slow:
		f.By = duration("by", 1, longestDelay)
	case SentTwice:
		f.Answer = rapid.SampledFrom([]int{412, 409, 503}).Draw(t, "answer")
	case Duplicate:
		f.After = duration("after", 0, longestDelay)
	case Crash:
		f.When = rapid.SampledFrom([]When{Before, After}).Draw(t, "when")
		if f.Restarts = rapid.Bool().Draw(t, "restarts"); f.Restarts {
			f.Restart = duration("restart", 0, longestDelay)
		}
	}
	if rapid.Bool().Draw(t, "window") {
		f.To = duration("to", 1, math.MaxInt64)
		f.From = duration("from", 0, f.To-1)
	}
	return f
}

func drawThrottle(t *rapid.T) Throttle {
	return Throttle{
		Writes: rapid.Float64Range(leastRate, mostRate).Draw(t, "writes"), Reads: rapid.SampledFrom([]float64{0, 0.5, 5500}).Draw(t, "reads"),
		Burst: rapid.IntRange(0, mostBurst).Draw(t, "burst"), Refused: rapid.Float64Range(0, 1).Draw(t, "refused"),
	}
}

func TestFaultRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFault(t)
		if err := f.Validate(); err != nil {
			t.Fatal(err)
		}
		if back, err := ParseFault(f.String()); err != nil || back != f {
			t.Errorf("%#v prints as %s and reads as %#v, %v", f, f, back, err)
		}
		var back Fault
		text, _ := json.Marshal(f)
		if err := json.Unmarshal(text, &back); err != nil || back != f {
			t.Errorf("%#v is %s in JSON and reads as %#v, %v", f, text, back, err)
		}
	})
}

func TestParseFault(t *testing.T) {
	for _, test := range []struct {
		text, canonical string // empty: the same
		want            Fault
	}{
		{"request-lost(nth=1)", "", Fault{Kind: RequestLost, Call: MethodPut, Nth: 1}},
		{"reply-lost(rate=0.05,actor=bob)", "", Fault{Kind: ReplyLost, Call: MethodPut, Rate: 0.05, Actor: "bob"}},
		{"500(rate=1)", "", Fault{Kind: Error500, Call: MethodPut, Rate: 1}},
		{"503(rate=1e-05)", "", Fault{Kind: Throttled503, Call: AnyMethod, Rate: 1e-5}},
		{"409(nth=3,call=any)", "", Fault{Kind: Conflict409, Call: AnyMethod, Nth: 3}},
		{"sent-twice(nth=1)", "", Fault{Kind: SentTwice, Call: MethodPut, Nth: 1, Answer: 412}},
		{"sent-twice(rate=0.1,answer=503)", "", Fault{Kind: SentTwice, Call: MethodPut, Rate: 0.1, Answer: 503}},
		{"answer(nth=1,as=200-no-etag)", "", Fault{Kind: Answer, Call: MethodPut, Nth: 1, As: "200-no-etag"}},
		{"no-answer(rate=0.5,call=any)", "", Fault{Kind: NoAnswer, Call: AnyMethod, Rate: 0.5}},
		{"slow(nth=1,by=3s)", "", Fault{Kind: Slow, Call: AnyMethod, Nth: 1, By: 3 * time.Second}},
		{"crash(nth=1)", "", Fault{Kind: Crash, Call: MethodPut, Nth: 1, When: Before}},
		{"crash(nth=1,when=after,restart=2s)", "", Fault{Kind: Crash, Call: MethodPut, Nth: 1, When: After, Restarts: true, Restart: 2 * time.Second}},
		{"crash(nth=1,restart=0s)", "", Fault{Kind: Crash, Call: MethodPut, Nth: 1, When: Before, Restarts: true}},
		{"duplicate(rate=0.5,after=500ms)", "", Fault{Kind: Duplicate, Rate: 0.5, After: 500 * ms}},
		{"delete(nth=1,actor=backend,call=head,from=1s,to=2s)", "", Fault{Kind: Delete, Actor: "backend", Call: MethodHead, Nth: 1, From: time.Second, To: 2 * time.Second}},
		{" crash ( restart = 1000ms , when = before , call = put , nth = 2 ) ", "crash(nth=2,restart=1s)",
			Fault{Kind: Crash, Call: MethodPut, Nth: 2, When: Before, Restarts: true, Restart: time.Second}},
		{"throttle(writes=3500)", "", Fault{Kind: ByLoad, Throttle: Throttle{Writes: 3500}}},
		{"throttle(writes=20,reads=0.5,burst=5,refused=0.1,from=1s,to=2s)", "",
			Fault{Kind: ByLoad, Throttle: Throttle{20, 0.5, 5, 0.1}, From: time.Second, To: 2 * time.Second}},
		{"503(nth=1,from=0s,to=0s)", "503(nth=1)", Fault{Kind: Throttled503, Call: AnyMethod, Nth: 1}},
	} {
		got, err := ParseFault(test.text)
		canonical := test.canonical
		if canonical == "" {
			canonical = test.text
		}
		if err != nil || got != test.want || got.String() != canonical {
			t.Errorf("%q: %#v as %s, %v; want %#v", test.text, got, got, err, test.want)
		}
	}
}

func TestParseFaultRefuses(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", `fault kind "" is not known (known: request-lost, reply-lost, 500, 503, 409, 403, sent-twice, no-answer, no-connection, answer, slow, crash, duplicate, delete, throttle)`},
		{"sent-twice(nth=1,answer=200)", "answer must be 412, 409 or 503, not 200"},
		{"sent-twice(nth=1,answer=no)", `answer must be 412, 409 or 503, not "no"`},
		{"sent-twice(nth=1,call=get)", `call must be one of put, not "get"`},
		{"500(nth=1,answer=409)", `"answer" is not known`},
		{"lost(nth=1)", `fault kind "lost" is not known (known: request-lost,`},
		{"Slow(nth=1)", `fault kind "Slow" is not known`},
		{"500(nth=1", `fault "500(nth=1": the closing parenthesis is missing: want kind(name=value,…), such as reply-lost(nth=2,actor=bob)`},
		{"500(nth=1)x", "the closing parenthesis is missing"},
		{"500(nth)", `"nth" is no name=value`},
		{"500(nth=1,)", `"" is no name=value`},
		{"500(nht=1)", `"nht" is not known (500 knows: rate, nth, actor, call, from, to)`},
		{"500(nth=1,by=3s)", `"by" is not known (500 knows:`},
		{"duplicate(nth=1,call=put)", `"call" is not known (duplicate knows: rate, nth, actor, after, from, to)`},
		{"slow(nth=1,nth=2)", "nth is given twice"},
		{"500", "fault 500: say which: rate=0.05 for a share of them, or nth=2 for the 2nd"},
		{"500()", "say which: rate=0.05"},
		{"500(rate=0.5,nth=1)", "give rate or nth, not both"},
		{"500(rate=0)", `rate must be a number above 0 and at most 1, not "0"`},
		{"500(rate=5%)", `rate must be a number above 0 and at most 1, not "5%"`},
		{"500(rate=1.5)", "rate must be above 0 and at most 1, not 1.5"},
		{"500(rate=-1)", "rate must be above 0 and at most 1, not -1"},
		{"500(rate=NaN)", "rate must be above 0 and at most 1, not NaN"},
		{"500(rate=1e-999)", "rate must be a number above 0"},
		{"500(nth=0)", `nth must be a whole number, 1 or more, not "0"`},
		{"500(nth=1.5)", `nth must be a whole number, 1 or more, not "1.5"`},
		{"500(nth=-1)", "nth must be 1 or more, not -1"},
		{"500(nth=1,actor=)", "actor must be the name of an actor or a group; leave it out for all"},
		{"500(nth=1,actor=bob smith)", `"bob smith" is no actor's name`},
		{"500(nth=1,actor=(bob)", `"(bob" is no actor's name`},
		{"500(nth=1,call=post)", `call must be one of get, head, put, delete, any, not "post"`},
		{"409(nth=1,call=get)", `fault 409: call must be one of put, delete, any, not "get"`},
		{"500(nth=1,from=1)", `from must be a duration such as 500ms or 3s, not "1"`},
		{"500(nth=1,to=-1s)", `to must be a duration such as 500ms or 3s, not "-1s"`},
		{"500(nth=1,from=2s,to=2s)", "to 2s is not after from 2s"},
		{"slow(nth=1)", "fault slow: say how much later the request arrives, such as by=3s"},
		{"slow(nth=1,by=0s)", "say how much later the request arrives"},
		{"slow(nth=1,by=soon)", `by must be a duration such as 500ms or 3s, not "soon"`},
		{"answer(nth=1)", "fault answer: say how, such as as=503"},
		{"answer(nth=1,as=teapot)", `answer "teapot" is not known (known: 500, 502,`},
		{"answer(nth=1,as=409,call=get)", "a get can't be answered as 409"},
		{"answer(nth=1,as=200-no-etag,call=delete)", "a delete can't be answered as 200-no-etag"},
		{"500(nth=1,as=503)", `"as" is not known (500 knows:`},
		{"crash(nth=1,when=during)", `when must be before or after, not "during"`},
		{"crash(nth=1,restart=later)", "restart must be a duration"},
		{"duplicate(nth=1,after=x)", "after must be a duration"},
		{"slow(nth=1,by=25h)", "a delay of 25h0m0s is too long: want at most 24h"},
		{"duplicate(nth=1,after=25h)", "a delay of 25h0m0s is too long"},
		{"throttle", "say what the store bears, such as writes=3500,reads=5500 requests a second"},
		{"throttle(burst=9)", "say what the store bears"},
		{"throttle(rate=0.3)", `"rate" is not known (throttle knows: writes, reads, burst, refused, from, to)`},
		{"throttle(writes=9,actor=bob)", `"actor" is not known (throttle knows:`},
		{"throttle(writes=0)", `writes must be a number of requests a second, 0.001 to 1e+06, not "0"`},
		{"throttle(writes=fast)", `writes must be a number of requests a second, 0.001 to 1e+06, not "fast"`},
		{"throttle(writes=NaN)", "writes must be a number of requests a second"},
		{"throttle(writes=1e9)", "writes must be a number of requests a second"},
		{"throttle(reads=-1)", "reads must be a number of requests a second"},
		{"throttle(writes=9,burst=0)", `burst must be a whole number of requests, 1 to 1000000, not "0"`},
		{"throttle(writes=9,burst=1.5)", `burst must be a whole number of requests`},
		{"throttle(writes=9,refused=2)", `refused must be a share of a request, 0 to 1, not "2"`},
		{"throttle(writes=9,refused=NaN)", "refused must be a share of a request"},
		{"throttle(writes=9,writes=9)", "writes is given twice"},
		{"throttle(writes=9,from=2s,to=1s)", "to 1s is not after from 2s"},
		{"500(nth=1,writes=9)", `"writes" is not known (500 knows:`},
		{"crash(nth=1,restart=2000000h)", "a delay of 2000000h0m0s is too long"},
	} {
		_, err := ParseFault(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v; want one line with %q", test.text, err, test.want)
		}
		kept := Fault{Kind: Slow}
		if f := kept; f.UnmarshalText([]byte(test.text)) == nil || f != kept {
			t.Errorf("%q: UnmarshalText accepts it, or changes its target", test.text)
		}
	}
}

// TestFaultValidate covers what no text can say.
func TestFaultValidate(t *testing.T) {
	for _, test := range []struct {
		fault Fault
		want  string
	}{
		{Fault{}, `fault kind "" is not known`},
		{Fault{Kind: Error500, Nth: 1}, `call must be one of get, head, put, delete, any, not ""`},
		{Fault{Kind: Duplicate, Nth: 1, Call: MethodPut}, "it befalls operations, so it takes no call"},
		{Fault{Kind: Duplicate, Nth: 1, After: -1}, "after must be 0 or more, not -1ns"},
		{Fault{Kind: Error500, Nth: 1, Call: MethodPut, From: -1}, "from and to must be 0 (unbounded) or more"},
		{Fault{Kind: Error500, Nth: 1, Call: MethodPut, As: "503"}, "as is for answer only"},
		{Fault{Kind: Error500, Nth: 1, Call: MethodPut, By: 1}, "by is for slow only"},
		{Fault{Kind: Error500, Nth: 1, Call: MethodPut, After: 1}, "after is for duplicate only"},
		{Fault{Kind: Error500, Nth: 1, Call: MethodPut, When: After}, "when and restart are for crash only"},
		{Fault{Kind: Error500, Nth: 1, Call: MethodPut, Restarts: true}, "when and restart are for crash only"},
		{Fault{Kind: Error500, Nth: 1, Call: MethodPut, Throttle: Throttle{Writes: 1}}, "writes, reads, burst and refused are for throttle only"},
		{Fault{Kind: ByLoad, Throttle: Throttle{Writes: 1}, Nth: 1}, "neither rate, nth, actor nor call"},
		{Fault{Kind: ByLoad, Throttle: Throttle{Writes: 1, Burst: -1}}, "burst must be"},
		{Fault{Kind: ByLoad, Throttle: Throttle{Writes: 1, Refused: -1}}, "refused must be"},
		{Fault{Kind: ByLoad, Throttle: Throttle{Writes: 1, Reads: -1}}, "writes and reads must be"},
		{Fault{Kind: Crash, Nth: 1, Call: MethodPut}, `when must be before or after, not ""`},
		{Fault{Kind: Crash, Nth: 1, Call: MethodPut, When: After, Restart: 1}, "restart must be 0 or more, and stated"},
		{Fault{Kind: Crash, Nth: 1, Call: MethodPut, When: After, Restart: -1, Restarts: true}, "restart must be 0 or more"},
	} {
		if err := test.fault.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%#v: %v; want %q", test.fault, err, test.want)
		}
	}
}
