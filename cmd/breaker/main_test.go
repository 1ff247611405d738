package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
)

// TestEmbedded: the program alone is a server that breaks the promise.
func TestEmbedded(t *testing.T) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_CONFIG_FILE": "/dev/null"} {
		t.Setenv(name, value)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"-fault", "ignored-condition"}, write) }()
	endpoint, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	s, err := s3store.Open(ctx, s3store.Config{Bucket: "holdfast", Endpoint: strings.TrimSpace(endpoint)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Put(ctx, "k", []byte("body"), archive.IfAbsent()); err != nil {
			t.Error(err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestFlags(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"-list"}, &out); err != nil || !strings.Contains(out.String(), "two-winners ") {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, args := range [][]string{{"-fault", "two-winer"}, {"two-winners"}, {"-every", "-1"}, {"-upstream", "x"}} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if err := run(ctx, args, io.Discard); err == nil {
			t.Errorf("%v is accepted", args)
		}
		cancel()
	}
}
