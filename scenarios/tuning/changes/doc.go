// Package changes is what the user of another architecture writes: code that compiles, and
// that reports print as it stands here.
package changes

import (
	"embed"
	"strings"
)

//go:embed queue.go group.go parts.go
var files embed.FS

// Of returns the source of a file without its package clause.
func Of(name string) string {
	source, err := files.ReadFile(name)
	if err != nil {
		panic(err) // the names are those above
	}
	_, code, _ := strings.Cut(string(source), "\n\n")
	return code
}
