package ident

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/nn/seq"
)

// Regression of the encoder: steps that forget a segment's first state, samples between two regressors, most
// regressors, and the ridge relative to the mean square of a regressor.
const (
	warmSteps    = 200
	encoderEvery = 3
	encoderMost  = 6000
	encoderRidge = 1e-6
)

// refineEncoder replaces the trained encoder of a fit by the least-squares map from past signals to the states that the
// network itself reaches in long simulations of the training data, where that simulates the validation windows better.
// Training sees the encoder only through the first steps of long windows; the regression sees it at every sample.
func (j *job) refineEncoder(m *material) {
	s := &j.fit.State
	if !s.Valid() {
		return
	}
	theta := append([]float64(nil), s.Best...)
	if !j.regress(m, theta) {
		return
	}
	if v := j.fit.Validation.Value(theta); j.cand.way.paper || v < s.BestValidation*s.BestValidation {
		j.fit.Keep(theta, v) // training after the paper leaves the encoder untouched
	}
}

// regress writes the least-squares encoder into theta; false where the data are too short.
func (j *job) regress(m *material, theta []float64) bool {
	n, in, out := j.net.States(), j.net.Inputs(), j.net.Outputs()
	rows := m.lags * (in + out)
	member := j.member(m)
	box := member.Box()
	normal, right := mat.NewSymDense(rows+1, nil), mat.NewDense(rows+1, n, nil)
	z := make([]float64, rows+1)
	z[rows] = 1
	target := make([]float64, n)
	count, total := 0, 0
	for _, q := range m.fit {
		total += max(q.Len()-m.lags-warmSteps, 0)
	}
	every := max(encoderEvery, total/encoderMost)
	pass := j.net.NewPass(1, 1)
	next := seq.NewMat(n, 1)
	u, y := seq.NewMat(in, 1), seq.NewMat(out, 1)
	for _, q := range m.fit {
		if q.Len() <= m.lags+warmSteps {
			continue
		}
		past := seq.NewMat(rows, 1)
		fillPast(past, q.U, q.Y, m.lags, m.lags)
		x := member.Encode(past)
		for t := m.lags; t < q.Len(); t++ {
			if t >= m.lags+warmSteps && t%every == 0 {
				fillPast(past, q.U, q.Y, m.lags, t)
				for i := range rows {
					z[i] = past.Row(i)[0]
				}
				for k := range n {
					target[k] = unconfined(x.Row(k)[0], box, k)
				}
				normal.SymRankOne(normal, 1, mat.NewVecDense(rows+1, z))
				for i := range z {
					for k := range n {
						right.Set(i, k, right.At(i, k)+z[i]*target[k])
					}
				}
				count++
			}
			for i := range in {
				u.Row(i)[0] = q.U.Row(i)[t]
			}
			pass.Forward(member.W, u, x, y)
			pass.State(next)
			x, next = next, x
		}
	}
	if count < 2*rows {
		return false
	}
	ridge := encoderRidge * mat.Trace(normal) / float64(rows+1)
	for i := range rows + 1 {
		normal.SetSym(i, i, normal.At(i, i)+ridge)
	}
	var ch mat.Cholesky
	var w mat.Dense
	if !ch.Factorize(normal) || ch.SolveTo(&w, right) != nil {
		return false
	}
	enc := theta[j.net.Dim():]
	for k := range n {
		for i := range rows {
			enc[k*rows+i] = w.At(i, k)
		}
		enc[n*rows+k] = w.At(rows, k)
	}
	return true
}

// edge keeps the regression's targets off the edge of the box, where the inverse of tanh grows without bound.
const edge = 0.99

// unconfined is what an encoder must say for the network to start with state x: x itself, or e with box * tanh(e) = x.
func unconfined(x float64, box []float64, k int) float64 {
	if box == nil {
		return x
	}
	return math.Atanh(min(max(x/box[k], -edge), edge))
}

// fillPast stacks the lags samples before time at: inputs first, each oldest first, then outputs.
func fillPast(past, u, y seq.Mat, lags, at int) {
	for i := range u.Rows {
		for k := range lags {
			past.Row(i*lags + k)[0] = u.Row(i)[at-lags+k]
		}
	}
	for i := range y.Rows {
		for k := range lags {
			past.Row((u.Rows+i)*lags + k)[0] = y.Row(i)[at-lags+k]
		}
	}
}
