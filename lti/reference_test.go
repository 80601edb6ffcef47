package lti

import (
	"encoding/json"
	"math/cmplx"
	"os"
	"testing"

	"gonum.org/v1/gonum/mat"
)

type rows [][]float64

func (r rows) dense() *mat.Dense {
	d := mat.NewDense(len(r), len(r[0]), nil)
	for i := range r {
		d.SetRow(i, r[i])
	}
	return d
}

func complexes(v [][2]float64) []complex128 {
	out := make([]complex128, len(v))
	for i := range v {
		out[i] = complex(v[i][0], v[i][1])
	}
	return out
}

// TestAgainstReference compares with scipy (testdata/reference.py), whose methods differ from ours: QZ for Riccati
// equations, resampled matrix exponentials, Tits and Yang's pole placement.
func TestAgainstReference(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		Are  []struct{ A, B, Q, R, S, Care, Dare rows }
		Lyap []struct{ A, Q, B, C, Lyap, Dlyap, Sylv rows }
		C2d  []struct {
			A, B, C, D, Ad, Bd rows
			Ts                 float64
			Z                  [2]float64
			Re                 rows `json:"tustin_re"`
			Im                 rows `json:"tustin_im"`
		}
		Zpk []struct {
			Num, Den []float64
			Z, P     [][2]float64
			K        float64
		}
		Lsim []struct {
			A, B, C, D, U, Linear, Held rows
			T, X0                       []float64
		}
		Place []struct {
			A, B, K rows
			P       [][2]float64
			Cond    float64
		}
	}
	if err := json.Unmarshal(text, &ref); err != nil {
		t.Fatal(err)
	}
	// close is what two backward stable methods may differ by on these well-conditioned problems (condition <= 1e5).
	const close = 1e-9
	same := func(name string, i int, got *mat.Dense, want rows) {
		t.Helper()
		w := want.dense()
		if d := frob(sub(got, w)); !(d <= close*frob(w)) {
			t.Errorf("%s %d: differs by %g of %g", name, i, d, frob(w))
		}
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range ref.Are {
		x, err := CARE(c.A.dense(), c.B.dense(), c.Q.dense(), c.R.dense(), c.S.dense())
		ok(err)
		same("CARE", i, x.X, c.Care)
		x, err = DARE(c.A.dense(), c.B.dense(), c.Q.dense(), c.R.dense(), c.S.dense())
		ok(err)
		same("DARE", i, x.X, c.Dare)
	}
	for i, c := range ref.Lyap {
		x, err := Lyap(c.A.dense(), c.Q.dense())
		ok(err)
		same("Lyap", i, x.X, c.Lyap)
		x, err = DLyap(c.A.dense(), c.Q.dense())
		ok(err)
		same("DLyap", i, x.X, c.Dlyap)
		x, err = Sylvester(c.A.dense(), c.B.dense(), c.C.dense())
		ok(err)
		same("Sylvester", i, x.X, c.Sylv)
	}
	for i, c := range ref.C2d {
		g, err := NewSS(c.A.dense(), c.B.dense(), c.C.dense(), c.D.dense(), 0)
		ok(err)
		d, err := C2D(g, c.Ts, ZOH, 0)
		ok(err)
		same("ZOH A", i, d.A, c.Ad)
		same("ZOH B", i, d.B, c.Bd)
		d, err = C2D(g, c.Ts, Tustin, 0)
		ok(err)
		v := d.At(complex(c.Z[0], c.Z[1]))
		p, m := v.Dims()
		for k := range p {
			for l := range m {
				if w := complex(c.Re[k][l], c.Im[k][l]); cmplx.Abs(v.At(k, l)-w) > close*(1+cmplx.Abs(w)) {
					t.Errorf("Tustin %d: %v, want %v", i, v.At(k, l), w)
				}
			}
		}
	}
	for i, c := range ref.Zpk {
		g, err := NewTF(c.Num, c.Den, 0)
		ok(err)
		s, err := g.SS()
		ok(err)
		z, err := s.ZPK()
		ok(err)
		sameSet(t, "zeros of realisation", z.Z[0][0], complexes(c.Z), 1e-7) // roots of the given coefficients, ill-conditioned
		sameSet(t, "poles of realisation", z.P[0][0], complexes(c.P), 1e-7)
		if d := z.K[0][0]/c.K - 1; d > close || d < -close {
			t.Errorf("gain %d: %v, want %v", i, z.K[0][0], c.K)
		}
		z, err = g.ZPK()
		ok(err)
		sameSet(t, "zeros", z.Z[0][0], complexes(c.Z), 1e-7)
	}
	for i, c := range ref.Lsim {
		g, err := NewSS(c.A.dense(), c.B.dense(), c.C.dense(), c.D.dense(), 0)
		ok(err)
		r, err := LSim(g, c.U.dense(), c.T, c.X0, LinearInput)
		ok(err)
		same("linear input", i, r.Y, c.Linear)
		r, err = LSim(g, c.U.dense(), c.T, c.X0, HeldInput)
		ok(err)
		same("held input", i, r.Y, c.Held)
	}
	for i, c := range ref.Place {
		p, err := Place(c.A.dense(), c.B.dense(), complexes(c.P))
		ok(err)
		sameSet(t, "placed poles", p.Poles, complexes(c.P), 1e-9)
		if len(c.B[0]) == 1 {
			same("the one gain", i, p.K, c.K)
		}
		t.Logf("placement %d: condition %.3g, reference %.3g, gain %.3g, reference %.3g", i, p.Cond, c.Cond, frob(p.K), frob(c.K.dense()))
		const worse = 3 // method 0 with conjugate pairs is not optimal
		if p.Cond > worse*c.Cond {
			t.Errorf("placement %d: condition %g, reference %g", i, p.Cond, c.Cond)
		}
	}
}

// sameSet compares lists of complex numbers as sets.
func sameSet(t *testing.T, name string, got, want []complex128, rel float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %v, want %v", name, got, want)
		return
	}
	used := make([]bool, len(got))
	for _, w := range want {
		best := -1
		for i, g := range got {
			if !used[i] && (best < 0 || cmplx.Abs(g-w) < cmplx.Abs(got[best]-w)) {
				best = i
			}
		}
		used[best] = true
		if cmplx.Abs(got[best]-w) > rel*max(1, cmplx.Abs(w)) {
			t.Errorf("%s: %v, want %v", name, got[best], w)
		}
	}
}
