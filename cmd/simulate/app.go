package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"holdfast/archive/redact"
	"holdfast/reports"
	"holdfast/scenarios"
)

// strconvCause is how Go's number parsing names itself and repeats the value.
var strconvCause = regexp.MustCompile(`strconv\.Parse(\w+): parsing "(?:[^"\\]|\\.)*": (.*)$`)

// badFlag says in the user's words what is wrong with a flag's value.
func badFlag(err error) error {
	m := strconvCause.FindStringSubmatch(err.Error())
	if m == nil {
		return usage("%w", err)
	}
	want := map[string]string{"Int": "want a whole number", "Uint": "want a whole number, 0 or more", "Bool": "want true or false"}[m[1]]
	if strings.HasSuffix(m[2], "range") {
		want = "the number is too large"
	}
	return usage("%s%s", strings.TrimSuffix(err.Error(), m[0]), want)
}

// app is the program's streams.
type app struct {
	stdout, stderr io.Writer
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "simulate",
		Short: "Show whether optimistic locking on S3 loses anything, and how its retries behave",
		Long: `simulate plays scenarios of concurrent writers against an S3 store, judges the
recorded history by invariants, and reports how retries are distributed.

Exit codes: 0 passed; 1 could not run; 2 bad flags or scenario; 3 an invariant
is violated; 4 worse than what it was compared with; 5 inconclusive; 6 the store
broke its promise; 99 a threshold failed; 130 interrupted.

Every flag can be set by the environment as SIMULATE_NAME, with underscores for
hyphens: SIMULATE_CLIENTS=50. A flag wins over the environment, the environment
over the scenario's file. A SIMULATE_ name that is no command's flag is refused.`,
		Version:       reports.NewBuilt().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkEnvironment(cmd.Root()); err != nil {
				return err
			}
			return fromEnvironment(cmd.Flags())
		},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(wrongFlag)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(runCommand(a.run), exploreCommand(a.explore), a.selftestCommand(), sweepCommand(a.sweep), tuneCommand(a.tune), a.campaignCommand(), a.doctorCommand(), a.checkCommand(),
		a.reportCommand(), a.compareCommand(), a.trendCommand(), a.listCommand(), a.validateCommand(), a.serveCommand(), a.cleanCommand(), a.versionCommand(), a.workerCommand())
	return root
}

// wrongFlag says what is wrong with a flag of a command.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	switch {
	case !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "":
		return badFlag(err)
	case cmd.HasSubCommands() && cmd.Flags().NArg() > 0: // what comes before it is to be the command
		return unknownCommand(cmd, cmd.Flags().Arg(0))
	}
	return unknownFlag(cmd, unknown.GetSpecifiedName())
}

// exitCode writes an error and returns the program's exit code.
func (a *app) exitCode(err error) int {
	if err == nil {
		return exitPassed
	}
	code := exitUsage // what cobra itself rejects: unknown commands, wrong arguments
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
		if exit.said() {
			return code
		}
	}
	a.complain(err)
	if onGitHub() {
		_ = reports.AnnotateError(a.stderr, oneLine(err.Error())) // it was said above
	}
	return code
}

// complain writes an error as one line without secrets; of a file with several mistakes each.
func (a *app) complain(err error) {
	var mistakes scenarios.FileErrors
	if !errors.As(err, &mistakes) {
		fmt.Fprintf(a.stderr, "simulate: %s\n", oneLine(strings.ReplaceAll(err.Error(), "\n", "; "))) // of joined ones each
		return
	}
	context, _, _ := strings.Cut(err.Error(), mistakes.Error())
	for _, one := range mistakes {
		fmt.Fprintf(a.stderr, "simulate: %s\n", oneLine(context+one.Error()))
	}
}

// oneLine is an error's text, which may repeat what the user or the environment has given.
func oneLine(s string) string {
	return redact.Text(strings.Join(strings.Fields(s), " "), redact.Environment()...)
}

// exactly is cobra.ExactArgs with a message that says what is wanted.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s wants %s, not %d arguments", cmd.Name(), what, len(args))
		}
		return nil
	}
}

// atLeast refuses fewer than so many arguments.
func atLeast(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return usage("%s wants %s", cmd.Name(), what)
		}
		return nil
	}
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colored reports whether a stream wants colors: a terminal whose user has not
// said no (https://no-color.org).
func colored(stream any, noColor bool) bool {
	return !noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(stream)
}
