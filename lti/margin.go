package lti

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Loop is a plant P (u to y) with a controller K (y to u) in feedback, negative unless Positive is set:
//
//	y = P u    u = -K y
//
// The loop transfer function at the plant input is K P, at the plant output P K.
type Loop struct {
	P, K     *SS
	Positive bool // u = +K y
}

// Break says where a loop is perturbed.
type Break int

// Places.
const (
	AtInput  Break = iota // plant inputs
	AtOutput              // plant outputs
	AtBoth                // plant inputs, then plant outputs, at the same time
)

func (b Break) String() string {
	return [...]string{"plant input", "plant output", "plant input and output"}[b]
}

// sign of K in the loop.
func (l Loop) sign() float64 {
	if l.Positive {
		return 1
	}
	return -1
}

func (l Loop) check() error {
	for _, g := range []*SS{l.P, l.K} {
		if g == nil {
			return fmt.Errorf("%w: plant or controller is nil", ErrShape)
		}
		if err := g.Check(); err != nil {
			return err
		}
	}
	_, m, p := l.P.Dims()
	if _, km, kp := l.K.Dims(); km != p || kp != m {
		return fmt.Errorf("%w: the plant has %d inputs and %d outputs, the controller %d inputs and %d outputs, expected %d and %d",
			ErrShape, m, p, km, kp, p, m)
	}
	if l.P.Ts != l.K.Ts {
		return fmt.Errorf("%w: sample times of plant %g s and controller %g s differ (0 is continuous)", ErrTime, l.P.Ts, l.K.Ts)
	}
	return nil
}

// interconnection is the closed loop seen from signals w added to the plant inputs and outputs: with x = (xp, xk),
//
//	dx/dt = A x + B w    (u, y) = C x + D w
//
// u is the controller's output, before w is added; y is the plant's, before w is added. rounding bounds the error of each
// entry of A.
type interconnection struct {
	*SS
	rounding *mat.Dense
	nu, ny   int
}

// close forms the interconnection. With E = I - s Dk Dp (s the sign of K)
//
//	u = E^-1 s (Ck xk + Dk Cp xp + Dk Dp wu + Dk wy),   y = Cp xp + Dp (u + wu)
//	dxp/dt = Ap xp + Bp (u + wu),   dxk/dt = Ak xk + Bk (y + wy)
func (l Loop) close() (*interconnection, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	np, nu, ny := l.P.Dims()
	nk, _, _ := l.K.Dims()
	n, s := np+nk, l.sign()
	pa, pb, pc, pd := l.P.full()
	ka, kb, kc, kd := l.K.full()

	e := identityOf(nu)
	e.add(0, 0, -s, kd.times(pd))
	var lu mat.LU
	lu.Factorize(e.dense())
	if lu.Cond() > 1/(16*eps) {
		return nil, fmt.Errorf("%w: I %c Dk Dp cannot be inverted, with Dk and Dp the direct terms of controller and plant", ErrAlgebraic, map[bool]rune{true: '-', false: '+'}[l.Positive])
	}
	// columns: xp, xk, wu, wy
	rhs := newBlock(nu, n+nu+ny)
	rhs.add(0, 0, s, kd.times(pc))
	rhs.add(0, np, s, kc)
	rhs.add(0, n, s, kd.times(pd))
	rhs.add(0, n+nu, s, kd)
	u := rhs
	if frob(pd.dense()) > 0 && frob(kd.dense()) > 0 { // otherwise E = I
		var x mat.Dense
		if err := solved(lu.SolveTo(&x, false, rhs.dense())); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrAlgebraic, err)
		}
		u = blockOf(&x)
	}
	in := newBlock(nu, n+nu+ny) // u + wu
	in.add(0, 0, 1, u)
	in.add(0, n, 1, identityOf(nu))
	y := newBlock(ny, n+nu+ny)
	y.add(0, 0, 1, pd.times(in))
	y.add(0, 0, 1, pc)
	out := newBlock(ny, n+nu+ny) // y + wy
	out.add(0, 0, 1, y)
	out.add(0, n+nu, 1, identityOf(ny))
	dx := newBlock(n, n+nu+ny)
	dx.add(0, 0, 1, pb.times(in))
	dx.add(0, 0, 1, pa)
	dx.add(np, 0, 1, kb.times(out))
	dx.add(np, np, 1, ka)

	g := &interconnection{SS: &SS{Ts: l.P.Ts}, nu: nu, ny: ny}
	g.D = newBlock(nu+ny, nu+ny).with(0, 0, u.part(0, nu, n, n+nu+ny)).with(nu, 0, y.part(0, ny, n, n+nu+ny)).dense()
	g.A, g.B, g.C = &mat.Dense{}, &mat.Dense{}, &mat.Dense{}
	if n > 0 {
		g.A = dx.part(0, n, 0, n).dense()
		g.B = dx.part(0, n, n, n+nu+ny).dense()
		g.C = newBlock(nu+ny, n).with(0, 0, u.part(0, nu, 0, n)).with(nu, 0, y.part(0, ny, 0, n)).dense()
		g.rounding = l.rounding(n, np, lu.Cond())
	}
	g.Inputs = append(append([]Signal(nil), l.P.Inputs...), l.P.Outputs...)
	g.Outputs = append([]Signal(nil), g.Inputs...)
	g.States = append(append([]Signal(nil), l.P.States...), l.K.States...)
	return g, nil
}

// rounding bounds the error of the closed-loop A from above: eps times the sums of moduli of the products that make it.
func (l Loop) rounding(n, np int, cond float64) *mat.Dense {
	pa, pb, pc, pd := l.P.full()
	ka, kb, kc, kd := l.K.full()
	for _, b := range []*block{&pa, &pb, &pc, &pd, &ka, &kb, &kc, &kd} {
		*b = b.abs()
	}
	u := newBlock(pb.c, n)
	u.add(0, 0, 1, kd.times(pc))
	u.add(0, np, 1, kc)
	grow := 1.0
	if frob(pd.dense()) > 0 && frob(kd.dense()) > 0 {
		grow = float64(pb.c) * cond // of the solution with E
		top := 0.0
		for _, v := range u.v {
			top = max(top, v)
		}
		for i := range u.v {
			u.v[i] = top
		}
	}
	y := newBlock(pc.r, n)
	y.add(0, 0, 1, pd.times(u))
	y.add(0, 0, 1, pc)
	a := newBlock(n, n)
	a.add(0, 0, 1, pa)
	a.add(0, 0, 1, pb.times(u))
	a.add(np, 0, 1, kb.times(y))
	a.add(np, np, 1, ka)
	_, m, p := l.P.Dims()
	out := a.dense()
	out.Scale(grow*float64(n+2*m+2*p+4)*eps, out)
	return out
}

// perturbed is what the perturbation w = Delta v sees: v = M w with M = S + (skew-1)/2 I, S the sensitivity, at the place.
//
//	v = u + (1+skew)/2 w   (Junnarkar, Arcak and Seiler, 2025, eq. 5; Seiler, Packard and Gahinet, 2020)
func (g *interconnection) perturbed(at Break, skew float64) *SS {
	from, to := 0, g.nu+g.ny
	switch at {
	case AtInput:
		to = g.nu
	case AtOutput:
		from = g.nu
	}
	return g.channels(from, to, (1+skew)/2)
}

// channels is the part between channels from..to-1 with feedthrough added on the diagonal.
func (g *interconnection) channels(from, to int, feed float64) *SS {
	n, _, _ := g.Dims()
	m := &SS{A: clone(g.A), B: &mat.Dense{}, C: &mat.Dense{}, D: part(g.D, from, to, from, to), Ts: g.Ts,
		Inputs: g.Inputs[from:to:to], Outputs: g.Outputs[from:to:to], States: g.States}
	if n > 0 {
		m.B, m.C = part(g.B, 0, n, from, to), part(g.C, from, to, 0, n)
	}
	for i := range to - from {
		m.D.Set(i, i, m.D.At(i, i)+feed)
	}
	return m
}

// Poles returns the poles of the closed loop.
func (l Loop) Poles() ([]complex128, error) {
	g, err := l.close()
	if err != nil {
		return nil, err
	}
	if n, _, _ := g.Dims(); n == 0 {
		return nil, nil
	}
	return eigenvalues(g.balanced().A)
}

// Sensitivity returns S = (I + L)^-1 and T = I - S at the place, L = KP at the input, PK at the output (negative feedback);
// at AtBoth they are those of the loop of both.
func (l Loop) Sensitivity(at Break) (s, t *SS, err error) {
	g, err := l.close()
	if err != nil {
		return nil, nil, err
	}
	s = g.perturbed(at, 1) // the signal behind the perturbation is (S - I) w
	t = g.perturbed(at, -1)
	t.D.Scale(-1, t.D)
	if n, _, _ := t.Dims(); n > 0 {
		t.C.Scale(-1, t.C)
	}
	return s, t, nil
}

// OneLoop returns the loop transfer function at channel i of the place with all other loops closed, for negative unit
// feedback: channels of AtBoth are the plant inputs, then the outputs. Closing it gives the closed loop back.
func (l Loop) OneLoop(at Break, i int) (*SS, error) {
	g, err := l.close()
	if err != nil {
		return nil, err
	}
	if at == AtOutput {
		i += g.nu
	}
	if i < 0 || i >= g.nu+g.ny {
		return nil, fmt.Errorf("%w: there is no channel %d", ErrShape, i)
	}
	if g.nu == 1 && g.ny == 1 { // nothing else is closed: the product, without rounding of the poles
		out, err := Series(l.P, l.K)
		if i == 1 && err == nil {
			out, err = Series(l.K, l.P)
		}
		if err != nil {
			return nil, err
		}
		out.D.Scale(-l.sign(), out.D)
		if n, _, _ := out.Dims(); n > 0 {
			out.C.Scale(-l.sign(), out.C)
		}
		return out, nil
	}
	return g.one(i)
}

// one opens channel i: from q = z + w, where z answers to w in the closed loop, L = -z/q. With z = c x + d w and w = q - z
//
//	z = (c x + d q)/(1 + d),   dx/dt = A x + b (q - z)
func (g *interconnection) one(i int) (*SS, error) {
	n, _, _ := g.Dims()
	d := g.D.At(i, i)
	if math.Abs(1+d) < 16*eps {
		return nil, fmt.Errorf("%w: the loop at channel %d has an infinite gain at high frequencies", ErrAlgebraic, i)
	}
	out := &SS{A: clone(g.A), B: &mat.Dense{}, C: &mat.Dense{}, D: mat.NewDense(1, 1, []float64{-d / (1 + d)}), Ts: g.Ts,
		Inputs: g.Inputs[i : i+1 : i+1], Outputs: g.Outputs[i : i+1 : i+1], States: g.States}
	if n == 0 {
		return out, nil
	}
	b, c := part(g.B, 0, n, i, i+1), part(g.C, i, i+1, 0, n)
	c.Scale(1/(1+d), c)
	out.A.Sub(out.A, mul(b, c))
	b.Scale(1-d/(1+d), b)
	out.B = b
	c = scale(-1, c)
	out.C = c
	return out, nil
}
