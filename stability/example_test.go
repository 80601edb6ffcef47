package stability_test

import (
	"fmt"
	"log"
	"math"

	"gonum.org/v1/gonum/num/dual"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/plant/systems"
	"github.com/plumb-go/plumb/stability"
	"github.com/plumb-go/plumb/system"
)

// A Go function over dual numbers has exact Jacobians: the hanging pendulum with air drag, which attracts.
func ExampleClassify_goFunction() {
	s, err := system.FromFunc(system.Description{
		Name:   "pendulum",
		States: []system.Signal{{Name: "theta", Unit: "rad"}, {Name: "omega", Unit: "rad/s"}},
	}, func(dst, x, _ []dual.Number) {
		drag := dual.Mul(dual.Scale(0.3, x[1]), dual.Sqrt(dual.Add(dual.Number{Real: 1}, dual.Mul(x[1], x[1]))))
		dst[0] = x[1]
		dst[1] = dual.Sub(dual.Scale(-9.81, dual.Sin(x[0])), drag)
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	ss, err := s.Linearise([]float64{0, 0}, nil)
	if err != nil {
		log.Fatal(err)
	}
	l, err := stability.Classify(ss.A, stability.Continuous)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, %s (%s), slowest decay %.2f per second\n", l.Kind, l.Verdict, l.Basis, -l.Growth)
	// Output:
	// stable focus, asymptotically stable (verified), slowest decay 0.15 per second
}

// All equilibria of a system of expressions in a box, with a proof that there are no others.
func ExampleEquilibria() {
	names := []string{"x", "v"}
	var f []*expr.Expr
	for _, text := range []string{"v", "x - x^3 - 0.2*v"} { // Duffing's oscillator
		e, err := expr.Parse(text, names)
		if err != nil {
			log.Fatal(err)
		}
		f = append(f, e)
	}
	field, err := stability.NewExpressions(f, names, stability.Continuous)
	if err != nil {
		log.Fatal(err)
	}
	r, err := stability.Equilibria(field, []stability.Interval{stability.Between(-2, 2), stability.Between(-2, 2)}, stability.EquilibriaOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range r.Equilibria {
		fmt.Printf("x = %+.3f: %s, %s\n", e.X[0], e.Linear.Kind, e.Basis)
	}
	fmt.Println("no others:", r.Complete())
	// Output:
	// x = -1.000: stable focus, verified
	// x = +0.000: saddle, verified
	// x = +1.000: stable focus, verified
	// no others: true
}

// A region of attraction of a plant that ships, with the V that is found for it.
func ExampleRegion_plant() {
	s, err := systems.Load("van-der-pol-reversed")
	if err != nil {
		log.Fatal(err)
	}
	field, err := stability.OfSystem(s, nil)
	if err != nil {
		log.Fatal(err)
	}
	r, err := stability.Region(field, []float64{0, 0}, stability.RegionOptions{Radius: []float64{3, 4}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("area verified %.1f; V rises within 1 %% above the level: %v\n", r.Volume, r.Falsified < 1.01*r.Proved)
	// Output:
	// area verified 6.6; V rises within 1 % above the level: true
}

// hanging is a Field by hand: theta' = omega, omega' = -9.81 sin theta - 0.5 omega.
type hanging struct{}

func (hanging) Dim() int             { return 2 }
func (hanging) Time() stability.Time { return stability.Continuous }

func (hanging) Eval(dst, x []float64) {
	dst[0], dst[1] = x[1], -9.81*math.Sin(x[0])-0.5*x[1]
}

func (hanging) Enclose(dst, x []stability.Interval) {
	dst[0], dst[1] = x[1], x[0].Sin().Scale(-9.81).Sub(x[1].Scale(0.5))
}

func (hanging) EncloseJacobian(dst, x []stability.Interval) {
	dst[0], dst[1], dst[2], dst[3] = stability.Number(0), stability.Number(1), x[0].Cos().Scale(-9.81), stability.Number(-0.5)
}

// Where a function is not an expression, its enclosures are written by hand.
func ExampleField() {
	r, err := stability.Equilibria(hanging{}, []stability.Interval{stability.Between(-4, 4), stability.Between(-1, 1)}, stability.EquilibriaOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range r.Equilibria {
		fmt.Printf("theta = %+.4f: %s\n", e.X[0], e.Verdict)
	}
	// Output:
	// theta = -3.1416: unstable
	// theta = +0.0000: asymptotically stable
	// theta = +3.1416: unstable
}
