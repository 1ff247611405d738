package world

import (
	"encoding/json"
	"net/url"
	"strings"

	"holdfast/archive/delivery"
)

// Notification is the event by which S3 tells of an object that was written: the key
// with what stands before it in the bucket, and escaped as in a form, but for its
// slashes; the ETag without quotes. The source's prefix is "" or ends in a slash.
func Notification(source delivery.S3Source, key, etag string) []byte {
	type fields map[string]any
	body, _ := json.Marshal(fields{"Records": []fields{{
		"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
		"s3": fields{
			"bucket": fields{"name": source.Bucket},
			"object": fields{
				"key":  strings.ReplaceAll(url.QueryEscape(source.Prefix+key), "%2F", "/"),
				"eTag": strings.Trim(etag, `"`),
			},
		},
	}}}) // maps of texts
	return body
}
