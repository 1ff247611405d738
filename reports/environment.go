package reports

import (
	"runtime"
	"runtime/debug"
	"strings"

	"holdfast/archive/s3store"
)

// Environment says where a result comes from.
type Environment struct {
	Version    string            `json:"version"` // of this program
	Go         string            `json:"go"`
	OS         string            `json:"os"`
	Arch       string            `json:"arch"`
	CPUs       int               `json:"cpus"`
	GOMAXPROCS int               `json:"gomaxprocs"`
	Modules    map[string]string `json:"modules"`
	// Store is what decides how requests are sent: SDK version, effective retry
	// settings, endpoint. Null if nothing was sent.
	Store *s3store.Settings `json:"store"`
}

// NewEnvironment describes the running program.
func NewEnvironment(store *s3store.Settings) Environment {
	return Environment{
		Version: Version(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPUs: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0), Modules: modules(), Store: store,
	}
}

// Version is the commit that the program was built from, if the build knows it.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	if revision == "" {
		return info.Main.Version
	}
	return revision + dirty
}

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
