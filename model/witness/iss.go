package witness

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// MaxVertices is the largest number of gated channels for which the input gain is the exact maximum over the vertices
// of the gate's cube; beyond it a multiplier bound is used.
const MaxVertices = 12

// ISS holds the multipliers of the input-to-state claim of a gated network; see docs/bundle.md.
type ISS struct {
	G2, Kappa2, D2 float64
	T, Ty, Td      []float64 // T nil: vertices
}

// ISS returns the gain numbers of a gated network for the metric M.
func (s *Lure) ISS(m []float64) (*ISS, error) {
	metric := sym(dense(s.N, s.N, m))
	b1, b2 := dense(s.N, s.Q, s.B1), dense(s.N, s.In, s.B2)
	d12 := dense(s.Q, s.In, s.D12)
	w := &ISS{}
	if s.Q <= MaxVertices {
		w.G2 = s.vertices(metric)
	} else {
		w.G2, w.T = multiplier(metric, b2, b1, d12, eye(s.In))
	}
	cw, cx, c1, d22 := dense(s.Out, s.Q, s.Cw), dense(s.Out, s.N, s.Cx), dense(s.Q, s.N, s.C1), dense(s.Out, s.In, s.D22)
	one := eye(s.Out)
	w.Kappa2, w.Ty = multiplier(one, cx, cw, c1, metric)
	w.D2, w.Td = multiplier(one, d22, cw, d12, eye(s.In))
	if math.IsInf(w.G2+w.Kappa2+w.D2, 1) {
		return nil, ErrNone
	}
	return w, nil
}

// vertices is the maximum over delta in {-1,1}^q of lambda_max(N'MN), N = B2 + B1 diag(delta) D12. delta and -delta
// differ, so all 2^q vertices are visited.
func (s *Lure) vertices(metric *mat.SymDense) float64 {
	var best float64
	n := mat.NewDense(s.N, s.In, nil)
	for v := range 1 << s.Q {
		for i := range s.N {
			for j := range s.In {
				x := s.B2[i*s.In+j]
				for l := range s.Q {
					d := s.B1[i*s.Q+l] * s.D12[l*s.In+j]
					if v>>l&1 == 1 {
						d = -d
					}
					x += d
				}
				n.Set(i, j, x)
			}
		}
		best = max(best, largest(product(n.T(), metric, n), eye(s.In)))
	}
	return best
}

// multiplier returns a small g2 and a diagonal T > 0 with diag(g2 R - D'TD, T) - [B E]' M [B E] > 0, so that
// |(B + E diag(delta) D) x|_M^2 <= g2 x'Rx for every |delta_i| <= 1. T starts from the row sums of |E'ME| and is
// improved by scaling it as a whole.
func multiplier(metric mat.Symmetric, b, e, d *mat.Dense, r mat.Symmetric) (g2 float64, t []float64) {
	eme := product(e.T(), metric, e)
	q, _ := eme.Dims()
	base := make([]float64, q)
	var top float64
	for i := range q {
		for j := range q {
			base[i] += math.Abs(eme.At(i, j))
		}
		top = max(top, base[i])
	}
	for i := range base {
		base[i] += 1e-6*top + 1e-12
	}
	bmb, emb := product(b.T(), metric, b), product(e.T(), metric, b)
	dtd := product(d.T(), diag(base), d)
	at := func(s float64) float64 {
		var k, p mat.Dense
		k.Scale(s, diag(base))
		k.Sub(&k, eme)
		p.Scale(s, dtd)
		p.Add(&p, bmb)
		sum := schur(&p, &k, emb)
		if sum == nil {
			return math.Inf(1)
		}
		return largest(sum, r)
	}
	s, g2 := golden(at, -2, 4)
	for i := range base {
		base[i] *= s
	}
	return g2, base
}

func eye(n int) *mat.SymDense {
	s := mat.NewSymDense(n, nil)
	for i := range n {
		s.SetSym(i, i, 1)
	}
	return s
}

// Bounded holds the witness of the boundedness claim of a Lur'e network.
type Bounded struct {
	Rate   float64
	M, T   []float64 // n x n and q+m+1
	Kappa2 []float64 // per output
}

// Bounded chooses the metric, among the solutions of A'MA/r^2 + Cx'Cx + eps I = M for rates r between the spectral
// radius of A and 1, whose explicit output ball is smallest.
func (s *Lure) Bounded() (*Bounded, error) {
	a := dense(s.N, s.N, s.A)
	radius := spectralRadius(a)
	if !(radius < 1) {
		return nil, ErrNone
	}
	f := mat.NewDense(s.N, s.Q+s.In+1, nil)
	for i := range s.N {
		for j := range s.Q {
			f.Set(i, j, s.B1[i*s.Q+j])
		}
		for j := range s.In {
			f.Set(i, s.Q+j, s.B2[i*s.In+j])
		}
		f.Set(i, s.Q+s.In, s.Bx[i])
	}
	cx := dense(s.Out, s.N, s.Cx)
	var best *Bounded
	least := math.Inf(1)
	for _, share := range []float64{0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9} {
		r := radius + share*(1-radius)
		q := product(cx.T(), cx)
		scale := mat.Trace(q)/float64(s.N) + 1e-300
		for i := range s.N {
			q.Set(i, i, q.At(i, i)+1e-3*scale)
		}
		metric := lyapunov(a, q, r)
		if metric == nil {
			continue
		}
		w := &Bounded{M: flat(metric)}
		k := product(f.T(), metric, f)
		w.T = make([]float64, s.Q+s.In+1)
		var sum, ball float64
		for i := range w.T {
			sum += math.Sqrt(max(k.At(i, i), 0))
		}
		for i := range w.T { // x'Kx <= (sum a_i |x_i|)^2 <= (sum a) sum a_i x_i^2, a_i = sqrt(K_ii)
			w.T[i] = math.Sqrt(max(k.At(i, i), 0))*sum*(1+1e-9) + 1e-12*sum*sum
		}
		w.Rate = math.Sqrt(largest(product(a.T(), metric, a), metric))
		if !(w.Rate < 1) {
			continue
		}
		for i := range s.Out {
			row := mat.NewDense(1, s.N, s.Cx[i*s.N:(i+1)*s.N])
			w.Kappa2 = append(w.Kappa2, largest(product(row.T(), row), metric))
			ball = max(ball, math.Sqrt(w.Kappa2[i])*sum/(1-w.Rate))
		}
		if ball < least {
			best, least = w, ball
		}
	}
	if best == nil {
		return nil, ErrNone
	}
	return best, nil
}

func flat(m mat.Symmetric) []float64 {
	n := m.SymmetricDim()
	out := make([]float64, n*n)
	for i := range n {
		for j := range n {
			out[i*n+j] = m.At(i, j)
		}
	}
	return out
}

func spectralRadius(a *mat.Dense) float64 {
	var eig mat.Eigen
	if !eig.Factorize(a, mat.EigenNone) {
		return math.Inf(1)
	}
	var r float64
	for _, v := range eig.Values(nil) {
		r = max(r, math.Hypot(real(v), imag(v)))
	}
	return r
}

// lyapunov solves A'MA/r^2 + Q = M by doubling, M = sum over k of (A'/r)^k Q (A/r)^k.
func lyapunov(a *mat.Dense, q *mat.Dense, r float64) *mat.SymDense {
	var ak mat.Dense
	ak.Scale(1/r, a)
	m := product(q)
	for range 60 {
		next := product(ak.T(), m, &ak)
		size := mat.Max(next)
		m.Add(m, next)
		ak = *product(&ak, &ak)
		if math.IsNaN(size) || math.IsInf(size, 0) {
			return nil
		}
		if mat.Norm(next, 2) <= 1e-17*mat.Norm(m, 2) {
			break
		}
	}
	return sym(m)
}
