package reports

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"holdfast/scenarios/measure"
)

// Environment says where a result comes from.
type Environment struct {
	Version string `json:"version"` // of this program
	// Revision is the commit that it was built from; null if the build does not know it.
	Revision   *Revision         `json:"revision"`
	Go         string            `json:"go"`
	OS         string            `json:"os"`
	Arch       string            `json:"arch"`
	CPUs       int               `json:"cpus"`
	GOMAXPROCS int               `json:"gomaxprocs"`
	Modules    map[string]string `json:"modules"`
	// Store is what decides how requests are sent: effective retry settings, endpoint, SDK
	// version. Null if nothing was sent.
	Store *measure.Settings `json:"store"`
	// Load is how busy the machine was; nil: nobody has looked, or the document is to be the
	// same bytes for the same seed.
	Load *Load `json:"load,omitempty"`
}

// Revision is a commit of this program's repository.
type Revision struct {
	Commit  string `json:"commit"`  // all of its hash
	Changed bool   `json:"changed"` // there were changes since
}

// NewEnvironment describes the running program.
func NewEnvironment(store *measure.Settings) Environment {
	return Environment{
		Version: Version(), Revision: revision(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPUs: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0), Modules: modules(), Store: store,
	}
}

// Parts of a version that many programs share.
const (
	unknown = "unknown"
	changes = "+changes" // since the commit
)

// stamp is the version that the linker was told: go build -ldflags "-X …/reports.stamp=v1.2".
var stamp string

// Version is what the program's build was told to call it, else the commit that it was
// built from, else the version of its module.
func Version() string {
	built := builtFrom()
	if stamp != "" && strings.HasSuffix(built, changes) {
		return strings.TrimSuffix(stamp, changes) + changes
	}
	return cmp.Or(stamp, built)
}

// builtFrom is what the build itself knows: a commit, or a module's version.
func builtFrom() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown
	}
	r := revisionIn(info)
	switch {
	case r == nil:
		return cmp.Or(info.Main.Version, unknown)
	case r.Changed:
		return r.Commit[:min(12, len(r.Commit))] + changes
	}
	return r.Commit[:min(12, len(r.Commit))]
}

// revision is that of the running program; nil: the build does not know it.
func revision() *Revision {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	return revisionIn(info)
}

func revisionIn(info *debug.BuildInfo) *Revision {
	var r Revision
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			r.Commit = s.Value
		case "vcs.modified":
			r.Changed = s.Value == "true"
		}
	}
	if r.Commit == "" {
		return nil
	}
	return &r
}

// Program tells this program from any other. A version that other programs can have as
// well, because the build knows no commit or has changes, is followed by a hash of the
// program itself.
func Program() (string, error) {
	version := builtFrom() // a stamp may be anything
	if version != unknown && version != "(devel)" && !strings.HasSuffix(version, changes) {
		return version, nil
	}
	hash, err := hashOfProgram()
	if err != nil {
		return "", fmt.Errorf("tell this program from others of version %s: %w", version, err)
	}
	return version + ":" + hash, nil
}

// hashOfProgram is that of what is running, even if its file was replaced meanwhile.
var hashOfProgram = sync.OnceValues(func() (string, error) {
	path := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		var err error
		if path, err = os.Executable(); err != nil {
			return "", err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
})

// modules are the versions of what decides a result's numbers.
func modules() map[string]string {
	found := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return found
	}
	for _, m := range info.Deps {
		for _, wanted := range []string{"aws-sdk-go-v2", "aws-sdk-go-v2/service/s3", "johannesboyne/gofakes3"} {
			if strings.HasSuffix(m.Path, wanted) {
				found[m.Path] = m.Version
			}
		}
	}
	return found
}
