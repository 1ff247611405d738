package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"holdfast/archive"
)

// seen is what a reader got: which version the body says it is, and the ETag.
type seen struct{ version, etag string }

// readersSeePairs: while versions of very different length replace each other,
// every read returns one of them whole, under the ETag that its write answered,
// and no reader sees an older version after a newer one.
func readersSeePairs(ctx context.Context, s archive.Store) error {
	k := key("readers.json")
	etags, pairs, err := readDuringWrites(ctx, s, k)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if want, ok := etags[p.version]; !ok || p.etag != want {
			return fmt.Errorf("get %s: the body is that of version %s, whose ETag is %s, but it came with ETag %s",
				k, p.version, want, p.etag)
		}
	}
	return nil
}

func readersSeeWholeBodies(ctx context.Context, s archive.Store) error {
	_, _, err := readDuringWrites(ctx, s, key("readers.json"))
	return err
}

// readDuringWrites returns the ETag of each version and what the readers saw.
// The first write waits until every reader is reading.
func readDuringWrites(ctx context.Context, s archive.Store, k string) (etags map[string]string, pairs []seen, err error) {
	const readers, versions = 4, 150
	etag, err := create(ctx, s, k, versionBody(0))
	if err != nil {
		return nil, nil, err
	}
	var reading, done sync.WaitGroup
	finished := make(chan struct{})
	got, errs := make([][]seen, readers), make([]error, readers)
	reading.Add(readers)
	for i := range readers {
		done.Go(func() { got[i], errs[i] = readUntil(ctx, s, k, &reading, finished) })
	}
	reading.Wait()
	etags = map[string]string{versionName(0): etag}
	for i := 1; i < versions && err == nil; i++ {
		etag, err = put(ctx, s, k, versionBody(i), archive.IfMatch(etag))
		etags[versionName(i)] = etag
		runtime.Gosched() // a store in memory would not let the readers in
	}
	close(finished)
	done.Wait()
	for _, readErr := range errs {
		if err == nil {
			err = readErr
		}
	}
	return etags, slices.Concat(got...), err
}

func readUntil(ctx context.Context, s archive.Store, k string, reading *sync.WaitGroup, finished <-chan struct{}) (got []seen, err error) {
	first := sync.OnceFunc(reading.Done)
	defer first()
	last := ""
	for {
		body, etag, err := s.Get(ctx, k)
		if err != nil && !errors.Is(err, archive.ErrThrottled) {
			return got, fmt.Errorf("get %s: %w", k, err)
		}
		if err == nil {
			version, err := versionOf(string(body))
			if err != nil {
				return got, fmt.Errorf("get %s: %w", k, err)
			}
			if version < last {
				return got, fmt.Errorf("get %s: version %s was read after version %s", k, version, last)
			}
			last = version
			got = append(got, seen{version, etag})
		}
		first()
		select {
		case <-finished:
			return got, nil
		default:
			runtime.Gosched()
		}
	}
}

// versionName sorts by age.
func versionName(i int) string { return fmt.Sprintf("%06d", i) }

// versionBody repeats the version's name, from some bytes to 40 KB, so that any
// mixture of two versions shows.
func versionBody(i int) string {
	return strings.Repeat(versionName(i), 1+(i*797)%6000)
}

func versionOf(body string) (version string, err error) {
	const size = 6
	if len(body) < size {
		return "", fmt.Errorf("a torn body: %s", brief(body))
	}
	version = body[:size]
	if i, err := strconv.Atoi(version); err != nil || body != versionBody(i) {
		return "", fmt.Errorf("a torn body, neither version %s nor any other: %s", version, brief(body))
	}
	return version, nil
}
