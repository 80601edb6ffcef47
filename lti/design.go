package lti

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// LQRDesign is an optimal state feedback u = -K x.
type LQRDesign struct {
	K *mat.Dense   // m x n
	S *mat.Dense   // solution of the Riccati equation: the cost from x is x'Sx
	E []complex128 // closed-loop poles
	// Residual and Relative bound the residual of the Riccati equation, as in Riccati.
	Residual, Relative float64
}

// LQR returns the feedback that minimises the integral (Ts = 0) or sum (Ts > 0) of
//
//	x'Q x + u'R u + 2 x'N u
//
// with Q n x n, R m x m, N n x m (nil means zero). ErrNoStabilising where (A, B) is not stabilisable or a mode on the
// boundary of stability costs nothing. R must be positive definite and [Q N; N' R] positive semidefinite, checked up to
// rounding.
func LQR(g *SS, q, r, n *mat.Dense) (*LQRDesign, error) {
	if err := g.mustHaveStates("LQR"); err != nil {
		return nil, err
	}
	if err := costs(g, q, r, n); err != nil {
		return nil, err
	}
	x, err := riccati(g.Discrete(), g.A, g.B, q, r, n)
	if err != nil {
		return nil, g.explain(err)
	}
	return &LQRDesign{K: x.K, S: x.X, E: x.Poles, Residual: x.Residual, Relative: x.Relative}, nil
}

// DLQR is LQR for matrices of a discrete-time system.
func DLQR(a, b, q, r, n *mat.Dense) (*LQRDesign, error) {
	g, err := withStateOutput(a, b, 1)
	if err != nil {
		return nil, err
	}
	return LQR(g, q, r, n)
}

// withStateOutput is a system with y = x.
func withStateOutput(a, b *mat.Dense, ts float64) (*SS, error) {
	n, err := square("A", a)
	if err != nil {
		return nil, err
	}
	return NewSS(a, b, identity(n), nil, ts)
}

// semidefinite is how far below zero, relative to the norm, an eigenvalue of a weight may be by rounding.
const semidefinite = 1e-10

// costs checks the weights of a quadratic cost.
func costs(g *SS, q, r, cross *mat.Dense) error {
	n, m, _ := g.Dims()
	w := mat.NewDense(n+m, n+m, nil)
	qs, err := symmetric("Q", q, n)
	if err != nil {
		return err
	}
	rs, err := symmetric("R", r, m)
	if err != nil {
		return err
	}
	if v := eigSym(rs)[0]; !(v > 0) && !(g.Discrete() && v >= 0) {
		return fmt.Errorf("%w: the least eigenvalue of R is %.3g, expected a positive definite R", ErrShape, v)
	}
	put(w, 0, 0, 1, qs)
	put(w, n, n, 1, rs)
	if cross != nil {
		if err := shape("N", cross, n, m); err != nil {
			return err
		}
		put(w, 0, n, 1, cross)
		put(w, n, 0, 1, transposed(cross))
	}
	// Scaled to unit diagonal, so that the units of states and inputs do not matter.
	if v := eigSym(unitDiagonal(w))[0]; v < -semidefinite {
		return fmt.Errorf("%w: [Q N; N' R] has an eigenvalue %.3g after scaling to unit diagonal, expected none below zero", ErrShape, v)
	}
	return nil
}

// explain adds the first mode that is not stabilisable to a Riccati error.
func (g *SS) explain(err error) error {
	s, e := newStaircase(g.balanced(), 0)
	if e != nil {
		return err
	}
	n, _, _ := g.Dims()
	rest := part(s.sys.A, s.rank, n, s.rank, n)
	if rest.IsEmpty() {
		return err
	}
	poles, e := eigenvalues(rest)
	if e != nil {
		return err
	}
	for _, p := range poles {
		if outside(p, g.Discrete()) {
			return fmt.Errorf("%w; the input does not reach the mode at %.6g", err, p)
		}
	}
	return err
}

// LQI returns the optimal feedback u = -K [x; xi] of states and integrals of the control errors, d(xi)/dt = r - y
// (xi(k+1) = xi(k) + Ts (r(k) - y(k))). Q is (n+p) x (n+p), R m x m, N (n+p) x m or nil; K is m x (n+p). Errors as in LQR.
func LQI(g *SS, q, r, n *mat.Dense) (*LQRDesign, error) {
	if err := g.mustHaveStates("LQI"); err != nil {
		return nil, err
	}
	ns, m, p := g.Dims()
	a, b := mat.NewDense(ns+p, ns+p, nil), mat.NewDense(ns+p, m, nil)
	f := 1.0
	if g.Discrete() {
		f = g.Ts
		put(a, ns, ns, 1, identity(p))
	}
	put(a, 0, 0, 1, g.A)
	put(a, ns, 0, -f, g.C)
	put(b, 0, 0, 1, g.B)
	put(b, ns, 0, -f, g.D)
	big, err := withStateOutput(a, b, g.Ts)
	if err != nil {
		return nil, err
	}
	return LQR(big, q, r, n)
}

// KalmanDesign is a steady-state Kalman filter.
type KalmanDesign struct {
	// Kest estimates from inputs [u; y] the outputs [yhat; xhat]. In discrete time these are predictions from the data up
	// to sample k-1 (MATLAB's 'delayed' estimator).
	Kest *SS
	L    *mat.Dense // n x p: d(xhat)/dt = A xhat + B u + L (y - C xhat - D u)
	// P is the covariance of the error x - xhat: of the prediction in discrete time. Mx is the gain of the measurement
	// update and Z the covariance after it (discrete time only).
	P, Mx, Z *mat.Dense
	E        []complex128 // poles of the estimator
	Residual float64
	Relative float64
}

// Kalman returns the steady-state estimator of
//
//	dx/dt = A x + B u + G w,  y = C x + D u + H w + v     (x(k+1) in discrete time)
//
// with E[ww'] = QN, E[vv'] = RN, E[wv'] = NN (nil means zero). G (n x q) nil means that w enters as u does: G = B, and H =
// 0; otherwise h may be nil for zero. All inputs of g are known inputs u.
func Kalman(g *SS, gw, hw, qn, rn, nn *mat.Dense) (*KalmanDesign, error) {
	if err := g.mustHaveStates("a Kalman filter"); err != nil {
		return nil, err
	}
	n, m, p := g.Dims()
	if gw == nil {
		gw = g.B
	}
	_, k := gw.Dims()
	if err := shape("G", gw, n, k); err != nil {
		return nil, err
	}
	if hw == nil {
		hw = mat.NewDense(p, k, nil)
	}
	if err := shape("H", hw, p, k); err != nil {
		return nil, err
	}
	q, err := symmetric("QN", qn, k)
	if err != nil {
		return nil, err
	}
	r, err := symmetric("RN", rn, p)
	if err != nil {
		return nil, err
	}
	if nn == nil {
		nn = mat.NewDense(k, p, nil)
	}
	if err := shape("NN", nn, k, p); err != nil {
		return nil, err
	}
	// Covariances of G w and H w + v.
	gn, hn := mul(gw, nn), mul(hw, nn)
	qbar := mul3(gw, q, gw.T())
	rbar := add(add(r, mul3(hw, q, hw.T())), add(hn, hn.T()))
	nbar := add(mul3(gw, q, hw.T()), gn)
	symmetrise(qbar)
	symmetrise(rbar)
	dual := g.dual()
	if err := costs(dual, qbar, rbar, nbar); err != nil {
		return nil, fmt.Errorf("noise covariances (Q is G QN G', R that of H w + v): %w", err)
	}
	x, err := riccati(g.Discrete(), dual.A, dual.B, qbar, rbar, nbar)
	if err != nil {
		return nil, fmt.Errorf("%w (for the filter: (C, A) must be detectable and the noise must reach modes on the boundary)", err)
	}
	out := &KalmanDesign{L: transposed(x.K), P: x.X, E: x.Poles, Residual: x.Residual, Relative: x.Relative}
	if g.Discrete() {
		w := add(mul3(g.C, x.X, g.C.T()), rbar)
		mx, err := solve(transposed(w), mul(g.C, x.X))
		if err != nil {
			return nil, err
		}
		out.Mx = transposed(mx)
		out.Z = sub(x.X, mul3(out.Mx, g.C, x.X))
		symmetrise(out.Z)
	}
	out.Kest = g.estimator(out.L, n, m, p)
	return out, nil
}

// estimator is the observer with gain L, inputs [u; y], outputs [yhat; xhat].
func (g *SS) estimator(l *mat.Dense, n, m, p int) *SS {
	e := blank(n, m+p, p+n, g.Ts)
	e.A = sub(g.A, mul(l, g.C))
	put(e.B, 0, 0, 1, sub(g.B, mul(l, g.D)))
	put(e.B, 0, m, 1, l)
	put(e.C, 0, 0, 1, g.C)
	put(e.C, p, 0, 1, identity(n))
	put(e.D, 0, 0, 1, g.D)
	e.Inputs, e.Outputs, e.States = joined(g.Inputs, g.Outputs), joined(g.Outputs, g.States), append([]Signal(nil), g.States...)
	return e
}

// LQE returns the filter gain for dx/dt = A x + G w, y = C x + v, as MATLAB's lqe; discrete where ts > 0.
func LQE(a, gw, c, qn, rn, nn *mat.Dense, ts float64) (*KalmanDesign, error) {
	n, err := square("A", a)
	if err != nil {
		return nil, err
	}
	g, err := NewSS(a, mat.NewDense(n, 1, nil), c, nil, ts)
	if err != nil {
		return nil, err
	}
	if gw == nil {
		gw = identity(n)
	}
	return Kalman(g, gw, nil, qn, rn, nn)
}

// Regulator joins state feedback u = -K xhat with an observer of gain L into a controller from y to u,
//
//	d(xhat)/dt = (A - B K - L C + L D K) xhat + L y,   u = -K xhat,
//
// to be connected with positive feedback (the minus sign is inside), as MATLAB's reg and lqg. For negative feedback take
// Negate of it.
func Regulator(g *SS, k, l *mat.Dense) (*SS, error) {
	if err := g.mustHaveStates("a regulator"); err != nil {
		return nil, err
	}
	n, m, p := g.Dims()
	if err := shape("K", k, m, n); err != nil {
		return nil, err
	}
	if err := shape("L", l, n, p); err != nil {
		return nil, err
	}
	out := blank(n, p, m, g.Ts)
	out.A = add(sub(sub(g.A, mul(g.B, k)), mul(l, g.C)), mul3(l, g.D, k))
	out.B, out.C = clone(l), scale(-1, k)
	copy(out.Inputs, g.Outputs)
	copy(out.Outputs, g.Inputs)
	copy(out.States, g.States)
	return out, nil
}

// Negate returns -G.
func Negate(g *SS) *SS {
	out := g.Copy()
	out.D = scale(-1, g.D)
	if !g.C.IsEmpty() {
		out.C = scale(-1, g.C)
	}
	return out
}

// LQGDesign is the controller of LQG with its two halves.
type LQGDesign struct {
	Reg    *SS // from y to u, positive feedback (see Regulator)
	LQR    *LQRDesign
	Kalman *KalmanDesign
}

// LQG returns the controller that minimises the expected cost per time of x'Qx + u'Ru under process noise G w (G nil: w
// enters as u) and measurement noise v. By separation its poles with the plant are those of LQR and of the filter.
func LQG(g *SS, q, r, gw, qn, rn *mat.Dense) (*LQGDesign, error) {
	c, err := LQR(g, q, r, nil)
	if err != nil {
		return nil, err
	}
	f, err := Kalman(g, gw, nil, qn, rn, nil)
	if err != nil {
		return nil, err
	}
	reg, err := Regulator(g, c.K, f.L)
	if err != nil {
		return nil, err
	}
	return &LQGDesign{Reg: reg, LQR: c, Kalman: f}, nil
}
