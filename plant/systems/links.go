package systems

import (
	"fmt"

	"gonum.org/v1/gonum/num/dual"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/system"
)

// maxLinks keeps the number of definitions, which grows with its third power, in bounds.
const maxLinks = 8

// Constants of the n-link pendulum of Manek and Kolter (2019), Learning stable deep dynamics models, NeurIPS: point masses
// at the ends of massless links that together are one metre long.
const (
	linkMass     = 1.0  // kg
	linkGravity  = 9.81 // m/s^2
	linkFriction = 0.3  // N m s, torque per angular velocity of each link against the vertical
)

// Links is the pendulum of n links hanging from its pivot, 1 <= n <= 8. With theta_i the angle of link i against the
// vertical, i = 1..n, and c_ij = n + 1 - max(i, j),
//
//	M omega' = F,   M_ij = m l^2 c_ij cos(theta_i - theta_j)
//	F_i = -sum_j m l^2 c_ij sin(theta_i - theta_j) omega_j^2 - m g l (n + 1 - i) sin theta_i - b omega_i
//
// The description solves the linear system by elimination without pivots, which a positive definite M allows: with
// definitions a_i_j_k for the entries after k columns and f_i_k for the right-hand sides.
func Links(n int) (*system.System, error) {
	if n < 1 || n > maxLinks {
		return nil, fmt.Errorf("%w: a pendulum of %d links; expected 1 to %d", ErrUnknown, n, maxLinks)
	}
	d := linksDescription(n)
	d.Parameters = []system.Parameter{
		{Name: "m", Value: linkMass, Unit: "kg"}, {Name: "l", Value: 1 / float64(n), Unit: "m"},
		{Name: "g", Value: linkGravity, Unit: "m/s^2"}, {Name: "b", Value: linkFriction, Unit: "N m s"},
	}
	e := &elimination{d: &d, n: n, a: map[[2]int]*expr.Expr{}, f: make([]*expr.Expr, n)}
	e.fill()
	e.solve()
	return system.New(d)
}

func linksDescription(n int) system.Description {
	d := system.Description{
		Name:  fmt.Sprintf("%s%d", linksPrefix, n),
		Title: fmt.Sprintf("Pendulum of %d links hanging from its pivot, with friction", n), Equilibrium: make([]float64, 2*n),
	}
	for i := range n {
		d.States = append(d.States, system.Signal{Name: fmt.Sprintf("theta%d", i+1), Unit: "rad"})
		d.Box = append(d.Box, interval.Of(-3.2, 3.2))
	}
	for i := range n {
		d.States = append(d.States, system.Signal{Name: fmt.Sprintf("omega%d", i+1), Unit: "rad/s"})
		d.Box = append(d.Box, interval.Of(-8, 8))
	}
	return d
}

// elimination builds the definitions. a holds the lower triangle, f the right-hand side, of the current column.
type elimination struct {
	d *system.Description
	n int
	a map[[2]int]*expr.Expr
	f []*expr.Expr
}

func call(name string, arg *expr.Expr) *expr.Expr {
	e, err := expr.Call(name, arg)
	if err != nil {
		panic("systems: unknown function") // a bug here: the names are constants
	}
	return e
}

func (e *elimination) define(name string, value *expr.Expr) *expr.Expr {
	e.d.Define = append(e.d.Define, system.Definition{Name: name, Value: value})
	return expr.Name(name)
}

func (e *elimination) state(k int) *expr.Expr { return expr.Name(e.d.States[k].Name) }

func (e *elimination) fill() {
	m, l, g, b := expr.Name("m"), expr.Name("l"), expr.Name("g"), expr.Name("b")
	inertia := e.define("J", m.Mul(l.Pow(expr.Number(2))))
	weight := e.define("W", m.Mul(g).Mul(l))
	times := func(x *expr.Expr, i, j int) *expr.Expr { // x c_ij
		if c := e.n - max(i, j); c > 1 {
			return expr.Number(float64(c)).Mul(x)
		}
		return x
	}
	for i := range e.n {
		f := times(weight, i, i).Mul(call("sin", e.state(i))).Neg().Sub(b.Mul(e.state(e.n + i)))
		for j := range e.n {
			entry := times(inertia, i, j)
			if j != i {
				angle := e.state(i).Sub(e.state(j))
				speed := e.state(e.n + j).Pow(expr.Number(2))
				f = f.Sub(entry.Mul(call("sin", angle)).Mul(speed))
				entry = entry.Mul(call("cos", angle))
			}
			if j <= i {
				e.a[[2]int{i, j}] = e.define(fmt.Sprintf("a_%d_%d_0", i+1, j+1), entry)
			}
		}
		e.f[i] = e.define(fmt.Sprintf("f_%d_0", i+1), f)
	}
}

func (e *elimination) solve() {
	at := func(i, j int) *expr.Expr { return e.a[[2]int{max(i, j), min(i, j)}] }
	for k := range e.n {
		for i := k + 1; i < e.n; i++ {
			factor := e.define(fmt.Sprintf("q_%d_%d", i+1, k+1), at(i, k).Div(at(k, k)))
			e.f[i] = e.define(fmt.Sprintf("f_%d_%d", i+1, k+1), e.f[i].Sub(factor.Mul(e.f[k])))
			for j := k + 1; j <= i; j++ {
				e.a[[2]int{i, j}] = e.define(fmt.Sprintf("a_%d_%d_%d", i+1, j+1, k+1), at(i, j).Sub(factor.Mul(at(j, k))))
			}
		}
	}
	acceleration := make([]*expr.Expr, e.n)
	for i := e.n - 1; i >= 0; i-- {
		s := e.f[i]
		for j := i + 1; j < e.n; j++ {
			s = s.Sub(at(i, j).Mul(acceleration[j]))
		}
		acceleration[i] = e.define(fmt.Sprintf("acc_%d", i+1), s.Div(at(i, i)))
	}
	for i := range e.n {
		e.d.Rhs = append(e.d.Rhs, e.state(e.n+i))
	}
	e.d.Rhs = append(e.d.Rhs, acceleration...)
}

// LinksFunc is the pendulum of Links as a Go function, for any n >= 1: it factors the mass matrix at each evaluation. Its
// Jacobians are exact, its enclosures do not exist.
func LinksFunc(n int) (*system.System, error) {
	if n < 1 {
		return nil, fmt.Errorf("%w: a pendulum of %d links; expected at least 1", ErrUnknown, n)
	}
	return system.FromFunc(linksDescription(n), func(dst, x, _ []dual.Number) { linksDerivative(n, dst, x) }, nil)
}

func linksDerivative(n int, dst, x []dual.Number) {
	theta, omega := x[:n], x[n:]
	l := 1 / float64(n)
	a, f := make([]dual.Number, n*n), dst[n:]
	for i := range n {
		f[i] = dual.Sub(dual.Scale(-linkMass*linkGravity*l*float64(n-i), dual.Sin(theta[i])), dual.Scale(linkFriction, omega[i]))
		for j := range n {
			angle, c := dual.Sub(theta[i], theta[j]), linkMass*l*l*float64(n-max(i, j))
			a[i*n+j] = dual.Scale(c, dual.Cos(angle))
			f[i] = dual.Sub(f[i], dual.Scale(c, dual.Mul(dual.Sin(angle), dual.Mul(omega[j], omega[j]))))
		}
	}
	cholesky(n, a)
	for i := range n { // L z = F
		for j := range i {
			f[i] = dual.Sub(f[i], dual.Mul(a[i*n+j], f[j]))
		}
		f[i] = dual.Mul(f[i], dual.Inv(a[i*n+i]))
	}
	for i := n - 1; i >= 0; i-- { // L' y = z
		for j := i + 1; j < n; j++ {
			f[i] = dual.Sub(f[i], dual.Mul(a[j*n+i], f[j]))
		}
		f[i] = dual.Mul(f[i], dual.Inv(a[i*n+i]))
	}
	copy(dst[:n], omega)
}

// cholesky puts the factor into the lower triangle.
func cholesky(n int, a []dual.Number) {
	for j := range n {
		for k := range j {
			for i := j; i < n; i++ {
				a[i*n+j] = dual.Sub(a[i*n+j], dual.Mul(a[i*n+k], a[j*n+k]))
			}
		}
		root := dual.Sqrt(a[j*n+j])
		for i := j; i < n; i++ {
			a[i*n+j] = dual.Mul(a[i*n+j], dual.Inv(root))
		}
	}
}
