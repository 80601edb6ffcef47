package lti

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// ratMatrix is a matrix of exact rationals: the loop and its inequality are formed here from the definition in
// docs/system-bundle.md, without rounding and without the package.
type ratMatrix [][]*big.Rat

func ratZero(r, c int) ratMatrix {
	m := make(ratMatrix, r)
	for i := range m {
		for range c {
			m[i] = append(m[i], new(big.Rat))
		}
	}
	return m
}

// set puts f times a gonum matrix, which may be empty, at (i, j).
func (m ratMatrix) set(i, j int, f float64, a *mat.Dense) {
	r, c := a.Dims()
	for k := range r {
		for l := range c {
			m[i+k][j+l].SetFloat64(f * a.At(k, l))
		}
	}
}

func (m ratMatrix) times(o ratMatrix) ratMatrix {
	out := ratZero(len(m), len(o[0]))
	for i := range m {
		for k := range o {
			if m[i][k].Sign() == 0 {
				continue
			}
			for j := range o[0] {
				out[i][j].Add(out[i][j], new(big.Rat).Mul(m[i][k], o[k][j]))
			}
		}
	}
	return out
}

func (m ratMatrix) transpose() ratMatrix {
	out := ratZero(len(m[0]), len(m))
	for i := range m {
		for j := range m[0] {
			out[j][i] = m[i][j]
		}
	}
	return out
}

// solveFor returns m^-1 b.
func (m ratMatrix) solveFor(b ratMatrix) ratMatrix {
	n := len(m)
	for k := range n {
		p := k
		for m[p][k].Sign() == 0 {
			p++
		}
		m[k], m[p], b[k], b[p] = m[p], m[k], b[p], b[k]
		for i := range n {
			if i == k || m[i][k].Sign() == 0 {
				continue
			}
			f := new(big.Rat).Quo(m[i][k], m[k][k])
			for j := range n {
				m[i][j] = new(big.Rat).Sub(m[i][j], new(big.Rat).Mul(f, m[k][j]))
			}
			for j := range b[i] {
				b[i][j] = new(big.Rat).Sub(b[i][j], new(big.Rat).Mul(f, b[k][j]))
			}
		}
	}
	for i := range n {
		for j := range b[i] {
			b[i][j] = new(big.Rat).Quo(b[i][j], m[i][i])
		}
	}
	return b
}

// positive says whether a symmetric matrix is positive definite, by elimination.
func (m ratMatrix) positive() bool {
	n := len(m)
	for k := range n {
		if m[k][k].Sign() <= 0 {
			return false
		}
		for i := k + 1; i < n; i++ {
			f := new(big.Rat).Quo(m[i][k], m[k][k])
			for j := k + 1; j < n; j++ {
				m[i][j] = new(big.Rat).Sub(m[i][j], new(big.Rat).Mul(f, m[k][j]))
			}
		}
	}
	return true
}

// proves decides the conditions of MarginWitness exactly.
func proves(l Loop, w *MarginWitness) bool {
	np, m, p := l.P.Dims()
	nk, _, _ := l.K.Dims()
	n, s := np+nk, l.sign()
	a, b, c, d := ratZero(n, n), ratZero(n, m+p), ratZero(m+p, n), ratZero(m+p, m+p)
	a.set(0, 0, 1, l.P.A)
	a.set(np, np, 1, l.K.A)
	b.set(0, 0, 1, l.P.B)
	b.set(np, m, 1, l.K.B)
	c.set(0, np, s, l.K.C)
	c.set(m, 0, 1, l.P.C)
	d.set(0, m, s, l.K.D)
	d.set(m, 0, 1, l.P.D)
	// r = (I - D)^-1 (C x + D w)
	e, rhs := ratZero(m+p, m+p), ratZero(m+p, n+m+p)
	for i := range m + p {
		for j := range m + p {
			e[i][j].Neg(d[i][j])
			rhs[i][n+j].Set(d[i][j])
		}
		e[i][i].Add(e[i][i], big.NewRat(1, 1))
		for j := range n {
			rhs[i][j].Set(c[i][j])
		}
	}
	r := e.solveFor(rhs)
	// x' = A x + B (r + w)
	dx := b.times(r)
	for i := range n {
		for j := range n {
			dx[i][j].Add(dx[i][j], a[i][j])
		}
		for j := range m + p {
			dx[i][n+j].Add(dx[i][n+j], b[i][j])
		}
	}
	from, to := 0, m+p
	switch w.Break {
	case AtInput:
		to = m
	case AtOutput:
		from = m
	}
	k := to - from
	feed := new(big.Rat).SetFloat64(1 + w.Skew)
	feed.Quo(feed, big.NewRat(2, 1))
	ab, cd := ratZero(n, n+k), ratZero(k, n+k)
	for i := range n {
		copy(ab[i], dx[i][:n])
		copy(ab[i][n:], dx[i][n+from:n+to])
	}
	for i := range k {
		copy(cd[i], r[from+i][:n])
		for j := range k {
			cd[i][n+j].Set(r[from+i][n+from+j])
		}
		cd[i][n+i].Add(cd[i][n+i], feed)
	}
	lambda := ratZero(k, k)
	alpha := new(big.Rat).SetFloat64(w.Alpha)
	for i := range k {
		lambda[i][i].SetFloat64(w.Lambda[i])
		if lambda[i][i].Sign() <= 0 {
			return false
		}
		lambda[i][i].Mul(lambda[i][i], new(big.Rat).Mul(alpha, alpha))
	}
	f := cd.transpose().times(lambda.times(cd)) // alpha^2 [C D]' L [C D]
	pm := ratZero(n, n)
	pm.set(0, 0, 1, w.P)
	if l.P.Discrete() {
		q := ab.transpose().times(pm.times(ab))
		for i := range q {
			for j := range q {
				f[i][j].Add(f[i][j], q[i][j])
			}
		}
		for i := range n {
			for j := range n {
				f[i][j].Sub(f[i][j], pm[i][j])
			}
		}
	} else {
		q := pm.times(ab) // P [A B]
		for i := range n {
			for j := range n + k {
				f[i][j].Add(f[i][j], q[i][j])
				f[j][i].Add(f[j][i], q[i][j])
			}
		}
	}
	for i := range k {
		f[n+i][n+i].Sub(f[n+i][n+i], new(big.Rat).SetFloat64(w.Lambda[i]))
	}
	for i := range f {
		for j := range f {
			f[i][j].Neg(f[i][j])
		}
	}
	return pm.positive() && f.positive()
}

// TestWitnessIsExact: the inequality holds without rounding, continuous and discrete, with feedthrough, in ill-chosen units;
// a larger alpha, another sign of the feedback or a changed entry is refused.
func TestWitnessIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 13))
	sampled := companion([]float64{2}, []float64{1, 3, 2, 0}, 0)
	step, integral := flow(sampled.A, 0.05)
	loops := []Loop{
		{P: narrowLoop(1e-3), K: unity(0)},
		satellite(1, -2, 0, 1),
		{P: must(NewSS(step, mul(integral, sampled.B), sampled.C, nil, 0.05)), K: unity(0.05)},
		randomLoop(r, 3, 2, 2, 1),
	}
	units := narrowLoop(1e-2).Copy()
	for i, f := range []float64{1e6, 1e-4, 1e2} {
		for j := range 3 {
			units.A.Set(i, j, units.A.At(i, j)*f)
		}
		for j := range 3 {
			units.A.Set(j, i, units.A.At(j, i)/f)
		}
		units.B.Set(i, 0, units.B.At(i, 0)*f)
		units.C.Set(0, i, units.C.At(0, i)/f)
	}
	loops = append(loops, Loop{P: units, K: unity(0)})
	for i, l := range loops {
		for _, at := range []Break{AtInput, AtOutput, AtBoth} {
			skew := float64(i%3-1) / 2
			d := must(DiskMargin(l, at, skew))
			w, err := l.Witness(at, skew, d.Constant*(1-1e-5))
			if err != nil {
				t.Errorf("loop %d, %s: %v", i, at, err)
				continue
			}
			if !proves(l, w) {
				t.Errorf("loop %d, %s: the witness does not prove alpha %g, slack %g", i, at, w.Alpha, w.Slack)
			}
			over := *w
			over.Alpha = d.Upper * (1 + 1e-5)
			other := l
			other.Positive = !l.Positive
			bent := *w
			bent.P = mat.DenseCopyOf(w.P)
			bent.P.Set(0, 0, bent.P.At(0, 0)*0.5)
			for what, refused := range map[string]bool{"more than the margin": !proves(l, &over), "the other feedback": !proves(other, w), "a changed P": !proves(l, &bent)} {
				if !refused {
					t.Errorf("loop %d, %s: %s is proved", i, at, what)
				}
			}
		}
	}
}
