package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/lmi"
)

// lmiCase states the families lyap*, lyapone* and disk* through package lmi, from the matrices that their coefficients hold.
func lmiCase(name, file string, flat *conic.Problem) *benchCase {
	var state func() *lmi.Problem
	switch {
	case strings.HasPrefix(name, "lyap"):
		state = func() *lmi.Problem { return lyapunov(flat) }
	case strings.HasPrefix(name, "disk"):
		state = func() *lmi.Problem { return disk(flat) }
	default:
		return nil
	}
	c := &benchCase{name: name, form: "lmi", file: file}
	var k *lmi.Compiled
	c.compile = func() (err error) {
		k, err = state().Compile()
		return err
	}
	c.solve = func(ctx context.Context) error {
		s, err := k.Solve(ctx, lmi.Options{})
		if err == nil {
			c.iterations, c.objective, c.status = s.Iterations, s.Objective, s.Status.String()
		}
		return err
	}
	return c
}

// matrixOf reads G (n x w) from the coefficients -(e_a g_a' + g_a e_a') of the variables P_aa.
func matrixOf(b *conic.Block, n, w int) *mat.Dense {
	g := mat.NewDense(n, w, nil)
	diag := map[int]int{}
	v := conic.Variable{Kind: conic.Symmetric, Rows: n, Cols: n}
	for a := range n {
		diag[v.Index(a, a)] = a
	}
	for _, c := range b.Coefs {
		a, ok := diag[c.Var]
		switch {
		case !ok:
		case c.Row == a && c.Col == a:
			g.Set(a, a, -c.Val/2)
		case c.Row == a:
			g.Set(a, c.Col, -c.Val)
		case c.Col == a:
			g.Set(a, c.Row, -c.Val)
		}
	}
	return g
}

// constant returns the constant of a block.
func constant(b *conic.Block) *mat.Dense {
	m := mat.NewDense(b.N, b.N, nil)
	for _, e := range b.Constant {
		m.Set(e.Row, e.Col, e.Val)
		m.Set(e.Col, e.Row, e.Val)
	}
	return m
}

func lyapunov(flat *conic.Problem) *lmi.Problem {
	p := lmi.New()
	n := flat.Blocks[0].N
	P := p.Sym("P", n)
	p.PSD("floor", P.Plus(lmi.Const(constant(&flat.Blocks[0]))), 0)
	for k := range flat.Blocks[1:] {
		b := &flat.Blocks[1+k]
		p.PSD(fmt.Sprintf("decay%d", k), P.Right(matrixOf(b, n, n)).He().Scale(-1).Plus(lmi.Const(constant(b))), 0)
	}
	p.Minimize(P.Trace())
	return p
}

// disk states the certificate of a disk margin: with E = [I 0], R = [A B], the rows v_0 of [C D] and V of the others,
//
//	-(E'P R + R'P E + lambda (alpha^2 v_0'v_0 - e_0'e_0) + V'M W + W'M V - 2 W'M W) - t I >= 0,  P - t I >= 0
//	lambda, M >= 0,  1 - tr P/n - (lambda + tr M)/(1+q) >= 0,  maximise t
func disk(flat *conic.Problem) *lmi.Problem {
	big, small := &flat.Blocks[0], &flat.Blocks[1]
	w, n := big.N, small.N
	q, first := w-n-1, n*(n+1)/2
	full := func(i int) *mat.Dense {
		f := mat.NewDense(w, w, nil)
		for _, c := range big.Coefs {
			if c.Var == i {
				f.Set(c.Row, c.Col, c.Val)
				f.Set(c.Col, c.Row, c.Val)
			}
		}
		return f
	}
	unit := func(i, j int) float64 {
		if i == j {
			return 1
		}
		return 0
	}
	E, W := mat.NewDense(n, w, nil), mat.NewDense(q, w, nil)
	for i := range n {
		E.Set(i, i, 1)
	}
	// alpha v_0 up to its sign, from -alpha^2 v_0'v_0 + e_0'e_0
	f := full(first)
	f.Set(n, n, f.At(n, n)-1)
	pivot := 0
	for i := range w {
		if f.At(i, i) < f.At(pivot, pivot) {
			pivot = i
		}
	}
	v, e := mat.NewDense(1, w, nil), mat.NewDense(1, w, nil)
	e.Set(0, n, 1)
	for i := range w {
		v.Set(0, i, -f.At(pivot, i)/math.Sqrt(-f.At(pivot, pivot)))
	}
	V := mat.NewDense(q, w, nil) // v_i - e_i, so that V'M W + W'M V covers the three terms
	for i := range q {
		f, at := full(first+1+i), n+1+i
		W.Set(i, at, 1)
		for j := range w {
			V.Set(i, j, -f.At(at, j)/(1+unit(j, at)))
		}
	}
	p := lmi.New()
	P, lambda, M, t := p.Sym("P", n), p.Scalar("lambda"), p.Diag("M", q), p.Scalar("t")
	R := matrixOf(big, n, w)
	F := lmi.Sum(P.Left(E.T()).Right(R).He(), lambda.Left(v.T()).Right(v), lambda.Left(e.T()).Right(e).Scale(-1),
		M.Left(V.T()).Right(W).He(), t.Times(eye(w)))
	p.NSD("margin", F, 0)
	p.PSD("P", P.Minus(t.Times(eye(n))), 0)
	p.GE("lambda", lambda, 0, 0)
	for i := range q {
		p.GE(fmt.Sprintf("M%d", i), M.Slice(i, i+1, i, i+1), 0, 0)
	}
	scale := 1 / float64(1+q)
	bound := lmi.Sum(P.Trace().Scale(1/float64(n)), lambda.Scale(scale), M.Trace().Scale(scale))
	p.GE("scale", lmi.Identity(1).Minus(bound), 0, 0)
	p.Minimize(t.Scale(-1))
	return p
}

func eye(n int) *mat.DiagDense {
	d := mat.NewDiagDense(n, nil)
	for i := range n {
		d.SetDiag(i, 1)
	}
	return d
}
