package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func newRerun() *cobra.Command {
	var out string
	var asJSON, quiet bool
	var workers int
	c := &cobra.Command{
		Use:   "rerun RUN.JSON",
		Short: "Repeat a run by its recorded steps and compare the bytes of the model",
		Long: `rerun repeats an identification with the options and by the number of optimiser steps that its
run.json records, into a folder of its own, and says whether the model file is the same to the last
bit. It is on the same platform and kernel set. A relative path of the data is taken from the
present folder. Exit status: 0 when identical, 1 when not.`,
		Example: `  plumb rerun runs/two-tanks/run.json
  plumb rerun runs/two-tanks --out /tmp/again --workers 1`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("rerun needs RUN.JSON, the record of one run, got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if s, err := os.Stat(name); err == nil && s.IsDir() {
				name = filepath.Join(name, runFileName)
			}
			old, err := readRun(name)
			if err != nil {
				return err
			}
			if old.BundleSHA256 == "" {
				return fmt.Errorf("%s records a run that has not ended; finish it with: plumb identify --resume %s", name, filepath.Dir(name))
			}
			f := old.Flags
			f.typed, f.repeat, f.workers, f.asJSON, f.quiet = old.Command, old.Stages, workers, asJSON, quiet
			set, err := f.load()
			if err != nil {
				return err
			}
			if sum := fmt.Sprintf("%x", set.Sum()); sum != old.DataSHA256 {
				return fmt.Errorf("the data of %s have changed: the run saw hash %.12s, now it is %.12s; a rerun would compare different things", f.Data, old.DataSHA256, sum)
			}
			o, err := f.options(set)
			if err != nil {
				return err
			}
			dir, err := runDir(out, slug(f.Data)+"-rerun")
			if err != nil {
				return err
			}
			if same, err := sameFolder(dir, filepath.Dir(name)); err != nil || same {
				return fmt.Errorf("--out %s is the folder of the run itself; give another", dir)
			}
			again, err := f.identify(cmd.Context(), set, o, dir, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			var now *runFile
			if now, err = readRun(filepath.Join(dir, runFileName)); err != nil {
				return err
			}
			if err := again.show(&f, cmd.OutOrStdout()); err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			if asJSON || quiet {
				w = cmd.ErrOrStderr()
			}
			return compareRuns(w, old, now)
		},
	}
	c.Flags().StringVar(&out, "out", "", "folder for the results; default runs/NAME-rerun")
	c.Flags().IntVar(&workers, "workers", 0, "parallel workers; 0 means one per core; the result does not depend on them")
	c.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON on standard output")
	c.Flags().BoolVar(&quiet, "quiet", false, "print nothing but the comparison and errors")
	return c
}

func sameFolder(a, b string) (bool, error) {
	x, err := os.Stat(a)
	if err != nil {
		return false, err
	}
	y, err := os.Stat(b)
	if err != nil {
		return false, err
	}
	return os.SameFile(x, y), nil
}

// compareRuns says whether two runs made the same model file.
func compareRuns(w io.Writer, old, now *runFile) error {
	if old.BundleSHA256 == now.BundleSHA256 {
		fmt.Fprintf(w, "identical: both model files have SHA-256 %s\n", now.BundleSHA256)
		return nil
	}
	fmt.Fprintf(w, "NOT identical: SHA-256 %s then, %s now\n", old.BundleSHA256, now.BundleSHA256)
	if old.Platform != now.Platform {
		fmt.Fprintf(w, "  then on %s, now on %s: rounding differs there\n", old.Platform, now.Platform)
	}
	if old.Version != now.Version {
		fmt.Fprintf(w, "  then by version %s, now by %s\n", old.Version, now.Version)
	}
	return exitError{exitFailed}
}
