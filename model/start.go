package model

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Start is a linear model x+ = A x + B u, y = C x + D u in scaled signals and real modal coordinates: A is block
// diagonal with 1x1 and [re im; -im re] blocks, so its spectral norm is its spectral radius, and each block is scaled so
// that it is as well driven as observed. A network that starts from it begins where linear identification ends.
type Start struct {
	N, In, Out int
	A, B, C, D []float64 // row-major N x N, N x In, Out x N, Out x In
	Y0         []float64 // output offset: y = C x + D u + Y0, one per output
}

// Starter is a Network that can begin as a given linear model instead of a random one near its poles.
type Starter interface {
	Network
	InitLinear(r *rand.Rand, s *Start, theta []float64) error
}

// Extended returns the start's A (n x n) with the surplus states' modes drawn around the known ones, and B (n x In) and
// C (Out x n) with zeros in C's and small numbers in B's surplus.
func (s *Start) Extended(r *rand.Rand, n int, modes []complex128, rMax float64) (a, b, c []float64, err error) {
	if n < s.N {
		return nil, nil, nil, fmt.Errorf("model: %d states cannot begin as a linear model with %d", n, s.N)
	}
	a, b, c = make([]float64, n*n), make([]float64, n*s.In), make([]float64, s.Out*n)
	for i := range s.N {
		copy(a[i*n:], s.A[i*s.N:(i+1)*s.N])
		copy(b[i*s.In:], s.B[i*s.In:(i+1)*s.In])
	}
	for i := range s.Out {
		copy(c[i*n:], s.C[i*s.N:(i+1)*s.N])
	}
	if k := n - s.N; k > 0 {
		known := upper(modes, rMax)
		extra := Modal(r, k, nil, rMax)
		if len(known) > 0 {
			var drawn []complex128
			for range k {
				drawn = append(drawn, draw(r, known, rMax))
			}
			extra = Modal(r, k, drawn, rMax)
		}
		for i := range k {
			copy(a[(s.N+i)*n+s.N:(s.N+i)*n+n], extra[i*k:(i+1)*k])
			for j := range s.In {
				b[(s.N+i)*s.In+j] = 0.3 * math.Sqrt(1-rMax*rMax) * r.NormFloat64()
			}
		}
	}
	return a, b, c, nil
}

// Modes lists the eigenvalues of the modal A.
func (s *Start) Modes() []complex128 {
	var out []complex128
	for i := range s.N {
		im := 0.0
		if i+1 < s.N {
			im = s.A[i*s.N+i+1]
		}
		if i > 0 && im == 0 {
			im = s.A[i*s.N+i-1]
		}
		out = append(out, complex(s.A[i*s.N+i], im))
	}
	return out
}

// ErrDefective says that a matrix has no well-conditioned basis of eigenvectors.
var ErrDefective = errors.New("model: the linear model has no well-conditioned modal form")

// worstBasis bounds the condition number of the basis of eigenvectors.
const worstBasis = 1e8

// NewStart brings a linear model into modal form; moduli above rMax are pulled back to it.
func NewStart(n, in, out int, a, b, c, d []float64, rMax float64) (*Start, error) {
	var eig mat.Eigen
	if !eig.Factorize(mat.NewDense(n, n, append([]float64(nil), a...)), mat.EigenRight) {
		return nil, ErrDefective
	}
	values := eig.Values(nil)
	var vectors mat.CDense
	eig.VectorsTo(&vectors)
	s := &Start{N: n, In: in, Out: out, A: make([]float64, n*n), D: append([]float64(nil), d...)}
	t := mat.NewDense(n, n, nil)
	for i := 0; i < n; {
		v := values[i]
		if r := cmplx.Abs(v); r > rMax {
			v *= complex(rMax/r, 0)
		}
		s.A[i*n+i] = real(v)
		for k := range n {
			t.Set(k, i, real(vectors.At(k, i)))
		}
		if imag(v) == 0 {
			i++
			continue
		}
		if i+1 >= n {
			return nil, ErrDefective
		}
		for k := range n {
			t.Set(k, i+1, imag(vectors.At(k, i)))
		}
		s.A[i*n+i+1], s.A[(i+1)*n+i], s.A[(i+1)*n+i+1] = imag(v), -imag(v), real(v)
		i += 2
	}
	if c := mat.Cond(t, 2); !(c < worstBasis) {
		return nil, ErrDefective
	}
	var bm, cm mat.Dense
	if err := bm.Solve(t, mat.NewDense(n, in, append([]float64(nil), b...))); err != nil {
		return nil, ErrDefective
	}
	cm.Mul(mat.NewDense(out, n, append([]float64(nil), c...)), t)
	for i := 0; i < n; {
		k := 1
		if i+1 < n && s.A[i*n+i+1] != 0 {
			k = 2
		}
		var nb float64
		for j := i; j < i+k; j++ {
			for l := range in {
				nb += bm.At(j, l) * bm.At(j, l)
			}
		}
		// state of variance about one under white input: |B| about sqrt(1-r^2)
		r := math.Hypot(s.A[i*n+i], s.A[i*n+min(i+1, n-1)]*float64(k-1))
		f := 1.0
		if nb > 0 {
			f = math.Sqrt(max(1-r*r, 1e-6)) / math.Sqrt(nb)
		}
		for j := i; j < i+k; j++ {
			for l := range in {
				bm.Set(j, l, f*bm.At(j, l))
			}
			for l := range out {
				cm.Set(l, j, cm.At(l, j)/f)
			}
		}
		i += k
	}
	s.B, s.C = make([]float64, n*in), make([]float64, out*n)
	for i := range n {
		for j := range in {
			s.B[i*in+j] = bm.At(i, j)
		}
		for j := range out {
			s.C[j*n+i] = cm.At(j, i)
		}
	}
	return s, nil
}

// At is the steady output under the constant input u, without the direct term D u: C inv(I-A) B u + Y0.
func (s *Start) At(u []float64) []float64 {
	m, b := mat.NewDense(s.N, s.N, nil), mat.NewVecDense(s.N, nil)
	for i := range s.N {
		for j := range s.N {
			m.Set(i, j, -s.A[i*s.N+j])
		}
		m.Set(i, i, 1+m.At(i, i))
		for j, v := range u {
			b.SetVec(i, b.AtVec(i)+s.B[i*s.In+j]*v)
		}
	}
	y := append([]float64(nil), s.Y0...)
	var x mat.VecDense
	if x.SolveVec(m, b) != nil {
		return y // an integrator has no steady state
	}
	for i := range y {
		for j := range s.N {
			y[i] += s.C[i*s.N+j] * x.AtVec(j)
		}
	}
	return y
}
