package lti

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// eps is the spacing of float64 at 1.
const eps = 0x1p-52

// mul is the product of two matrices that are not empty.
func mul(a, b mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Mul(a, b)
	return &out
}

// mul3 is a b c.
func mul3(a, b, c mat.Matrix) *mat.Dense { return mul(mul(a, b), c) }

func add(a, b mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Add(a, b)
	return &out
}

func sub(a, b mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Sub(a, b)
	return &out
}

func scale(f float64, a mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Scale(f, a)
	return &out
}

// transposed is a copy of the transpose.
func transposed(a *mat.Dense) *mat.Dense {
	if a.IsEmpty() {
		return &mat.Dense{}
	}
	return mat.DenseCopyOf(a.T())
}

func identity(n int) *mat.Dense {
	out := mat.NewDense(n, n, nil)
	for i := range n {
		out.Set(i, i, 1)
	}
	return out
}

// part copies rows i0..i1-1 and columns j0..j1-1; an empty range gives the empty matrix.
func part(a *mat.Dense, i0, i1, j0, j1 int) *mat.Dense {
	if i0 >= i1 || j0 >= j1 {
		return &mat.Dense{}
	}
	return mat.DenseCopyOf(a.Slice(i0, i1, j0, j1))
}

// put writes f*a into dst with its first element at (i, j); an empty a is skipped.
func put(dst *mat.Dense, i, j int, f float64, a *mat.Dense) {
	r, c := a.Dims()
	for k := range r {
		for l := range c {
			dst.Set(i+k, j+l, f*a.At(k, l))
		}
	}
}

// frob is the Frobenius norm, 0 of an empty matrix.
func frob(a *mat.Dense) float64 {
	if a.IsEmpty() {
		return 0
	}
	return mat.Norm(a, 2)
}

// largest is the largest modulus of an element.
func largest(a *mat.Dense) float64 {
	var m float64
	r, c := a.Dims()
	for i := range r {
		for j := range c {
			m = max(m, math.Abs(a.At(i, j)))
		}
	}
	return m
}

// symmetrise replaces a by its symmetric part.
func symmetrise(a *mat.Dense) {
	n, _ := a.Dims()
	for i := range n {
		for j := range i {
			m := 0.5*a.At(i, j) + 0.5*a.At(j, i)
			a.Set(i, j, m)
			a.Set(j, i, m)
		}
	}
}

// AsymmetryError says that a matrix that must be symmetric is not, and by how much.
type AsymmetryError struct {
	Name     string
	Row, Col int     // of the worst pair, from 1
	Relative float64 // |M(i,j) - M(j,i)| over the largest modulus of an element
}

func (e *AsymmetryError) Error() string {
	return fmt.Sprintf("lti: %s is not symmetric: elements (%d, %d) and (%d, %d) differ by %.2g of the largest element, expected at most %.2g; symmetrise it as (%s + %s')/2 if that is meant",
		e.Name, e.Row, e.Col, e.Col, e.Row, e.Relative, symTol, e.Name, e.Name)
}

// symTol is the asymmetry, relative to the largest element of the matrix, up to which a matrix counts as symmetric and
// is replaced by its symmetric part: products such as C'QC in floating point stay far below it at any scale, a typing
// error far above. The test is relative, so that units do not change its answer.
const symTol = 1e-10

// symmetric returns the symmetric part of an n x n matrix, or why it is not one.
func symmetric(name string, a *mat.Dense, n int) (*mat.Dense, error) {
	if err := shape(name, a, n, n); err != nil {
		return nil, err
	}
	top := largest(a)
	e := &AsymmetryError{Name: name}
	for i := range n {
		for j := range i {
			if d := math.Abs(a.At(i, j)-a.At(j, i)) / top; d > e.Relative {
				e.Row, e.Col, e.Relative = i+1, j+1, d
			}
		}
	}
	if e.Relative > symTol {
		return nil, e
	}
	s := mat.DenseCopyOf(a)
	symmetrise(s)
	return s, nil
}

// shape requires a finite r x c matrix.
func shape(name string, a *mat.Dense, r, c int) error {
	if a == nil {
		return fmt.Errorf("%w: %s is nil, expected %d x %d", ErrShape, name, r, c)
	}
	if i, j := a.Dims(); i != r || j != c {
		return fmt.Errorf("%w: %s is %d x %d, expected %d x %d", ErrShape, name, i, j, r, c)
	}
	return checkFinite(name, a)
}

// square requires a finite square matrix with at least one row and returns its size.
func square(name string, a *mat.Dense) (int, error) {
	if a == nil || a.IsEmpty() {
		return 0, fmt.Errorf("%w: %s is empty, expected a square matrix", ErrShape, name)
	}
	n, _ := a.Dims()
	return n, shape(name, a, n, n)
}

// solve returns X with A X = B. ErrSingular when A is singular to working precision.
func solve(a, b *mat.Dense) (*mat.Dense, error) {
	var lu mat.LU
	lu.Factorize(a)
	return solveLU(&lu, b, false)
}

// solveLU also takes the transposed system. The pivots decide: the condition number of a badly scaled matrix that LU
// solves well says nothing.
func solveLU(lu *mat.LU, b *mat.Dense, trans bool) (*mat.Dense, error) {
	if c := lu.Cond(); math.IsInf(c, 1) || math.IsNaN(c) {
		return nil, ErrSingular
	}
	var x mat.Dense
	err := lu.SolveTo(&x, trans, b)
	if _, poor := err.(mat.Condition); err != nil && !poor || !finite(&x) {
		return nil, ErrSingular
	}
	return &x, nil
}

// unitDiagonal scales rows and columns of a symmetric matrix so that positive diagonal entries become one.
func unitDiagonal(w *mat.Dense) *mat.Dense {
	n, _ := w.Dims()
	d := make([]float64, n)
	for i := range n {
		if d[i] = 1; w.At(i, i) > 0 {
			d[i] = 1 / math.Sqrt(w.At(i, i))
		}
	}
	out := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			out.Set(i, j, w.At(i, j)*d[i]*d[j])
		}
	}
	return out
}
