package lti

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func randn(r *rand.Rand, n, m int) *mat.Dense {
	d := mat.NewDense(n, m, nil)
	for i := range n {
		for j := range m {
			d.Set(i, j, r.NormFloat64())
		}
	}
	return d
}

func TestQuick(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 5, 10, 30, 60} {
		a, q := scale(1/math.Sqrt(float64(n)), randn(r, n, n)), randn(r, n, n)
		q = add(q, q.T())
		for _, f := range []func(a, q *mat.Dense) (*Solution, error){Lyap, DLyap} {
			s, err := f(a, q)
			if err != nil {
				t.Fatal(n, err)
			}
			t.Log(n, s.Residual, s.Relative, s.Cond)
		}
		b := randn(r, n, 2)
		qq := mul(q, q.T())
		for _, f := range []func(a, b, q, r, s *mat.Dense) (*Riccati, error){CARE, DARE} {
			s, err := f(a, b, qq, nil, nil)
			if err != nil {
				t.Fatal(n, err)
			}
			t.Log(n, s.Residual, s.Relative)
		}
	}
}
