package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/archive"
)

// s3Put is a record as S3 sends it, all its fields included.
const s3Put = `{"eventVersion":"2.5","eventSource":"aws:s3","awsRegion":"us-west-2","eventTime":"2025-10-20T12:00:00.000Z",
"eventName":"ObjectCreated:Put","userIdentity":{"principalId":"AWS:AIDAINPONIXQXHT3IKHL2"},
"requestParameters":{"sourceIPAddress":"192.0.2.1"},
"responseElements":{"x-amz-request-id":"D82B88E5F771F645","x-amz-id-2":"vlR7PnpV2Ce81l0PRw6jlUpck7Jo5ZsQjryTjKlc5aLWGVHPZLj5NeC6qMa0emYBDXOo6QBU0Wo="},
"s3":{"s3SchemaVersion":"1.0","configurationId":"triggers","bucket":{"name":"changes","ownerIdentity":{"principalId":"A3I5XTEXAMAI3E"},"arn":"arn:aws:s3:::changes"},
"object":{"key":%q,"size":81,"eTag":"9b2cf535f27731c974343645a3985328","sequencer":"0055AED6DCD90281E5"}}}`

// s3TestBody is what S3 sends when notifications are configured.
const s3TestBody = `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"bucketname","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"}`

func s3Records(records ...string) string {
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

func s3Record(name, key, etag string) string {
	return fmt.Sprintf(`{"eventName":%q,"s3":{"bucket":{"name":"changes"},"object":{"key":%q,"eTag":%q}}}`, name, key, etag)
}

// changes is the bucket of the records here, and prod a stage in it.
var (
	changes = S3Source{Bucket: "changes"}
	prod    = S3Source{Bucket: "changes", Prefix: "prod/"}
)

func TestParseS3Event(t *testing.T) {
	const etag = `"9b2cf535f27731c974343645a3985328"`
	put := func(key string) string { return fmt.Sprintf(s3Put, key) }
	hts, bat := Message{"hts", "CHG-1", etag}, Message{"bat", "CHG-1", etag}
	created := func(name string) string { return s3Record(name, htsKey, "e1") }
	e1 := []Message{{"hts", "CHG-1", `"e1"`}}
	tests := []struct {
		name, body string
		from       S3Source
		want       []Message
	}{
		{"put", s3Records(put(htsKey)), changes, []Message{hts}},
		{"encoded", s3Records(put("customers%2Fhts%2FCHG%2D1%2Ejson")), changes, []Message{hts}},
		{"several, in their order", s3Records(put(htsKey), put("customers/bat/CHG-1.json"), put(htsKey)), changes, []Message{hts, bat, hts}},
		{"any bucket", s3Records(put(htsKey)), S3Source{}, []Message{hts}},
		{"no bucket where none is needed", s3Records(`{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"customers/hts/CHG-1.json","eTag":"e1"}}}`), S3Source{}, e1},
		{"below a prefix", s3Records(put("prod/" + htsKey)), prod, []Message{hts}},
		{"a prefix without its slash", s3Records(put("prod/" + htsKey)), S3Source{Prefix: "prod"}, []Message{hts}},
		{"a prefix with another", s3Records(put("prod/" + htsKey)), S3Source{Prefix: "/prod"}, []Message{hts}},
		{"a prefix of several parts, encoded", s3Records(put("a+b%2F%C3%A9/" + htsKey)), S3Source{Prefix: "a b/é"}, []Message{hts}},
		{"a prefix like the triggers'", s3Records(put("customers/" + htsKey)), S3Source{Prefix: "customers"}, []Message{hts}},
		{"ways of writing", s3Records(created("ObjectCreated:Post")), changes, e1},
		{"copied", s3Records(created("ObjectCreated:Copy")), changes, e1},
		{"in parts", s3Records(created("ObjectCreated:CompleteMultipartUpload")), changes, e1},
		{"MinIO's", `{"EventName":"s3:ObjectCreated:Put","Key":"changes/customers/hts/CHG-1.json","Records":[` + created("s3:ObjectCreated:Put") + `]}`, changes, e1},
		{"an ETag with its quotes", s3Records(s3Record("ObjectCreated:Put", htsKey, `"e1"`)), changes, e1},
		{"an ETag of parts", s3Records(s3Record("ObjectCreated:Put", htsKey, "e1-2")), changes, []Message{{"hts", "CHG-1", `"e1-2"`}}},
		{"of a version", s3Records(`{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"changes"},"object":{"key":"customers/hts/CHG-1.json","eTag":"e1","versionId":"v1","sequencer":"00"}}}`), changes, e1},
	}
	for _, tt := range tests {
		got, err := ParseS3Event(nil, tt.from, []byte(tt.body))
		if d := cmp.Diff(tt.want, got); d != "" || err != nil {
			t.Errorf("%s: %v %s", tt.name, err, d)
		}
	}
}

// What is well-formed and has no message here says so, in an error of its own.
func TestParseS3EventRefusesWhatIsOfOthers(t *testing.T) {
	put := func(key string) string { return s3Record("ObjectCreated:Put", key, "e1") }
	for _, tt := range []struct {
		name, body string
		from       S3Source
		nothing    bool // was written
		want       string
	}{
		{"test message", s3TestBody, changes, true, "S3 event: not of this archive: it tells of no write: it is the test message of a new configuration"},
		{"a deletion", s3Records(s3Record("ObjectRemoved:Delete", htsKey, "e1")), changes, true, `its eventName is "ObjectRemoved:Delete"`},
		{"a delete marker", s3Records(s3Record("s3:ObjectRemoved:DeleteMarkerCreated", htsKey, "")), changes, true, "tells of no write"},
		{"tags", s3Records(s3Record("ObjectTagging:Put", htsKey, "e1")), changes, true, "tells of no write"},
		{"a restored object", s3Records(s3Record("s3:ObjectRestore:Completed", htsKey, "e1")), changes, true, "tells of no write"},
		{"an expired one", s3Records(s3Record("LifecycleExpiration:Delete", htsKey, "")), changes, true, "tells of no write"},
		{"another bucket", s3Records(put(htsKey)), S3Source{Bucket: "staging"}, false, `its bucket is "changes", not "staging"`},
		{"a prefix, and none is here", s3Records(put("prod/" + htsKey)), changes, false, `its key "prod/customers/hts/CHG-1.json" is not a trigger's, which is customers/CUSTOMER/ID.json: notify of the prefix customers/ only`},
		{"no prefix, and one is here", s3Records(put(htsKey)), prod, false, "which is prod/customers/CUSTOMER/ID.json"},
		{"another prefix", s3Records(put("test/" + htsKey)), prod, false, "prod/customers/"},
		{"a prefix that begins alike", s3Records(put("production/" + htsKey)), prod, false, "prod/customers/"},
		{"the prefix twice", s3Records(put("prod/prod/" + htsKey)), prod, false, "prod/customers/"},
		{"the archive object", s3Records(put(archiveKey)), changes, false, "customers/"},
		{"a customer that is none", s3Records(put("customers/h+ts/CHG-1.json")), changes, false, `"customers/h ts/CHG-1.json"`},
		{"an id that is none", s3Records(put("customers/hts/CHG%2B1.json")), changes, false, `"customers/hts/CHG+1.json"`},
		{"a picture without an ETag", s3Records(s3Record("ObjectCreated:Put", "red+flower.jpg", "")), changes, false, `"red flower.jpg"`},
	} {
		got, err := ParseS3Event(nil, tt.from, []byte(tt.body))
		if got != nil || !errors.Is(err, ErrForeign) || errors.Is(err, archive.ErrInvalid) || errors.Is(err, ErrNothingWritten) != tt.nothing || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestParseS3EventSaysWhatIsWrong(t *testing.T) {
	put := func(etag string) string { return s3Records(s3Record("ObjectCreated:Put", htsKey, etag)) }
	for body, want := range map[string]string{
		"":                                       "invalid S3 event: line 1, column 1: unexpected end",
		"{\n  \"Records\": [,]}":                 "line 2, column 15",
		"null":                                   "it has no Records",
		"{}":                                     "it has no Records",
		`{"Records":null}`:                       "it has no Records",
		`{"Records":[]}`:                         "it has no Records",
		`{"Event":"s3:OtherEvent"}`:              "it has no Records",
		`{"Type":"Notification","Message":"{}"}`: "turn on raw message delivery",
		`{"version":"0","detail-type":"Object Created"}`: "EventBridge",
		"[]":                            "cannot unmarshal array",
		`"{}"`:                          "cannot unmarshal string",
		`{"Records":{}}`:                "Records",
		`{"Records":[{"eventName":1}]}`: "Records[0]: invalid: json: cannot unmarshal number",
		s3Records("{}"):                 "S3 event: Records[0]: invalid: it has no eventName",
		s3Records("null"):               "it has no eventName",
		s3Records("1"):                  "cannot unmarshal number",
		s3Records(`{"messageId":"1","body":"{}","eventSource":"aws:sqs"}`):                                                            "it has no eventName",
		s3Records(`{"eventName":"ObjectCreated:Put"}`):                                                                                "s3.object.key is missing",
		s3Records(s3Record("ObjectCreated:Put", "a%zz", "e")):                                                                         `Records[0]: invalid: s3.object.key "a%zz": invalid URL escape "%zz"`,
		s3Records(s3Record("ObjectCreated:Put", "a%", "e")):                                                                           `invalid URL escape "%"`,
		s3Records(`{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"customers/hts/CHG-1.json","eTag":"e"}}}`):                  "s3.bucket.name is missing",
		s3Records(`{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"changes"},"object":{"key":"customers/hts/CHG-1.json"}}}`): "s3.object.eTag of customers/hts/CHG-1.json: it is missing",
		put(""):     "it is missing",
		put(`""`):   "it is missing",
		put(`"`):    "it is missing",
		put(`a"b`):  "can't be one",
		put(`a b`):  "can't be one",
		put("a\nb"): "can't be one",
		put("é"):    "can't be one",
	} {
		got, err := ParseS3Event(nil, changes, []byte(body))
		if got != nil || !errors.Is(err, archive.ErrInvalid) || errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %q", body, got, err, want)
		}
	}
}

// TestParseS3EventKeepsTheGood: what is wrong with one record is none of the others'
// business, and is told of each.
func TestParseS3EventKeepsTheGood(t *testing.T) {
	put := func(key string) string { return s3Record("ObjectCreated:Put", key, "e1") }
	body := s3Records("7", put(htsKey), put("a%zz"), put("other/"+htsKey), put("customers/bat/CHG-1.json"), s3Record("ObjectRemoved:Delete", htsKey, ""))
	got, err := ParseS3Event(nil, changes, []byte(body))
	if d := cmp.Diff([]Message{{"hts", "CHG-1", `"e1"`}, {"bat", "CHG-1", `"e1"`}}, got); d != "" {
		t.Error(d)
	}
	var event *S3EventError
	if !errors.As(err, &event) || !errors.Is(err, archive.ErrInvalid) || !errors.Is(err, ErrForeign) || !errors.Is(err, ErrNothingWritten) {
		t.Fatalf("%v", err)
	}
	kinds := map[int]error{}
	for _, r := range event.Records {
		for _, kind := range []error{archive.ErrInvalid, ErrForeign, ErrNothingWritten} {
			if errors.Is(r, kind) {
				kinds[r.Index] = kind
			}
		}
	}
	want := map[int]error{0: archive.ErrInvalid, 2: archive.ErrInvalid, 3: ErrForeign, 5: ErrNothingWritten}
	if len(kinds) != len(want) || len(event.Records) != len(want) {
		t.Errorf("%v", err)
	}
	for i, kind := range want {
		if kinds[i] != kind {
			t.Errorf("Records[%d]: %v, want %v", i, kinds[i], kind)
		}
	}
	if text := err.Error(); strings.Contains(text, "\n") || strings.Count(text, "; Records[") != 3 {
		t.Errorf("%q", text)
	}
}

// Whatever names there are, the message of a trigger is the one that the writer's
// store would have made of it.
func TestS3EventIsTheInverseOfAWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-zA-Z0-9][a-zA-Z0-9_-]{0,20}(\.[a-z0-9]{1,5})?`)
		m := Message{name.Draw(t, "customer"), name.Draw(t, "id"), etagOf([]byte(rapid.String().Draw(t, "body")))}
		source := S3Source{Bucket: "changes", Prefix: rapid.SampledFrom([]string{"", "prod/", "a b+c/ü%/", "customers/"}).Draw(t, "prefix")}
		key, err := TriggerKey(nil, m.Customer, m.ObjectID)
		if err != nil {
			t.Fatal(err)
		}
		body := s3Records(s3Record("ObjectCreated:Put", url.QueryEscape(source.Prefix+key), strings.Trim(m.TriggerETag, `"`)))
		got, err := ParseS3Event(nil, source, []byte(body))
		if d := cmp.Diff([]Message{m}, got); d != "" || err != nil {
			t.Fatal(err, d)
		}
	})
}

func FuzzParseS3Event(f *testing.F) {
	f.Add([]byte(s3Records(fmt.Sprintf(s3Put, htsKey))))
	f.Add([]byte(s3TestBody))
	f.Add([]byte(s3Records(s3Record("s3:ObjectCreated:Copy", "customers%2Fa%2Fb.json", `"e"`), "{}")))
	f.Add([]byte(`{"records":[{"S3":{"OBJECT":{"key":"a%zz"}}}]}`))
	f.Add([]byte(`{"Records":[1,null,{"eventName":"ObjectCreated:"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		messages, err := ParseS3Event(nil, S3Source{}, body)
		if err == nil && len(messages) == 0 || err != nil && (!errors.Is(err, archive.ErrInvalid) && !errors.Is(err, ErrForeign) || strings.ContainsAny(err.Error(), "\n\r")) {
			t.Fatalf("%v, %q", messages, err)
		}
		var event *S3EventError
		if errors.As(err, &event) {
			var records struct{ Records []json.RawMessage }
			if _ = json.Unmarshal(body, &records); len(records.Records) != len(messages)+len(event.Records) {
				t.Fatalf("%d records, %d messages, %v", len(records.Records), len(messages), err)
			}
		}
		if err == nil && !json.Valid(body) {
			t.Fatal("no JSON, but no error")
		}
		for _, m := range messages {
			if _, err := TriggerKey(nil, m.Customer, m.ObjectID); err != nil {
				t.Fatalf("%+v: %v", m, err)
			}
			if n := len(m.TriggerETag); n < 3 || m.TriggerETag[0] != '"' || m.TriggerETag[n-1] != '"' || strings.Count(m.TriggerETag, `"`) != 2 {
				t.Fatalf("%+v", m)
			}
		}
	})
}
