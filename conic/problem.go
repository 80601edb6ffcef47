package conic

import (
	"errors"
	"fmt"
	"math"
)

// Cone is the set a block must lie in.
type Cone uint8

const (
	// PSD: symmetric positive semidefinite N x N matrices.
	PSD Cone = iota
	// Nonneg: vectors of N numbers that are not negative, the same as diagonal matrices in PSD.
	Nonneg
	// SecondOrder: vectors of N numbers whose first is at least the Euclidean norm of the others.
	SecondOrder
)

func (c Cone) String() string {
	switch c {
	case PSD:
		return "psd"
	case Nonneg:
		return "nonneg"
	case SecondOrder:
		return "second-order"
	}
	return fmt.Sprintf("Cone(%d)", uint8(c))
}

// Kind is how a matrix variable is made from scalar variables.
type Kind uint8

const (
	// Full: element (r, c) is x[First + r*Cols + c].
	Full Kind = iota
	// Symmetric: Rows = Cols = n; the upper triangle by rows, element (r, c) with r <= c is
	// x[First + r*n - r*(r-1)/2 + c - r].
	Symmetric
	// Diagonal: Rows = Cols; element (r, r) is x[First + r].
	Diagonal
	// Scalar: Rows = Cols; the identity times x[First].
	Scalar
)

// Variable is a matrix variable: Rows x Cols numbers made from the scalar variables from First on.
type Variable struct {
	Kind       Kind
	Rows, Cols int
	First      int
}

// Size returns how many scalar variables v consists of.
func (v Variable) Size() int {
	switch v.Kind {
	case Full:
		return v.Rows * v.Cols
	case Symmetric:
		return v.Rows * (v.Rows + 1) / 2
	case Diagonal:
		return v.Rows
	}
	return 1
}

// Index returns the scalar variable that element (r, c) of v is, and -1 where the element is zero.
func (v Variable) Index(r, c int) int {
	switch v.Kind {
	case Full:
		return v.First + r*v.Cols + c
	case Symmetric:
		if r > c {
			r, c = c, r
		}
		return v.First + r*v.Rows - r*(r-1)/2 + c - r
	case Diagonal:
		if r == c {
			return v.First + r
		}
		return -1
	}
	if r == c {
		return v.First
	}
	return -1
}

// Elem is an element of a constant matrix or vector: Row <= Col in a PSD block, where the mirrored element is implied, and
// Row = Col in the other cones. Elements at the same place add up.
type Elem struct {
	Row, Col int
	Val      float64
}

// Coef is an element of the coefficient of scalar variable Var, placed as in Elem.
type Coef struct {
	Var      int
	Row, Col int
	Val      float64
}

// Term adds to a PSD block of order N
//
//	Scale (L V R + R'V'L')
//
// where V is Problem.Vars[Var], column a of L (N x V.Rows) is row Left+a of the block's dictionary, and row b of R
// (V.Cols x N) is row Right+b of it. A term that is symmetric by itself, such as V, takes Scale 1/2.
type Term struct {
	Var         int
	Left, Right int
	Scale       float64
}

// Block is one constraint F(x) in Cone.
type Block struct {
	Cone     Cone
	N        int // order of the matrix, or length of the vector
	Constant []Elem
	Coefs    []Coef

	// Dict holds the vectors that Terms refer to: rows of N numbers, row-major. PSD blocks only.
	Dict  []float64
	Terms []Term
}

// Quad is an element of Q with Row <= Col; the mirrored element is implied. Elements at the same place add up.
type Quad struct {
	Row, Col int
	Val      float64
}

// Equality is one row of A x = b. Repeated variables add up.
type Equality struct {
	Vars []int
	Vals []float64
	RHS  float64
}

// Problem is the problem of the package comment. The number of variables is len(C).
type Problem struct {
	Name   string
	C      []float64
	Offset float64
	Quad   []Quad // Q, positive semidefinite
	Vars   []Variable
	Blocks []Block
	Eqs    []Equality
}

// ErrInvalid is wrapped by every error of Validate.
var ErrInvalid = errors.New("conic: invalid problem")

// MaxOrder bounds the orders of blocks and the number of variables that are accepted: beyond it the dense matrices of any
// solver here would not fit in memory, and products of indices stay far from overflow.
const MaxOrder = 1 << 20

// Validate reports the first index out of range, number that is not finite or shape that does not fit.
func (p *Problem) Validate() error {
	m := len(p.C)
	if m > MaxOrder {
		return fmt.Errorf("%w: %d variables, at most %d are accepted", ErrInvalid, m, MaxOrder)
	}
	if !finite(p.C...) || !finite(p.Offset) {
		return fmt.Errorf("%w: the objective has a coefficient that is not finite", ErrInvalid)
	}
	for _, q := range p.Quad {
		if q.Row < 0 || q.Col < q.Row || q.Col >= m || !finite(q.Val) {
			return fmt.Errorf("%w: quadratic element (%d, %d) = %v: expected 0 <= row <= column < %d and a finite value", ErrInvalid, q.Row, q.Col, q.Val, m)
		}
	}
	for i, v := range p.Vars {
		if v.Kind > Scalar || v.Rows < 1 || v.Cols < 1 || v.Rows > MaxOrder || v.Cols > MaxOrder || v.First < 0 || v.First+v.Size() > m {
			return fmt.Errorf("%w: matrix variable %d (%d x %d from %d on) does not fit into %d variables", ErrInvalid, i, v.Rows, v.Cols, v.First, m)
		}
		if v.Kind != Full && v.Rows != v.Cols {
			return fmt.Errorf("%w: matrix variable %d is %d x %d, expected it square", ErrInvalid, i, v.Rows, v.Cols)
		}
	}
	for k := range p.Blocks {
		if err := p.Blocks[k].validate(m, p.Vars); err != nil {
			return fmt.Errorf("%w: block %d: %w", ErrInvalid, k, err)
		}
	}
	for j, e := range p.Eqs {
		if len(e.Vars) != len(e.Vals) || !finite(e.Vals...) || !finite(e.RHS) {
			return fmt.Errorf("%w: equality %d has %d variables and %d values: expected as many, all finite", ErrInvalid, j, len(e.Vars), len(e.Vals))
		}
		for _, i := range e.Vars {
			if i < 0 || i >= m {
				return fmt.Errorf("%w: equality %d names variable %d of %d", ErrInvalid, j, i, m)
			}
		}
	}
	return nil
}

func (b *Block) validate(m int, vars []Variable) error {
	if b.Cone > SecondOrder || b.N < 1 || b.N > MaxOrder {
		return fmt.Errorf("cone %v of order %d: expected a known cone and an order from 1 to %d", b.Cone, b.N, MaxOrder)
	}
	at := func(r, c int, v float64) error {
		if r < 0 || c < r || c >= b.N || !finite(v) || b.Cone != PSD && r != c {
			return fmt.Errorf("element (%d, %d) = %v of a %v block of order %d: expected 0 <= row <= column (equal outside psd) below the order and a finite value", r, c, v, b.Cone, b.N)
		}
		return nil
	}
	for _, e := range b.Constant {
		if err := at(e.Row, e.Col, e.Val); err != nil {
			return err
		}
	}
	for _, e := range b.Coefs {
		if e.Var < 0 || e.Var >= m {
			return fmt.Errorf("a coefficient names variable %d of %d", e.Var, m)
		}
		if err := at(e.Row, e.Col, e.Val); err != nil {
			return err
		}
	}
	if len(b.Terms) == 0 && len(b.Dict) == 0 {
		return nil
	}
	if b.Cone != PSD {
		return fmt.Errorf("terms in a %v block: expected them in psd blocks only", b.Cone)
	}
	if len(b.Dict)%b.N != 0 || !finite(b.Dict...) {
		return fmt.Errorf("a dictionary of %d numbers: expected a multiple of the order %d, all finite", len(b.Dict), b.N)
	}
	r := len(b.Dict) / b.N
	for i, t := range b.Terms {
		if t.Var < 0 || t.Var >= len(vars) || !finite(t.Scale) {
			return fmt.Errorf("term %d names matrix variable %d of %d with scale %v", i, t.Var, len(vars), t.Scale)
		}
		v := vars[t.Var]
		if t.Left < 0 || t.Right < 0 || t.Left > r-v.Rows || t.Right > r-v.Cols {
			return fmt.Errorf("term %d takes %d vectors from %d and %d from %d on of a dictionary of %d", i, v.Rows, t.Left, v.Cols, t.Right, r)
		}
	}
	return nil
}

// Len returns how many numbers an element of the block's space takes: N*N for PSD, else N.
func (b *Block) Len() int {
	if b.Cone == PSD {
		return b.N * b.N
	}
	return b.N
}

func finite(v ...float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
