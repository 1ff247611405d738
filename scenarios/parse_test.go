package scenarios

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// valid are the scenarios that the cases below spoil. The places that the
// errors name are lines and columns in them.
const (
	validLoads = `name: mine
shows: Something.
duration: 2s
objects:
  count: 3
  popularity: zipf(1.5)
  fresh_after: 10
actors:
  - name: back
    kind: backend
    count: 4
    load:
      rate: 20
  - name: tom
    kind: user
    load: {operations: 5}
  - name: imp
    kind: backend
    interferes:
      with: tom
      before: put
      times: 2
expect:
  min_conflicts: 1
  thresholds: [attempts.p99<6]
  violations:
    unlocked: [I1]
`
	validQueue = `name: mine
shows: Something.
queue: {kind: fifo}
faults: ['503(rate=0.1,actor=consumer)']
actors:
  - {name: back, kind: backend, load: {operations: 3}}
`
	validTimeline = `name: mine
shows: Something.
actors:
  - {name: ann, kind: user}
  - {name: bob, kind: user}
  - name: imp
    kind: backend
    interferes: {with: bob, before: get}
timeline:
  - {at: T1, actor: ann, do: load}
  - at: T2
    actor: ann
    do: save
    set: {changeTitle: A, count: 2.5}
    hold: put
  - {at: T3, actor: ann, do: resume, expect: conflict, conflicts: [changeTitle]}
`
)

var validGroup = strings.NewReplacer("queue: {kind: fifo}", "group: {processes: 1}", "consumer", "process").Replace(validQueue)

// mistake is a valid scenario, what is made of a part of it, and what the parser says.
type mistake struct{ source, old, spoiled, want string }

var mistakes = []mistake{
	// What the YAML library finds.
	{validLoads, "  count: 3", "\tcount: 3", "x.yaml:5:1: a tab can't indent YAML: use spaces"},
	{validLoads, "duration: 2s", "durations: 2s", `x.yaml:3:1: unknown key "durations"; did you mean duration?`},
	{validLoads, "      rate: 20", "      speed_of_light: 20", `x.yaml:13:7: unknown key "speed_of_light"; known: `},
	{validLoads, "duration: 2s", "duration: 2s\nname: other", `x.yaml:4:1: mapping key "name" already defined at [1:1]`},
	{validLoads, "count: 4", "count: many", "x.yaml:11:12: want a whole number here"},
	{validLoads, "count: 4", "count: 2.5", "x.yaml:11:12: count must be a whole number, not 2.5"},
	{validLoads, "  count: 3", "  count: 3\n  keys: modulo", `x.yaml:6:9: keys are random or hash, not "modulo"`},
	{validLoads, "  count: 3", "  count: 3\n  keys: hash", "popularity is for random keys"},
	{validLoads, "times: 2", "times: 1.0", "x.yaml:22:14: times must be a whole number, not 1.0"},
	{validLoads, "count: 4", "count: 99999999999999999999", "x.yaml:11:12: 99999999999999999999 is out of range"},
	{validLoads, "shows: Something.", "shows: [a]", "x.yaml:2:8: want text here"},
	{validLoads, "kind: user", "kind: [user]", "x.yaml:15:11: want text here"},
	{validLoads, "rate: 20", "rate: fast", "x.yaml:13:13: want a number here"},
	{validLoads, "name: mine", "name: *mine", `x.yaml:1:8: could not find alias "mine"`},
	{validLoads + "---\n" + validLoads, "", "", "x.yaml: want exactly one scenario in the file, not several documents"},
	{"", "", "", "x.yaml: the file is empty; want a scenario"},
	{"# nothing\n", "", "", "x.yaml: the file is empty; want a scenario"},
	{"- a\n", "", "", "x.yaml:1:1: sequence was used where mapping is expected"},
	{validLoads, "duration: 2s", "via: http\nduration: 2s", `x.yaml:3:6: clients reach the archive via core or api, not "http"`},
	{validLoads, "duration: 2s", "queue: {receives: 3}\nduration: 2s", "x.yaml:3:8: there is a queue only with via: api"},
	{validLoads, "duration: 2s", "queue: {receives: -3}\nvia: api\nduration: 2s", "x.yaml:3:19: receives must not be negative"},
	{validLoads, "duration: 2s", "queue: {receives: 1.5}\nvia: api\nduration: 2s", "x.yaml:3:19: receives must be a whole number, not 1.5"},
	{validLoads, "actors:\n  - name: back", "via: api\nqueue: {reconcile: 1s}\nactors:\n  - name: reconciler", "there is an actor named reconciler, which is what the one that reconciles is called"},
	{validLoads, "kind: backend\n    count: 4\n    load:\n      rate: 20\n  - name: tom\n    kind: user\n    load: {operations: 5}\n  - name: imp\n    kind: backend\n    interferes:\n      with: tom\n      before: put\n      times: 2", "kind: user\n    load: {rate: 20}\nvia: api\nqueue: {reconcile: 1s}", "a reconciler tells back ends, and there are none"},
	{validLoads, "duration: 2s", "queue: {grace: 3s}\nvia: api\nduration: 2s", "x.yaml:3:16: grace is the reconciler's: say with reconcile: how often it looks"},
	{validLoads, "duration: 2s", "queue: {reconcile: -3s}\nvia: api\nduration: 2s", `x.yaml:3:20: want a duration`},
	{validLoads, "duration: 2s", "queue: {visibilty: 1s}\nvia: api\nduration: 2s", `x.yaml:3:9: unknown key "visibilty"; did you mean visibility?`},
	{validLoads, "duration: 2s", "codec: compact\nvia: api\nduration: 2s", "x.yaml:3:8: the API sends and receives json documents"},
	// A queue with via: core.
	{validLoads, "duration: 2s", "queue: {kind: fast}\nduration: 2s", `x.yaml:3:15: a queue is standard or fifo, not "fast"`},
	{validLoads, "duration: 2s", "queue: {kind: fifo, batch: 11}\nduration: 2s", "x.yaml:3:28: a batch of this queue is from 1 to 10 messages"},
	{validLoads, "duration: 2s", "queue: {kind: standard, batch: 10001}\nduration: 2s", "x.yaml:3:32: a batch of this queue is from 1 to 10000 messages"},
	{validLoads, "duration: 2s", "queue: {kind: standard, batch: -1}\nduration: 2s", "x.yaml:3:32: a batch"},
	{validLoads, "duration: 2s", "queue: {kind: fifo, window: 1s}\nduration: 2s", "x.yaml:3:29: a fifo queue has no window"},
	{validLoads, "duration: 2s", "queue: {kind: standard, window: 301s}\nduration: 2s", "x.yaml:3:33: the window is at most 5m0s"},
	{validLoads, "duration: 2s", "queue: {kind: fifo, concurrency: 1001}\nduration: 2s", "x.yaml:3:34: concurrency is from 1 to 1000"},
	{validLoads, "duration: 2s", "queue: {kind: fifo, work: 1s}\nduration: 2s", "x.yaml:3:27: work is for via: api"},
	{validLoads, "duration: 2s", "queue: {kind: fifo, poison: 0.1}\nduration: 2s", "x.yaml:3:29: poison is for via: api"},
	// The queue of the triggers.
	{validLoads, "duration: 2s", "queue: {batch: 5}\nvia: api\nduration: 2s", "x.yaml:3:16: batch is for a queue with a kind, standard or fifo"},
	{validLoads, "duration: 2s", "queue: {window: 1s}\nvia: api\nduration: 2s", "x.yaml:3:17: window is for a queue with a kind"},
	{validLoads, "duration: 2s", "queue: {kind: fast}\nvia: api\nduration: 2s", `x.yaml:3:15: a queue is standard or fifo, not "fast"`},
	{validLoads, "duration: 2s", "queue: {kind: fifo, batch: 11}\nvia: api\nduration: 2s", "x.yaml:3:28: a batch of this queue is from 1 to 10 messages"},
	{validLoads, "duration: 2s", "queue: {concurrency: 1001}\nvia: api\nduration: 2s", "x.yaml:3:22: concurrency is from 1 to 1000"},
	{validLoads, "duration: 2s", "queue: {poison: 1.5}\nvia: api\nduration: 2s", "x.yaml:3:17: poison is a share of the messages, from 0 to 1"},
	{validQueue, "operations: 3", "edits: shared, operations: 3", "x.yaml:6:47: shared edits are made of what is stored, so they can't be sent to a queue"},
	{validQueue, "operations: 3", "first_writes_together: true, operations: 3", "x.yaml:6:63: the back end makes no store calls"},
	{validQueue, "operations: 3", "give_up_after: 1s, operations: 3", "x.yaml:6:55: what was sent to a queue can't be taken back"},
	{validQueue, "name: back", "name: consumer", "x.yaml:3:8: there is an actor named consumer, which is what those are called that write"},
	{validQueue, "kind: backend", "kind: user", "x.yaml:3:8: with via: core this is for back ends with a load, and there are none"},
	{validQueue, "actor=consumer", "actor=consumer-9", `x.yaml:4:10: there is no actor "consumer-9"`},
	{validLoads, "load: {operations: 5}", "load: {edits: invalid, operations: 5}", "x.yaml:16:19: only back ends without via: api have invalid edits"},
	// Group commit.
	{validGroup, "group: {processes: 1}", "group: {wait: 5ms}", "x.yaml:3:8: say with processes: how many processes"},
	{validGroup, "group: {processes: 1}", "group: {processes: 1001}", "x.yaml:3:20: there are from 1 to 1000 processes"},
	{validGroup, "group: {processes: 1}", "group: {processes: 1, most: -1}", "x.yaml:3:29: most must not be negative"},
	{validGroup, "group: {processes: 1}", "group: {processes: 1}\nvia: api", "x.yaml:3:8: a group is for via: core"},
	{validGroup, "group: {processes: 1}", "group: {processes: 1}\nqueue: {kind: fifo}", "x.yaml:3:8: back ends share writes or send to a queue, not both"},
	{validGroup, "503(rate=0.1,actor=process)", "crash(rate=0.1,when=after)", "x.yaml:4:10: a process that dies takes the calls of all its back ends with it"},
	{validGroup, "operations: 3", "edits: shared, operations: 3", "shared edits are made of what is stored, so they can't share a write"},
	{validGroup, "name: back", "name: process", "there is an actor named process, which is what those are called that write"},
	// Values with a syntax of their own.
	{validLoads, "2s", "2", `x.yaml:3:11: want a duration such as 250ms or 10s, not "2"`},
	{validLoads, "2s", "-2s", `x.yaml:3:11: want a duration such as 250ms or 10s, not "-2s"`},
	{validLoads, "2s", "[2s]", "x.yaml:3:11: want a single value here"},
	{validLoads, "zipf(1.5)", "zipf(1)", `x.yaml:6:15: want uniform or zipf(S) with S above 1, not "zipf(1)"`},
	{validLoads, "zipf(1.5)", "zipf(inf)", `x.yaml:6:15: want uniform or zipf(S) with S above 1, not "zipf(inf)"`},
	{validLoads, "zipf(1.5)", "zipf(nan)", `x.yaml:6:15: want uniform or zipf(S) with S above 1, not "zipf(nan)"`},
	{validLoads, "zipf(1.5)", "normal", `x.yaml:6:15: want uniform or zipf(S) with S above 1, not "normal"`},
	{validLoads, "duration: 2s", "policy: fill(base=1s)\nduration: 2s", `x.yaml:3:9: policy kind "fill" is not known`},
	{validLoads, "attempts.p99<6", "attempt.p99<6", `x.yaml:25:16: threshold "attempt.p99<6": there is no metric "attempt.p99"; did you mean attempts.p99?`},
	{validLoads, "attempts.p99<6", "attempts.p99<NaN", `x.yaml:25:16: threshold "attempts.p99<NaN": want METRIC, one of < <= > >= ==, and a number`},
	// Keys that belong elsewhere.
	{validLoads, "duration: 2s", "duration: 2s\nthresholds: [attempts.p99<6]", `x.yaml:4:1: unknown key "thresholds"; thresholds belongs under expect`},
	{validLoads, "    count: 4", "    think: 10ms", `x.yaml:11:5: unknown key "think"; think belongs under actors.load`},
	{validLoads, "      rate: 20", "      duration: 20s", `x.yaml:13:7: unknown key "duration"; duration belongs at the top, without indentation`},
	{validLoads, "  min_conflicts: 1", "  count: 1", `x.yaml:24:3: unknown key "count"; count belongs under objects or under actors`},
	{validLoads, "duration: 2s", "duration: 2s\nthreshold: [attempts.p99<6]", `x.yaml:4:1: unknown key "threshold"; did you mean thresholds, which belongs under expect?`},
	{validLoads, "      rate: 20", "      thnik: 20ms", `x.yaml:13:7: unknown key "thnik"; did you mean think?`},
	// What only the whole scenario tells.
	{validLoads, "name: mine", "name: My_Name", `x.yaml:1:7: the name "My_Name" must be lower-case letters, digits and single hyphens`},
	{validLoads, "name: mine", "name: latest", "x.yaml:1:7: the name latest is taken: it is what points to the last run"},
	{validLoads, "shows: Something.", "shows: ''", "x.yaml:1:7: say under shows: what a passing run has shown"},
	{"name: mine\nshows: X.\n", "", "", "x.yaml:1:7: there are no actors"},
	{validLoads, "count: 3", "count: -3", "x.yaml:5:10: count must not be negative"},
	{validLoads, "fresh_after: 10", "fresh_after: -1", "x.yaml:7:16: fresh_after must not be negative"},
	{validLoads, "  count: 3", "  absent: true", "x.yaml:7:16: absent documents can't be replaced by fresh ones"},
	{validLoads, "min_conflicts: 1", "min_conflicts: -1", "x.yaml:24:18: min_conflicts must not be negative"},
	{validLoads, "unlocked: [I1]", "unlucky: [I1]", `x.yaml:27:14: there is no core "unlucky" (known: production, documented, unlocked, reference, oracle, or a planted bug of simulate selftest)`},
	{validLoads, "unlocked: [I1]", "unlocked: [I99]", `x.yaml:27:15: there is no invariant "I99"`},
	{validLoads, "name: back", "name: 'a b'", `x.yaml:9:11: the actor's name "a b" must be lower-case letters, digits and single hyphens`},
	{validLoads, "name: back", "name: tom", "x.yaml:14:11: there are two actors named tom"},
	{validLoads, "kind: user", "kind: robot", `x.yaml:15:11: an actor is of kind user, backend, creator, outsider or stranger, not "robot"`},
	{validLoads, "count: 4", "count: -4", "x.yaml:11:12: count must not be negative"},
	{validLoads, "count: 4", "count: 100001", "x.yaml:11:12: count must be at most 100000"},
	{validLoads, "    interferes:", "    count: 2\n    interferes:", "x.yaml:19:12: only an actor with a load can stand for several"},
	{validLoads, "    interferes:", "    load: {operations: 1}\n    interferes:", "an actor has a load or interferes, not both"},
	{validLoads, "    load: {operations: 5}", "    count: 1", "x.yaml:14:5: actor tom does nothing: it has neither load nor interferes, and there is no timeline"},
	{validLoads, "operations: 5", "operations: -5", "x.yaml:16:24: operations must not be negative"},
	{validLoads, "duration: 2s", "why: none", "say how many operations each actor does, or give the scenario a duration"},
	{validLoads, "rate: 20", "rate: -20", "x.yaml:13:13: rate must be a number of operations per second, 0 or more"},
	{validLoads, "rate: 20", "rate: .inf", "x.yaml:13:13: rate must be a number of operations per second, 0 or more"},
	{validLoads, "rate: 20", "rate: .nan", "x.yaml:13:13: rate must be a number of operations per second, 0 or more"},
	{validLoads, "rate: 20", "rate: 20\n      think: 1s", "x.yaml:13:13: a load has a rate or a think time, not both"},
	{validLoads, "kind: user", "kind: creator", "x.yaml:16:24: a creator creates once: operations must be 1"},
	{validLoads, "with: tom", "with: nobody", `x.yaml:20:13: "nobody" is no other actor of this scenario`},
	{validLoads, "with: tom", "with: imp", `x.yaml:20:13: "imp" is no other actor of this scenario`},
	{validLoads, "before: put", "before: head", `x.yaml:21:15: want get or put, not "head"`},
	{validLoads, "times: 2", "times: -2", "x.yaml:22:14: times must not be negative"},
	{validLoads, "    kind: backend\n    interferes", "    kind: user\n    interferes", "only a backend can interfere"},
	{validLoads, "with: tom", "with: elf", "x.yaml:20:13: imp never acts: the actors only interfere with each other\nx.yaml:23:51: elf never acts"},
	{validLoads, "duration: 2s", "faults: ['throttle(writes=0)']\nduration: 2s", `x.yaml:3:10: fault "throttle(writes=0)": writes must be a number of requests a second`},
	{validLoads, "duration: 2s", "faults: [throttle(rate=0.3)]\nduration: 2s", `x.yaml:3:10: fault "throttle(rate=0.3)": "rate" is not known (throttle knows: writes, reads, burst, refused, from, to)`},
	{validLoads, "duration: 2s", "duration: 2s\nfaults: [throttle(writes=9), throttle(reads=9)]", "there are two throttle faults: a store has one limit"},
	{validLoads, "duration: 2s", "duration: 2s\nschedule: back-01 tom\nfaults: [throttle(writes=9)]", "throttle counts requests in a second, and a schedule has no time"},
	{validLoads, "kind: user", "kind: stranger", "x.yaml:15:11: a stranger sends requests, so it needs via: api"},
	{validTimeline, "kind: user}\n  - {name: bob", "kind: user, load: {operations: 1}}\n  - {name: bob", "a scenario has a timeline or loads, not both"},
	{validTimeline, "timeline:", "queue: {reconcile: 1s}\nvia: api\ntimeline:", "a reconciler works beside loads, and not in a timeline"},
	{validTimeline, "actor: ann, do: load", "actor: eve, do: load", `x.yaml:10:21: there is no actor "eve"`},
	{validTimeline, "actor: ann, do: load", "actor: imp, do: load", "x.yaml:10:21: actor imp interferes, so it can't act in the timeline"},
	{validTimeline, "do: load", "do: dance", `x.yaml:10:30: a step does load, save, append, create or resume, not "dance"`},
	{validTimeline, "do: load}", "do: load, set: {a: b}}", "only save and append set fields"},
	{validTimeline, "set: {changeTitle: A, count: 2.5}", "set: {a: .nan}", "the value of a can't be written as JSON"},
	{validTimeline, "hold: put", "hold: head", `x.yaml:15:11: want get or put, not "head"`},
	{validTimeline, "expect: conflict", "expect: victory", `x.yaml:16:46: "victory" is no outcome (committed, conflict, exhausted, gone, unknown, unavailable, cancelled, contradiction, failed)`},
	{validTimeline, "expect: conflict", "expect: committed", "fields in conflict need expect: conflict"},
	{validTimeline, "actor: ann, do: load", "actor: bob, do: load", "x.yaml:13:9: ann saves without having loaded"},
	{validTimeline, "    hold: put\n", "", "x.yaml:15:30: ann is not held, so it can't be resumed"},
	{validTimeline, "actor: ann, do: resume", "actor: ann, do: load", "x.yaml:16:30: ann is held and must be resumed first"},
	{validTimeline, "do: resume, ", "do: resume, hold: get, ", "is never resumed"},
}

// spoil returns the scenario with the mistake.
func (c mistake) spoil(t *testing.T) string {
	t.Helper()
	source := c.source
	if c.old != "" {
		if !strings.Contains(source, c.old) {
			t.Fatalf("the valid scenario has no %q", c.old)
		}
		source = strings.Replace(source, c.old, c.spoiled, 1)
	}
	if strings.Contains(c.want, "never acts") { // needs a second one to go round with
		source = strings.Replace(source, "expect:\n", "  - {name: elf, kind: backend, interferes: {with: imp, before: put}}\nexpect:\n", 1)
	}
	return source
}

func TestParseNamesThePlaceOfEveryMistake(t *testing.T) {
	for _, source := range []string{validLoads, validTimeline} {
		if _, err := Parse("x.yaml", []byte(source)); err != nil {
			t.Fatalf("the valid scenario is refused: %v", err)
		}
	}
	for _, c := range mistakes {
		t.Run(c.want, func(t *testing.T) {
			source := c.spoil(t)
			_, err := Parse("x.yaml", []byte(source))
			var fileError *FileError
			if !errors.As(err, &fileError) {
				t.Fatalf("want a FileError, got %v", err)
			}
			got := err.Error()
			if strings.Count(got, "\n") != strings.Count(c.want, "\n") {
				t.Errorf("other mistakes follow from the one: %q", got)
			}
			if strings.HasPrefix(c.want, "x.yaml:") && !strings.HasPrefix(got, c.want) || !strings.Contains(got, c.want) {
				t.Errorf("got  %s\nwant %s\nin\n%s", got, c.want, source)
			}
		})
	}
}

// TestParseFindsAllMistakes, in the order of the file, and none that only follows from
// another.
func TestParseFindsAllMistakes(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`name: mine
shows: Something.
durations: 2s
via: http
objects: {count: 2.5, popularity: often}
thresholds: [attempts.p99<6]
name: other
actors:
  - name: ann
    kinds: user
    load: {}
  - name: bob
    kind: robot
    load: {operations: 1, saves: 3, edits: any, rate: -2}
  - {name: ann, kind: backend, load: {operations: many}}
  - {name: imp, kind: backend, interferes: {with: nobody, before: head, times: -1}}
  - {name: eve, kind: backend, count: 3}
faults: [meteor(rate=0.1), 'reply-lost(rate=0.1,actor=carol)', reply-lost(rate=7)]
expect:
  min_conflicts: -1
  thresholds: [attempt.p99<6, attempts.p50<3, zzz<1]
  violations: {unlucky: [I1], unlocked: [I99, I1, I0], documented: I1}
`, `x.yaml:3:1: unknown key "durations"; did you mean duration?
x.yaml:4:6: clients reach the archive via core or api, not "http"
x.yaml:5:18: count must be a whole number, not 2.5
x.yaml:5:35: want uniform or zipf(S) with S above 1, not "often"
x.yaml:6:1: unknown key "thresholds"; thresholds belongs under expect
x.yaml:7:1: mapping key "name" already defined at [1:1]
x.yaml:10:5: unknown key "kinds"; did you mean kind?
x.yaml:13:11: an actor is of kind user, backend, creator, outsider or stranger, not "robot"
x.yaml:14:55: rate must be a number of operations per second, 0 or more
x.yaml:15:12: there are two actors named ann
x.yaml:15:51: want a whole number here
x.yaml:16:51: "nobody" is no other actor of this scenario
x.yaml:16:67: want get or put, not "head"
x.yaml:16:80: times must not be negative
x.yaml:17:5: actor eve does nothing: it has neither load nor interferes, and there is no timeline
x.yaml:17:39: only an actor with a load can stand for several
x.yaml:18:10: fault kind "meteor" is not known
x.yaml:18:28: there is no actor "carol"
x.yaml:18:64: fault reply-lost: rate must be
x.yaml:20:18: min_conflicts must not be negative
x.yaml:21:16: threshold "attempt.p99<6": there is no metric "attempt.p99"; did you mean attempts.p99?
x.yaml:21:47: threshold "zzz<1": there is no metric "zzz"; known: attempts.mean
x.yaml:22:25: there is no core "unlucky"
x.yaml:22:41: there is no invariant "I99"
x.yaml:22:41: there is no invariant "I0"
x.yaml:22:68: string was used where sequence is expected`},
		// Who is meant is not known, so nobody is missing.
		{`name: mine
shows: Something.
actors: [{nam: ann, kind: user}, {name: bob, kind: user}]
timeline:
  - {actor: ann, do: load, hold: gte}
  - {actor: ann, do: saves, expect: conflct, conflicts: [a]}
  - {actor: bob, do: load, set: {a: 1}}
  - {actor: bob, do: resume}
`, `x.yaml:3:11: unknown key "nam"; did you mean name?
x.yaml:5:34: want get or put, not "gte"
x.yaml:6:22: a step does load, save, append, create or resume, not "saves"
x.yaml:6:37: "conflct" is no outcome
x.yaml:7:33: only save and append set fields`},
		{"name: mine\nshow: Something.\nactor: []\n", `x.yaml:2:1: unknown key "show"; did you mean shows?
x.yaml:3:1: unknown key "actor"; did you mean actors?`},
		{"name: Mine\nactors: []\nqueue: 5s\nvai: api\n", `x.yaml:1:7: the name "Mine" must be
x.yaml:1:7: say under shows
x.yaml:1:7: there are no actors
x.yaml:3:8: string was used where mapping is expected
x.yaml:4:1: unknown key "vai"; known: name`},
	} {
		_, err := Parse("x.yaml", []byte(c.source))
		if err == nil {
			t.Errorf("it is accepted:\n%s", c.source)
			continue
		}
		got, want := strings.Split(err.Error(), "\n"), strings.Split(c.want, "\n")
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("got\n%s\nwant\n%s", err, c.want)
				break
			}
		}
	}
}

// TestParseBearsAnything that is made of scenarios: it ends, and its errors are in the
// order of the file.
func TestParseBearsAnything(t *testing.T) {
	var files []string
	for _, file := range filesOf(t, "library/*.yaml", "testdata/reference/*.yaml") {
		files = append(files, readFile(t, file))
	}
	words := regexp.MustCompile(`[A-Za-z0-9_.-]+`)
	rapid.Check(t, func(t *rapid.T) {
		lines := strings.Split(rapid.SampledFrom(files).Draw(t, "file"), "\n")
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
			switch rapid.IntRange(0, 3).Draw(t, "change") {
			case 0:
				lines = slices.Delete(slices.Clone(lines), i, i+1)
				if len(lines) == 0 {
					return
				}
			case 1:
				lines = slices.Insert(slices.Clone(lines), i, lines[rapid.IntRange(0, len(lines)-1).Draw(t, "again")])
			default:
				all := words.FindAllStringIndex(lines[i], -1)
				if len(all) == 0 {
					continue
				}
				at := rapid.SampledFrom(all).Draw(t, "word")
				other := rapid.SampledFrom([]string{"", "x", "-1", "2.5", "[a]", "{a: b}", "null", "thresholds", "actor", "*x", "&x y", "<<", "10s", "user", "99999999999999999999"}).Draw(t, "other")
				lines[i] = lines[i][:at[0]] + other + lines[i][at[1]:]
			}
		}
		_, err := Parse("x.yaml", []byte(strings.Join(lines, "\n")))
		var found FileErrors
		if err == nil {
			return
		}
		if !errors.As(err, &found) || len(found) == 0 {
			t.Fatalf("%T: %v", err, err)
		}
		if !slices.IsSortedFunc(found, func(a, b *FileError) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		}) {
			t.Errorf("out of order:\n%v", err)
		}
		for _, e := range found {
			if e.File != "x.yaml" || e.Reason == "" || strings.Contains(e.Reason, "\n") || strings.Contains(e.Reason, "unmarshal") {
				t.Errorf("%q", e.Error())
			}
		}
	})
}

// TestParseEndsWithAFloodOfMistakes, and says that there may be more.
func TestParseEndsWithAFloodOfMistakes(t *testing.T) {
	_, err := Parse("x.yaml", []byte(validLoads+"faults: ["+strings.Repeat("meteor, ", 20_000)+"]\n"))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != mostMistakes+1 || lines[mostMistakes] != "x.yaml: there may be more mistakes" {
		t.Errorf("%d mistakes; the last: %s", len(lines), lines[len(lines)-1])
	}
}

func TestParseAcceptsWhatEditorsWrite(t *testing.T) {
	for name, source := range map[string]string{
		"byte order mark":  "\ufeff" + validLoads,
		"CRLF":             strings.ReplaceAll(validLoads, "\n", "\r\n"),
		"document marks":   "---\n" + validLoads + "...\n",
		"anchors":          strings.Replace(strings.Replace(validLoads, "kind: backend", "kind: &k backend", 1), "kind: backend", "kind: *k", 1),
		"whole as a float": strings.Replace(validLoads, "rate: 20", "rate: 20.0", 1),
	} {
		if _, err := Parse("x.yaml", []byte(source)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpen(t *testing.T) {
	for name, want := range map[string]string{
		"two-user":          "did you mean two-users?",
		"":                  "known: no-conflict",
		"no/such.yaml":      "read the scenario: open no/such.yaml",
		t.TempDir():         "read the scenario: read ",
		"library/none.yaml": "read the scenario: open library/none.yaml",
	} {
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want an error with %q, got %v", name, want, err)
		}
	}
	s, err := Open("library/burst.yaml")
	if err != nil || s.Name != "burst" {
		t.Errorf("a path: %v, %v", s, err)
	}
}
