package lti_test

import (
	"fmt"

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
