package lti

import (
	"errors"
	"math/cmplx"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// valueAt wraps a function of s as a system to compare with.
type valueAt func(s complex128) *mat.CDense

func (f valueAt) At(s complex128) *mat.CDense { return f(s) }

func cmul(a, b *mat.CDense) *mat.CDense {
	r, k := a.Dims()
	_, c := b.Dims()
	out := mat.NewCDense(r, c, nil)
	for i := range r {
		for j := range c {
			var v complex128
			for l := range k {
				v += a.At(i, l) * b.At(l, j)
			}
			out.Set(i, j, v)
		}
	}
	return out
}

func cadd(a *mat.CDense, f complex128, b *mat.CDense) *mat.CDense {
	r, c := a.Dims()
	out := mat.NewCDense(r, c, nil)
	for i := range r {
		for j := range c {
			out.Set(i, j, a.At(i, j)+f*b.At(i, j))
		}
	}
	return out
}

func ceye(n int) *mat.CDense {
	out := mat.NewCDense(n, n, nil)
	for i := range n {
		out.Set(i, i, 1)
	}
	return out
}

func cinv(a *mat.CDense) *mat.CDense {
	n, _ := a.Dims()
	e := &eigenvectors{n: n, x: make([]complex128, n*n)}
	for i := range n {
		for j := range n {
			e.x[i*n+j] = a.At(i, j)
		}
	}
	if !e.invert() {
		panic("singular")
	}
	return mat.NewCDense(n, n, e.inv)
}

func TestConnections(t *testing.T) {
	r := stream(20)
	const rel = 1e-11
	for _, ts := range []float64{0, 0.5} {
		g, h := randSystem(r, 4, 2, 3, ts), randSystem(r, 3, 3, 2, ts)
		g2 := randSystem(r, 2, 2, 3, ts)
		static, err := Gain(randn(r, 3, 2), 0)
		if err != nil {
			t.Fatal(err)
		}
		check := func(name string, got *SS, err error, want valueAt) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			if err := got.Check(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got.Ts != ts {
				t.Errorf("%s: sample time %g", name, got.Ts)
			}
			sameTransfer(t, name, got, want, rel)
		}
		s, err := Series(g, h)
		check("series", s, err, func(s complex128) *mat.CDense { return cmul(h.At(s), g.At(s)) })
		s, err = Series(h, static)
		check("series with a gain", s, err, func(s complex128) *mat.CDense { return cmul(static.At(s), h.At(s)) })
		s, err = Parallel(g, g2)
		check("parallel", s, err, func(s complex128) *mat.CDense { return cadd(g.At(s), 1, g2.At(s)) })
		s, err = Parallel(g, static)
		check("parallel with a gain", s, err, func(s complex128) *mat.CDense { return cadd(g.At(s), 1, static.At(s)) })
		closed := func(sign complex128) valueAt {
			return func(s complex128) *mat.CDense {
				return cmul(cinv(cadd(ceye(3), sign, cmul(g.At(s), h.At(s)))), g.At(s))
			}
		}
		s, err = Feedback(g, h)
		check("negative feedback", s, err, closed(1))
		s, err = FeedbackSign(g, h, Positive)
		check("positive feedback", s, err, closed(-1))
		s, err = LFT(g, h, 1, 1)
		check("star product", s, err, func(s complex128) *mat.CDense { return star(g.At(s), h.At(s), 1, 1) })
		lower := randSystem(r, 3, 1, 1, ts)
		s, err = LFT(g, lower, 1, 1)
		check("lower LFT", s, err, func(s complex128) *mat.CDense { return star(g.At(s), lower.At(s), 1, 1) })
		s, err = g.Select([]int{1}, []int{2, 0})
		check("selection", s, err, func(s complex128) *mat.CDense {
			v := g.At(s)
			return mat.NewCDense(2, 1, []complex128{v.At(2, 1), v.At(0, 1)})
		})
	}
}

// star is Redheffer's product by eliminating the connected signals one by one.
func star(g, h *mat.CDense, nu, ny int) *mat.CDense {
	p, m := g.Dims()
	ph, mh := h.Dims()
	// Unknowns: u (nu, from h), y (ny, to h). u = H11 y + H12 w2, y = G21 w1 + G22 u.
	at := func(a *mat.CDense, i0, i1, j0, j1 int) *mat.CDense {
		out := mat.NewCDense(i1-i0, j1-j0, nil)
		for i := i0; i < i1; i++ {
			for j := j0; j < j1; j++ {
				out.Set(i-i0, j-j0, a.At(i, j))
			}
		}
		return out
	}
	w := m - nu + mh - ny
	g22, h11 := at(g, p-ny, p, m-nu, m), at(h, 0, nu, 0, ny)
	// rhs of u: [H11 G21, H12].
	rhs := mat.NewCDense(nu, w, nil)
	first := cmul(h11, at(g, p-ny, p, 0, m-nu))
	for i := range nu {
		for j := range m - nu {
			rhs.Set(i, j, first.At(i, j))
		}
		for j := range mh - ny {
			rhs.Set(i, m-nu+j, h.At(i, ny+j))
		}
	}
	u := cmul(cinv(cadd(ceye(nu), -1, cmul(h11, g22))), rhs)
	out := mat.NewCDense(p-ny+ph-nu, w, nil)
	y := cmul(g22, u)
	for i := range ny {
		for j := range m - nu {
			y.Set(i, j, y.At(i, j)+g.At(p-ny+i, j))
		}
	}
	for j := range w {
		for i := range p - ny {
			var v complex128
			if j < m-nu {
				v = g.At(i, j)
			}
			for k := range nu {
				v += g.At(i, m-nu+k) * u.At(k, j)
			}
			out.Set(i, j, v)
		}
		for i := range ph - nu {
			var v complex128
			if j >= m-nu {
				v = h.At(nu+i, ny+j-(m-nu))
			}
			for k := range ny {
				v += h.At(nu+i, k) * y.At(k, j)
			}
			out.Set(p-ny+i, j, v)
		}
	}
	return out
}

// TestFeedbackPoles: the closed loop of a transfer function has the roots of den + num.
func TestFeedbackPoles(t *testing.T) {
	l, err := NewTF([]float64{10}, []float64{1, 1, 0, 0}, 0) // E1
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.SS()
	if err != nil {
		t.Fatal(err)
	}
	closed, err := Feedback(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	poles, err := closed.Poles()
	if err != nil {
		t.Fatal(err)
	}
	want, err := Roots([]float64{1, 1, 0, 10})
	if err != nil {
		t.Fatal(err)
	}
	sameSet(t, "closed-loop poles", poles, want, 1e-12)
	if stable, err := closed.Stable(); err != nil || stable {
		t.Error("the loop of E1 is called stable", err)
	}
}

func TestConnectByName(t *testing.T) {
	r := stream(21)
	plant, ctrl := randSystem(r, 3, 1, 1, 0), randSystem(r, 2, 1, 1, 0)
	plant.Inputs, plant.Outputs = []Signal{{"force", "N"}}, []Signal{{"pos", "m"}}
	ctrl.Inputs, ctrl.Outputs = []Signal{{"err", "m"}}, []Signal{{"cmd", "N"}}
	sum := []Junction{{Output: "err", Plus: []string{"ref"}, Minus: []string{"pos"}}, {Output: "force", Plus: []string{"cmd", "dist"}}}
	g, err := Connect([]*SS{plant, ctrl}, sum, []string{"ref", "dist"}, []string{"pos", "err", "force"})
	if err != nil {
		t.Fatal(err)
	}
	sameTransfer(t, "loop", g, valueAt(func(s complex128) *mat.CDense {
		p, c := plant.At(s).At(0, 0), ctrl.At(s).At(0, 0)
		d := 1 + p*c
		return mat.NewCDense(3, 2, []complex128{p * c / d, p / d, 1 / d, -p / d, c / d, 1 / d})
	}), 1e-11)
	if g.Outputs[0] != (Signal{"pos", "m"}) || g.Inputs[1].Name != "dist" {
		t.Error(g.Inputs, g.Outputs)
	}
	for name, f := range map[string]func() error{
		"input without source": func() error {
			_, err := Connect([]*SS{plant, ctrl}, sum[:1], []string{"ref"}, []string{"pos"})
			return err
		},
		"unknown output": func() error {
			_, err := Connect([]*SS{plant, ctrl}, sum, []string{"ref", "dist"}, []string{"speed"})
			return err
		},
		"made twice": func() error {
			_, err := Connect([]*SS{plant, plant}, nil, []string{"force"}, []string{"pos"})
			return err
		},
		"circle of junctions": func() error {
			loop := []Junction{{Output: "force", Plus: []string{"a"}}, {Output: "a", Plus: []string{"force"}}}
			_, err := Connect([]*SS{plant}, loop, []string{"w"}, []string{"pos"})
			return err
		},
	} {
		if err := f(); !errors.Is(err, ErrName) {
			t.Errorf("%s: %v, want ErrName", name, err)
		}
	}
}

func TestConnectionsRefused(t *testing.T) {
	r := stream(22)
	g := randSystem(r, 2, 1, 1, 0)
	if _, err := Series(g, randSystem(r, 2, 2, 1, 0)); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := Parallel(g, randSystem(r, 2, 1, 1, 0.1)); !errors.Is(err, ErrTime) {
		t.Error(err)
	}
	minus, err := Gain(mat.NewDense(1, 1, []float64{-1}), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Feedback(minus, nil); !errors.Is(err, ErrAlgebraic) {
		t.Error(err)
	}
	if _, err := LFT(g, g, 1, 1); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := Feedback(randSystem(r, 2, 1, 2, 0), nil); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := NewSS(identity(2), identity(3), identity(2), nil, 0); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

func TestSampling(t *testing.T) {
	r := stream(23)
	for _, n := range []int{1, 2, 5, 12} {
		g := randSystem(r, n, 2, 2, 0)
		for _, m := range []struct {
			method  Method
			prewarp float64
		}{{ZOH, 0}, {Tustin, 0}, {Tustin, 3}} {
			d, err := C2D(g, 0.2, m.method, m.prewarp)
			if err != nil {
				t.Fatal(err)
			}
			back, err := D2C(d, m.method, m.prewarp)
			if err != nil {
				t.Fatal(err)
			}
			for i, pair := range [][2]*mat.Dense{{back.A, g.A}, {back.B, g.B}, {back.C, g.C}, {back.D, g.D}} {
				if e := frob(sub(pair[0], pair[1])); e > 1e-12*(1+frob(pair[1])) {
					t.Errorf("order %d, %v: matrix %d comes back with error %g", n, m.method, i, e)
				}
			}
			if m.method == Tustin {
				w := m.prewarp
				if e := cmplx.Abs(d.FreqResp([]float64{w})[0].At(0, 1) - g.FreqResp([]float64{w})[0].At(0, 1)); e > 1e-11*(1+cmplx.Abs(g.FreqResp([]float64{w})[0].At(0, 1))) {
					t.Errorf("order %d: at the prewarp frequency the response is off by %g", n, e)
				}
			}
		}
	}
	// Double integrator: exactly [1 T; 0 1], [T^2/2; T].
	di, err := NewSS(mat.NewDense(2, 2, []float64{0, 1, 0, 0}), mat.NewDense(2, 1, []float64{0, 1}), identity(2), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	d, err := C2D(di, 0.25, ZOH, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range []float64{1, 0.25, 0, 1} {
		if e := d.A.At(i/2, i%2) - w; e > 4*eps || e < -4*eps {
			t.Errorf("A %d: %v", i, d.A.At(i/2, i%2))
		}
	}
	if d.B.At(0, 0) != 0.03125 || d.B.At(1, 0) != 0.25 {
		t.Error(mat.Formatted(d.B))
	}
	// No logarithm: a pole on the negative real axis, a pole at zero.
	for _, p := range []float64{-0.5, 0} {
		g, err := NewSS(mat.NewDense(1, 1, []float64{p}), identity(1), identity(1), nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := D2C(g, ZOH, 0); !errors.Is(err, ErrSingular) {
			t.Errorf("pole %g: %v", p, err)
		}
	}
	g, err := NewSS(mat.NewDense(1, 1, []float64{10}), identity(1), identity(1), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := C2D(g, 0.2, Tustin, 0); !errors.Is(err, ErrSingular) {
		t.Error(err)
	}
	if _, err := C2D(g, 0.2, Tustin, 20); !errors.Is(err, ErrTime) {
		t.Error(err)
	}
	if _, err := C2D(d, 0.2, ZOH, 0); !errors.Is(err, ErrTime) {
		t.Error(err)
	}
}
