package lti

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// printed is the tolerance of oracles given with digits: half a unit of the last one.
func printed(digits int) float64 { return 0.5001 * math.Pow(10, -float64(digits)) }

func conv(a, b []float64) []float64 {
	out := make([]float64, len(a)+len(b)-1)
	for i := range a {
		for j := range b {
			out[i+j] += a[i] * b[j]
		}
	}
	return out
}

func unity(ts float64) *SS { return must(Gain(mat.NewDense(1, 1, []float64{1}), ts)) }

// narrowLoop is L = 0.5/(s+1) - 0.72 * 2 zeta w0 s/(s^2 + 2 zeta w0 s + w0^2), w0 = 10^(-2 + 4*600.5/999): a resonance that
// falls between the points of a grid.
func narrowLoop(zeta float64) *SS {
	w0 := math.Pow(10, -2+4*600.5/999)
	den := []float64{1, 2 * zeta * w0, w0 * w0}
	num := conv([]float64{0.5}, den)
	for i, v := range conv([]float64{0.72 * 2 * zeta * w0, 0}, []float64{1, 1}) {
		num[i] -= v
	}
	return companion(num, conv([]float64{1, 1}, den), 0)
}

// satellite is the spinning satellite, a = 10, with the controller of the public example of MIMO disk margins.
func satellite(k ...float64) Loop {
	p := must(NewSS(mat.NewDense(2, 2, []float64{0, 10, -10, 0}), mat.NewDense(2, 2, []float64{1, 0, 0, 1}), mat.NewDense(2, 2, []float64{1, 10, -10, 1}), nil, 0))
	return Loop{P: p, K: must(Gain(mat.NewDense(2, 2, k), 0))}
}

// TestDiskLabels: gain and phase of a disk (test E17).
func TestDiskLabels(t *testing.T) {
	const degree = math.Pi / 180
	for _, c := range []struct{ alpha, skew, low, high, phase float64 }{
		{0.5, 0, 1 / 1.6667, 1.6667, 28.0725},
		{0.6, 0.75, 0.6066, 2.2632, 34.2267},
		{0.75, -0.5, 0.3684, 1.9231, 41.7908},
		{0.75, 0.5, 0.5200, 2.7143, 41.7908},
		{4, 0, math.NaN(), math.Inf(1), 126.8699},
	} {
		d := Disk{c.alpha, c.skew}
		low, high := d.Gain()
		if !math.IsNaN(c.low) && math.Abs(low-c.low) > printed(4) || !(high == c.high || math.Abs(high-c.high) <= printed(4)) || math.Abs(d.Phase()/degree-c.phase) > printed(4) {
			t.Errorf("%+v: gain [%g, %g], phase %g deg; expected [%g, %g], %g", d, low, high, d.Phase()/degree, c.low, c.high, c.phase)
		}
	}
	for _, c := range []struct{ alpha, dB, phase float64 }{{0.353, 3.099, 20.02}, {0.66456, 6.000, 36.76}, {2 / math.Sqrt(3), 11.439, 60.00}} {
		d := Disk{c.alpha, 0}
		_, high := d.Gain()
		if dB := 20 * math.Log10(high); math.Abs(dB-c.dB) > printed(3) || math.Abs(d.Phase()/degree-c.phase) > printed(2) {
			t.Errorf("alpha %g: %.4f dB, %.3f deg; expected %g, %g", c.alpha, dB, d.Phase()/degree, c.dB, c.phase)
		}
		if back := DiskOfGain(high); math.Abs(back.Alpha-c.alpha) > 4*eps {
			t.Errorf("alpha %g from its gain: %.17g", c.alpha, back.Alpha)
		}
	}
	// boundary 2 = alpha (1 + skew): the disk is a half plane and cos(phase) the low gain
	if d := (Disk{1, 1}); math.Abs(math.Cos(d.Phase())-0.5) > 4*eps {
		t.Errorf("half plane: cos of the phase %g, expected 0.5", math.Cos(d.Phase()))
	}
}

// TestMarginClosedForms: margins of loops in closed form, of a sampled one (test E19) and the delay (test E4).
func TestMarginClosedForms(t *testing.T) {
	// L = 2/(s(s+1)(s+2)): gain margin 3 at sqrt 2
	m := must(Margin(companion([]float64{2}, []float64{1, 3, 2, 0}, 0)))
	const tol = 1e-12
	if !near(m.GainHigh, 3, tol) || !near(m.GainHighFreq, math.Sqrt2, tol) || m.GainLow != 0 {
		t.Errorf("gain margin %g at %g, low %g; expected 3 at sqrt 2, 0", m.GainHigh, m.GainHighFreq, m.GainLow)
	}
	if math.Abs(m.Delay-0.759581) > printed(6) || math.Abs(m.DelayFreq-0.749368) > printed(6) {
		t.Errorf("delay margin %.7f s at %.7f rad/s, expected 0.759581 at 0.749368", m.Delay, m.DelayFreq)
	}
	// 2/(s^3+3s^2+2s) sampled at 0.05 s with a zero-order hold
	c := companion([]float64{2}, []float64{1, 3, 2, 0}, 0)
	step, integral := flow(c.A, 0.05)
	m = must(Margin(must(NewSS(step, mul(integral, c.B), c.C, nil, 0.05))))
	const cut = 1e-4 // the source cuts 2.792786 off after four digits; partial fractions of the sampled system give the same
	if math.Abs(m.GainHigh-2.7927) > cut || math.Abs(m.GainHighFreq-1.3640) > printed(4) ||
		math.Abs(m.Phase*180/math.Pi-31.54) > printed(2) || math.Abs(m.PhaseFreq-0.7493) > printed(4) {
		t.Errorf("sampled loop: %+v, expected 2.7927 at 1.3640, 31.54 deg at 0.7493", m)
	}
	// 1/(z - 0.5) = -1 at Nyquist for gain 1.5; E5: the frequency is pi/Ts itself
	m = must(Margin(companion([]float64{1}, []float64{1, -0.5}, 0.2)))
	if !near(m.GainHigh, 1.5, tol) || !near(m.GainHighFreq, math.Pi/0.2, tol) {
		t.Errorf("crossing at Nyquist: %+v", m)
	}
	// unstable plant 2/(s-1): the gain may be halved, not more
	m = must(Margin(companion([]float64{2}, []float64{1, -1}, 0)))
	if !near(m.GainLow, 0.5, tol) || m.GainLowFreq != 0 || !math.IsInf(m.GainHigh, 1) {
		t.Errorf("2/(s-1): %+v, expected a low gain margin of 0.5 at 0", m)
	}
	// |L| = 1 at w = sqrt 3, phase -120 deg + ...: L = 2/(s+1), phase margin 120 deg
	m = must(Margin(companion([]float64{2}, []float64{1, 1}, 0)))
	if !near(m.Phase, 2*math.Pi/3, tol) || !near(m.Delay, 2*math.Pi/3/math.Sqrt(3), tol) {
		t.Errorf("2/(s+1): %+v, expected a phase margin of 120 degrees", m)
	}
	// double integrator with lead: every point of 1/s^2 alone is real and negative, no isolated crossing
	m = must(Margin(companion([]float64{1, 1}, []float64{1, 0, 0}, 0)))
	if m.Closed.State != Stable || len(m.PhaseCrossings) != 0 || m.GainLow != 0 || !math.IsInf(m.GainHigh, 1) {
		t.Errorf("(s+1)/s^2: %+v", m)
	}
	// |L| = 1 where w^4 = w^2 + 1, phase margin atan w; the same in other units of time
	for _, unit := range []float64{1, 1e5, 1e-7} {
		m = must(Margin(companion([]float64{unit, unit * unit}, []float64{1, 0, 0}, 0)))
		w := math.Sqrt((1 + math.Sqrt(5)) / 2)
		if len(m.GainCrossings) != 1 || !near(m.PhaseFreq/unit, w, tol) || !near(m.Phase, math.Atan(w), tol) || !near(m.Delay*unit, math.Atan(w)/w, tol) {
			t.Errorf("(s+1)/s^2 at %g: %+v, expected %g rad at %g", unit, m, math.Atan(w), w)
		}
	}
}

// TestDelayMarginTakesAllCrossings (test E4): three gain crossings; the smallest delay belongs to the resonance, not to the first
// crossing nor to the smallest phase. The bound is confirmed by the Nyquist condition: exp(-jwd) L(jw) = -1 there.
func TestDelayMarginTakesAllCrossings(t *testing.T) {
	den := []float64{1, 0.2, 100}
	num := make([]float64, 4)
	for i, v := range conv([]float64{1}, den) { // 1/(s+1) * ... + resonance 0.3*100... /(s^2+0.2s+100)
		num[i+1] += 0.8 * v
	}
	for i, v := range conv([]float64{4}, []float64{1, 0}) {
		num[i+2] += v
	}
	l := companion(num, conv([]float64{1, 0}, den), 0)
	m := must(Margin(l))
	if m.Closed.State != Stable || len(m.GainCrossings) != 3 {
		t.Fatalf("%+v, expected a stable loop with three gain crossings", m)
	}
	for _, c := range m.GainCrossings {
		v := l.At(complex(0, c.Freq)).At(0, 0) * cmplx.Exp(complex(0, -c.Freq*c.Delay))
		if cmplx.Abs(v+1) > 1e-9 {
			t.Errorf("at %g rad/s a delay of %g s gives L = %g, expected -1", c.Freq, c.Delay, v)
		}
		if c.Delay < m.Delay {
			t.Errorf("delay margin %g is not the least, %g", m.Delay, c.Delay)
		}
	}
	if m.DelayFreq < 5 || m.Phase == math.Inf(1) {
		t.Errorf("delay margin at %g rad/s, expected at the resonance near 10", m.DelayFreq)
	}
}

// TestUnstableLoopHasNoMargin (test E1): L = 10/(s^2(s+1)), closed-loop poles 0.772 +- 1.826i. The formula alone says alpha 1.230.
func TestUnstableLoopHasNoMargin(t *testing.T) {
	l := companion([]float64{10}, []float64{1, 1, 0, 0}, 0)
	loop := Loop{P: l, K: unity(0)}
	d := must(DiskMargin(loop, AtInput, 0))
	if d.Closed.State != Unstable || d.Lower != 0 || d.Upper != 0 || d.Worst != nil {
		t.Errorf("%+v, expected unstable with margin 0", d)
	}
	if math.Abs(real(d.Closed.Pole)-0.772) > printed(3) || math.Abs(math.Abs(imag(d.Closed.Pole))-1.826) > printed(3) {
		t.Errorf("pole %g, expected 0.772 +- 1.826i", d.Closed.Pole)
	}
	m := must(Margin(l))
	if m.Closed.State != Unstable || m.GainHigh != 1 || m.GainLow != 1 || m.Phase != 0 || m.Delay != 0 {
		t.Errorf("%+v, expected no margin", m)
	}
	if _, err := loop.Witness(AtInput, 0, 0.1); !errors.Is(err, ErrMargin) {
		t.Errorf("witness of an unstable loop: %v, expected ErrMargin", err)
	}
	h, err := HInfNorm(must(loop.close()).perturbed(AtInput, 0))
	if !errors.Is(err, ErrUnstable) {
		t.Errorf("norm of an unstable loop: %+v, %v", h, err)
	}
}

// TestNarrowResonanceIsFound: by eigenvalues, between the points of any grid (test E2).
func TestNarrowResonanceIsFound(t *testing.T) {
	loop := Loop{P: narrowLoop(1e-3), K: unity(0)}
	d := must(DiskMargin(loop, AtInput, 0))
	if d.Closed.State != Stable || math.Abs(real(d.Closed.Pole)+0.0009) > printed(4) {
		t.Errorf("closed loop %s, expected stable with real part -0.0009", d.Closed)
	}
	if math.Abs(d.Lower-0.4464) > printed(4) || math.Abs(d.Upper-0.4464) > printed(4) {
		t.Errorf("disk margin [%.7f, %.7f], expected 0.4464", d.Lower, d.Upper)
	}
	checkPerturbation(t, "narrow resonance", loop, AtInput, d)
}

// TestDiskMarginMIMO: at w = 0 the margin of the satellite solves 84 - 80 a - 381 a^2 = 0 (det(I - M Delta) = 0 for
// Delta = diag(a, -a) and M = S(0) - I/2 = [19/42, -10; 10/21, -1/2]); with K = I the eigenvalues of M(jw) are
// ((jw - 1)/2 +- 10i)/(jw + 1), largest at w = sqrt 101 - 10, while one loop at a time has 2.
func TestDiskMarginMIMO(t *testing.T) {
	const tol = 2 * coverGap
	want := (math.Sqrt(134416) - 80) / 762
	loop := satellite(1, -2, 0, 1)
	for _, at := range []Break{AtOutput, AtInput} {
		d := must(DiskMargin(loop, at, 0))
		if !near(d.Lower, want, tol) || !near(d.Upper, want, tol) || d.Freq != 0 {
			t.Errorf("%s: [%.8f, %.8f] at %g rad/s, expected %.8f at 0", at, d.Lower, d.Upper, d.Freq, want)
		}
		if d.Lower < 0.3754 || d.Upper > 0.3762 {
			t.Errorf("%s: [%.8f, %.8f], published range [0.3754, 0.3762]", at, d.Lower, d.Upper)
		}
		checkPerturbation(t, at.String(), loop, at, d)
	}
	loop = satellite(1, 0, 0, 1)
	d := must(DiskMargin(loop, AtInput, 0))
	if want := 1 / math.Sqrt(0.25+10*(10+math.Sqrt(101))/2); !near(d.Lower, want, tol) || !near(d.Upper, want, tol) {
		t.Errorf("K = I: [%.8f, %.8f], expected %.8f", d.Lower, d.Upper, want)
	}
	for _, e := range must(DiskMarginEach(loop, AtBoth, 0)) {
		if !near(e.Lower, 2, tol) {
			t.Errorf("K = I, one loop at a time: %.8f at the %s, expected 2", e.Lower, e.Break)
		}
	}
	both := must(DiskMargin(loop, AtBoth, 0))
	if both.Upper > d.Upper || both.Lower > both.Upper {
		t.Errorf("both: [%g, %g] is more than the input alone, %g", both.Lower, both.Upper, d.Upper)
	}
}

// checkPerturbation closes the loop with the perturbation and with 0.1 % less.
func checkPerturbation(t *testing.T, name string, l Loop, at Break, d *DiskMarginResult) {
	t.Helper()
	const onAxis = 1e-9 // of the largest pole
	if d.Worst == nil || !(d.Worst.Distance < onAxis) {
		t.Errorf("%s: %+v, expected a pole on the boundary", name, d.Worst)
		return
	}
	m := must(l.close()).perturbed(at, d.Skew)
	delta := make([]complex128, len(d.Worst.Delta))
	for i, v := range d.Worst.Delta {
		delta[i] = 0.999 * v
		if cmplx.Abs(v) > d.Upper*(1+1e-9) {
			t.Errorf("%s: perturbation of size %g beyond the margin %g", name, cmplx.Abs(v), d.Upper)
		}
	}
	for _, p := range must(perturbedPoles(m, d.Freq, delta)) {
		if outside(p, m.Discrete()) {
			t.Errorf("%s: unstable pole %g under 99.9 %% of the perturbation", name, p)
		}
	}
}

// randomLoop has p and q channels, order n and a controller of order k; discrete half of the time. Stable by a gain that is
// small enough.
func randomLoop(r *rand.Rand, n, k, m, p int) Loop {
	part := func(n, m, p int) *SS {
		g := randomSystem(r, n, -0.05)
		b, c, d := mat.NewDense(n, m, nil), mat.NewDense(p, n, nil), mat.NewDense(p, m, nil)
		for _, x := range []*mat.Dense{b, c, d} {
			rows, cols := x.Dims()
			for i := range rows {
				for j := range cols {
					x.Set(i, j, r.NormFloat64())
				}
			}
		}
		d.Scale(0.2, d)
		out := must(NewSS(g.A, b, c, d, 0))
		h := must(HInfNorm(out)).Norm
		out.C.Scale(0.8/h, out.C)
		out.D.Scale(0.8/h, out.D)
		return out
	}
	return Loop{P: part(n, m, p), K: part(k, p, m)}
}

// TestDiskMarginRandom: up to three channels the bounds meet; the perturbation destabilises; no smaller random one does;
// without scaling the margin is at most that; and the witness exists.
func TestDiskMarginRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 7))
	for i, c := range []struct{ n, k, m, p int }{{3, 2, 1, 1}, {8, 3, 2, 2}, {5, 4, 3, 2}, {20, 6, 1, 1}, {4, 2, 2, 3}} {
		l := randomLoop(r, c.n, c.k, c.m, c.p)
		skew := float64(i%3) - 1
		d := must(DiskMargin(l, AtInput, skew))
		if d.Closed.State != Stable {
			t.Fatalf("case %d: %s", i, d.Closed)
		}
		const meet = 2e-5 // nonsmooth optimum: the perturbation is found to the root of rounding
		if !(d.Lower <= d.Upper*(1+1e-9)) || d.Upper > d.Lower*(1+meet) || d.Constant > d.Lower*(1+1e-9) {
			t.Errorf("case %d: bounds [%.9g, %.9g], constant scaling %.9g", i, d.Lower, d.Upper, d.Constant)
		}
		checkPerturbation(t, fmt.Sprint("case ", i), l, AtInput, d)
		m := must(l.close()).perturbed(AtInput, skew)
		for range 100 {
			delta := make([]complex128, c.m)
			for j := range delta {
				delta[j] = cmplx.Rect(0.9999*d.Lower, 2*math.Pi*r.Float64())
			}
			w := math.Pow(10, 4*r.Float64()-2)
			for _, p := range must(perturbedPoles(m, w, delta)) {
				if real(p) >= 0 {
					t.Errorf("case %d: pole %g under a perturbation inside the margin", i, p)
				}
			}
		}
		w, err := l.Witness(AtInput, skew, d.Constant*(1-1e-4))
		const rounding = 1e-13 // of the entries of the inequality with unit diagonal
		if err != nil || !(w.Slack > 10*rounding) {
			t.Errorf("case %d: witness %+v, %v", i, w, err)
		}
		if _, err := l.Witness(AtInput, skew, d.Constant*(1+1e-6)); !errors.Is(err, ErrMargin) {
			t.Errorf("case %d: witness above the margin: %v, expected ErrMargin", i, err)
		}
	}
}

// TestDiskMarginHighPrecision: verdicts "margin at least alpha" of loops up to order 60 against Sturm chains.
func TestDiskMarginHighPrecision(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 9))
	for _, n := range []int{4, 20, 60} {
		g := randomSystem(r, n, -1e-3)
		h := must(HInfNorm(g)).Norm
		g.C.Scale(0.5/h, g.C)
		l := Loop{P: g, K: unity(0)}
		d := must(DiskMargin(l, AtInput, 0))
		m := must(l.close()).perturbed(AtInput, 0)
		const rounding = 1e-7
		if above(m, 1/d.Lower*(1+rounding)) {
			t.Errorf("order %d: margin below the lower bound %.12g", n, d.Lower)
		}
		if level := 1 / d.Upper * (1 - rounding); !above(m, level) && !(math.Abs(real(m.At(0).At(0, 0))) > level) {
			t.Errorf("order %d: margin above the upper bound %.12g", n, d.Upper)
		}
	}
}

// TestDiscreteMargin: the margin of a sampled loop is that of its image under the bilinear map, with the frequency in rad/s.
func TestDiscreteMargin(t *testing.T) {
	c := companion([]float64{2}, []float64{1, 3, 2, 0}, 0)
	step, integral := flow(c.A, 0.05)
	l := must(NewSS(step, mul(integral, c.B), c.C, nil, 0.05))
	loop := Loop{P: l, K: unity(0.05)}
	d := must(DiskMargin(loop, AtInput, 0))
	// at the frequency found |S - 1/2| is 1/alpha, and it is a maximum
	size := func(w float64) float64 {
		v := l.FreqResp([]float64{w})[0].At(0, 0)
		return cmplx.Abs(1/(1+v) - 0.5)
	}
	const flat = 1e-9
	if !near(size(d.Freq), 1/d.Lower, 1e-8) || size(d.Freq*1.001) > size(d.Freq)*(1+flat) || size(d.Freq*0.999) > size(d.Freq)*(1+flat) {
		t.Errorf("[%g, %g] at %g rad/s, where |S-1/2| is %g", d.Lower, d.Upper, d.Freq, 1/size(d.Freq))
	}
	checkPerturbation(t, "sampled", loop, AtInput, d)
	w, err := loop.Witness(AtInput, 0, d.Constant*(1-1e-4))
	if err != nil || !(w.Slack > 1e-12) {
		t.Errorf("witness %+v, %v", w, err)
	}
}

func TestLoopErrors(t *testing.T) {
	two := must(Gain(mat.NewDense(2, 2, []float64{1, 0, 0, 1}), 0))
	for _, c := range []struct {
		name string
		l    Loop
		skew float64
		want error
	}{
		{"sizes", Loop{P: two, K: unity(0)}, 0, ErrShape},
		{"nil", Loop{P: two}, 0, ErrShape},
		{"times", Loop{P: companion([]float64{1}, []float64{1, 1}, 0), K: unity(0.1)}, 0, ErrTime},
		{"algebraic loop", Loop{P: unity(0), K: unity(0), Positive: true}, 0, ErrAlgebraic},
		{"skew", Loop{P: unity(0), K: unity(0)}, math.NaN(), ErrNotFinite},
	} {
		if _, err := DiskMargin(c.l, AtInput, c.skew); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, expected %v", c.name, err, c.want)
		}
	}
	if _, err := Margin(two); !errors.Is(err, ErrShape) {
		t.Errorf("margins of a 2 x 2 loop: %v, expected ErrShape", err)
	}
}

func ExampleDiskMargin() {
	// P = 1/(s^2 + s), K = 2, negative feedback
	p, _ := NewSS(mat.NewDense(2, 2, []float64{0, 1, 0, -1}), mat.NewDense(2, 1, []float64{0, 1}), mat.NewDense(1, 2, []float64{1, 0}), nil, 0)
	k, _ := Gain(mat.NewDense(1, 1, []float64{2}), 0)
	r, _ := DiskMargin(Loop{P: p, K: k}, AtInput, 0)
	low, high := r.Disk().Gain()
	fmt.Printf("alpha %.4f at %.3f rad/s: gain [%.3f, %.3f], phase %.2f deg\n", r.Lower, r.Freq, low, high, r.Disk().Phase()*180/math.Pi)
	// Output: alpha 0.6667 at 1.414 rad/s: gain [0.500, 2.000], phase 36.87 deg
}

// TestSensitivity: S + T = I, S = 1/(1 + L), and a loop opened at a channel is L again.
func TestSensitivity(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 11))
	const tol = 1e-10 // condition of random coordinates
	for i, c := range []struct{ m, p int }{{1, 1}, {2, 3}} {
		l := randomLoop(r, 4, 3, c.m, c.p)
		l.Positive = i == 1
		s, T, err := l.Sensitivity(AtOutput)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []float64{0, 0.3, 7} {
			at := complex(0, w)
			p, k := l.P.At(at), l.K.At(at)
			for row := range c.p { // (I + PK) S = I
				for col := range c.p {
					sum := s.At(at).At(row, col)
					for a := range c.p {
						for b := range c.m {
							sum -= complex(l.sign(), 0) * p.At(row, b) * k.At(b, a) * s.At(at).At(a, col)
						}
					}
					want := complex128(0)
					if row == col {
						want = 1
					}
					if cmplx.Abs(sum-want) > tol || cmplx.Abs(s.At(at).At(row, col)+T.At(at).At(row, col)-want) > tol {
						t.Errorf("case %d at %g rad/s: (I + L) S = %g, S + T = %g at (%d, %d)", i, w, sum, s.At(at).At(row, col)+T.At(at).At(row, col), row, col)
					}
				}
			}
			for ch := range c.p {
				one := must(l.OneLoop(AtOutput, ch)).At(at).At(0, 0)
				if v := 1/s.At(at).At(ch, ch) - 1; cmplx.Abs(one-v) > tol*cmplx.Abs(1+v) {
					t.Errorf("case %d: channel %d opened is %g at %g rad/s, expected %g", i, ch, one, w, v)
				}
			}
		}
	}
}

// TestCrossingsAreComplete: every change of sign that a fine grid sees is among the crossings; what the grid misses may be
// there besides. Each crossing satisfies its equation.
func TestCrossingsAreComplete(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 15))
	const points, span = 4000, 6.0 // over 10^(+-span/2)
	seen := 0
	for i := range 40 {
		l := randomSystem(r, 1+r.IntN(14), -1e-3)
		h := must(HInfNorm(l)).Norm
		l.C.Scale(math.Pow(10, 2*r.Float64()-0.3)/h, l.C)
		if i%2 == 1 { // sampled
			step, integral := flow(l.A, 0.02)
			l = must(NewSS(step, mul(integral, l.B), l.C, nil, 0.02))
		}
		m := must(Margin(l))
		var grid []float64
		for k := range points {
			w := math.Pow(10, span*(float64(k)/(points-1)-0.5))
			if l.Discrete() && w > math.Pi/l.Ts {
				break
			}
			grid = append(grid, w)
		}
		resp := l.FreqResp(grid)
		for k := 1; k < len(grid); k++ {
			a, b := resp[k-1].At(0, 0), resp[k].At(0, 0)
			if (cmplx.Abs(a) > 1) != (cmplx.Abs(b) > 1) {
				seen++
				found := false
				for _, c := range m.GainCrossings {
					found = found || c.Freq >= grid[k-1] && c.Freq <= grid[k]
				}
				if !found {
					t.Errorf("system %d: gain crossing between %g and %g rad/s is missing", i, grid[k-1], grid[k])
				}
			}
			if (imag(a) > 0) != (imag(b) > 0) && real(a) < 0 && real(b) < 0 {
				seen++
				found := false
				for _, c := range m.PhaseCrossings {
					found = found || c.Freq >= grid[k-1] && c.Freq <= grid[k]
				}
				if !found {
					t.Errorf("system %d: phase crossing between %g and %g rad/s is missing", i, grid[k-1], grid[k])
				}
			}
		}
		const tol = 1e-7
		for _, c := range m.GainCrossings {
			if v := l.FreqResp([]float64{c.Freq})[0].At(0, 0); math.Abs(cmplx.Abs(v)-1) > tol {
				t.Errorf("system %d: |L| = %g at a gain crossing", i, cmplx.Abs(v))
			}
		}
		for _, c := range m.PhaseCrossings {
			if math.IsInf(c.Freq, 0) {
				continue
			}
			if v := l.FreqResp([]float64{c.Freq})[0].At(0, 0) * complex(c.Gain, 0); cmplx.Abs(v+1) > tol {
				t.Errorf("system %d: gain %g times L is %g at a phase crossing", i, c.Gain, v)
			}
		}
	}
	if seen < 60 {
		t.Errorf("the grid saw %d crossings, too few for a test", seen)
	}
}

// TestPerturbationAtRest: where a loop is limited at frequency 0 the perturbation is that of a real system.
func TestPerturbationAtRest(t *testing.T) {
	p := companion([]float64{1}, []float64{1, 1}, 0)
	for _, c := range []struct {
		name string
		l    Loop
	}{
		{"no feedback", Loop{P: p, K: must(Gain(mat.NewDense(1, 1, []float64{0}), 0))}},
		{"satellite", satellite(1, -2, 0, 1)},
		// rotation at rest: M(0) = S - I/2 has eigenvalues off the real axis
		{"rotation", Loop{P: must(NewSS(mat.NewDense(2, 2, []float64{-1, 0, 0, -1}), mat.NewDense(2, 2, []float64{1, 0, 0, 1}), mat.NewDense(2, 2, []float64{0, 1, -1, 0}), nil, 0)),
			K: must(Gain(mat.NewDense(2, 2, []float64{0.5, 0, 0, 0.5}), 0))}},
	} {
		for _, at := range []Break{AtInput, AtBoth} {
			d := must(DiskMargin(c.l, at, 0.3))
			if math.IsInf(d.Freq, 1) {
				continue
			}
			if c.name != "no feedback" { // there the factor is infinite
				checkPerturbation(t, c.name+" "+at.String(), c.l, at, d)
			}
			const meet = 1e-5
			if d.Upper > d.Lower*(1+meet) {
				t.Errorf("%s, %s: [%g, %g]", c.name, at, d.Lower, d.Upper)
			}
		}
	}
}
