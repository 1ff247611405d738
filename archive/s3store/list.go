package s3store

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
)

var _ archive.Lister = (*Store)(nil)

// List implements [archive.Lister] by ListObjectsV2, a thousand objects at a time.
// Directory buckets (S3 Express One Zone) list in no order and can't begin after a key,
// so they can't be listed so.
func (s *Store) List(ctx context.Context, prefix, after string) ([]archive.Listed, error) {
	r, ctx, err := s.begin(ctx, "list", prefix)
	if err != nil {
		return nil, err
	}
	defer r.End()
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &r.Key}
	if after != "" {
		in.StartAfter = aws.String(s.prefix + after)
	}
	for {
		out, err := s.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, r.classify(err)
		}
		if len(out.Contents) > 0 || !aws.ToBool(out.IsTruncated) {
			return s.listed(out), nil
		}
		in.ContinuationToken = out.NextContinuationToken // a page may be empty and not the last
	}
}

// listed are the objects of a page, by their keys below the store's prefix.
func (s *Store) listed(out *s3.ListObjectsV2Output) []archive.Listed {
	page := make([]archive.Listed, len(out.Contents))
	for i, o := range out.Contents {
		page[i] = archive.Listed{Key: strings.TrimPrefix(aws.ToString(o.Key), s.prefix), Modified: aws.ToTime(o.LastModified)}
	}
	return page
}
