package ident

import (
	"context"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/model/linear"
)

// increments returns the set with each integrated output replaced by its increments y(k) - y(k-1).
func increments(set *dataset.Set, integrate []bool) *dataset.Set {
	out, rec := *set, *set.Record
	out.Record = &rec
	rec.Experiments = append([]dataset.Experiment(nil), rec.Experiments...)
	for e := range rec.Experiments {
		data := append([][]float64(nil), rec.Experiments[e].Data...)
		for i, c := range set.Outputs {
			if !integrate[i] || len(data[c]) < 2 {
				continue
			}
			y := data[c]
			d := make([]float64, len(y))
			for k := 1; k < len(y); k++ {
				d[k] = y[k] - y[k-1]
			}
			for _, p := range slices.Concat(set.Train, set.Validation, set.Test) { // nothing before a part is read
				if p.Experiment == e && p.From+1 < len(d) {
					d[p.From] = d[p.From+1]
				}
			}
			data[c] = d
		}
		rec.Experiments[e].Data = data
	}
	return &out
}

// inner returns the linear model of what the network itself predicts: the linear baseline, or, where outputs are
// integrated outside the network, a linear fit of their increments.
func (r *run) inner(ctx context.Context, integrate []bool) (*linear.Model, error) {
	if !slices.Contains(integrate, true) {
		return r.lin, nil
	}
	return linear.Fit(ctx, increments(r.set, integrate), linear.Options{Delay: r.o.Delay, MaxOrder: 4})
}

// startOf brings a linear model into scaled signals and modal form, nil where it has none: u = mid + half u',
// y = mean + std y'.
func startOf(l *linear.Model, s *deploy.Scaling) *model.Start {
	n, in, out := l.Order, l.Inputs, l.Outputs
	if n == 0 {
		return nil
	}
	b, c, d := make([]float64, n*in), make([]float64, out*n), make([]float64, out*in)
	rhs, eye := mat.NewVecDense(n, nil), mat.NewDense(n, n, nil)
	for i := range n {
		v := l.Bx[i]
		for j := range in {
			b[i*in+j] = l.B[i*in+j] * s.UHalf[j]
			v += l.B[i*in+j] * s.UMid[j]
		}
		rhs.SetVec(i, v)
		for j := range n {
			eye.Set(i, j, -l.A[i*n+j])
		}
		eye.Set(i, i, 1+eye.At(i, i))
	}
	var rest mat.VecDense // state at u' = 0
	if rest.SolveVec(eye, rhs) != nil {
		return nil
	}
	y0 := make([]float64, out)
	for i := range out {
		v := l.By[i] - s.YMean[i]
		for j := range n {
			c[i*n+j] = l.C[i*n+j] / s.YStd[i]
			v += l.C[i*n+j] * rest.AtVec(j)
		}
		for j := range in {
			d[i*in+j] = l.D[i*in+j] * s.UHalf[j] / s.YStd[i]
			v += l.D[i*in+j] * s.UMid[j]
		}
		y0[i] = v / s.YStd[i]
	}
	st, err := model.NewStart(n, in, out, l.A, b, c, d, startRadius)
	if err != nil {
		return nil
	}
	st.Y0 = y0
	return st
}

// startRadius limits the poles that a network begins with.
const startRadius = 0.999
