package ident

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/dataset"
)

// Dead time by correlation analysis: order of the whitening filter, lags looked at, the standard errors that make a
// correlation significant, and the shortest first lag that counts as dead time.
const (
	whitenOrder    = 8
	deadLags       = 100
	deadErrors     = 4
	shortestDelay  = 12
	deadTimeMargin = 2
)

// deadTime returns safe input delays for the networks, one per input in samples. The delay that a linear model of low
// order likes best often stands in for missing modes; a network has the modes and needs the early samples. So the
// delay is taken from the data: the first lag at which the input, whitened by an autoregressive filter, correlates
// significantly with the outputs filtered alike. Half of it is kept, the network's states make the rest.
func deadTime(set *dataset.Set) []int {
	out := make([]int, len(set.Inputs))
	for i, c := range set.Inputs {
		first := deadLags
		for _, y := range set.Outputs {
			first = min(first, firstLag(set, c, y))
		}
		if first >= shortestDelay {
			out[i] = first / deadTimeMargin
		}
	}
	return out
}

// firstLag is the first lag with a significant correlation, 0 when there is none.
func firstLag(set *dataset.Set, in, out int) int {
	var u, y [][]float64
	for _, p := range estimation(set) {
		d := set.Record.Experiments[p.Experiment].Data
		u, y = append(u, d[in][p.From:p.To]), append(y, d[out][p.From:p.To])
	}
	a := whiten(u)
	var n, suu, syy float64
	corr := make([]float64, deadLags)
	for e := range u {
		wu, wy := filter(a, u[e]), filter(a, y[e])
		for k := range wu {
			n++
			suu += wu[k] * wu[k]
			syy += wy[k] * wy[k]
			for l := range min(deadLags, k+1) {
				corr[l] += wu[k-l] * wy[k]
			}
		}
	}
	if suu == 0 || syy == 0 {
		return 0
	}
	for l, c := range corr {
		if math.Abs(c)/math.Sqrt(suu*syy) > deadErrors/math.Sqrt(n) {
			return l
		}
	}
	return 0
}

// whiten fits an autoregression with a constant to the sequences by least squares and returns its coefficients.
func whiten(seqs [][]float64) []float64 {
	const k = whitenOrder + 1
	normal, right := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
	z := make([]float64, k)
	z[whitenOrder] = 1
	for _, s := range seqs {
		for t := whitenOrder; t < len(s); t++ {
			for i := range whitenOrder {
				z[i] = s[t-1-i]
			}
			normal.SymRankOne(normal, 1, mat.NewVecDense(k, z))
			for i := range z {
				right.SetVec(i, right.AtVec(i)+z[i]*s[t])
			}
		}
	}
	ridge := 1e-9*mat.Trace(normal) + 1e-300
	for i := range k {
		normal.SetSym(i, i, normal.At(i, i)+ridge)
	}
	var ch mat.Cholesky
	var a mat.VecDense
	if !ch.Factorize(normal) || ch.SolveVecTo(&a, right) != nil {
		return make([]float64, whitenOrder)
	}
	return append([]float64(nil), a.RawVector().Data[:whitenOrder]...)
}

// filter returns the prediction errors of the autoregression along s, their mean removed.
func filter(a, s []float64) []float64 {
	if len(s) <= len(a) {
		return nil
	}
	out := make([]float64, len(s)-len(a))
	var mean float64
	for t := range out {
		v := s[t+len(a)]
		for i, c := range a {
			v -= c * s[t+len(a)-1-i]
		}
		out[t] = v
		mean += v / float64(len(out))
	}
	for t := range out {
		out[t] -= mean
	}
	return out
}
