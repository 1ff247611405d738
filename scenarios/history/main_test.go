package history

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	if !chosen && !testing.Short() {
		_ = flag.Set("rapid.checks", "2000") // a case takes microseconds
	}
	os.Exit(m.Run())
}
