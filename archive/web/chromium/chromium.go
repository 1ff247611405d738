//go:build browser

// Package chromium starts a headless Chromium for the browser tests of a package, once for all
// of them.
package chromium

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

var started struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

// Main is a package's TestMain: it runs the tests, and ends the browser if one has asked for it.
func Main(m *testing.M) {
	code := m.Run()
	if started.stop != nil {
		started.stop()
	}
	os.Exit(code)
}

// Start is the browser's context, in which a test opens tabs. It fails the test if there is no
// browser: a browser test that is left out because of that would look like one that passed.
func Start(t *testing.T) context.Context {
	t.Helper()
	started.once.Do(func() {
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.NoSandbox, // Chromium has none for root, which is who runs in a container
			chromedp.DisableGPU,
			chromedp.Flag("disable-component-update", true), // it would look for updates on the network
		)
		allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, stop := chromedp.NewContext(allocator)
		started.ctx, started.stop = ctx, func() { stop(); stopAllocator() }
		started.err = chromedp.Do(ctx)
	})
	if started.err != nil {
		t.Fatalf("start Chromium: %v", started.err)
	}
	return started.ctx
}
