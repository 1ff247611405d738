package s3store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
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

// ErrNoMarker says that a page is not the last of its listing, and that the server did not say
// where the next one begins.
var ErrNoMarker = errors.New("the listing goes on, and the server does not say where")

// Entries lists the objects whose keys begin with prefix, or their versions and delete
// markers, in pages of a thousand, each a request of its own. Whoever goes on after an error
// that is [archive.WorthRetrying] asks for the same page again; any other ends the listing:
// [ErrNoMarker], or that a server lists in a circle or what was not asked for.
func (s *Store) Entries(ctx context.Context, prefix string, versions bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for p, err := range s.pages(ctx, prefix, "", versions) {
			for _, e := range p.entries {
				if !yield(e, nil) {
					return
				}
			}
			if err != nil && !yield(Entry{}, err) {
				return
			}
		}
	}
}

// Folder is what stands in keys between a prefix and the next slash, both included.
type Folder struct {
	Name string
	At   time.Time // what time it was by the store's clock; zero: it did not say
}

// Folders lists those of keys that begin with prefix, in pages as [Store.Entries] does.
func (s *Store) Folders(ctx context.Context, prefix string, versions bool) iter.Seq2[Folder, error] {
	return func(yield func(Folder, error) bool) {
		for p, err := range s.pages(ctx, prefix, "/", versions) {
			for _, name := range p.folders {
				if !yield(Folder{name, p.at}, nil) {
					return
				}
			}
			if err != nil && !yield(Folder{}, err) {
				return
			}
		}
	}
}

// pages are those of a listing. With an error comes what the page had that is to be relied on.
func (s *Store) pages(ctx context.Context, prefix, delimiter string, versions bool) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		asked := map[string]bool{} // with these markers
		for after := (page{}); ; {
			p, err := s.page(ctx, prefix, delimiter, versions, after)
			switch {
			case err == nil && p.more && p.key == nil:
				err = fmt.Errorf("list %s: %w", s.prefix+prefix, ErrNoMarker)
			case err == nil && p.more && asked[p.marker()]:
				err = fmt.Errorf("list %s: the server lists in a circle: the page after %q comes again", s.prefix+prefix, *p.key)
			}
			if !yield(p, err) || err == nil && !p.more || err != nil && !archive.WorthRetrying(err) {
				return
			}
			if err == nil {
				after, asked[p.marker()] = p, true
			}
		}
	}
}

// page is one of a listing, and where the next one begins.
type page struct {
	entries      []Entry
	folders      []string
	at           time.Time
	more         bool // it is not the last
	key, version *string
}

// marker tells where the next page begins.
func (p *page) marker() string { return *p.key + "\x00" + aws.ToString(p.version) }

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
	err = s.strip(&p, prefix)
	return p, err
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
		p.entries = append(p.entries, Entry{Key: aws.ToString(o.Key), Bytes: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified)})
	}
	for _, f := range out.CommonPrefixes {
		p.folders = append(p.folders, aws.ToString(f.Prefix))
	}
	p.at, _ = middleware.GetServerTime(out.ResultMetadata)
	p.more, p.key = aws.ToBool(out.IsTruncated), out.NextContinuationToken
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
		p.entries = append(p.entries, Entry{aws.ToString(v.Key), aws.ToString(v.VersionId), aws.ToBool(v.IsLatest), aws.ToInt64(v.Size), aws.ToTime(v.LastModified)})
	}
	for _, m := range out.DeleteMarkers {
		p.entries = append(p.entries, Entry{aws.ToString(m.Key), aws.ToString(m.VersionId), aws.ToBool(m.IsLatest), 0, aws.ToTime(m.LastModified)})
	}
	for _, f := range out.CommonPrefixes {
		p.folders = append(p.folders, aws.ToString(f.Prefix))
	}
	p.at, _ = middleware.GetServerTime(out.ResultMetadata)
	p.more, p.key, p.version = aws.ToBool(out.IsTruncated), out.NextKeyMarker, out.NextVersionIdMarker
	return p, nil
}

// strip leaves the store's prefix off all that a page lists. A page with anything that was not
// asked for is not to be relied on, and is emptied.
func (s *Store) strip(p *page, prefix string) error {
	below := func(key *string) error {
		if !strings.HasPrefix(*key, s.prefix+prefix) {
			err := fmt.Errorf("list %s: the server lists what was not asked for: %q", s.prefix+prefix, *key)
			*p = page{}
			return err
		}
		*key = (*key)[len(s.prefix):]
		return nil
	}
	for i := range p.entries {
		if err := below(&p.entries[i].Key); err != nil {
			return err
		}
	}
	for i := range p.folders {
		if err := below(&p.folders[i]); err != nil {
			return err
		}
	}
	return nil
}
