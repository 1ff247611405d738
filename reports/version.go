package reports

import "fmt"

// VersionSchema names the document of a version.
const VersionSchema = "simulate.version/v1"

// Built is the version of the program and of what it is built with.
type Built struct {
	Schema  string            `json:"schema"`
	Version string            `json:"version"`
	Go      string            `json:"go"`
	OS      string            `json:"os"`
	Arch    string            `json:"arch"`
	Modules map[string]string `json:"modules"`
}

// NewBuilt describes the running program.
func NewBuilt() Built {
	env := NewEnvironment(nil)
	return Built{VersionSchema, env.Version, env.Go, env.OS, env.Arch, env.Modules}
}

// Class says that nothing speaks against it.
func (b Built) Class() Class { return Passed }

// Text writes a line.
func (b Built) Text(t Text) { fmt.Fprintln(t.W, b) }

// Brief is [Built.Text].
func (b Built) Brief(t Text) { b.Text(t) }

func (b Built) String() string {
	return fmt.Sprintf("simulate %s, %s %s/%s", b.Version, b.Go, b.OS, b.Arch)
}
