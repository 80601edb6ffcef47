// Package cli is the command line of plumb: it parses flags, calls the library and prints.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Version of the tool, written into bundles and reports.
const Version = "0.1.0"

// Exit codes: the checker's three verdicts, and interruption.
const (
	exitOK          = 0
	exitFailed      = 1 // refused, or the command failed
	exitMalformed   = 2 // the file cannot be read as a bundle
	exitInterrupted = 130
)

// exitError carries an exit code through cobra; its text, if any, was printed already.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// Main runs the command line and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	return execute(ctx, args, stdout, stderr)
}

func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot(args, stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if e, ok := errors.AsType[exitError](err); ok {
		return e.code
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "plumb: interrupted")
		return exitInterrupted
	}
	if err != nil {
		fmt.Fprintf(stderr, "plumb: %v\n", err)
		return exitFailed
	}
	return exitOK
}

func newRoot(args []string, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "plumb",
		Short: "Learned dynamics that come with a proof",
		Long: `Plumb identifies a nonlinear system from measured data, or analyses one that you describe, and hands the
result over with a certificate that a small independent checker accepts or refuses in exact arithmetic.
Nothing is called stable unless the checker says "proved".`,
		Example: `  plumb identify demo:two-tanks                 the main job, on data simulated on the spot
  plumb identify pump.csv --inputs u --outputs level
  plumb check runs/two-tanks/two-tanks.plumb    proved, refused or malformed: exit 0, 1, 2
  plumb data check pump.csv                     what is wrong with a record
  plumb analyze plant:pendulum                  equilibria, a proved region of attraction, gains
  plumb margin "tf: num=[2] den=[1 3 2 0]" 1    how far a loop is from instability`,
		Version:       Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(newIdentify(typed(args)), newCheck(), newSimulate(), newReport(), newRerun(), newData(), newReproduce(typed(args)), newMargin(typed(args)), newAnalyze(typed(args)), newCertify(), newLMI(), newPlants())
	return root
}
