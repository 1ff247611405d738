package s3store

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Entry is an object as a listing shows it; in a listing of versions, one of its versions
// or a delete marker.
type Entry struct {
	Key      string // below the store's prefix
	Version  string // empty: the listing was not of versions
	Latest   bool   // it is what the key has now; false, if the listing was not of versions
	Bytes    int64
	Modified time.Time // by the store's clock, maybe cut to the second
}

// Versioning returns Enabled, Suspended, or "" if the bucket has never kept versions. A
// bucket of which it is suspended may have old ones.
func (s *Store) Versioning(ctx context.Context) (string, error) {
	r, ctx, err := s.begin(ctx, "get versioning of", "")
	if err != nil {
		return "", err
	}
	defer r.End()
	out, err := s.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.bucket})
	if err != nil {
		return "", r.classify(err)
	}
	return string(out.Status), nil
}

// VersionOf returns the version of the object that a key has now; empty if the bucket
// keeps none.
func (s *Store) VersionOf(ctx context.Context, key string) (string, error) {
	r, ctx, err := s.begin(ctx, "head", key)
	if err != nil {
		return "", err
	}
	defer r.End()
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &r.Key})
	if err != nil {
		return "", r.classify(err)
	}
	return aws.ToString(out.VersionId), nil
}

// DeleteVersion removes one version of an object, or a delete marker, for good. That it is
// not there is no error.
func (s *Store) DeleteVersion(ctx context.Context, key, version string) error {
	r, ctx, err := s.begin(ctx, "delete", key)
	if err != nil {
		return err
	}
	defer r.End()
	if _, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &r.Key, VersionId: &version}); err != nil {
		return r.classify(err)
	}
	return nil
}

// Entries lists the objects whose keys begin with prefix, or their versions and delete
// markers, in pages of a thousand. A server that does not say where the next page begins is
// asked for no more.
func (s *Store) Entries(ctx context.Context, prefix string, versions bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for next := (page{}); ; {
			p, err := s.page(ctx, prefix, "", versions, next)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, e := range p.entries {
				if !yield(e, nil) {
					return
				}
			}
			if !p.more {
				return
			}
			next = p
		}
	}
}

// Folders lists what stands in keys between prefix and the next slash, both included, and
// says what time it was by the store's clock; the zero time: it did not say.
func (s *Store) Folders(ctx context.Context, prefix string, versions bool) (folders []string, at time.Time, err error) {
	for next := (page{}); ; {
		p, err := s.page(ctx, prefix, "/", versions, next)
		if err != nil {
			return nil, at, err
		}
		folders, at = append(folders, p.folders...), p.at
		if !p.more {
			return folders, at, nil
		}
		next = p
	}
}

// page is one of a listing, and where the next one begins.
type page struct {
	entries      []Entry
	folders      []string
	at           time.Time
	more         bool
	key, version *string
}

func (s *Store) page(ctx context.Context, prefix, delimiter string, versions bool, after page) (page, error) {
	r, ctx, err := s.begin(ctx, "list", prefix)
	if err != nil {
		return page{}, err
	}
	defer r.End()
	var p page
	if versions {
		p, err = s.pageOfVersions(ctx, r.Key, delimiter, after)
	} else {
		p, err = s.pageOfObjects(ctx, r.Key, delimiter, after)
	}
	if err != nil {
		return page{}, r.classify(err)
	}
	return p, nil
}

func (s *Store) pageOfObjects(ctx context.Context, prefix, delimiter string, after page) (p page, err error) {
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix, ContinuationToken: after.key}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	out, err := s.client.ListObjectsV2(ctx, in)
	if err != nil {
		return p, err
	}
	for _, o := range out.Contents {
		p.entries = append(p.entries, Entry{Key: s.below(o.Key), Bytes: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified)})
	}
	for _, f := range out.CommonPrefixes {
		p.folders = append(p.folders, s.below(f.Prefix))
	}
	p.at, _ = middleware.GetServerTime(out.ResultMetadata)
	p.more, p.key = aws.ToBool(out.IsTruncated) && out.NextContinuationToken != nil, out.NextContinuationToken
	return p, nil
}

func (s *Store) pageOfVersions(ctx context.Context, prefix, delimiter string, after page) (p page, err error) {
	in := &s3.ListObjectVersionsInput{Bucket: &s.bucket, Prefix: &prefix, KeyMarker: after.key, VersionIdMarker: after.version}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	out, err := s.client.ListObjectVersions(ctx, in)
	if err != nil {
		return p, err
	}
	for _, v := range out.Versions {
		p.entries = append(p.entries, Entry{s.below(v.Key), aws.ToString(v.VersionId), aws.ToBool(v.IsLatest), aws.ToInt64(v.Size), aws.ToTime(v.LastModified)})
	}
	for _, m := range out.DeleteMarkers {
		p.entries = append(p.entries, Entry{s.below(m.Key), aws.ToString(m.VersionId), aws.ToBool(m.IsLatest), 0, aws.ToTime(m.LastModified)})
	}
	for _, f := range out.CommonPrefixes {
		p.folders = append(p.folders, s.below(f.Prefix))
	}
	p.at, _ = middleware.GetServerTime(out.ResultMetadata)
	p.more, p.key, p.version = aws.ToBool(out.IsTruncated) && out.NextKeyMarker != nil, out.NextKeyMarker, out.NextVersionIdMarker
	return p, nil
}

// below is a key without the store's prefix.
func (s *Store) below(key *string) string { return strings.TrimPrefix(aws.ToString(key), s.prefix) }
