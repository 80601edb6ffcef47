package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/conic/ipm"
)

// benchCase is a problem in one form. solve solves it as it is compiled.
type benchCase struct {
	name, form string
	file, quad string
	compile    func() error
	solve      func(context.Context) error
	iterations int
	objective  float64
	status     string
}

// peerFile returns the files that a peer is given, none when it cannot state the problem. Solvers without a quadratic
// objective get the problem in arrow form; CVXOPT takes the quadratic objective.
func (c *benchCase) peerFile(peer string) (file, quad string) {
	arrow := strings.TrimSuffix(c.file, ".dat-s") + "-arrow.dat-s"
	switch {
	case c.form == "warm":
		return "", ""
	case c.quad == "":
		if peer == "cvxopt" && !cvxoptable(c.name) {
			return "", ""
		}
		return c.file, ""
	case peer == "cvxopt":
		return c.file, c.quad
	}
	return arrow, ""
}

// cvxoptable excludes problems on which CVXOPT takes seconds to minutes.
func cvxoptable(name string) bool {
	for _, long := range []string{"lyap30", "lyap40", "lyapone40", "lip20", "lip50", "arrow"} {
		if strings.Contains(name, long) {
			return false
		}
	}
	return true
}

// casesOf returns the forms in which a file is measured: its elements; the same through package lmi for the families whose
// matrices can be read back; with a quadratic objective cold and warm.
func casesOf(file string) ([]*benchCase, error) {
	name := strings.TrimSuffix(filepath.Base(file), ".dat-s")
	p, quad, err := read(file)
	if err != nil {
		return nil, err
	}
	if quad != "" {
		return []*benchCase{conicCase(name, "quad", file, quad, p), warmCase(name, file, quad, p)}, nil
	}
	cases := []*benchCase{conicCase(name, "elements", file, "", p)}
	if c := lmiCase(name, file, p); c != nil {
		cases = append(cases, c)
	}
	return cases, nil
}

func read(file string) (p *conic.Problem, quad string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	if p, err = conic.ReadSDPA(f); err != nil {
		return nil, "", fmt.Errorf("%s: %w", file, err)
	}
	quad = strings.TrimSuffix(file, ".dat-s") + ".quad"
	q, err := os.Open(quad)
	if err != nil {
		return p, "", nil
	}
	defer q.Close()
	return p, quad, conic.ReadQuad(q, p)
}

func conicCase(name, form, file, quad string, p *conic.Problem) *benchCase {
	c := &benchCase{name: name, form: form, file: file, quad: quad}
	var k *ipm.Compiled
	var s conic.Solution
	c.compile = func() (err error) {
		k, err = ipm.Compile(p)
		return err
	}
	c.solve = func(ctx context.Context) error {
		err := k.Solve(ctx, &s, conic.Options{})
		c.iterations, c.objective, c.status = s.Iterations, s.Primal, s.Status.String()
		return err
	}
	return c
}

// move is how far each entry of the centre moves between warm solves, standard deviation.
const move = 1e-3

// warmCase solves a sequence of projections whose centre moves, each from the one before.
func warmCase(name, file, quad string, p *conic.Problem) *benchCase {
	c := &benchCase{name: name, form: "warm", file: file, quad: quad}
	var k *ipm.Compiled
	var s conic.Solution
	r := rand.New(rand.NewPCG(1, 1))
	c.compile = func() (err error) {
		if k, err = ipm.Compile(p); err != nil {
			return err
		}
		return k.Solve(context.Background(), &s, conic.Options{})
	}
	c.solve = func(ctx context.Context) error {
		for _, q := range p.Quad {
			p.C[q.Row] -= q.Val * move * r.NormFloat64()
		}
		err := k.Solve(ctx, &s, conic.Options{Warm: &s})
		c.iterations, c.objective, c.status = s.Iterations, s.Primal, s.Status.String()
		if !s.Warm {
			c.status += " (cold)"
		}
		return err
	}
	return c
}
