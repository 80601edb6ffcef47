package ipm

import (
	"context"
	"errors"
	"fmt"

	"github.com/plumb-go/plumb/conic"
)

// Solver is the interior-point method as a conic.Solver. The zero value is ready to use.
type Solver struct{}

var _ conic.Solver = Solver{}

// Solve compiles p and solves it.
func (Solver) Solve(ctx context.Context, p *conic.Problem, o conic.Options) (*conic.Solution, error) {
	c, err := Compile(p)
	if err != nil {
		return nil, err
	}
	var s conic.Solution
	err = c.Solve(ctx, &s, o)
	return &s, err
}

// Compiled is a problem with its structure analysed and its workspace allocated. It refers to the problem it was made
// from: numbers of that problem may change between solves, the places of coefficients, orders and counts may not. It is
// not safe for concurrent use.
type Compiled struct {
	p       *conic.Problem
	m, ld   int
	cones   []cone
	degree  int
	hasQuad bool
	qdiag   []float64 // diagonal of Q, when it has no other elements
	sys     system
	blocks  []*conic.Block // the problem's, or with terms multiplied out
	flat    []snapshotTerms
	removed bool // rows were left out
	nested  bool // solves a problem of phase one
	eq      equalities

	c, x, dx, g, rd, qx, weight []float64
	nu, dnu, rb                 []float64
	best                        best
	maxC, maxF, maxB, maxCoef   float64
}

// ErrTooLarge tells that the dense matrices of a problem would exceed MaxBytes.
var ErrTooLarge = errors.New("ipm: problem too large for dense matrices")

// MaxBytes bounds the workspace of a compiled problem.
const MaxBytes = 8 << 30

// Compile validates p and analyses its structure.
func Compile(p *conic.Problem) (*Compiled, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("ipm: %w", err)
	}
	if len(p.C) == 0 {
		return nil, fmt.Errorf("ipm: %w: no variables", conic.ErrInvalid)
	}
	s := &Compiled{p: p, m: len(p.C)}
	if err := s.sizeCheck(); err != nil {
		return nil, err
	}
	s.build()
	return s, nil
}

// sizeCheck estimates the workspace: two matrices of m x m and some twenty per block.
func (s *Compiled) sizeCheck() error {
	const perBlock = 22
	words := 2 * float64(s.m) * float64(s.m)
	for k := range s.p.Blocks {
		words += perBlock * float64(s.p.Blocks[k].Len())
	}
	words += 2 * float64(len(s.p.Eqs)) * float64(s.m)
	if 8*words > MaxBytes {
		return fmt.Errorf("%w: about %.1f GB, at most %.1f GB are accepted", ErrTooLarge, 8*words/1e9, float64(MaxBytes)/1e9)
	}
	return nil
}

func (s *Compiled) build() {
	p, m := s.p, s.m
	s.ld = stride(m)
	s.readQuad()
	dual := s.wantsDual()
	s.blocks = make([]*conic.Block, len(p.Blocks))
	s.flat = nil
	for k := range p.Blocks {
		s.blocks[k] = &p.Blocks[k]
		if dual && len(p.Blocks[k].Terms) > 0 {
			s.blocks[k] = s.multiplied(k)
		}
	}
	s.cones = nil
	s.degree = 0
	s.removed = false
	for k := range p.Blocks {
		if c := s.newCone(k); c != nil {
			s.cones = append(s.cones, c)
			s.degree += c.degree()
		}
	}
	buf := make([]float64, 7*m)
	part := func() []float64 { v := buf[:m:m]; buf = buf[m:]; return v }
	s.c, s.x, s.dx, s.g, s.rd, s.qx, s.weight = part(), part(), part(), part(), part(), part(), part()
	e := len(p.Eqs)
	s.nu, s.dnu, s.rb = make([]float64, e), make([]float64, e), make([]float64, e)
	s.eq = newEqualities(e, m)
	s.sys = newPrimalOrDual(s, dual)
	s.best = newBest(s)
}

// stride is at least n, even in quadruples, and no multiple of the page size, which would make rows compete for the cache.
func stride(n int) int {
	ld := (n + 3) &^ 3
	if ld%64 == 0 {
		ld += 4
	}
	return ld
}

// newCone builds the cone of block k, without rows that are empty. Without any row left it returns nil.
func (s *Compiled) newCone(k int) cone {
	b := s.blocks[k]
	nums := numbers{b, s.p.Vars}
	if b.Cone == conic.SecondOrder {
		return newSOC(k, b.N, b.N, nums)
	}
	rows, n := keptRows(b)
	if n == 0 {
		return nil
	}
	if rows != nil {
		s.removed = true
	}
	if b.Cone == conic.Nonneg {
		c := &nonneg{newVector(k, n, b.N, rows, nums)}
		return c
	}
	place := rows
	if place == nil {
		place = make([]int, n)
		for i := range place {
			place[i] = i
		}
	}
	var f coefficients
	if len(b.Terms) > 0 {
		f = newTerms(n, nums, place, s.m)
	} else {
		f = newSparse(n, b.Coefs, place)
	}
	return newPSD(k, n, b.N, rows, f)
}

// keptRows returns the new index of every row, -1 for the empty ones, or nil when none is empty. A row is empty when no
// element of it differs from zero; in the other cones only rows without any element count, constants included.
func keptRows(b *conic.Block) ([]int, int) {
	used := make([]bool, b.N)
	for _, e := range b.Constant {
		if e.Val != 0 {
			used[e.Row], used[e.Col] = true, true
		}
	}
	for _, e := range b.Coefs {
		// Explicit zeros keep their row: they are places for numbers still to come.
		used[e.Row], used[e.Col] = true, true
	}
	if len(b.Terms) > 0 {
		for i := 0; i < len(b.Dict); i += b.N {
			for j, v := range b.Dict[i : i+b.N] {
				if v != 0 {
					used[j] = true
				}
			}
		}
	}
	rows, n := make([]int, b.N), 0
	for i, u := range used {
		rows[i] = -1
		if u {
			rows[i] = n
			n++
		}
	}
	if n == b.N {
		return nil, n
	}
	return rows, n
}

// snapshotTerms holds the numbers of the terms that were multiplied out for block k.
type snapshotTerms struct {
	k      int
	dict   []float64
	scales []float64
	coefs  []float64
}

// multiplied returns block k with its terms multiplied out and remembers their numbers.
func (s *Compiled) multiplied(k int) *conic.Block {
	b := &s.p.Blocks[k]
	t := snapshotTerms{k: k, dict: append([]float64(nil), b.Dict...)}
	for _, q := range b.Terms {
		t.scales = append(t.scales, q.Scale)
	}
	for _, q := range b.Coefs {
		t.coefs = append(t.coefs, q.Val)
	}
	s.flat = append(s.flat, t)
	return &conic.Block{Cone: b.Cone, N: b.N, Constant: b.Constant, Coefs: conic.Expand(s.p, k)}
}

// termsChanged tells whether the numbers of a block that was multiplied out have changed; it also passes on its constant.
func (s *Compiled) termsChanged() bool {
	for _, t := range s.flat {
		b := &s.p.Blocks[t.k]
		s.blocks[t.k].Constant = b.Constant
		for i, v := range t.dict {
			if b.Dict[i] != v {
				return true
			}
		}
		for i, v := range t.scales {
			if b.Terms[i].Scale != v {
				return true
			}
		}
		for i, v := range t.coefs {
			if b.Coefs[i].Val != v {
				return true
			}
		}
	}
	if _, dual := s.sys.(*dualSystem); dual {
		return !s.wantsDual()
	}
	return false
}

// stale tells whether a row that was left out is used by the present numbers.
func (s *Compiled) stale() bool {
	if s.termsChanged() {
		return true
	}
	for _, c := range s.cones {
		if c, ok := c.(*psd); ok {
			if f, ok := c.f.(*terms); ok && !f.stillShared(s.blocks[c.index]) {
				return true
			}
		}
	}
	if !s.removed {
		return false
	}
	i := 0
	for k := range s.p.Blocks {
		b := s.blocks[k]
		if b.Cone == conic.SecondOrder {
			i++
			continue
		}
		rows, n := keptRows(b)
		if n == 0 {
			if i < len(s.cones) && s.cones[i].base().index == k {
				return true
			}
			continue
		}
		if i >= len(s.cones) || s.cones[i].base().index != k || s.cones[i].base().n != n {
			return true
		}
		for r, v := range s.cones[i].base().rows {
			if rows == nil || rows[r] != v {
				return true
			}
		}
		i++
	}
	return false
}
