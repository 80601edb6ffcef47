package brakebywire

import "math"

// gasLaw is a chamber with linear elastic compliance and a little free air, the usual explanation of an effective bulk
// modulus that grows with pressure. At pressure p it holds, beyond its content at p = 0,
//
//	V = elastic p + air p/(p + p0)        p0: atmosphere
//
// The air expands without limit towards vacuum, so no finite volume drives the pressure to -p0 or below.
type gasLaw struct {
	elastic float64 // m^3/Pa
	air     float64 // m^3 at p = 0, isothermal
}

// pressure inverts the law: the root of elastic p^2 + b p - V p0 = 0 above -p0, in the form that does not cancel.
func (g gasLaw) pressure(v float64) float64 {
	b := g.elastic*atmosphere + g.air - v
	root := math.Sqrt(b*b + 4*g.elastic*atmosphere*v)
	if b > 0 {
		return 2 * v * atmosphere / (b + root)
	}
	return (root - b) / (2 * g.elastic)
}

// energy is the integral of p dV from p = 0.
func (g gasLaw) energy(v float64) float64 {
	p := g.pressure(v)
	gas := math.Log1p(p/atmosphere) - p/(p+atmosphere)
	return g.elastic*p*p/2 + g.air*atmosphere*gas
}

// curve is the caliper's pressure without friction at content v: seals, and pads that are pressed by the volume beyond
// the clearance, progressively. The contact is rounded: s = (d + sqrt(d^2 + w^2))/2 with d = v - clearance; what that
// leaves at v = 0, 0.1 % of a bar, is taken off.
func (c *Caliper) curve(v float64) float64 {
	s, rest := c.squeeze(v), c.squeeze(0)
	return c.Seal*v + c.Pads*(s*s-rest*rest)
}

func (c *Caliper) squeeze(v float64) float64 {
	d := v - c.Clearance
	return (d + math.Sqrt(d*d+c.Contact*c.Contact)) / 2
}

// energy is the integral of curve from v = 0; with d = s - w^2/(4 s), that of s^2 is s^3/3 + w^2 s/4.
func (c *Caliper) energy(v float64) float64 {
	integral := func(s float64) float64 { return s*s*s/3 + c.Contact*c.Contact*s/4 }
	rest := c.squeeze(0)
	return c.Seal*v*v/2 + c.Pads*(integral(c.squeeze(v))-integral(rest)-rest*rest*v)
}

// level is the Coulomb friction of the caliper in Pa at pressure p of the pads.
func (c *Caliper) level(p float64) float64 { return c.Coulomb + c.Load*max(p, 0) }

// sliding is the rate of friction as a share z of its level, at speed v with presliding distance d:
//
//	dz/dt = (v - |v| z)/d
//
// Dahl (1968), A solid friction model; it is the model of Canudas de Wit, Olsson, Astrom and Lischinsky (1995), IEEE
// Trans. Autom. Control 40(3), without the Stribeck effect. The share stays in [-1, 1].
func sliding(v, z, d float64) float64 { return (v - math.Abs(v)*z) / d }

// inertance and resistance of the whole line (laminar, Hagen and Poiseuille): Pa s^2/m^3 and Pa s/m^3.
func (r *Rig) inertance() float64 {
	return r.Fluid.Density * r.Line.Length / (math.Pi / 4 * r.Line.Diameter * r.Line.Diameter)
}

func (r *Rig) resistance() float64 {
	d2 := r.Line.Diameter * r.Line.Diameter
	return 128 * r.Fluid.Density * r.Fluid.Viscosity * r.Line.Length / (math.Pi * d2 * d2)
}

// node is the law of one node of the line.
func (r *Rig) node() gasLaw {
	share := r.Line.Length / Nodes
	return gasLaw{elastic: r.Line.Elastic * share, air: r.Line.Air * share}
}

// section is the share of the line that the inertance i stands for: half a node's at both ends.
func section(i int) float64 {
	if i == 0 || i == Nodes {
		return 0.5 / Nodes
	}
	return 1.0 / Nodes
}

// escape is the flow from the chamber to the reservoir in m^3/s at position x and chamber pressure p: through the port
// until the piston covers it, and back past the lip of the cup when the chamber sucks. The open share of the round
// port is taken as the cubic 3 f^2 - 2 f^3 of the open share f of its diameter, 2 % of the area beside the exact
// segment.
//
//	q = Cd A sqrt(2/rho) p / (p^2 + pl^2)^(1/4)      turbulent above pl, laminar below
func (r *Rig) escape(x, p float64) float64 {
	c := &r.Cylinder
	var area float64
	if f := min((c.Dead-x)/c.Port, 1); f > 0 {
		area = math.Pi / 4 * c.Port * c.Port * f * f * (3 - 2*f)
	}
	if p < 0 {
		area += c.Cup
	}
	if area == 0 {
		return 0
	}
	return c.Discharge * area * math.Sqrt(2/r.Fluid.Density) * p / math.Sqrt(math.Sqrt(p*p+c.Laminar*c.Laminar))
}

// circuit sets the hydraulic rates of d at state s, whose piston moves at s.V. It returns the chamber's pressure.
func (r *Rig) circuit(s, d *State) float64 {
	chamber := r.Cylinder.Chamber.pressure(s.Chamber)
	escape := r.escape(s.X, chamber)
	d.Chamber = r.Cylinder.Area*s.V - s.Flow[0] - escape
	d.Returned = escape
	d.Work = chamber * r.Cylinder.Area * s.V
	d.Lost = chamber * escape

	node, inertance, resistance := r.node(), r.inertance(), r.resistance()
	wall := r.Line.Wall / node.elastic
	up := chamber
	for i, q := range s.Flow {
		var down float64
		if i < Nodes {
			net := q - s.Flow[i+1]
			down = node.pressure(s.Node[i]) + wall*net
			d.Node[i] = net
			d.Lost += wall * net * net
		} else {
			down = r.caliper(s)
		}
		d.Flow[i] = ((up-down)/section(i) - resistance*q) / inertance
		d.Lost += resistance * section(i) * q * q
		up = down
	}

	q := s.Flow[Nodes]
	d.Caliper = q
	d.Grip = sliding(q, s.Grip, r.Caliper.Presliding)
	d.Lost += (up - r.Caliper.curve(s.Caliper)) * q
	return chamber
}

// caliper is the pressure in the caliper, friction included.
func (r *Rig) caliper(s *State) float64 {
	p := r.Caliper.curve(s.Caliper)
	return p + r.Caliper.level(p)*s.Grip + r.Caliper.Viscous*s.Flow[Nodes]
}

// Pressures returns the pressures of master cylinder and caliper in Pa.
func (r *Rig) Pressures(s State) (master, caliper float64) {
	return r.Cylinder.Chamber.pressure(s.Chamber), r.caliper(&s)
}

// Energy is the elastic and kinetic energy of the fluid and of what it has stretched, J.
func (r *Rig) Energy(s State) float64 {
	node := r.node()
	e := r.Cylinder.Chamber.energy(s.Chamber) + r.Caliper.energy(s.Caliper)
	for _, v := range s.Node {
		e += node.energy(v)
	}
	for i, q := range s.Flow {
		e += r.inertance() * section(i) * q * q / 2
	}
	return e
}
