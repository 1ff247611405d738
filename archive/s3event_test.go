package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
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
	return fmt.Sprintf(`{"eventName":%q,"s3":{"object":{"key":%q,"eTag":%q}}}`, name, key, etag)
}

func TestParseS3Event(t *testing.T) {
	const etag = `"9b2cf535f27731c974343645a3985328"`
	put := func(key string) string { return fmt.Sprintf(s3Put, key) }
	hts, bat := Message{"hts", "CHG-1", etag}, Message{"bat", "CHG-1", etag}
	created := func(name string) string { return s3Record(name, htsKey, "e1") }
	e1 := []Message{{"hts", "CHG-1", `"e1"`}}
	tests := []struct {
		name, body string
		want       []Message
	}{
		{"put", s3Records(put(htsKey)), []Message{hts}},
		{"encoded", s3Records(put("customers%2Fhts%2FCHG%2D1%2Ejson")), []Message{hts}},
		{"several, in their order", s3Records(put(htsKey), put("customers/bat/CHG-1.json"), put(htsKey)), []Message{hts, bat, hts}},
		{"other keys", s3Records(put("archive/CHG-1.json"), put("customers/h+ts/CHG-1.json"), put("customers/hts/CHG%2B1.json"), put(htsKey), put(""), put("red+flower.jpg")), []Message{hts}},
		{"other events", s3Records(created("ObjectRemoved:Delete"), created("ObjectTagging:Put"), created("s3:ObjectRestore:Completed"), created(""), created("ObjectCreated")), nil},
		{"ways of writing", s3Records(created("ObjectCreated:Post")), e1},
		{"copied", s3Records(created("ObjectCreated:Copy")), e1},
		{"in parts", s3Records(created("ObjectCreated:CompleteMultipartUpload")), e1},
		{"MinIO's", `{"EventName":"s3:ObjectCreated:Put","Key":"changes/customers/hts/CHG-1.json","Records":[` + created("s3:ObjectCreated:Put") + `]}`, e1},
		{"an ETag with its quotes", s3Records(s3Record("ObjectCreated:Put", htsKey, `"e1"`)), e1},
		{"an ETag of parts", s3Records(s3Record("ObjectCreated:Put", htsKey, "e1-2")), []Message{{"hts", "CHG-1", `"e1-2"`}}},
		{"no ETag where none is needed", s3Records(s3Record("ObjectCreated:Put", "x", "")), nil},
		{"no records", s3Records(), nil},
		{"an empty record", s3Records("{}", "null"), nil},
		{"test message", s3TestBody, nil},
	}
	for _, tt := range tests {
		got, err := ParseS3Event([]byte(tt.body))
		if d := cmp.Diff(tt.want, got); d != "" || err != nil {
			t.Errorf("%s: %v %s", tt.name, err, d)
		}
	}
}

func TestParseS3EventSaysWhatIsWrong(t *testing.T) {
	good := s3Record("ObjectCreated:Put", htsKey, "e1")
	for body, want := range map[string]string{
		"":                              "invalid S3 event: line 1, column 1: unexpected end",
		"{\n  \"Records\": [,]}":        "line 2, column 15",
		"null":                          "it has no Records",
		"{}":                            "it has no Records",
		`{"Records":null}`:              "it has no Records",
		`{"Event":"s3:OtherEvent"}`:     "it has no Records",
		`{"Type":"Notification"}`:       "it has no Records",
		"[]":                            "cannot unmarshal array",
		`{"Records":{}}`:                "Records",
		`{"Records":[{"eventName":1}]}`: "eventName",
		s3Records(good, `{"s3":{"object":{"key":7}}}`):                                                    "s3.object.key",
		s3Records(good, s3Record("ObjectCreated:Put", "a%zz", "e")):                                       `Records[1].s3.object.key "a%zz": invalid URL escape "%zz"`,
		s3Records(s3Record("ObjectCreated:Put", "a%", "e"), good):                                         `Records[0].s3.object.key "a%": invalid URL escape "%"`,
		s3Records(good, good, s3Record("ObjectCreated:Put", htsKey, "")):                                  "Records[2].s3.object.eTag of customers/hts/CHG-1.json: it is missing",
		s3Records(s3Record("ObjectCreated:Put", htsKey, `""`)):                                            "it is missing",
		s3Records(s3Record("ObjectCreated:Put", htsKey, `"`)):                                             "it is missing",
		s3Records(s3Record("ObjectCreated:Put", htsKey, `a"b`)):                                           "can't be one",
		s3Records(s3Record("ObjectCreated:Put", htsKey, `a b`)):                                           "can't be one",
		s3Records(s3Record("ObjectCreated:Put", htsKey, "a\nb")):                                          "can't be one",
		s3Records(`{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"customers/hts/CHG-1.json"}}}`): "it is missing",
	} {
		got, err := ParseS3Event([]byte(body))
		if got != nil || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %q", body, got, err, want)
		}
	}
}

// Whatever names there are, the message of a trigger is the one that the writer's
// store would have made of it.
func TestS3EventIsTheInverseOfAWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-zA-Z0-9][a-zA-Z0-9_-]{0,20}(\.[a-z0-9]{1,5})?`)
		m := Message{name.Draw(t, "customer"), name.Draw(t, "id"), etagOf([]byte(rapid.String().Draw(t, "body")))}
		key, err := TriggerKey(m.Customer, m.ObjectID)
		if err != nil {
			t.Fatal(err)
		}
		body := s3Records(s3Record("ObjectCreated:Put", url.QueryEscape(key), strings.Trim(m.TriggerETag, `"`)))
		got, err := ParseS3Event([]byte(body))
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
		messages, err := ParseS3Event(body)
		if err != nil && (!errors.Is(err, ErrInvalid) || messages != nil || strings.ContainsAny(err.Error(), "\n\r")) {
			t.Fatalf("%v, %q", messages, err)
		}
		if err == nil && !json.Valid(body) {
			t.Fatal("no JSON, but no error")
		}
		for _, m := range messages {
			if _, err := TriggerKey(m.Customer, m.ObjectID); err != nil {
				t.Fatalf("%+v: %v", m, err)
			}
			if n := len(m.TriggerETag); n < 3 || m.TriggerETag[0] != '"' || m.TriggerETag[n-1] != '"' || strings.Count(m.TriggerETag, `"`) != 2 {
				t.Fatalf("%+v", m)
			}
		}
	})
}
