package cert_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
)

// system returns a bundle of a system with states x0, x1, ... and one witness.
func system(continuous bool, m bundle.Member, claim string, w bundle.Witness) *bundle.Model {
	s := &bundle.System{Name: "test", Continuous: continuous}
	for range m.States {
		s.States = append(s.States, bundle.Signal{Name: "x"})
	}
	return &bundle.Model{Manifest: bundle.Manifest{System: s, Members: []bundle.Member{m}},
		Certificate: &bundle.Certificate{Claim: claim, Members: []bundle.Witness{w}}}
}

func expressions(right ...string) bundle.Member {
	m := bundle.Member{Kind: "expressions", States: len(right)}
	for _, r := range right {
		m.Right = append(m.Right, strings.Fields(r))
	}
	return m
}

func judged(t *testing.T, m *bundle.Model) cert.Verdict {
	t.Helper()
	v, err := bundle.Check(m)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func q(s string) *big.Rat { r, _ := new(big.Rat).SetString(s); return r }

func TestPendulumQuick(t *testing.T) {
	// A'P+PA = -I, A = [0 1; -9.81 -0.5]
	g, d := 9.81, 0.5
	p12 := 1 / (2 * g)
	p22 := (1 + 2*p12) / (2 * d)
	p11 := d*p12 + g*p22
	for _, level := range []string{"6", "635/100", "641/100", "6425/1000"} {
		start := time.Now()
		v := judged(t, system(true, expressions("x1", "-9.81 x0 sin * 0.5 x1 * -"), "lyapunov",
			bundle.Witness{Rate: new(big.Rat), M: []float64{p11, p12, p12, p22}, Level: q(level), Box: []float64{1.2, 2.6}}))
		t.Log(level, v.Proved, v.Failed, v.By, v.Statement, time.Since(start))
	}
}

// e3 is x' = (U-1) dU/dx with U = (x'A1'A1 x)(x'A2'A2 x), A1 = [1 2; 3 4], A2 = A1 diag(-1, 1), and V = x'x: W = 8U(U-1). The
// largest region {V < level} is that of 1/20, with
//
//	-W = 8U (400 V^2 - U) + (1 - 20 V) 8U (1 + 20 V),   400 V^2 - U = 300 x0^4 + 1184 x0^2 x1^2.
func e3(level string) (bundle.Member, bundle.Witness) {
	const u = "100 x0 pow:4 * 384 x0 pow:2 * x1 pow:2 * - 400 x1 pow:4 * + 1 -"
	m := expressions("400 x0 pow:3 * 768 x0 * x1 pow:2 * - "+u+" *", "1600 x1 pow:3 * 768 x0 pow:2 * x1 * - "+u+" *")
	const b = 1987.0 / 1024 // U = 99 (x0^2 - b x1^2)^2 + x0^4 + (400 - 99 b^2) x1^4 + (198 b - 384) x0^2 x1^2
	roots := map[string]float64{"x0 pow:2 1.9404296875 x1 pow:2 * -": 99, "x0 pow:2": 1, "x1 pow:2": 400 - 99*b*b, "x0 x1 *": 198*b - 384}
	w := bundle.Witness{Rate: new(big.Rat), M: []float64{1, 0, 0, 1}, Level: q(level)}
	add := func(inside bool, factor string, c float64) {
		for root, weight := range roots {
			w.Squares = append(w.Squares, bundle.Square{Weight: c * weight, Root: strings.Fields(root + factor), Inside: inside})
		}
	}
	add(true, "", 8)
	add(true, " x0 *", 160)
	add(true, " x1 *", 160)
	add(false, " x0 pow:2 *", 2400)
	add(false, " x0 x1 * *", 9472)
	return m, w
}

func TestE3Quick(t *testing.T) {
	for _, level := range []string{"1/20", "3602879701896397/72057594037927936", "499/10000"} {
		start := time.Now()
		m, w := e3(level)
		v := judged(t, system(true, m, "lyapunov", w))
		t.Log(level, v.Proved, v.Failed, v.By, v.Statement, time.Since(start))
	}
}

func TestMarginQuick(t *testing.T) {
	// P = 1/(s+1) as x' = -x + u, y = x; K = 1: L = 1/(s+1), S = (s+1)/(s+2), S - 1/2 = s/(2(s+2)): norm 1/2, alpha 2
	m := bundle.Member{Kind: "loop", States: 1, Plant: 1}
	for _, alpha := range []string{"1", "19/10", "199/100", "2"} {
		w := bundle.Witness{Alpha: q(alpha), Skew: new(big.Rat), Channels: []int{0}, M: []float64{1}, Lambda: []float64{1}, Mu: []float64{1000, 1000}}
		for _, lam := range []float64{0.25, 0.5, 0.75, 1, 2} {
			w.Lambda[0] = lam
			b := system(true, m, "margin", w)
			b.Manifest.Inputs, b.Manifest.Outputs = []bundle.Signal{{Name: "u"}}, []bundle.Signal{{Name: "y"}}
			for name, x := range map[string]float64{"P.A": -1, "P.B": 1, "P.C": 1, "P.D": 0, "K.D": 1} {
				b.Tensors = append(b.Tensors, bundle.Tensor{Name: name, Shape: []int{1, 1}, Data: []float64{x}})
			}
			v := judged(t, b)
			t.Log(alpha, lam, v.Proved, v.Failed, v.By, v.Statement)
		}
	}
}
