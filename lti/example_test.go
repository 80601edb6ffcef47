package lti_test

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/lti"
)

// The double integrator under unit weights has the gain [1 sqrt 3] and the residual of its Riccati equation is bounded.
func ExampleLQR() {
	g, err := lti.NewSS(mat.NewDense(2, 2, []float64{0, 1, 0, 0}), mat.NewDense(2, 1, []float64{0, 1}), mat.NewDense(1, 2, []float64{1, 0}), nil, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := lti.LQR(g, mat.NewDense(2, 2, []float64{1, 0, 0, 1}), mat.NewDense(1, 1, []float64{1}), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("K = [%.4f %.4f]\n", d.K.At(0, 0), d.K.At(0, 1))
	fmt.Println("residual below 1e-13:", d.Residual < 1e-13)
	// Output:
	// K = [1.0000 1.7321]
	// residual below 1e-13: true
}

// A feedback that looks fine on a Bode plot: the closed loop is unstable.
func ExampleFeedback() {
	l, err := lti.NewTF([]float64{10}, []float64{1, 1, 0, 0}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := l.SS()
	if err != nil {
		fmt.Println(err)
		return
	}
	closed, err := lti.Feedback(g, nil) // negative feedback
	if err != nil {
		fmt.Println(err)
		return
	}
	stable, err := closed.Stable()
	fmt.Println(stable, err)
	modes, err := lti.Damp(closed)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range modes {
		fmt.Printf("%.3f\n", m.Pole)
	}
	// Output:
	// false <nil>
	// (0.772+1.826i)
	// (0.772-1.826i)
	// (-2.545+0.000i)
}

func ExampleLyap() {
	// Stationary covariance of dx/dt = -2x + w with white noise of intensity 1.
	s, err := lti.Lyap(mat.NewDense(1, 1, []float64{-2}), mat.NewDense(1, 1, []float64{1}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f\n", s.X.At(0, 0))
	// Output: 0.25
}

func ExampleConnect() {
	plant, err := lti.NewSS(mat.NewDense(1, 1, []float64{-1}), mat.NewDense(1, 1, []float64{1}), mat.NewDense(1, 1, []float64{1}), nil, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	plant.Inputs[0], plant.Outputs[0] = lti.Signal{Name: "force", Unit: "N"}, lti.Signal{Name: "speed", Unit: "m/s"}
	gain, err := lti.Gain(mat.NewDense(1, 1, []float64{4}), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	gain.Inputs[0].Name, gain.Outputs[0].Name = "error", "force"
	loop, err := lti.Connect([]*lti.SS{plant, gain}, []lti.Junction{{Output: "error", Plus: []string{"ref"}, Minus: []string{"speed"}}},
		[]string{"ref"}, []string{"speed"})
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := lti.DCGain(loop)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s to %s [%s]: %.2f\n", loop.Inputs[0].Name, loop.Outputs[0].Name, loop.Outputs[0].Unit, k.At(0, 0))
	// Output: ref to speed [m/s]: 0.80
}

func ExampleBalRed() {
	// Two lags, one of them weak: one state does for most of the response.
	g, err := lti.NewSS(mat.NewDense(2, 2, []float64{-1, 0, 0, -50}), mat.NewDense(2, 1, []float64{1, 1}), mat.NewDense(1, 2, []float64{1, 0.1}), nil, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	small, bound, err := lti.BalRed(g, 1, lti.MatchDC)
	if err != nil {
		fmt.Println(err)
		return
	}
	n, _, _ := small.Dims()
	fmt.Printf("order %d, error at most %.5f at every frequency\n", n, bound)
	// Output: order 1, error at most 0.00185 at every frequency
}

// A loop from a transfer function: classical margins over all crossings, and the disk margin with the pair of gain and phase
// that destabilises.
func ExampleLoop_Margin() {
	f, err := lti.NewTF([]float64{2}, []float64{1, 3, 2, 0}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := f.SS()
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := lti.Gain(mat.NewDense(1, 1, []float64{1}), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	loop := lti.Loop{P: p, K: k} // negative feedback
	m, err := loop.Margin(lti.AtInput, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s; gain up to %.3f, phase %.2f deg, delay %.4f s\n", m.Closed.State, m.GainHigh, m.Phase*180/math.Pi, m.Delay)
	d, err := lti.DiskMargin(loop, lti.AtInput, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	low, high := d.Disk().Gain()
	fmt.Printf("alpha %.4f at %.3f rad/s: gain and phase together, %.3f to %.3f and %.1f deg\n", d.Lower, d.Freq, low, high, d.Disk().Phase()*180/math.Pi)
	// Output:
	// stable; gain up to 3.000, phase 32.61 deg, delay 0.7596 s
	// alpha 0.5053 at 0.884 rad/s: gain and phase together, 0.597 to 1.676 and 28.4 deg
}

// A lag sampled every tenth of a second: the held input gives the exact pole exp(-0.1).
func ExampleC2D() {
	f, err := lti.NewTF([]float64{1}, []float64{1, 1}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := f.SS()
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := lti.C2D(g, 0.1, lti.ZOH, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := lti.D2C(d, lti.ZOH, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.6f, sampled every %g s; back %.6f\n", d.A.At(0, 0), d.Ts, back.A.At(0, 0))
	// Output: 0.904837, sampled every 0.1 s; back -1.000000
}
