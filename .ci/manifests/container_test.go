package manifests

import (
	"bytes"
	"context"
	"crypto/x509"
	"debug/elf"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// An image is what the Dockerfile makes of the last stage, as a directory.
type image struct {
	root       string
	user       uint32
	dir        string
	entrypoint string
}

const checkout = "../.."

// built is the image. No engine for containers is needed: the Dockerfile's commands are executed
// here, in the checkout, which stands for what is copied into the first stage; the machine stands
// for the stage's base.
func built(t *testing.T) *image {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can change its root directory")
	}
	stages := dockerfile(t)
	if len(stages) != 2 || stages[1].BaseName != "scratch" {
		t.Fatal("want a stage that builds, and one from scratch")
	}
	workdir := ""
	for _, c := range stages[0].Commands {
		switch c := c.(type) {
		case *instructions.WorkdirCommand:
			workdir = c.Path
		case *instructions.RunCommand:
			cmd := exec.Command("sh", "-c", strings.Join(c.CmdLine, " "))
			cmd.Dir = checkout
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", c.CmdLine, err, out)
			}
		}
	}
	i := &image{root: t.TempDir()}
	if err := os.Chmod(i.root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range stages[1].Commands {
		switch c := c.(type) {
		case *instructions.CopyCommand:
			from := c.SourcePaths[0]
			if within, is := strings.CutPrefix(from, workdir+"/"); is {
				from = filepath.Join(checkout, within)
			}
			i.copy(t, from, c.DestPath, strings.HasSuffix(c.SourcePaths[0], "/"), c.Chown)
		case *instructions.UserCommand:
			user, _, _ := strings.Cut(c.User, ":")
			id, err := strconv.ParseUint(user, 10, 32) // Kubernetes knows of a number only that it is not root
			if err != nil || id == 0 {
				t.Fatalf("USER %s is no number above 0", c.User)
			}
			i.user = uint32(id)
		case *instructions.WorkdirCommand:
			i.dir = c.Path
		case *instructions.EntrypointCommand:
			if c.PrependShell || len(c.CmdLine) != 1 {
				t.Fatalf("ENTRYPOINT %v wants a shell, which there is not", c.CmdLine)
			}
			i.entrypoint = c.CmdLine[0]
		default:
			t.Fatalf("this test does not know what %s does in the image", c.Name())
		}
	}
	if i.user == 0 || i.entrypoint == "" {
		t.Fatal("the image names no user or no program")
	}
	return i
}

func dockerfile(t *testing.T) []instructions.Stage {
	t.Helper()
	text, err := os.ReadFile(checkout + "/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(parsed.Warnings) > 0 {
		t.Errorf("warnings: %+v", parsed.Warnings)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

// copy is COPY of one path: of a directory, what is in it.
func (i *image) copy(t *testing.T, from, to string, isDir bool, chown string) {
	t.Helper()
	to = filepath.Join(i.root, to) + map[bool]string{true: "/"}[strings.HasSuffix(to, "/")]
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if isDir {
		from += "/."
	}
	args := []string{"-RL", from, to}
	if out, err := exec.Command("cp", args...).CombinedOutput(); err != nil {
		t.Fatalf("cp %v: %v\n%s", args, err, out)
	}
	if chown == "" || !isDir {
		return
	}
	made, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range made {
		if out, err := exec.Command("chown", "-R", chown, filepath.Join(to, e.Name())).CombinedOutput(); err != nil {
			t.Fatalf("chown: %v\n%s", err, out)
		}
	}
}

// mount gives the image what an engine gives it: /proc, and a root that can't be written if so
// wanted.
func (i *image) mount(t *testing.T, readOnly bool) {
	t.Helper()
	do := func(source, target, kind string, flags uintptr) {
		t.Helper()
		if err := syscall.Mount(source, target, kind, flags, ""); err != nil {
			t.Fatalf("mount %s: %v", target, err)
		}
	}
	undo := func(target string) {
		t.Cleanup(func() {
			if err := syscall.Unmount(target, syscall.MNT_DETACH); err != nil {
				t.Errorf("unmount %s: %v", target, err)
			}
		})
	}
	proc := filepath.Join(i.root, "proc")
	if err := os.Mkdir(proc, 0o755); err != nil {
		t.Fatal(err)
	}
	do(i.root, i.root, "", syscall.MS_BIND)
	undo(i.root)
	do("proc", proc, "proc", 0)
	undo(proc)
	if readOnly {
		do("", i.root, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY)
	}
}

// scratch mounts an empty directory, which the user may write to.
func (i *image) scratch(t *testing.T, dir string) {
	t.Helper()
	target := filepath.Join(i.root, dir)
	if err := syscall.Mount("tmpfs", target, "tmpfs", 0, "mode=0777"); err != nil {
		t.Fatalf("mount %s: %v", target, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(target, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", target, err)
		}
	})
}

// run is docker run IMAGE ARGS….
func (i *image) run(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, i.entrypoint, args...)
	cmd.Dir = i.dir
	cmd.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/"}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: i.root, Credential: &syscall.Credential{Uid: i.user, Gid: i.user}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestContainer(t *testing.T) {
	i := built(t)
	i.mount(t, false)
	program, err := elf.Open(filepath.Join(i.root, i.entrypoint))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program is not static: it wants a loader, which there is not")
		}
	}
	if out, err := i.run(t, nil, "version"); err != nil {
		t.Errorf("version: %v\n%s", err, out)
	}
	if out, err := i.run(t, nil, "run", "two-users", "--quiet"); err != nil {
		t.Errorf("run two-users, which is recorded: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(i.root, i.dir, "simulate-out", "latest")); err != nil {
		t.Errorf("no run is recorded: %v", err)
	}
}

// The certificates of the image are those that the program looks at: with that of a server among
// them it is believed, without it is not.
func TestContainerCertificates(t *testing.T) {
	i := built(t)
	i.mount(t, false)
	asked := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusForbidden)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	bundle := filepath.Join(i.root, "etc/ssl/certs/ca-certificates.crt")
	known, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(known) {
		t.Error("there are no certificates in the image")
	}
	env := []string{"AWS_ACCESS_KEY_ID=k", "AWS_SECRET_ACCESS_KEY=s", "AWS_REGION=us-east-1"}
	args := []string{"campaign", "work", "s3://bucket/prefix", "--endpoint", server.URL, "--index", "0"}
	if out, err := i.run(t, env, args...); err == nil || asked > 0 || !strings.Contains(out, "certificate") {
		t.Errorf("a server whose certificate nobody knows was asked %d times: %v\n%s", asked, err, out)
	}
	added := append(known, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})...)
	if err := os.WriteFile(bundle, added, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := i.run(t, env, args...); err == nil || asked == 0 || strings.Contains(out, "certificate") {
		t.Errorf("a server whose certificate is known was asked %d times: %v\n%s", asked, err, out)
	}
}

// As the job of Kubernetes has it: a root that can't be written, and a bucket.
func TestContainerReadOnly(t *testing.T) {
	endpoint := os.Getenv("HOLDFAST_TEST_ENDPOINT")
	if endpoint == "" {
		t.Skip("no server: .ci/with-server minio starts one")
	}
	i := built(t)
	i.mount(t, true)
	var env []string
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "AWS_") {
			env = append(env, v)
		}
	}
	prefix := []string{os.Getenv("HOLDFAST_TEST_STORE") + "/container", "--endpoint", endpoint}
	for _, args := range [][]string{
		{"campaign", "plan", "--shards", "2", "--", "sweep", "burst", "--vary", "clients=5,10", "--runs", "10"},
		{"campaign", "work", "--index", "all"},
		{"campaign", "merge", "--json"},
	} {
		if args[1] == "merge" { // which records the run: the job of Kubernetes gives it a directory
			i.scratch(t, i.dir)
		}
		args = append(args[:2:2], append(prefix, args[2:]...)...)
		if out, err := i.run(t, env, args...); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
}

// The build names the commit that it was made of: whatever is tracked is copied to it, and what is
// not stays here.
func TestDockerignore(t *testing.T) {
	text, err := os.Open(checkout + "/.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	patterns, err := ignorefile.ReadAll(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range lines(t, "git", "ls-files") {
		if ignored, err := patternmatcher.MatchesOrParentMatches(file, patterns); err != nil || ignored {
			t.Errorf("%s is tracked, and not copied: %v", file, err)
		}
	}
	for _, file := range []string{"bin/simulate", "simulate-out/latest", ".tools/minio", "mutants-out/1", "cmd/simulate/simulate.test"} {
		if ignored, err := patternmatcher.MatchesOrParentMatches(file, patterns); err != nil || !ignored {
			t.Errorf("%s is copied: %v", file, err)
		}
	}
}

func lines(t *testing.T, name string, args ...string) []string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = checkout
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}
