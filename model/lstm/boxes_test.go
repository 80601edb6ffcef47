package lstm

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/nn/seq"
)

// foreign wraps a cell with weights from elsewhere as what simulatePairs takes.
type foreign struct{ seq.Confined }

func (foreign) Kind() string                             { return "" }
func (foreign) Dim() int                                 { return 0 }
func (foreign) Init(*rand.Rand, []complex128, []float64) {}
func (foreign) Deploy(_, _ []float64)                    {}
func (foreign) Pullback(_, _, _ []float64)               {}
func random(r *rand.Rand, n int, sd float64) (x []float64) {
	for range n {
		x = append(x, sd*r.NormFloat64())
	}
	return x
}

func withFilter(r *rand.Rand, t seq.FilterTensors, w []float64) {
	for i := range t.Lre.Rows {
		p := cmplx.Rect(0.5+0.49*r.Float64(), 3*r.Float64())
		t.Lre.Of(w)[i], t.Lim.Of(w)[i] = real(p), imag(p)
	}
}

// TestBoxes: no trajectory of a network of random weights, certifiable or not, leaves the boxes; and they are not the
// trivial ones.
func TestBoxes(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	small := 0
	for i := range 80 {
		d := seq.Deep{In: 1 + i%2, Out: 1, Units: []int{1 + r.IntN(4), 1 + r.IntN(4)}}
		if i%4 > 1 {
			d.Filter = seq.FilterSize{States: 2, Width: 2}
		}
		var c seq.Confined = seq.LSTM{Deep: d}
		if i%3 == 0 {
			c = seq.GRU{Deep: d}
		}
		f, err := frontOf(c)
		if err != nil {
			t.Fatal(err)
		}
		w := random(r, c.Layout().Len(), 0.1+0.7*r.Float64())
		if f.s > 0 {
			withFilter(r, f.t, w)
		}
		if Boxes(c, w) != nil {
			continue // a gate saturates
		}
		half := make([]float64, c.States())
		for _, p := range c.Box() {
			copy(half[p.First:], p.Tensor.Of(w))
		}
		for _, x := range half[2*f.s:] {
			if x < 0.5 {
				small++
			}
		}
		simulatePairs(foreign{c}, w, r, 0.5, 40, 24, func(k int, a, b seq.Mat) {
			for j := 2 * f.s; j < len(half); j++ {
				for l := range a.Cols {
					if v := max(math.Abs(a.Row(j)[l]), math.Abs(b.Row(j)[l])); v > half[j] {
						t.Fatalf("network %d: state %d is %g after %d steps, outside its box %g", i, j, v, k, half[j])
					}
				}
			}
		})
	}
	if small < 50 {
		t.Errorf("only %d states have boxes below 0.5", small)
	}
}

// TestResponse compares the gain and the reach of a filter with sums over a long impulse response.
func TestResponse(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	for range 40 {
		c := seq.LSTM{Deep: seq.Deep{In: 2, Out: 1, Units: []int{1}, Filter: seq.FilterSize{States: 3, Width: 2}}}
		f, err := frontOf(c)
		if err != nil {
			t.Fatal(err)
		}
		w := random(r, c.Layout().Len(), 1)
		withFilter(r, f.t, w)
		box := f.t.Box.Of(w)
		for i := range box {
			box[i] = 2 * r.Float64()
		}
		z := f.response(f.t.Cre, f.t.Cim, f.t.D, w)
		for j := range 2 {
			gain := math.Abs(f.t.D.Of(w)[2*j]) + math.Abs(f.t.D.Of(w)[2*j+1])
			reach := 0.0
			power := []complex128{1, 1, 1}
			for range 20000 {
				free := 0.0
				h := [2]float64{}
				for i := range 3 {
					m := complex(f.t.Cre.Of(w)[3*j+i], f.t.Cim.Of(w)[3*j+i])
					free += math.Sqrt2 * cmplx.Abs(m) * cmplx.Abs(power[i]) * box[i]
					for k := range h {
						h[k] += real(m * power[i] * complex(f.t.Bre.Of(w)[2*i+k], f.t.Bim.Of(w)[2*i+k]))
					}
					power[i] *= complex(f.t.Lre.Of(w)[i], f.t.Lim.Of(w)[i])
				}
				reach = max(reach, gain+free)
				gain += math.Abs(h[0]) + math.Abs(h[1])
			}
			reach = max(reach, gain)
			// the tail after responseFall is bounded by its absolute values, and rounding has its room
			const loose = 2e-3
			if z.gain[j] < gain || z.gain[j] > gain*(1+loose) || z.reach[j] < reach || z.reach[j] > reach*(1+loose) {
				t.Errorf("gain %g for %g, reach %g for %g", z.gain[j], gain, z.reach[j], reach)
			}
		}
	}
}
