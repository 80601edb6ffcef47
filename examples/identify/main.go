// Command identify is the whole way in one file: a CSV file of measured data, a model with a proof, the model run again
// from its file.
//
//	go run ./examples/identify -budget 20s pump.csv u level
//
// The first argument is the file, the second the input and the third the output, as the header names them. The last
// quarter of the samples is the test part. The model goes to model.plumb, or where -out says.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
)

func main() {
	out := flag.String("out", "model.plumb", "file for the model")
	budget := flag.Duration("budget", 20*time.Second, "training time")
	steps := flag.Int("steps", 0, "Adam steps per fit instead of a budget: the same bytes on every run")
	flag.Parse()
	if flag.NArg() != 3 {
		fmt.Fprintln(os.Stderr, "usage: identify [-budget 20s] [-steps n] [-out model.plumb] FILE.csv INPUT OUTPUT")
		os.Exit(2)
	}
	o := ident.Options{Seed: 1, Budget: *budget, Steps: *steps, Workers: 2}
	if err := run(os.Stdout, flag.Arg(0), flag.Arg(1), flag.Arg(2), *out, o); err != nil {
		fmt.Fprintln(os.Stderr, "identify:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, file, input, output, out string, o ident.Options) error {
	set, err := read(w, file, input, output)
	if err != nil {
		return err
	}
	res, err := ident.Fit(context.Background(), set, o)
	if err != nil {
		return err
	}
	for _, r := range res.Rungs {
		fmt.Fprintf(w, "%s: %s, %s\n", r.Claim, r.Outcome, r.Why)
	}
	if err := bundle.WriteFile(out, res.Bundle); err != nil {
		return err
	}
	model, err := judge(w, out)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		name string
		ident.Simulator
	}{{"model", model}, {"linear", res.Linear}} {
		scores, err := ident.Evaluate(set, set.Test, m)
		if err != nil {
			return err
		}
		for _, s := range scores {
			fmt.Fprintf(w, "%s, free simulation of %d test samples: RMSE %.4g %s, FIT %.1f %%\n", m.name, s.Samples, s.RMSE[0], s.Unit[0], s.FIT[0])
		}
	}
	return nil
}

// read opens the record, says what looks wrong in it, and cuts it by the default split with a window of 20 samples.
func read(w io.Writer, file, input, output string) (*dataset.Set, error) {
	rec, err := dataset.Open(file, dataset.Options{})
	if err != nil {
		return nil, err
	}
	for _, f := range dataset.Diagnose(rec) {
		fmt.Fprintf(w, "data: %s %s\n", f.Signal, f.Text)
	}
	return dataset.Select(rec, []string{input}, []string{output}, "", 20)
}

// judge reads the file as somebody would who received it: check first, run afterwards.
func judge(w io.Writer, file string) (*deploy.Model, error) {
	b, err := cert.OpenFile(file)
	if err != nil {
		return nil, err
	}
	v := cert.Check(b)
	if !v.Proved {
		return nil, fmt.Errorf("%s: refused: %s (%s)", file, v.Failed, v.By)
	}
	fmt.Fprintf(w, "proved: %s\n", v.Statement)
	return deploy.FromBundle(b)
}
