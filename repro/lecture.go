package repro

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/stability"
)

// lectureSource is what the entry reproduces.
const lectureSource = "Sarah Dean: ML in Feedback Systems, lecture 5: Dynamical Systems; theorems from Bof, Carli, Schenato: Lyapunov Theory for Discrete Time Systems, arXiv 1809.05289"

// Constants of the lecture's pendulum, theta+ = theta + h omega, omega+ = omega + h (g/l sin theta - d omega), with theta = 0
// upright.
const (
	gravity = 9.81 // g/l, 1/s^2
	stepH   = 0.01 // s
)

// concept is one topic of the lecture: what it says, what had to be corrected, checks and pictures.
type concept struct {
	id, title string
	says      string
	corrected []string
	run       func() ([]Check, []*report.Drawing, error)
}

func concepts() []concept {
	return []concept{
		{"equilibria", "Trajectories and equilibria", "x is an equilibrium where F(x) = x. The pendulum has them at θ = kπ, ω = 0.",
			[]string{"The notes let k run over ℕ; it runs over ℤ. All of a box are found here, and a proof that there are no others."}, lectureEquilibria},
		{"linear", "Stability of linear systems", "x⁺ = Ax is asymptotically stable if ρ(A) < 1 and unstable if ρ(A) > 1.",
			[]string{"For ρ(A) = 1 the notes say “marginally (un)stable”. It is stable exactly if every eigenvalue of modulus one is semisimple: [[0, 5], [0, 1]] is, [[1, 1], [0, 1]] is not.",
				"For [[0, 5], [0, 1]] the notes take δ = ε/5. That is slightly too large: |A| = √26, so δ = ε/√26.",
				"The example “ε² = f(δ)² + δ²” needs an f that grows with |y|; in general sup of |f| over |y| ≤ δ takes its place."}, lectureLinear},
		{"linearisation", "Linearisation", "With J the Jacobian at an equilibrium: ρ(J) < 1 means locally asymptotically stable, ρ(J) > 1 unstable, ρ(J) = 1 nothing.", nil, lectureLinearisation},
		{"pendulum", "The discretised pendulum", "λ = 1 − hd/2 ± h√(d²/4 + (g/l) cos θ). Upright is a saddle; hanging has complex eigenvalues for small d.",
			[]string{"The notes say that hanging, the modulus is below one “for small d”. With explicit Euler steps |λ|² = 1 − hd + h²g/l, below one exactly if d > h g/l: for smaller d, and for d = 0, the step adds energy and the hanging position is unstable. “Small” must mean h g/l < d < 2√(g/l).",
				"The sign +(g/l) sin θ puts θ = 0 upright; hanging is θ = π. The notes are consistent with that."}, lecturePendulum},
		{"descent", "Gradient descent and stochastic gradient descent", "θ⁺ = θ − α∇g(θ) has the Jacobian I − αH with eigenvalues 1 − αγᵢ.",
			[]string{"“α < 1/γᵢ” is sufficient; the sharp bound is 2/γ_max.", "“Not stable if any γᵢ ≤ 0” holds for γᵢ < 0; γᵢ = 0 decides nothing, since a constant g is stable.", "g maps ℝᵈ to ℝ, not to ℝᵈ."}, lectureDescent},
		{"lyapunov", "Lyapunov functions", "V(0) = 0, V(x) > 0 and V(F(x)) − V(x) < 0 for x ≠ 0: asymptotically stable.",
			[]string{"The notes write “V(0) > 0 for all s ≠ 0”; V(s) > 0 is meant. All conditions are checked here, not the decrease alone."}, lectureLyapunov},
		{"equation", "The Lyapunov equation", "P = Σ (Aᵀ)ᵗAᵗ solves AᵀPA − P + I = 0; V = xᵀPx falls by |x|² at every step, by the factor γ = 1 − 1/λ_max(P) at least.", nil, lectureEquation},
		{"region", "Region of attraction", "For a nonlinear system xᵀPx is a Lyapunov function near the equilibrium. How near?",
			[]string{"The notes leave the region open. It is proved here, with the level at which the decrease first fails beside it."}, lectureRegion},
		{"response", "Response of a linear system", "y(t) = CAᵗs₀ + Σ CAᵏ⁻¹w(t−k).", nil, lectureResponse},
		{"gaussian", "Linear systems with Gaussian disturbances", "Mean Σ CAᵏμ and covariance Σ CAᵏΣ(Aᵏ)ᵀCᵀ.",
			[]string{"The formula with the sum to k = t holds where s₀ and w share mean and covariance; the general one has the terms CAᵗμ₀ and CAᵗΣ₀(Aᵗ)ᵀCᵀ.", "That s₀ and the w(t) are independent is not stated; uncorrelated is enough for the moments."}, lectureGaussian},
		{"bibo", "Bounded inputs and outputs", "|y| ≤ Σ|CAᵏ| B for |w| ≤ B; on average, the gain is the H∞ norm.",
			[]string{"The limit of the power bound is a limsup."}, lectureGains},
		{"iss", "Input-to-state bound", "V(F(x)) ≤ γV(x): limsup|s| ≤ √(α₂/α₁) B/(1 − √γ).",
			[]string{"The limit is a limsup, √V must be subadditive and γ ≥ 0.", "The bound is far from what a disturbance can do; four sharper ones stand beside it, and the worst that a search found."}, lectureISS},
	}
}

// lecture checks every concept.
func lecture(ctx context.Context, o Options) (*Result, *report.Document, error) {
	r, d := &Result{}, &report.Document{}
	corrections := 0
	for _, c := range concepts() {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		checks, drawings, err := c.run()
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", c.title, err)
		}
		for i := range checks {
			checks[i].Name = c.id + ": " + checks[i].Name
		}
		s := report.Section{ID: c.id, Title: c.title, Blocks: []report.Block{report.Text(c.says)}}
		for _, t := range c.corrected {
			corrections++
			s.Blocks = append(s.Blocks, report.Text("Corrected: "+t))
		}
		s.Blocks = append(s.Blocks, checkTable(checks))
		for _, p := range drawings {
			s.Blocks = append(s.Blocks, p)
		}
		r.Checks = append(r.Checks, checks...)
		d.Sections = append(d.Sections, s)
	}
	d.Cards = []report.Card{{Name: "concepts", Value: fmt.Sprint(len(concepts())), Note: fmt.Sprintf("%d checks", len(r.Checks))},
		{Name: "corrections", Value: fmt.Sprint(corrections), Note: "of the notes, each stated and checked"}}
	d.Sections = append(d.Sections, report.Section{ID: "reproduce", Title: "Reproduce", Blocks: []report.Block{report.Code(o.Command), report.Text("No training and no randomness beyond fixed seeds: the same numbers on every run.")}})
	return r, d, nil
}

// near is a check that v is within tol of want.
func near(name string, v, want, tol float64) Check {
	return Check{name, Number(v), equalText(want, tol), math.Abs(v-want) <= tol}
}

// equations builds a system of expressions.
func equations(t stability.Time, states []string, f ...string) (*stability.Expressions, error) {
	var all []*expr.Expr
	for _, s := range f {
		e, err := expr.Parse(s, states)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return stability.NewExpressions(all, states, t)
}

// eulerPendulum is the lecture's pendulum.
func eulerPendulum(d float64) (*stability.Expressions, error) {
	return equations(stability.Discrete, []string{"theta", "omega"},
		fmt.Sprintf("theta + %v*omega", stepH), fmt.Sprintf("omega + %v*(%v*sin(theta) - %v*omega)", stepH, gravity, d))
}

// around is the box of radius r about 0 in two states.
func around(r float64) []interval.I { return []interval.I{interval.Of(-r, r), interval.Of(-r, r)} }

func square(n int, v ...float64) *mat.Dense { return mat.NewDense(n, n, v) }

func equalText(want, tol float64) string {
	if tol == 0 {
		return fmt.Sprintf("= %.7g", want)
	}
	return fmt.Sprintf("= %.7g ± %.2g", want, tol)
}
